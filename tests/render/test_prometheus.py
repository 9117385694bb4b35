from __future__ import annotations

import math
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from render.drift_reports import (
    ALL,
    DRIFTED,
    HOSTILE_NAMES,
    MANY,
    NONE,
    ONE,
    STEADY,
    hostile,
    large,
    report,
    result,
)

from klcli.render.prometheus import prometheus

WHEN = datetime(2026, 11, 25, 3, 15, 30, tzinfo=UTC)


def samples(made):
    """Return every sample as the official parser reads it, by name and labels."""
    found = {}
    for family in text_string_to_metric_families(prometheus(made, written=WHEN)):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            assert sample.timestamp is None  # the textfile collector refuses times
            labels = {key: text for key, text in sample.labels.items() if key != "reference"}
            assert sample.labels["reference"] is not None
            key = (sample.name, *sorted(labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_the_official_parser_reads_every_report(made):
    assert samples(made)[("kl_drift_batches",)] == len(made.batches)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_promtool_finds_nothing_to_complain_of(made):
    text = prometheus(made, written=WHEN)
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text.encode("utf-8"),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_values_of_a_column():
    seen = samples(ONE)
    column = ("column", "air_time")
    assert seen["kl_divergence_nats", column] == 0.212
    assert seen["kl_divergence_ci_low_nats", column] == pytest.approx(0.2)
    assert seen["kl_divergence_ci_high_nats", column] == pytest.approx(0.224)
    assert seen["kl_drift_tolerance_nats", column] == 0.05
    assert seen["kl_drift_p_value", column] == 0.001
    assert seen["kl_drift_q_value", column] == 0.002


def test_infinite_and_unknown_values():
    seen = samples(ONE)
    assert seen["kl_divergence_nats", ("column", "carrier")] == math.inf
    assert seen["kl_divergence_finite_nats", ("column", "carrier")] == 0.1234
    assert math.isnan(seen["kl_divergence_nats", ("column", "remark")])


def test_numbers_of_numpy_are_written_as_numbers():
    made = report(result("x", value=np.float64(0.1), p_value=np.float64(0.5)))
    assert samples(made)["kl_divergence_nats", ("column", "x")] == 0.1
    assert "np." not in prometheus(made, written=WHEN)


def test_the_verdict_is_one_of_three():
    seen = samples(ONE)
    verdicts = {
        verdict: seen["kl_drift_verdict", ("column", "dep_delay"), ("verdict", verdict)]
        for verdict in ("drift", "undecided", "stable")
    }
    assert verdicts == {"drift": 0, "undecided": 1, "stable": 0}


@pytest.mark.parametrize(
    ("unit", "nats"), [("nats", 1), ("bits", math.log(2)), ("bans", math.log(10))]
)
def test_values_are_nats_whatever_the_unit_of_the_report(unit, nats):
    seen = samples(replace(ONE, unit=unit))
    column = ("column", "air_time")
    assert seen["kl_divergence_nats", column] == pytest.approx(0.212 * nats)
    assert seen["kl_drift_tolerance_nats", column] == pytest.approx(0.05 * nats)
    assert seen["kl_drift_p_value", column] == 0.001


def test_gauges_show_the_latest_batch_and_counts_all():
    made = report(
        replace(DRIFTED, batch="feb"),
        replace(STEADY, batch="feb"),
        replace(DRIFTED, batch="mar", verdict="stable"),
        batches=("feb", "mar"),
    )
    seen = samples(made)
    assert seen["kl_drift_verdict", ("column", "air_time"), ("verdict", "drift")] == 0
    assert seen["kl_drift_results", ("column", "air_time"), ("verdict", "drift")] == 1
    assert seen["kl_drift_results", ("column", "air_time"), ("verdict", "stable")] == 1
    # The latest batch has no column hour: there is no value, rather than an old one.
    assert ("kl_divergence_nats", ("column", "hour")) not in seen
    assert seen["kl_drift_results", ("column", "hour"), ("verdict", "stable")] == 1


def test_the_next_night_has_the_same_series():
    first, second = large(3, 1), large(3, 1)
    renamed = replace(
        second,
        batches=tuple(replace(batch, name="next", source="next") for batch in second.batches),
        results=tuple(replace(each, batch="next") for each in second.results),
    )
    changed = set(samples(first)) ^ set(samples(renamed))
    assert {name for name, *_ in changed} == {"kl_drift_batch_info"}


def test_failed_batches_and_interrupted_runs_show():
    seen = samples(MANY)
    assert seen[("kl_drift_failed_batches",)] == 1
    assert seen[("kl_drift_complete",)] == 0
    assert seen[("kl_drift_last_run_timestamp_seconds",)] == WHEN.timestamp()


def test_nothing_compared():
    assert set(samples(NONE)) == {
        ("kl_drift_batches",),
        ("kl_drift_failed_batches",),
        ("kl_drift_complete",),
        ("kl_drift_last_run_timestamp_seconds",),
    }


def test_labels_are_the_names_themselves():
    columns = {
        dict(labels)["column"]
        for name, *labels in samples(hostile())
        if name == "kl_divergence_nats"
    }
    names = {name for name in HOSTILE_NAMES if name not in {"*", "\udc80 lone surrogate"}}
    assert names <= columns
    assert {"column *", "\\udc80 lone surrogate"} <= columns  # "*" alone is the joint row


def test_the_joint_row_and_a_column_of_its_name_are_two_series():
    seen = samples(report(result("*", kind="joint", value=0.5), result("*", value=0.1)))
    assert seen["kl_divergence_nats", ("column", "*")] == 0.5
    assert seen["kl_divergence_nats", ("column", "column *")] == 0.1

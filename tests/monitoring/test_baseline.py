from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from render.drift_reports import report, result

import klcli
from klcli.errors import InputError
from klcli.monitoring.baseline import accepted
from klcli.monitoring.baseline_file import dumps, read_baseline
from klcli.monitoring.marks import marked
from klcli.monitoring.report import Batch, Verdict
from klcli.results import Finding, Status

NULLS = Finding("null-rate", "9 % of the values are missing")
LOST = Batch(
    "feb", "feb", 10, "jan", 10, (Finding("lost-columns", "lost: 'k', 'z'"),),
    {"lost-columns": ("k", "z")},
)  # fmt: skip


def drifted(value=0.3, error=0.01, **more):
    return result("x", verdict=Verdict.DRIFT, value=value, error=error, **more)


AGAIN = Batch(
    "feb", "feb", 10, "jan", 10, (Finding("delivered-again", "all rows stand in 'jan' as well"),)
)


def known(baseline, *results, **fields):
    return [each.known for each in marked(report(*results, **fields), baseline).results]


def test_what_is_the_same_is_known():
    seen = report(drifted(changes=[NULLS]), result("y"), batches=[LOST])
    found = marked(seen, accepted(seen))
    assert [each.known for each in found.results] == [("drift", "null-rate"), ()]
    assert found.batches[0].known == ("lost-columns",)
    assert found.findings == seen.findings


def test_other_columns_and_changes_are_new():
    baseline = accepted(report(drifted()))
    other = replace(drifted(changes=[NULLS]), estimate=replace(drifted().estimate, column="y"))
    assert known(baseline, other, drifted(changes=[NULLS])) == [(), ("drift",)]


def test_a_further_lost_column_is_new():
    fewer = replace(LOST, changed={"lost-columns": ("k",)})
    assert marked(report(batches=[fewer]), accepted(report(batches=[LOST]))).batches[0].known
    assert not marked(report(batches=[LOST]), accepted(report(batches=[fewer]))).batches[0].known


def test_what_happened_to_whole_batches_is_known():
    seen = report(result("x"), batches=[AGAIN])
    assert marked(seen, accepted(seen)).batches[0].known == ("delivered-again",)
    assert marked(seen, accepted(report(result("x")))).batches[0].known == ()
    (finding,) = marked(report(result("x")), accepted(seen)).findings[-1:]
    assert finding.message.startswith("1 entry of the baseline no longer holds: 'delivered-again'")


@pytest.mark.parametrize(
    ("value", "error", "is_known"),
    [
        (0.31, 0.01, True),
        (0.1, 0.01, True),
        (0.34, 0.001, True),  # surely more, but by less than the tolerance of 0.05
        (0.42, 0.04, True),  # perhaps by more than that
        (0.42, 0.01, False),
    ],
)
def test_only_what_is_worse_beyond_doubt_is_new(value, error, is_known):
    baseline = accepted(report(drifted()))
    (marks,) = known(baseline, drifted(value, error))
    assert ("drift" in marks) is is_known


def test_the_largest_of_several_batches_is_accepted():
    several = report(drifted(0.1), drifted(0.3, batch="mar"), batches=("feb", "mar"))
    (entry,) = accepted(several).drift
    assert (entry.batch, entry.divergence) == ("mar", 0.3)


def test_an_open_interval_hides_nothing():
    open_ended = {"ci_high": math.inf, "status": Status.LOWER_BOUND}
    baseline = accepted(report(drifted(**open_ended)))
    (entry,) = baseline.drift
    assert math.isinf(entry.ci_high)
    assert known(baseline, drifted(0.32, **open_ended)) == [("drift",)]
    assert known(baseline, drifted(0.9, **open_ended)) == [()]


def test_more_rows_where_the_reference_has_none_are_worse():
    few = {"escaped_mass": 0.01, "status": Status.INFINITE, "estimate": math.inf}
    baseline = accepted(report(drifted(finite_estimate=0.3, **few)))
    assert known(baseline, drifted(finite_estimate=0.3, **few)) == [("drift",)]
    many = {**few, "escaped_mass": 0.4}
    assert known(baseline, drifted(finite_estimate=0.3, **many)) == [()]


def test_doubt_about_a_column_that_drifts_is_known():
    baseline = accepted(report(drifted()))
    assert known(baseline, replace(drifted(0.06), verdict=Verdict.UNDECIDED)) == [("undecided",)]
    assert known(baseline, replace(drifted(0.01), verdict=Verdict.STABLE)) == [()]


def test_units_are_converted():
    baseline = accepted(report(drifted()))
    bits = [
        replace(each, estimate=each.estimate.scaled(1 / math.log(2)), tolerance=0.05 / math.log(2))
        for each in (drifted(), drifted(0.5))
    ]
    assert known(baseline, bits[0], unit="bits") == [("drift",)]
    assert known(baseline, bits[1], unit="bits") == [()]


def test_entries_that_are_over_are_told():
    seen = report(drifted(changes=[NULLS]), result("y"), batches=[LOST])
    steady = report(result("x"), result("y"))
    (finding,) = marked(steady, accepted(seen)).findings[-1:]
    assert finding.code == "stale-baseline"
    assert finding.message.startswith("4 entries of the baseline no longer hold: 'drift of x'")
    assert "'lost-columns of z'" in finding.message
    looked = marked(report(result("y")), accepted(seen), lambda column: column == "y")
    assert "stale-baseline" not in [each.code for each in looked.findings]
    broken = marked(replace(steady, complete=False), accepted(seen))
    assert "stale-baseline" not in [each.code for each in broken.findings]


def test_another_reference_is_told():
    baseline = replace(accepted(report(drifted())), reference="other.csv")
    assert [each.code for each in marked(report(drifted()), baseline).findings][-1:] == [
        "other-baseline"
    ]


def test_a_file_keeps_everything(tmp_path):
    entries = report(
        drifted(changes=[NULLS], ci_high=math.inf, escaped_mass=0.25),
        replace(drifted(), estimate=replace(drifted().estimate, column="é\n\"", kind="joint")),
        batches=[LOST, replace(AGAIN, name="mar")],
    )  # fmt: skip
    path = tmp_path / "known.json"
    path.write_text(dumps(accepted(entries)), encoding="utf-8")
    assert read_baseline(path) == accepted(entries)
    assert json.loads(path.read_text(), parse_constant=pytest.fail)["version"] == 1


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (None, "No such file"),
        ("{", "not JSON"),
        ("[]", "not a baseline"),
        ('{"format": "klcli baseline", "version": 2}', "version 2, this klcli reads 1"),
        ('{"format": "klcli baseline", "version": 1}', "damaged"),
    ],
)
def test_what_is_no_baseline_is_an_error(tmp_path, text, part):
    path = tmp_path / "known.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=part) as caught:
        read_baseline(path)
    assert caught.value.hint


def test_samples_of_what_is_accepted_rarely_trip(tmp_path):
    # 40 runs in which nothing changes after the baseline: an alarm is a false one, at 5 % each.
    rng = np.random.default_rng(57721566490)

    def batch(shift):
        return {"new": pl.DataFrame({"x": rng.normal(shift, 1, 1000)})}

    path = tmp_path / "known.json"
    alarms = 0
    for _ in range(20):
        reference = pl.DataFrame({"x": rng.normal(0, 1, 1000)})
        path.write_text(dumps(accepted(klcli.drift(reference, batch(0.5), resamples=99))))
        for _ in range(2):
            (found,) = klcli.drift(reference, batch(0.5), baseline=path, resamples=99).results
            alarms += found.verdict == Verdict.DRIFT and str(Verdict.DRIFT) not in found.known
    assert alarms <= 5  # binomial(40, 0.05): more than 5 has probability 0.014
    (found,) = klcli.drift(reference, batch(1.2), baseline=path, resamples=99).results
    assert found.verdict == Verdict.DRIFT
    assert str(Verdict.DRIFT) not in found.known

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from junitparser import Error, Failure, JUnitXml, Skipped
from render.drift_reports import ALL, HOSTILE_NAMES, MANY, NONE, ONE, hostile, report, result

from klcli.render import drift_words as words
from klcli.render.junit import junit
from klcli.results import Finding

WHEN = datetime(2026, 11, 25, 3, 15, 30, tzinfo=UTC)
SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "junit.xsd")


def outcomes(text):
    """Return (suite, case, outcome, message) of every case, as another reader sees them."""
    found = []
    for suite in JUnitXml.fromstring(text.encode()):
        for case in suite:
            (problem,) = case.result or [None]
            message = problem.message if problem else ""
            found.append((suite.name, case.name, type(problem), message))
    return found


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_satisfies_the_schemas(made):
    assert [*SCHEMA.iter_errors(junit(made, written=WHEN))] == []


def test_the_schema_can_fail():
    text = junit(ONE, written=WHEN)
    assert not SCHEMA.is_valid(text.replace("<system-err />", ""))
    assert not SCHEMA.is_valid(text.replace("2026-11-25T03:15:30", "2026-11-25T03:15:30Z"))


def test_drift_fails_undecided_is_skipped_with_its_reason_stable_passes():
    drift = "D(P‖Q) = 0.212 nats, 95 % interval 0.200 … 0.224: above the tolerance 0.05"
    unsure = "the tolerance 0.05 may or may not be exceeded"
    close = f"D(P‖Q) = 0.048 nats, 95 % interval 0.040 … 0.056: {unsure}"
    infinite = f"D(P‖Q) = ∞ nats (≥0.123 without values that the reference lacks): {unsure}"
    assert {each[1]: each[2:] for each in outcomes(junit(ONE, written=WHEN))} == {
        "air_time": (Failure, drift),
        "dep_delay": (Skipped, f"{close}; about 62,000 rows would decide"),
        "carrier": (Skipped, infinite),
        "remark": (Skipped, "no estimate: free text has no frequencies to compare"),
        "hour": (type(None), ""),
    }


def test_what_changed_stands_with_the_failure():
    (failure,) = ET.fromstring(junit(ONE, written=WHEN)).iter("failure")
    assert failure.text.endswith("\nmissing values rose from 1.9 % to 8.8 % of the rows")


def test_what_happened_to_a_stable_column_stands_with_the_batch():
    change = Finding("outlier", "9000 lies far above all others")
    made = junit(report(result("x", changes=(change,))), written=WHEN)
    suite = ET.fromstring(made.encode()).find("testsuite")
    assert "x: 9000 lies far above all others" in suite.findtext("system-out")
    assert suite.get("failures") == suite.get("skipped") == "0"


def test_a_batch_without_results_and_an_interrupted_run_are_errors():
    seen = outcomes(junit(MANY, written=WHEN))
    assert [each for each in seen if each[2] is Error] == [
        ("apr", "batch", Error, "flights/apr.parquet is no Parquet file"),
        (
            "kl drift",
            "run",
            Error,
            "The run was interrupted: some batches are missing from this report",
        ),
    ]


def test_a_lost_column_is_seen():
    seen = outcomes(junit(MANY, written=WHEN))
    assert [each for each in seen if each[1] == "schema"] == [
        ("mar", "schema", Skipped, "the reference has a column 'tailnum' that this batch lacks")
    ]


def test_nothing_compared_is_an_error():
    assert outcomes(junit(NONE, written=WHEN)) == [
        ("kl drift", "run", Error, "Nothing was compared")
    ]


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_counts_are_those_of_the_cases(made):
    for suite in ET.fromstring(junit(made, written=WHEN)):
        for attribute, tag in [
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ]:
            assert int(suite.get(attribute)) == len(list(suite.iter(tag)))
        assert int(suite.get("tests")) == len(suite.findall("testcase"))


def test_each_batch_is_a_suite_with_its_sources():
    first, second, *_ = ET.fromstring(junit(MANY, written=WHEN))
    properties = {each.get("name"): each.get("value") for each in first.iter("property")}
    assert properties["source"] == "flights/feb.parquet"
    assert properties["rows"] == "24951"
    assert properties["unit"] == "nats"
    assert first.findtext("system-out") == "1 column is only in the reference: tailnum"
    assert second.findtext("system-out") == (
        "the reference has a column 'tailnum' that this batch lacks"
    )


def test_time_is_utc():
    local = WHEN.astimezone(timezone(timedelta(hours=-5)))
    (suite,) = ET.fromstring(junit(ONE, written=local))
    assert suite.get("timestamp") == "2026-11-25T03:15:30"


def test_hostile_names_arrive_and_nothing_illegal_is_written():
    text = junit(hostile(), written=WHEN)
    names = {case for _, case, _, _ in outcomes(text)}
    assert {words.name(name) for name in HOSTILE_NAMES} <= names
    assert not re.search("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)


def test_a_joint_row_is_named():
    made = report(result("*", kind="joint"), result("*"))
    assert {case for _, case, _, _ in outcomes(junit(made, written=WHEN))} == {
        "all columns together",
        "*",
    }


def test_no_columns_in_a_batch_is_an_error_with_a_reason():
    ((_, _, outcome, message),) = outcomes(junit(replace(ONE, results=()), written=WHEN))
    assert (outcome, message) == (Error, "no column could be compared")

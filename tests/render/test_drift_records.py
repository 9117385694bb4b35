from __future__ import annotations

import csv
import io
import json
from dataclasses import fields

import jsonschema
import pytest
from render.drift_reports import ALL, MANY

from klcli.monitoring.report import Batch, Cell, ChangePoint, DriftReport, DriftResult, Verdict
from klcli.render.drift_records import as_csv, as_json, as_jsonl, as_tsv
from klcli.render.schema import schema
from klcli.results import Estimate

SCHEMA = schema("drift")


def test_the_schema_is_valid():
    validator = jsonschema.Draft202012Validator
    assert [*validator(validator.META_SCHEMA).iter_errors(SCHEMA)] == []


@pytest.mark.parametrize("name", ["one", "many", "none", "long"])
def test_reports_follow_the_schema(name):
    document = json.loads(as_json(ALL[name]), parse_constant=pytest.fail)
    for result in document["results"]:
        del result["cells"][24:]  # more than drift ever makes stand in some made-up results
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


@pytest.mark.parametrize(
    ("described", "made", "more"),
    [
        (SCHEMA, DriftReport, {"schema_version", "command"}),
        (SCHEMA["$defs"]["batch"], Batch, set()),
        (SCHEMA["$defs"]["cell"], Cell, set()),
        (SCHEMA["$defs"]["change_point"], ChangePoint, set()),
        (
            SCHEMA["$defs"]["result"],
            DriftResult,
            {field.name for field in fields(Estimate)} - {"estimate"},
        ),
    ],
)
def test_every_field_is_described_required_and_nothing_else(described, made, more):
    names = {field.name for field in fields(made)} | more
    assert set(described["properties"]) == set(described["required"]) == names
    assert described["additionalProperties"] is False
    for name, property_ in described["properties"].items():
        assert "description" in property_ or "$ref" in property_, name


def test_verdicts_are_those_of_the_results():
    verdicts = SCHEMA["$defs"]["result"]["properties"]["verdict"]["enum"]
    assert sorted(verdicts) == sorted(Verdict)


def test_a_line_for_each_result_stands_alone():
    lines = [json.loads(line) for line in as_jsonl(MANY).splitlines()]
    assert [line["batch"] for line in lines] == [result.batch for result in MANY.results]
    assert all(line["command"] == "drift" and line["unit"] == "nats" for line in lines)
    assert all(line["reference"]["rows"] == MANY.reference.rows for line in lines)


@pytest.mark.parametrize(("render", "delimiter"), [(as_csv, ","), (as_tsv, "\t")])
def test_tables_have_a_row_for_each_result(render, delimiter):
    rows = list(csv.DictReader(io.StringIO(render(MANY)), delimiter=delimiter))
    assert [row["verdict"] for row in rows] == [str(result.verdict) for result in MANY.results]
    assert [row["column"] for row in rows] == [each.estimate.column for each in MANY.results]
    first, result = rows[0], MANY.results[0]
    assert float(first["estimate"]) == result.estimate.estimate
    assert first["changes"] == ";".join(change.code for change in result.changes)
    assert {"tolerance", "q_value", "q_value_by", "rows_to_decide", "p", "q"} <= set(first)

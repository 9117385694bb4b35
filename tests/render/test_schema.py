from __future__ import annotations

import json
from dataclasses import fields
from importlib.resources import files

import jsonschema
import pytest
from render.reports import JOINT, MIXED, OK, report

from klcli.results import (
    SCHEMA_VERSION,
    SYMMETRIC,
    Direction,
    Estimate,
    Finding,
    Kind,
    Report,
    SourceInfo,
)
from klcli.results import Status as ResultStatus

SCHEMA = json.loads(files("klcli.render").joinpath("schema.json").read_text(encoding="utf-8"))
RESULT = SCHEMA["$defs"]["result"]


def test_the_schema_is_valid():
    validator = jsonschema.Draft202012Validator
    assert [*validator(validator.META_SCHEMA).iter_errors(SCHEMA)] == []


@pytest.mark.parametrize("example", [MIXED, report(), report(OK), report(JOINT)])
def test_reports_follow_the_schema(example):
    written = json.loads(json.dumps(example.to_dict()))
    assert [*jsonschema.Draft202012Validator(SCHEMA).iter_errors(written)] == []


def test_a_report_with_an_unknown_field_does_not():
    document = report(OK).to_dict()
    document["results"][0]["surprise"] = 1
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


@pytest.mark.parametrize(
    ("described", "made"),
    [
        (SCHEMA, Report),
        (RESULT, Estimate),
        (SCHEMA["$defs"]["source"], SourceInfo),
        (SCHEMA["$defs"]["finding"], Finding),
    ],
)
def test_every_field_is_described_required_and_nothing_else(described, made):
    names = {field.name for field in fields(made)}
    assert set(described["properties"]) == set(described["required"]) == names
    assert described["additionalProperties"] is False


def test_names_are_those_of_the_results():
    properties = RESULT["properties"]
    assert properties["kind"]["enum"] == list(Kind)
    assert properties["status"]["enum"] == list(ResultStatus)
    assert properties["direction"]["enum"] == [*Direction, SYMMETRIC]
    assert SCHEMA["properties"]["schema_version"]["const"] == SCHEMA_VERSION


def test_every_property_says_what_it_is():
    for part in (SCHEMA, *SCHEMA["$defs"].values()):
        for name, property_ in part["properties"].items():
            assert "description" in property_ or "$ref" in property_, name

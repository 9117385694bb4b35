from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, replace

import pytest
from render.reports import HEAVY, INFINITE, JOINT, MIXED, OK, TEXT, UNDEFINED, report

from klcli.render.records import as_csv, as_json, as_jsonl, as_tsv
from klcli.results import Estimate

CONTEXT = ["p", "q", "seed", "klcli_version"]


def test_json_is_the_dictionary_of_the_report():
    text = as_json(MIXED)
    assert json.loads(text) == MIXED.to_dict()
    assert text.startswith('{\n  "schema_version": 1,\n  "command": "estimate",\n')
    assert text.endswith("}\n")


def test_json_has_null_and_never_nan_or_infinity():
    def refuse(constant):
        raise AssertionError(constant)

    first, second = json.loads(as_json(report(INFINITE, UNDEFINED)), parse_constant=refuse)[
        "results"
    ]
    assert (first["estimate"], first["status"]) == (None, "infinite")
    assert (second["estimate"], second["p_value"]) == (None, None)


def test_jsonl_lines_stand_alone():
    lines = as_jsonl(MIXED).splitlines()
    assert len(lines) == len(MIXED.results)
    for line, result in zip(lines, MIXED.to_dict()["results"], strict=True):
        record = json.loads(line)
        assert {name: record.pop(name) for name in result} == result
        assert record == {
            "schema_version": 1,
            "command": "estimate",
            "klcli_version": "0.1.0",
            "seed": 7,
            "p": {"source": "jan.csv", "rows": 27004},
            "q": {"source": "jul.csv", "rows": 29425},
        }


def test_tsv_is_one_line_a_result():
    assert as_tsv(report(replace(OK, warnings=(HEAVY, TEXT)))) == (
        "column\tkind\tdivergence\tdirection\testimate\tstandard_error\tci_low\tci_high\t"
        "confidence\tp_value\tnoise_floor\tstatus\tdensity\testimator\tinterval\tn_p\tn_q\t"
        "missing_p\tmissing_q\tfinite_estimate\tescaped_mass\tmonte_carlo_error\treason\t"
        "warnings\tcolumns\tmarginals\tdependence\tfitted\tunit\ttuning\tp\tq\tseed\tklcli_version\n"
        "x\tnumeric\tkl\tforward\t0.1234\t0.0061\t0.1112\t0.1353\t0.95\t0.001\t0.0004\tok\t"
        "ratio\tplug-in\tinfluence\t27004\t29425\t0\t0\t0.1234\t0.0\t0.0\t"
        "many distinct numbers\theavy-tail;text\t\t\t\t\tnats\t\tjan.csv\tjul.csv\t7\t0.1.0\n"
    )


@pytest.mark.parametrize(("write", "delimiter"), [(as_csv, ","), (as_tsv, "\t")])
def test_delimited_text_reads_back(write, delimiter):
    strange = ['a,b\t"c"\nd', "[red]", "列", " ", "\r", "a\rb", ""]
    results = [replace(OK, column=name) for name in strange]
    text = io.StringIO(write(report(*results)), newline="")
    rows = list(csv.DictReader(text, delimiter=delimiter))
    assert [row["column"] for row in rows] == strange
    assert list(rows[0]) == [field.name for field in fields(Estimate)] + CONTEXT


def test_delimited_numbers_keep_every_digit():
    result = replace(OK, estimate=0.1 + 0.2, standard_error=1e-17)
    (row,) = csv.DictReader(io.StringIO(as_csv(report(result))))
    assert float(row["estimate"]) == 0.1 + 0.2
    assert float(row["standard_error"]) == 1e-17


def test_delimited_infinity_is_inf_and_no_number_is_empty():
    infinite, undefined = csv.DictReader(io.StringIO(as_csv(report(INFINITE, UNDEFINED))))
    assert (infinite["estimate"], infinite["finite_estimate"]) == ("inf", "0.1234")
    assert (undefined["estimate"], undefined["status"]) == ("", "undefined")


def test_several_columns_together_are_flat_in_text_and_an_object_in_json():
    (row,) = csv.DictReader(io.StringIO(as_csv(report(JOINT))))
    assert row["column"] == "*"
    assert row["columns"] == "a;b"
    assert row["marginals"] == "a=0.05;b=0.03"
    assert float(row["dependence"]) == JOINT.dependence
    (plain,) = json.loads(as_json(report(JOINT)))["results"]
    assert plain["marginals"] == {"a": 0.05, "b": 0.03}
    unknown = replace(JOINT, marginals={"a": 0.05, "b": float("nan")}, dependence=float("nan"))
    (row,) = csv.DictReader(io.StringIO(as_csv(report(unknown))))
    assert (row["marginals"], row["dependence"]) == ("a=0.05;b=", "")
    assert json.loads(as_json(report(unknown)))["results"][0]["dependence"] is None


def test_no_results():
    assert as_csv(report()) == as_tsv(report()) == as_jsonl(report()) == ""

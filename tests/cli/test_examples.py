"""The command on the example data: everything between the words typed and the text printed."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import jsonschema
import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NORMALS = [str(EXAMPLES / "a.npy"), str(EXAMPLES / "b.npy"), "--resamples", "9"]
FLIGHTS = [str(EXAMPLES / "jan.parquet"), str(EXAMPLES / "jul.parquet"), "--resamples", "9"]


@pytest.mark.parametrize(
    ("words", "truth", "unit"),
    [
        (["-c", "x0"], 0.5, "nats"),
        (["-c", "x1"], math.log(2) - 0.375, "nats"),
        (["-c", "x0", "--base", "2"], 0.5 / math.log(2), "bits"),
        (["-c", "x0", "--base", "10"], 0.5 / math.log(10), "bans"),
        (["-c", "x0", "--density", "kde"], 0.5, "nats"),
        (["-c", "x0", "--bandwidth", "0.2"], 0.5, "nats"),
        (["-c", "x0", "--bins", "30"], 0.5, "nats"),
    ],
)
def test_known_truths(kl, words, truth, unit):
    code, out, _ = kl("estimate", *NORMALS, *words, "--format", "json")
    document = json.loads(out)
    assert (code, document["unit"]) == (0, unit)
    assert document["results"][0]["estimate"] == pytest.approx(truth, rel=0.15)
    assert (
        float(kl("estimate", *NORMALS, *words, "--value")[1])
        == (document["results"][0]["estimate"])
    )


def test_json_follows_the_schema_and_tsv_says_the_same(kl):
    schema = json.loads(kl("schema")[1])
    words = ["estimate", *FLIGHTS, "-c", "dest", "-c", "dep_delay"]
    document = json.loads(kl(*words, "--format", "json")[1])
    jsonschema.Draft202012Validator(schema).validate(document)
    assert [(each["column"], each["direction"]) for each in document["results"]] == [
        ("dest", "forward"), ("dest", "reverse"), ("dep_delay", "forward"),
        ("dep_delay", "reverse"),
    ]  # fmt: skip
    infinite, *_, last = csv.DictReader(io.StringIO(kl(*words)[1]), delimiter="\t")
    assert infinite["estimate"] == "inf"
    assert document["results"][0]["estimate"] is None
    assert float(last["estimate"]) == document["results"][-1]["estimate"]


def test_a_destination_that_july_lacks_is_named(kl):
    table = kl("estimate", *FLIGHTS, "-c", "dest", "--format", "table")[1]
    assert "\ndest         ∞  " in table
    assert "EGE" in table


def test_gate(kl):
    words = ["estimate", *NORMALS, "-c", "x0", "--value", "-q"]
    assert kl(*words, "--fail-above", "0.3")[0] == 1
    assert kl(*words, "--fail-above", "0.7")[::2] == (0, "")


def test_a_column_that_does_not_exist(kl):
    code, out, err = kl("estimate", *FLIGHTS, "-c", "delay")
    assert (code, out) == (2, "")
    assert "'delay'" in err
    assert "hint: " in err


def test_a_file_that_does_not_exist(kl, tmp_path):
    code, out, err = kl("estimate", tmp_path / "no.csv", NORMALS[1])
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "no.csv" in err

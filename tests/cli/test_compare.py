from __future__ import annotations

import csv
import io
import json

import jsonschema
import numpy as np
import pytest

import klcli
from klcli.render.schema import schema

RNG = np.random.default_rng(1618033988749894848)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    rows = {}
    for name, shift, far in (("a", 0.0, "only a"), ("b", 0.6, "x")):
        numbers = RNG.normal(shift, 1, 300)
        labels = RNG.choice(["x", "y"], 300).tolist()
        labels[:9] = [far] * 9
        lines = [f"{x:.6f},{label}" for x, label in zip(numbers, labels, strict=True)]
        rows[name] = folder / f"{name}.csv"
        rows[name].write_text("number,[red]\n" + "\n".join(lines) + "\n")
    return str(rows["a"]), str(rows["b"])


def run(kl, *words):
    return kl("compare", *words, "--resamples", "19", "--seed", "7")


def test_json_follows_its_schema(kl, files):
    code, out, err = run(kl, *files, "--format", "json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    jsonschema.Draft202012Validator(schema("compare")).validate(document)
    assert document["command"] == "compare"
    number, label = sorted(document["columns"], key=lambda each: each["column"], reverse=True)
    assert number["column"] == "number"
    assert number["advice"][0]["use"] == ["kl"]
    assert label["advice"][0]["use"] == ["js", "hellinger"]
    assert "only a" in label["advice"][0]["reason"]
    units = {each["divergence"]: each["unit"] for each in document["results"]}
    assert units["kl"] == units["js"] == "nats"
    assert units["tv"] == units["chi2"] == "none"
    assert (units["wasserstein"], units["energy"]) == ("column", "root-column")
    infinite = [each for each in document["results"] if each["status"] == "infinite"]
    assert {each["divergence"] for each in infinite} >= {
        "kl",
        "jeffreys",
        "chi2",
        "renyi:2",
        "psi",
    }
    finite = {each["divergence"] for each in document["results"]} - {
        each["divergence"] for each in infinite
    }
    assert finite >= {"js", "hellinger", "tv", "renyi:0.5"}


def test_table(kl, files):
    code, out, _ = run(kl, *files, "--format", "table")
    assert code == 0
    assert out.count("number") >= 1
    assert "[red]" in out
    assert "here: js or hellinger: finite where kl is not" in out
    assert "wasserstein" in out
    assert "[Lin" not in out
    assert "[Lin 1991" in run(kl, *files, "--format", "table", "-v")[1]


@pytest.mark.parametrize("name", ["jsonl", "csv", "tsv"])
def test_records_are_those_of_estimate(kl, files, name):
    out = run(kl, *files, "-c", "number", "--format", name)[1]
    options = ("--divergence", "all", "--resamples", "19", "--seed", "7")
    expected = kl("estimate", *files, "-c", "number", "--format", name, *options)[1]
    assert out.replace('"command": "compare"', '"command": "estimate"') == expected
    if name == "csv":
        rows = list(csv.DictReader(io.StringIO(out)))
        assert {row["unit"] for row in rows} == {"nats", "none", "column", "root-column"}


def test_markdown_and_files(kl, files, tmp_path):
    path = tmp_path / "x.md"
    code, out, _ = run(kl, *files, "-o", path, "-o", tmp_path / "x.json")
    assert (code, out) == (0, "")
    text = path.read_text(encoding="utf-8")
    assert "| column | divergence | estimate |" in text
    assert r"\[red\]" in text
    assert "| for | use | because | source |" in text
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))["command"] == "compare"


def test_base_changes_information_only(kl, files):
    nats, bits = (
        {
            each["divergence"]: each
            for each in json.loads(
                run(kl, *files, "-c", "number", "--format", "json", "--base", base)[1]
            )["results"]
        }
        for base in ("e", "2")
    )
    for name, result in bits.items():
        factor = 1 / np.log(2) if result["unit"] == "bits" else 1.0
        assert result["estimate"] == pytest.approx(factor * nats[name]["estimate"])
        assert result["unit"] == nats[name]["unit"].replace("nats", "bits")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--divergence", "js"], "nothing to compare js with"),
        (["--divergence", "js", "--divergence", "xx"], "unknown divergence 'xx'"),
        (["-c", "nix"], "no column 'nix'"),
        (["--base", "3"], "unknown --base"),
        (["-o", "/nowhere/x.json"], "does not exist"),
    ],
)
def test_wrong_usage(kl, files, words, message):
    code, out, err = run(kl, *files, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert "hint: " in err


def test_against_a_distribution_the_hint_names_the_command_that_takes_one(kl, files):
    code, out, err = run(kl, files[0], "norm(0, 1)")
    assert (code, out) == (2, "")
    assert "hint: kl estimate takes one, with --divergence kl" in err


def test_from_python():
    rng = np.random.default_rng(31415926535)
    found = klcli.compare(rng.normal(0, 1, 2000), rng.normal(0, 2, 2000), resamples=19)
    (column,) = found.columns
    assert found.to_dict()["columns"][0]["column"] == column.column == "x0"
    said = {remark.divergence: remark.message for remark in column.remarks}
    assert "cross more than once" in said["ks"]
    needs = {each.need: each for each in column.advice}
    assert needs["how far, in units"].use == ("wasserstein", "energy")
    assert needs["a metric"].use[0] == "√js"


@pytest.mark.parametrize("nothing", [np.nan, np.inf])
def test_a_side_without_numbers_is_compared_as_one_value(kl, tmp_path, monkeypatch, nothing):
    monkeypatch.chdir(tmp_path)
    np.save("nothing.npy", np.full(60, nothing))
    np.save("numbers.npy", np.random.default_rng(86602540378).normal(size=300))
    for pair in (["nothing.npy", "numbers.npy"], ["numbers.npy", "nothing.npy"]):
        code, out, err = kl("compare", *pair, "--format", "json")
        assert (code, err) == (0, "")
        found = {row["divergence"]: row["estimate"] for row in json.loads(out)["results"]}
        assert found["tv"] == pytest.approx(1)

from __future__ import annotations

import csv
import io
import json

import jsonschema
import numpy as np
import pytest

from klcli.render.schema import schema


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(18)
    lines = [f"{x:.6f},{k},{'ab'[k % 2]}" for x, k in zip(rng.normal(size=200), rng.poisson(3, 200), strict=True)]  # fmt: skip
    path = tmp_path / "data.csv"
    path.write_text("x,[red],word\n" + "\n".join(lines) + "\n")
    return str(path)


FEW = ("--resamples", "99")


def test_the_table_says_which_side_is_known(kl, data):
    code, out, err = kl("estimate", data, "norm(0, 1)", "-c", "x", "--format", "table", *FEW)
    assert (code, err) == (0, "")
    first, second, *_ = out.splitlines()
    assert first.endswith("200 rows")
    assert second.split() == ["Q", "norm(0,", "1)", "known", "distribution"]
    turned = kl("estimate", "norm(0, 1)", data, "-c", "x", "--format", "table", *FEW)[1]
    assert turned.splitlines()[0].split() == ["P", "norm(0,", "1)", "known", "distribution"]


def test_json_follows_the_schema_with_null_for_what_has_no_rows(kl, data):
    out = kl("estimate", data, "norm(?, 1)", "--format", "json", *FEW)[1]
    document = json.loads(out)
    jsonschema.validate(document, schema("estimate"))
    assert document["q"] == {"source": "norm(?, 1)", "rows": None}
    by_column = {result["column"]: result for result in document["results"]}
    assert by_column["x"]["n_q"] is None
    assert list(by_column["x"]["fitted"]) == ["loc"]
    assert by_column["word"]["status"] == "undefined"


@pytest.mark.parametrize("name", ["jsonl", "csv", "tsv", "markdown", "table"])
def test_every_format_tells_the_same(kl, data, name):
    out = kl("estimate", data, "poisson(3)", "-c", "[red]", "--format", name, *FEW)[1]
    assert "[red]" in out.replace("\\", "")
    assert "poisson(3)" in out
    if name in ("csv", "tsv"):
        row = next(csv.DictReader(io.StringIO(out), delimiter="," if name == "csv" else "\t"))
        assert (row["n_p"], row["n_q"], row["fitted"]) == ("200", "", "")


def test_value_gate_files_and_verbose(kl, data, tmp_path):
    known = ("estimate", data, "norm(1, 1)", "-c", "x", *FEW)
    assert 0.3 < float(kl(*known, "--value")[1]) < 0.8
    code, out, err = kl(*known, "--fail-above", "0.1", "-o", str(tmp_path / "out.md"))
    assert (code, out) == (1, "")
    assert "above: x D(P‖Q)" in err
    assert "known distribution" in (tmp_path / "out.md").read_text()
    shown = kl(*known, "--format", "table", "-v")[1]
    assert "their smooth ratio to the known distribution" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nrom(0, 1)",), "did you mean 'norm'?"),
        (("norm(0, -1)",), "scale must be positive"),
        (("norm(0, 1",), "cannot read"),
        (("__import__('os')",), "no family is called"),
        (("norm(0, 1)", "--joint"), "--joint"),
        (("norm(0, 1)", "-c", "word"), "'word' holds words"),
        (("norm(0, 1)", "--density", "kde"), "one of them is known exactly"),
        (("norm(0, 1)", "-o", "data.xyz"), "unknown extension"),
    ],
)
def test_what_makes_no_sense_is_an_error_with_a_hint(kl, data, words, said):
    code, out, err = kl("estimate", data, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "hint:" in err


def test_very_long_expressions_fail_at_once(kl, data, tmp_path):
    code, _, err = kl("estimate", data, "norm(" + "0" * 10**6, "-o", str(tmp_path / "a.json"))
    assert code == 2
    assert "too long" in err


@pytest.mark.parametrize("command", [("drift",), ("profile", "-o", "x.klp")])
def test_commands_that_need_rows_say_so(kl, data, command):
    sources = ("norm(0, 1)",) if command[0] == "profile" else (data, "norm(0, 1)")
    code, _, err = kl(command[0], *sources, *command[1:])
    assert code == 2
    assert "a known distribution has no rows" in err

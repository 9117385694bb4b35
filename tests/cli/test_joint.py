from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
A, B = str(EXAMPLES / "a.npy"), str(EXAMPLES / "b.npy")
JOINT = ("estimate", A, B, "--joint", "--density", "gaussian", "--max-rows", "2000")


def test_the_table_has_one_row_for_all_columns_and_its_parts(kl):
    code, out, err = kl(*JOINT, "--format", "table", "--direction", "forward")
    assert code == 0
    body = out.split("\n\n")[1].splitlines()
    assert [line.split("  ")[0] for line in body] == [
        "column", "* (2 columns)", "= x0", "+ x1", "+ dependence",
    ]  # fmt: skip
    assert "drawn at random: 2,000 of 5,000 rows of P" in out
    assert err == ""


def test_the_methods_name_the_columns_on_demand(kl):
    out = kl(*JOINT, "--format", "table", "-v")[1]
    assert "*: joint (x0, x1), gaussian density, plug-in estimator, influence interval" in out


def test_json_lines_and_flat_text_agree(kl):
    results = json.loads(kl(*JOINT, "--format", "json")[1])["results"]
    lines = [json.loads(line) for line in kl(*JOINT, "--format", "jsonl")[1].splitlines()]
    rows = list(csv.DictReader(io.StringIO(kl(*JOINT, "--format", "csv")[1])))
    assert len(results) == len(lines) == len(rows) == 2
    for result, line, row in zip(results, lines, rows, strict=True):
        assert {name: line[name] for name in result} == result
        assert result["column"] == row["column"] == "*"
        assert result["columns"] == ["x0", "x1"] == row["columns"].split(";")
        shares = dict(each.split("=") for each in row["marginals"].split(";"))
        assert {name: float(share) for name, share in shares.items()} == result["marginals"]
        assert float(row["dependence"]) == result["dependence"]
        total = sum(result["marginals"].values()) + result["dependence"]
        assert result["finite_estimate"] == pytest.approx(total)


def test_the_value_is_that_of_all_columns(kl):
    code, out, err = kl(*JOINT, "--value")
    results = json.loads(kl(*JOINT, "--format", "json", "--direction", "forward")[1])["results"]
    assert (code, float(out)) == (0, results[0]["estimate"])
    assert "note: drawn at random" in err
    assert kl(*JOINT, "--value", "--quiet")[2] == ""


def test_files_are_written_by_extension(kl, tmp_path):
    names = [str(tmp_path / f"joint.{extension}") for extension in ("json", "md", "tsv")]
    assert kl(*JOINT, *(word for name in names for word in ("-o", name)))[:2] == (0, "")
    text, markdown, tsv = (Path(name).read_text("utf-8") for name in names)
    assert json.loads(text)["results"][0]["kind"] == "joint"
    assert r"| \* (2 columns) |" in markdown
    assert tsv.splitlines()[1].startswith("*\tjoint\tkl\tforward\t")


@pytest.mark.parametrize(("threshold", "code"), [("0.5", 1), ("2", 0)])
def test_the_gate_looks_at_all_columns_together(kl, threshold, code):
    words = (*JOINT, "--direction", "forward", "--fail-above", threshold)
    found, _, err = kl(*words)
    assert found == code
    assert ("above: * D(P‖Q) = 0." in err) == bool(code)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["-c", "x0"], "error: --joint takes two columns or more together; there is only 'x0'\n"),
        (["--bins", "5"], "error: --bins means nothing to the density 'gaussian'\n"),
        (["--interval", "bca"], "error: --interval bca resamples counts of single columns"),
        (["--weight", "x0"], "error: --weight does not go with methods that look at rows"),
        (["--max-rows", "0"], "error: --max-rows 0 is out of range\n"),
    ],
)
def test_what_cannot_be_done_is_said_in_two_lines(kl, words, error):
    code, out, err = kl(*JOINT, *words)
    assert (code, out) == (2, "")
    assert err.startswith(error)
    assert "\nhint: " in err
    assert len(err.splitlines()) == 2


def test_standard_input_can_be_one_side(kl, monkeypatch):
    import sys

    with Path(B).open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        piped = kl("estimate", A, "-", *JOINT[3:], "--value", "--input-format", "npy")
    assert piped[:2] == kl(*JOINT, "--value")[:2]


def test_densities_of_rows_are_explained_and_so_are_their_warnings(kl):
    assert "--joint" in kl("methods", "knn", "--format", "table")[1]
    assert "--joint" in kl("methods", "ratio", "--format", "table")[1]
    assert "--max-rows" in kl("methods", "sampled-rows", "--format", "table")[1]


def test_the_help_names_the_cap_that_is_used(kl):
    from klcli.data.rows import ROW_CAP

    assert f"(default: {ROW_CAP})" in " ".join(kl("estimate", "--help")[1].split())


def test_the_default_names_the_extra_that_it_needs(kl, monkeypatch):
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    code, out, err = kl("estimate", A, B, "--joint", "--max-rows", "200")
    assert (code, out) == (2, "")
    assert "pip install 'klcli[joint]'" in err

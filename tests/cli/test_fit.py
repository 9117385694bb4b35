from __future__ import annotations

import csv
import json

import jsonschema
import numpy as np
import pytest

from klcli.cli.fit import DENSITIES
from klcli.fitting import target
from klcli.render.schema import schema

TWO = "0.5*norm(-2, 0.5) + 0.5*norm(2, 0.5)"


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(662607015)
    price = [f"{value:.4f}" for value in rng.gamma(3, 2, 120)]
    visits = rng.poisson(2, 120)
    lines = [
        f"{p},{v},{'red' if v else 'blue'},7,{p if v > 1 else ''}"
        for p, v in zip(price, visits, strict=True)
    ]
    (tmp_path / "a.csv").write_text("\n".join(["[price],visits,plan,same,gappy", *lines]) + "\n")
    (tmp_path / "one.csv").write_text("x\n1.5\n")
    (tmp_path / "few.csv").write_text("x\n" + "\n".join(map(str, range(50))) + "\n")
    (tmp_path / "infinite.csv").write_text("x\n" + "\n".join(["inf", *map(str, range(30))]) + "\n")
    (tmp_path / "empty.csv").write_text("a,b\n" + "1,\n" * 20)
    (tmp_path / "words.csv").write_text("x\n" + "red\nblue\n" * 20)
    return tmp_path


NORM = ("-f", "norm", "--starts", "0")
PRICE = ("fit", "a.csv", "-c", "[price]", "--family", "norm", "--starts", "0")


def test_a_table_shows_each_fit(data, kl):
    code, out, err = kl(*PRICE, "--format", "table")
    assert (code, err) == (0, "")
    assert out.startswith("P  a.csv, [price], 120 rows\n")
    head = next(line for line in out.splitlines() if line.startswith("norm"))
    assert head.split()[:3] == ["norm", "forward", "reverse"]
    for label in ("loc", "scale", "D(P‖Q)", "D(Q‖P)", "AIC", "BIC"):
        assert f"\n{label}" in out
    assert "±" in out
    assert "[estimated-density]" in out


def test_files_of_every_format_have_every_fit(data, kl):
    names = ("json", "jsonl", "csv", "tsv", "md", "txt")
    files = [word for name in names for word in ("-o", f"fit.{name}")]
    code, out, _ = kl(*PRICE, *files, "--plot", "-q")
    assert (code, out) == (0, "")
    texts = {name: (data / f"fit.{name}").read_text() for name in names}
    for text in texts.values():
        assert "forward" in text
        assert "reverse" in text
    for name, between in (("csv", ","), ("tsv", "\t")):
        head, *rows = csv.reader(texts[name].splitlines(), delimiter=between)
        assert {len(row) for row in rows} == {len(head)}
        assert [row[head.index("objective")] for row in rows][:2] == ["forward", "reverse"]
    assert all("grid" not in json.loads(line) for line in texts["jsonl"].splitlines())
    assert json.loads(texts["json"])["command"] == "fit"
    assert "| norm | forward |" in texts["md"]
    assert "█" in texts["txt"]


@pytest.mark.parametrize(
    "words",
    [
        PRICE,
        ("fit", TWO, "--family", "norm", "--starts", "0"),
        ("fit", "a.csv", "-c", "visits", "-f", "poisson", "--starts", "0"),
    ],
    ids=["data", "distribution", "counts"],
)
def test_the_schema_describes_what_json_prints(data, kl, words):
    document = json.loads(kl(*words, "--format", "json")[1])
    jsonschema.Draft202012Validator(schema("fit")).validate(document)
    assert json.loads(kl("schema", "fit")[1])["title"] == "kl fit --format json"
    assert len(document["grid"]) == len(document["density"]) == len(document["fits"][0]["density"])


def test_the_bare_number_is_what_was_minimised(data, kl):
    _, forward, _ = kl("fit", "--target", TWO, *NORM, "--value", "-q")
    assert float(forward) == pytest.approx(0.72355302654, abs=1e-9)
    _, reverse, err = kl("fit", TWO, *NORM, "--objective", "reverse", "--value")
    assert float(reverse) == pytest.approx(0.69305294, abs=1e-7)
    assert "different optima" in err


def test_an_expression_can_be_given_to_other_commands(data, kl):
    _, out, _ = kl("fit", TWO, *NORM, "--objective", "forward", "--expression", "-q")
    code, value, _ = kl("exact", TWO, out.strip(), "--value")
    assert code == 0
    assert float(value) == pytest.approx(0.72355302654, abs=1e-9)


def test_several_families_are_ranked(data, kl):
    code, out, _ = kl(
        "fit", "a.csv", "-c", "[price]", "-f", "norm", "-f", "gamma(?, 0, ?)", "-f", "arcsine",
        "--objective", "forward", "--format", "table", "--starts", "0",
    )  # fmt: skip
    assert code == 0
    ranks = [line.split()[0] for line in out.split("\n\n")[1].splitlines()[1:]]
    assert ranks[:2] == ["gamma", "norm"]


def test_missing_rows_are_told(data, kl):
    code, out, _ = kl(
        "fit", "a.csv", "-c", "gappy", *NORM, "--objective", "forward", "--format", "table"
    )
    assert code == 0
    assert "[missing-left-out]" in out


def test_infinite_values_are_left_out_and_told(data, kl):
    code, out, _ = kl("fit", "infinite.csv", *NORM, "--objective", "forward", "--format", "table")
    assert code == 0
    assert "1 infinite value left out" in out


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (("fit",), "nothing to fit", "kl fit data.csv"),
        (("fit", "a.csv"), "which family", "--family norm"),
        (("fit", "a.csv", "--target", TWO, "-f", "norm"), "both a dataset", "leave one"),
        (("fit", "--target", "a.csv", "-f", "norm"), "no distribution", "data need no --target"),
        (("fit", "a.csv", "-f", "norm"), "columns of numbers", "[price], visits, same, gappy"),
        (("fit", "a.csv", "-c", "prise", "-f", "norm"), "no column", "[price]"),
        (("fit", "a.csv", "-c", "plan", "-f", "norm"), "holds words", "--column"),
        (("fit", "words.csv", "-f", "norm"), "holds words", "--column"),
        (("fit", "empty.csv", "-c", "b", "-f", "norm"), "holds no values", "--column"),
        (("fit", "a.csv", "-c", "same", "-f", "norm"), "every value of 'same' is 7", "--column"),
        (("fit", "one.csv", "-f", "norm"), "1 row", "more rows"),
        (("fit", "few.csv", "-f", "mixture:50"), "149 parameters", "more rows"),
        (("fit", "few.csv", "-f", "mixture:0"), "no mixture", "mixture:K"),
        (("fit", "few.csv", "-f", "nrom"), "no family", "did you mean 'norm'"),
        (("fit", "few.csv", "-f", "norm", "-f", "poisson"), "whole numbers", "two runs"),
        (("fit", "a.csv", "-c", "[price]", "-f", "poisson"), "no whole numbers", "norm or gamma"),
        (("fit", "few.csv", "-f", "geom"), "no geom with loc=0", "--fix"),
        (("fit", "few.csv", "-f", "beta", "--fix", "loc=0", "--fix", "scale=1"), "no beta", "--fix"),
        (("fit", "few.csv", "-f", "norm", "--fix", "loc"), "no parameter", "--fix loc=0"),
        (("fit", "few.csv", "-f", "norm", "--fix", "loc=0", "--fix", "loc=1"), "twice", "once"),
        (("fit", "few.csv", "-f", "norm", "--value", "--format", "csv"), "exclude", "leave one"),
        (("fit", "few.csv", "-f", "norm", "-f", "t", "--value"), "exactly one family", "--family"),
        (("fit", "few.csv", "-f", "norm", "--density", "knn"), "unknown --density", "kde"),
        (("fit", "few.csv", "-f", "norm", "--objective", "sideways"), "unknown --objective", "both"),
        (("fit", "few.csv", "-f", "norm", "--bandwidth", "x"), "unknown bandwidth", "isj"),
        (("fit", "few.csv", "-f", "norm", "--starts", "-1"), "--starts -1", "0 to 1000"),
        (("fit", "norm(0, 1)", "-f", "poisson"), "the family of whole numbers", "--family"),
        (("fit", "dirichlet([1, 2])", "-f", "norm"), "one number", "name a target"),
        (("fit", "no.csv", "-f", "norm"), "no such file", "did you mean"),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(data, kl, words, error, hint):
    code, out, err = kl(*words)
    assert (code, out) == (2, "")
    message, advice = err.splitlines()
    assert message.startswith("error: ")
    assert error in message
    assert hint in advice


def test_densities_on_the_command_line_are_those_of_the_library():
    assert DENSITIES == target.DENSITIES


@pytest.mark.parametrize("scale", [1e-310, 1e200])
def test_values_whose_squares_are_no_numbers_are_refused(kl, tmp_path, scale):
    np.save(tmp_path / "x.npy", scale * np.random.default_rng(50).normal(size=200))
    code, _, err = kl("fit", str(tmp_path / "x.npy"), "--family", "norm")
    assert code == 2
    assert "no number can hold the square of that range" in err

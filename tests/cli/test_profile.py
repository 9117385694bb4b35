from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import klcli


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
    rng = np.random.default_rng(27182818284590)
    for name, shift in (("old", 0.0), ("new", 0.5)):
        pl.DataFrame(
            {
                "x": rng.normal(shift, 1, 500),
                "k": rng.choice(list("abc"), 500),
                "[bold]": rng.integers(0, 3, 500),
                "id": [f"{name}{number}" for number in range(500)],
            }
        ).write_csv(f"{name}.csv")
    return tmp_path


@pytest.fixture
def made(data, kl):
    assert kl("profile", "old.csv", "-o", "old.klp", "--quiet") == (0, "", "")
    return data


def test_a_profile_is_made_and_said(data, kl):
    code, out, err = kl("profile", "old.csv", "--output", "old.klp")
    assert (code, out) == (0, "")
    assert err.startswith("old.klp: 500 rows, 4 columns, 1 without values, ")
    assert err.endswith(" kB\n")


@pytest.mark.parametrize("words", [("make", "old.csv", "-o", "a.klp"), ("-o", "a.klp", "old.csv")])
def test_the_word_make_may_be_left_out_and_options_come_first(data, kl, words):
    assert kl("profile", *words, "-q") == (0, "", "")
    assert klcli.read_profile("a.klp").rows == 500


def test_estimates_from_a_profile_are_those_from_the_data(made, kl):
    code, data, _ = kl("estimate", "new.csv", "old.csv", "--format", "json")
    again, profile, err = kl("estimate", "new.csv", "old.klp", "--format", "json")
    assert (code, again) == (0, 0)
    assert err == (
        "note: old.klp is a profile of 500 rows, made 2009-02-13T23:31:30Z: its counts stand for "
        "the rows\n"
    )
    data, profile = json.loads(data), json.loads(profile)
    assert profile["q"] == {"source": "old.klp", "rows": 500}
    for a, b in zip(data["results"], profile["results"], strict=True):
        assert a["column"] == b["column"]
        assert a["status"] == b["status"]
        if a["estimate"] is not None:
            assert a["estimate"] == pytest.approx(b["estimate"], rel=1e-9)


def test_a_gate_takes_a_profile(made, kl):
    assert kl("estimate", "new.csv", "old.klp", "-c", "x", "--fail-above", "0.005", "-q")[0] == 1
    assert kl("estimate", "new.csv", "old.klp", "-c", "x", "--fail-above", "0.9", "-q")[0] == 0


def test_profiles_merge(made, kl):
    assert kl("profile", "new.csv", "-o", "new.klp", "-q")[0] == 0
    code, out, err = kl("profile", "merge", "old.klp", "new.klp", "-o", "old.klp")
    assert (code, out) == (0, "")
    assert err.startswith("old.klp: 1,000 rows, 4 columns")
    assert klcli.read_profile("old.klp").to_dict()["sources"] == [
        {"source": "old.csv", "rows": 500},
        {"source": "new.csv", "rows": 500},
    ]


def test_show_prints_a_table(made, kl):
    code, out, err = kl("profile", "show", "old.klp", "--format", "table")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:3] == [
        "Profile of 500 rows",
        "from old.csv",
        f"made 2009-02-13T23:31:30Z by klcli {klcli.__version__}",
    ]
    assert [line.split()[0] for line in lines[4:]] == ["column", "x", "k", "[bold]", "id"]
    assert max(map(len, lines)) <= 100
    assert "none: free text or identifiers" in lines[-1]


def test_show_tells_a_column_without_values(kl, tmp_path):
    (tmp_path / "gaps.csv").write_text("x,y\n" + "1,\n" * 30)
    path = str(tmp_path / "gaps.klp")
    assert kl("profile", str(tmp_path / "gaps.csv"), "-o", path)[0] == 0
    assert "100 %" in kl("profile", "show", path, "--format", "table")[1]


@pytest.mark.parametrize("name", ["json", "jsonl", "csv", "tsv", "markdown"])
def test_show_prints_other_formats(made, kl, name):
    code, out, err = kl("profile", "show", "old.klp", "--format", name)
    assert (code, err) == (0, "")
    if name == "json":
        assert json.loads(out) == klcli.read_profile("old.klp").to_dict()
    if name == "jsonl":
        assert [json.loads(line)["column"] for line in out.splitlines()] == [
            "x", "k", "[bold]", "id",
        ]  # fmt: skip
    if name == "csv":
        assert pl.read_csv(out.encode())["rows"].to_list() == [500] * 4
    if name == "tsv":
        assert len({line.count("\t") for line in out.splitlines()}) == 1
    if name == "markdown":
        assert "| column" in out.replace("|column", "| column")


def test_options_reach_the_profile(data, kl):
    code, _, _ = kl(
        "profile", "old.csv", "-o", "a.klp", "-c", "x", "-c", "[bold]", "--categorical", "[bold]",
        "--min-count", "20", "--seed", "3", "--input-format", "csv",
    )  # fmt: skip
    assert code == 0
    told = klcli.read_profile("a.klp").to_dict()
    assert [(c["column"], c["kind"]) for c in told["columns"]] == [
        ("x", "numeric"), ("[bold]", "categorical"),
    ]  # fmt: skip
    assert told["options"]["min_count"] == 20
    assert told["columns"][0]["cells"] <= 25
    assert kl("profile", "old.csv", "-o", "a.klp", "--exclude", "x", "--weight", "[bold]")[0] == 0
    told = klcli.read_profile("a.klp").to_dict()
    assert [c["column"] for c in told["columns"]] == ["k", "id"]
    assert told["weight"] == "[bold]"
    assert kl("profile", "old.csv", "-o", "a.klp", "--numeric", "[bold]")[0] == 0


def test_standard_input_can_be_profiled(data, kl, monkeypatch):
    with open("old.csv", "rb") as stdin:  # noqa: PTH123 - as a shell would
        monkeypatch.setattr(
            "sys.stdin", type("Stdin", (), {"buffer": stdin, "fileno": stdin.fileno})()
        )
        assert kl("profile", "-", "-o", "a.klp", "-q")[0] == 0
    assert klcli.read_profile("a.klp").rows == 500


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["old.csv"], "no place to write the profile to"),
        (["old.csv", "-o", "a.json"], "profiles are .klp files"),
        (["old.csv", "-o", "no/a.klp"], "the folder no does not exist"),
        (["-", "-", "-o", "a.klp"], "standard input can be read once"),
        (["nosuch.csv", "-o", "a.klp"], "nosuch.csv: no such file"),
        (["old.csv", "-o", "a.klp", "-c", "y"], "--column: no column 'y'"),
        (["old.csv", "-o", "a.klp", "--min-count", "0"], "--min-count 0 is no count"),
        (["merge", "-o", "a.klp"], "missing argument"),
        (["merge", "old.csv", "-o", "a.klp"], "old.csv: not a profile"),
        (["merge", "nosuch.klp", "-o", "a.klp"], "nosuch.klp: No such file"),
        (["show", "old.csv"], "old.csv: not a profile"),
        (["show"], "missing argument"),
        ([], "missing argument"),
    ],
)
def test_what_makes_no_sense_is_an_error_with_a_hint(data, kl, words, message):
    code, out, err = kl("profile", *words)
    assert (code, out) == (2, "")
    assert message in err.splitlines()[0]
    assert err.splitlines()[1].startswith("hint: ")


@pytest.mark.parametrize("words", [(), ("make",), ("merge",), ("show",)])
def test_help_fits_80_columns(kl, words):
    code, out, err = kl("profile", *words, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(" ".join(["Usage: kl profile", *words]))
    assert max(map(len, out.splitlines())) <= 80

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
DATA = [str(EXAMPLES / "a.npy"), str(EXAMPLES / "b.npy"), "-c", "x0", "--resamples", "0"]
KNOWN = ["norm(0, 1)", "t(3)"]


def test_a_pipe_gets_plain_text_of_80_columns(kl):
    code, out, err = kl("plot", *DATA)
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert "D(P‖Q) = " in out


def test_the_numbers_agree_in_all_formats(kl):
    document = json.loads(kl("plot", *KNOWN, "--format", "json")[1])
    cells = document["panels"][0]["cells"]
    for name, delimiter in (("csv", ","), ("tsv", "\t")):
        rows = list(
            csv.DictReader(
                io.StringIO(kl("plot", *KNOWN, "--format", name)[1]), delimiter=delimiter
            )
        )
        assert [float(row["forward_sum"]) for row in rows] == [
            each["forward_sum"] for each in cells
        ]
    (line,) = kl("plot", *KNOWN, "--format", "jsonl")[1].splitlines()
    assert json.loads(line)["cells"] == cells
    assert kl("plot", *KNOWN, "--format", "markdown")[1].startswith("```text\n")


def test_files_are_written_by_their_extension(kl, tmp_path):
    pytest.importorskip("matplotlib")
    names = ["a.png", "a.txt", "a.json", "a.csv", "a.md"]
    words = [word for name in names for word in ("-o", str(tmp_path / name))]
    assert kl("plot", *KNOWN, *words) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "density" in (tmp_path / "a.txt").read_text(encoding="utf-8")


def test_both_directions_of_two_distributions(kl):
    out = kl("plot", *KNOWN, "--direction", "both")[1]
    assert "D(P‖Q) = 0.06915 nats" in out or "D(P‖Q) = 0.0692 nats" in out
    assert "q·log(q/p)" in out


@pytest.mark.parametrize("width", ["40", "160"])
def test_width_is_kept(kl, width):
    lines = kl("plot", *KNOWN, "--width", width)[1].splitlines()
    assert max(map(len, lines)) <= int(width)
    assert max(map(len, lines)) > int(width) - 8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--width", "39"], "--width 39"), (["--height", "2"], "--height 2"),
        (["--scale", "cubic"], "cubic"), (["--format", "table"], "table"),
        (["--sixel", "--format", "json"], "--sixel"), (["-o", "x.gif"], "x.gif"),
        (["-c", "x"], "--column"), (["--top", "0"], "--top"), (["--density", "kde"], "--density"),
    ],
)  # fmt: skip
def test_wrong_usage_is_refused(kl, words, message):
    code, out, err = kl("plot", *KNOWN, *words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert "hint: " in err


def test_a_question_mark_needs_data(kl):
    code, out, err = kl("plot", "norm(0, 1)", "norm(?, 1)")
    assert (code, out) == (2, "")
    assert "fitted to data, and there are none" in err
    assert "kl estimate data.csv" in err


def test_where_nothing_is_finite_no_finite_part_is_told(kl, tmp_path):
    """Negative numbers against a distribution of positive ones."""
    (tmp_path / "x.csv").write_text("x\n" + "".join(f"{-i - 1}\n" for i in range(30)))
    code, out, _ = kl("plot", str(tmp_path / "x.csv"), "expon(0, 1)")
    assert code == 0
    assert "D(P‖Q) = ∞ nats\n" in out


def test_vectors_are_refused_in_a_whole_sentence(kl):
    vector = "multivariate_normal([0, 0], [[1, 0], [0, 1]])"
    code, out, err = kl("plot", vector, vector)
    assert (code, out) == (2, "")
    assert err.startswith(
        "error: a distribution of 2 numbers cannot be drawn along one axis\nhint: "
    )


def test_without_the_extra_nothing_is_read_or_written(kl, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, out, err = kl("plot", "no.csv", "no.csv", "-o", tmp_path / "a.png")
    assert (code, out) == (2, "")
    assert "pip install 'klcli[plot]'" in err
    assert not list(tmp_path.iterdir())


def test_sixels_are_sent_if_asked_for(kl):
    pytest.importorskip("matplotlib")
    out = kl("plot", "categorical(a=0.2, b=0.8)", "categorical(a=0.5, b=0.5)", "--sixel")[1]
    assert out.startswith("\x1bP")
    assert out.endswith("\x1b\\\n")


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"TERM": "foot"}, True), ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm", "TERM_PROGRAM": "WezTerm"}, True),
        ({"TERM": "foot", "TMUX": "1"}, False), ({"TERM": "foot", "NO_COLOR": "1"}, False),
    ],
)  # fmt: skip
def test_sixels_are_sent_unasked_only_where_they_are_known_to_work(monkeypatch, settings, shown):
    pytest.importorskip("matplotlib")
    from klcli.cli import sixels

    monkeypatch.setattr(sixels, "on_terminal", lambda: True)
    for name in ("TERM", "TERM_PROGRAM", "TMUX", "STY", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert sixels.shows_sixels() is shown

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klcli.render.text import cell_width, cut, cut_start, pad, printable, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("dep_delay", "dep_delay"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9bC1", r"\x9bC1"),
        ("abc\u202edef", r"abc\u202edef"),  # right-to-left override
        ("列🙂é", "列🙂é"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # a joiner that spelling needs
        ("\udcff.csv", r"\udcff.csv"),  # a file name that is not UTF-8
    ],
)
def test_printable_escapes_what_moves_the_cursor(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("", 0), ("列", 2), ("🙂", 2), ("e\u0301", 1), ("k̂", 1), ("‖", 1), ("…", 1)],
)
def test_cell_width(text, width):
    assert cell_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("dep_delay", 9, "dep_delay"),
        ("dep_delay", 8, "dep_del…"),
        ("列列列", 6, "列列列"),
        ("列列列", 5, "列列…"),
        ("列列列", 4, "列…"),
    ],
)
def test_cut(text, width, shown):
    assert cut(text, width) == shown


def test_cut_start_keeps_the_end_of_a_path():
    assert cut_start("a/long/folder/jan.csv", 12) == "…der/jan.csv"


@given(st.text(), st.integers(1, 30))
def test_cut_never_exceeds_the_width(text, width):
    assert cell_width(cut(text, width)) <= width


@given(st.text(), st.integers(0, 30))
def test_pad_fills_up_to_the_width(text, width):
    assert cell_width(pad(text, width)) == max(width, cell_width(text))
    assert pad(text, width, right=True).endswith(text)


def test_wrap_indents_and_keeps_words():
    assert wrap("one two three four", 9, "  ") == ["one two", "  three", "  four"]
    assert wrap("one two", 9, "   ", "> ") == ["> one two"]
    assert wrap("one two", None, "   ", "> ") == ["> one two"]
    assert wrap("列列 列列 x", 5) == ["列列", "列列", "x"]


def test_wrap_gives_a_long_word_its_own_line():
    assert wrap("a incomprehensibilities b", 5) == ["a", "incomprehensibilities", "b"]


@given(st.text(alphabet="ab 列\u0301", max_size=60), st.integers(4, 20))
def test_wrap_loses_no_word(text, width):
    assert " ".join(wrap(text, width)).split() == text.split()

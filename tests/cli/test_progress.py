from __future__ import annotations

import io
import sys

import pytest

from klcli.cli import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_short_work_shows_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.ProgressBar() as bar:
        bar("reading", 0.5)
    assert sys.stderr.getvalue() == ""


def test_long_work_shows_a_bar_and_takes_it_away(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    with progress.ProgressBar() as bar:
        bar("estimating [red]", 0.5)
    shown = sys.stderr.getvalue()
    assert "estimating [red]" in shown
    assert shown.rindex("\x1b[2K") > shown.rindex("estimating")  # the line is erased at the end


@pytest.mark.parametrize(
    ("stream", "term", "quiet", "wanted"),
    [
        (Terminal(), "xterm", False, True),
        (Terminal(), "xterm", True, False),
        (Terminal(), "dumb", False, False),
        (io.StringIO(), "xterm", False, False),
        (None, "xterm", False, False),
    ],
)
def test_wanted(monkeypatch, stream, term, quiet, wanted):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", term)
    assert progress.wanted(quiet=quiet) is wanted

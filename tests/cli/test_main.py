from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from klcli import __version__
from klcli.errors import PartialError

ROOT = Path(__file__).parents[2]


def test_version(kl):
    assert kl("--version") == (0, f"kl {__version__}\n", "")


@pytest.mark.parametrize("words", [(), ("-h",), ("--help",)])
def test_help(kl, words):
    code, out, err = kl(*words)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: kl [OPTIONS] COMMAND [ARGS]...\n")
    for command in ("estimate", "methods", "profile", "schema"):
        assert f"\n  {command} " in out


@pytest.mark.parametrize("command", ["estimate", "methods", "profile", "schema"])
def test_every_command_has_help_that_fits_80_columns(kl, command):
    code, out, err = kl(command, "-h")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: kl {command} ")
    assert max(map(len, out.splitlines())) <= 80
    assert kl(command, "--help") == (0, out, "")


def test_help_of_estimate_has_examples(kl):
    assert "\n    kl estimate jan.csv jul.csv  " in kl("estimate", "-h")[1]


def test_an_unknown_command(kl):
    assert kl("estimat")[0] == 2
    assert kl("estimat")[2].startswith("error: no such command 'estimat'")


def test_interrupted(estimation, kl):
    estimation.error = KeyboardInterrupt()
    assert kl("estimate", "a", "b") == (130, "", "")


def test_a_bug_is_one_line_and_3(estimation, kl, monkeypatch):
    monkeypatch.delenv("KLCLI_DEBUG", raising=False)
    estimation.error = ZeroDivisionError("division\nby zero")
    code, out, err = kl("estimate", "a", "b")
    assert (code, out) == (3, "")
    assert err == (
        "error: internal: ZeroDivisionError: division by zero\n"
        "hint: this is a bug in kl; KLCLI_DEBUG=1 shows where it happened\n"
    )


@pytest.mark.parametrize(
    "words", [["estimate", "LONG", "b.csv"], ["drift", "a.csv", "b.csv", "-o", "LONG"]]
)
def test_a_name_that_no_file_can_have_is_no_bug(kl, tmp_path, monkeypatch, words):
    monkeypatch.delenv("KLCLI_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.csv").write_text("x\n1\n")
    long = "x" * 300 + ".json"
    code, out, err = kl(*(long if word == "LONG" else word for word in words))
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {long}: ")
    assert "internal" not in err


def test_debugging_shows_where_a_bug_is(estimation, kl, monkeypatch):
    monkeypatch.setenv("KLCLI_DEBUG", "1")
    estimation.error = ZeroDivisionError("division by zero")
    code, _, err = kl("estimate", "a", "b")
    assert code == 3
    assert err.startswith("Traceback (most recent call last):\n")
    assert "error: internal: ZeroDivisionError: division by zero\n" in err


def test_an_error_has_its_own_exit_code(estimation, kl):
    estimation.error = PartialError("2 of 5 columns failed")
    assert kl("estimate", "a", "b") == (3, "", "error: 2 of 5 columns failed\n")


def test_messages_cannot_move_the_cursor(estimation, kl):
    estimation.error = PartialError("a\x1b[2J.csv is broken", "remove \x07")
    assert kl("estimate", "a", "b")[2] == "error: a\\x1b[2J.csv is broken\nhint: remove \\x07\n"


def test_interrupted_before_the_command_begins(kl, monkeypatch):
    def interrupt(words):
        raise KeyboardInterrupt

    monkeypatch.setattr("klcli.cli.app.application", interrupt)
    assert kl("--version") == (130, "", "")


def test_interrupted_while_it_is_imported(tmp_path):
    """Once a traceback was seen if Ctrl-C came in the first tenth of a second."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    script = "from klcli.__main__ import run; run()"  # as the installed command does
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_little_is_imported_before_interrupts_are_heeded():
    script = (
        "import sys, klcli.__main__; print([n for n in ('typing', 'typer') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout.split() == [b"[]"]

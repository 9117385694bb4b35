from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer

from klcli.cli import options
from klcli.cli.app import application


@pytest.fixture
def complete(monkeypatch, capsys):
    """Return what ``kl`` offers a shell for the last word of a line."""
    from klcli.__main__ import main

    def run(line: str, shell: str = "bash") -> str:
        environment = {
            "_KL_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": line,
            "COMP_CWORD": str(line.count(" ")),
            "_TYPER_COMPLETE_ARGS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as stop:
            main([])
        assert not stop.value.code
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return run


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("kl ", list(typer.main.get_command(application()).commands)),
        ("kl profile ", ["make", "merge", "show"]),
        ("kl profile a.csv --min", ["--min-count"]),
        ("kl profile merge a.klp --out", ["--output"]),
        ("kl profile exam", [""]),
        ("kl estimate --direc", ["--direction"]),
        ("kl estimate --direction ", list(options.DIRECTIONS)),
        ("kl estimate --density ", list(options.DENSITY_NAMES)),
        ("kl estimate --density k", ["kde", "knn"]),
        ("kl estimate a b --estimator m", ["monte-carlo"]),
        ("kl estimate a b --interval b", ["basic", "bca"]),
        ("kl estimate --divergence w", ["wasserstein"]),
        ("kl compare a b --divergence h", ["hellinger"]),
        ("kl estimate --base ", ["e", "2", "10"]),
        ("kl estimate --missing ", ["category", "drop"]),
        ("kl estimate --smoothing ", list(options.SMOOTHINGS)),
        ("kl estimate --bins s", ["scott", "sturges", "sqrt", "stone"]),
        ("kl estimate --bandwidth ", list(options.BANDWIDTHS)),
        ("kl estimate --neighbors ", ["cv"]),
        ("kl drift --neighbors c", ["cv"]),
        ("kl estimate --bins c", ["cv"]),
        ("kl estimate --input-format p", ["parquet"]),
        ("kl estimate --format j", ["json", "jsonl"]),
        ("kl methods heavy", ["heavy-tail", "heavy-values"]),
        ("kl estimate exam", [""]),  # nothing of ours, so that the shell offers files
    ],
)
def test_bash(complete, line, offered):
    assert complete(line).removesuffix("\n").split("\n") == offered


def test_zsh_and_fish(complete):
    assert '"knuth"' in complete("kl estimate --bins k", "zsh")
    assert complete("kl estimate --bins k", "fish") == "knuth\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_the_shell(shell):
    done = subprocess.run(
        [sys.executable, "-m", "klcli", "--show-completion", shell],
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"_KL_COMPLETE=complete_{shell}" in done.stdout

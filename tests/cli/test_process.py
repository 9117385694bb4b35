"""What only a process of its own shows: streams, signals, terminals, what happens at its end."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

KL = [sys.executable, "-m", "klcli"]
#: Runs ``kl`` with an estimation that answers at once, or slowly, with a report made by hand.
SCRIPT = textwrap.dedent("""
    import sys, time, types
    sys.path.insert(0, {tests!r})
    from render.reports import MIXED
    from klcli.__main__ import main

    def estimate(p, q, *, progress, **options):
        if q == "report":
            print("started", file=sys.stderr, flush=True)
        for step in range(int(p)):
            if progress is not None:
                progress("estimating", step / int(p))
            time.sleep(0.1)
        return MIXED

    sys.modules["klcli.estimation.estimate"] = types.SimpleNamespace(estimate=estimate)
    sys.exit(main())
""").format(tests=str(Path(__file__).parent.parent))
FAKED = [sys.executable, "-c", SCRIPT, "estimate"]
MANY = ["--format", "json"]


def run(*words: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


def shell(script: str) -> subprocess.CompletedProcess[str]:
    return run("bash", "-o", "pipefail", "-c", script, env={**os.environ, "PY": sys.executable})


def test_module_and_name():
    done = run(*KL, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("kl ")
    assert run(*KL, "estimate", "-h").stdout.startswith("Usage: kl estimate ")


def test_results_and_notes_are_apart():
    done = run(*FAKED, "0", "q")
    assert done.stdout.startswith("column\tkind\t")
    assert done.stderr == "note: only in P: gate\n"


@pytest.mark.parametrize("words", ["methods --format json", "schema", "--help", "methods"])
def test_a_reader_that_leaves_early_is_no_error(words):
    done = shell(f'"$PY" -m klcli {words} | head -1')
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1
    gone = shell(f'"$PY" -m klcli {words} | true')
    assert (gone.returncode, gone.stdout, gone.stderr) == (0, "", "")


def with_no_reader(*words: str) -> subprocess.CompletedProcess[str]:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    return done


@pytest.mark.parametrize("words", [["--help"], ["schema"], ["--version"]], ids=" ".join)
def test_no_reader_at_all_is_no_error(words):
    done = with_no_reader(*KL, *words)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_leaves_early_does_not_open_the_gate():
    done = with_no_reader(*FAKED, "0", "q", "-q", "--fail-above", "0.195")
    assert done.returncode == 1
    assert done.stderr.startswith("above: air_time")


def test_a_full_disk_is_an_error_without_a_traceback():
    done = shell('"$PY" -m klcli schema > /dev/full')
    assert done.returncode == 2
    assert done.stderr == (
        "error: cannot write to standard output: No space left on device\n"
        "hint: send it elsewhere, or use --output FILE\n"
    )


def test_closed_streams():
    assert shell('"$PY" -m klcli schema >&-').stderr == ""
    done = shell('"$PY" -m klcli nonsense 2>&-')
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


def test_an_encoding_without_our_signs_is_no_error():
    done = run(*FAKED, "0", "q", *MANY, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, json.loads(done.stdout)["command"]) == (0, "estimate")
    table = run(
        *FAKED, "0", "q", "--format", "table", env={**os.environ, "PYTHONIOENCODING": "latin1"}
    )
    assert table.returncode == 0
    assert r"D(P\u2016Q)" in table.stdout


def test_interrupted():
    words = [*FAKED, "300", "report"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr.readline() == b"started\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_atomic_output_is_seen_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.json"
    done = run(*FAKED, "0", "q", "-o", str(path))
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads(path.read_text(encoding="utf-8"))["command"] == "estimate"
    assert list(tmp_path.iterdir()) == [path]


def on_terminal(*words: str, columns: int = 80, **environment: str) -> str:
    """Return what a terminal of so many columns receives on both streams."""
    plain = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")
    }
    program, terminal = pty.fork()
    if program == 0:
        env = {**plain, "TERM": "xterm-256color", "COLUMNS": str(columns), **environment}
        os.execvpe(words[0], list(words), env)
    received = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side has closed
            break
        if not chunk:
            break
        received += chunk
    os.waitpid(program, 0)
    os.close(terminal)
    return received.decode("utf-8").replace("\r\n", "\n")


class TestTerminal:
    def test_it_gets_a_table_with_a_bold_header(self):
        shown = on_terminal(*FAKED, "0", "q", "-q")
        lines = shown.splitlines()
        assert lines[0] == "P  jan.csv  27,004 rows"
        assert lines[5].startswith("\x1b[1mcolumn     D(P‖Q)")
        assert lines[5].endswith("p\x1b[0m")
        assert (
            lines[6] == "dest       ∞                ≥0.123   0.100    0.090 … 0.110   ≤0.001  *"
        )

    @pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
    def test_it_gets_no_escape_sequences_where_none_are_wanted(self, environment):
        shown = on_terminal(*FAKED, "0", "q", "-v", **environment)
        assert "\x1b" not in shown
        assert "column     D(P‖Q)" in shown

    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_its_width_is_kept(self, columns):
        shown = on_terminal(*FAKED, "0", "q", "-q", columns=columns, NO_COLOR="1")
        assert max(map(len, shown.splitlines())) <= columns

    def test_slow_work_shows_progress_that_vanishes(self):
        shown = on_terminal(*FAKED, "12", "q")
        assert "estimating" in shown
        assert shown.rindex("\x1b[2K") < shown.index("P  jan.csv")

    def test_quick_or_quiet_work_shows_none(self):
        assert "estimating" not in on_terminal(*FAKED, "2", "q")
        assert "estimating" not in on_terminal(*FAKED, "12", "q", "-q")

    def test_schema_and_methods(self):
        assert on_terminal(*KL, "schema").startswith('{\n  "$schema"')
        assert on_terminal(*KL, "methods").startswith("--density\n  frequency")

"""Processes beside the command: the same results, nothing left behind, whoever dies."""

import io
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest

from klcli.workers import elsewhere, workers

linux = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2,
    reason="processes are copied on Linux, where there are processors for them",
)


def script(body: str) -> str:
    """Return a program that has workers, in a process that is fit to be copied."""
    return f"""
import os, signal, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from klcli.workers import elsewhere, workers
sys.path.insert(0, {str(Path(__file__).parent)!r})
import workers_do as do

with workers(do.prepare):
    with ThreadPoolExecutor(4) as threads:
{body}
print("done")
"""


def run(body: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script(body)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "POLARS_MAX_THREADS": "2"},
    )


COUNTED = """
import os, sys

fork = os.fork

def counted():
    print("copied", file=sys.stderr, flush=True)
    return fork()

os.fork = counted
from klcli.__main__ import run
run()
"""


def alive(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def gone(processes: list[int]) -> bool:
    for _ in range(100):
        if not any(map(alive, processes)):
            return True
        time.sleep(0.05)
    return False


def test_a_process_in_use_is_not_copied() -> None:
    with workers(lambda: None):
        assert elsewhere(os.getpid) == os.getpid()


@linux
def test_work_is_done_by_others_that_are_prepared_and_end() -> None:
    done = run("""
        found = [threads.submit(elsewhere, do.slowly) for _ in range(8)]
        print(os.getpid(), *{each.result() for each in found})
        print(elsewhere(do.prepared))
""").stdout.splitlines()
    own, *others = map(int, done[0].split())
    assert len(others) == 2
    assert own not in others
    assert done[1:] == ["True", "done"]
    assert gone(others)


@linux
def test_what_fails_elsewhere_fails_here() -> None:
    done = run("""
        try:
            elsewhere(do.divided, 1, 0)
        except ZeroDivisionError as error:
            print(error)
        print(elsewhere(do.divided, 1, 2), elsewhere(do.unpicklable)())
""")
    assert done.stdout == "division by zero\n0.5 7\ndone\n"
    assert done.stderr == ""


@linux
def test_the_work_of_one_that_was_killed_is_done_here() -> None:
    done = run("""
        first = elsewhere(os.getpid)
        os.kill(first, signal.SIGKILL)
        found = {elsewhere(os.getpid) for _ in range(6)}
        print(len(found), os.getpid() in found, first in found)
""")
    assert done.stdout == "2 True False\ndone\n"
    assert done.stderr == ""


def test_an_answer_that_was_cut_off_is_worked_out_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may be killed, as for want of memory, while it writes an answer."""
    answer = pickle.dumps((True, list(range(300))), pickle.HIGHEST_PROTOCOL)
    for length in range(len(answer)):
        ends = io.BytesIO(), io.BytesIO(answer[:length])
        waiting = waits(monkeypatch, ends)
        assert elsewhere(abs, -3) == 3
        assert waiting.get_nowait() is None


def test_what_cannot_be_asked_costs_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = io.BytesIO(), io.BytesIO()
    waiting = waits(monkeypatch, ends)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        elsewhere(lambda: 7)
    assert waiting.get_nowait() is ends


def waits(
    monkeypatch: pytest.MonkeyPatch, ends: tuple[io.BytesIO, io.BytesIO]
) -> SimpleQueue[tuple[io.BytesIO, io.BytesIO] | None]:
    """Have one worker that waits at these ends."""
    waiting: SimpleQueue[tuple[io.BytesIO, io.BytesIO] | None] = SimpleQueue()
    waiting.put(ends)
    monkeypatch.setattr("klcli.workers._ends", [ends])
    monkeypatch.setattr("klcli.workers._waiting", waiting)
    return waiting


@linux
def test_workers_end_with_a_command_that_was_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", script("""
        found = {each.result() for each in [threads.submit(elsewhere, do.slowly) for _ in range(8)]}
        print(*found, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
""")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "POLARS_MAX_THREADS": "2"},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    others = [int(word) for word in done.stdout.split()]
    assert len(others) == 2
    assert gone(others)


@linux
def test_refused_processes_and_ignored_signals_do_no_harm() -> None:
    body = """
        print(len({elsewhere(os.getpid) for _ in range(4)} - {os.getpid()}))
"""
    refused = "import os\ndef fork(): raise BlockingIOError\nos.fork = fork\n" + script(body)
    unwaited = "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n" + script(body)
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + script(body)
    for program, others in ((refused, 0), (unwaited, 2), (deaf, 2)):
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env={**os.environ, "POLARS_MAX_THREADS": "2"},
        )
        assert done.stdout == f"{others}\ndone\n"
        assert done.stderr == ""


@linux
@pytest.mark.parametrize(
    "words",
    [
        ("drift", "p.npy", "q.npy"),
        ("estimate", "p.npy", "q.npy"),
        ("estimate", "p.npy", "q.npy", "--divergence", "js", "--resamples", "99"),
    ],
    ids=" ".join,
)
def test_a_command_says_the_same_with_and_without_them(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    rng = np.random.default_rng(11)
    for name, mean in (("p", 0), ("q", 0.3)):
        np.save(tmp_path / f"{name}.npy", rng.normal(mean, 1, (30_000, 3)).round(1))
    written, copies = [], []
    for threads in ("1", "2"):
        path = tmp_path / f"{threads}.json"
        done = subprocess.run(
            [sys.executable, "-c", COUNTED, *words, "--quiet", "-o", path],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "POLARS_MAX_THREADS": threads},
            timeout=60,
            check=True,
        )
        written.append(path.read_bytes())
        copies.append(done.stderr)
    assert written[0] == written[1]
    assert copies == [
        "",
        "copied\ncopied\ncopied\n",
    ]  # two of them, and the one that waits for them

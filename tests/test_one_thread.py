"""Linear algebra on one thread: for as long as a call lasts, and only where nobody chose."""

import os
import subprocess
import sys

import numpy as np
import pytest
import threadpoolctl

import klcli
from klcli.__main__ import main
from klcli.one_thread import one_thread


def threads():
    return {
        one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"
    }


@pytest.fixture
def free(monkeypatch):
    """Two threads, as if nobody had chosen."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with threadpoolctl.threadpool_limits(2, "blas"):
        yield


@pytest.mark.parametrize("call", [klcli.estimate, klcli.drift])
def test_calls_keep_to_one_thread_and_give_the_others_back(free, call):
    rng = np.random.default_rng(7)
    before, seen = threads(), []
    call(rng.normal(size=200), rng.normal(size=200), resamples=9,
         progress=lambda *_: seen.append(threads()))  # fmt: skip
    assert seen
    assert all(found == {1} for found in seen)
    assert threads() == before == {2}


def test_threads_come_back_after_a_failure(free):
    with pytest.raises(klcli.errors.InputError):
        klcli.estimate("no such file.csv", np.ones(3))
    assert threads() == {2}


def test_calls_within_calls_give_them_back_once_the_outer_one_is_done(free):
    with one_thread():
        with one_thread():
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {2}


def test_a_number_that_was_chosen_is_kept(free, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with one_thread():
        assert threads() == {2}


def test_it_does_without_threadpoolctl(free, monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    before = threads()
    with one_thread():
        assert threads() == before


def test_the_command_line_does_not_import_it(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("x\n" + "1\n2\n3\n" * 20, encoding="utf-8")
    probe = (
        "import sys; from klcli.__main__ import main; "
        f"main(['estimate', {str(data)!r}, {str(data)!r}, '--quiet']); "
        "sys.exit('threadpoolctl' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_command_within_a_process_leaves_the_choice_to_it(free, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("x\n" + "1\n2\n3\n" * 20, encoding="utf-8")
    assert main(["estimate", str(data), str(data), "--quiet"]) == 0
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    assert threads() == {2}

"""Work on columns side by side: the same results, in the same order, as one after the other."""

from __future__ import annotations

import signal
import threading
import time

import numpy as np
import polars as pl
import pytest

from klcli.data import side, threads
from klcli.data.threads import each
from klcli.monitoring.run import drift


def test_results_come_in_the_order_of_the_items():
    def slow_first(item):
        time.sleep(0.02 if item == 0 else 0)
        return item * item

    assert list(each(slow_first, range(10))) == [item * item for item in range(10)]


def test_a_failure_is_raised_and_what_has_not_begun_is_dropped(monkeypatch):
    monkeypatch.setattr(pl, "thread_pool_size", lambda: 1)
    done, go = [], threading.Event()
    threading.Timer(0.1, go.set).start()

    def fails(item):
        if item == 1:
            raise ValueError(item)
        if item > 1:
            go.wait(5)
        done.append(item)

    results = each(fails, range(50))
    next(results)
    with pytest.raises(ValueError, match="1"):
        next(results)
    assert len(done) < 50


def test_what_numpy_does_about_overflow_holds_in_threads():
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        list(each(np.exp, [1.0, 1000.0]))
    with np.errstate(over="ignore"):
        assert list(each(np.exp, [1000.0])) == [np.inf]


def test_an_interrupt_that_wakes_another_thread_is_noticed():
    # What the kernel does when the command is about to wait, but not waiting yet.
    noticed = threading.Event()

    def stop(*_):
        noticed.set()
        raise KeyboardInterrupt

    def interrupted(_):
        time.sleep(0.1)  # until the other thread waits
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        return noticed.wait(5)

    before = signal.signal(signal.SIGINT, stop)
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(each(interrupted, [0]))
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - began < 4


def test_threads_change_no_number(monkeypatch):
    rng = np.random.default_rng(20261)

    def frame(shift):
        columns = {
            "x": rng.normal(shift, 1, 3000),
            "count": rng.poisson(3, 3000),
            "label": rng.choice([*"abcd"], 3000),
            "flag": rng.random(3000) < 0.3,
            "gaps": np.where(rng.random(3000) < 0.1, np.nan, rng.gamma(2, 1, 3000)),
        }
        return pl.DataFrame(columns).with_columns(pl.col("gaps").fill_nan(None))

    reference, batch = frame(0), frame(0.2)
    reports = []
    for number, many in ((1, 10**9), (4, 0)):
        monkeypatch.setattr(pl, "thread_pool_size", lambda number=number: number)
        monkeypatch.setattr(threads, "MANY_ROWS", many)
        monkeypatch.setattr(side, "MANY_ROWS", many)
        reports.append(drift(reference, {"batch": batch}, seed=3))
    one, several = reports
    # NaN is not equal to itself; the text of numbers has all their digits.
    assert repr(one) == repr(several)
    assert one.results[0].estimate.estimate > 0.01

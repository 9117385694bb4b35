import datetime as dt

import numpy as np
import polars as pl
import pytest
from pairs import ALL

from klcli.data.grain import differently_rounded
from klcli.data.tabulate import tabulate

RNG = np.random.default_rng(331662479035539984911)
P, Q = RNG.normal(20, 4, 3000), RNG.normal(21, 4, 2000)


def found(p, q, *, times=False, single=(False, False)):
    return differently_rounded("x", np.sort(p), np.sort(q), times=times, single=single)


def message(p, q, **options):
    finding = found(p, q, **options)
    assert finding.code == "rounding"
    return finding.message


@pytest.mark.parametrize(
    ("of_p", "of_q", "step"),
    [(0, 1, "1"), (0, 9, "1"), (1, 2, "0.1"), (-1, 0, "10"), (1, 12, "0.1")],
)
def test_longer_steps_of_one_side_are_named(of_p, of_q, step):
    # A tenth of what is rounded to the next digit happens to be rounded to this one.
    spread = 30.0 if of_p < 0 else 1.0
    p, q = np.round(P * spread, of_p), np.round(Q * spread, of_q)
    assert message(p, q).startswith(f"'x': the values of P are multiples of {step}, ")
    assert message(q, p).startswith(f"'x': the values of Q are multiples of {step}, ")


def test_the_share_that_is_not_rounded_alike_is_given():
    q = np.where(np.arange(2000) % 5 == 0, Q, np.round(Q))
    assert ", 20 % of those of Q are not;" in message(np.round(P), q)


def test_steps_of_two_and_five():
    assert "multiples of 5," in message(np.round(P * 10 / 5) * 5, np.round(Q * 10))
    assert "multiples of 0.2," in message(np.round(P / 0.2) * 0.2, np.round(Q, 1))


def test_single_precision_is_no_other_rounding():
    p = np.round(P, 1).astype(np.float32).astype(float)
    assert found(p, np.round(Q, 1), single=(True, False)) is None
    assert "multiples of 0.1," in message(p, np.round(Q, 2), single=(True, False))


def test_some_strays_hide_no_rounding():
    p = np.round(P, 1)
    p[0] = 19.123
    assert "multiples of 0.1," in message(p, Q)


def test_times():
    days = RNG.integers(15_000, 15_300, 3000) * 86_400.0
    moments = RNG.integers(15_000 * 86_400, 15_300 * 86_400, 2000) * 1.0
    assert message(days, moments, times=True).startswith("'x': the values of P are whole days, 10")
    hours = RNG.integers(0, 240, 3000) * 3600.0
    assert "whole hours" in message(hours, moments, times=True)
    tenths = np.round(RNG.uniform(0, 9, 3000), 1)
    assert "multiples of 0.1 s," in message(tenths, RNG.uniform(0, 9, 2000), times=True)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (P, Q),
        (np.round(P, 2), np.round(Q, 2)),
        (np.round(P, 6), Q),  # values do not repeat: nothing shows
        (np.round(P), np.where(np.arange(2000) % 20 == 0, Q, np.round(Q))),  # 5 % are off
        (RNG.integers(0, 5, 3000) * 1.0, Q),  # too few values to be sure
        (np.zeros(3000), Q),
        (np.array([]), Q),
        (RNG.poisson(3, 3000) * 1.0, RNG.poisson(4, 3000) * 1.0),
        (np.floor(P * 1e300), Q),
        (np.round(P) * 1e-200, Q),
    ],
)
def test_nothing_to_say(p, q):
    assert found(p, q) is None
    assert found(q, p) is None


def test_known_pairs_are_rounded_alike():
    for pair in ALL:
        if pair.kind != "categorical":
            assert found(pair.sample_p(RNG, 1500), pair.sample_q(RNG, 1000)) is None, pair.name


def test_columns_carry_the_finding():
    p = pl.DataFrame({"a": P.round(1), "b": P, "c": P.round(2).astype(np.float32)})
    q = pl.DataFrame({"a": Q, "b": Q, "c": Q.round(2)})
    codes = [[f.code for f in column.findings] for column in tabulate(p, q).columns]
    assert codes == [["rounding"], [], []]


def test_dates_against_moments():
    start = dt.datetime.fromisoformat("2020-01-01")
    p = pl.DataFrame(
        {"t": [start.date() + dt.timedelta(int(d)) for d in RNG.integers(0, 99, 900)]}
    )
    q = pl.DataFrame({"t": [start + dt.timedelta(float(d)) for d in RNG.uniform(0, 99, 900)]})
    (column,) = tabulate(p, q).columns
    assert "'t': the values of P are whole days, 100 %" in column.findings[0].message

import numpy as np
import polars as pl
import pytest
from tables import number_table

import klcli
from klcli.densities.ratio import Ratio
from klcli.diagnostics.cycles import cycles

DAY = 86_400.0


def _times(rng, rows, days, depth=0.0, period=DAY):
    """Draw times of which as many more lie in one half of a cycle than in the other."""
    times = rng.random(3 * rows) * days * DAY
    keep = rng.random(3 * rows) < (1 + depth * np.sin(2 * np.pi * times / period)) / 2
    return times[keep][:rows]


def _tested(p, q, bounds=None):
    """Test a fit of no difference, so that all that differs is left."""
    values, counts = np.unique(np.concatenate([p, q]), return_counts=True)
    each = np.union1d(values, np.nextafter(values[counts > 1], np.inf))
    table = number_table(p, q, each if bounds is None else bounds)
    coarse = Ratio().reduce(table)
    return cycles(table, coarse, np.ones(len(coarse.p)))


def _frame(seconds):
    return pl.DataFrame({"t": pl.Series((seconds * 1e6).astype("int64")).cast(pl.Datetime("us"))})


def _estimate(p, q, **options):
    options = {"resamples": 0, "direction": "forward", **options}
    return klcli.estimate(p, q, **options).results[0]


@pytest.mark.parametrize("name", ["hour", "day", "week"])
def test_cycles_are_found_and_named(name):
    period = {"hour": 3_600.0, "day": DAY, "week": 7 * DAY}[name]
    rng = np.random.default_rng(62094)
    hidden, finding = _tested(_times(rng, 1000, 60, 0.54, period), _times(rng, 1000, 60))
    # E[log(1 + a sin)] under it is 0.076 nats for a = 0.54.
    assert hidden == pytest.approx(0.076, abs=0.03)
    assert finding.code == "unresolved"
    assert f"place in the {name}" in finding.message


def test_chance_is_no_cycle():
    rng = np.random.default_rng(84302)
    found = [_tested(_times(rng, 300, 40), _times(rng, 500, 40)) for _ in range(300)]
    assert not any(finding for _, finding in found)
    # Three times χ² of six degrees of freedom, each less its mean and standard deviation.
    assert np.mean([hidden > 0 for hidden, _ in found]) < 0.45
    assert np.mean([hidden for hidden, _ in found]) < 0.01


def test_it_does_not_matter_which_sample_is_which():
    rng = np.random.default_rng(20984)
    p, q = _times(rng, 400, 30, 0.5), _times(rng, 700, 30)
    assert _tested(p, q)[0] == pytest.approx(_tested(q, p)[0], rel=1e-9)


def test_whole_days_have_no_hours():
    rng = np.random.default_rng(30481)
    p, q = (rng.integers(0, 40, 600) * DAY for _ in range(2))
    assert _tested(p, q)[1] is None
    weekend = p[rng.random(600) < np.where(p / DAY % 7 < 5, 0.25, 1)]
    assert "place in the week" in _tested(weekend, q)[1].message


def test_a_short_span_or_few_rows_show_no_cycle():
    rng = np.random.default_rng(57120)
    assert _tested(_times(rng, 900, 2, 0.9)[:20], _times(rng, 20, 2)) == (0.0, None)
    first = rng.random(400) * 5_000
    assert _tested(first, first + 10) == (0.0, None)


def test_long_cells_say_that_they_hide_a_day():
    rng = np.random.default_rng(11943)
    p, q = _times(rng, 20_000, 3650, 0.54), _times(rng, 20_000, 3650)
    hidden, finding = _tested(p, q, np.arange(0, 3650, 2) * DAY)
    assert hidden == 0
    assert finding.code == "coarse-times"
    assert "in a day" in finding.message


def test_no_rows_in_common_are_no_cycle():
    p = np.arange(200) * 10_000.0
    q = p + p[-1] + 5_000
    table = number_table(p, q, np.union1d(p, q))
    ratio = np.where(table.p > 0, 1e9, 1e-9)
    assert cycles(table, table, ratio) == (0.0, None)


def test_times_of_day_make_the_estimate_a_lower_bound():
    """A confident 0.002 without, where 0.076 is true: the curve over a month sees no days."""
    rng = np.random.default_rng(45291)
    p, q = _frame(_times(rng, 1000, 30, 0.54)), _frame(_times(rng, 1000, 30))
    found = _estimate(p, q)
    assert found.status == "lower-bound"
    assert found.ci_high == np.inf
    assert "place in the day" in found.warnings[-1].message
    profile = _estimate(p, klcli.profile(q))
    assert (profile.status, profile.warnings[-1].message) == (
        "lower-bound",
        found.warnings[-1].message,
    )
    # The same numbers without a unit of time are no times.
    numbers = [pl.DataFrame({"t": side["t"].to_physical() / 1e6}) for side in (p, q)]
    assert _estimate(*numbers).ci_high < np.inf


def test_the_interval_of_few_times_reaches_as_far_as_their_cycle():
    """It covered 0.61 of samples of 200 times."""
    rng = np.random.default_rng(63027)
    covered = 0
    for _ in range(40):
        found = _estimate(_frame(_times(rng, 200, 30, 0.54)), _frame(_times(rng, 200, 30)))
        covered += found.ci_low <= 0.0759 <= found.ci_high
    assert covered >= 36

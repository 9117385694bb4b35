"""Every diagnostic, from data to report: its code, its number, and where it is described."""

import json
import re

import numpy as np
import polars as pl
import pytest

import klcli
from klcli.render.catalogue import WARNINGS
from klcli.render.records import as_json

RNG = np.random.default_rng(374165738677394138558)


def normal(mean=0.0, deviation=1.0, rows=2000):
    return RNG.normal(mean, deviation, rows)


def heavy():
    return RNG.standard_t(2, 4000), normal(rows=4000)


def disjoint():
    return normal(rows=500), normal(50, rows=500)


def leaked():
    q = normal()
    return np.concatenate([normal(), q[:300]]), q


def rare():
    return RNG.zipf(1.3, (2, 300)) % 100_000


def uneven():
    weights = np.where(np.arange(1000) % 2, 1.9, 0.1)
    p = RNG.choice(1000, p=weights / weights.sum(), size=5000).astype(float)
    return p, RNG.integers(0, 1000, 5000).astype(float)


def daily():
    """Times of ten years."""
    seconds = np.random.default_rng(93847).random((2, 30_000)) * 86_400 * 3_650
    return [
        pl.DataFrame({"t": pl.Series((each * 1e6).astype("int64")).cast(pl.Datetime("us"))})
        for each in seconds
    ]


#: Code → a pair of samples that has it, options, and what the number in the message looks like.
CASES = {
    "heavy-tail": (heavy, {}, r"Pareto shape \d\.\d\d"),
    "outside-range": (
        lambda: (RNG.uniform(0, 1.3, 2000), RNG.random(2000)),
        {},
        r"\d\d % of P lies where Q",
    ),
    "saturated": (disjoint, {}, r"100 % of P lies where Q has no rows"),
    "unseen-categories": (
        lambda: (np.array(["a", "b"] * 50), np.array(["a"] * 100)),
        {},
        r"'b'; 50 % of its rows",
    ),
    "undersampled": (rare, {"categorical": ["x0"]}, r"about \d\d %"),
    "unresolved": (uneven, {}, r"by \d[\d.e+]* standard errors"),
    "coarse-times": (daily, {}, r"where in a day a time lies"),
    "coarse-bins": (lambda: (normal(), normal(1)), {"bins": 3}, r"holds \d\d\.\d % of all rows"),
    "disagreement": (
        lambda: (normal(), normal(1)),
        {"bins": 3},
        r"is 0\.\d+ nats, .* says 0\.\d+: \d[\d.]* standard errors apart",
    ),
    "ties": (
        lambda: (normal().round(1), normal(1).round(1)),
        {"density": "kde"},
        r"\d\d(\.\d)? % of all rows lie on \d\d values",
    ),
    "rounding": (
        lambda: (normal().round(1), normal(1)),
        {},
        r"multiples of 0\.1, 100 % of those of Q",
    ),
    "shared-rows": (leaked, {}, r"300 rows of Q \(15 %\) stand in P"),
    "few-rows": (lambda: (normal(rows=15), normal(rows=90)), {}, r"only 15 rows"),
}


@pytest.mark.parametrize("code", CASES)
def test_the_warning_has_its_number_in_every_output(code):
    draw, options, number = CASES[code]
    report = klcli.estimate(*draw(), resamples=0, direction="forward", **options)
    found = [*report.findings, *report.results[0].warnings]
    message = [finding.message for finding in found if finding.code == code][-1]
    assert re.search(number, message), message
    plain = json.loads(as_json(report))
    written = [*plain["findings"], *plain["results"][0]["warnings"]]
    assert {"code": code, "message": message} in written
    assert code in {entry.name for entry in WARNINGS}


def test_a_plain_pair_has_no_warning():
    report = klcli.estimate(normal(), normal(0.5), resamples=0)
    assert not report.findings
    assert not any(row.warnings for row in report.results)


def test_ends_of_times_are_told_as_times():
    rng = np.random.default_rng(20261127)
    late, early = (
        pl.DataFrame({"t": (rng.integers(0, days * 24, 500) * 3_600_000).astype("datetime64[ms]")})
        for days in (40, 20)
    )
    (forward,) = klcli.estimate(late, early, direction="forward").results
    (told,) = [one.message for one in forward.warnings if one.code == "outside-range"]
    assert "above its largest value 1970-01-20" in told


def test_every_lower_bound_says_why_also_where_one_side_has_no_numbers():
    values = np.random.default_rng(30901699437).normal(size=300)
    for nothing in (np.nan, np.inf):
        _, reverse = klcli.estimate(np.full(50, nothing), values).results
        assert reverse.status == "lower-bound"
        (why,) = (w.message for w in reverse.warnings if w.code == "outside-range")
        assert why == "P has no finite values, and so none where those of Q lie"


def test_missing_values_of_one_side_are_no_structure_of_the_numbers():
    """Half of one side missing halves p/q of all numbers, and changes nothing among them."""
    rng = np.random.default_rng(4637281910)
    p, q = rng.normal(size=3_000), rng.normal(0.3, 1, 3_000)
    p[rng.random(3_000) < 0.5] = np.nan
    (result,) = klcli.estimate(p, q, missing="category", direction="reverse", resamples=0).results
    assert result.status == "ok"
    assert not result.warnings
    # log 2 for which values are there, 0.045 for the others.
    assert result.ci_low < np.log(2) + 0.045 < result.ci_high

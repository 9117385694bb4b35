import numpy as np
import pytest

import klcli
from klcli.data.codes import codes

RNG = np.random.default_rng(244948974278317809819)


def tokens(rows, spread=1.0, vocabulary=32_000):
    """Draw numbers of words as a tokenizer has them: the lower the more frequent, but roughly."""
    rough = np.random.default_rng(5).lognormal(0, spread, vocabulary)
    weights = rough / np.arange(1, vocabulary + 1)
    return RNG.choice(vocabulary, rows, p=weights / weights.sum()).astype(float)


def places(rows):
    """Draw postal codes of unlike places."""
    numbers = np.random.default_rng(6).integers(10_000, 99_999, 2000)
    return numbers[np.minimum(RNG.zipf(1.3, rows) - 1, 1999)].astype(float)


def heaped(rows, heap, draw):
    """Draw amounts, of which half are told as multiples of a heap."""
    amounts = draw(rows)
    return np.where(RNG.random(rows) < 0.5, heap * np.round(amounts / heap), np.round(amounts))


AMOUNTS = {
    "normal": lambda n: np.round(RNG.normal(500, 30, n)),
    "poisson": lambda n: RNG.poisson(100, n),
    "geometric": lambda n: RNG.geometric(0.01, n),
    "zipf": lambda n: np.minimum(RNG.zipf(1.5, n), 10**6),
    "negative binomial": lambda n: RNG.negative_binomial(2, 0.01, n),
    "uniform": lambda n: RNG.integers(0, 10**6, n),
    "zeros": lambda n: np.where(RNG.random(n) < 0.6, 0, RNG.poisson(200, n)),
    "two modes": lambda n: RNG.poisson(np.where(RNG.random(n) < 0.5, 20, 300)),
    "incomes": lambda n: heaped(n, 1000, lambda k: RNG.lognormal(10, 0.6, k)),
    "minutes": lambda n: heaped(n, 5, lambda k: RNG.gamma(3, 40, k)),
    "days": lambda n: heaped(n, 7, lambda k: RNG.gamma(3, 60, k)),
    "prices": lambda n: heaped(n, 100, lambda k: 100 * RNG.lognormal(1, 0.8, k)) - 1,
    "hundreds": lambda n: 100 * RNG.poisson(400, n),
    "huge": lambda n: 1e308 * RNG.choice([-1.7, 0.1, 1.7], n),
    "measured": lambda n: RNG.normal(size=n),
}


def found(draw, rows):
    p, q = (np.sort(draw(rows).astype(float)) for _ in range(2))
    return codes("x", p, q, 1.0)


@pytest.mark.parametrize(
    ("draw", "rows"),
    [(tokens, 3000), (tokens, 5000), (tokens, 20_000), (places, 1000), (places, 5000)],
)
def test_codes_are_recognised(draw, rows):
    assert found(draw, rows).code == "codes"


@pytest.mark.parametrize("rows", [100, 1000, 5000, 50_000])
@pytest.mark.parametrize("name", AMOUNTS)
def test_amounts_are_none(name, rows):
    assert not any(found(AMOUNTS[name], rows) for _ in range(20))


def test_frequent_codes_need_no_neighbours():
    numbers = RNG.choice(10**6, 40, replace=False)
    assert found(lambda rows: RNG.choice(numbers, rows), 10_000) is None


def test_the_divergence_of_codes_is_a_lower_bound_unless_the_user_knows_better():
    """Log ratios of unlike words do not depend on each other: D is that of two Zipf laws."""
    words = np.arange(32_000)
    weights = np.random.default_rng(5).lognormal(0, 1, len(words)) / (words + 1)
    other = weights * np.random.default_rng(7).lognormal(0, 0.5, len(words))
    p, q = weights / weights.sum(), other / other.sum()
    truth = float(p @ np.log(p / q))
    samples = [RNG.choice(words, 5000, p=each) for each in (p, q)]
    result = klcli.estimate(*samples, direction="forward").results[0]
    assert result.status == "lower-bound"
    assert result.ci_low < truth < result.ci_high
    assert "codes" in [finding.code for finding in result.warnings]
    reference = klcli.profile(samples[1])
    known = klcli.estimate(samples[0], reference, direction="forward").results[0]
    assert known.status == "lower-bound"
    assert "codes" in [finding.code for finding in known.warnings]
    sure = klcli.estimate(*samples, direction="forward", numeric=["x0"]).results[0]
    assert "codes" not in [finding.code for finding in sure.warnings]

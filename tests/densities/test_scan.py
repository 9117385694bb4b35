import numpy as np
import pytest

from klcli.densities.scan import scan

RNG = np.random.default_rng(5928374610293847)


def exchanged(pooled, share, tables):
    rows = round(share * pooled.sum())
    p = RNG.multivariate_hypergeometric(pooled, rows, size=tables, method="marginals")
    return p.astype(float), (pooled - p).astype(float)


def gain(p, q, weight):
    """The log Bayes factor of a level with a normal prior of variance 4, by Laplace."""
    held = p + q
    deviance = sum(
        count * np.log(count / (share * held))
        for count, share in ((p, weight), (q, 1 - weight))
        if count
    )
    determined = 4 * weight * (1 - weight) * held
    return deviance * determined / (1 + determined) - 0.5 * np.log1p(determined)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.93])
def test_evidence_is_that_of_the_best_short_stretch(share):
    pooled = RNG.integers(1, 40, 64)
    p, q = exchanged(pooled, share, 150)
    # A stretch of which no row is of Q.
    p[3, 20:23], q[3, 20:23] = pooled[20:23], 0
    weight = p.sum(axis=1).mean() / pooled.sum()
    evidence = scan(p, q, weight)
    assert evidence.shape == (150,)
    log_prior = -np.log(64 + 63 + 61)
    found = 0
    for number in range(150):
        best = max(
            gain(
                p[number, first : first + length].sum(),
                q[number, first : first + length].sum(),
                weight,
            )
            for length in (1, 2, 4)
            for first in range(64 - length + 1)
        )
        expected = best + log_prior if best > 4.0 else -np.inf  # too little to count
        assert evidence[number] == pytest.approx(expected, abs=1e-9)
        found += best > 4.0
    assert 0 < found < 150


def test_a_few_cells_have_no_short_stretches():
    assert scan(np.ones((3, 12)), np.ones((3, 12)), 0.5) is None


def test_tables_do_not_depend_on_those_beside_them():
    p, q = exchanged(RNG.integers(1, 9, 200), 0.5, 200)
    alone = [scan(p[[row]], q[[row]], 0.5)[0] for row in range(200)]
    assert scan(p, q, 0.5).tolist() == alone

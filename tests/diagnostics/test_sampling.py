import numpy as np
import pytest

from klcli.counts import CountTable
from klcli.diagnostics.sampling import constant, few_rows, undersampled


def table(p, q):
    names = tuple(f"c{i}" for i in range(len(p)))
    return CountTable.categorical(names, np.array(p, float), np.array(q, float))


def test_few_rows():
    assert few_rows(table([10, 10], [10, 10])) is None
    assert "19 rows" in few_rows(table([10, 9], [50, 50])).message


def test_shares_and_counts_are_written_out():
    assert "only 1 row;" in few_rows(table([1], [5])).message
    assert "about 100 % of P and 0 % of Q" in undersampled(table([1], [5])).message


def test_constant():
    assert constant(table([10], [20])).code == "constant"
    assert constant(table([10, 0], [0, 20])) is None


def test_undersampled_is_good_and_turings_share_of_singletons():
    assert undersampled(table([50, 50], [50, 50])) is None
    message = undersampled(table([90] + [1] * 10, [90] + [2] * 10)).message
    assert "about 10 % of P and 0 % of Q" in message
    turned = undersampled(table([90] + [2] * 10, [90] + [1] * 10), ("new", "old")).message
    assert "about 0 % of new and 10 % of old" in turned


def test_undersampled_says_about_the_true_unseen_mass():
    rng = np.random.default_rng(837465019283)
    shares = 1 / np.arange(1, 2001)
    shares /= shares.sum()
    counts = rng.multinomial(500, shares)
    unseen = shares[counts == 0].sum()
    message = undersampled(table(counts, counts * 0 + 5)).message
    stated = float(message.split("about ")[1].split(" %")[0]) / 100
    assert stated == pytest.approx(unseen, rel=0.25)

import numpy as np
import pytest
from tables import number_table, pooled_sample

import klcli
from klcli.data.bounds import quantile_bounds
from klcli.diagnostics.ties import ties

RNG = np.random.default_rng(360555127546398929312)
NORMAL = RNG.normal(size=(2, 2000))


def found(p, q):
    return ties(number_table(p, q, quantile_bounds(pooled_sample(p, q), 1024)))


def test_the_numbers_are_given():
    p, q = NORMAL.copy()
    p[:400], q[:600] = 0.0, 1.0
    assert found(p, q).message.startswith("25 % of all rows lie on 2 values that occur")
    p[:400], q[:600] = 0.0, 0.0
    assert found(p, q).message.startswith("25 % of all rows lie on one value that occur")


@pytest.mark.parametrize("digits", [3, 6, 15])
def test_fine_rounding_is_none(digits):
    assert found(*NORMAL.round(digits)) is None


def test_kernels_are_warned_of_and_others_are_not():
    def codes(**options):
        results = klcli.estimate(*NORMAL.round(1), resamples=0, **options).results
        return {warning.code for row in results for warning in row.warnings}

    assert "ties" in codes(density="kde")
    assert "ties" not in codes() | codes(density="histogram")

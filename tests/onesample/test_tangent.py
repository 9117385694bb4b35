from __future__ import annotations

import numpy as np
import pytest
from onesample.one_sample_makers import points

from klcli.divergences.build import distribution
from klcli.onesample.tangent import tangent_of


def test_derivatives_of_a_normal_distribution_are_its_scores():
    known = distribution("norm(3, 2)")
    edges = np.linspace(-3, 3, 241)
    slopes = tangent_of(points([0.0, 1.0]), known, ["loc", "scale"])(edges)
    middle = 0.5 * (edges[1:] + edges[:-1])
    assert slopes.shape == (242, 2)
    assert slopes[1:-1, 0] == pytest.approx(middle / 2, abs=1e-3)
    assert slopes[1:-1, 1] == pytest.approx((middle**2 - 1) / 2, abs=1e-3)


def test_cells_of_integers_have_those_of_their_probabilities():
    from klcli.data.score_cells import Values, place
    from klcli.divergences.cumulative import Cumulative

    known = distribution("poisson(3)")
    column = Values(np.arange(8.0), np.ones(8), np.ones(8))
    table = place(column, Cumulative(known), ("P", "Q")).table
    slopes = tangent_of(table, known, ["mu"])(table.upper[:-1])[:, 0]
    # d log p(k)/dμ = k/μ − 1; k = 4 lies where the cell's upper value is 4.
    cell = int(np.flatnonzero(table.values == 4.0)[0])
    assert slopes[cell] == pytest.approx(4 / 3 - 1, abs=1e-5)

import numpy as np
import pytest
from tables import number_table, pooled_sample

from klcli.densities.frequency import Frequency
from klcli.densities.histogram import Histogram
from klcli.errors import UsageError


def test_fit_is_that_of_the_frequencies_of_bins():
    rng = np.random.default_rng(17320508075688772935)
    p, q = rng.normal(0, 1, 80), rng.normal(1, 1, 60)
    for smoothing in (None, "none", "laplace", 0.1):
        histogram = Histogram(6, smoothing)
        table = number_table(p, q, histogram.layout(pooled_sample(p, q)))
        ours, theirs = histogram.fit(table), Frequency(smoothing).fit(table)
        assert ours.log_p.tolist() == theirs.log_p.tolist()
        assert ours.log_q.tolist() == theirs.log_q.tolist()


def test_layout_passes_the_rule_on():
    sample = pooled_sample(np.arange(10.0), np.arange(5.0, 12.0))
    assert len(Histogram(4).layout(sample)) == 5
    assert Histogram([2, 5, 9]).layout(sample) == pytest.approx([2, 5, 9])


@pytest.mark.parametrize("fields", [{"bins": "many"}, {"bins": -3}, {"smoothing": "some"}])
def test_impossible_fields_are_refused(fields):
    with pytest.raises(UsageError):
        Histogram(**fields)

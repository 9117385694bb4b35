import pytest

from klcli.errors import UsageError
from klcli.estimation.choice import AUTO, Choice, Method, check_number
from klcli.registry import DENSITIES, ESTIMATORS, INTERVALS
from klcli.results import Finding, Kind

ORDERED = (Kind.NUMERIC, Kind.DATETIME)


@pytest.mark.parametrize("kind", AUTO)
def test_auto_gives_every_kind_a_method_with_its_reason(kind):
    choice = Method().for_kind(kind)
    assert choice.density_name == ("ratio" if kind in ORDERED else "frequency")
    assert choice.estimator_name == ("plug-in" if kind in ORDERED else "empirical-bayes")
    assert choice.interval_name == "influence"
    assert choice.reason


def test_smoothed_frequencies_are_plugged_in():
    assert Method(smoothing="laplace").for_kind(Kind.CATEGORICAL).estimator_name == "plug-in"


def test_the_reason_is_no_default_where_something_else_was_asked():
    for kind in (Kind.CATEGORICAL, Kind.BOOLEAN):
        assert Method(smoothing="laplace").for_kind(kind).reason == "--smoothing was given"
        asked = Method(estimator="dirichlet-mixture").for_kind(kind)
        assert asked.reason == "--estimator was given"


@pytest.mark.parametrize("estimator", ["empirical-bayes", "dirichlet-mixture"])
def test_priors_leave_nothing_to_smooth(estimator):
    with pytest.raises(UsageError, match=f"--smoothing means nothing to --estimator {estimator}"):
        Method(estimator=estimator, smoothing="jeffreys").for_kind(Kind.CATEGORICAL)


def test_estimators_of_categories_are_refused_for_smooth_densities():
    refusal = Method("kde", "dirichlet-mixture").for_kind(Kind.NUMERIC)
    assert isinstance(refusal, Finding)
    assert refusal.code == "not-applicable"


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize(("density", "estimator"), ESTIMATORS)
def test_every_pair_of_the_registry_can_be_chosen(density, estimator, interval):
    kind = Kind.CATEGORICAL if density == "frequency" else Kind.NUMERIC
    choice = Method(density, estimator, interval).for_kind(kind)
    assert isinstance(choice, Choice)
    assert choice.estimator.name == estimator


@pytest.mark.parametrize("density", [name for name in DENSITIES if name != "frequency"])
def test_densities_of_numbers_are_refused_for_categories(density):
    refusal = Method(density).for_kind(Kind.CATEGORICAL)
    assert isinstance(refusal, Finding)
    assert refusal.code == "not-applicable"
    assert "frequency" in refusal.message


def test_frequency_takes_numbers_too():
    assert Method("frequency").for_kind(Kind.NUMERIC).density_name == "frequency"


def test_an_option_chooses_the_density_that_understands_it():
    assert Method(bins=7).for_kind(Kind.NUMERIC).density.bins == 7
    assert Method(bandwidth=0.3).for_kind(Kind.NUMERIC).density.bandwidth == 0.3
    assert Method(bins=7).for_kind(Kind.CATEGORICAL).density_name == "frequency"
    assert Method(smoothing="laplace").for_kind(Kind.CATEGORICAL).density.smoothing == "laplace"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"density": "x"}, "unknown density 'x'"),
        ({"estimator": "x"}, "unknown estimator 'x'"),
        ({"interval": "x"}, "unknown interval 'x'"),
        ({"density": "kde", "bins": 5}, "--bins means nothing to the density 'kde'"),
        ({"density": "ratio", "smoothing": 1}, "--smoothing means nothing"),
        ({"density": "ratio", "bandwidth": 1}, "--bandwidth means nothing"),
        ({"bins": 5, "bandwidth": 1}, "exclude each other"),
        ({"bins": "x"}, "x"),
        ({"bandwidth": -1.0}, "bandwidth"),
        ({"smoothing": "x"}, "smoothing"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_file_is_read(options, words):
    with pytest.raises(UsageError) as raised:
        Method(**options)
    assert words in raised.value.message
    assert raised.value.hint


def test_the_seed_reaches_estimators_that_draw():
    assert Method(estimator="monte-carlo", seed=9).for_kind(Kind.NUMERIC).estimator.seed == 9


@pytest.mark.parametrize("value", [0, 1, -0.1, float("nan"), float("inf")])
def test_numbers_out_of_range(value):
    with pytest.raises(UsageError, match="confidence"):
        check_number("confidence", value, 0, 1, "between")

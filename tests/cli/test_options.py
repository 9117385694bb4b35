from __future__ import annotations

import pytest

from klcli.cli import options
from klcli.data.readers import FORMATS
from klcli.errors import UsageError
from klcli.render.catalogue import ENTRIES


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("density", options.DENSITY_NAMES),
        ("estimator", options.ESTIMATOR_NAMES),
        ("interval", options.INTERVAL_NAMES),
        ("bins", options.BINS),
        ("bandwidth", options.BANDWIDTHS),
        ("smoothing", options.SMOOTHINGS),
    ],
)
def test_every_choice_is_described(group, names):
    described = {entry.name for entry in ENTRIES if entry.group == group}
    assert set(names) - {"auto"} == described - {"auto"}


def test_every_format_that_can_be_read_is_offered():
    assert set(options.INPUT_FORMATS) == set(FORMATS)


@pytest.mark.parametrize(
    ("text", "value"), [("0.5", 0.5), ("2", 2.0), ("1e-3", 0.001), ("isj", "isj"), ("e", "e")]
)
def test_number_or_name(text, value):
    assert options.number_or_name(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("10", 10), ("fd", "fd"), ("0,1,2.5", [0.0, 1.0, 2.5]), ("-1,1", [-1, 1])]
)
def test_edges_count_or_name(text, value):
    assert options.edges_count_or_name(text) == value


def test_edges_that_are_no_numbers():
    with pytest.raises(UsageError, match="is not a list of numbers"):
        options.edges_count_or_name("1,two,3")

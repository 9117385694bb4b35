from __future__ import annotations

import math

import pytest

from klcli.errors import UsageError
from klcli.monitoring.options import TOLERANCE, DriftOptions
from klcli.monitoring.rules import ColumnRule

RULES = (
    ColumnRule("price*", tolerance=0.2, kind="categorical"),
    ColumnRule("price_net", tolerance=0.3, density="frequency"),
    ColumnRule("id", exclude=True),
)


def test_later_rules_win_and_others_stay_as_they_are():
    options = DriftOptions(tolerance=0.1, rules=RULES)
    assert options.setting("other", "tolerance") == 0.1
    assert options.setting("price_gross", "tolerance") == 0.2
    assert options.setting("price_net", "tolerance") == 0.3
    assert options.method("price_net").density == "frequency"
    assert options.method("price_gross").density == "auto"


def test_a_pattern_with_brackets_matches_a_column_of_that_very_name():
    options = DriftOptions(rules=(ColumnRule("[red]", tolerance=0.5),))
    assert options.setting("[red]", "tolerance") == 0.5


def test_rules_on_kinds_and_exclusion_are_spelled_out():
    options = DriftOptions(rules=RULES, numeric=("price_net", "n"), exclude=("x",))
    spelled = options.for_columns(["id", "price_net", "price_gross", "n"])
    assert spelled.exclude == ("x", "id")
    assert spelled.categorical == ("price_net", "price_gross")
    assert spelled.numeric == ("n",)


def test_the_unit_follows_the_base():
    assert DriftOptions().unit == "nats"
    bits = DriftOptions(base=2)
    assert bits.unit == "bits"
    assert bits.scale == pytest.approx(1 / math.log(2))


@pytest.mark.parametrize(
    ("reference", "sliding", "pooled"),
    [("fixed", False, 0), ("first", True, 0), ("previous", True, 1), ("rolling:7", True, 7)],
)
def test_references(reference, sliding, pooled):
    options = DriftOptions(reference=reference)
    assert (options.sliding, options.pooled) == (sliding, pooled)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tolerance": -1.0},
        {"tolerance": math.nan},
        {"rules": (ColumnRule("x", tolerance=math.inf),)},
        {"rules": (ColumnRule("x", kind="text"),)},
        {"rules": (ColumnRule("x", density="nothing"),)},
        {"base": 3},
        {"missing": "guess"},
        {"confidence": 1.0},
        {"reference": "rolling"},
        {"reference": "rolling:0"},
        {"reference": "previous:2"},
        {"reference": "next"},
        {"by": "a", "time": "b", "window": "1d"},
        {"time": "b"},
        {"window": "1d"},
        {"density": "kde", "bins": 3},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(UsageError):
        DriftOptions(**wrong)


def test_an_unknown_setting_names_the_nearest():
    with pytest.raises(UsageError) as caught:
        DriftOptions.of({"tolerence": 0.1})
    assert "'tolerance'" in caught.value.hint


def test_settings_make_options():
    assert DriftOptions.of({"column": ["a"], "seed": 3}) == DriftOptions(column=("a",), seed=3)
    assert DriftOptions().tolerance == TOLERANCE


def test_tolerances_do_not_change_the_fingerprint_but_methods_do():
    plain = DriftOptions(rules=RULES)
    assert plain.fingerprint() == DriftOptions(tolerance=1.0, rules=RULES).fingerprint()
    assert plain.fingerprint() != DriftOptions(seed=1, rules=RULES).fingerprint()
    assert plain.fingerprint() != DriftOptions().fingerprint()


def test_kinds_of_columns_that_are_not_compared_are_told():
    options = DriftOptions(column=("a",), numeric=("b",), categorical=("a",))
    (finding,) = options.unmatched(["a", "b"])
    assert finding.message == "a kind is given for 'b', which is not compared"
    assert DriftOptions(numeric=("b",)).unmatched(["a", "b"]) == []

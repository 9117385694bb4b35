from __future__ import annotations

import numpy as np
import pytest

from klcli.data.pairing import pair_columns
from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.errors import InputError


def paired(p, q, **options):
    findings = []
    pairs = pair_columns(p, q, Selection(**options), findings)
    told = {finding.code: finding.message for finding in findings}
    return [(pair.name, pair.p, pair.q) for pair in pairs], told


def same(*names):
    return [(name, name, name) for name in names]


def test_common_columns_in_the_order_of_p():
    pairs, told = paired(["c", "a", "u", "b"], ["v", "b", "c", "a"])
    assert pairs == same("c", "a", "b")
    assert told == {
        "only-in-p": "not compared, only in P: 'u'",
        "only-in-q": "not compared, only in Q: 'v'",
    }


def test_names_that_are_written_otherwise():
    p, q = ["a", "Unit Price", "x", "X "], ["a", "unit_price", "x_"]
    _, told = paired(p, q)
    assert told["only-in-p"].endswith("'X '; 'Unit Price' may be 'unit_price' of Q")
    assert told["only-in-q"].endswith("'x_'; 'unit_price' may be 'Unit Price' of P")
    with pytest.raises(InputError) as caught:
        paired(["Size", "b"], ["SIZE", "c"])
    assert "'Size' may be 'SIZE'" in caught.value.hint
    # Names without a letter or digit are not alike.
    assert paired(["a", "-"], ["a", "_"])[1]["only-in-p"].endswith("only in P: '-'")


def test_single_columns_are_paired_whatever_their_names():
    pairs, told = paired(["price"], ["cost"])
    assert pairs == [("price", "price", "cost")]
    assert "'price' of P is compared with 'cost' of Q" in told["paired-by-position"]


@pytest.mark.parametrize(("p", "q"), [(["x0"], ["cost"]), (["cost"], ["x0"])])
def test_the_name_of_an_array_says_less(p, q):
    assert paired(p, q)[0] == [("cost", *p, *q)]


def test_an_array_against_columns_of_which_one_is_x0():
    assert paired(["x0"], ["a", "x0"])[0] == same("x0")


def test_single_columns_are_what_is_left():
    pairs, _ = paired(["a", "w"], ["b", "w", "z"], weight="w", exclude=("z",))
    assert pairs == [("a", "a", "b")]


def test_several_columns_are_not_paired_by_position():
    with pytest.raises(InputError) as caught:
        paired(["a", "b"], ["c"])
    assert caught.value.message == "no column is in both: P has 'a', 'b'; Q has 'c'"


def test_selected_columns_only_and_nothing_said_of_the_others():
    pairs, told = paired(["a", "b", "c"], ["a", "b", "d"], columns=("b", "a"))
    assert (pairs, told) == (same("a", "b"), {})


@pytest.mark.parametrize("name", ["price", "cost"])
def test_a_pair_goes_by_either_name(name):
    assert len(paired(["price"], ["cost"], columns=(name,), numeric=(name,))[0]) == 1


def test_forced_kind_by_either_name():
    table = tabulate({"a": [1, 2]}, {"b": [1, 2]}, Selection(categorical=("b",)))
    assert table.columns[0].table.labels == ("1", "2")


@pytest.mark.parametrize("option", ["columns", "exclude", "categorical", "numeric"])
def test_unknown_names_are_refused_with_those_that_look_alike(option):
    with pytest.raises(InputError) as caught:
        paired(["price", "city"], ["price", "city"], **{option: ("prize",)})
    assert "no column 'prize'" in caught.value.message
    assert caught.value.hint == "did you mean 'price'?"
    with pytest.raises(InputError) as caught:
        paired(["price", "city"], ["price"], **{option: ("?",)})
    assert caught.value.hint == "there are 'price', 'city'"


def test_a_column_of_one_side():
    with pytest.raises(InputError, match="--column: 'b' is only in P"):
        paired(["a", "b"], ["a", "c"], columns=("b",))
    with pytest.raises(InputError, match="--column: 'c' is only in Q"):
        paired(["a", "b"], ["a", "c"], columns=("a", "c"))


@pytest.mark.parametrize("options", [{"exclude": ("b",)}, {"weight": "b"}])
def test_a_column_that_is_left_out(options):
    with pytest.raises(InputError, match="--column: 'b' is left out"):
        paired(["a", "b"], ["a", "b"], columns=("b",), **options)


def test_nothing_left():
    with pytest.raises(InputError, match="P has none; Q has none"):
        paired(["a"], ["a"], exclude=("a",))


def test_long_lists_are_cut():
    with pytest.raises(InputError, match="'c9' and 90 more"):
        paired([f"c{i}" for i in range(100)], ["x", "y"])


def test_only_what_is_compared_is_read(write):
    path = write("a.csv", "x,bad\n1,[\n2,5\n")
    table = tabulate(path, np.array([[1.0], [2.0]]), Selection(exclude=("bad",)))
    assert [column.name for column in table.columns] == ["x"]


@pytest.mark.parametrize("option", ["numeric", "categorical"])
def test_kinds_of_columns_that_are_not_compared_are_told(option):
    findings = []
    pair_columns("ab", "ab", Selection(columns=("a",), **{option: ("b",)}), findings)
    assert [(each.code, each.message) for each in findings] == [
        ("unmatched-pattern", "a kind is given for 'b', which is not compared")
    ]
    findings.clear()
    pair_columns("ab", "ab", Selection(columns=("a",), **{option: ("a",)}), findings)
    pair_columns("ab", "ab", Selection(**{option: ("b",)}), findings)
    assert findings == []


def test_names_in_another_case_are_found():
    with pytest.raises(InputError) as caught:
        pair_columns(["dep_delay", "arr_delay"], ["dep_delay"], Selection(("DEP_DELAY",)), [])
    assert caught.value.hint == "did you mean 'dep_delay'?"

from __future__ import annotations

import math
from dataclasses import replace

from render.reports import HEAVY, INFINITE, JOINT, MIXED, OK, TEXT, UNDEFINED, both, report

from klcli.render import summary
from klcli.results import Direction


def test_rows_keep_the_order_and_show_each_direction_once():
    rows = summary.rows(MIXED)
    assert [row.name for row in rows] == ["dest", "air_time", "hour", "tail"]
    assert rows[0].values == (("∞", "≥0.123"), ("0.100", "0.090 … 0.110"))
    assert rows[1].values == (("0.212", "0.200 … 0.225"), ("≥0.312", "0.273 … 0.352"))
    assert rows[3].values == (("—", ""), ("—", ""))


def test_directions_apart_in_the_report_share_a_row():
    # "largest first" may put a column's two directions far apart
    a, b = both("a", OK, OK), both("b", OK, OK)
    rows = summary.rows(report(a[0], b[0], b[1], a[1]))
    assert [(row.name, len(row.values)) for row in rows] == [("a", 2), ("b", 2)]


def test_a_direction_that_is_missing_leaves_its_cells_empty():
    rows = summary.rows(report(*both("a", OK, OK), replace(OK, column="b", direction="reverse")))
    assert rows[1].values == (("", ""), ("0.123", "0.111 … 0.135"))


def test_an_estimate_without_an_interval_says_so():
    alone = replace(OK, standard_error=math.nan, ci_low=math.nan, ci_high=math.nan)
    assert summary.rows(report(alone))[0].values == (("0.1234", "—"),)


def split(rows):
    return [(row.name, *(estimate for estimate, _ in row.values)) for row in rows]


def test_columns_together_are_followed_by_their_parts_the_largest_first():
    reverse = replace(JOINT, marginals={"a": 0.01, "b": 0.08}, dependence=0.0334)
    rows = summary.rows(report(*both("*", JOINT, reverse)))
    assert split(rows) == [
        ("* (2 columns)", "0.123", "0.123"),
        ("= a", "0.050", "0.010"),
        ("+ b", "0.030", "0.080"),
        ("+ dependence", "0.043", "0.033"),
    ]
    assert all(row.p == "" and row.codes == () for row in rows[1:])
    assert {interval for row in rows[1:] for _, interval in row.values} == {""}


def test_a_part_that_is_not_known_is_a_dash_and_comes_last():
    unknown = replace(JOINT, marginals={"a": math.nan, "b": 0.03}, dependence=math.nan)
    parts = split(summary.rows(report(unknown)))[1:]
    assert parts == [("= b", "0.030"), ("+ a", "—"), ("+ dependence", "—")]


def test_many_parts_are_summed_up_unless_all_are_asked_for():
    shares = {f"c{i}": 0.01 * i for i in range(12)}
    wide = report(replace(JOINT, columns=tuple(shares), marginals=shares, dependence=-0.5366))
    few, every = summary.rows(wide), summary.rows(wide, every=True)
    assert split(few)[0] == ("* (12 columns)", "0.123")
    assert split(few)[-2:] == [("+ 5 other columns", "0.100"), ("+ dependence", "-0.537")]
    assert len(few) == 10
    assert [name for name, _ in split(every)[1:-1]] == [
        "= c11",
        *(f"+ c{i}" for i in range(10, -1, -1)),
    ]


def test_columns_together_without_an_estimate_have_no_parts():
    nothing = replace(UNDEFINED, column="*", kind="joint", columns=("a", "b"))
    assert len(summary.rows(report(nothing))) == 1


def test_the_method_of_columns_together_names_them():
    (note,) = summary.method_notes(report(JOINT))
    assert note.message.startswith("joint (a, b), ratio density")


def test_the_p_value_is_that_of_the_first_direction():
    results = both("a", replace(OK, p_value=0.25), replace(OK, p_value=0.75))
    assert summary.rows(report(*results))[0].p == "0.250"
    assert summary.rows(report(results[1]))[0].p == "0.750"


def test_warnings_of_both_directions_are_named_once():
    same = both("a", replace(OK, warnings=(HEAVY, TEXT)), replace(OK, warnings=(HEAVY,)))
    assert summary.rows(report(*same))[0].codes == ("heavy-tail", "text")
    assert summary.warning_notes(report(*same)) == [
        summary.Note("a", "", "heavy-tail", HEAVY.message),
        summary.Note("a", "D(P‖Q)", "text", TEXT.message),
    ]


def test_one_code_with_two_messages_is_two_notes():
    other = replace(HEAVY, message="another number")
    results = both("a", replace(OK, warnings=(HEAVY,)), replace(OK, warnings=(other,)))
    assert [note.sign for note in summary.warning_notes(report(*results))] == ["D(P‖Q)", "D(Q‖P)"]


def test_methods_are_told_once_where_both_directions_agree():
    (note,) = summary.method_notes(report(*both("a", OK, OK)))
    assert (note.sign, note.code) == ("", "")
    assert note.message == (
        "numeric, ratio density, plug-in estimator, influence interval; many distinct numbers"
    )


def test_nothing_is_told_of_a_method_that_was_not_used():
    (note,) = summary.method_notes(report(UNDEFINED))
    assert note.message == "text"


def test_headline_and_legend():
    bits = replace(report(replace(INFINITE, confidence=0.9)), unit="bits")
    assert summary.headline(bits) == "Kullback–Leibler divergence in bits, with 90 % intervals"
    assert summary.directions(bits) == [Direction.FORWARD]
    assert summary.legend(bits).startswith("D(P‖Q) is forward")
    odd = report(replace(OK, confidence=0.999))
    assert summary.percent(odd) == "99.9 %"

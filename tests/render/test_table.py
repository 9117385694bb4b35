from __future__ import annotations

from dataclasses import replace

import pytest
from render.reports import HEAVY, INFINITE, JOINT, MIXED, OK, UNDEFINED, both, report

from klcli.render.markdown import markdown
from klcli.render.table import ANSI, PLAIN, table
from klcli.render.text import cell_width


def test_plain_table_is_neither_cut_nor_wrapped():
    assert table(MIXED) == (
        "P  jan.csv  27,004 rows\n"
        "Q  jul.csv  29,425 rows\n"
        "Kullback–Leibler divergence in nats, with 95 % intervals\n"
        "D(P‖Q) is forward: how surprised Q would be by rows of P\n"
        "\n"
        "column     D(P‖Q)    95 % interval   D(Q‖P)    95 % interval       p  note\n"
        "dest       ∞                ≥0.123   0.100    0.090 … 0.110   ≤0.001  unseen-categories\n"
        "air_time   0.212    0.200 … 0.225   ≥0.312    0.273 … 0.352   ≤0.001  heavy-tail\n"
        "hour      -0.0001  0.0000 … 0.0003   0.0001  0.0000 … 0.0003   0.310\n"
        "tail       —                         —                         —      text\n"
        "\n"
        "dest, D(P‖Q): 7 of the 94 values of P never occur in Q: 0.4 % of P "
        "[unseen-categories]\n"
        "air_time, D(Q‖P): the tail of Q is so heavy that the estimate is a lower bound "
        "[heavy-tail]\n"
        "tail: free text has no frequencies to compare [text]\n"
    )


def test_80_columns_wrap_the_warnings_and_mark_the_rows():
    assert table(MIXED, width=80) == (
        "P  jan.csv  27,004 rows\n"
        "Q  jul.csv  29,425 rows\n"
        "Kullback–Leibler divergence in nats, with 95 % intervals\n"
        "D(P‖Q) is forward: how surprised Q would be by rows of P\n"
        "\n"
        "column     D(P‖Q)    95 % interval   D(Q‖P)    95 % interval       p\n"
        "dest       ∞                ≥0.123   0.100    0.090 … 0.110   ≤0.001  *\n"
        "air_time   0.212    0.200 … 0.225   ≥0.312    0.273 … 0.352   ≤0.001  *\n"
        "hour      -0.0001  0.0000 … 0.0003   0.0001  0.0000 … 0.0003   0.310\n"
        "tail       —                         —                         —      *\n"
        "\n"
        "dest, D(P‖Q): 7 of the 94 values of P never occur in Q: 0.4 % of P\n"
        "  [unseen-categories]\n"
        "air_time, D(Q‖P): the tail of Q is so heavy that the estimate is a lower bound\n"
        "  [heavy-tail]\n"
        "tail: free text has no frequencies to compare [text]\n"
    )


def test_40_columns_give_each_value_a_line():
    assert table(MIXED, width=40) == (
        "P  jan.csv  27,004 rows\n"
        "Q  jul.csv  29,425 rows\n"
        "Kullback–Leibler divergence in nats,\n"
        "with 95 % intervals\n"
        "D(P‖Q) is forward: how surprised Q would\n"
        "be by rows of P\n"
        "\n"
        "dest\n"
        "  D(P‖Q)   ∞                ≥0.123\n"
        "  D(Q‖P)   0.100    0.090 … 0.110\n"
        "  p       ≤0.001\n"
        "  note    unseen-categories\n"
        "air_time\n"
        "  D(P‖Q)   0.212    0.200 … 0.225\n"
        "  D(Q‖P)  ≥0.312    0.273 … 0.352\n"
        "  p       ≤0.001\n"
        "  note    heavy-tail\n"
        "hour\n"
        "  D(P‖Q)  -0.0001  0.0000 … 0.0003\n"
        "  D(Q‖P)   0.0001  0.0000 … 0.0003\n"
        "  p       0.310\n"
        "tail\n"
        "  D(P‖Q)   —\n"
        "  D(Q‖P)   —\n"
        "  p       —\n"
        "  note    text\n"
        "\n"
        "dest, D(P‖Q): 7 of the 94 values of P\n"
        "  never occur in Q: 0.4 % of P\n"
        "  [unseen-categories]\n"
        "air_time, D(Q‖P): the tail of Q is so\n"
        "  heavy that the estimate is a lower\n"
        "  bound [heavy-tail]\n"
        "tail: free text has no frequencies to\n"
        "  compare [text]\n"
    )


def test_one_direction_says_what_it_means():
    reverse = replace(OK, direction="reverse", warnings=(HEAVY,))
    assert table(report(reverse), width=80) == (
        "P  jan.csv  27,004 rows\n"
        "Q  jul.csv  29,425 rows\n"
        "Kullback–Leibler divergence in nats, with 95 % intervals\n"
        "D(Q‖P) is reverse: how surprised P would be by rows of Q\n"
        "\n"
        "column  D(Q‖P)  95 % interval       p  note\n"
        "x        0.123  0.111 … 0.135  ≤0.001  heavy-tail\n"
        "\n"
        "x: the tail of Q is so heavy that the estimate is a lower bound [heavy-tail]\n"
    )


def test_verbose_adds_methods_reasons_and_every_warning():
    several = report(
        *both("a", OK, replace(OK, warnings=(HEAVY,))),
        *both("b", OK, replace(OK, warnings=(HEAVY,), missing_q=2)),
    )
    brief, full = table(several), table(several, verbose=True)
    assert brief.endswith(
        "a, D(Q‖P): the tail of Q is so heavy that the estimate is a lower bound [heavy-tail]\n"
        "  … and 1 more with heavy-tail (-v shows them)\n"
    )
    assert full.endswith(
        "a, D(Q‖P): the tail of Q is so heavy that the estimate is a lower bound [heavy-tail]\n"
        "b, D(Q‖P): the tail of Q is so heavy that the estimate is a lower bound [heavy-tail]\n"
        "\n"
        "a: numeric, ratio density, plug-in estimator, influence interval; many distinct numbers\n"
        "b, D(P‖Q): numeric, ratio density, plug-in estimator, influence interval; "
        "many distinct numbers\n"
        "b, D(Q‖P): numeric, ratio density, plug-in estimator, influence interval, "
        "missing 0 in P, 2 in Q; many distinct numbers\n"
    )


@pytest.mark.parametrize("width", [None, 200, 120, 80, 60])
def test_only_weight_is_added_for_terminals(width):
    plain, styled = (table(MIXED, width=width, style=style) for style in (PLAIN, ANSI))
    assert "\x1b[1mcolumn " in styled or "\x1b[1mdest\x1b[0m" in styled
    for sequence in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
        styled = styled.replace(sequence, "")
    assert styled == plain


STRANGE = [
    "[red]bold[/red]",
    "列の名前がとても長いので切れる" * 3,
    "🙂" * 20,
    "a\nb\x1b[31m\x07",
    "",
]


@pytest.mark.parametrize("width", [30, 40, 79, 80, 81, 100, 200])
def test_lines_fit_whatever_the_names(width):
    results = [each for name in STRANGE for each in both(name, OK, INFINITE)]
    shown = table(report(*results), width=width)
    values = [line for line in shown.splitlines() if "…" in line or "≥" in line or "∞" in line]
    assert len(values) >= len(STRANGE)
    assert max(map(cell_width, values)) <= max(width, 34)
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_names_that_cannot_be_seen_are_told():
    shown = report(*both("", OK, INFINITE), *both(" a", OK, OK))
    for text in (table(shown), markdown(shown)):
        assert "(empty name)" in text
        assert '" a"' in text
    assert "\n(empty name), D(Q‖P): " in table(shown)


def test_names_are_aligned_by_their_width_on_the_screen():
    shown = table(report(*both("列列", OK, OK), *both("[red]", OK, OK)))
    wide, markup = shown.splitlines()[-2:]
    assert wide == "列列     0.123  0.111 … 0.135   0.123  0.111 … 0.135  ≤0.001"
    assert markup == "[red]    0.123  0.111 … 0.135   0.123  0.111 … 0.135  ≤0.001"


def test_long_names_are_cut_only_where_the_screen_ends():
    long = "number_of_passengers_who_missed_their_connection"
    shown = report(*both(long, OK, OK))
    assert f"\n{long}  " in table(shown)
    assert "\nnumber_of_passengers_who…   0.123" in table(shown, width=79)


def test_a_long_path_keeps_its_end():
    report_ = replace(report(OK), p=replace(MIXED.p, source="/data/" * 20 + "jan.csv"))
    first = table(report_, width=40).splitlines()[0]
    assert first == "P  …ata//data//data/jan.csv  27,004 rows"
    assert cell_width(first) == 40


def test_notes_are_shortened_before_they_are_marked():
    results = both("a_rather_long_name", replace(OK, warnings=(HEAVY,)), INFINITE)
    wide, middle, narrow = (table(report(*results), width=w).splitlines() for w in (110, 90, 80))
    row = [next(line for line in lines if "0.123" in line) for lines in (wide, middle, narrow)]
    assert [line.split("≤0.001")[1] for line in row] == [
        "  heavy-tail, unseen-categories",
        "  heavy-tail +1",
        "  *",
    ]


def test_no_results():
    assert table(report()) == (
        "P  jan.csv  27,004 rows\n"
        "Q  jul.csv  29,425 rows\n"
        "Kullback–Leibler divergence in nats\n"
        "There is nothing to compare\n"
    )


def test_an_undefined_row_keeps_the_reason():
    shown = table(report(replace(UNDEFINED, column="comment")), width=80)
    assert "\ncomment       —                 —  text\n" in shown
    assert "comment: free text has no frequencies to compare [text]\n" in shown


def test_a_status_without_warnings_is_named():
    shown = table(report(replace(OK, status="lower-bound")))
    assert shown.splitlines()[-1] == "x       ≥0.123  0.111 … 0.135  ≤0.001  lower-bound"


def test_columns_together_stand_above_their_parts():
    assert table(report(JOINT)).splitlines()[-4:] == [
        "* (2 columns)   0.123  0.111 … 0.135  ≤0.001",
        "= a             0.050",
        "+ b             0.030",
        "+ dependence    0.043",
    ]
    narrow = table(report(*both("*", JOINT, JOINT)), width=30).splitlines()
    start = narrow.index("= a")
    assert narrow[start : start + 4] == ["= a", "  D(P‖Q)   0.050", "  D(Q‖P)   0.050", "+ b"]


def test_the_parts_of_many_columns_are_all_shown_on_demand():
    shares = {f"c{i}": 0.01 for i in range(9)}
    wide = report(replace(JOINT, columns=tuple(shares), marginals=shares))
    assert "+ 2 other columns" in table(wide)
    assert "other columns" not in table(wide, verbose=True)

from __future__ import annotations

from dataclasses import replace

import pytest
from render.reports import JOINT, MIXED, OK, report

from klcli.render.markdown import escape, markdown


def test_markdown_has_the_rows_and_notes_of_the_table():
    assert markdown(MIXED) == (
        "P is jan.csv (27,004 rows), Q is jul.csv (29,425 rows). Kullback–Leibler divergence in "
        "nats, with 95 % intervals. D(P‖Q) is forward: how surprised Q would be by rows of P.\n"
        "\n"
        "| column | D(P‖Q) | 95 % interval | D(Q‖P) | 95 % interval | p | note |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |\n"
        "| dest | ∞ | ≥0.123 | 0.100 | 0.090 … 0.110 | ≤0.001 | unseen-categories |\n"
        "| air_time | 0.212 | 0.200 … 0.225 | ≥0.312 | 0.273 … 0.352 | ≤0.001 | heavy-tail |\n"
        "| hour | -0.0001 | 0.0000 … 0.0003 | 0.0001 | 0.0000 … 0.0003 | 0.310 |  |\n"
        "| tail | — |  | — |  | — | text |\n"
        "\n"
        "- **dest**, D(P‖Q): 7 of the 94 values of P never occur in Q: 0.4 % of P "
        "(unseen-categories)\n"
        "- **air_time**, D(Q‖P): the tail of Q is so heavy that the estimate is a lower bound "
        "(heavy-tail)\n"
        "- **tail**: free text has no frequencies to compare (text)\n"
    )


def test_verbose_adds_methods():
    assert markdown(report(OK), verbose=True).endswith(
        "\n- **x**: numeric, ratio density, plug-in estimator, influence interval; "
        "many distinct numbers\n"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("air_time", "air_time"),
        ("_x_", r"\_x\_"),
        ("a|b", r"a\|b"),
        ("<b>[red](x)*`~&", r"\<b\>\[red\](x)\*\`\~\&"),
        ("a\nb", r"a\\nb"),
        (r"a\b", r"a\\b"),
    ],
)
def test_escape(text, shown):
    assert escape(text) == shown


def test_a_name_cannot_break_the_table():
    (row,) = markdown(report(replace(OK, column="a|b\n|c"))).splitlines()[-1:]
    assert row == r"| a\|b\\n\|c | 0.123 | 0.111 … 0.135 | ≤0.001 |  |"


def test_no_results():
    assert markdown(report()).endswith("in nats. There is nothing to compare.\n")


def test_columns_together_stand_above_their_parts():
    rows = [line for line in markdown(report(JOINT)).splitlines() if line.startswith("|")]
    assert rows[2:] == [
        r"| \* (2 columns) | 0.123 | 0.111 … 0.135 | ≤0.001 |  |",
        "| = a | 0.050 |  |  |  |",
        "| + b | 0.030 |  |  |  |",
        "| + dependence | 0.043 |  |  |  |",
    ]

"""What other tools print, and what a baseline knows, in reports for people and machines."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from render.drift_reports import report, result

from klcli.monitoring.report import Batch, Binning, Verdict
from klcli.render import drift_words as words
from klcli.render.binning_words import legend, row, shown
from klcli.render.drift_events import changes, findings
from klcli.render.drift_markdown import drift_markdown
from klcli.render.drift_table import drift_table
from klcli.render.html.page import html
from klcli.render.junit import junit
from klcli.render.prometheus import prometheus
from klcli.render.text import cell_width
from klcli.results import Finding

WRITTEN = datetime(2026, 11, 23, tzinfo=UTC)
NULLS = Finding("null-rate", "9 % of the values are missing")
PRINTED = (
    Binning("evidently-kl", "Evidently kl_div", "equal bins", "D(reference‖batch)", "Σ q ln(q/p)", 0.10259, 17, 4),
    Binning("fixed-width-10", "10 equal bins", "over the range", "D(batch‖reference)", "Σ p ln(p/q)", math.inf, 12, 0),
    Binning("psi-deciles", "PSI by deciles", "tenths", "symmetric", "Σ (p − q) ln(p/q)", 0.02, 10, 0, "edges from a sample of the rows"),
)  # fmt: skip
NONE = (Binning("none", "", "", "", "", math.nan, 0, 0, "no tool of these knows weights"),)
KNOWN = result("x", verdict=Verdict.DRIFT, value=0.3, changes=[NULLS])
KNOWN = replace(KNOWN, known=("drift", "null-rate"), binnings=PRINTED)
LOST = Batch(
    "mar", "mar", 10, "jan", 10, (Finding("lost-columns", "lost: 'k'"),),
    {"lost-columns": ("k",)}, ("lost-columns",),
)  # fmt: skip
BOTH = report(
    KNOWN,
    replace(result("x", batch="mar", value=0.02), binnings=PRINTED),
    replace(result("y"), binnings=NONE),
    batches=("feb", LOST),
)


def test_a_number_stands_with_what_it_is():
    first = row(PRINTED[0])
    assert (first.value, first.cells) == ("0.1026", "17 cells, 4 filled")
    assert row(PRINTED[1]).value == "∞"
    assert row(NONE[0]).tool == "none"


def test_of_each_column_the_worst_batch_is_shown():
    assert [(each.batch, each.estimate.column) for each in shown(BOTH)] == [
        ("feb", "x"), ("feb", "y"),
    ]  # fmt: skip
    assert len(shown(BOTH, every=True)) == 3
    assert shown(report(result("x"))) == []


def test_formulas_and_cells_are_told_once():
    told = legend(BOTH.results)
    assert told[0] == "Σ q ln(q/p): Evidently kl_div"
    assert len(told) == len(set(told)) == 6


@pytest.mark.parametrize("width", [None, 80, 60])
def test_the_table_fits_the_terminal(width):
    text = drift_table(BOTH, width=width)
    for part in ("Evidently kl_div", "0.1026", "∞", "knows weights", "edges from a sample"):
        assert part in text
    if width:
        assert max(map(cell_width, text.splitlines())) <= width
    assert text.count("Evidently kl_div  ") == 1
    assert drift_table(BOTH, verbose=True).count("Evidently kl_div  ") == 2


def test_markdown_and_html_show_tool_direction_and_note():
    for text in (drift_markdown(BOTH), html(BOTH, written=WRITTEN)):
        for part in ("Evidently kl", "D(reference‖batch)", "17 cells, 4 filled", "0.1026", "∞"):
            assert part in text
        assert "What other tools print" in text
        assert "edges from a sample of the rows" in text
    for text in (drift_markdown(report(result("x"))), html(report(result("x")), written=WRITTEN)):
        assert "other tools" not in text


def test_metrics_hold_what_is_a_number():
    latest = report(KNOWN, replace(result("y"), binnings=NONE))
    text = prometheus(latest, written=WRITTEN)
    assert 'column="x",tool="evidently-kl"} 0.10259' in text
    assert 'column="x",tool="fixed-width-10"} +Inf' in text
    assert 'tool="none"' not in text


def test_what_is_known_comes_after_what_is_new():
    new = result("y", verdict=Verdict.DRIFT, value=0.1)
    seen = report(KNOWN, new, result("z", verdict=Verdict.UNDECIDED))
    assert [each.estimate.column for each in words.by_weight(seen.results)] == ["y", "x", "z"]
    assert words.headline(seen) == "Drift in 2 of 3 columns; all known in 1 column"
    assert words.headline(report(KNOWN)) == "No new drift; known drift in 1 of 1 column"


def test_known_drift_fails_no_build():
    text = junit(BOTH, written=WRITTEN)
    assert "<failure" not in text
    assert '<skipped type="known drift" message="known: D(P‖Q) = ' in text
    assert "9 % of the values are missing (known)" in text
    assert "lost: 'k' (known)" in text
    unknown = replace(BOTH, results=(replace(KNOWN, known=()),))
    assert "<failure" in junit(unknown, written=WRITTEN)


def test_known_events_are_marked():
    assert [event.message for event in changes(BOTH)] == ["9 % of the values are missing (known)"]
    assert [event.message for event in findings(BOTH)] == ["lost: 'k' (known)"]
    for text in (drift_table(BOTH), drift_markdown(BOTH), html(BOTH, written=WRITTEN)):
        assert "known drift" in text
        assert "missing (known)" in text

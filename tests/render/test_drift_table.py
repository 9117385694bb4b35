from __future__ import annotations

from dataclasses import replace

import pytest
from render.drift_reports import ALL, MANY, ONE, category_cells, hostile, large, result

from klcli.monitoring.report import ChangePoint
from klcli.render.drift_table import drift_table
from klcli.render.drift_words import change_point, moved
from klcli.render.table import ANSI
from klcli.render.text import cell_width, printable
from klcli.results import Finding


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("verbose", [False, True])
def test_lines_fit_the_terminal(name, width, verbose):
    text = drift_table(ALL[name], width=width, verbose=verbose)
    long = [line for line in text.splitlines() if cell_width(line) > width]
    # A word that is longer than a line stands on a line of its own.
    assert not [line for line in long if " " in line.strip()]


@pytest.mark.parametrize("name", ALL)
def test_every_column_has_a_row_and_what_matters_comes_first(name):
    report = ALL[name]
    text = drift_table(report)
    columns = {result.estimate.column for result in report.results}
    rows = [line for line in text.splitlines() if " drift " in line or " stable " in line]
    verdicts = ["drift" if " drift " in line else "stable" for line in rows]
    assert verdicts == sorted(verdicts)
    if columns:
        assert len([line for line in text.splitlines() if line.startswith("column ")]) == 1


def test_what_moved_most_is_not_the_one_row_that_is_new():
    cells = category_cells(["a", "b", "new"], [0.2, 0.7999, 0.0001], [0.6, 0.4, 0.0])
    assert "“a”, 60 % of the reference, 20 % now" in moved(result("x", cells=cells))


def test_a_bar_for_each_batch():
    report = large(2, 10)
    text = drift_table(report, width=80)
    row, _ = [line for line in text.splitlines() if line.startswith("a_column")]
    bars = row.split()[-1]
    assert len(bars) == 10
    assert bars[0] == "█"
    assert bars[1] == "▁"


def test_batches_beyond_the_room_share_bars():
    bars = [
        line.split()[-1] for line in drift_table(large(1, 365), width=80).splitlines()
        if line.startswith("a_column")
    ]  # fmt: skip
    assert [len(each) for each in bars] == [24]


def test_one_batch_needs_no_bars():
    text = drift_table(ONE, width=80)
    assert "worst batch" not in text
    assert not any(bar in text for bar in "▁▂▃▄▅▆▇█")


def test_weight_marks_what_drifted_and_nothing_else_differs():
    plain = drift_table(MANY, width=80)
    styled = drift_table(MANY, width=80, style=ANSI)
    for code in (ANSI.strong, ANSI.faint, ANSI.end):
        styled = styled.replace(code, "")
    assert styled == plain


def test_names_from_files_do_no_harm():
    text = drift_table(hostile(), verbose=True)
    assert all(printable(line) == line for line in text.splitlines())
    assert "[red]bold[/red]" in text


def test_columns_whose_findings_are_not_spelled_out_are_named():
    """Once nothing told which they were but -v."""
    change = Finding("outlier", "9 lies far above all others")
    names = ["a", "b", "c", "fee", "x" * 300, *(f"k{place}" for place in range(9))]
    report = replace(ONE, results=tuple(result(name, changes=(change,)) for name in names))
    more = " ".join(drift_table(report).partition("… and ")[2].split())
    assert more.startswith(
        f"11 more with outlier: fee, {'x' * 39}…, k0, k1, k2, k3, k4, k5 and 3 more"
    )
    assert "(-v shows them)" in more


def test_a_change_point_needs_no_exponents():
    text = change_point(ChangePoint("x", "feb", 0.001, 0.0389, 2.69e-6), "nats")
    assert "mean divergence 0.0389 before, <0.0001 nats from then on" in text


def test_verbose_tells_more():
    assert len(drift_table(MANY, verbose=True)) > len(drift_table(MANY))

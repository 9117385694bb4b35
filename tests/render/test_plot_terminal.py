from __future__ import annotations

import re

import pytest
from render.plot_reports import ALL, BARS, BOTH, CURVE, EMPTY, KNOWN, OPEN, report

from klcli.render.plot.canvas import Canvas, resampled
from klcli.render.plot.charts import ratio_limits
from klcli.render.plot.palette import PLAIN, Paint
from klcli.render.plot.terminal import picture
from klcli.render.plot.ticks import ticks, written
from klcli.render.text import cell_width

ESCAPE = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.parametrize("width", [40, 41, 57, 80, 120, 200])
@pytest.mark.parametrize("name", list(ALL))
def test_no_line_is_wider_than_the_picture(name, width):
    text = picture(ALL[name], width=width, verbose=True)
    assert max(map(cell_width, text.splitlines())) <= width
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("height", [3, 8, 30])
def test_charts_have_as_many_lines_as_asked(height):
    lines = picture(report(CURVE), height=height).splitlines()
    assert sum("│" in line or "┤" in line for line in lines) == 3 * height


@pytest.mark.parametrize("name", list(ALL))
def test_colour_changes_nothing_but_colour(name):
    plain, coloured = (picture(ALL[name], paint=Paint(on)) for on in (False, True))
    assert "\x1b" not in plain
    assert [line.rstrip() for line in ESCAPE.sub("", coloured).splitlines()] == plain.splitlines()


def test_it_says_what_p_and_q_are_and_what_the_parts_add_up_to():
    text = picture(report(CURVE))
    assert "━━ P  january [red].csv, 1,000 rows" in text
    assert "D(P‖Q) = 0.250 nats, 95 % interval 0.230 … 0.270" in text
    assert "contribution, summed from the left: p·log(p/q) 0.250 nats" in text
    assert "log p/q in nats with its pointwise 95 % band" in text


def test_p_is_a_line_and_q_an_area_without_colour():
    lines = picture(report(CURVE)).splitlines()
    chart = lines[lines.index("density") + 1 :][:8]
    assert any("⠀" < character <= "⣿" for line in chart for character in line)
    assert any("░" in line for line in chart)


def test_the_second_direction_is_dotted_and_has_its_own_sum():
    text = picture(report(BOTH))
    assert "D(Q‖P) = 0.500 nats" in text
    assert "q·log(q/p) 0.500 nats\n  (dotted)" in text


def test_where_q_has_no_rows_is_hatched_if_that_matters():
    assert "╱" in picture(report(OPEN))
    assert "╱╱ rows on one side only" in picture(report(OPEN))
    assert "╱" not in picture(report(CURVE))


def test_known_distributions_have_an_integrand_and_no_band():
    text = picture(report(KNOWN))
    assert "\np·log(p/q)\n" in text
    assert "band" not in text


def test_missing_rows_stand_beside_the_axis():
    lines = picture(report(CURVE)).splitlines()
    row = next(line for line in lines if line.startswith("(missing)"))
    assert "2.0 %" in row
    assert "0.014" in row
    assert "0.69 (0.50 … 0.90)" in row


def test_an_infinite_part_is_marked_and_warned_about():
    text = picture(report(BARS))
    row = next(line for line in text.splitlines() if line.startswith("[red]x"))
    assert row.split()[-2:] == ["∞", "∞"]
    assert "only in P" in text
    assert "[unseen-categories]" in text
    assert r"a\nb" in text


def test_what_cannot_be_drawn_says_why():
    text = picture(report(EMPTY))
    assert "D(P‖Q) is not known" in text
    assert "no rows are left [all-missing]" in text


def test_the_limits_of_the_ratio_hold_the_curve_and_zero():
    low, high = ratio_limits(CURVE.cells[:20], CURVE.answers)
    assert low <= min(0, *(cell.log_ratio for cell in CURVE.cells[6:20]))
    assert high >= max(cell.log_ratio for cell in CURVE.cells[:20])


class TestCanvas:
    def test_a_rising_line_goes_from_corner_to_corner(self):
        canvas = Canvas(10, 3, 0.0, 1.0)
        canvas.line([k / 9 for k in range(10)], "")
        rows = canvas.lines(PLAIN)
        assert rows[0].strip()[-1] != " "
        assert rows[2][0] != " "
        assert len(rows[2]) < 10
        assert all(row.strip() for row in rows)

    def test_an_area_is_as_high_as_its_share(self):
        canvas = Canvas(3, 4, 0.0, 4.0)
        canvas.area([4.0, 2.5, 0.0], "q")
        assert canvas.lines(PLAIN) == ["░", "░▄", "░░", "░░"]

    def test_what_lies_beyond_leaves_a_gap(self):
        canvas = Canvas(4, 2, 0.0, 1.0)
        canvas.line([0.5, 9.0, float("nan"), 0.5], "")
        assert canvas.lines(PLAIN)[0].count(" ") >= 1

    def test_columns_share_cells_in_proportion(self):
        assert resampled([0.0, 3.0, 6.0], 2) == pytest.approx([1.0, 5.0])


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (-0.3, 0.31, 4, [-0.2, 0.0, 0.2]),
        (0, 0, 3, []), (float("nan"), 1, 3, []), (1e-9, 3e-9, 3, [1e-9, 2e-9, 3e-9]),
    ],
)  # fmt: skip
def test_ticks_are_round(low, high, most, expected):
    assert ticks(low, high, most) == pytest.approx(expected)
    assert len(ticks(low, high, most)) <= most + 1


def test_ticks_of_times_are_days():
    day = 86400.0
    places = ticks(0, 60 * day, 5, kind="datetime")
    assert written(places, "datetime")[1] == "1970-01-15"


@pytest.mark.parametrize("most", [2, 5, 9])
@pytest.mark.parametrize("span", [(0.5, 2e4), (1e-12, 1e12), (3, 7)])
def test_logarithmic_ticks_are_not_too_many(span, most):
    places = ticks(*span, most, scale="log")
    assert len(places) <= most + 3
    assert places == sorted(set(places))

from dataclasses import replace

import pytest
from render.reports import OK, report

from klcli.render.markdown import markdown
from klcli.render.records import as_tsv
from klcli.render.table import table
from klcli.render.text import cell_width
from klcli.render.tuning import curve
from klcli.results import Tuning


def tuned(scores, option="bins", side="both", first=1.0):
    tried = tuple((first + place, score) for place, score in enumerate(scores))
    return Tuning.best(option, side, "score of left-out rows", tried)


def test_a_short_curve_is_told_in_full():
    assert curve(tuned([0.0, 2.0, 3.0, 2.5])) == (
        "--bins cv: 3, best of 4 tried from 1 to 4 by score of left-out rows ▁▅█▆ 3; "
        "less by 3 at 1, 1 at 2, 0.5 at 4"
    )


def test_a_side_is_named():
    assert curve(tuned([1.0, 2.0, 1.0], "bandwidth", "Q")).startswith("--bandwidth cv of Q: 2, ")


@pytest.mark.parametrize(("scores", "word"), [([1.0, 2.0], "last"), ([2.0, 1.0], "first")])
def test_an_end_of_the_range_is_called_so(scores, word):
    assert f"from 1 to 2, the {word} of them, by" in curve(tuned(scores))


def test_equal_scores_give_a_flat_curve_and_the_smallest_value():
    assert "--bins cv: 1, best of 3" in curve(tuned([1.0] * 3))
    assert "███" not in curve(tuned([1.0] * 3))


def test_a_single_value_has_no_curve():
    assert curve(tuned([1.0])) == "--bins cv: 1, as there are too few rows to try more"


@pytest.mark.parametrize("best", [0, 1, 31, 97, 98, 99])
def test_the_best_of_many_has_the_highest_bar(best):
    text = curve(tuned([-abs(place - best) / 7 for place in range(100)]))
    bars = next(word for word in text.split() if set(word) <= set("▁▂▃▄▅▆▇█"))
    assert len(bars) == 20
    assert "█" in bars
    assert text.count(" at ") == 5 - 1


def test_verbose_tables_show_it_within_the_width():
    result = replace(OK, tuning=(tuned([-abs(x - 40.3) for x in range(100)]),))
    text = table(report(result), width=80, verbose=True)
    assert "x: --bins cv: 41, best of 100 tried" in text
    assert max(map(cell_width, text.splitlines())) <= 80
    assert "cv:" not in table(report(result), width=80)
    assert "**x**: --bins cv: 41, best of 100" in markdown(report(result), verbose=True)


def test_flat_formats_hold_what_was_chosen():
    both = tuned([0.0, 1.0], "bandwidth", "P", 0.25), tuned([1.0, 0.0], "bandwidth", "Q", 0.25)
    assert "\tbandwidth P=1.25;bandwidth Q=0.25\t" in as_tsv(report(replace(OK, tuning=both)))

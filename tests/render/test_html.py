from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import html5lib
import pytest
from render.drift_reports import (
    ALL,
    BURST,
    HOSTILE_NAMES,
    MANY,
    NONE,
    ONE,
    category_cells,
    hostile,
    large,
    report,
    result,
)

import klcli
from klcli.render import drift_words as words
from klcli.render.html.cards import largest
from klcli.render.html.content import Content
from klcli.render.html.page import MOST_BYTES, ROOM, html
from klcli.render.html.wording import NAME_WIDTH
from klcli.render.text import printable

WHEN = datetime(2026, 11, 25, 3, 15, 30, tzinfo=UTC)
STYLE = Path(klcli.__file__).parent / "render" / "html" / "templates" / "style.css"
BROWSER = next(filter(None, map(shutil.which, ["chromium", "google-chrome", "chrome"])), None)
VALIDATOR = os.environ.get("VNU_JAR")  # of https://validator.github.io/validator/


def page(made):
    return html(made, written=WHEN)


def tree(made):
    """Return the page as a strict parser of HTML 5 reads it: it refuses what is not well formed."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page(made))


def text(element):
    return " ".join("".join(element.itertext()).split())


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_every_page_is_well_formed(made):
    assert tree(made).get("lang") == "en"


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_no_scripts_and_no_network(made):
    for element in tree(made).iter():
        if not isinstance(element.tag, str):  # the document type
            continue
        assert element.tag not in {"script", "iframe", "object", "embed", "img", "base", "form"}
        for attribute, content in element.attrib.items():
            name = attribute if isinstance(attribute, str) else attribute[-1]
            assert not name.startswith("on")
            assert name != "style"
            if name in {"href", "src"}:
                assert content.startswith("#") or content == "data:,"
    style = STYLE.read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_forbids_itself_scripts_and_the_network():
    (policy,) = [
        each.get("content")
        for each in tree(ONE).iter("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_hostile_names_are_shown_as_they_are():
    seen = {text(element) for element in tree(hostile()).iter("bdi")}
    for name in HOSTILE_NAMES:
        shown = words.name(name)
        assert " ".join((shown if len(shown) <= NAME_WIDTH else shown[:39] + "…").split()) in seen


def test_a_cut_name_is_there_in_full():
    titles = {element.get("title") for element in tree(hostile()).iter("bdi")}
    assert "x" * 300 in titles


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_tables_have_heads_links_lead_somewhere_and_regions_can_be_reached(made):
    root = tree(made)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(set(ids)) == len(ids)
    for element in root.iter("th"):
        assert element.get("scope") in {"row", "col"}
    for element in root.iter("a"):
        assert element.get("href")[1:] in ids
    for element in root.iter():
        labels = (element.get("aria-labelledby"), element.get("aria-describedby"))
        assert set(filter(None, labels)) <= set(ids)
        if "wide" in (element.get("class") or "").split():
            assert (element.get("tabindex"), element.get("role")) == ("0", "region")


def test_the_verdict_comes_first():
    root = tree(MANY)
    assert text(root.find(".//h1")) == "Drift in 1 of 5 columns, in 1 of 3 batches"
    assert [text(each) for each in root.iter("h2")] == [
        "What changed",
        "About the batches",
        "Columns × batches",
        "Estimates and tolerances",
        "Column by column",
        "How to read this",
    ]
    counted = root.find(".//ul[@class='counts']")
    assert text(counted) == "1 drift4 undecided2 stable"


def test_what_changed_in_words():
    changed = tree(MANY).findall(".//ul[@class='said']")[0]
    means = "mean divergence 0.011 before, 0.212 nats from then on (p ≤ 0.001)"
    rose = "missing values rose from 1.9 % to 8.8 % of the rows (mar)"
    assert [text(each) for each in changed] == [
        f"air_time: {rose}; changed with mar: {means}",
        "carrier: new category 'OO', 0.4 % of the rows (feb and 1 other batch)",
    ]


def test_more_than_ten_columns_that_changed_are_folded():
    made = report(*(result(f"c{place}", changes=[BURST]) for place in range(14)))
    root = tree(made)
    shown = root.find(".//ul[@class='said']")
    assert len(shown) == 10
    folded = root.find(".//details")
    assert text(folded.find("summary")) == "4 more"
    assert len(folded.find("ul")) == 4


def test_the_heat_map_is_a_table_of_numbers():
    root = tree(MANY)
    (table,) = [each for each in root.iter("table") if each.get("class") == "heat"]
    head, body = table
    assert [text(each) for each in head.iter("th")] == ["feb", "mar", "apr"]
    rows = {text(row.find("th")): [text(cell) for cell in row.findall("td")] for row in body}
    assert rows == {
        "air_time": ["", "0.21", ""],
        "dep_delay": ["0.048", "", ""],
        "carrier": ["∞", "∞", ""],
        "remark": ["", "—", ""],
        "hour": ["0.003", "0.003", ""],
    }
    drifted = body.find(".//td[@class='h5 d']")
    assert drifted.get("title") == "0.200 … 0.224"


def test_shades_follow_the_estimate():
    made = report(
        *(
            result(f"c{place}", value=value)
            for place, value in enumerate([0.0, 0.0009, 0.001, 0.02, 0.5, 7.0])
        ),
        batches=("feb", "mar"),
    )
    cells = [row.cells[0].style for row in Content(made, ROOM[0]).heat_map().rows]
    assert sorted(cells) == ["h0", "h0", "h1", "h3", "h6", "h7"]


def test_one_batch_shows_every_column_in_full():
    root = tree(ONE)
    (rows,) = [each for each in root.iter("table") if each.get("class") == "rows"]
    named = [text(each) for each in rows.iter("th") if each.get("scope") == "row"]
    assert named == ["air_time", "dep_delay", "carrier", "remark", "hour"]
    assert len(root.findall(".//article")) == 5


@pytest.mark.parametrize("made", [ONE, MANY, large(3, 4)], ids=["one", "many", "large"])
def test_the_cells_shown_add_up_to_the_estimate(made):
    cards = Content(made, ROOM[0]).cards()
    seen = 0
    for card in cards:
        if not card.cells or card.total == "∞":
            continue
        parts = [*card.cells, *([card.rest] if card.rest else [])]
        total = math.fsum(float(part.contribution) for part in parts)
        assert total == pytest.approx(float(card.total), abs=0.002)
        (estimate,) = {
            each.estimate.estimate
            for each in made.results
            if each.estimate.column == card.column.shown and each.batch == card.batch.shown
        }
        assert float(card.total) == pytest.approx(estimate, rel=0.01)
        seen += 1
    assert seen


def test_the_largest_cells_keep_their_order():
    cells = category_cells(
        "abcdef", [0.1, 0.3, 0.1, 0.2, 0.1, 0.2], [0.1, 0.1, 0.3, 0.2, 0.1, 0.2]
    )
    assert [cell.label for cell in largest(cells, 2)] == ["b", "c"]
    assert len(largest(cells, 5)) == 6  # one more cell is as long as a row for the rest


@pytest.mark.parametrize(
    "made",
    [
        large(100, 1),
        large(100, 30),
        large(100, 30, verdict="drift"),
        large(19, 365),
        large(400, 1, verdict="undecided"),
        hostile(),
        report(*(result("x" * 300 + str(i)) for i in range(400))),
    ],
    ids=["wide", "grid", "all drift", "a year", "very wide", "hostile", "long names"],
)
def test_a_page_is_light(made):
    assert len(page(made).encode()) < MOST_BYTES


def test_a_hundred_columns_of_one_batch_are_all_there():
    root = tree(large(100, 1))
    assert len(root.findall(".//article")) == 100
    assert len([each for each in root.iter("table") if each.get("class") == "cells"]) >= 20
    assert "Left out" not in "".join(root.itertext())


def test_what_is_left_out_is_told():
    made = large(10, 365)
    shown = Content(made, ROOM[0]).heat_map()
    assert len(shown.batches) == 300
    assert shown.batches[-1].shown == "2013-365"  # the latest are those one can still act on
    assert shown.left_out == "65 earlier batches"
    written = page(made)
    assert re.search(r"left out: [\d,]+ earlier batches", written)
    assert "Left out" not in written  # ten columns fit
    assert re.search(r"Left out: 100 columns, stable ones first", page(large(200, 1)))


def test_few_columns_of_two_batches_lose_nothing():
    made = report(result("a"), result("b", verdict="drift", value=0.2), batches=("feb", "mar"))
    content = Content(made, ROOM[0])
    assert content.cards_left_out() == 0
    assert content.heat_map().left_out == ""


def test_incomplete_runs_say_so():
    warnings = [text(each) for each in tree(MANY).findall(".//p[@class='warn']")]
    assert warnings == [
        "Incomplete. The run was interrupted: some batches are missing from this report.",
        "Incomplete. No results from 1 batch: apr.",
    ]


def test_nothing_compared():
    root = tree(NONE)
    assert text(root.find(".//h1")) == "Nothing was compared"
    assert root.find(".//article") is None


def test_what_it_was_made_with_is_written_below():
    assert text(tree(ONE).find(".//footer")) == (
        "kl 0.1.0 · seed 7 · reference flights/jan.parquet · written 2026-11-25 03:15:30 UTC"
    )


def test_the_joint_row_is_named():
    made = report(result("*", kind="joint", value=0.3, verdict="drift"), result("*"))
    cards = Content(made, ROOM[0]).cards()
    assert [card.column.shown for card in cards] == ["all columns together", "*"]


def test_undefined_estimates_give_their_reason_once():
    (card,) = [card for card in Content(ONE, ROOM[0]).cards() if card.column.shown == "remark"]
    assert card.sentence == "no estimate: free text has no frequencies to compare"
    assert card.notes == ()


def test_equal_reports_give_equal_pages():
    assert page(MANY) == page(replace(MANY))


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colours():
    """Return the colours of each theme, by name."""
    themes = re.findall(r":root \{(.*?)\}", STYLE.read_text(encoding="utf-8"), re.DOTALL)
    return [dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", theme)) for theme in themes]


THEMES = pytest.mark.parametrize("theme", colours(), ids=["light", "dark", "print"])


@THEMES
def test_text_has_contrast(theme):
    for ground in ("back", "card"):
        for name in ("text", "soft", "link", "drift", "undecided", "stable"):
            assert contrast(theme[name], theme[ground]) >= 4.5, (name, ground)
    for shade in range(8):
        ink = theme["low" if shade < 5 else "high"]
        assert contrast(ink, theme[f"h{shade}"]) >= 4.5, shade


@THEMES
def test_the_two_distributions_differ_in_grey(theme):
    assert contrast(theme["p"], theme["card"]) >= 3  # graphics, WCAG 1.4.11
    assert contrast(theme["p"], theme["q"]) >= 2


@THEMES
def test_shades_grow_evenly_in_grey(theme):
    steps = [luminance(theme[f"h{shade}"]) for shade in range(8)]
    assert steps in (sorted(steps), sorted(steps, reverse=True))
    assert contrast(theme["h0"], theme["back"]) < 1.2
    assert contrast(theme["h7"], theme["back"]) > 7


def test_jinja_is_imported_only_for_a_page():
    script = (
        "import sys, klcli.render.html.page as page\n"
        "assert 'jinja2' not in sys.modules\npage._template()\nassert 'jinja2' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize("name", ["many", "hostile"])
def test_a_browser_shows_it_without_a_word_on_the_console(tmp_path, name):
    file = tmp_path / "report.html"
    file.write_text(page(ALL[name]), encoding="utf-8")
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--disable-quic",
        "--enable-logging=stderr", "--log-level=0", f"--user-data-dir={tmp_path / 'profile'}",
    ]  # fmt: skip
    done = subprocess.run(
        [BROWSER, *flags, "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "<h1>Drift in" in done.stdout
    assert "CONSOLE" not in done.stderr


@pytest.mark.skipif(VALIDATOR is None, reason="VNU_JAR does not name the Nu Html Checker")
def test_the_validator_has_nothing_to_say(tmp_path):
    for name, made in ALL.items():
        (tmp_path / f"{name}.html").write_text(page(made), encoding="utf-8")
    done = subprocess.run(
        ["java", "-jar", VALIDATOR, *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_no_control_characters_reach_the_page():
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", page(hostile()))
    assert printable("\x1b") in page(hostile())

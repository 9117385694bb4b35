from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from render.drift_reports import (
    ALL,
    HOSTILE_NAMES,
    MANY,
    NONE,
    ONE,
    hostile,
    large,
    report,
    result,
)

from klcli.render import drift_words as words
from klcli.render.drift_markdown import MOST_CHARACTERS, code, drift_markdown, prose
from klcli.results import Finding

TAGS = {"<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>"}


def tokens(text):
    """Return what an independent parser of Markdown with tables makes of `text`, flat."""
    flat = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        flat += [token, *(token.children or [])]
    return flat


def test_what_matters_comes_first_and_the_rest_is_folded():
    assert drift_markdown(ONE) == (
        "**Drift in 1 of 5 columns**\n"
        "\n"
        "🔴 1 drift · 🟡 3 undecided · 🟢 1 stable — `feb` against `flights/jan.parquet` "
        "(27,004 rows)\n"
        "\n"
        "|  | column | D(P‖Q) | interval | tolerance | q |\n"
        "| --- | --- | ---: | ---: | ---: | ---: |\n"
        "| 🔴 drift | `air_time` | 0.212 | 0.200 … 0.224 | 0.05 | 0.002 |\n"
        "| 🟡 undecided | `dep_delay` | 0.048 | 0.040 … 0.056 | 0.05 | 0.002 |\n"
        "| 🟡 undecided | `carrier` | ∞ | ≥0.123 | 0.05 | 0.002 |\n"
        "| 🟡 undecided | `remark` | — |  | 0.05 | — |\n"
        "\n"
        "What happened:\n"
        "\n"
        "- `air_time`: missing values rose from 1.9 % to 8.8 % of the rows\n"
        "- `carrier`: new category 'OO', 0.4 % of the rows\n"
        "\n"
        "<details>\n"
        "<summary>1 column within the tolerance</summary>\n"
        "\n"
        "|  | column | D(P‖Q) | interval | tolerance | q |\n"
        "| --- | --- | ---: | ---: | ---: | ---: |\n"
        "| 🟢 stable | `hour` | 0.0029 | 0.0017 … 0.0041 | 0.05 | 0.002 |\n"
        "\n"
        "</details>\n"
        "\n"
        "<details>\n"
        "<summary>How to read this</summary>\n"
        "\n"
        "- P is the batch, Q its reference. D(P‖Q) is forward: how surprised the reference would "
        "be by rows of the batch, 0 if nothing differs. Values are in nats, intervals at 95 % "
        "confidence.\n"
        "- drift: the interval lies above the tolerance, with the confidence that so many "
        "comparisons ask for; stable: it lies below; undecided: neither, or there is no estimate.\n"
        "- q: the p-value adjusted for all columns and batches (Benjamini–Hochberg).\n"
        "- kl 0.1.0, seed 7.\n"
        "\n"
        "</details>\n"
    )


def test_several_batches_are_named_and_gaps_told():
    text = drift_markdown(MANY)
    assert "**Drift in 1 of 5 columns, in 1 of 3 batches**" in text
    assert "⚠️ The run was interrupted: some batches are missing from this report.\n" in text
    assert "⚠️ No results from 1 batch: apr.\n" in text
    assert "| 🔴 drift | `air_time` | `mar` | 1 of 1 | 0.212 |" in text
    assert "- `carrier`: new category 'OO', 0.4 % of the rows (`feb` and 1 other batch)\n" in text
    assert "- `air_time`: changed with mar: mean divergence 0.011 before, 0.212 nats" in text
    assert "- the reference has a column 'tailnum' that this batch lacks (`mar`)\n" in text


def test_batches_share_a_sentence_only_if_it_tells_the_same_of_them():
    said = [
        "the values are those times 1000",
        "the values are those divided by 60",
        "new: 'a' (1 %)",
    ]
    said += ["the values are those times 10", "new: 'b' (2 %), 'c' (1 %)"]
    results = [
        result("x", batch=str(k), changes=(Finding("code", each),)) for k, each in enumerate(said)
    ]
    text = drift_markdown(report(*results, batches="01234"))
    assert "times 1000 (`0` and 1 other batch)" in text
    assert "divided by 60 (`1`)" in text
    assert "new: 'a' (1 %) (`2` and 1 other batch)" in text


def test_nothing_compared():
    assert drift_markdown(NONE).startswith("**Nothing was compared**\n")


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_only_our_own_html_and_no_links(made):
    seen = tokens(drift_markdown(made))
    kinds = {token.type for token in seen}
    assert (
        kinds & {"link_open", "image", "heading_open", "fence", "hr", "s_open", "em_open"} == set()
    )
    for token in seen:
        if token.type in {"html_block", "html_inline"}:
            assert set(re.findall("<[^>]*>", token.content)) <= TAGS


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_every_row_has_the_cells_of_its_head(made):
    lengths, rows = [], 0
    for token in tokens(drift_markdown(made)):
        if token.type == "tr_open":
            lengths.append(0)
        elif token.type in {"td_open", "th_open"}:
            lengths[-1] += 1
        rows += token.type == "tr_open"
    assert len(set(lengths)) <= 1
    assert rows or not made.results


@pytest.mark.parametrize("name", [name for name in HOSTILE_NAMES if "|" not in name])
def test_a_name_reads_as_it_is(name):
    shown = "".join(
        token.content
        for token in tokens(f"| {code(name)} | x |\n| --- | --- |\n")
        if token.type in {"text", "code_inline"}
    )
    assert shown == words.name(name, 60) + "x"


def test_a_pipe_in_a_name_does_not_split_its_cell():
    # GitHub's parser agrees: an entity is never a delimiter.
    assert code("a|b\\|c\\") == "<code>a&#124;b&#92;&#124;c&#92;</code>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ask @octocat", "ask @\u200boctocat"),
        ("see #12 and GH-3", "see #\u200b12 and GH\u200b-3"),
        ("at https://example.org", "at https:\u200b//example.org"),
        ("at www.example.org", "at www\u200b.example.org"),
        ("<b>*x*</b>", r"\<b\>\*x\*\</b\>"),
    ],
)
def test_sentences_that_quote_the_data_do_nothing(text, shown):
    assert prose(text) == shown


@pytest.mark.parametrize("verdict", ["drift", "undecided", "stable"])
def test_large_reports_fit_into_a_comment_and_say_what_is_missing(verdict):
    text = drift_markdown(large(2000, 2, verdict=verdict))
    assert len(text) <= MOST_CHARACTERS
    assert "more; a JSON report has them all." in text
    assert text.endswith("</details>\n")
    shown = text.count("a_column_of_a_wide_table_")
    assert shown > 200


def test_hostile_reports_fit_into_a_comment():
    assert len(drift_markdown(hostile())) <= MOST_CHARACTERS
    names = [f"{i}{'x' * 300}" for i in range(500)]
    assert len(drift_markdown(report(*map(result, names)))) <= MOST_CHARACTERS


def test_left_out_and_shown_add_up():
    made = report(*(result(f"c{i}", verdict="drift", value=0.2) for i in range(2000)))
    text = drift_markdown(made)
    (left, *_) = re.findall(r"… and ([\d,]+) more", text)
    assert text.count("| 🔴 drift |") + int(left.replace(",", "")) == 2000


def test_an_interrupted_run_is_no_clean_bill():
    text = drift_markdown(replace(ONE, complete=False))
    assert "interrupted" in text

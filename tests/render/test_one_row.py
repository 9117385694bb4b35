"""A side of one row has "1 row" in every format for people, aligned with the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from render.drift_reports import ONE
from render.reports import MIXED

from klcli.render.drift_markdown import drift_markdown
from klcli.render.drift_table import drift_table
from klcli.render.html.page import html
from klcli.render.markdown import markdown
from klcli.render.plot.words import source
from klcli.render.table import table
from klcli.results import SourceInfo

LONE = SourceInfo("one.csv", 1)
REPORT = replace(MIXED, p=LONE)
DRIFT = replace(
    ONE,
    batches=(replace(ONE.batches[0], rows=1),),
    reference=replace(ONE.reference, rows=12_345),
)
FROM_ONE = replace(ONE, reference=LONE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (table(REPORT), ["P  one.csv       1 row\n", "Q  jul.csv  29,425 rows\n"]),
        (markdown(REPORT), ["P is one.csv (1 row), Q is jul.csv (29,425 rows)."]),
        (drift_table(DRIFT, width=80), ["       1 row\n", "  12,345 rows\n"]),
        (drift_table(FROM_ONE), [" 1 row\n"]),
        (drift_markdown(FROM_ONE), ["`one.csv` (1 row)"]),
        (
            html(DRIFT, written=datetime(2026, 11, 27, tzinfo=UTC)),
            ["(1 row) against", "(12,345 rows)"],
        ),
        (source(LONE), ["one.csv, 1 row"]),
    ],
    ids=["table", "markdown", "drift", "drift reference", "drift markdown", "html", "plot"],
)
def test_one_row_is_no_rows(text, expected):
    for part in expected:
        assert part in text
    assert " 1 rows" not in text

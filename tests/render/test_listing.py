from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict

import pytest

from klcli.render.catalogue import ENTRIES, Entry
from klcli.render.listing import listing

TWO = (
    Entry("density", "kde", "Gaussian kernels.", "Smooth columns.", "Silverman (1986)"),
    Entry("warning", "text", "Free text.", "Leave it out with --exclude NAME."),
)


def test_short_table():
    assert listing(TWO, "table") == (
        "--density\n  kde   Gaussian kernels.\n\nwarning\n  text  Free text.\n"
    )


def test_full_table_wraps():
    assert listing(TWO, "table", width=30, full=True) == (
        "--density kde\n"
        "  Gaussian kernels.\n"
        "  When: Smooth columns.\n"
        "  Source: Silverman (1986)\n"
        "\n"
        "text\n"
        "  Free text.\n"
        "  What to do: Leave it out\n"
        "  with --exclude NAME.\n"
    )


def test_machine_formats_hold_everything():
    plain = [asdict(entry) for entry in ENTRIES]
    assert json.loads(listing(ENTRIES, "json")) == plain
    assert [json.loads(line) for line in listing(ENTRIES, "jsonl").splitlines()] == plain
    assert list(csv.DictReader(io.StringIO(listing(ENTRIES, "csv")))) == plain
    tsv = csv.DictReader(io.StringIO(listing(ENTRIES, "tsv")), delimiter="\t")
    assert list(tsv) == plain


def test_markdown():
    assert listing(TWO, "markdown") == (
        "| group | name | summary | use | source |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| density | kde | Gaussian kernels. | Smooth columns. | Silverman (1986) |\n"
        "| warning | text | Free text. | Leave it out with --exclude NAME. |  |\n"
    )


@pytest.mark.parametrize("width", [50, 80])
def test_the_catalogue_fits_the_terminal(width):
    assert max(map(len, listing(ENTRIES, "table", width=width).splitlines())) <= width

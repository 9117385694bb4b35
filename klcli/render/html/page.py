"""The page itself: templates filled with what the report says.

Jinja2 escapes every value; no text of the data reaches the page by another way. The page forbids
itself scripts and the network (Content-Security-Policy), should anything slip through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from klcli.render import binning_words
from klcli.render import drift_words as words
from klcli.render.html.content import Content, Limits
from klcli.render.html.heatmap import SHADES
from klcli.render.html.wording import name
from klcli.render.text import printable

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Template

    from klcli.monitoring.report import DriftReport

#: A page of a hundred columns must stay below this: it is mailed, archived and opened on phones.
MOST_BYTES: Final = 300_000
#: What a page shows, from most to least; the first that is light enough is taken. Details go first,
#: charts of whole columns next, the heat map last. A hundred columns by thirty batches fit into the
#: first heat map; more sentences than that nobody reads.
ROOM: Final = (
    Limits(cards=100, smalls=11, tables=100, cells=6, rows=100, grid=3000, said=60),
    Limits(cards=100, smalls=6, tables=40, cells=6, rows=100, grid=3000, said=60),
    Limits(cards=100, smalls=3, tables=20, cells=5, rows=100, grid=3000, said=60),
    Limits(cards=60, smalls=3, tables=20, cells=5, rows=60, grid=3000, said=40),
    Limits(cards=30, smalls=3, tables=10, cells=5, rows=40, grid=3000, said=30),
    Limits(cards=12, smalls=3, tables=6, cells=4, rows=30, grid=2000, said=20),
    Limits(cards=6, smalls=2, tables=3, cells=4, rows=20, grid=1000, said=15),
    Limits(cards=3, smalls=0, tables=3, cells=3, rows=10, grid=300, said=10),
)


def html(report: DriftReport, *, written: datetime) -> str:
    """Return the report as one HTML page.

    It holds as much detail as fits into `MOST_BYTES`, what matters first, and says what it leaves
    out.

    Parameters
    ----------
    report : DriftReport
        What to show.
    written : datetime
        When the comparison was made, with its time zone.

    Returns
    -------
    str
        An HTML document that needs nothing but itself.
    """
    template = _template()
    for limits in ROOM:
        page = _fill(template, report, limits, written)
        if len(page.encode("utf-8", "backslashreplace")) < MOST_BYTES:
            break
    return page


def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("klcli.render.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html")


def _fill(template: Template, report: DriftReport, limits: Limits, written: datetime) -> str:
    return template.render(
        report=report,
        content=Content(report, limits),
        limits=limits,
        counts=words.counts(report.results),
        shades=SHADES,
        written=written,
        words=words,
        binnings=binning_words.ABOUT,
        name=name,
        printable=printable,
    )

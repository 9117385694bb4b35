"""Small reports of `kl plot`, made by hand."""

from __future__ import annotations

import math
from dataclasses import replace

from klcli.plotting.report import Answer, Axis, Cell, Dot, Panel, Plane, PlaneCell, PlotReport
from klcli.results import Finding, SourceInfo

OK = Answer("forward", 0.25, 0.25, 0.01, 0.23, 0.27, 0.95, "ok", "ratio, plug-in, influence", ())
REVERSE = replace(
    OK, direction="reverse", estimate=0.5, finite_estimate=0.5, ci_low=0.4, ci_high=0.6
)
INFINITE = replace(
    OK, estimate=math.inf, ci_high=math.inf, status="infinite",
    warnings=(Finding("unseen-categories", "values that only P shows: '[red]x'; 1 % of its rows"),),
)  # fmt: skip
UNKNOWN = replace(
    OK, estimate=math.nan, finite_estimate=math.nan, standard_error=math.nan, ci_low=math.nan,
    ci_high=math.nan, status="undefined", warnings=(Finding("all-missing", "no rows are left"),),
)  # fmt: skip


def _interval(place: int) -> Cell:
    middle = place / 2 - 4.75
    p, q = (math.exp(-((middle - mean) ** 2) / 2) / 2.5066 for mean in (1.0, 0.0))
    ratio = middle - 0.5
    return Cell(
        "interval", f"{middle - 0.25} … {middle + 0.25}", middle - 0.25, middle + 0.25, p / 2,
        q / 2 if place < 16 else 0.0, p, q if place < 16 else 0.0, ratio, 0.1, ratio - 0.2,
        ratio + 0.2, p * ratio / 2, -q * ratio / 2, 0.25 * place / 20, 0.5 * place / 20,
    )  # fmt: skip


CURVE = Panel(
    "delay", "numeric", "steps", "linear", 0.95, (OK,),
    (
        *map(_interval, range(20)),
        Cell(
            "missing", "(missing)", math.nan, math.nan, 0.02, 0.01, math.nan, math.nan, 0.69, 0.1,
            0.5, 0.9, 0.014, -0.01, 0.25, 0.5,
        ),
    ),
)  # fmt: skip
BOTH = replace(CURVE, answers=(OK, REVERSE))
OPEN = replace(CURVE, answers=(replace(OK, status="lower-bound", ci_high=math.inf),))
KNOWN = replace(CURVE, column="", shape="curve", confidence=math.nan)
LOG = replace(
    CURVE,
    scale="log",
    cells=tuple(
        replace(cell, lower=math.exp(cell.lower), upper=math.exp(cell.upper))
        for cell in CURVE.cells
    ),
)
_NAMES = (
    "free",
    "[red]x",
    "a\nb $x$",
    "列の名前はとても長いものである場合もあります",
    "(3 others)",
)
BARS = Panel(
    "plan [bold]", "categorical", "bars", "", 0.95, (INFINITE,),
    tuple(
        Cell(
            "others" if name.startswith("(") else "value", name, math.nan, math.nan, 0.2,
            0.3 - 0.05 * place if place != 1 else 0.0, math.nan, math.nan,
            0.1 if place != 1 else math.inf, 0.05, 0.0, 0.2, 0.05 * (2 - place), 0.0,
            0.05 * place, 0.0,
        )
        for place, name in enumerate(_NAMES)
    ),
)  # fmt: skip
EMPTY = Panel("nothing", "numeric", "", "", math.nan, (UNKNOWN,), ())
PLANE = Plane(
    ("a", "b"),
    Axis("a", "numeric", "linear", (0.0, 1.0, 2.0, 3.0, 4.0), (), (0.1, 0.4, 0.4, 0.1), (0.25,) * 4),
    Axis("b", "categorical", "", (0.0, 1.0, 2.0), ("yes", "no"), (0.5, 0.5), (0.3, 0.7)),
    (OK,),
    (
        *(
            PlaneCell(x, y, 0.1, 0.12, 0.3 - 0.2 * x, 0.1 - 0.05 * x, -0.02)
            for x in range(4)
            for y in range(2)
        ),
        PlaneCell(-1, -1, 0.01, 0.02, 0.1, 0.05, 0.01),
    ),
    (Dot("p", 0.5, 0.5), Dot("q", 1.5, 1.5)),
)  # fmt: skip


def report(*panels: Panel, planes: tuple[Plane, ...] = (), **fields: object) -> PlotReport:
    """Return a report of some panels."""
    given = {
        "klcli_version": "0.1.0", "seed": 7, "unit": "nats",
        "p": SourceInfo("january [red].csv", 1000), "q": SourceInfo("/a/long/path/" * 9, 2000),
    }  # fmt: skip
    return PlotReport(**{**given, **fields}, panels=panels, planes=planes)


ALL = {
    "curve": report(CURVE), "both": report(BOTH), "open": report(OPEN), "known": report(KNOWN),
    "log": report(LOG), "bars": report(BARS), "empty": report(EMPTY),
    "plane": report(planes=(PLANE,)), "several": report(CURVE, BARS, left_out=("x", "y" * 90)),
    "none": report(),
}  # fmt: skip

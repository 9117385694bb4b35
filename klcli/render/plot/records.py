"""The numbers behind a picture, for those who draw their own."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from klcli.render.records import delimited, json_lines

if TYPE_CHECKING:
    from klcli.plotting.report import Plane, PlotReport


def as_json(report: PlotReport) -> str:
    """Return the whole report as one JSON document; `kl schema plot` describes it."""
    return json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n"


def as_jsonl(report: PlotReport) -> str:
    """Return one JSON object a line for each panel or plane, with the report's own fields."""
    whole = report.to_dict()
    panels, planes = whole.pop("panels"), whole.pop("planes")
    del whole["findings"], whole["left_out"]
    return json_lines([{**whole, **each} for each in (*panels, *planes)])


def as_csv(report: PlotReport) -> str:
    """Return a header and one line for each cell, separated by commas."""
    return delimited(_flat(report), ",")


def as_tsv(report: PlotReport) -> str:
    """Return a header and one line for each cell, separated by tabs."""
    return delimited(_flat(report), "\t")


def _flat(report: PlotReport) -> list[dict[str, Any]]:
    context = {
        "unit": report.unit,
        "p": report.p.source,
        "q": report.q.source,
        "seed": report.seed,
        "klcli_version": report.klcli_version,
    }
    records = [
        {"column": panel.column, "kind": panel.kind, "scale": panel.scale, **asdict(cell)}
        for panel in report.panels
        for cell in panel.cells
    ]
    for plane in report.planes:
        records += _plane(plane)
    return [{**record, **context} for record in records]


def _plane(plane: Plane) -> list[dict[str, Any]]:
    records = []
    for cell in plane.cells:
        ends: dict[str, Any] = {}
        for name, axis, place in (("x", plane.x, cell.x), ("y", plane.y, cell.y)):
            on_axis = place >= 0
            ends[f"{name}_column"] = axis.column
            ends[f"{name}_label"] = axis.labels[place] if on_axis and axis.labels else ""
            numbers = on_axis and not axis.labels
            ends[f"{name}_lower"] = axis.edges[place] if numbers else float("nan")
            ends[f"{name}_upper"] = axis.edges[place + 1] if numbers else float("nan")
        records.append({"columns": ";".join(plane.columns), **ends, **asdict(cell)})
    return records

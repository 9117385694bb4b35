"""A report of drift for machines: JSON as a whole, one record per result elsewhere."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from klcli.render.records import delimited, flat, json_lines
from klcli.results import SCHEMA_VERSION, plain

if TYPE_CHECKING:
    from klcli.monitoring.report import DriftReport, DriftResult

#: Fields of a result beside those of its estimate.
_OWN = ("tolerance", "q_value", "q_value_by", "verdict", "rows_to_decide")


def as_dict(report: DriftReport) -> dict[str, Any]:
    """Return what the JSON output holds: non-finite numbers are None."""
    whole = {
        "schema_version": SCHEMA_VERSION,
        "command": "drift",
        **{name: getattr(report, name) for name in ("klcli_version", "seed", "unit")},
        "confidence": report.confidence,
        "complete": report.complete,
        "reference": asdict(report.reference),
        "batches": [asdict(batch) for batch in report.batches],
        "results": [_record(result) for result in report.results],
        "change_points": [asdict(point) for point in report.change_points],
        "findings": [asdict(finding) for finding in report.findings],
    }
    result: dict[str, Any] = plain(whole)
    return result


def _record(result: DriftResult) -> dict[str, Any]:
    own = {name: getattr(result, name) for name in _OWN}
    cells = [asdict(cell) for cell in result.cells]
    changes = [asdict(change) for change in result.changes]
    return {
        "batch": result.batch,
        **asdict(result.estimate),
        **own,
        "cells": cells,
        "changes": changes,
        "binnings": [asdict(binning) for binning in result.binnings],
        "known": list(result.known),
    }


def as_json(report: DriftReport) -> str:
    """Return the whole report as one JSON document; `kl schema drift` describes it."""
    return json.dumps(as_dict(report), indent=2, ensure_ascii=False) + "\n"


def as_jsonl(report: DriftReport) -> str:
    """Return one JSON object a line for each result, with the report's own fields in front."""
    whole = as_dict(report)
    results = whole.pop("results")
    for name in ("batches", "change_points", "findings"):
        del whole[name]
    return json_lines([{**whole, **result} for result in results])


def as_csv(report: DriftReport) -> str:
    """Return a header and one line for each result, separated by commas."""
    return delimited(_flat(report), ",")


def as_tsv(report: DriftReport) -> str:
    """Return a header and one line for each result, separated by tabs."""
    return delimited(_flat(report), "\t")


def _flat(report: DriftReport) -> list[dict[str, Any]]:
    sources = {batch.name: batch for batch in report.batches}
    return [
        {
            "batch": result.batch,
            **flat(result.estimate),
            **{name: getattr(result, name) for name in _OWN},
            "changes": ";".join(change.code for change in result.changes),
            "known": ";".join(result.known),
            "binnings": ";".join(f"{each.name}={each.value}" for each in result.binnings),
            "p": sources[result.batch].source,
            "q": sources[result.batch].reference,
            "seed": report.seed,
            "klcli_version": report.klcli_version,
        }
        for result in report.results
    ]

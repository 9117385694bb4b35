"""Divergences of known distributions for machines: JSON, JSON lines, CSV, TSV."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from klcli.divergences.report import LOGARITHMIC
from klcli.render.records import delimited, json_lines

if TYPE_CHECKING:
    from klcli.divergences.report import ExactReport


def as_json(report: ExactReport) -> str:
    """Return the whole report as one JSON document; `kl schema exact` describes it."""
    return json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n"


def as_jsonl(report: ExactReport) -> str:
    """Return one JSON object a line for each direction, with the report's own fields in front."""
    whole = report.to_dict()
    results = whole.pop("results")
    return json_lines([{**whole, **result} for result in results])


def as_csv(report: ExactReport) -> str:
    """Return a header and one line for each direction, separated by commas."""
    return delimited(_flat(report), ",")


def as_tsv(report: ExactReport) -> str:
    """Return a header and one line for each direction, separated by tabs."""
    return delimited(_flat(report), "\t")


def _flat(report: ExactReport) -> list[dict[str, Any]]:
    context = {
        "p": report.p.expression,
        "q": report.q.expression,
        "seed": report.seed,
        "klcli_version": report.klcli_version,
    }
    return [
        {
            **asdict(result),
            "unit": report.unit if result.divergence.partition(":")[0] in LOGARITHMIC else "",
            **context,
        }
        for result in report.results
    ]

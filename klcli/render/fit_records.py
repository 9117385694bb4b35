"""Fits for machines: JSON, JSON lines, CSV, TSV."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from klcli.render.records import delimited, json_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from klcli.fitting.report import Fit, FitReport


def as_json(report: FitReport) -> str:
    """Return the whole report as one JSON document; `kl schema fit` describes it."""
    return json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n"


def as_jsonl(report: FitReport) -> str:
    """Return one JSON object a line for each fit, with the report's own fields in front.

    Densities on the grid are left out.
    """
    whole = report.to_dict()
    fits = whole.pop("fits")
    for name in ("findings", "grid", "density"):
        del whole[name]
    for fit in fits:
        del fit["density"]
    return json_lines([{**whole, **fit} for fit in fits])


def as_csv(report: FitReport) -> str:
    """Return a header and one line for each fit, separated by commas."""
    return delimited([_flat(report, fit) for fit in report.fits], ",")


def as_tsv(report: FitReport) -> str:
    """Return a header and one line for each fit, separated by tabs."""
    return delimited([_flat(report, fit) for fit in report.fits], "\t")


def _flat(report: FitReport, fit: Fit) -> dict[str, Any]:
    """Return a fit as one record without parts."""
    fields = asdict(fit)
    del fields["density"]
    parameters = fit.parameters
    record: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "parameters":
            record["parameters"] = _pairs((each.name, each.value) for each in parameters)
            record["standard_errors"] = _pairs(
                (each.name, each.standard_error) for each in parameters if not each.fixed
            )
        elif name in {"forward", "reverse"}:
            record |= {
                name: value["value"],
                f"{name}_standard_error": value["standard_error"],
                f"{name}_status": value["status"],
            }
        elif name == "warnings":
            record[name] = ";".join(warning.code for warning in fit.warnings)
        else:
            record[name] = value
    target = report.target
    return {
        **record,
        "unit": report.unit,
        "target": target.source,
        "column": target.column,
        "rows": target.rows,
        "used": target.used,
        "entropy": target.entropy,
        "seed": report.seed,
        "klcli_version": report.klcli_version,
    }


def _pairs(pairs: Iterable[tuple[str, float]]) -> str:
    return ";".join(f"{name}={'' if value != value else value}" for name, value in pairs)  # noqa: PLR0124 - NaN

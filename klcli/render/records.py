"""One record per result that stands alone, as JSON lines, CSV or TSV; and the whole as JSON."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from klcli.results import Estimate, Report


def as_json(report: Report) -> str:
    """Return the whole report as one JSON document; `kl schema` describes it."""
    return json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n"


def as_jsonl(report: Report) -> str:
    """Return one JSON object a line for each result, with the report's own fields in front."""
    whole = report.to_dict()
    results = whole.pop("results")
    del whole["findings"]
    return json_lines([{**whole, **result} for result in results])


def json_lines(records: Sequence[Mapping[str, Any]]) -> str:
    """Return one JSON object a line."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def as_csv(report: Report) -> str:
    """Return a header and one line for each result, separated by commas."""
    return delimited(_flat(report), ",")


def as_tsv(report: Report) -> str:
    """Return a header and one line for each result, separated by tabs."""
    return delimited(_flat(report), "\t")


def delimited(records: Sequence[Mapping[str, Any]], delimiter: str) -> str:
    """Return a header and one line for each record."""
    lines: list[str] = []
    # Lines end with \n, but values that hold \r are quoted only where the end of a line has it.
    sink = SimpleNamespace(write=lines.append)
    writer = csv.writer(sink, delimiter=delimiter, lineterminator="\r\n")
    if records:
        writer.writerow(records[0])
    writer.writerows([_cell(value) for value in record.values()] for record in records)
    return "".join(line.removesuffix("\r\n") + "\n" for line in lines)


def _flat(report: Report) -> list[dict[str, Any]]:
    context = {
        "p": report.p.source,
        "q": report.q.source,
        "seed": report.seed,
        "klcli_version": report.klcli_version,
    }
    return [{**flat(result), **context} for result in report.results]


def flat(result: Estimate) -> dict[str, Any]:
    """Return an estimate as one record without parts."""
    return {
        **asdict(result),
        "warnings": ";".join(w.code for w in result.warnings),
        "columns": ";".join(result.columns),
        "marginals": ";".join(f"{name}={_cell(v)}" for name, v in result.marginals.items()),
        "fitted": ";".join(f"{name}={_cell(v)}" for name, v in result.fitted.items()),
        "tuning": ";".join(
            f"{each.option}{f' {each.side}' * (each.side != 'both')}={_cell(each.chosen)}"
            for each in result.tuning
        ),
    }


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)

"""What a profile holds, for people and machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from klcli.data.wording import counted
from klcli.render import markdown, records
from klcli.render.text import cell_width, cut, pad, printable, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Widest name of a column in a table.
_NAME_WIDTH = 24
_GAP = "  "
_HEADINGS = ("column", "kind", "missing", "values", "5 %", "median", "95 %", "error")


def shown(told: Mapping[str, Any], format_name: str, *, width: int | None = None) -> str:
    """Return what `Profile.to_dict` tells, in the named format; tables fit `width`."""
    columns: Sequence[Mapping[str, Any]] = told["columns"]
    if format_name == "json":
        return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    if format_name == "jsonl":
        return records.json_lines(columns)
    if format_name in {"csv", "tsv"}:
        flat = [_flat(column) for column in columns]
        return records.delimited(flat, {"csv": ",", "tsv": "\t"}[format_name])
    rows = [_row(column) for column in columns]
    if format_name == "markdown":
        body = [[markdown.escape(cell) for cell in row] for row in rows]
        return "\n\n".join([*map(markdown.escape, _head(told)), markdown.grid(_HEADINGS, body)])
    return "\n".join([*_lines(told, width), "", *_table(rows, width)]) + "\n"


def _head(told: Mapping[str, Any]) -> list[str]:
    sources = told["sources"]
    names = ", ".join(printable(each["source"]) for each in sources[:3])
    more = f" and {len(sources) - 3:,} more" if len(sources) > 3 else ""
    weight = "" if told["weight"] is None else f", weighted by {printable(told['weight'])!r}"
    return [
        f"Profile of {counted(told['rows'], 'row')}{weight}",
        f"from {names}{more}",
        f"made {printable(told['created'])} by klcli {printable(told['klcli_version'])}",
    ]


def _lines(told: Mapping[str, Any], width: int | None) -> list[str]:
    return [line for text in _head(told) for line in wrap(text, width, _GAP)]


def _row(column: Mapping[str, Any]) -> list[str]:
    rows, missing, error = column["rows"], column["missing"], column["rank_error"]
    quantiles = column["quantiles"] or {}
    share = f"{100 * missing / rows:.{2 + (missing > 0.99 * rows)}g} %" if missing else "0"
    if column["withheld"]:
        values = f"none: {column['withheld']}"
    elif column["cells"] and not column["exact"] and column["top"] is None:
        values = f"{column['cells']:,} cells"
    elif column["distinct"] is not None:
        values = f"{column['distinct']:,} distinct"
    else:
        values = f"{column['cells']:,} categories" if column["cells"] else "none"
    return [
        printable(column["column"]),
        column["kind"],
        share,
        printable(values),
        *(f"{quantiles[level]:.6g}" if level in quantiles else "" for level in _LEVELS),
        "" if error is None else "exact" if error == 0 else f"{100 * error:.2g} %",
    ]


_LEVELS = ("0.05", "0.5", "0.95")
_LEFT = 4  # headings of words; numbers stand at the right


def _table(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    cells = [list(_HEADINGS), *([cut(row[0], _NAME_WIDTH), *row[1:]] for row in rows)]
    widths = [max(cell_width(row[number]) for row in cells) for number in range(len(_HEADINGS))]
    lines = [
        _GAP.join(
            pad(cell, size, right=number >= _LEFT or number == 2)
            for number, (cell, size) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return lines if width is None else [cut(line, width) for line in lines]


def _flat(column: Mapping[str, Any]) -> dict[str, Any]:
    flat = {name: value for name, value in column.items() if name not in {"quantiles", "top"}}
    quantiles = column["quantiles"] or {}
    flat |= {f"quantile_{level}": quantiles.get(level) for level in _ALL_LEVELS}
    flat["top"] = None if column["top"] is None else ";".join(column["top"])
    return {name: "" if value is None else value for name, value in flat.items()}


_ALL_LEVELS = ("0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99")

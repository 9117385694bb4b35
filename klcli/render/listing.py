"""The catalogue of methods and warnings as text."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from klcli.render import markdown, records
from klcli.render.text import pad, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.render.catalogue import Entry


#: Heads of groups that are no options.
_HEADS: Final = {"warning": "warning", "exact": "kl exact"}


def listing(
    entries: Sequence[Entry], format_name: str, *, width: int | None = None, full: bool = False
) -> str:
    """Return the entries in the named format; with `full`, tables hold use and source too."""
    if format_name == "table":
        return _full(entries, width) if full else _short(entries, width)
    plain = [asdict(entry) for entry in entries]
    if format_name == "json":
        return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
    if format_name == "jsonl":
        return records.json_lines(plain)
    if format_name == "markdown":
        body = [[markdown.escape(text) for text in entry.values()] for entry in plain]
        return markdown.grid(list(plain[0]), body)
    return records.delimited(plain, {"csv": ",", "tsv": "\t"}[format_name])


def _short(entries: Sequence[Entry], width: int | None) -> str:
    longest = max(len(entry.name) for entry in entries)
    lines: list[str] = []
    for group in dict.fromkeys(entry.group for entry in entries):
        lines += ["", _HEADS.get(group, f"--{group}")]
        for entry in entries:
            if entry.group == group:
                first = f"  {pad(entry.name, longest)}  "
                lines += wrap(entry.summary, width, " " * len(first), first)
    return "\n".join(lines[1:]) + "\n"


def _full(entries: Sequence[Entry], width: int | None) -> str:
    paragraphs = []
    for entry in entries:
        title = f"--{entry.group} {entry.name}" if entry.group not in _HEADS else entry.name
        advice = "What to do: " if entry.group == "warning" else "When: "
        lines = [title, *wrap(entry.summary, width, "  ", "  ")]
        lines += wrap(advice + entry.use, width, "  ", "  ")
        if entry.source:
            lines += wrap("Source: " + entry.source, width, "  ", "  ")
        paragraphs.append("\n".join(lines))
    return "\n\n".join(paragraphs) + "\n"

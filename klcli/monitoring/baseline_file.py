"""The file of a baseline: JSON that people can read and edit."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from klcli.errors import InputError
from klcli.monitoring.baseline import NATS, Baseline, KnownDrift
from klcli.results import plain

if TYPE_CHECKING:
    import os

#: Changes when older files can no longer be read.
VERSION: Final = 1


def dumps(baseline: Baseline) -> str:
    """Return the text of a baseline's file: JSON that people can edit."""
    record = {
        "format": "klcli baseline",
        "version": VERSION,
        **asdict(baseline),
        "changes": [{"column": column, "code": code} for column, code in baseline.changes],
        "schema": [{"column": column, "code": code} for column, code in baseline.schema],
    }
    return json.dumps(plain(record), indent=2, ensure_ascii=False) + "\n"


def read_baseline(path: str | os.PathLike[str]) -> Baseline:
    """Read a baseline.

    Raises
    ------
    InputError
        If there is none, or it is of a newer version or damaged.
    """
    remedy = "write one with: kl drift … --write-baseline FILE"
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"baseline {path}: {error.strerror}", remedy) from error
    except ValueError as error:
        raise InputError(f"baseline {path}: not JSON ({error})", remedy) from error
    if not isinstance(record, dict) or record.get("format") != "klcli baseline":
        raise InputError(f"baseline {path}: not a baseline of kl drift", remedy)
    if record.get("version") != VERSION:
        raise InputError(
            f"baseline {path}: version {record.get('version')!r}, this klcli reads {VERSION}",
            "write it anew, or use the version that wrote it",
        )
    try:
        return _baseline(record)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"baseline {path}: damaged ({error!r})", remedy) from error


def _baseline(record: dict[str, Any]) -> Baseline:
    if record["unit"] not in NATS:
        raise ValueError(f"unit {record['unit']!r}")
    entries = []
    for given in record["drift"]:
        entry = {field.name: given[field.name] for field in fields(KnownDrift)}
        for name in ("divergence", "ci_low", "ci_high"):
            entry[name] = math.inf if entry[name] is None else float(entry[name])
        for name in ("escaped_mass", "rows"):
            entry[name] = math.nan if entry[name] is None else float(entry[name])
        entries.append(KnownDrift(**entry))
    changes, schema = (
        tuple((str(each["column"]), str(each["code"])) for each in record[part])
        for part in ("changes", "schema")
    )
    return Baseline(
        str(record["klcli_version"]),
        record["unit"],
        float(record["confidence"]),
        str(record["reference"]),
        tuple(entries),
        changes,
        schema,
        tuple(map(str, record.get("deliveries", []))),
    )

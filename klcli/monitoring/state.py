"""Finished batches in a file, a line each, so that a killed run loses none of them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klcli import __version__
from klcli.errors import UsageError
from klcli.monitoring.compare import Compared, Outcome
from klcli.monitoring.report import Batch, Binning, Cell
from klcli.monitoring.row_record import as_record, of_record
from klcli.results import Direction, Estimate, Finding, Kind, Status, Tuning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.data.row_sketch import RowSketch

#: Changes when the lines of older versions can no longer be read.
_FORM = 3


class State:
    """Outcomes by key, in memory and in a file of JSON lines.

    Parameters
    ----------
    path : path or None
        The file, made when the first batch is finished; None keeps nothing.

    Raises
    ------
    UsageError
        If there is a file that holds something else.
    """

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self._path = None if path is None else Path(path)
        self._lines: dict[str, dict[str, Any]] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self._torn_from: int | None = None
        if self._path is not None:
            self._read(self._path)

    def _read(self, path: Path) -> None:
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            if not path.parent.is_dir():
                raise UsageError(
                    f"--resume {path}: the folder {path.parent} does not exist",
                    f"create it first: mkdir -p {path.parent}",
                ) from None
            return
        except OSError as error:
            raise _foreign(path) from error
        *lines, last = text.split(b"\n")
        if last:
            # A run that was killed while it wrote left a line without an end.
            self._torn_from = len(text) - len(last)
        for line in lines:
            try:
                record = json.loads(line)
                self._lines[record["key"]] = record["outcome"]
                if "rows" in record:
                    self._rows[record["batch"]] = record["rows"]
            except (ValueError, KeyError, TypeError) as error:
                raise _foreign(path) from error

    def key(self, *marks: str) -> str:
        """Return the key of a batch from what its outcome depends on."""
        return sha256("\n\n".join([str(_FORM), __version__, *marks]).encode()).hexdigest()

    def outcome(self, key: str) -> Outcome | None:
        """Return the outcome with this key, if it is known."""
        record = self._lines.get(key)
        return None if record is None else _outcome(record)

    def rows(self) -> Iterator[tuple[str, RowSketch]]:
        """Yield the names and rows of all batches in the file, whatever became of their outcomes."""
        for name, record in self._rows.items():
            try:
                rows = of_record(record)
            except (ValueError, KeyError, TypeError) as error:
                raise _foreign(self._path) from error
            if rows is not None:
                yield name, rows

    def add(self, key: str, outcome: Outcome, rows: RowSketch | None = None) -> None:
        """Keep an outcome: once this returns, it is on the disk. Without a key it is not kept."""
        if self._path is None or not key:
            return
        record = {"key": key, "batch": outcome.batch.name, "outcome": asdict(outcome)}
        if rows is not None:
            record["rows"] = as_record(rows)
        line = json.dumps(record)
        try:
            with self._path.open("ab") as file:
                if self._torn_from is not None:
                    file.truncate(self._torn_from)
                file.write(line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UsageError(
                f"cannot write {self._path}: {error.strerror}", "name another file for --resume"
            ) from error
        self._torn_from = None


def _foreign(path: Path | None) -> UsageError:
    return UsageError(
        f"--resume {path}: not a file of finished batches", "name a new file, or remove this one"
    )


def _outcome(record: dict[str, Any]) -> Outcome:
    batch, columns = record["batch"], record["columns"]
    return Outcome(
        Batch(
            **{
                **batch,
                "findings": _findings(batch["findings"]),
                "changed": {code: tuple(names) for code, names in batch["changed"].items()},
                "known": tuple(batch["known"]),
            }
        ),
        tuple(
            Compared(
                Estimate(
                    **{
                        **column["estimate"],
                        "kind": Kind(column["estimate"]["kind"]),
                        "direction": Direction(column["estimate"]["direction"]),
                        "status": Status(column["estimate"]["status"]),
                        "columns": tuple(column["estimate"]["columns"]),
                        "warnings": _findings(column["estimate"]["warnings"]),
                        "tuning": tuple(map(_tuning, column["estimate"]["tuning"])),
                    }
                ),
                tuple(Cell(**cell) for cell in column["cells"]),
                _findings(column["changes"]),
                tuple(Binning(**binning) for binning in column["binnings"]),
            )
            for column in columns
        ),
    )


def _findings(records: list[dict[str, str]]) -> tuple[Finding, ...]:
    return tuple(Finding(**record) for record in records)


def _tuning(record: dict[str, Any]) -> Tuning:
    return Tuning(**{**record, "tried": tuple(map(tuple, record["tried"]))})

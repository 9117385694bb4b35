"""The file of a profile: a ZIP archive of JSON and NPY, which any tool can open.

Members of version 1, in this order:

``mimetype``
    ``application/vnd.klcli.profile+zip``, not compressed, so that the file can be told by its
    first bytes.
``profile.json``
    ``profile_version``, ``klcli_version``, ``created``, ``rows``, ``weight``, ``weight_sum``,
    ``weight_squares``, ``sources`` (``source``, ``rows``), ``options``, and ``columns``: for each
    ``name``, ``kind``, ``reading``, ``dtype``, ``declared``, ``lexical``, ``evidence`` (present,
    numbers, booleans, dates), ``gaps`` (rows, missing, weight, squares), ``withheld``, ``forced``, and
    ``numbers`` (what `Numbers` holds but for its cells), ``labels`` (``rest_rows``,
    ``rest_weight``) or neither.
``columns/I.npy``
    For column I of numbers, float64 of shape (3, bounds): the bounds, the count from each bound
    to the next (0 after the last), the variance of the rank at each bound.
``columns/I.json``
    For column I of categories: ``label``, ``rows``, ``weight``, lists of one length.

Never pickle. Numbers that are not finite are null in JSON. Equal profiles give equal bytes.
"""

from __future__ import annotations

import io
import json
import math
import os
import shutil
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli.data.profiles.profile import (
    PROFILE_VERSION,
    ColumnProfile,
    Labels,
    Numbers,
    Profile,
)
from klcli.errors import UsageError

if TYPE_CHECKING:
    import zipfile

MIMETYPE: Final = b"application/vnd.klcli.profile+zip"
#: A local file header of ZIP (30 bytes), then the name of the first member, then its content.
_MAGIC: Final = b"mimetype" + MIMETYPE
_MAGIC_AT: Final = 30
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # of ZIP
SCALARS: Final = tuple(each.name for each in fields(Numbers) if each.name != "cells")


def is_profile(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path names a profile, by its extension or its first bytes."""
    if os.fspath(path).lower().endswith(".klp"):
        return True
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            return is_profile_head(file.read(_MAGIC_AT + len(_MAGIC)))
    except (OSError, ValueError):
        return False


def is_profile_head(head: bytes) -> bool:
    """Tell whether a file that begins like this is a profile."""
    return head[_MAGIC_AT:].startswith(_MAGIC)


def write(profile: Profile, path: str | os.PathLike[str]) -> None:
    """Write a profile beside `path` and rename it there, so that no reader sees half a file.

    Raises
    ------
    UsageError
        If it cannot be written there.
    """
    target = Path(path).resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_bytes(packed(profile))
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except OSError as error:
        raise UsageError(
            f"cannot write {os.fspath(path)}: {error.strerror}", "name another file"
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def packed(profile: Profile) -> bytes:
    """Return the bytes of the file."""
    import zipfile  # only profiles need it

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", _EARLIEST), MIMETYPE)
        _put(archive, "profile.json", _json(_header(profile)))
        for number, column in enumerate(profile.columns):
            held = column.values
            if isinstance(held, Numbers):
                member = io.BytesIO()
                cells = held.cells
                counts = np.append(cells.counts, np.zeros(len(cells.bounds) - len(cells.counts)))
                table = np.stack([cells.bounds, counts, cells.variance])
                np.lib.format.write_array(member, table, version=(1, 0), allow_pickle=False)
                _put(archive, f"columns/{number}.npy", member.getvalue())
            elif isinstance(held, Labels):
                _put(
                    archive, f"columns/{number}.json", _json(held.counts.to_dict(as_series=False))
                )
    return buffer.getvalue()


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    import zipfile

    member = zipfile.ZipInfo(name, _EARLIEST)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, content)


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _header(profile: Profile) -> dict[str, Any]:
    return {
        "profile_version": PROFILE_VERSION,
        "klcli_version": profile.klcli_version,
        "created": profile.created,
        "rows": profile.rows,
        "weight": profile.weight,
        "weight_sum": profile.weight_sum,
        "weight_squares": profile.weight_squares,
        "sources": [{"source": each.source, "rows": each.rows} for each in profile.origins],
        "options": dict(profile.options),
        "columns": [_column_header(column) for column in profile.columns],
    }


def _column_header(column: ColumnProfile) -> dict[str, Any]:
    seen, gaps, held = column.view.evidence, column.gaps, column.values
    header: dict[str, Any] = {
        "name": column.name,
        "kind": str(column.kind),
        "reading": str(column.reading),
        "dtype": column.dtype,
        "declared": str(column.view.declared),
        "lexical": column.view.lexical,
        "evidence": list(seen[:4]),
        "gaps": [gaps.rows, gaps.missing, gaps.weight, gaps.squares],
        "withheld": column.withheld,
        "forced": column.forced,
    }
    if isinstance(held, Numbers):
        scalars = {name: getattr(held, name) for name in SCALARS}
        header["numbers"] = {
            name: value if math.isfinite(value) else None for name, value in scalars.items()
        }
    elif isinstance(held, Labels):
        header["labels"] = {"rest_rows": held.rest_rows, "rest_weight": held.rest_weight}
    return header

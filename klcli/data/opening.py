"""Whatever can be compared, opened: paths, profiles, arrays and data frames."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from klcli.data.frames import ARRAY, FRAME, object_table
from klcli.data.kept import KeptSide
from klcli.data.profiles.file import is_profile
from klcli.data.profiles.profile import Profile
from klcli.data.profiles.side import ProfileSide
from klcli.data.sources import label, open_source
from klcli.data.spool import download
from klcli.data.table import Table
from klcli.data.wording import counted
from klcli.errors import InputError
from klcli.results import Finding

if TYPE_CHECKING:
    from contextlib import ExitStack

    from klcli.data.selection import Selection


def open_data(
    given: Any, selection: Selection, findings: list[Finding], cleanup: ExitStack
) -> Table | KeptSide | ProfileSide:
    """Open whatever `tabulate` takes; `cleanup` removes temporary files.

    Raises
    ------
    InputError
        If it cannot be read, or has no columns.
    """
    table: Table | KeptSide | ProfileSide
    if isinstance(given, Table | KeptSide | ProfileSide):
        table = given
    elif isinstance(given, Profile):
        table = _profile_side(given, given.source, selection, findings)
    elif is_path(given) and is_profile(given):
        from klcli.data.profiles.reading import read_profile

        path = os.fspath(given)
        if path.startswith(("http://", "https://")):
            path = download(path, cleanup)
        kept = read_profile(path, source=label(given))
        table = _profile_side(kept, label(given), selection, findings)
    elif is_path(given):
        table = open_source(given, selection.input_format, findings, cleanup)
    else:
        table = object_table(given)
    if not table.schema:
        raise InputError(f"{table.source}: no columns", "give data with columns and rows")
    return table


def _profile_side(
    profile: Profile, source: str, selection: Selection, findings: list[Finding]
) -> ProfileSide:
    weight = selection.weight
    if weight is not None and profile.weight != weight:
        if profile.weight is not None:
            raise InputError(
                f"--weight {weight}: {source} was made with weights of {profile.weight!r}",
                "make it again with the same --weight",
            )
        if weight in {column.name for column in profile.columns}:
            raise InputError(
                f"--weight {weight}: the rows of {source} can be weighted no more",
                f"make it again with --weight {weight}",
            )
    findings.append(
        Finding(
            "from-profile",
            f"{source} is a profile of {counted(profile.rows, 'row')}, made {profile.created}: "
            "its counts stand for the rows",
        )
    )
    return ProfileSide(profile, source)


def name_of(given: Any) -> str:
    """Return what messages call something to be opened."""
    if is_path(given):
        return label(given)
    if isinstance(given, Table | KeptSide | Profile | ProfileSide):
        return given.source
    return ARRAY if isinstance(given, np.ndarray) else FRAME


def is_path(given: Any) -> bool:
    """Tell whether something is the name of a file, an address or standard input."""
    return isinstance(given, str | os.PathLike)


def is_stdin(given: Any) -> bool:
    """Tell whether something is the name of standard input."""
    return is_path(given) and os.fspath(given) == "-"


def same_source(p: Any, q: Any) -> bool:
    """Tell whether two things are one and the same."""
    if not (is_path(p) and is_path(q)):
        return p is q
    try:
        return Path(p).samefile(q)
    except (OSError, ValueError):
        return bool(os.fspath(p) == os.fspath(q))

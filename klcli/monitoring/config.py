"""Settings from a file: ``kl.toml``, or ``[tool.klcli]`` in ``pyproject.toml``.

``[drift]`` has what the options of ``kl drift`` are called on the command line; each table
``[columns."PATTERN"]`` has what is different for the columns whose names match. Of several patterns
that match a column, the last one that has a setting decides it, as in ``.gitignore``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from klcli.errors import UsageError, nearest
from klcli.monitoring.config_keys import (
    COLUMN_KEYS,
    DRIFT_KEYS,
    METHOD_KEYS,
    RUN_KEYS,
    SETTING_KEYS,
    TEXT,
    ValueKind,
)
from klcli.monitoring.options import DriftOptions
from klcli.monitoring.rules import ColumnRule

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = "kl.toml"
PYPROJECT: Final = "pyproject.toml"


TABLES: Final = ("drift", "columns")
#: What names files: relative to the file of settings, so that it means the same in every folder.
_PATHS: Final = ("sources", "output", "resume", "baseline")


@dataclass(frozen=True, slots=True)
class Config:
    """What a file says.

    Attributes
    ----------
    path : Path or None
        The file; None if there is none.
    settings : dict
        Fields of `DriftOptions` but `rules`, as far as they are given.
    rules : tuple of ColumnRule
        In the order of the file.
    run : dict
        Sources, outputs and the like, by key.
    """

    path: Path | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    rules: tuple[ColumnRule, ...] = ()
    run: dict[str, Any] = field(default_factory=dict)


def find_config(folder: Path) -> Path | None:
    """Return the nearest file of settings, from `folder` up to the root of its repository.

    In each folder, ``kl.toml`` comes before a ``pyproject.toml`` with a table ``[tool.klcli]``.
    """
    for place in (folder, *folder.parents):
        own, shared = place / NAME, place / PYPROJECT
        if own.is_file():
            return own
        if shared.is_file() and _table(shared) is not None:
            return shared
        if (place / ".git").exists():
            break
    return None


def read_config(path: Path) -> Config:
    """Read a file of settings.

    Parameters
    ----------
    path : Path
        TOML; of a ``pyproject.toml`` only the table ``[tool.klcli]`` counts.

    Raises
    ------
    UsageError
        If it cannot be read, has a key that does not exist, or a value of the wrong type.
    """
    table = _table(path)
    if table is None:
        raise UsageError(f"{path}: no table [tool.klcli]", f"add one, or name a {NAME}")
    where = "tool.klcli." if path.name == PYPROJECT else ""
    for key in table:
        if key not in TABLES:
            raise _unknown(path, where.rstrip("."), key, TABLES)
    drift, columns = (table.get(name, {}) for name in TABLES)
    for name, part in zip(TABLES, (drift, columns), strict=True):
        if not isinstance(part, dict):
            raise UsageError(f"{path}: {where}{name} is no table", f"write it as [{where}{name}]")
    _check(path, f"{where}drift", drift, DRIFT_KEYS)
    rules = []
    for pattern, own in columns.items():
        at = f'{where}columns."{pattern}"'
        if not isinstance(own, dict):
            raise UsageError(f"{path}: {at} is no table", f"write it as [{at}]")
        _check(path, at, own, COLUMN_KEYS)
        rules.append(ColumnRule(pattern, **{key: _frozen(value) for key, value in own.items()}))
    settings = {
        key.replace("-", "_"): _frozen(value)
        for key, value in drift.items()
        if key in SETTING_KEYS
    }
    try:
        # Names that are not in a table fail here, with the file that has them.
        DriftOptions(**settings, rules=tuple(rules))
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", error.hint) from error
    return Config(path, settings, tuple(rules), _run(path.parent, drift))


def merged(config: Config, flags: dict[str, Any]) -> DriftOptions:
    """Return the settings of a run: flags beat the file, for single columns as well.

    Parameters
    ----------
    config : Config
        What the file says.
    flags : dict
        Fields of `DriftOptions` that stand on the command line. A flag for the method of
        estimation stands for the whole method: no bins of the file go with another density.

    Raises
    ------
    UsageError
        If the settings make no sense together.
    """
    settings, rules = dict(config.settings), list(config.rules)
    method = {*METHOD_KEYS} - {"interval"}
    over = {"tolerance", "interval"} & flags.keys()
    if method & flags.keys():
        over |= method
    nothing: dict[str, Any] = dict.fromkeys(over)
    rules = [replace(rule, **nothing) for rule in rules]
    for flag, others in (("by", ("time", "window")), ("time", ("by",))):
        if flag in flags:
            over |= set(others)
    settings = {name: value for name, value in settings.items() if name not in over}
    named = flags.get("column", ())
    if "exclude" in settings:
        settings["exclude"] = tuple(x for x in settings["exclude"] if x not in named)
    if config.rules:
        rules += [ColumnRule(escape(name), exclude=False) for name in named]
        rules += [
            ColumnRule(escape(name), kind=kind)
            for kind in ("categorical", "numeric")
            for name in flags.get(kind, ())
        ]
    return DriftOptions(**{**settings, **flags}, rules=tuple(rules))


def _table(path: Path) -> dict[str, Any] | None:
    """Return all of a file, or its part for klcli; None if a pyproject.toml has none."""
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}", "name another file, or --no-config"
        ) from error
    except ValueError as error:
        raise UsageError(f"{path}: not TOML: {error}", "repair it, or use --no-config") from error
    if path.name != PYPROJECT:
        return content
    tool = content.get("tool", {})
    own = tool.get("klcli") if isinstance(tool, dict) else None
    return own if isinstance(own, dict) else None


def _check(
    path: Path, table: str, given: Mapping[str, Any], keys: Mapping[str, ValueKind]
) -> None:
    for key, value in given.items():
        if key not in keys:
            raise _unknown(path, table, key, tuple(keys))
        if not keys[key].holds(value):
            raise UsageError(
                f"{path}: {key} in [{table}] is {_shown(value)}", f"it has to be {keys[key].words}"
            )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "a table" if isinstance(value, dict) else repr(value)


def _unknown(path: Path, table: str, key: str, keys: tuple[str, ...]) -> UsageError:
    near = nearest(key.replace("_", "-"), keys)
    hint = f"did you mean {near[0]!r}?" if near else f"choose of: {', '.join(keys)}"
    if keys is TABLES and key.replace("_", "-") in DRIFT_KEYS:
        hint = f"it belongs below [{table}.drift]" if table else "it belongs below [drift]"
    if key == "columns" and keys is not TABLES:
        hint = f'it stands beside [{table}]: [{table.removesuffix("drift")}columns."NAME"]'
    where = f" in [{table}]" if table else ""
    return UsageError(f"{path}: unknown key {key!r}{where}", hint)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _run(folder: Path, drift: Mapping[str, Any]) -> dict[str, Any]:
    run: dict[str, Any] = {}
    for key in RUN_KEYS:
        if key in drift:
            several = [drift[key]] if isinstance(drift[key], str) else drift[key]
            if key in _PATHS:
                several = [_beside(folder, each) for each in several]
            run[key] = several[0] if RUN_KEYS[key] is TEXT else several
    return run


def _beside(folder: Path, name: str) -> str:
    """Return a path that stands in a file of `folder`, as seen from the working directory."""
    if name == "-" or "://" in name or Path(name).is_absolute():
        return name
    return os.path.relpath(folder / name)

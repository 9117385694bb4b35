"""Shares and names for sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


def percent(share: float) -> str:
    """Return a share of the rows in per cent.

    >>> percent(0.1234), percent(0.000012), percent(1.0), percent(0.0)
    ('12 %', '0.0012 %', '100 %', '0 %')
    """
    if share > 0.99:
        return f"{100 * share:.4g} %"
    return f"{100 * share:.2g} %"


def in_reference(share: float) -> str:
    """Say what share of the reference is, or was, of a kind.

    >>> in_reference(0.25), in_reference(0)
    ('25 % in the reference', 'never in the reference')
    """
    return f"{percent(share)} in the reference" if share else "never in the reference"


#: Characters of a label that are told.
_LONGEST: Final = 60


def quoted(label: str) -> str:
    r"""Return a label in quotes, cut if it is long; control characters are escaped already.

    >>> print(quoted("it's"), quoted(r"a\nb"), len(quoted("x" * 500)))
    "it's" 'a\nb' 62
    """
    if len(label) > _LONGEST:
        label = label[: _LONGEST - 1] + "…"
    return repr(label).replace("\\\\", "\\")


def with_shares(names: Sequence[str], shares: Sequence[float], most: int = 3) -> str:
    """Return names in quotes, each with its share of the rows, and how many are left out.

    >>> with_shares(["a", "b"], [0.2, 0.01])
    "'a' (20 %), 'b' (1 %)"
    """
    parts = [
        f"{quoted(name)} ({percent(share)})"
        for name, share in zip(names[:most], shares[:most], strict=True)
    ]
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(parts) + more

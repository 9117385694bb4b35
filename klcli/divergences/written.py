"""Whether what a user gave is a known distribution, or names data."""

from __future__ import annotations

import os
import re
from typing import Any, Final

#: How an expression begins: a family, or a weight and a family.
_BEGINS: Final = re.compile(r"[\s\d.eE*/()+-]*[A-Za-z_]\w*\s*\(")


def is_distribution(given: Any) -> bool:
    """Tell whether something stands for a known distribution, not for data.

    A frozen distribution of scipy.stats, or text that begins like an expression. A file or folder
    of that very name is data.
    """
    if hasattr(given, "dist") and hasattr(given, "args") and hasattr(given, "kwds"):
        return True
    if not isinstance(given, str) or not _BEGINS.match(given):
        return False
    # "report (2).csv" that does not exist is a file all the same.
    if re.search(r"\.[A-Za-z]\w*$", given):
        return False
    try:
        return not os.path.lexists(given)
    except (OSError, ValueError):
        return True

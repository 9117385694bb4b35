"""Sources of randomness that do not depend on what else is estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator


def stream(seed: int, purpose: str, column: str) -> Generator:
    """Return a source of randomness that no other column or purpose shares."""
    return np.random.default_rng([seed, crc32(f"{purpose} {column}".encode())])

"""When to give up on sums and integrals that would take minutes."""

from __future__ import annotations

import time
from typing import Final

#: Seconds of the processor for one sum or integral. What is given up is said: a sum has no number
#: then, an integral a wider bound.
SECONDS: Final = 4.0


class Patience:
    """Counts from when it was made."""

    def __init__(self) -> None:
        self._start = time.process_time()

    def ends(self) -> bool:
        """Tell whether there has been enough."""
        return time.process_time() - self._start > SECONDS

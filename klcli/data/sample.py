"""A uniform random sample of rows, taken as they pass by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from klcli.typing import Floats, Integers

#: Rows of each side whose values a layout gets to see.
SAMPLE_ROWS = 1 << 17


class RowSample:
    """All rows while there are at most `size`; then a uniform sample of `size` of them.

    Each row draws a random key, the rows with the smallest keys are kept. Keys depend on the seed
    and the number of the row alone, so the sample is the same however the rows are batched.
    """

    def __init__(self, seed: Sequence[int], size: int) -> None:
        self.rows = 0
        self._seed = seed
        self._size = size
        self._held: list[list[Floats]] = []
        self._keys: list[Floats] = []
        self._generator: Generator | None = None

    @property
    def complete(self) -> bool:
        """Whether all rows are kept."""
        return self.rows <= self._size

    def choose(self, count: int) -> Integers | slice:
        """Return which of the next rows to add: their numbers within a batch of so many."""
        if self.rows + count > self._size and self._generator is None:
            from numpy.random import default_rng

            self._generator = default_rng(self._seed)
            self._keys = [self._generator.random(len(held[0])) for held in self._held]
        self.rows += count
        if self._generator is None:
            return slice(None)
        keys = self._generator.random(count)
        # The `size` smallest of all keys so far lie below this: eight standard deviations.
        chosen = np.flatnonzero(keys < (self._size + 8 * self._size**0.5) / self.rows)
        keys = keys[chosen]
        if len(chosen) > self._size:
            # Left in order: rows are then read from the front to the back.
            near = keys <= np.partition(keys, self._size - 1)[self._size - 1]
            chosen, keys = chosen[near], keys[near]
        self._keys.append(keys)
        return chosen

    def add(self, columns: list[Floats]) -> None:
        """Add the rows that were chosen of a batch, as columns of shape (chosen rows,)."""
        self._held.append(columns)
        if sum(map(len, self._keys)) > 2 * self._size:
            self._shrink()

    def columns(self) -> list[Floats]:
        """Return the sampled values of each column, in no particular order."""
        if self._generator is not None:
            self._shrink()
        if len(self._held) == 1:
            return self._held[0]
        return [np.concatenate(parts) for parts in zip(*self._held, strict=True)]

    def _shrink(self) -> None:
        keys = np.concatenate(self._keys)
        if len(keys) <= self._size:
            return
        kept = np.argpartition(keys, self._size - 1)[: self._size]
        self._held = [[np.concatenate(parts)[kept] for parts in zip(*self._held, strict=True)]]
        self._keys = [keys[kept]]

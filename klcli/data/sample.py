"""A uniform random sample of rows, taken as they pass by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from klcli.typing import Floats

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

    def add(self, columns: list[Floats]) -> None:
        """Add a batch of rows as columns of shape (rows,)."""
        count = len(columns[0])
        if self.rows + count > self._size and self._generator is None:
            from numpy.random import default_rng

            self._generator = default_rng(self._seed)
            self._keys = [self._generator.random(len(held[0])) for held in self._held]
        self.rows += count
        if self._generator is None:
            self._held.append(columns)
            return
        keys = self._generator.random(count)
        # The `size` smallest of all keys so far lie below this: eight standard deviations.
        chosen = np.flatnonzero(keys < (self._size + 8 * self._size**0.5) / self.rows)
        if len(chosen) > self._size:
            chosen = chosen[np.argpartition(keys[chosen], self._size - 1)[: self._size]]
        self._held.append([column[chosen] for column in columns])
        self._keys.append(keys[chosen])
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

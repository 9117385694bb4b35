"""A progress bar on standard error, for people, and only when the wait is long."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress

PATIENCE: Final = 0.5  #: seconds of silence before a bar appears


class ProgressBar:
    """Shows what is being done once it has taken half a second, and vanishes when done.

    Parameters
    ----------
    time_left : bool
        Also show how long it will still take.
    """

    def __init__(self, *, time_left: bool = False) -> None:
        self._time_left = time_left
        self._start = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, step: str, fraction: float) -> None:
        """Show that `fraction` (0 to 1) of the work is done and what comes next."""
        if self._bar is None:
            if time.monotonic() - self._start < PATIENCE:
                return
            self._bar = _start_bar(time_left=self._time_left)
        self._bar.update(self._bar.task_ids[0], description=step, completed=fraction)


def _start_bar(*, time_left: bool) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    # Weight only, never colour: readable on dark and on light terminals.
    line = BarColumn(style="dim", complete_style="bold", finished_style="bold")
    text = TextColumn("{task.description}", markup=False)
    left = [TimeRemainingColumn(compact=True)] if time_left else []
    bar = Progress(line, *left, text, console=console, transient=True)
    bar.add_task("", total=1.0)
    bar.start()
    return bar


def wanted(*, quiet: bool) -> bool:
    """Whether somebody watches standard error on a terminal that can redraw a line."""
    watched = sys.stderr is not None and sys.stderr.isatty()
    return watched and not quiet and os.environ.get("TERM") != "dumb"

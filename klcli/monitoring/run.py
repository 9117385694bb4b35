"""The public function `klcli.drift`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from klcli.data.tabulate import silent
from klcli.errors import UsageError
from klcli.monitoring.grid import Grid
from klcli.monitoring.options import DriftOptions
from klcli.monitoring.state import State
from klcli.one_thread import one_thread

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from klcli.monitoring.report import DriftReport


@one_thread()
def drift(
    source: Any,
    /,
    *batches: Any,
    options: DriftOptions | None = None,
    resume: str | os.PathLike[str] | None = None,
    baseline: str | os.PathLike[str] | None = None,
    progress: Callable[[str, float], None] | None = None,
    **settings: Any,
) -> DriftReport:
    """Compare many batches with one reference, column by column.

    Parameters
    ----------
    source : path, ndarray, data frame
        The reference; with a sliding reference, the first batch.
    *batches : path, glob, folder, ndarray, data frame, or dict of name → these
        Each file and each frame is a batch. With ``by`` or ``time`` they are one table that is
        split; with a sliding reference, `source` is part of it.
    options : DriftOptions, optional
        All settings at once, in the place of `settings`.
    resume : path, optional
        File that keeps every finished batch; those it has are not computed again.
    baseline : path, optional
        File of drift that is known and accepted, as ``--write-baseline`` makes it: the `known` of
        results tells what it has.
    progress : callable, optional
        Called with what is being done and the share that is done.
    **settings
        The fields of `DriftOptions`: ``tolerance``, ``column``, ``exclude``, ``reference``, ``by``,
        ``time``, ``window``, ``seed``, …

    Returns
    -------
    DriftReport
        One result for each batch and column. Ctrl-C ends it early: ``complete`` is then False.

    Raises
    ------
    InputError
        The reference or the baseline cannot be read, or there is no batch. A batch that cannot
        be read is a finding instead.
    UsageError
        A setting has no meaning.

    Notes
    -----
    As of `klcli.estimate`, on threads of linear algebra.

    Examples
    --------
    Three samples of a normal distribution, the last one shifted: D(batch‖reference) is 1/2 nat.

    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> reference, same = rng.normal(0, 1, 3000), rng.normal(0, 1, 3000)
    >>> report = drift(reference, {"monday": same, "tuesday": rng.normal(1, 1, 3000)})
    >>> for result in report.results:
    ...     print(result.batch, round(result.estimate.estimate, 1) + 0, result.verdict)
    monday 0.0 stable
    tuesday 0.5 drift
    """
    if options is not None and settings:
        raise UsageError("settings are given twice", "give options=… or the settings themselves")
    chosen = options or DriftOptions.of(settings)
    if baseline is not None:
        from klcli.monitoring.baseline_file import read_baseline
        from klcli.monitoring.marks import marked

        accepted = read_baseline(baseline)
    with ExitStack() as cleanup:
        run = Grid(chosen, State(resume), progress or silent, cleanup)
        report = run.report([source, *batches])
    return report if baseline is None else marked(report, accepted, chosen.looks_at)

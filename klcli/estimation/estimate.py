"""The public function `klcli.estimate`."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from klcli import __version__
from klcli.data.rows import ROW_CAP
from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.divergences.written import is_distribution
from klcli.errors import UsageError
from klcli.estimation.choice import Method, check_number
from klcli.estimation.column import estimate_column
from klcli.estimation.distribution import known_side, refuse_row_cap, refuse_two
from klcli.estimation.idle import refuse_idle
from klcli.estimation.joint import estimate_alone, estimate_joint
from klcli.estimation.measured import chosen, measure_column
from klcli.estimation.needs import layout_of, row_reader
from klcli.estimation.request import Request
from klcli.one_thread import one_thread
from klcli.results import UNITS, Direction, Report
from klcli.workers import elsewhere, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klcli.counts import ColumnTable
    from klcli.results import Estimate

#: What `direction` may be → the divergences it stands for.
DIRECTIONS: Final = {
    "forward": (Direction.FORWARD,),
    "reverse": (Direction.REVERSE,),
    "both": (Direction.FORWARD, Direction.REVERSE),
}


@one_thread()
def estimate(
    p: Any,
    q: Any,
    *,
    column: Sequence[str] = (),
    exclude: Sequence[str] = (),
    divergence: Sequence[str] = ("kl",),
    direction: str = "both",
    density: str = "auto",
    estimator: str = "auto",
    interval: str = "auto",
    confidence: float = 0.95,
    base: str | float = "e",
    missing: str = "category",
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    weight: str | None = None,
    smoothing: str | float | None = None,
    bins: str | int | Sequence[float] | None = None,
    bandwidth: str | float | None = None,
    neighbors: int | str | None = None,
    joint: bool = False,
    max_rows: int | None = None,
    resamples: int = 999,
    seed: int = 0,
    input_format: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Report:
    """Estimate the Kullback-Leibler divergence between two datasets, by column or jointly.

    Parameters
    ----------
    p, q : path, ndarray of shape (n,) or (n, d), or data frame
        The two datasets. D(P‖Q), forward, is how surprised a model of Q is by rows of P. One of
        them may be a known distribution: an expression such as ``"norm(0, 1)"``, as
        `klcli.exact` takes them (unless a file has that name), or a frozen distribution of
        scipy.stats. It is used exactly. Parameters written as ``?`` are fitted to the rows.
    column, exclude : sequence of str
        Only these columns, or all but these.
    divergence : sequence of str
        ``kl``, ``reverse``, ``jeffreys``, ``js``, ``hellinger``, ``tv``, ``chi2``, ``renyi:α``,
        ``psi`` (or ``psi:20``, ``psi:0,10,20``), ``wasserstein``, ``energy``, ``ks``, or ``all``;
        `kl methods divergence` tells when to use which. All but ``kl`` look at one column at a
        time, at counts, by the default method of its kind.
    direction : {'forward', 'reverse', 'both'}
        D(P‖Q), D(Q‖P), or both; of divergences that are the same both ways there is one result.
    density : str
        How P and Q are modelled; ``auto`` chooses, `kl methods density` lists all.
    estimator : str
        How the expectation is taken: ``auto``, ``plug-in``, ``monte-carlo``, and for categories
        ``empirical-bayes`` or ``dirichlet-mixture``.
    interval : str
        ``auto``, ``influence``, ``delta``, ``basic``, ``percentile``, ``bca``; from rows also
        ``subsampling``.
    confidence : float
        Of the intervals.
    base : {'e', 2, 10}
        Base of the logarithm: nats, bits or bans.
    missing : {'category', 'drop'}
        Whether missing values count as a value of their own (chain rule) or are left out.
    categorical, numeric : sequence of str
        Columns whose kind is not to be inferred.
    weight : str, optional
        Column with the weight of each row.
    smoothing : str or float, optional
        Added to each count, for the densities ``frequency`` and ``histogram``.
    bins, bandwidth : optional
        For the densities ``histogram`` and ``kde``, which they choose for numbers.
    neighbors : int or 'cv', optional
        Number of nearest neighbours of the density ``knn``, which it chooses. With ``cv``, these
        three are chosen by cross-validation; the field ``tuning`` of a result holds what was tried.
    joint : bool
        Whether the columns are taken together: one result for all of them, in column "*", with
        what each of them shows alone and what only their dependence shows.
    max_rows : int, optional
        Rows of each side that are looked at together, sampled at random if there are more; 20,000
        if left out. Counts of single columns always come from all rows.
    resamples : int
        Permutations for the p-value and bootstrap resamples; 0 leaves out the p-value, the noise
        floor and what they add to intervals of ``kde`` and ``monte-carlo``.
    seed : int
        Source of all randomness; equal seeds give equal results.
    input_format : str, optional
        Format of the files where their names do not tell.
    progress : callable, optional
        Called with what is being done and the share that is done.

    Returns
    -------
    Report
        One result per column and direction, largest first; ``to_dict()`` is the JSON output.

    Raises
    ------
    InputError
        A source cannot be read, or nothing can be compared.
    UsageError
        An option has no meaning.

    Notes
    -----
    While it runs, linear algebra in the whole process is kept to one thread where threadpoolctl is
    installed, as it is with scikit-learn: more would wait for each other. Without it, set
    ``OPENBLAS_NUM_THREADS=1`` before NumPy is imported.

    Examples
    --------
    Two normal samples one standard deviation apart; the truth is 1/2 nat:

    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> report = estimate(rng.normal(0, 1, 1000), rng.normal(1, 1, 1200), direction="forward")
    >>> result = report.results[0]
    >>> result.ci_low < 0.5 < result.ci_high
    True

    Two columns that differ in their correlation only, 0.8 against 0; the truth is 0.51 nats, and
    either column alone shows nothing:

    >>> p = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 2000)
    >>> q = rng.normal(size=(2000, 2))
    >>> result = estimate(p, q, joint=True, density="gaussian", direction="forward").results[0]
    >>> print(f"{result.estimate:.1f}, of which {result.dependence:.1f} by dependence")
    0.5, of which 0.5 by dependence
    """
    unit = UNITS.get(str(base))
    if unit is None:
        raise UsageError.unknown_choice("base", base, [*UNITS])
    factor = 1 / math.log(float(base)) if unit != "nats" else 1.0
    if direction not in DIRECTIONS:
        raise UsageError.unknown_choice("direction", direction, [*DIRECTIONS])
    if missing not in ("category", "drop"):
        raise UsageError.unknown_choice(
            "treatment of missing values", missing, ["category", "drop"]
        )
    check_number("confidence", confidence, 0, 1, "above 0 and below 1")
    check_number("resamples", resamples, -1, 1e7, "from 0 up to ten million")
    check_number("seed", seed, -1, 2**63, "from 0 up")
    cap = ROW_CAP if max_rows is None else max_rows
    check_number("max-rows", cap, 1, 1e9, "from 2 up to a billion")
    method = Method(
        density, estimator, interval, smoothing, bins, bandwidth, seed, resamples, neighbors, joint
    )
    wanted, direction = chosen(divergence, method, direction)
    refuse_two(p, q)
    if is_distribution(p) or is_distribution(q):
        if wanted:
            raise UsageError(
                f"--divergence {wanted[-1].label} compares two datasets, and one side is a known "
                "distribution",
                "kl estimate takes one, with --divergence kl; or draw rows from the distribution",
            )
        return _against_known(
            p, q, method, Selection(
                tuple(column), tuple(exclude), tuple(categorical), tuple(numeric), missing, weight,
                input_format,
            ), direction, max_rows, confidence, unit, factor, int(resamples), int(seed), progress,
        )  # fmt: skip
    reader = row_reader(method, max_rows, int(seed), drop=missing == "drop", weight=weight)
    request = Request(method, DIRECTIONS[direction], confidence, int(resamples), int(seed))
    selection = Selection(
        tuple(column), tuple(exclude), tuple(categorical), tuple(numeric), missing, weight,
        input_format,
    )  # fmt: skip
    tables = tabulate(
        p, q, selection, layout=None if joint else layout_of(method), rows=reader, seed=int(seed),
        progress=progress,
    )  # fmt: skip
    sample = None if reader is None else reader.sample
    if joint and sample is not None:
        if progress is not None:
            progress(f"estimating {len(sample.names)} columns together", 0.5)
        columns = [estimate_joint(tables.columns, sample, request)]
    else:

        def one(table: ColumnTable) -> list[Estimate]:
            if sample is not None and table.name in sample.names:
                return estimate_alone(table, sample, request, drop=missing == "drop")
            if wanted:
                return elsewhere(measure_column, table, request, wanted)
            return elsewhere(estimate_column, table, request)

        columns = []
        found = side_by_side(one, tables.columns)
        for done, table in enumerate(tables.columns):
            if progress is not None:
                progress(f"estimating {table.name}", done / len(tables.columns))
            columns.append(next(found))
        refuse_idle(columns, method)
    columns.sort(key=_largest_first)
    results = tuple(result.scaled(factor) for results in columns for result in results)
    return Report(__version__, int(seed), unit, tables.p, tables.q, results, tables.findings)


def _against_known(
    p: Any,
    q: Any,
    method: Method,
    selection: Selection,
    direction: str,
    max_rows: int | None,
    confidence: float,
    unit: str,
    factor: float,
    resamples: int,
    seed: int,
    progress: Callable[[str, float], None] | None,
) -> Report:
    """Estimate where one side is a known distribution."""
    from klcli.estimation.known import estimate_known
    from klcli.estimation.known_column import Sides

    refuse_row_cap(max_rows)
    data_first = is_distribution(q)
    known, data = (q, p) if data_first else (p, q)
    report = estimate_known(
        data, Sides(known_side(known), data_first), selection,
        Request(method, DIRECTIONS[direction], confidence, resamples, seed),
        explicit=direction != "both", progress=progress,
    )  # fmt: skip
    scaled = tuple(result.scaled(factor) for result in report.results)
    return replace(report, unit=unit, results=scaled)


def _largest_first(results: list[Estimate]) -> tuple[bool, float]:
    value = results[0].estimate
    return math.isnan(value), -value

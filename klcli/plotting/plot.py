"""The public function `klcli.plot`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from klcli import __version__
from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.divergences.written import is_distribution
from klcli.errors import UsageError
from klcli.estimation.choice import Choice, Method, check_number
from klcli.estimation.column import examine_column
from klcli.estimation.estimate import DIRECTIONS
from klcli.estimation.idle import refuse_idle
from klcli.estimation.needs import layout_of, row_reader
from klcli.estimation.request import Request
from klcli.one_thread import one_thread
from klcli.plotting import assemble
from klcli.plotting.categories import bars
from klcli.plotting.known import known_plot
from klcli.plotting.numbers import along_axis, few_values, outside
from klcli.plotting.planes import plane
from klcli.plotting.report import Panel, PlotReport
from klcli.plotting.subject import subject
from klcli.results import UNITS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klcli.counts import ColumnTable
    from klcli.estimation.column import Examined
    from klcli.plotting.subject import Subject
    from klcli.results import Estimate

SCALES = ("auto", "linear", "log")


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is laid out, whatever was estimated."""

    scale: str = "auto"
    most: int = 3
    top: int = 10


@one_thread()
def plot(
    p: Any,
    q: Any,
    *,
    column: Sequence[str] = (),
    exclude: Sequence[str] = (),
    direction: str = "forward",
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
    scale: str = "auto",
    most: int | None = None,
    top: int = 10,
    progress: Callable[[str, float], None] | None = None,
) -> PlotReport:
    """Show where the divergence of two datasets, or of two known distributions, comes from.

    Parameters
    ----------
    p, q : path, ndarray of shape (n,) or (n, d), or data frame
        The two datasets; or two distributions as `klcli.exact` takes them, ``"norm(0, 1)"``.
    column, exclude, direction, density, estimator, interval, confidence, base, missing, \
categorical, numeric, weight, smoothing, bins, bandwidth, neighbors, joint, max_rows, resamples, \
seed, input_format, progress
        As for `klcli.estimate`, and with the same results. `direction` is "forward" if left out.
        With `joint`, all columns are taken together, and seen along the first two of `column`, or
        along the two that differ most on their own.
    scale : {'auto', 'linear', 'log'}
        Of the axis of numbers; ``auto`` takes a logarithmic one for positive numbers of which
        most would else be crowded at its end.
    most : int, optional
        Columns that are drawn, the most different ones; by default 3, or all of `column`.
    top : int
        Categories that are drawn one by one.

    Returns
    -------
    PlotReport
        The numbers behind the picture: for each column its cells, with densities of P and Q,
        log(p/q) with a pointwise band, and what each cell contributes; ``to_dict()`` is the JSON
        output.

    Raises
    ------
    InputError
        A source cannot be read, or nothing can be compared.
    UsageError
        An option has no meaning.

    Notes
    -----
    Contributions p·log(p/q) are negative where P is rarer than Q; together they make the
    finite estimate. The band is pointwise: of all points of the axis, about one in twenty lies
    outside a band of 95 %.

    Examples
    --------
    Two normal samples one standard deviation apart. The log ratio of the densities is x − 1/2:

    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> report = plot(rng.normal(1, 1, 5000), rng.normal(0, 1, 5000), resamples=0)
    >>> cells = report.panels[0].cells
    >>> middle = next(cell for cell in cells if cell.lower <= 0 < cell.upper)
    >>> middle.log_ratio_low < (middle.lower + middle.upper) / 2 - 0.5 < middle.log_ratio_high
    True
    >>> abs(cells[-1].forward_sum - report.panels[0].answers[0].estimate) < 1e-9
    True
    """
    if scale not in SCALES:
        raise UsageError.unknown_choice("scale", scale, [*SCALES])
    unit = UNITS.get(str(base))
    if unit is None:
        raise UsageError.unknown_choice("base", base, [*UNITS])
    if direction not in DIRECTIONS:
        raise UsageError.unknown_choice("direction", direction, [*DIRECTIONS])
    for name, value, low, high, allowed in (
        ("confidence", confidence, 0, 1, "above 0 and below 1"),
        ("resamples", resamples, -1, 1e7, "from 0 up to ten million"),
        ("seed", seed, -1, 2**63, "from 0 up"),
        ("most", 1 if most is None else most, 0, 1001, "from 1 to 1000"),
        ("top", top, 0, 1001, "from 1 to 1000"),
    ):
        check_number(name, value, low, high, allowed)
    method = Method(
        density, estimator, interval, smoothing, bins, bandwidth, seed, resamples, neighbors, joint
    )
    if not joint and method.of_rows(Kind.NUMERIC):
        raise UsageError(
            "single columns are drawn from counts, not from rows",
            "leave --neighbors out and choose --density ratio, kde, histogram or frequency, "
            "or add --joint",
        )
    if is_distribution(p) and is_distribution(q):
        _refuse_for_known(
            column=column, exclude=exclude, density=density != "auto",
            estimator=estimator != "auto", interval=interval != "auto",
            confidence=confidence != 0.95, missing=missing != "category", categorical=categorical,
            numeric=numeric, weight=weight, smoothing=smoothing, bins=bins, bandwidth=bandwidth,
            neighbors=neighbors, joint=joint, max_rows=max_rows, resamples=resamples != 999,
            input_format=input_format, scale=scale != "auto", most=most,
        )  # fmt: skip
        return known_plot(p, q, direction=direction, base=base, seed=int(seed), top=top)
    request = Request(method, DIRECTIONS[direction], confidence, int(resamples), int(seed))
    selection = Selection(
        tuple(column), tuple(exclude), tuple(categorical), tuple(numeric), missing, weight,
        input_format,
    )  # fmt: skip
    factor = 1 / math.log(float(base)) if unit != "nats" else 1.0
    look = Look(scale, most or (len(column) if column else 3), top)
    if is_distribution(p) or is_distribution(q):
        from klcli.estimation.distribution import refuse_row_cap
        from klcli.plotting.onesample import known_side_plot

        refuse_row_cap(max_rows)
        data_first = is_distribution(q)
        data, known = (p, q) if data_first else (q, p)
        return known_side_plot(
            data, known, selection, request, look, data_first=data_first,
            explicit=direction != "both", unit=unit, factor=factor, progress=progress,
        )  # fmt: skip
    reader = row_reader(method, max_rows, int(seed), drop=missing == "drop", weight=weight)
    tables = tabulate(
        p, q, selection, layout=None if joint else layout_of(method), rows=reader, seed=int(seed),
        progress=progress,
    )  # fmt: skip
    sample = None if reader is None else reader.sample
    if sample is not None:
        if most is not None:
            raise UsageError("--most means nothing with --joint", "leave --most out")
        planes = (plane(tables.columns, sample, request, column, scale, factor),)
        return PlotReport(
            __version__, int(seed), unit, tables.p, tables.q, planes=planes,
            findings=tables.findings,
        )  # fmt: skip
    examined = {}
    for done, table in enumerate(tables.columns):
        if progress is not None:
            progress(f"estimating {table.name}", done / len(tables.columns))
        examined[table.name] = examine_column(table, request)
    refuse_idle([[each.estimate for each in found] for found in examined.values()], method)
    order = sorted(tables.columns, key=lambda table: _largest_first(examined[table.name]))
    panels = tuple(
        _panel(table, examined[table.name], method, look, confidence, factor)
        for table in order[: look.most]
    )
    return PlotReport(
        __version__, int(seed), unit, tables.p, tables.q, panels,
        left_out=tuple(table.name for table in order[look.most :]), findings=tables.findings,
    )  # fmt: skip


def _refuse_for_known(**given: object) -> None:
    for name, value in given.items():
        if value not in (None, False, (), []):
            option = name.replace("_", "-")
            raise UsageError(
                f"--{option} means nothing to two known distributions", f"leave --{option} out"
            )


def _largest_first(examined: Sequence[Examined]) -> tuple[bool, float]:
    value = examined[0].estimate.estimate
    return math.isnan(value), -value


def _panel(
    column: ColumnTable,
    examined: Sequence[Examined],
    method: Method,
    look: Look,
    confidence: float,
    factor: float,
) -> Panel:
    """Return one column in the unit of the report."""
    estimates: list[Estimate] = [each.estimate.scaled(factor) for each in examined]
    answers = [assemble.answer(each) for each in estimates]
    if column.undefined is not None:
        return assemble.nothing(column.name, str(column.kind), answers)
    choice = method.for_kind(column.kind)
    found = subject(column, examined, choice) if isinstance(choice, Choice) else None
    if found is None:
        return assemble.nothing(column.name, str(column.kind), answers)
    panel = _drawn(found, look, confidence)
    panel = Panel(
        panel.column, panel.kind, panel.shape, panel.scale, confidence, tuple(answers), panel.cells
    )
    return assemble.scaled(panel, factor)


def _drawn(found: Subject, look: Look, confidence: float) -> Panel:
    shape, scale = "bars", ""
    if found.table.labels or few_values(found.table):
        cells = bars(found, look.top)
    else:
        shape = "curve" if found.density_name == "kde" else "steps"
        scale, along = along_axis(found, look.scale)
        cells = along + outside(found)
    done = assemble.finished(cells, confidence)
    return Panel(found.name, found.kind, shape, scale, confidence, (), done)

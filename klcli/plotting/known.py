"""Two known distributions: densities, log ratio and contributions, exactly."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from klcli import __version__
from klcli.data.wording import number
from klcli.divergences.build import described, distribution
from klcli.divergences.exact import exact
from klcli.divergences.known import category_masses
from klcli.divergences.models import model
from klcli.errors import UsageError
from klcli.plotting import assemble
from klcli.plotting.integrated import (
    NOTHING,
    KnownPair,
    cell_edges,
    divergence_terms,
    integrated,
    log_masses,
    summed,
)
from klcli.plotting.report import Answer, Cell, Panel, PlotReport, Role
from klcli.results import Direction, Finding, Kind, SourceInfo, Status

if TYPE_CHECKING:
    from klcli.divergences.known import Distribution
    from klcli.divergences.report import Exact


def known_plot(
    p: str, q: str, *, direction: str, base: str | float, seed: int, top: int
) -> PlotReport:
    """Return the picture of two known distributions.

    Parameters
    ----------
    p, q : str
        Expressions, as `klcli.exact` takes them.
    direction, base, seed, top
        As for `klcli.plot`.

    Raises
    ------
    UsageError
        If an expression is none, or they are of vectors.
    """
    sides = distribution(p), distribution(q)
    for side in sides:
        if side.kind in ("vector", "counts", "matrix"):
            raise UsageError(
                f"a distribution {described(side)} cannot be drawn along one axis",
                "kl exact tells the divergence; kl plot draws distributions of one number, or of "
                "categories",
            )
    report = exact(p, q, direction=direction, base=base, seed=seed)
    factor = 1.0 if report.unit == "nats" else 1 / math.log(float(base))
    values = {result.direction: result.value / factor for result in report.results}
    if sides[0].kind == "categories":
        shape, cells = "bars", _categories(*sides, values, top)
    else:
        shape = "steps" if sides[0].kind == "discrete" else "curve"
        cells = _numbers(*sides, values)
    done = assemble.finished(cells, math.nan)
    answers = tuple(_answer(result, done, factor) for result in report.results)
    kind = Kind.CATEGORICAL if shape == "bars" else Kind.NUMERIC
    panel = Panel("", kind, shape, "" if shape == "bars" else "linear", math.nan, answers, done)
    return PlotReport(
        __version__, seed, report.unit, SourceInfo(report.p.expression, None),
        SourceInfo(report.q.expression, None), (assemble.scaled(panel, factor),),
    )  # fmt: skip


def _answer(result: Exact, cells: tuple[Cell, ...], factor: float) -> Answer:
    finite = result.value
    if result.status == Status.INFINITE and cells:
        finite = cells[-1].total(result.direction) * factor
    why = (Finding(result.status, result.reason),) if result.reason else ()
    nan = math.nan
    return Answer(
        result.direction, result.value, finite, nan, nan, nan, nan, result.status, result.method,
        why,
    )  # fmt: skip


def _numbers(p: Distribution, q: Distribution, values: dict[str, float]) -> list[Cell]:
    pair = KnownPair(model(p), model(q), values, p.kind == "circular")
    discrete = p.kind == "discrete"
    edges = cell_edges(pair, discrete=discrete)
    widths, middles = np.diff(edges), (edges[:-1] + edges[1:]) / 2
    if discrete:
        parts, share_p, share_q = summed(pair, edges)
        density_p, density_q = share_p[1:-1] / widths, share_q[1:-1] / widths
        log_p, log_q = log_masses(share_p[1:-1]), log_masses(share_q[1:-1])
    else:
        parts, share_p, share_q = integrated(pair, edges)
        log_p, log_q = pair.p.log(middles), pair.q.log(middles)
        density_p, density_q = np.exp(log_p), np.exp(log_q)
    with np.errstate(invalid="ignore"):
        ratio = log_p - log_q
    bounds = [-math.inf, *edges.tolist(), math.inf]
    cells = []
    for place, (low, high) in enumerate(itertools.pairwise(bounds)):
        own = {name: float(each[place]) for name, each in parts.items()}
        role = Role.BELOW if place == 0 else Role.INTERVAL
        role = Role.ABOVE if place == len(bounds) - 2 else role
        along = role == Role.INTERVAL
        empty = max(share_p[place], share_q[place]) < NOTHING
        if not along and empty and all(abs(part) < NOTHING for part in own.values()):
            continue
        label = f"{number(low)} … {number(high)}"
        if not along:
            label = f"below {number(high)}" if place == 0 else f"from {number(low)}"
        numbers = (density_p, density_q, ratio)
        drawn = [float(each[place - 1]) for each in numbers] if along else [math.nan] * 3
        cells.append(
            Cell(
                role, label, low, high, float(share_p[place]), float(share_q[place]), *drawn, **own
            )
        )
    return cells


def _categories(
    p: Distribution, q: Distribution, values: dict[str, float], top: int
) -> list[Cell]:
    first, second = category_masses(p), category_masses(q)
    names = list(dict.fromkeys((*first, *second)))
    share_p = np.array([first.get(name, 0.0) for name in names])
    share_q = np.array([second.get(name, 0.0) for name in names])
    log_p, log_q = log_masses(share_p), log_masses(share_q)
    parts = {}
    for direction in values:
        logs = (log_p, log_q) if direction == Direction.FORWARD else (log_q, log_p)
        parts[direction] = divergence_terms(*logs)
    with np.errstate(invalid="ignore"):
        ratio = log_p - log_q
    sizes = np.max([np.abs(each) for each in parts.values()], axis=0)
    order = np.lexsort((-share_p - share_q, -sizes))
    if len(order) <= top + 1:
        top = len(order)
    kept, others = np.sort(order[:top]), order[top:]
    cells = [
        Cell(
            Role.VALUE, names[place], math.nan, math.nan, float(share_p[place]),
            float(share_q[place]), log_ratio=float(ratio[place]),
            **{name: float(each[place]) for name, each in parts.items()},
        )
        for place in kept.tolist()
    ]  # fmt: skip
    if len(others):
        sums = float(share_p[others].sum()), float(share_q[others].sum())
        cells.append(
            Cell(
                Role.OTHERS, f"({len(others):,} others)", math.nan, math.nan, *sums,
                log_ratio=float(log_masses(np.array(sums))[0] - log_masses(np.array(sums))[1]),
                **{name: float(each[others].sum()) for name, each in parts.items()},
            )
        )  # fmt: skip
    return cells

"""How far an estimate can be trusted, and why."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from klcli.data.wording import counted
from klcli.diagnostics.resolution import fitted_ratio, unresolved, untold
from klcli.diagnostics.sampling import constant, few_rows, undersampled
from klcli.diagnostics.support import (
    outside_support,
    unseen_categories,
    untold_share,
)
from klcli.diagnostics.tails import heavy_tail
from klcli.diagnostics.ties import ties
from klcli.estimation.crosscheck import second_opinion
from klcli.estimation.verdict import Verdict
from klcli.results import Finding, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from klcli.counts import CountTable
    from klcli.diagnostics.support import Escape
    from klcli.estimation.choice import Choice
    from klcli.typing import Point

#: Share of an estimate that may come from beyond the data of Q before it says nothing.
_EXTRAPOLATED = 0.1
#: Share of P beyond Q's data up to which the interval allows for what lies there. It held the
#: truth in 106 of 107 samples of 200 rows with a quarter to a half of P beyond, of shifts by which
#: normal, logistic, Laplace's, Gumbel's and Student's distributions and gammas come so far apart,
#: that nothing else marked. Beyond a half, what is seen of P is the smaller part.
_MOST_BEYOND = 0.5
#: Findings of a density after which its estimate is a lower bound.
_LOWERS = ("coarse-bins", "unresolved")
#: Findings of the reader after which it is one, for merging cells can only lower the divergence:
#: those of a profile may be too coarse, integers beyond 2^53 fall together, and codes that have
#: nothing in common share cells.
_COARSE = ("coarse-profile", "codes", "precision")


def judge(
    fine: CountTable,
    table: CountTable,
    point: Point,
    choice: Choice,
    names: tuple[str, str],
    finer: CountTable | None = None,
    written: Callable[[float], str] = "{:.6g}".format,
    cyclic: Finding | None = None,
    said: Sequence[Finding] = (),
) -> Verdict:
    """Run the diagnostics that fit the method.

    Parameters
    ----------
    fine, table : CountTable
        The cells as counted, and as estimated from; P is the first sample of this direction.
    point : Point
        The estimate from `table`.
    choice : Choice
        The method.
    names : tuple of str
        What to call both samples.
    finer : CountTable, optional
        Quantile cells of numbers, where those of `fine` are the method's own.
    written : callable
        Writes a number of the column for people, or the time that it stands for.
    cyclic : Finding, optional
        What `allow_for_cycles` found.
    said : sequence of Finding
        What the reader noticed of the column, which is said anyway.
    """
    findings = [few_rows(fine), constant(fine)]
    if choice.density_name == "frequency":
        escape = unseen_categories(fine, names[0])
        smoothed = bool(getattr(choice.density, "pseudocount", None))
        status = Status.OK
        if escape.mass > 0 and not (smoothed and math.isfinite(point.value)):
            status = Status.INFINITE
        findings += [undersampled(fine, names), escape.finding]
    else:
        status, escape, more = _judge_numbers(fine, table, point, choice, names, written)
        findings += more
        if status in (Status.OK, Status.LOWER_BOUND):
            smooth_ratio = choice.density_name == "ratio"
            cells = fine if smooth_ratio else finer
            if finer is not None and choice.density_name == "kde":
                findings.append(ties(finer))
            if cells is not None and cells.n_p and cells.n_q:
                opinion, low = second_opinion(cells, table, point, smooth_ratio=smooth_ratio)
                findings.append(opinion)
                status = Status.LOWER_BOUND if low else status
    warnings = tuple(finding for finding in findings if finding is not None)
    value = point.value
    if status is Status.INFINITE:
        value = math.inf
    elif status is Status.LOWER_BOUND:
        # Where samples hardly meet, the fit is free to claim anything. What m rows can show ends
        # near log m (McAllester & Stratos 2020), and nothing but the bound is certain.
        met = "saturated" not in {finding.code for finding in warnings}
        value = max(escape.bound, min(value, math.log(fine.n_q)) if met else 0.0)
    if cyclic is not None and status in (Status.OK, Status.LOWER_BOUND):
        warnings = (*warnings, cyclic)
    # What cells or a smooth fit hide can only add to the estimate, which stands.
    hidden = (cyclic is not None and cyclic.code in _LOWERS) or any(
        finding.code in _COARSE for finding in said
    )
    if hidden and status is Status.OK:
        status = Status.LOWER_BOUND
    return Verdict(status, value, warnings, escape.mass, escape.bound)


def _judge_numbers(
    fine: CountTable,
    table: CountTable,
    point: Point,
    choice: Choice,
    names: tuple[str, str],
    written: Callable[[float], str],
) -> tuple[Status, Escape, list[Finding | None]]:
    escape = unseen_categories(fine, names[0], only=fine.special)
    if escape.mass > 0:
        return Status.INFINITE, escape, [escape.finding]
    if not math.isfinite(point.value):
        empty = unseen_categories(table, names[0])
        return Status.INFINITE, empty, [empty.finding]
    inside = ~table.special
    numbers, cells = table.numbers, fine.numbers
    escape = outside_support(cells, *names, written)
    share = float(cells.n_p / fine.n_p)
    escape = replace(escape, mass=escape.mass * share, bound=escape.bound * share)
    if not cells.n_q and share >= untold_share(fine.n_p, fine.n_q):
        escape = replace(escape, abrupt=True)
    findings: list[Finding | None] = []
    status = Status.OK
    # Where Q has no rows, its mass is known to no better than a factor. The interval allows for
    # that, though not for Q ending abruptly, nor for what the densities do where most of P lies.
    if escape.abrupt or escape.mass > _MOST_BEYOND:
        findings.append(escape.finding)
        status = Status.LOWER_BOUND
    if not numbers.n_p or not numbers.n_q:
        return status, escape, findings
    tail = heavy_tail(cells, *names)
    findings.append(tail)
    examine = getattr(choice.density, "examine", None)
    examined = [] if examine is None else examine(numbers)
    by_cell = getattr(choice.density, "by_cell", None)
    if by_cell is not None:
        misfit, apart = None, by_cell(numbers)
        if apart is None:
            misfit = unresolved(cells, numbers, fitted_ratio(table, point))
        elif apart.surely:
            misfit = untold(cells)
        examined += [] if misfit is None else [misfit]
    findings += examined
    if tail is not None or any(finding.code in _LOWERS for finding in examined):
        status = Status.LOWER_BOUND
    most = math.log(max(fine.n_q, 1.0))
    if status is Status.OK and point.value > max(most, 1.0):
        held = counted(round(fine.n_q), "row")
        text = f"the fit says {point.value:.3g} nats, but {held} of {names[1]}"
        text = f"{text} cannot show more than about {most:.2g} (the log of that number)"
        findings.append(Finding("saturated", text))
        status = Status.LOWER_BOUND
    if getattr(choice.density, "extrapolates", False):
        beyond = _beyond(numbers, point.contributions[inside])
        if beyond > _EXTRAPOLATED * abs(point.value):
            text = f"{beyond:.3g} nats of the estimate come from where {names[1]} has no rows"
            findings.append(
                Finding("extrapolated", f"{text}; --density ratio does not guess there")
            )
            status = Status.UNDEFINED
    return status, escape, findings


def _beyond(numbers: CountTable, contributions: np.ndarray) -> float:
    """Add up what cells beyond the smallest and largest value of Q contribute."""
    seen = np.flatnonzero(numbers.q > 0)
    return float(contributions[: seen[0]].sum() + contributions[seen[-1] + 1 :].sum())

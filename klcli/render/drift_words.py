"""What a report of drift says, in words: the same in every format for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.monitoring.report import Verdict
from klcli.render.numbers import UNKNOWN, p_value
from klcli.render.summary import value
from klcli.render.text import printable, visible
from klcli.results import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from klcli.monitoring.report import Batch, ChangePoint, DriftReport, DriftResult

#: What matters first.
ORDER: Final = (Verdict.DRIFT, Verdict.UNDECIDED, Verdict.STABLE)

MEANING: Final = (
    "P is the batch, Q its reference. D(P‖Q) is forward: how surprised the reference would be by "
    "rows of the batch, 0 if nothing differs"
)
VERDICTS: Final = (
    "drift: the interval lies above the tolerance, with the confidence that so many comparisons "
    "ask for; stable: it lies below; undecided: neither, or there is no estimate"
)

#: Of columns, batches and labels.
name = visible


def column_name(result: DriftResult, width: int | None = None) -> str:
    """Return the name of a result's column, or what its joint row stands for."""
    if result.estimate.kind == "joint":
        return "all columns together"
    return name(result.estimate.column, width)


def is_known(result: DriftResult) -> bool:
    """Tell whether a baseline has the drift, or doubt, of a result."""
    return result.verdict in result.known


def verdict(result: DriftResult) -> str:
    """Return the verdict, and whether it is known."""
    return f"known {result.verdict}" if is_known(result) else str(result.verdict)


def mark(known: bool) -> str:
    """Return what is written behind what a baseline has."""
    return " (known)" if known else ""


def counts(results: Iterable[DriftResult]) -> dict[Verdict, int]:
    """Return how many results have each verdict, what matters first."""
    number = dict.fromkeys(ORDER, 0)
    for result in results:
        number[Verdict(result.verdict)] += 1
    return number


def by_weight(results: Iterable[DriftResult]) -> list[DriftResult]:
    """Return results with what matters first.

    That is drift, then undecided, then stable; in each, what no baseline has, then what is
    surely the largest.
    """

    def weight(result: DriftResult) -> tuple[float, ...]:
        estimate = result.estimate
        return (
            ORDER.index(Verdict(result.verdict)),
            is_known(result),
            *(math.inf if math.isnan(size) else -size for size in sizes(result)),
            -estimate.escaped_mass if estimate.escaped_mass > 0 else 0.0,
        )

    return sorted(results, key=weight)


def by_column(report: DriftReport) -> list[list[DriftResult]]:
    """Return the results of each column in the order of batches; what matters first."""
    columns: dict[str, list[DriftResult]] = {}
    for result in report.results:
        columns.setdefault(result.estimate.column, []).append(result)
    worst = [by_weight(results)[0] for results in columns.values()]
    return [columns[result.estimate.column] for result in by_weight(worst)]


def sizes(result: DriftResult) -> tuple[float, float]:
    """Return by how much a column differs: surely, and most probably."""
    return result.estimate.ci_low, result.estimate.finite_estimate


def headline(report: DriftReport) -> str:
    """Return the one sentence for those who read no further."""
    if not report.results:
        return "Nothing was compared"
    number = counts(report.results)
    drifted = [result for result in report.results if result.verdict == Verdict.DRIFT]
    total = len({result.estimate.column for result in report.results})
    if drifted:
        columns = len({result.estimate.column for result in drifted})
        new = {result.estimate.column for result in drifted if not is_known(result)}
        if not new:
            return f"No new drift; known drift in {columns} of {plural(total, 'column')}"
        what = f"Drift in {columns} of {plural(total, 'column')}"
        if len(report.batches) > 1:
            batches = len({result.batch for result in drifted})
            what += f", in {batches} of {plural(len(report.batches), 'batch', 'batches')}"
        if len(new) < columns:
            what += f"; all known in {plural(columns - len(new), 'column')}"
        return what
    if number[Verdict.UNDECIDED]:
        return f"No drift found, {number[Verdict.UNDECIDED]} undecided"
    return f"No drift in {plural(total, 'column')}"


def plural(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    >>> plural(1, "batch", "batches"), plural(1200, "column")
    ('1 batch', '1,200 columns')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def others(number: int) -> str:
    """Return how many more batches an event holds in."""
    return plural(number, "other batch", "other batches")


def gaps(report: DriftReport) -> list[str]:
    """Return what is missing from a report as a whole."""
    said = []
    if not report.complete:
        said.append("The run was interrupted: some batches are missing from this report")
    failed = without_results(report)
    if failed:
        named = ", ".join(name(batch.name, 40) for batch in failed[:3])
        more = f" and {len(failed) - 3:,} more" if len(failed) > 3 else ""
        said.append(f"No results from {plural(len(failed), 'batch', 'batches')}: {named}{more}")
    return said


def without_results(report: DriftReport) -> list[Batch]:
    """Return the batches that could not be compared."""
    compared = {result.batch for result in report.results}
    return [batch for batch in report.batches if batch.name not in compared]


def sentence(result: DriftResult, unit: str) -> str:
    """Return a verdict with its reason."""
    estimate = result.estimate
    tolerance = f"the tolerance {result.tolerance:g}"
    if estimate.status == Status.UNDEFINED or math.isnan(estimate.finite_estimate):
        why = [printable(warning.message) for warning in estimate.warnings]
        return "no estimate" + (f": {why[0]}" if why else "")
    point, interval = value(estimate)
    text = f"D(P‖Q) = {point} {unit}".replace("= ≥", "≥ ")
    if estimate.status == Status.INFINITE:
        text += f" ({interval} without values that the reference lacks)"
    elif interval and interval != UNKNOWN:
        text += f", {100 * estimate.confidence:g} % interval {interval}"
    if result.verdict == Verdict.DRIFT:
        return f"{text}: above {tolerance}"
    if result.verdict == Verdict.STABLE:
        return f"{text}: below {tolerance}"
    return f"{text}: {tolerance} may or may not be exceeded{_decide(result)}"


def _decide(result: DriftResult) -> str:
    if not math.isfinite(result.rows_to_decide):
        return ""
    return f"; about {round_up(result.rows_to_decide):,} rows would decide"


def round_up(rows: float) -> int:
    """Return `rows` with two significant digits: more would promise what no forecast holds.

    >>> round_up(61234.0)
    62000
    """
    step: int = 10 ** max(math.floor(math.log10(max(rows, 1.0))) - 1, 0)
    return math.ceil(rows / step) * step


def change_point(point: ChangePoint, unit: str) -> str:
    """Return where a column changed, without its name."""
    before, after = (
        "<0.0001" if each < 1e-4 else small(each) for each in (point.before, point.after)
    )
    return (
        f"changed with {name(point.batch)}: mean divergence {before} before, "
        f"{after} {unit} from then on (p {spaced(p_value(point.p_value))})"
    )


def small(number: float) -> str:
    """Return a number with three significant digits, or what stands for none.

    >>> small(0.012345), small(float("inf")), small(float("nan"))
    ('0.0123', '∞', '—')
    """
    if math.isnan(number):
        return UNKNOWN
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    return f"{number:.3g}"


def spaced(number: str) -> str:
    """Return ``= 0.031`` or ``≤ 0.001`` from a p-value in words."""
    return number.replace("≤", "≤ ") if number.startswith("≤") else f"= {number}"


def share(part: float) -> str:
    """Return a share of the rows in per cent.

    >>> share(0.123), share(0.0123), share(0.00004), share(1.0)
    ('12 %', '1.2 %', '0.004 %', '100 %')
    """
    if not math.isfinite(part):
        return UNKNOWN
    if part > 0.99:
        return f"{100 * part:.4g} %"  # the last few rows are what such a share is about
    if part >= 0.1:
        return f"{100 * part:.0f} %"
    if part >= 0.001:
        return f"{100 * part:.1f} %"
    return f"{100 * part:.1g} %" if part > 1e-6 else ("<0.0001 %" if part > 0 else "0 %")


def moved(result: DriftResult) -> str:
    """Return the cell whose share has moved most; empty where there is none.

    That is the largest part of Hellinger's distance of the shares, Σ (√p − √q)², of which each is
    finite: one row where the reference shows none must not hide what else moved.
    """
    parts = [(_part(cell.share_p, cell.share_q), cell) for cell in result.cells]
    most, cell = max(parts, key=lambda each: each[0], default=(0.0, None))
    if cell is None or not most > 0:
        return ""
    before, now = share(cell.share_q), share(cell.share_p)
    return f"most moved: “{name(cell.label, 60)}”, {before} of the reference, {now} now"


def _part(p: float, q: float) -> float:
    if not (0 <= p <= 1 and 0 <= q <= 1):
        return 0.0
    return float((math.sqrt(p) - math.sqrt(q)) ** 2)

"""`klcli.compare`: every divergence side by side, and which to use on these data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from klcli.estimation.advice import Advice, Remark, advice, remarks
from klcli.estimation.estimate import estimate
from klcli.results import Report, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class ColumnAdvice:
    """What is to be said of one column.

    Attributes
    ----------
    column : str
        Its name.
    remarks : tuple of Remark
        What each divergence depends on, on these data.
    advice : tuple of Advice
        Which to use for what, the first where there is no special need.
    """

    column: str
    remarks: tuple[Remark, ...]
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `kl compare` found: the estimates, and advice for each column."""

    report: Report
    columns: tuple[ColumnAdvice, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON output holds: non-finite numbers are None."""
        whole = self.report.to_dict()
        columns: list[dict[str, Any]] = plain([asdict(column) for column in self.columns])
        return {**whole, "columns": columns}


def compare(
    p: Any,
    q: Any,
    *,
    column: Sequence[str] = (),
    exclude: Sequence[str] = (),
    divergence: Sequence[str] = ("all",),
    confidence: float = 0.95,
    base: str | float = "e",
    missing: str = "category",
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    weight: str | None = None,
    resamples: int = 999,
    seed: int = 0,
    input_format: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Comparison:
    """Estimate every divergence of each column, and tell which to use on these data.

    Parameters
    ----------
    p, q, column, exclude, confidence, base, missing, categorical, numeric, weight, resamples, seed, input_format, progress
        As for `klcli.estimate`.
    divergence : sequence of str
        Which to show, if not all; advice is given among these.

    Returns
    -------
    Comparison
        Estimates as those of `klcli.estimate`, and advice for each column.

    Raises
    ------
    InputError
        A source cannot be read, or nothing can be compared.
    UsageError
        An option has no meaning.

    Examples
    --------
    Of two samples that do not overlap, kl can only say that it is large:

    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> found = compare(rng.uniform(0, 1, 500), rng.uniform(2, 3, 500))
    >>> print(", ".join(found.columns[0].advice[0].use))
    js, hellinger, wasserstein
    """
    report = estimate(
        p, q, column=column, exclude=exclude, divergence=divergence, confidence=confidence,
        base=base, missing=missing, categorical=categorical, numeric=numeric, weight=weight,
        resamples=resamples, seed=seed, input_format=input_format, progress=progress,
    )  # fmt: skip
    names = list(dict.fromkeys(result.column for result in report.results))
    columns = []
    for name in names:
        own = [result for result in report.results if result.column == name]
        columns.append(
            ColumnAdvice(name, tuple(remarks(own)), tuple(advice(own, alone=len(names) == 1)))
        )
    fields = {name: getattr(report, name) for name in report.__slots__}
    return Comparison(Report(**{**fields, "command": "compare"}), tuple(columns))

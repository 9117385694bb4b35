"""Immutable results of `kl drift`. They hold numbers and words; only `klcli.render` formats them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from klcli.results import Estimate, Finding, SourceInfo


#: Code of the finding that what happened to a column could not be told.
NOT_TOLD: Final = "not-told"


class Verdict(StrEnum):
    """What one column of one batch says about a tolerance."""

    DRIFT = "drift"  #: the whole interval lies above the tolerance
    STABLE = "stable"  #: the whole interval lies below it
    UNDECIDED = "undecided"  #: the interval holds the tolerance, or there is no number


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a column, coarse enough to be looked at.

    Attributes
    ----------
    label : str
        For people: a category, an interval of numbers, a value, "(missing)".
    share_p, share_q : float
        Share of the rows of the batch and of the reference.
    contribution : float
        Part of the divergence that comes from this cell, in the report's unit.
    lower, upper : float
        Bounds of a numeric cell; NaN for categories and the missing cell.
    """

    label: str
    share_p: float
    share_q: float
    contribution: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Binning:
    """What another tool prints for a column. It has no interval, and no verdict rests on it.

    Attributes
    ----------
    name : str
        For machines: "evidently-kl", "evidently-psi", "psi-deciles", "fixed-width-10", …,
        "categories"; "none" where there is no number, with a `note` why.
    tool : str
        Who prints it.
    bins : str
        What its cells are.
    direction, formula : str
        p is the share of the batch in a cell, q that of the reference.
    value : float
        In nats, whatever the report's unit; ∞ where the reference has an empty cell and the tool
        fills nothing in.
    cells, filled : int
        How many cells there are, and in how many of them a constant replaces 0.
    note : str
        Why the tool itself may print something else; empty if it does not.
    """

    name: str
    tool: str
    bins: str
    direction: str
    formula: str
    value: float
    cells: int
    filled: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class DriftResult:
    """One column of one batch (P) against the reference (Q).

    Attributes
    ----------
    batch : str
        Name of the batch.
    estimate : Estimate
        D(batch‖reference), forward; `estimate.column` is "*" for the joint row.
    tolerance : float
        Of this column, in the report's unit.
    q_value, q_value_by : float
        p-value adjusted for all columns and batches: Benjamini–Hochberg, Benjamini–Yekutieli.
    verdict : str
        A `Verdict`.
    rows_to_decide : float
        Rows of the batch that would decide an undecided verdict, if the estimate is right; NaN
        where it is decided or no number of rows would.
    cells : tuple of Cell
        At most a few dozen, in the column's order; their contributions sum to the estimate where
        that is finite.
    changes : tuple of Finding
        What happened, in words: a burst of nulls, a new category, a change of unit, …
    binnings : tuple of Binning
        What other tools print, if asked for.
    known : tuple of str
        What a baseline has of this: "drift", and codes of `changes`.
    """

    batch: str
    estimate: Estimate
    tolerance: float
    q_value: float
    q_value_by: float
    verdict: str
    rows_to_decide: float
    cells: tuple[Cell, ...] = ()
    changes: tuple[Finding, ...] = ()
    binnings: tuple[Binning, ...] = ()
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch that was compared.

    Attributes
    ----------
    name : str
        Unique, short, for people and machines.
    source : str
        Where the rows came from.
    rows : int
        Rows of the batch.
    reference : str
        What it was compared with: the name of the reference source, or of earlier batches.
    reference_rows : int
        Rows of that reference.
    findings : tuple of Finding
        What concerns the whole batch: columns new, lost or retyped, a file that cannot be read, …
    changed : dict of str to tuple of str
        Columns that are new, lost or retyped, by code of the finding.
    known : tuple of str
        Codes of `findings` that a baseline has; of columns, all of them.
    """

    name: str
    source: str
    rows: int
    reference: str
    reference_rows: int
    findings: tuple[Finding, ...] = ()
    changed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """Where in the order of batches a column changed.

    Attributes
    ----------
    column : str
        The column.
    batch : str
        Name of the first batch after the change.
    p_value : float
        Of the test that there is no change, over all places where it could be.
    before, after : float
        Mean divergence from the reference before and from that batch on, in the report's unit.
    """

    column: str
    batch: str
    p_value: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What `kl drift` found.

    Attributes
    ----------
    reference : SourceInfo
        The reference, or what a sliding one starts from.
    batches : tuple of Batch
        In order.
    results : tuple of DriftResult
        One for each batch and column; batches in order, columns in the order of the reference.
    change_points : tuple of ChangePoint
        At most one for each column.
    findings : tuple of Finding
        What concerns the whole run.
    complete : bool
        False where the run was interrupted and some batches are missing.
    """

    klcli_version: str
    seed: int
    unit: str
    confidence: float
    reference: SourceInfo
    batches: tuple[Batch, ...]
    results: tuple[DriftResult, ...]
    change_points: tuple[ChangePoint, ...] = ()
    findings: tuple[Finding, ...] = ()
    complete: bool = True

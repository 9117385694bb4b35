"""Drift that is known and accepted: only what is new or worse is then told as drift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.monitoring.deliveries import DELIVERIES
from klcli.monitoring.report import Verdict
from klcli.results import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klcli.monitoring.report import Batch, DriftReport, DriftResult
    from klcli.results import Estimate

STALE, OTHER = "stale-baseline", "other-baseline"
#: Nats in each unit of a report.
NATS: Final = {"nats": 1.0, "bits": math.log(2), "bans": math.log(10)}


@dataclass(frozen=True, slots=True)
class KnownDrift:
    """Accepted drift of one column, from the batch in which it was largest.

    Attributes
    ----------
    column : str
        The column; "*" with `joint` for all together.
    joint : bool
        Whether it is the joint row.
    batch : str
        Where it was seen; only for people.
    divergence, ci_low, ci_high : float
        In the unit of the baseline; `ci_high` is ∞ where only a lower bound was known.
    escaped_mass : float
        Share of the batch where the reference shows nothing.
    rows : float
        Rows of the batch.
    """

    column: str
    joint: bool
    batch: str
    divergence: float
    ci_low: float
    ci_high: float
    escaped_mass: float
    rows: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was accepted.

    Attributes
    ----------
    klcli_version, unit, confidence, reference
        Of the report that it is from.
    drift : tuple of KnownDrift
        At most one for each column.
    changes : tuple of (str, str)
        Column, and code of what happened to it.
    schema : tuple of (str, str)
        Column, and code of how it changed the schema.
    deliveries : tuple of str
        Codes of what happened to whole batches.
    """

    klcli_version: str
    unit: str
    confidence: float
    reference: str
    drift: tuple[KnownDrift, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    schema: tuple[tuple[str, str], ...] = ()
    deliveries: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, (self.drift, self.changes, self.schema, self.deliveries)))


def accepted(report: DriftReport) -> Baseline:
    """Return a baseline that knows all that a report tells."""
    worst: dict[tuple[str, bool], KnownDrift] = {}
    for result in report.results:
        if result.verdict == Verdict.DRIFT:
            entry = _known_drift(result)
            key = entry.column, entry.joint
            if key not in worst or entry.divergence > worst[key].divergence:
                worst[key] = entry
    changes = [
        (result.estimate.column, change.code)
        for result in report.results
        for change in result.changes
    ]
    schema = [
        (column, code)
        for batch in report.batches
        for code, columns in batch.changed.items()
        for column in columns
    ]
    return Baseline(
        report.klcli_version,
        report.unit,
        report.confidence,
        report.reference.source,
        tuple(worst.values()),
        tuple(dict.fromkeys(changes)),
        tuple(dict.fromkeys(schema)),
        tuple(dict.fromkeys(code for batch in report.batches for code in delivery_codes(batch))),
    )


def delivery_codes(batch: Batch) -> Iterator[str]:
    """Return the codes of findings that are about the delivery of a batch."""
    return (finding.code for finding in batch.findings if finding.code in DELIVERIES)


def _known_drift(result: DriftResult) -> KnownDrift:
    estimate = result.estimate
    return KnownDrift(
        estimate.column,
        is_joint(estimate),
        result.batch,
        centre(estimate),
        estimate.ci_low,
        estimate.ci_high,
        estimate.escaped_mass,
        float(estimate.rows[0]),
    )


def is_joint(estimate: Estimate) -> bool:
    """Tell whether a result is of several columns together."""
    return estimate.kind == "joint"


def centre(estimate: Estimate) -> float:
    """Return the number that the interval is around."""
    infinite = estimate.status == Status.INFINITE
    return estimate.finite_estimate if infinite else estimate.estimate

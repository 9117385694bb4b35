"""Metrics for node_exporter's textfile collector, in Prometheus' text format 0.0.4.

A gauge is what holds *now*: for each column, the latest batch. The name of that batch is the label
of one metric, ``kl_drift_batch_info``, and not of all: a label that changes with every batch
would start new series each night, without end, and no alert could name them. Batches of
the same run that are not the latest are not lost: ``kl_drift_results`` counts the verdicts of each
column over all of them, so an alert on ``kl_drift_results{verdict="drift"} > 0`` sees them too.

Every sample names the reference: a host may run several jobs, and the collector refuses two samples
with the same labels.

Divergences are in nats, the base unit, whatever the report's unit is. No samples carry a time: the
collector refuses them. `kl_drift_last_run_timestamp_seconds` shows whether the job still runs.

Text format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from klcli.monitoring.report import Verdict
from klcli.render import drift_words as words
from klcli.render.drift_events import key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from klcli.monitoring.report import DriftReport, DriftResult

#: Nats in each unit of a report.
NATS: Final = {"nats": 1.0, "bits": math.log(2), "bans": math.log(10)}

_Sample = tuple[dict[str, str], float]

# Name, help, the number in the report, whether it is in the report's unit.
_COLUMN: Final[tuple[tuple[str, str, Callable[[DriftResult], float], bool], ...]] = (
    (
        "kl_divergence_nats",
        "Estimated divergence D(batch||reference) of the latest batch.",
        lambda result: result.estimate.estimate,
        True,
    ),
    (
        "kl_divergence_finite_nats",
        "The same over values that the reference shows too; finite where the divergence is not.",
        lambda result: result.estimate.finite_estimate,
        True,
    ),
    (
        "kl_divergence_ci_low_nats",
        "Lower end of the confidence interval.",
        lambda result: result.estimate.ci_low,
        True,
    ),
    (
        "kl_divergence_ci_high_nats",
        "Upper end of the confidence interval.",
        lambda result: result.estimate.ci_high,
        True,
    ),
    (
        "kl_divergence_noise_floor_nats",
        "Estimates at these numbers of rows stay below this if nothing differs.",
        lambda result: result.estimate.noise_floor,
        True,
    ),
    (
        "kl_drift_tolerance_nats",
        "Tolerance that the verdict refers to.",
        lambda result: result.tolerance,
        True,
    ),
    (
        "kl_drift_p_value",
        "p-value of the test that nothing differs.",
        lambda result: result.estimate.p_value,
        False,
    ),
    (
        "kl_drift_q_value",
        "p-value adjusted for all columns and batches of the run (Benjamini-Hochberg).",
        lambda result: result.q_value,
        False,
    ),
    (
        "kl_drift_escaped_ratio",
        "Share of the batch's rows with values that the reference does not show.",
        lambda result: result.estimate.escaped_mass,
        False,
    ),
    (
        "kl_drift_missing_rows",
        "Missing values in the latest batch.",
        lambda result: float(result.estimate.missing_p),
        False,
    ),
)


def prometheus(report: DriftReport, *, written: datetime) -> str:
    """Return the report as metrics.

    Parameters
    ----------
    report : DriftReport
        What to write.
    written : datetime
        When the comparison was made, with its time zone.

    Returns
    -------
    str
        The file for the textfile collector; to be written with the extension ``.prom``.
    """
    metrics = _Metrics(report.reference.source)
    latest = _latest(report)
    nats = NATS[report.unit]
    for name, about, read, unit in _COLUMN:
        factor = nats if unit else 1.0
        values = (({"column": label}, factor * read(result)) for label, result in latest)
        metrics.gauge(name, about, values)
    metrics.gauge(
        "kl_drift_verdict",
        "Verdict on the latest batch: 1 for the verdict that holds, else 0.",
        (
            ({"column": label, "verdict": verdict}, float(result.verdict == verdict))
            for label, result in latest
            for verdict in words.ORDER
        ),
    )
    metrics.gauge(
        "kl_drift_results",
        "Batches of the run with each verdict.",
        (
            ({"column": label, "verdict": verdict}, float(number))
            for label, results in _by_column(report).items()
            for verdict, number in words.counts(results).items()
        ),
    )
    metrics.gauge(
        "kl_drift_known_results",
        "Batches of the run with drift that the baseline has.",
        (
            ({"column": label}, float(sum(_known_drift(each) for each in results)))
            for label, results in _by_column(report).items()
        ),
    )
    metrics.gauge(
        "kl_drift_other_tool_nats",
        "What another tool prints for the latest batch (--compare-binnings).",
        (
            ({"column": label, "tool": binning.name}, binning.value)
            for label, result in latest
            for binning in result.binnings
            if not math.isnan(binning.value)
        ),
    )
    for batch in report.batches[-1:]:
        about_batch = {
            "batch": batch.name,
            "source": batch.source,
            "compared_with": batch.reference,
            "version": report.klcli_version,
        }
        metrics.gauge("kl_drift_batch_info", "The latest batch.", [(about_batch, 1.0)])
        metrics.single("kl_drift_rows", "Rows of the latest batch.", batch.rows)
        compared = "Rows that the latest batch was compared with."
        metrics.single("kl_drift_reference_rows", compared, batch.reference_rows)
    metrics.single("kl_drift_batches", "Batches of the run.", len(report.batches))
    failed = len(words.without_results(report))
    metrics.single("kl_drift_failed_batches", "Batches that gave no results.", failed)
    metrics.single("kl_drift_complete", "0 if the run was interrupted, else 1.", report.complete)
    when = "kl_drift_last_run_timestamp_seconds"
    metrics.single(when, "Unix time of the run.", written.timestamp())
    return metrics.text()


class _Metrics:
    """Samples under the heads of their metrics, all labelled with the reference."""

    def __init__(self, reference: str) -> None:
        self._reference = reference
        self._lines: list[str] = []

    def gauge(self, name: str, about: str, samples: Iterable[_Sample]) -> None:
        """Add a metric, unless it has no samples."""
        lines = []
        for labels, value in samples:
            every = {"reference": self._reference, **labels}
            written = ",".join(f'{key}="{_escape(text)}"' for key, text in every.items())
            lines.append(f"{name}{{{written}}} {_number(value)}\n")
        if lines:
            self._lines += [f"# HELP {name} {about}\n# TYPE {name} gauge\n", *lines]

    def single(self, name: str, about: str, value: float) -> None:
        """Add a metric of the run."""
        self.gauge(name, about, [({}, float(value))])

    def text(self) -> str:
        return "".join(self._lines)


def _by_column(report: DriftReport) -> dict[str, list[DriftResult]]:
    """Return the results of each column under its label; the joint row has ``*`` for itself."""
    keys: dict[tuple[str, bool], list[DriftResult]] = {}
    for result in report.results:
        keys.setdefault(key(result), []).append(result)
    return {
        ("column *" if name == "*" and not joint else name): results
        for (name, joint), results in keys.items()
    }


def _known_drift(result: DriftResult) -> bool:
    return result.verdict == Verdict.DRIFT and words.is_known(result)


def _latest(report: DriftReport) -> list[tuple[str, DriftResult]]:
    """Return the columns of the very last batch: a column that it lacks has no value now."""
    names = [batch.name for batch in report.batches[-1:]]
    return [
        (label, result)
        for label, results in _by_column(report).items()
        for result in results
        if result.batch in names
    ]


def _escape(text: str) -> str:
    # A lone surrogate, as paths may hold, is no Unicode character, and labels must be UTF-8.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))  # the repr of a NumPy float names its type

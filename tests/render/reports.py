"""Reports to render: made by hand, so that expected output can be written down."""

from __future__ import annotations

import math
from dataclasses import replace

from klcli.results import Estimate, Finding, Report, SourceInfo

HEAVY = Finding("heavy-tail", "the tail of Q is so heavy that the estimate is a lower bound")
UNSEEN = Finding("unseen-categories", "7 of the 94 values of P never occur in Q: 0.4 % of P")
TEXT = Finding("text", "free text has no frequencies to compare")

OK = Estimate(
    column="x",
    kind="numeric",
    divergence="kl",
    direction="forward",
    estimate=0.1234,
    standard_error=0.0061,
    ci_low=0.1112,
    ci_high=0.1353,
    confidence=0.95,
    p_value=0.001,
    noise_floor=0.0004,
    status="ok",
    density="ratio",
    estimator="plug-in",
    interval="influence",
    n_p=27004,
    n_q=29425,
    missing_p=0,
    missing_q=0,
    finite_estimate=0.1234,
    escaped_mass=0.0,
    monte_carlo_error=0.0,
    reason="many distinct numbers",
)
INFINITE = replace(
    OK,
    estimate=math.inf,
    ci_high=math.inf,
    status="infinite",
    density="frequency",
    escaped_mass=0.004,
    warnings=(UNSEEN,),
)
UNDEFINED = replace(
    OK,
    kind="text",
    estimate=math.nan,
    standard_error=math.nan,
    ci_low=math.nan,
    ci_high=math.nan,
    p_value=math.nan,
    noise_floor=math.nan,
    finite_estimate=math.nan,
    escaped_mass=math.nan,
    monte_carlo_error=math.nan,
    status="undefined",
    density="",
    estimator="",
    interval="",
    reason="",
    warnings=(TEXT,),
)
#: Two columns together.
JOINT = replace(
    OK,
    column="*",
    kind="joint",
    columns=("a", "b"),
    marginals={"a": 0.05, "b": 0.03},
    dependence=0.0434,
)


def both(column: str, forward: Estimate, reverse: Estimate) -> tuple[Estimate, Estimate]:
    """Return the two directions of one column."""
    return (
        replace(forward, column=column, direction="forward"),
        replace(reverse, column=column, direction="reverse"),
    )


def report(*results: Estimate, findings: tuple[Finding, ...] = ()) -> Report:
    """Return a report on two files."""
    return Report(
        klcli_version="0.1.0",
        seed=7,
        unit="nats",
        p=SourceInfo("jan.csv", 27004),
        q=SourceInfo("jul.csv", 29425),
        results=results,
        findings=findings,
    )


#: Each status, both directions, a missing direction-specific warning, and small numbers.
MIXED = report(
    *both(
        "dest",
        INFINITE,
        replace(OK, estimate=0.1, finite_estimate=0.1, ci_low=0.09, ci_high=0.11),
    ),
    *both(
        "air_time",
        replace(OK, estimate=0.2123, finite_estimate=0.2123, ci_low=0.2001, ci_high=0.2245),
        replace(
            OK,
            estimate=0.3123,
            finite_estimate=0.3123,
            standard_error=0.02,
            ci_low=0.273,
            ci_high=0.352,
            status="lower-bound",
            warnings=(HEAVY,),
        ),
    ),
    *both(
        "hour",
        *(
            replace(
                OK,
                estimate=value,
                finite_estimate=value,
                standard_error=0.0002,
                ci_low=0.0,
                ci_high=0.0003,
                p_value=0.31,
                missing_p=521,
            )
            for value in (-0.00012, 0.00012)
        ),
    ),
    *both("tail", UNDEFINED, UNDEFINED),
    findings=(Finding("only-in-p", "only in P: gate"),),
)

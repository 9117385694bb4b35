"""Reports of drift to render: made by hand, from harmless to hostile."""

from __future__ import annotations

import math
from dataclasses import replace

from render.reports import INFINITE, OK, UNDEFINED

from klcli.monitoring.report import (
    Batch,
    Cell,
    ChangePoint,
    DriftReport,
    DriftResult,
    Verdict,
)
from klcli.results import Finding, SourceInfo

#: Names that a file may hold and that a report must survive.
HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "]]>&amp;</td></table>",
    "[red]bold[/red] {{ 7 * 7 }} {% raw %}",
    "'single' \"double\" `tick` ```",
    "line\nbreak\r\ttab",
    "bell\x07 escape\x1b[31m null\x00 \x85 \ufffe",
    "\u202eright-to-left override",
    "עברית العربية",
    "emoji 🧑\u200d🚀 naïve 数据",
    "x" * 300,
    "",
    "  spaces  ",
    "a|b\\|c\\",
    "@octocat #1 GH-2 https://example.org www.example.org a@example.org :+1:",
    "--><!-- <![CDATA[",
    "\udc80 lone surrogate",
    '" onmouseover="alert(1)" style="x:expression(1)',
    "*",
)


def numeric_cells(count=24, *, missing=0.0, shift=3.0):
    """Return cells of two bell curves, whose contributions sum to what they are meant to."""

    def bell(centre):
        heights = [math.exp(-(((i - centre) / (count / 6)) ** 2) / 2) for i in range(count)]
        return [height / sum(heights) for height in heights]

    p, q = bell(count / 2 + shift), bell(count / 2)
    cells = [
        Cell(f"{10 * i} … {10 * i + 10}", a, b, a * math.log(a / b), 10.0 * i, 10.0 * i + 10)
        for i, (a, b) in enumerate(zip(p, q, strict=True))
    ]
    if missing:
        gap = Cell("(missing)", missing, missing / 2, missing * math.log(2), math.nan, math.nan)
        return (*cells, gap)
    return tuple(cells)


def category_cells(labels, shares_p, shares_q):
    """Return cells of categories; one that the reference lacks contributes ∞."""
    return tuple(
        Cell(
            label,
            p,
            q,
            math.inf if p > 0 and q == 0 else (p * math.log(p / q) if p else 0.0),
            math.nan,
            math.nan,
        )
        for label, p, q in zip(labels, shares_p, shares_q, strict=True)
    )


def result(
    column,
    *,
    batch="feb",
    verdict=Verdict.STABLE,
    value=0.01,
    error=0.002,
    tolerance=0.05,
    cells=None,
    changes=(),
    rows_to_decide=math.nan,
    **fields,
):
    """Return a finite result whose interval is four standard errors wide."""
    estimate = replace(
        OK,
        column=column,
        estimate=value,
        finite_estimate=value,
        standard_error=error,
        ci_low=max(value - 2 * error, 0.0),
        ci_high=value + 2 * error,
        p_value=0.001,
        n_p=24951,
        n_q=27004,
    )
    cells = numeric_cells() if cells is None else cells
    total = math.fsum(cell.contribution for cell in cells if math.isfinite(cell.contribution))
    if total and math.isfinite(value):
        parts = [cell.contribution * value / total for cell in cells]
        cells = tuple(
            replace(cell, contribution=part) for cell, part in zip(cells, parts, strict=True)
        )
    return DriftResult(
        batch=batch,
        estimate=replace(estimate, **fields),
        tolerance=tolerance,
        q_value=0.002,
        q_value_by=0.007,
        verdict=verdict,
        rows_to_decide=rows_to_decide,
        cells=cells,
        changes=tuple(changes),
    )


def report(*results, batches=("feb",), **fields):
    """Return a report of `results` against January."""
    made = [
        batch
        if isinstance(batch, Batch)
        else Batch(batch, f"flights/{batch}.parquet", 24951, "flights/jan.parquet", 27004)
        for batch in batches
    ]
    return replace(
        DriftReport(
            klcli_version="0.1.0",
            seed=7,
            unit="nats",
            confidence=0.95,
            reference=SourceInfo("flights/jan.parquet", 27004),
            batches=tuple(made),
            results=results,
        ),
        **fields,
    )


BURST = Finding("null-burst", "missing values rose from 1.9 % to 8.8 % of the rows")
NEW = Finding("new-category", "new category 'OO', 0.4 % of the rows")
LOST = Finding("lost-columns", "the reference has a column 'tailnum' that this batch lacks")

DRIFTED = result(
    "air_time",
    verdict=Verdict.DRIFT,
    value=0.212,
    error=0.006,
    cells=numeric_cells(missing=0.08),
    changes=[BURST],
)
UNDECIDED = result(
    "dep_delay", verdict=Verdict.UNDECIDED, value=0.048, error=0.004, rows_to_decide=61234.0
)
STEADY = result("hour", value=0.0029, error=0.0006)
UNSEEN = replace(
    result(
        "carrier",
        verdict=Verdict.UNDECIDED,
        cells=category_cells(["UA", "AA", "OO"], [0.6, 0.396, 0.004], [0.7, 0.3, 0.0]),
        changes=[NEW],
    ),
    estimate=replace(INFINITE, column="carrier", kind="categorical", ci_low=0.002),
)
TEXT = replace(
    result("remark", verdict=Verdict.UNDECIDED, cells=()),
    estimate=replace(UNDEFINED, column="remark"),
    q_value=math.nan,
    q_value_by=math.nan,
)

#: One batch with each verdict and status.
ONE = report(DRIFTED, UNDECIDED, STEADY, UNSEEN, TEXT)

#: Three batches, one of which could not be read; a change point; an interrupted run.
MANY = report(
    *(replace(each, batch="feb") for each in (STEADY, UNDECIDED, UNSEEN)),
    *(replace(each, batch="mar") for each in (DRIFTED, STEADY, UNSEEN, TEXT)),
    batches=(
        Batch("feb", "flights/feb.parquet", 24951, "flights/jan.parquet", 27004),
        Batch("mar", "flights/mar.parquet", 28834, "flights/jan.parquet", 27004, (LOST,)),
        Batch(
            "apr",
            "flights/apr.parquet",
            0,
            "flights/jan.parquet",
            27004,
            (Finding("unreadable", "flights/apr.parquet is no Parquet file"),),
        ),
    ),
    change_points=(ChangePoint("air_time", "mar", 0.0004, 0.011, 0.212),),
    findings=(Finding("only-in-reference", "1 column is only in the reference: tailnum"),),
    complete=False,
)

#: Nothing was compared.
NONE = report(batches=())


def hostile():
    """Return a report in which every name, label and sentence is hostile."""
    names = HOSTILE_NAMES
    verdicts = list(Verdict)
    batches = tuple(
        Batch(name, name, 10, name, 10, (Finding("code", f"batch says {name}"),)) for name in names
    )
    results = []
    for i, batch in enumerate((*names[:5], names[-1])):
        for j, name in enumerate(names):
            verdict = verdicts[(i + j) % 3]
            said = [Finding("code", f"value {name} is new")]
            made = result(
                name,
                batch=batch,
                verdict=verdict,
                value=0.01 * j,
                changes=said,
                warnings=tuple(said),
                reason=name,
                cells=category_cells(names[:8], [0.125] * 8, [0.125] * 7 + [0.0]),
            )
            results.append(made)
    worst = [math.inf, -math.inf, math.nan, 1e300, -1e-300, 0.0]
    for j, value in enumerate(worst):
        cell = Cell(names[j], value, value, value, value, value)
        made = result(f"worst {j}", batch=names[0], value=0.1, cells=(cell, *numeric_cells(2)))
        numbers = dict.fromkeys(
            ("estimate", "finite_estimate", "standard_error", "ci_low", "ci_high"), value
        )
        results.append(
            replace(
                made,
                estimate=replace(
                    made.estimate, **numbers, status=("infinite", "undefined")[j % 2]
                ),
                verdict=verdicts[j % 3],
                rows_to_decide=value,
                tolerance=0.0,
                q_value=math.nan,
            )
        )
    points = tuple(ChangePoint(name, names[1], math.nan, math.inf, -math.inf) for name in names)
    return report(
        *results,
        batches=batches,
        reference=SourceInfo(names[0], 10),
        change_points=points,
        findings=tuple(Finding("code", f"run says {name}") for name in names),
        complete=False,
    )


def large(columns=100, batches=30, *, verdict=None):
    """Return a report of so many columns and batches, a tenth of which drifted."""
    names = [f"2013-{i + 1:03d}" for i in range(batches)]
    results = []
    for i, batch in enumerate(names):
        for j in range(columns):
            drifted = (i * columns + j) % 10 == 0
            value = 0.2 + 0.001 * j if drifted else 0.004 + 0.0001 * j
            chosen = verdict or (Verdict.DRIFT if drifted else Verdict.STABLE)
            said = [BURST] if drifted else []
            results.append(
                result(
                    f"a_column_of_a_wide_table_{j}",
                    batch=batch,
                    verdict=chosen,
                    value=value,
                    changes=said,
                    cells=numeric_cells(36, missing=0.01, shift=j % 7),
                )
            )
    return report(*results, batches=names)


#: Every report that a format has to survive, by name.
ALL = {
    "one": ONE,
    "many": MANY,
    "none": NONE,
    "hostile": hostile(),
    "wide": large(100, 1),
    "long": large(5, 60),
}

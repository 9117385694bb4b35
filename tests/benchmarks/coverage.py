"""Whether intervals hold what they promise, and p-values too.

    python tests/benchmarks/coverage.py [--rows 200,1000] [--replications 200] [-o table.md]

Draws samples of pairs of known divergence (tests/pairs.py) and counts how often each nominal 95 %
interval covers the truth, how wide it is against the ideal 2·1.96·(least standard error), which
status comes with it, and how often p < .05. An interval that is open above covers what is not
below its lower end. `--intervals all` adds the others, which take as long each; `--missing SHARE`
leaves out values on both sides. For p-values where nothing differs:

    python tests/benchmarks/coverage.py --pairs "*same" --rows 200,500:2000 --replications 1000
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

# The folder above, in place of this one: this file is not the package of that name.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.pictures import Panel, strips
from benchmarks.replications import (
    Setting,
    heading,
    klcli_estimate,
    markdown,
    number,
    parser,
    provenance,
    replicate,
    settings,
    write,
)
from klcli.registry import INTERVALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The interval that klcli takes unless told otherwise; its p-value and status are looked at.
DEFAULT = "auto"
#: What `--check` asks of the default in a small sample: the mean over the pairs, far below what
#: it is held to, and a share of false alarms that 5 % exceed in one of a thousand small samples.
LIMIT_COVERAGE, LIMIT_ALARMS = 0.88, 0.2
IDEAL = 2 * 1.959963984540054
OPEN = ("lower-bound", "infinite")
GROUPS = {
    "regular": "Finite bound",
    "undersampled": "Fewer than ten rows a category",
    "null": "No difference",
    "open": "Var_Q[p/q] is infinite or P escapes Q",
}


@dataclass(frozen=True)
class Coverage:
    """How one interval did in one setting.

    Attributes
    ----------
    covered, above : float
        Share of intervals that cover the truth; whose lower end exceeds it.
    positive : float
        Share of intervals whose lower end is above 0.
    width : float
        Median width over the ideal; NaN without one.
    statuses : dict of str to float
        Share of each status.
    alarms : float
        Share of p-values below .05.
    uniform : float
        P-value of Kolmogorov and Smirnov's test that p-values are uniform; NaN away from null.
    """

    setting: Setting
    interval: str
    replications: int
    covered: float
    above: float
    positive: float
    width: float
    statuses: dict[str, float]
    alarms: float
    uniform: float

    @property
    def open(self) -> float:
        """Share of statuses that say that the divergence may be larger than any estimate."""
        return sum(self.statuses.get(status, 0.0) for status in OPEN)


Results = dict[tuple[Setting, str], Coverage]


def main() -> int:
    """Measure, print, write, and compare with the limits if asked."""
    options = parser((__doc__ or "").partition("\n")[0], replications=200)
    options.add_argument("--intervals", default=DEFAULT, metavar="NAME,...",
                         help=f"of {', '.join([DEFAULT, *INTERVALS])} (default %(default)s), or all")  # fmt: skip
    options.add_argument("--resamples", type=int, default=999, metavar="N",
                         help="permutations, and bootstrap resamples (default 999)")  # fmt: skip
    options.add_argument("--missing", type=float, default=0.0, metavar="SHARE",
                         help="of values that are missing on both sides")  # fmt: skip
    chosen = options.parse_args()
    every = [DEFAULT, *(name for name in INTERVALS if name != "influence")]
    wanted = every if chosen.intervals == "all" else chosen.intervals.split(",")
    wanted = [DEFAULT, *(name for name in wanted if name != DEFAULT)]
    if unknown := set(wanted) - {DEFAULT, *INTERVALS}:
        options.error(f"no interval {', '.join(sorted(unknown))}")
    if not 0 <= chosen.missing < 1:
        options.error("--missing is a share from 0 up to 1")

    measure = partial(intervals, names=tuple(wanted), resamples=chosen.resamples)
    records = replicate(measure, settings(chosen, chosen.missing), chosen)
    results = {key: coverage(*key, values) for key, values in records.items()}
    summary = summarize(results)
    origin = provenance(chosen, ("numpy", "scipy"))
    text = report(results, summary, origin)
    print(text.partition("\n## ")[0])
    write(chosen.output, text, {**origin, "summary": summary,
                                "results": [figures(each) for each in results.values()]})  # fmt: skip
    if chosen.picture:
        draw(chosen.picture, results)
    return int(chosen.check and not keeps_limits(summary))


def intervals(
    setting: Setting, p: np.ndarray, q: np.ndarray, replication: int,
    *, names: Sequence[str], resamples: int,
) -> dict[str, tuple[float, float, float, str]]:  # fmt: skip
    """Return lower end, upper end, p-value and status with each interval method."""
    results = {}
    for name in names:
        result = klcli_estimate(
            setting, p, q, interval=name, resamples=resamples, seed=replication
        )
        results[name] = (result.ci_low, result.ci_high, result.p_value, str(result.status))
    return results


def coverage(
    setting: Setting, interval: str, records: list[tuple[float, float, float, str]]
) -> Coverage:
    """Sum up the intervals of one method; one that is undefined covers nothing."""
    from scipy import stats

    low, high, p_values = np.array([record[:3] for record in records], float).T
    # The truth is known to within rounding; an interval of a null that ends at 0 covers it.
    slack = 1e-12
    widths = high - low
    ideal = IDEAL * setting.bound
    proper = setting.law.regular and ideal > 0
    tested = p_values[~np.isnan(p_values)]
    uniform = math.nan
    if setting.law.null and len(tested):
        uniform = float(stats.kstest(tested, "uniform").pvalue)
    count = Counter(record[3] for record in records)
    return Coverage(
        setting,
        interval,
        len(records),
        covered=float(np.mean((low <= setting.truth + slack) & (setting.truth - slack <= high))),
        above=float(np.mean(low > setting.truth + slack)),
        positive=float(np.mean(low > 0)),
        width=float(np.median(widths) / ideal) if proper else math.nan,
        statuses={status: many / len(records) for status, many in count.items()},
        alarms=float(np.mean(tested < 0.05)) if len(tested) else math.nan,
        uniform=uniform,
    )


def group_of(setting: Setting) -> str:
    """Return the table that a setting belongs to."""
    if not setting.law.regular:
        return "open"
    if setting.law.null:
        return "null"
    return "regular" if setting.well_sampled else "undersampled"


def summarize(results: Results) -> dict[str, Any]:
    """Return figures over the pairs, by numbers of rows and by interval."""
    keys = dict.fromkeys((setting.rows, interval) for setting, interval in results)
    summary: dict[str, Any] = {}
    for rows, interval in keys:
        chosen = [each for (setting, name), each in results.items()
                  if setting.rows == rows and name == interval]  # fmt: skip
        summary.setdefault(rows, {})[interval] = _summarize(chosen)
    return summary


def _summarize(chosen: list[Coverage]) -> dict[str, Any]:
    grouped = {group: [each for each in chosen if group_of(each.setting) == group]
               for group in GROUPS}  # fmt: skip
    regular, null, heavy = grouped["regular"], grouped["null"], grouped["open"]
    sampled = [each for each in null if each.setting.well_sampled]
    worst = min(regular, key=lambda each: each.covered, default=None)
    return {
        "pairs": len(regular),
        "mean coverage": _mean(each.covered for each in regular),
        "least coverage": worst.covered if worst else math.nan,
        "least at": worst.setting.pair if worst else "",
        "below 92 %": _below(regular),
        "median width": _median(each.width for each in regular),
        "open, regular, mean": _mean(each.open for each in regular),
        "open, regular, most": max((each.open for each in regular), default=math.nan),
        "open above 3 %": [[each.setting.pair, each.open] for each in regular if each.open > 0.03],
        "open, heavy, least": min((each.open for each in heavy), default=math.nan),
        "open below 95 %": [[each.setting.pair, each.open] for each in heavy if each.open < 0.95],
        "null, low > 0, most": max((each.positive for each in sampled), default=math.nan),
        "null, low > 0, mean": _mean(each.positive for each in sampled),
        "null, p < .05, most": max((each.alarms for each in null), default=math.nan),
        "null, p < .05, mean": _mean(each.alarms for each in null),
        "null, least uniform": min((each.uniform for each in null), default=math.nan),
    }


def _below(regular: list[Coverage]) -> list[list[Any]]:
    return sorted(
        ([each.setting.pair, each.covered] for each in regular if each.covered < 0.92),
        key=lambda row: row[1],
    )


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def _median(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.median(known)) if known else math.nan


def keeps_limits(summary: dict[str, Any]) -> bool:
    """Say whether the default is within the limits of `--check`."""
    kept = True
    for rows, each in summary.items():
        reached = each[DEFAULT]
        if (
            reached["mean coverage"] < LIMIT_COVERAGE
            or reached["null, p < .05, mean"] > LIMIT_ALARMS
        ):
            print(f"{rows} rows: coverage below {LIMIT_COVERAGE} or alarms above {LIMIT_ALARMS}")
            kept = False
    return kept


def report(results: Results, summary: dict[str, Any], origin: dict[str, Any]) -> str:
    """Return the Markdown report."""
    parts = [heading("Coverage", origin)]
    parts += [_overview(rows, each) for rows, each in summary.items()]
    for rows, each in summary.items():
        for interval in each:
            for group, title in GROUPS.items():
                chosen = [one for (setting, name), one in results.items() if name == interval
                          and setting.rows == rows and group_of(setting) == group]  # fmt: skip
                if chosen:
                    parts.append(f"## {title}, {rows} rows, {interval}\n\n{_table(chosen, group)}")
    return "\n".join(parts)


def _overview(rows: str, summary: dict[str, Any]) -> str:
    columns = ("interval", "pairs", "mean coverage", "least", "at", "median width / ideal",
               "open, regular", "open, heavy, least", "null: low > 0, most", "p < .05, most",
               "uniform p, least")  # fmt: skip
    lines = [
        (
            interval, str(each["pairs"]), _percent(each["mean coverage"]),
            _percent(each["least coverage"]), each["least at"], number(each["median width"]),
            _percent(each["open, regular, mean"]), _percent(each["open, heavy, least"]),
            _percent(each["null, low > 0, most"]), _percent(each["null, p < .05, most"]),
            number(each["null, least uniform"], 3),
        )
        for interval, each in summary.items()
    ]  # fmt: skip
    text = f"{rows} rows:\n\n{markdown(columns, lines)}\n"
    for interval, each in summary.items():
        for title in ("below 92 %", "open above 3 %", "open below 95 %"):
            listed = ", ".join(f"{pair} {_percent(share)}" for pair, share in each[title])
            text += f"{interval}, {title}: {listed or 'none'}.\n\n"
    return text


def _table(chosen: list[Coverage], group: str) -> str:
    chosen = sorted(chosen, key=lambda each: each.covered)
    columns = ("pair", "D", "bound", "covers", "low > D", "low > 0", "width / ideal", *OPEN,
               "undefined", "p < .05", *(["uniform p"] if group == "null" else []))  # fmt: skip
    lines = [
        (
            each.setting.pair, number(each.setting.truth, 4), number(each.setting.bound, 4),
            _percent(each.covered), _percent(each.above), _percent(each.positive),
            number(each.width),
            *(_percent(each.statuses.get(status, 0.0)) for status in (*OPEN, "undefined")),
            _percent(each.alarms), *([number(each.uniform, 3)] if group == "null" else []),
        )
        for each in chosen
    ]  # fmt: skip
    return markdown(columns, lines)


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.1f} %"


def figures(each: Coverage) -> dict[str, Any]:
    """Return one result for JSON."""
    return {
        "pair": each.setting.pair, "n": each.setting.n, "m": each.setting.m,
        "group": group_of(each.setting), "interval": each.interval, "truth": each.setting.truth,
        "bound": each.setting.bound, "replications": each.replications, "covered": each.covered,
        "above": each.above, "positive": each.positive, "width": each.width,
        "statuses": each.statuses, "alarms": each.alarms, "uniform": each.uniform,
    }  # fmt: skip


def draw(path: Path, results: Results) -> None:
    """Draw coverage and width, a dot for each pair, a line for each interval and size."""
    shares: dict[str, list[float]] = {}
    widths: dict[str, list[float]] = {}
    ordered = sorted(results.items(), key=lambda item: item[0][1] != DEFAULT)
    for (setting, interval), each in ordered:
        if group_of(setting) == "regular":
            line = f"{'klcli' if interval == DEFAULT else interval}, {setting.rows} rows"
            shares.setdefault(line, []).append(100 * each.covered)
            widths.setdefault(line, []).append(each.width)
    covers = Panel(
        "Coverage of 95 % intervals", "% (a dot for each pair)", shares, (70, 100), (95,)
    )
    wide = Panel("Width", "width / ideal", widths, (0.5, 5), (1,), log=True)
    strips(path, [covers, wide], first=sum(line.startswith("klcli") for line in shares))


if __name__ == "__main__":
    sys.exit(main())

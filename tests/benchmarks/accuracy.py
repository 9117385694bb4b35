"""How far estimates are from the truth: klcli beside formulas and other packages.

    python tests/benchmarks/accuracy.py [--rows 200,1000] [--replications 200] [-o table.md]

Draws samples of pairs of known divergence (tests/pairs.py) and compares the root mean squared
error of every method with the least asymptotic standard error that an estimator can have,
sqrt(Var_P[log p/q]/n + Var_Q[p/q]/m). Packages that are not installed are left out; the dependency
group `benchmark` has them. Nothing is tuned.
"""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

# The folder above, in place of this one, whose coverage.py is not the package of that name.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.contenders import Contender, contenders
from benchmarks.pictures import Panel, strips
from benchmarks.replications import (
    Setting,
    heading,
    markdown,
    number,
    parser,
    provenance,
    replicate,
    settings,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: What `--check` allows the default: a geometric mean, and a worst RMSE, in bounds. Ten
#: replications of a pair scatter by a fifth, so these are far above what it is held to.
LIMIT_MEAN, LIMIT_WORST = 1.5, 3.5
DEFAULT = "klcli"
PACKAGES = ("numpy", "scipy", "infomeasure", "universal-divergence", "evidently")
#: What is left of the name of a table's group.
GROUPS = {
    "regular": "Numbers, and categories with at least ten rows each",
    "null": "No difference: RMSE in nats",
    "undersampled": "Fewer than ten rows a category",
    "heavy": "Beyond any estimator: Var_Q[p/q] is infinite or P escapes Q",
}


@dataclass(frozen=True)
class Accuracy:
    """How one method did in one setting; nats.

    Attributes
    ----------
    replications, failures : int
        Samples that it saw, and those where it gave no finite number.
    bias, rmse : float
        Over the samples where it did.
    default : float
        RMSE of klcli's default over the same samples.
    """

    setting: Setting
    method: str
    replications: int
    failures: int
    bias: float
    rmse: float
    default: float

    @property
    def ratio(self) -> float:
        """RMSE over the bound; NaN at the null and where no estimator reaches the bound."""
        bound = self.setting.bound
        return self.rmse / bound if bound > 0 and self.setting.law.regular else math.nan

    @property
    def against(self) -> float:
        """RMSE of the default over this one's: above 1 where the default is worse."""
        return self.default / self.rmse if self.rmse > 0 else math.inf


Results = dict[tuple[Setting, str], Accuracy]


def main() -> int:
    """Measure, print, write, and compare with the limits if asked."""
    options = parser((__doc__ or "").partition("\n")[0], replications=200)
    options.add_argument("--methods", metavar="NAME,...", help="only these and the default")
    options.add_argument("--slow", action="store_true",
                         help="run the slow packages everywhere, too")  # fmt: skip
    chosen = options.parse_args()
    known = contenders()
    wanted = [name.strip() for name in chosen.methods.split(",")] if chosen.methods else [*known]
    if unknown := set(wanted) - set(known):
        options.error(f"no method {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    wanted = [name for name in known if name in wanted or name == DEFAULT]
    absent = [name for name in wanted if not known[name].installed]
    present = tuple(name for name in wanted if known[name].installed)

    measure = partial(estimates, methods=present, slow=chosen.slow)
    records = replicate(measure, settings(chosen), chosen)
    results = {
        (setting, method): accuracy(setting, method, values, records[setting, DEFAULT])
        for (setting, method), values in records.items()
    }
    summary = summarize(results, known)
    origin = provenance(chosen, PACKAGES)
    notes = [f"Not installed and left out: {', '.join(absent)}."] if absent else []
    notes += [
        f"{name}: only {_limits(known[name])} one of {known[name].every} samples."
        for name in present
        if known[name].every > 1 and not chosen.slow
    ]
    text = report(results, summary, origin, notes)
    print(text.partition("\n## ")[0])
    write(chosen.output, text, {**origin, "notes": notes, "summary": summary,
                                "results": [figures(each) for each in results.values()]})  # fmt: skip
    if chosen.picture:
        draw(chosen.picture, results)
    return int(chosen.check and not keeps_limits(summary))


def _limits(contender: Contender) -> str:
    return f"up to {contender.most_rows} rows and in" if contender.most_rows < 10**9 else "in"


def estimates(
    setting: Setting, p: np.ndarray, q: np.ndarray, replication: int,
    *, methods: Sequence[str], slow: bool,
) -> dict[str, tuple[int, float]]:  # fmt: skip
    """Return the replication and the estimate of every method that can do this pair."""
    known = contenders()
    return {
        name: (replication, _quietly(known[name], setting, p, q))
        for name in methods
        if setting.law.kind in known[name].kinds
        and (slow or (len(p) <= known[name].most_rows and replication % known[name].every == 0))
    }


def _quietly(contender: Contender, setting: Setting, p: np.ndarray, q: np.ndarray) -> float:
    """Return NaN where a package fails; klcli's own failures are not caught."""
    with warnings.catch_warnings():
        if contender.group in ("peer", "reference"):
            warnings.simplefilter("ignore")
        try:
            return contender.call(setting, p, q)
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            if contender.group == "peer":
                return math.nan
            raise


def accuracy(
    setting: Setting,
    method: str,
    values: list[tuple[int, float]],
    default: list[tuple[int, float]],
) -> Accuracy:
    """Sum up the estimates of one method.

    Samples where it gives no finite number are left out, which flatters it; where they are more
    than half of all, the RMSE is infinite.
    """
    errors = {number: value - setting.truth for number, value in values if math.isfinite(value)}
    failures = len(values) - len(errors)
    if failures > len(values) / 2:
        return Accuracy(setting, method, len(values), failures, math.nan, math.inf, math.nan)
    beside = [value - setting.truth for number, value in default if number in errors]
    return Accuracy(
        setting, method, len(values), failures, math.fsum(errors.values()) / len(errors),
        _root_mean_square(errors.values()), _root_mean_square(beside),
    )  # fmt: skip


def _root_mean_square(errors: Iterable[float]) -> float:
    return float(np.mean(np.square(list(errors))) ** 0.5)


def group_of(setting: Setting) -> str:
    """Return the table that a setting belongs to."""
    if not setting.law.regular:
        return "heavy"
    if not setting.well_sampled:
        return "undersampled"
    return "null" if setting.law.null else "regular"


def mean(scores: Iterable[float]) -> float:
    """Return the geometric mean; NaN of nothing."""
    logs = [math.log(score) if score > 0 else -math.inf for score in scores]
    return math.exp(math.fsum(logs) / len(logs)) if logs else math.nan


def summarize(results: Results, known: dict[str, Contender]) -> dict[str, Any]:
    """Return, by numbers of rows, what the default reaches and what beats it."""
    return {
        rows: _summarize({k: v for k, v in results.items() if k[0].rows == rows}, known)
        for rows in dict.fromkeys(setting.rows for setting, _ in results)
    }


def _summarize(results: Results, known: dict[str, Contender]) -> dict[str, Any]:
    grouped: dict[str, list[Setting]] = {group: [] for group in GROUPS}
    for setting, method in results:
        if method == DEFAULT:
            grouped[group_of(setting)].append(setting)

    def of(method: str, group: str) -> list[Accuracy]:
        return [results[key, method] for key in grouped[group] if (key, method) in results]

    summary: dict[str, Any] = {"methods": {}, "beaten": [], "undersampled": []}
    for method, contender in known.items():
        regular, nulls = of(method, "regular"), of(method, "null")
        both = regular + nulls
        if not both:
            continue
        finite = [each for each in regular if math.isfinite(each.rmse)]
        worst = max(regular, key=lambda each: each.ratio, default=None)
        summary["methods"][method] = {
            "group": contender.group,
            "pairs": len(regular),
            "mean": mean(each.ratio for each in finite),
            "worst": worst.ratio if worst else math.nan,
            "worst pair": worst.setting.pair if worst else "",
            "default over it": mean(each.against for each in finite),
            "share without number": sum(each.failures for each in both)
            / sum(each.replications for each in both),
            "worst null": max((each.rmse for each in nulls), default=math.nan),
        }
    for group in ("regular", "null", "undersampled"):
        for setting in grouped[group]:
            others = [
                results[setting, method]
                for method, each in known.items()
                if each.group not in ("default", "parametric") and (setting, method) in results
            ]
            best = max(others, key=lambda each: each.against, default=None)
            if best is None:
                continue
            row = {"pair": setting.pair, "group": group, "default": best.default,
                   "best": best.method, "other": best.rmse, "ratio": best.against,
                   "samples": best.replications}  # fmt: skip
            if group == "undersampled":
                summary["undersampled"].append(row)
            elif best.against > 1.25:
                summary["beaten"].append(row)
    worst = sorted(of(DEFAULT, "regular"), key=lambda each: -each.ratio)[:5]
    summary["worst"] = [[each.setting.pair, each.ratio] for each in worst]
    return summary


def keeps_limits(summary: dict[str, Any]) -> bool:
    """Say whether the default is within the limits of `--check`."""
    kept = True
    for rows, each in summary.items():
        reached = each["methods"].get(DEFAULT, {"mean": math.nan, "worst": math.nan})
        if reached["mean"] > LIMIT_MEAN or reached["worst"] > LIMIT_WORST:
            print(f"{rows} rows: beyond {LIMIT_MEAN} on average or {LIMIT_WORST} at worst")
            kept = False
    return kept


def report(
    results: Results, summary: dict[str, Any], origin: dict[str, Any], notes: list[str]
) -> str:
    """Return the Markdown report."""
    parts = [heading("Accuracy", origin), *(note + "\n" for note in notes)]
    parts += [_overview(rows, each) for rows, each in summary.items()]
    for rows in summary:
        for group, title in GROUPS.items():
            chosen = {k: v for k, v in results.items()
                      if k[0].rows == rows and group_of(k[0]) == group}  # fmt: skip
            if chosen:
                parts.append(f"## {title}, {rows} rows\n\n{_table(chosen, group)}")
    return "\n".join(parts)


def _overview(rows: str, summary: dict[str, Any]) -> str:
    lines = [
        (
            method,
            str(each["pairs"]),
            number(each["mean"]),
            number(each["worst"]),
            each["worst pair"],
            number(each["default over it"]),
            number(100 * each["share without number"], 1),
            number(each["worst null"], 4),
        )
        for method, each in summary["methods"].items()
    ]
    columns = ("RMSE / bound", "pairs", "geometric mean", "worst", "worst pair",
               "klcli / it", "% no number", "worst null RMSE")  # fmt: skip
    worst = ", ".join(f"{pair} {number(ratio)}" for pair, ratio in summary["worst"])
    return (
        f"{rows} rows:\n\n{markdown(columns, lines)}\nWorst of klcli: {worst or 'none'}.\n\n"
        + _rows("Beaten by more than a quarter", summary["beaten"])
        + _rows("Undersampled, best other method", summary["undersampled"])
    )


def _rows(title: str, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return f"{title}: none.\n\n"
    columns = ("pair", "RMSE of klcli", "best", "its RMSE", "klcli / it", "samples")
    lines = [
        (row["pair"], number(row["default"], 4), row["best"], number(row["other"], 4),
         number(row["ratio"]), str(row["samples"]))
        for row in sorted(rows, key=lambda row: -row["ratio"])
    ]  # fmt: skip
    return f"{title}:\n\n{markdown(columns, lines)}\n"


def _table(results: Results, group: str) -> str:
    methods = list(dict.fromkeys(method for _, method in results))
    methods.remove(DEFAULT)

    def score(each: Accuracy | None) -> str:
        if each is None:
            return ""
        return number(each.ratio) if group == "regular" else number(each.rmse, 4)

    shown = [each for (_, method), each in results.items() if method == DEFAULT]
    shown.sort(key=lambda each: -each.ratio if group == "regular" else -each.rmse)
    lines = [
        [
            mine.setting.pair, number(mine.setting.truth, 4), number(mine.setting.bound, 4),
            number(mine.bias, 4), number(mine.rmse, 4), score(mine),
            *(score(results.get((mine.setting, method))) for method in methods),
        ]
        for mine in shown
    ]  # fmt: skip
    measure = "RMSE / bound" if group == "regular" else "RMSE"
    return markdown(["pair", "D", "bound", "bias", "RMSE", f"klcli: {measure}", *methods], lines)


def figures(each: Accuracy) -> dict[str, Any]:
    """Return one result for JSON."""
    return {
        "pair": each.setting.pair, "n": each.setting.n, "m": each.setting.m,
        "group": group_of(each.setting), "method": each.method, "truth": each.setting.truth,
        "bound": each.setting.bound, "replications": each.replications,
        "failures": each.failures, "bias": each.bias, "rmse": each.rmse, "ratio": each.ratio, "default": each.default,
    }  # fmt: skip


def draw(path: Path, results: Results) -> None:
    """Draw RMSE over the bound, a dot for each pair."""
    panels = []
    methods = list(dict.fromkeys(method for _, method in results))
    for rows in dict.fromkeys(setting.rows for setting, _ in results):
        values: dict[str, list[float]] = {method: [] for method in methods}
        for (setting, method), each in results.items():
            if setting.rows == rows and group_of(setting) == "regular":
                values[method].append(each.ratio)
        label = "RMSE / least possible (a dot for each pair)"
        panels.append(Panel(f"{rows} rows of each", label, values, (0.5, 20), (1,), log=True))
    strips(path, panels)


if __name__ == "__main__":
    sys.exit(main())

"""Estimates of a sample against a known distribution: errors, intervals and p-values.

    python tests/benchmarks/onesample.py [--rows 50,200,1000,10000] [--replications 200] [-o table.md]

Draws samples of P and estimates D(P‖Q) and D(Q‖P) with Q known. Errors stand beside the least
standard error of D(P‖Q) from n rows, sqrt(Var_P[log p/q]/n), which no regular estimator beats. An
interval that is open above covers what is not below its lower end.
"""

from __future__ import annotations

import fnmatch
import math
import sys
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

# The folder above, in place of this one: this file is not the package of that name.
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.replications import (
    heading,
    markdown,
    number,
    parser,
    provenance,
    replicate,
    write,
)

if TYPE_CHECKING:
    from numpy.random import Generator

#: P, Q. Every pair stands for a way in which data differ from a model, or do not.
PAIRS = (
    ("norm(0, 1)", "norm(0.2, 1)"),
    ("norm(0, 1)", "norm(1, 1)"),
    ("norm(0, 1)", "norm(3, 1)"),
    ("norm(0, 0.7)", "norm(0, 1)"),
    ("norm(0, 1.5)", "norm(0, 1)"),
    ("norm(5, 1)", "norm(0, 10)"),
    ("t(5)", "norm(0, 1)"),
    ("norm(0, 1)", "t(3)"),
    ("t(4)", "t(2)"),
    ("laplace()", "norm(0, 1.4142)"),
    ("skewnorm(3)", "norm(0.75, 0.66)"),
    ("logistic()", "norm(0, 1.8138)"),
    ("expon()", "expon(scale=1.5)"),
    ("gamma(2)", "expon()"),
    ("expon()", "gamma(2)"),
    ("weibull_min(1.5)", "expon()"),
    ("lognorm(1)", "expon()"),
    ("lognorm(0.5)", "gamma(4, scale=0.28)"),
    ("beta(2, 3)", "uniform()"),
    ("uniform()", "beta(2, 2)"),
    ("beta(0.5, 0.5)", "uniform()"),
    ("uniform(0, 0.8)", "uniform()"),
    ("0.5*norm(-2, 1) + 0.5*norm(2, 1)", "norm(0, 2.236)"),
    ("0.9*norm(0, 1) + 0.1*norm(0, 0.01)", "norm(0, 1)"),
    ("0.95*norm(0, 1) + 0.05*norm(6, 1)", "norm(0, 1)"),
    ("norm(0, 1)", "0.5*norm(-1, 1) + 0.5*norm(1, 1)"),
    ("poisson(3)", "poisson(4)"),
    ("poisson(100)", "poisson(105)"),
    ("nbinom(5, 0.5)", "poisson(5)"),
    ("binom(10, 0.3)", "binom(10, 0.4)"),
    ("geom(0.3)", "geom(0.4)"),
    ("categorical(0.1, 0.1, 0.1, 0.2, 0.2, 0.3)", "randint(0, 6)"),
    ("norm(0, 1)", "norm(0, 1)"),
    ("t(3)", "t(3)"),
    ("expon()", "expon()"),
    ("beta(2, 3)", "beta(2, 3)"),
    ("0.5*norm(-2, 1) + 0.5*norm(2, 1)", "0.5*norm(-2, 1) + 0.5*norm(2, 1)"),
    ("poisson(3)", "poisson(3)"),
    ("binom(10, 0.3)", "binom(10, 0.3)"),
    ("geom(0.3)", "geom(0.3)"),
)
#: Families of which all parameters are fitted to the rows, with the least D(P‖Q) of any member.
FITTED = (
    ("norm(3, 2)", "norm(?, ?)"),
    ("expon()", "expon(scale=?)"),
    ("gamma(2)", "gamma(?, scale=?)"),
    ("poisson(3)", "poisson(?)"),
    ("t(5)", "norm(?, ?)"),
    ("gamma(4)", "norm(?, ?)"),
    ("uniform()", "norm(?, ?)"),
)
#: What `--check` asks of a small sample: far below what is shown for a large one.
LIMIT_COVERAGE, LIMIT_ALARMS = 0.85, 0.2
_DRAWS = 200_000


@dataclass(frozen=True)
class Against:
    """A sample of P against Q, with a number of rows."""

    pair: str
    n: int

    @property
    def sides(self) -> tuple[str, str]:
        """P and Q."""
        p, _, q = self.pair.partition(" against ")
        return p, q

    @property
    def rows(self) -> str:
        """The number of rows in words."""
        return str(self.n)

    @property
    def truth(self) -> tuple[float, float]:
        """D(P‖Q) and D(Q‖P)."""
        return truth(*self.sides)[:2]

    @property
    def bound(self) -> float:
        """The least asymptotic standard error of D(P‖Q)."""
        return truth(*self.sides)[2] / math.sqrt(self.n)

    @property
    def null(self) -> bool:
        """Whether nothing differs."""
        return self.truth[0] < 1e-12

    def draw(self, seed: int, replication: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw the sample of one replication; there is no sample of Q."""
        rng = np.random.default_rng([seed, crc32(self.pair.encode()), self.n, replication])
        return drawn(self.sides[0], self.n, rng), np.empty(0)


def drawn(expression: str, n: int, rng: Generator) -> np.ndarray:
    """Draw rows of an expression."""
    from klcli.divergences.models import rvs

    law = _model(expression)
    part = rng.choice(len(law.parts), size=n, p=law.weights)
    values = np.empty(n)
    for which, each in enumerate(law.parts):
        chosen = part == which
        if hasattr(each, "rvs"):
            values[chosen] = rvs(each, int(chosen.sum()), rng)
        else:  # categories
            values[chosen] = each.ppf(rng.random(chosen.sum()))
    return values


@cache
def _model(expression: str) -> Any:
    from klcli.divergences.build import distribution
    from klcli.divergences.models import model

    return model(distribution(expression))


@cache
def truth(p: str, q: str) -> tuple[float, float, float]:
    """Return D(P‖Q), D(Q‖P) and the standard deviation of log p/q over rows of P."""
    import klcli

    if "?" in q:
        q = nearest(p, q)
    forward, reverse = klcli.exact(p, q).results
    x = drawn(p, _DRAWS, np.random.default_rng(1))
    spread = float(np.std(_model(p).log(x) - _model(q).log(x))) if p != q else 0.0
    return forward.value, reverse.value, spread if spread > 1e-9 else 0.0


def nearest(p: str, q: str) -> str:
    """Return the member of a family that is nearest to P: the fit of very many rows of P."""
    if p.partition("(")[0] == q.partition("(")[0]:
        return p
    law = _model(p).parts[0]
    return f"norm({float(law.mean())!r}, {float(law.std())!r})"


def main() -> int:
    """Measure, print, write, and compare with the limits if asked."""
    options = parser((__doc__ or "").partition("\n")[0], replications=200)
    options.add_argument("--resamples", type=int, default=999, metavar="N",
                         help="draws for p-values (default 999)")  # fmt: skip
    options.set_defaults(rows=[(50, 50), (200, 200), (1000, 1000), (10_000, 10_000)])
    chosen = options.parse_args()
    names = [" against ".join(pair) for pair in (*PAIRS, *FITTED)]
    patterns = chosen.pairs or ["*"]
    names = [name for name in names if any(fnmatch.fnmatchcase(name, one) for one in patterns)]
    if not names:
        options.error(f"no pair fits {', '.join(patterns)}")
    wanted = [Against(name, n) for n, _ in chosen.rows for name in names]
    measure = partial(estimated, resamples=chosen.resamples)
    records = replicate(measure, wanted, chosen)  # type: ignore[arg-type]
    results = [figures(setting, which, values) for (setting, which), values in records.items()]  # type: ignore[arg-type]
    summary = {str(n): summarize([each for each in results if each["n"] == n])
               for n, _ in chosen.rows}  # fmt: skip
    origin = provenance(chosen, ("numpy", "scipy"))
    text = report(results, summary, origin)
    print(text)
    write(chosen.output, text, {**origin, "summary": summary, "results": results})
    return int(chosen.check and not keeps_limits(summary))


def estimated(
    setting: Against, p: np.ndarray, q: np.ndarray, replication: int, *, resamples: int
) -> dict[str, tuple[Any, ...]]:
    """Return what klcli says of one sample, in each direction."""
    del q
    import klcli

    report = klcli.estimate(p, setting.sides[1], resamples=resamples, seed=replication)
    return {
        result.direction: (
            result.estimate, result.ci_low, result.ci_high, result.p_value, str(result.status),
            result.noise_floor,
        )
        for result in report.results
    }  # fmt: skip


def figures(setting: Against, which: str, records: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Sum up one direction of one setting."""
    from scipy import stats

    value, low, high, p_values, floor = np.array(
        [(*record[:4], record[5]) for record in records], float
    ).T
    target = setting.truth[which == "reverse"]
    bound = setting.bound if which == "forward" else math.nan
    finite = value[np.isfinite(value)] - target
    error = math.sqrt(float(np.mean(finite**2))) if len(finite) else math.nan
    ok = np.array([record[4] == "ok" for record in records])
    slack = 1e-12
    return {
        "pair": setting.pair, "n": setting.n, "direction": which, "truth": target, "bound": bound,
        "bias": float(np.mean(finite)) if len(finite) else math.nan,
        "error": error,
        "efficiency": error / bound if bound > 0 and not setting.null else math.nan,
        "covered": float(np.mean((low <= target + slack) & (target - slack <= high))),
        "width": float(np.median(high - low) / (2 * 1.96 * bound)) if bound > 0 else math.nan,
        "positive": float(np.mean(low > 0)),
        "ok": float(np.mean(ok)),
        "alarms": float(np.mean(p_values < 0.05)),
        "uniform": float(stats.kstest(p_values, "uniform").pvalue) if setting.null else math.nan,
        "above floor": float(np.mean(value > floor)),
        "null": setting.null, "fitted": "?" in setting.sides[1],
    }  # fmt: skip


def summarize(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return figures over all pairs."""
    away = [each for each in results if each["direction"] == "forward"]
    differ = [each for each in away if not each["null"]]
    null = [each for each in away if each["null"]]
    trusted = [each for each in results if each["direction"] == "reverse" and not each["null"]]
    worst = min(differ, key=lambda each: each["covered"], default=None)
    known = [each["efficiency"] for each in differ if each["efficiency"] == each["efficiency"]]
    return {
        "pairs": len(differ),
        "efficiency": math.exp(_mean(np.log(known))) if known else math.nan,
        "coverage": _mean(each["covered"] for each in differ),
        "least": worst["covered"] if worst else math.nan,
        "least at": worst["pair"] if worst else "",
        "reverse coverage": _mean(each["covered"] for each in trusted),
        "null, low > 0": max((each["positive"] for each in null), default=math.nan),
        "null, alarms": _mean(each["alarms"] for each in null),
        "null, most alarms": max((each["alarms"] for each in null), default=math.nan),
        "null, uniform": min((each["uniform"] for each in null), default=math.nan),
    }


def _mean(values: Any) -> float:
    known = list(values)
    return math.fsum(known) / len(known) if known else math.nan


def keeps_limits(summary: dict[str, Any]) -> bool:
    """Say whether all is within the limits of `--check`."""
    kept = True
    for rows, each in summary.items():
        if each["coverage"] < LIMIT_COVERAGE or each["null, alarms"] > LIMIT_ALARMS:
            print(f"{rows} rows: coverage below {LIMIT_COVERAGE} or alarms above {LIMIT_ALARMS}")
            kept = False
    return kept


def report(results: list[dict[str, Any]], summary: dict[str, Any], origin: dict[str, Any]) -> str:
    """Return the Markdown report."""
    parts = [heading("A sample against a known distribution", origin)]
    columns = ("rows", "pairs", "error / bound", "coverage", "least", "at", "coverage of D(Q‖P)",
               "null: low > 0, most", "p < .05", "most", "uniform p, least")  # fmt: skip
    lines = [
        (
            rows, str(each["pairs"]), number(each["efficiency"]), _percent(each["coverage"]),
            _percent(each["least"]), each["least at"], _percent(each["reverse coverage"]),
            _percent(each["null, low > 0"]), _percent(each["null, alarms"]),
            _percent(each["null, most alarms"]), number(each["null, uniform"], 3),
        )
        for rows, each in summary.items()
    ]  # fmt: skip
    parts.append(markdown(columns, lines))
    for rows in summary:
        for which, sign in (("forward", "D(P‖Q)"), ("reverse", "D(Q‖P)")):
            own = [each for each in results if str(each["n"]) == rows
                   and each["direction"] == which]  # fmt: skip
            if own:
                parts.append(f"## {sign}, {rows} rows\n\n{_table(own)}")
    return "\n".join(parts)


def _table(results: list[dict[str, Any]]) -> str:
    columns = ("pair", "D", "bias", "error", "error / bound", "covers", "width / ideal",
               "low > 0", "ok", "p < .05", "> floor", "uniform p")  # fmt: skip
    lines = [
        (
            each["pair"], number(each["truth"], 4), number(each["bias"], 4),
            number(each["error"], 4), number(each["efficiency"]), _percent(each["covered"]),
            number(each["width"]), _percent(each["positive"]), _percent(each["ok"]),
            _percent(each["alarms"]), _percent(each["above floor"]), number(each["uniform"], 3),
        )
        for each in results
    ]  # fmt: skip
    return markdown(columns, lines)


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.1f} %"


if __name__ == "__main__":
    sys.exit(main())

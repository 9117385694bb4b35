"""The public function `klcli.fit`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from klcli import __version__
from klcli.data.wording import counted
from klcli.densities.bandwidth import check_bandwidth
from klcli.errors import InputError, UsageError
from klcli.fitting.column import read_column
from klcli.fitting.curves import grid
from klcli.fitting.named import family
from klcli.fitting.normal_mixture import NormalMixture
from klcli.fitting.outcome import Job, outcomes
from klcli.fitting.report import FitReport, Target
from klcli.fitting.target import DENSITIES, Aim, of_known, of_rows
from klcli.fitting.unknowns import unknowns
from klcli.one_thread import one_thread
from klcli.results import Direction, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from klcli.fitting.report import Fit
    from klcli.fitting.scipy_family import ScipyFamily

UNITS: Final = {"e": "nats", "2": "bits", "10": "bans"}
#: Random starts beside those at the target's modes.
STARTS: Final = 3
#: Seconds of the processor that one search may take: enough for all but stable distributions.
SECONDS: Final = 60.0
#: Range of values below which squares of it are no numbers.
_NARROWEST: Final = 1e-150


@one_thread()
def fit(
    target: Any,
    family: str | Sequence[str],
    *,
    objective: str = "both",
    column: str | None = None,
    fix: Mapping[str, float] | None = None,
    density: str = "kde",
    bandwidth: str | float = "isj",
    starts: int = STARTS,
    base: float | str = "e",
    seed: int = 0,
    input_format: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> FitReport:
    """Fit families of distributions to data or to a known distribution.

    The forward fit minimises D(P‖Q), which for data is maximum likelihood: Q covers all of P. The
    reverse fit minimises D(Q‖P): Q seeks one mode of P. Data have no density of their own, so
    reverse fits to data rest on an estimate of it.

    Parameters
    ----------
    target : path, ndarray, data frame, expression or frozen distribution of scipy.stats
        P: a dataset, or a distribution such as ``"0.5*norm(-2, 0.5) + 0.5*norm(2, 0.5)"``.
    family : str or sequence of str
        Names of scipy.stats, ``mixture:K`` for K normal distributions, or with unknowns,
        ``"gamma(?, 0, ?)"``.
    objective : {'forward', 'reverse', 'both'}
        Which divergence is minimised.
    column : str, optional
        Of the dataset; may be left out if only one has numbers.
    fix : dict of str to float, optional
        Parameters that are given, by scipy's names.
    density : {'kde', 'mixture'}
        How the density of data is estimated: kernels, or the mixture of normals that BIC chooses.
    bandwidth : str or float
        Of the kernel: ``isj``, ``scott``, ``silverman``, ``cv``, or a number.
    starts : int
        Random starts beside those at the target's modes.
    base : "e", 2 or 10
        Of the logarithm: nats, bits or bans.
    seed : int
        Of random starts, and of the sample of more than 131,072 rows.
    input_format : str, optional
        Format of the file, where its name does not tell.
    progress : callable, optional
        Called with what is being done and the share that is done.

    Returns
    -------
    FitReport
        For each family the forward fit and every distinct local optimum of the reverse one, with
        standard errors and both divergences.

    Raises
    ------
    UsageError
        If a family cannot be fitted, or an option has no meaning.
    InputError
        If the data cannot be read or hold no numbers that the family can have.

    References
    ----------
    .. [1] H. White, "Maximum likelihood estimation of misspecified models", Econometrica 50
       (1982) 1-25, doi:10.2307/1912526.
    .. [2] C. Bishop, "Pattern Recognition and Machine Learning" (2006), section 10.1.2: forward
       and reverse divergence of one normal distribution from two.

    Examples
    --------
    One normal distribution for two peaks: the forward fit has their mean and variance, 0 and
    4 + 1/4; the reverse fit takes one of them, and misses half of P, log 2 nats.

    >>> import klcli
    >>> report = klcli.fit("0.5*norm(-2, 0.5) + 0.5*norm(2, 0.5)", "norm")
    >>> for fit in report.fits[:3]:
    ...     loc, scale = (parameter.value for parameter in fit.parameters)
    ...     print(f"{fit.objective} {abs(loc):.3f} {scale:.3f} {fit.minimised.value:.3f}")
    forward 0.000 2.062 0.724
    reverse 2.000 0.500 0.693
    reverse 2.000 0.500 0.693
    """
    tell = progress or _silent
    families, known = _checked(
        target, family, objective, fix, density, bandwidth, starts, base, seed
    )
    rng = np.random.default_rng(seed)
    wanted = [each for each in Direction if objective in (each, "both")]
    job = Job(tuple(map(str, wanted)), starts, SECONDS, rng)
    if known:
        aim = of_known(target, discrete=families[0].discrete)
    else:
        read = read_column(target, column, input_format=input_format, seed=seed, progress=tell)
        tell("estimating the density", 0.25)
        aim = of_rows(
            read, discrete=families[0].discrete, density=density, rule=bandwidth,
            lowest=_lowest(families, read.values), wanted=True, rng=rng,
        )  # fmt: skip
        _check_rows(aim, families)
    fits: list[Fit] = []
    missing: list[Finding] = []
    failed: list[InputError] = []
    for number, side in enumerate(families):
        tell(f"fitting {side.name}", 0.3 + 0.7 * number / len(families))
        try:
            found, findings = outcomes(aim, side, job)
        except InputError as error:
            failed.append(error)
            missing.append(Finding("not-fitted", f"{error.message}; {error.hint}"))
        else:
            fits += found
            missing += findings
    if not fits:
        raise failed[0]
    tell("done", 1.0)
    return _report(aim, fits, families, missing, seed, base)


def _checked(
    target: Any,
    names: str | Sequence[str],
    objective: str,
    fix: Mapping[str, float] | None,
    density: str,
    bandwidth: str | float,
    starts: int,
    base: float | str,
    seed: int,
) -> tuple[list[ScipyFamily | NormalMixture], bool]:
    if objective not in (*Direction, "both"):
        raise UsageError.unknown_choice("objective", objective, [*Direction, "both"])
    if density not in DENSITIES:
        raise UsageError.unknown_choice("density", density, list(DENSITIES))
    check_bandwidth(bandwidth)
    if str(base) not in UNITS:
        raise UsageError.unknown_choice("base", base, list(UNITS))
    if not 0 <= starts <= 1000:
        raise UsageError(f"--starts {starts} is out of range", "give a number from 0 to 1000")
    if not 0 <= seed < 2**63:
        raise UsageError(f"--seed {seed} is out of range", "give a number from 0 up")
    asked = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    if not asked:
        raise UsageError("no family is named", "--family norm, gamma, t, poisson, mixture:2, …")
    families = []
    for name in asked:
        plain, given = unknowns(name)
        families.append(family(plain, {**given, **(fix or {})}))
    for side in families[1:]:
        if side.discrete != families[0].discrete:
            first, second = sorted((families[0], side), key=lambda one: one.discrete)
            raise UsageError(
                f"{first.name} is of numbers, {second.name} of whole numbers: densities and masses "
                "cannot be compared",
                "fit them in two runs",
            )
    return families, _is_known(target)


def _is_known(target: Any) -> bool:
    """Tell a distribution from data."""
    if hasattr(target, "dist") and hasattr(target, "kwds"):
        return True
    return isinstance(target, str) and "(" in target and not Path(target).exists()


def _lowest(families: Sequence[ScipyFamily | NormalMixture], values: np.ndarray) -> float:
    """Return where whole numbers begin: where all families do, if the data do not go below."""
    if not families[0].discrete or values[0] < 0:
        return -math.inf
    return 0.0


def _check_rows(aim: Aim, families: Sequence[ScipyFamily | NormalMixture]) -> None:
    column, rows = aim.column, aim.points.rows
    assert column is not None
    distinct = len(aim.points.values)
    least, largest = float(aim.points.values.min()), float(aim.points.values.max())
    if distinct > 1 and not _NARROWEST < largest - least < 1 / _NARROWEST:
        raise InputError(
            f"the values of {column.name!r} run from {least:g} to {largest:g}: no number can hold "
            "the square of that range",
            "fit multiples of them",
        )
    for side in families:
        if rows <= side.size:
            text = counted(rows, "row")
            raise InputError(
                f"{side.name} has {side.size} parameters to fit, and {column.name!r} {text}",
                "give more rows, or fix parameters with --fix",
            )
        if isinstance(side, NormalMixture) and distinct < 2 * side.parts:
            raise InputError(
                f"{side.name} needs at least {2 * side.parts} different values; {column.name!r} "
                f"has {distinct}",
                "ask for fewer components",
            )
        if distinct == 1 and not side.discrete:
            raise InputError(
                f"every value of {column.name!r} is {column.values[0]:g}: no density fits",
                "choose another --column",
            )


def _report(
    aim: Aim,
    fits: Sequence[Fit],
    families: Sequence[ScipyFamily | NormalMixture],
    missing: Sequence[Finding],
    seed: int,
    base: float | str,
) -> FitReport:
    column = aim.column
    if column is None:
        target = Target(
            "distribution", str(aim.known), "", 0, 0, 0, families[0].discrete, "none", math.nan,
            aim.entropy,
        )  # fmt: skip
        findings: tuple[Finding, ...] = tuple(missing)
    else:
        target = Target(
            "data", column.source, column.name, column.rows, len(column.values), column.missing,
            families[0].discrete, aim.density, aim.width, aim.entropy,
        )  # fmt: skip
        findings = (*column.findings, *aim.findings, *missing)
    x, density, fits = grid(aim, families, fits)
    report = FitReport(
        __version__, seed, UNITS[str(base)], target, tuple(fits), x, density, findings
    )
    return report if str(base) == "e" else report.scaled(1 / math.log(float(base)))


def _silent(message: str, share: float) -> None:
    """Tell nobody."""

"""`klcli.exact`: the divergence of two known distributions."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, Final

from klcli import __version__
from klcli.divergences.build import described, distribution
from klcli.divergences.closed import ROUNDING, closed_entropy, closed_form
from klcli.divergences.known import Known, Mixture, category_masses
from klcli.divergences.report import Exact, ExactReport, Side
from klcli.errors import UsageError
from klcli.results import UNITS, Direction, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klcli.divergences.known import Distribution
    from klcli.divergences.quadrature import Integrals

DRAWS: Final = 200_000
_NUMBERS: Final = ("continuous", "discrete", "circular")
#: Errors in nats above this, and above a tenth of the result, leave no digit.
_NO_DIGITS: Final = 1e-6
#: From here on floats are not every integer.
_EXACT: Final = 2.0**53
#: The formulas of the methods without a closed form.
_TEXTS: Final = {
    "summation": "Σ p·log(p/q)",
    "quadrature": "∫ p·log(p/q) dx",
    "monte-carlo": "mean of log(p/q) over draws from the first",
}


def exact(
    p: Any,
    q: Any,
    *,
    divergence: str | Sequence[str] = "kl",
    direction: str = "both",
    base: float | str = "e",
    draws: int = DRAWS,
    seed: int = 0,
) -> ExactReport:
    """Compute the divergence of two known distributions.

    By a closed form where there is one, without importing scipy.stats; else by summation
    (integers), adaptive quadrature (numbers) or Monte Carlo (vectors).

    Parameters
    ----------
    p, q : str, array_like or frozen distribution of scipy.stats
        An expression with scipy's names and arguments, ``"norm(0, 1)"``, or a mixture,
        ``"0.3*norm(-2, 1) + 0.7*norm(2, 0.5)"``; the path of a CSV or JSON file of probabilities;
        an array of probabilities. Expressions are parsed, never run.
    divergence : str or sequence of str
        ``kl``, ``reverse``, ``jeffreys``, ``js``, ``hellinger``, ``tv``, ``chi2``, ``renyi:ALPHA``,
        ``wasserstein``, ``energy``, ``ks``, or ``all``. Others than ``kl`` are of numbers and
        categories, and have no entropies.
    direction : str
        "forward" for D(P‖Q), "reverse" for D(Q‖P), "both".
    base : "e", 2 or 10
        Of the logarithm: nats, bits or bans.
    draws : int
        Draws of Monte Carlo.
    seed : int
        Of Monte Carlo.

    Returns
    -------
    ExactReport
        Divergence, entropy and cross-entropy for each direction, the method and its error.

    Raises
    ------
    UsageError
        If an expression is none, a parameter is out of its domain, or the two are of different
        kinds.
    InputError
        If a file of probabilities cannot be read.

    References
    ----------
    .. [1] M. Gil, F. Alajaji, T. Linder, "Rényi divergence measures for commonly used univariate
       continuous distributions", Information Sciences 249 (2013), 124-131,
       doi:10.1016/j.ins.2013.06.018.

    Examples
    --------
    >>> import klcli
    >>> forward, reverse = klcli.exact("norm(0, 1)", "norm(1, 2)").results
    >>> print(f"{forward.value:.4f} {forward.method}; log 2 - 1/4 is 0.4431")
    0.4431 closed-form; log 2 - 1/4 is 0.4431
    """
    if direction not in (*Direction, "both"):
        raise UsageError.unknown_choice("direction", direction, [*Direction, "both"])
    if str(base) not in UNITS:
        raise UsageError.unknown_choice("base", base, list(UNITS))
    if draws < 2:
        raise UsageError(f"{draws} draws are too few", "give --draws 1000 or more")
    first, second = distribution(p), distribution(q)
    _check(first, second)
    factor = 1.0 if str(base) == "e" else 1 / math.log(float(base))
    wanted = list(Direction) if direction == "both" else [Direction(direction)]
    pairs = {Direction.FORWARD: (first, second), Direction.REVERSE: (second, first)}
    names = [divergence] if isinstance(divergence, str) else list(divergence)
    try:
        if names == ["kl"]:
            results = tuple(
                _one(*pairs[each], each, draws, seed).scaled(factor) for each in wanted
            )
        else:
            from klcli.divergences.several import several

            results = several(
                first, second, names, wanted, lambda each: _one(*pairs[each], each, draws, seed),
                factor,
            )  # fmt: skip
    except ArithmeticError as error:
        raise UsageError(
            f"P is {first}, Q is {second}: numbers of a computer are too small for this",
            "measure in another unit, so that parameters are nearer to 1",
        ) from error
    sides = [Side(str(side), side.kind) for side in (first, second)]
    return ExactReport(__version__, seed, UNITS[str(base)], sides[0], sides[1], results)


def _check(p: Distribution, q: Distribution) -> None:
    if (p.kind, p.size) == (q.kind, q.size):
        return
    text = f"P is {described(p)}, Q is {described(q)}: there is no ratio of their densities"
    hint = "compare two distributions of one kind"
    if {p.kind, q.kind} == {"categories", "discrete"}:
        text = "one side has named categories, the other numbers"
        hint = "name the categories of both, or of none"
    raise UsageError(text, hint)


def _one(p: Distribution, q: Distribution, direction: str, draws: int, seed: int) -> Exact:
    """Return D(p‖q) with the entropy of p."""
    if p == q:
        return _result(
            direction, 0.0, 0.0, "closed-form", "0, for P = Q", *_entropy(p, draws, seed)
        )
    if isinstance(p, Known) and isinstance(q, Known):
        found = closed_form(p, q)
        if found is not None:
            method = "closed-form" if found.source else "support"
            return _result(
                direction, found.value, found.error, method, found.formula,
                *_entropy(p, draws, seed), source=found.source, reason=found.reason,
            )  # fmt: skip
    method, numbers = _numerical(p, q, draws, seed)
    own = closed_entropy(p) if isinstance(p, Known) else None
    outcome = numbers.divergence
    entropy = own or (
        numbers.entropy.value,
        numbers.entropy.error + numbers.entropy.standard_error,
    )
    return _result(
        direction, outcome.value, outcome.error, method, _TEXTS.get(method, ""), *entropy,
        reason=outcome.reason, standard_error=outcome.standard_error,
        lower_bound=outcome.lower_bound,
    )  # fmt: skip


def _entropy(p: Distribution, draws: int, seed: int) -> tuple[float, float]:
    own = closed_entropy(p) if isinstance(p, Known) else None
    if own is not None:
        return own
    entropy = _numerical(p, p, draws, seed)[1].entropy
    return entropy.value, entropy.error + entropy.standard_error


def _numerical(p: Distribution, q: Distribution, draws: int, seed: int) -> tuple[str, Integrals]:
    """Return the method and what it gives."""
    with warnings.catch_warnings():
        # scipy's, about densities that overflow far out; what matters is in the error bound.
        warnings.simplefilter("ignore")
        return _computed(p, q, draws, seed)


def _computed(p: Distribution, q: Distribution, draws: int, seed: int) -> tuple[str, Integrals]:
    if p.kind == "categories":
        return "summation", _labelled(p, q)
    if p.kind not in _NUMBERS:
        import numpy as np

        from klcli.divergences.montecarlo import drawn

        return "monte-carlo", drawn(p, q, draws, np.random.default_rng(seed))
    from klcli.divergences.models import model
    from klcli.divergences.outcome import Outcome
    from klcli.divergences.quadrature import Integrals, integrate, uncovered
    from klcli.divergences.summation import summed
    from klcli.divergences.trapezoid import SLOW, trapezoid

    if p.kind == "discrete":
        too_large = next(filter(None, map(_inexact, (p, q))), "")
        if too_large:
            refused = Outcome(math.nan, 0.0, too_large)
            return "summation", Integrals(refused, refused)
        return "summation", summed(model(p), model(q))
    if p.kind == "circular":
        return "quadrature", integrate(model(p), model(q), circular=True)
    plain = model(p)
    missing = uncovered(plain.supports, model(q).supports)
    low, high = min(a for a, _ in plain.supports), max(b for _, b in plain.supports)
    # Floats are densest around 0: there goes a finite end of the support, or else the middle.
    shift = low if math.isfinite(low) else high if math.isfinite(high) else plain.middle
    if missing:
        return "support", Integrals(missing, _computed(p, p, draws, seed)[1].entropy)
    if SLOW & {*_families(p), *_families(q)}:
        return "quadrature", trapezoid(plain, model(q))
    return "quadrature", integrate(model(p, shift), model(q, shift))


def _inexact(side: Distribution) -> str:
    """Name a parameter that floats do not hold to the last integer, if there is one."""
    for part in side.parts if isinstance(side, Mixture) else (side,):
        for name, value in part.values:
            if isinstance(value, float) and abs(value) > _EXACT:
                return f"{part.family}: {name} = {value:g} is too large to tell integers apart"
    return ""


def _families(side: Distribution) -> list[str]:
    return [part.family for part in (side.parts if isinstance(side, Mixture) else (side,))]


def _labelled(p: Distribution, q: Distribution) -> Integrals:
    """Sum over named categories, which mixtures need not have in one order."""
    from klcli.divergences.closed_vector import categorical
    from klcli.divergences.outcome import Outcome
    from klcli.divergences.quadrature import Integrals

    first, second = category_masses(p), category_masses(q)
    names = list(dict.fromkeys((*first, *second)))
    terms = categorical(
        [first.get(name, 0.0) for name in names], [second.get(name, 0.0) for name in names], names
    )
    entropy = -math.fsum(value * math.log(value) for value in first.values() if value > 0)
    own = Outcome(entropy, ROUNDING * abs(entropy))
    if isinstance(terms, str):
        return Integrals(Outcome(math.inf, 0.0, terms), own)
    value = math.fsum(terms)
    return Integrals(Outcome(value, ROUNDING * value), own)


def _result(
    direction: str,
    value: float,
    error: float,
    method: str,
    formula: str,
    entropy: float,
    entropy_error: float,
    *,
    source: str = "",
    reason: str = "",
    standard_error: float = 0.0,
    lower_bound: str = "",
) -> Exact:
    status = Status.OK
    if math.isfinite(value) and error > max(abs(value) / 10, _NO_DIGITS):
        reason, value = f"rounding leaves no digit: it is {value:.3g} within {error:.1g}", math.nan
    if math.isnan(value) or (math.isfinite(value) and math.isnan(error)):
        reason, value = reason or "the densities could not be evaluated where P lies", math.nan
        status = Status.UNDEFINED
    elif math.isinf(value):
        status = Status.INFINITE
    elif lower_bound:
        status = Status.LOWER_BOUND
    bound = math.nan if method == "monte-carlo" else error
    return Exact(
        "kl", str(direction), value, entropy, value + entropy, str(status), bound, standard_error,
        entropy_error, method, formula, source, reason or lower_bound,
    )  # fmt: skip

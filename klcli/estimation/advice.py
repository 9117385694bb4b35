"""Which divergence to use, given what the estimates and their warnings say of a column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.results import Direction, Estimate, Kind, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Warnings that say that one side has what the other lacks.
_ESCAPES: Final = ("unseen-categories", "outside-range", "saturated", "heavy-tail")
#: Share of its largest value above which js can hardly grow.
_FULL: Final = 0.9
#: log(1 + χ²) over kl, 2 near zero and for shifts of normal distributions, beyond which few rows rule.
_TAILED: Final = 2.5
#: A p-value above which nothing has been seen.
_UNREMARKABLE: Final = 0.05
#: Standard errors from which two estimates are called different.
_APART: Final = 2.0

_LIN: Final = "Lin 1991, doi:10.1109/18.61115"
_ENDRES: Final = "Endres & Schindelin 2003, doi:10.1109/TIT.2003.813506"
_GIBBS: Final = "Gibbs & Su 2002, doi:10.1111/j.1751-5823.2002.tb00178.x"
_ERVEN: Final = "van Erven & Harremoës 2014, doi:10.1109/TIT.2014.2320500"
_VILLANI: Final = "Villani 2009, doi:10.1007/978-3-540-71050-9, chapter 6"
_SZEKELY: Final = "Székely & Rizzo 2013, doi:10.1016/j.jspi.2013.03.018"
_TSYBAKOV: Final = "Tsybakov 2009, doi:10.1007/b13794, section 2.4"
_COVER: Final = "Cover & Thomas 2006, doi:10.1002/047174882X, theorem 2.5.3"
_SMIRNOV: Final = "Smirnov 1948, doi:10.1214/aoms/1177730256"
_GOOD: Final = "Good 1953, doi:10.1093/biomet/40.3-4.237"
_BARRIO: Final = "del Barrio, Giné & Matrán 1999, doi:10.1214/aop/1022677394"


@dataclass(frozen=True, slots=True)
class Remark:
    """What a divergence depends on, on these data."""

    divergence: str
    message: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to use for a need.

    Attributes
    ----------
    need : str
        What one may want.
    use : tuple of str
        Divergences, the best first; empty if there is none on these data.
    reason : str
        Why, with numbers from the data.
    source : str
        Where that is shown; empty for what needs no source.
    """

    need: str
    use: tuple[str, ...]
    reason: str
    source: str = ""


class _Column:
    """The results of one column, by divergence and direction."""

    def __init__(self, results: Sequence[Estimate]) -> None:
        self.results = results
        self.first = results[0]
        self.ordered = self.first.kind in (Kind.NUMERIC, Kind.DATETIME)

    def of(self, divergence: str, direction: str = "") -> Estimate | None:
        """Return one result that has a number, if there is."""
        for result in self.results:
            wanted = result.divergence == divergence and result.status != Status.UNDEFINED
            if wanted and direction in ("", result.direction):
                return result
        return None

    def have(self, *divergences: str) -> tuple[str, ...]:
        """Return which of these there are estimates of."""
        return tuple(each for each in divergences if self.of(each) is not None)

    def warned(self, *codes: str) -> str:
        """Return the message of the first warning with one of these codes; empty if none."""
        for code in codes:
            for result in self.results:
                for finding in result.warnings:
                    if finding.code == code:
                        return finding.message
        return ""

    @property
    def unlike(self) -> list[Estimate]:
        """The directions of kl in which it is no number."""
        return [
            result
            for result in self.results
            if result.divergence == "kl" and result.status in (Status.INFINITE, Status.LOWER_BOUND)
        ]


def remarks(results: Sequence[Estimate]) -> Iterator[Remark]:
    """Tell what each divergence of one column depends on, on these data."""
    column = _Column(results)
    tested = [result.p_value for result in results if not math.isnan(result.p_value)]
    if tested and min(tested) > _UNREMARKABLE:
        yield Remark("all", "none is larger than chance alone makes it with so many rows")
    forward, reverse = column.of("kl", Direction.FORWARD), column.of("kl", Direction.REVERSE)
    for result, sign in ((forward, "P‖Q"), (reverse, "Q‖P")):
        if result is None:
            continue
        why = [each.message for each in result.warnings if each.code in _ESCAPES]
        if result.status == Status.INFINITE:
            yield Remark(f"kl {sign}", f"infinite, however rare they are: {why[0]}")
        elif result.status == Status.LOWER_BOUND and why:
            yield Remark(f"kl {sign}", f"known from below only: {why[0]}")
    if forward and reverse and not column.unlike:
        gap, error = abs(forward.estimate - reverse.estimate), _error(forward, reverse)
        if gap > _APART * error:
            larger = "P‖Q" if forward.estimate > reverse.estimate else "Q‖P"
            yield Remark("kl", f"larger as {larger}: which side is the reference matters here")
    chi2 = column.of("chi2", Direction.FORWARD)
    if chi2 and forward and chi2.status == forward.status == Status.OK and forward.ci_low > 0:
        times = math.log1p(max(chi2.estimate, 0.0)) / _nats(forward)
        if times > _TAILED:
            yield Remark(
                "chi2",
                f"ruled by few rows with large p/q: log(1 + χ²) is {times:.2g} times kl, and 2 times "
                "for a shift of normal values",
            )
    js = column.of("js")
    if js and _nats(js) > _FULL * math.log(2):
        share = 100 * _nats(js) / math.log(2)
        yield Remark("js", f"at {share:.0f} % of its largest value, log 2: no room for more")
    yield from _order(column)
    psi, jeffreys = column.of("psi"), column.of("jeffreys")
    if psi and jeffreys and psi.status == jeffreys.status == Status.OK and psi.estimate > 0:
        hidden = 1 - psi.estimate / jeffreys.estimate if jeffreys.estimate > 0 else 0.0
        if jeffreys.estimate - psi.estimate > _APART * _error(psi, jeffreys):
            yield Remark("psi", f"its bins hide {100 * hidden:.0f} % of jeffreys")
    absent = [result for result in results if result.status == Status.UNDEFINED]
    if absent and len(absent) < len(results):
        names = ", ".join(dict.fromkeys(result.divergence for result in absent))
        yield Remark(names, f"have no value: {absent[0].warnings[-1].message}")
    left_out = column.warned("missing-left-out")
    if left_out:
        yield Remark("wasserstein, energy, ks", left_out)


def _order(column: _Column) -> Iterator[Remark]:
    """Compare what looks at the order of values with what does not."""
    tv, ks = column.of("tv"), column.of("ks")
    if tv and ks and tv.ci_low > 0:
        missing = column.first.missing_p or column.first.missing_q
        if tv.estimate - ks.estimate > _APART * _error(tv, ks) and not missing:
            yield Remark(
                "ks",
                f"{ks.estimate:.2g} where tv is {tv.estimate:.2g}: P and Q cross more than once "
                "(spread or shape, not only a shift), which ks sees in part",
            )
        elif abs(tv.estimate - ks.estimate) <= _APART * _error(tv, ks) and ks.ci_low > 0:
            yield Remark("ks", "as large as tv: one side lies above the other, as by a shift")
    heavy = column.warned("heavy-values")
    if heavy:
        yield Remark("wasserstein", heavy)


def advice(results: Sequence[Estimate], *, alone: bool = True) -> Iterator[Advice]:
    """Tell which divergence of one column to use for what.

    Parameters
    ----------
    results : sequence of Estimate
        Of one column.
    alone : bool
        Whether it is the only column.
    """
    column = _Column(results)
    if all(result.status == Status.UNDEFINED for result in results):
        return
    yield _default(column)
    metric = ("hellinger", "wasserstein", "tv")
    yield Advice(
        "a metric",
        ("√js", *column.have(*metric)) if column.have("js") else column.have(*metric),
        "these obey the triangle inequality, as clustering and nearest neighbours ask for",
        _ENDRES,
    )
    yield _units(column)
    yield _tails(column)
    tv = column.of("tv")
    if tv:
        right = 50 * (1 + max(tv.estimate, 0.0))
        yield Advice(
            "a probability",
            ("tv",),
            f"the best guess whether a row is of P or Q, as likely, is right in {right:.3g} % of "
            "cases",
            _TSYBAKOV,
        )
    if column.ordered:
        yield Advice(
            "any scale",
            (*column.have("ks"), *column.have("js", "kl")),
            "the same after logarithms or any other increasing change of the values",
            _SMIRNOV,
        )
    if not alone:
        yield Advice(
            "columns together",
            column.have("kl"),
            "adds up by the chain rule: kl estimate --joint; distances of single columns do not",
            _COVER,
        )


def _default(column: _Column) -> Advice:
    """Return what to use where there is no special need."""
    unlike = column.unlike
    bounded = column.have("js", "hellinger", *(["wasserstein"] if column.ordered else []))
    if unlike and bounded:
        why = column.warned(*_ESCAPES)
        return Advice("here", bounded, f"finite where kl is not: {why or 'kl is no number'}", _LIN)
    rare = column.warned("undersampled")
    if rare and bounded:
        return Advice("here", bounded, f"bounded, so that rare values weigh less: {rare}", _GOOD)
    few = column.warned("few-rows")
    reason = "P and Q overlap: kl is finite both ways, and adds up over independent columns"
    if few:
        reason += f"; but {few}"
    return Advice("here", column.have("kl") or bounded, reason, _COVER)


def _units(column: _Column) -> Advice:
    need = "how far, in units"
    if not column.ordered:
        reason = f"{column.first.kind} values have no distance; tv counts rows that differ"
        return Advice(need, (), reason)
    heavy = column.warned("heavy-values")
    if heavy:
        use = column.have("energy", "ks")
        return Advice(need, use, f"wasserstein is known from below only: {heavy}", _BARRIO)
    found = column.of("wasserstein")
    if found is None:
        return Advice(need, column.have("energy"), "wasserstein has no estimate here", _SZEKELY)
    unit = " seconds" if found.unit == "seconds" else ""
    text = f"values move by {found.finite_estimate:.3g}{unit} on average"
    if math.isinf(found.ci_high):
        text = "how far values lie that neither side shows is not known"
    elif found.ci_low == 0:
        text = f"values move by less than {found.ci_high:.3g}{unit} on average, if at all"
    return Advice(need, column.have("wasserstein", "energy"), text, _VILLANI)


def _tails(column: _Column) -> Advice:
    need = "tails and rare values"
    sure = [
        result.divergence
        for result in column.results
        if result.divergence in ("kl", "chi2", "renyi:2") and result.status == Status.OK
    ]
    use = tuple(dict.fromkeys(sure))
    if use:
        both = "" if not column.unlike else "; take the direction that is no bound"
        return Advice(need, use, f"they weigh p/q itself, which is largest there{both}", _GIBBS)
    if any(result.status == Status.INFINITE for result in column.unlike):
        use = column.have("renyi:0.5", "hellinger")
        return Advice(need, use, "kl and chi2 are infinite here, orders below 1 are not", _ERVEN)
    bound = column.have("kl")
    return Advice(need, bound, "as lower bounds: the tails rule what no sample shows", _GIBBS)


def _nats(result: Estimate) -> float:
    """Return an estimate in nats, whatever its unit."""
    return result.estimate * {"bits": math.log(2), "bans": math.log(10)}.get(result.unit, 1.0)


def _error(one: Estimate, other: Estimate) -> float:
    return math.hypot(one.standard_error, other.standard_error)

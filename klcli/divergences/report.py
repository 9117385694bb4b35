"""What `kl exact` found. Immutable; only `klcli.render` formats it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from klcli.results import SCHEMA_VERSION, plain

#: Divergences in nats, which follow the base of the logarithm.
LOGARITHMIC: Final = frozenset({"kl", "jeffreys", "js", "renyi"})


@dataclass(frozen=True, slots=True)
class Exact:
    """A divergence of known distributions in one direction. Values are in the report's unit.

    Attributes
    ----------
    divergence : str
        "kl", or another one as it was asked for, "renyi:2".
    direction : str
        "forward" is D(P‖Q), "reverse" D(Q‖P), "symmetric" the same both ways.
    value : float
        The divergence; inf where `status` is "infinite", NaN where it is "undefined".
    entropy : float
        Of the first distribution of this direction: of P forward, of Q reverse. Differential
        entropy, which may be negative, for densities. NaN, as what follows from it, for other
        divergences.
    cross_entropy : float
        Of both: value + entropy.
    status : str
        "ok", "lower-bound", "infinite" or "undefined".
    error_bound : float
        How far `value` may be off: by rounding for formulas, by what was left out for sums, by
        the refinement of panels for quadrature. NaN for Monte Carlo.
    standard_error : float
        Of Monte Carlo; 0 for the others.
    entropy_error : float
        The bound, or for Monte Carlo the standard error, of the entropy.
    method : str
        "closed-form", "support" (infinite by the supports alone), "summation", "quadrature" or
        "monte-carlo".
    formula : str
        What was computed; 1 stands for the first distribution of this direction, 2 for the second.
    source : str
        Where the formula is from.
    reason : str
        Why the status is not "ok".
    """

    divergence: str
    direction: str
    value: float
    entropy: float
    cross_entropy: float
    status: str
    error_bound: float
    standard_error: float
    entropy_error: float
    method: str
    formula: str
    source: str
    reason: str

    def scaled(self, factor: float) -> Exact:
        """Return the same in a unit that is 1/`factor` nats."""
        return replace(
            self,
            value=self.value * factor,
            entropy=self.entropy * factor,
            cross_entropy=self.cross_entropy * factor,
            error_bound=self.error_bound * factor,
            standard_error=self.standard_error * factor,
            entropy_error=self.entropy_error * factor,
        )


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two distributions.

    Attributes
    ----------
    expression : str
        With every parameter spelled out.
    kind : str
        "continuous", "discrete", "circular", "vector", "counts", "matrix" or "categories".
    """

    expression: str
    kind: str


@dataclass(frozen=True, slots=True)
class ExactReport:
    """What `kl exact` found: one result for each direction."""

    klcli_version: str
    seed: int
    unit: str
    p: Side
    q: Side
    results: tuple[Exact, ...]
    command: str = "exact"
    schema_version: int = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON output holds: non-finite numbers are None."""
        order = (
            "schema_version", "command", "klcli_version", "seed", "unit", "p", "q", "results",
        )  # fmt: skip
        fields = asdict(self)
        return {key: plain(fields[key]) for key in order}

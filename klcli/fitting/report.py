"""What `kl fit` found. Immutable; only `klcli.render` formats it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from klcli.results import SCHEMA_VERSION, plain

if TYPE_CHECKING:
    from klcli.results import Finding


@dataclass(frozen=True, slots=True)
class Target:
    """What was fitted: the P of D(P‖Q).

    Attributes
    ----------
    kind : str
        "data" or "distribution".
    source : str
        The file, or the distribution with every parameter spelled out.
    column : str
        Of the file; empty for a distribution.
    rows : int
        Rows of the file; 0 for a distribution.
    used : int
        Rows that were fitted: neither missing nor infinite, and at most 131,072.
    missing : int
        Rows without a value.
    discrete : bool
        Whether it is of whole numbers, as far as the families that were asked for see it.
    density : str
        How the data's own density was estimated: "kde", "mixture", or "none".
    bandwidth : float
        Of the kernel, in the unit of the column; NaN without one.
    entropy : float
        Of the target: of data, estimated.
    """

    kind: str
    source: str
    column: str
    rows: int
    used: int
    missing: int
    discrete: bool
    density: str
    bandwidth: float
    entropy: float


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a fitted distribution.

    Attributes
    ----------
    standard_error : float
        From sampling, whether or not the family is right; NaN where it is not known, see
        `Fit.no_error`.
    information_error : float
        What the observed information alone says: right if the family is. NaN for reverse fits.
    fixed : bool
        Whether it was given, not fitted.
    """

    name: str
    value: float
    standard_error: float
    information_error: float
    fixed: bool


@dataclass(frozen=True, slots=True)
class Divergence:
    """A divergence between target and fit, in the report's unit.

    Attributes
    ----------
    value : float
        inf where `status` is "infinite", NaN where it is "undefined".
    error : float
        How far it may be off through quadrature, summation or rounding.
    standard_error : float
        Of data: from sampling, but for what smoothing does. 0 for known distributions.
    status : str
        "ok", "lower-bound", "infinite" or "undefined".
    reason : str
        Why it is not "ok", or what it rests on.
    """

    value: float
    error: float
    standard_error: float
    status: str
    reason: str

    def scaled(self, factor: float) -> Divergence:
        """Return the same in a unit that is 1/`factor` nats."""
        return replace(
            self,
            value=self.value * factor,
            error=self.error * factor,
            standard_error=self.standard_error * factor,
        )


@dataclass(frozen=True, slots=True)
class Fit:
    """One fitted distribution Q.

    Attributes
    ----------
    family : str
        Its name in scipy.stats, or "mixture:K".
    objective : str
        "forward" if D(P‖Q) was minimised, "reverse" if D(Q‖P) was.
    optimum : int
        1 for the best local optimum of this family and objective, 2 for the next.
    expression : str
        The fit as other commands take it, in full precision.
    parameters : tuple of Parameter
        In scipy's order.
    error_method : str
        Where standard errors are from: "sandwich", "influence" or "none".
    no_error : str
        Why there are none.
    forward, reverse : Divergence
        D(P‖Q) and D(Q‖P).
    cross_entropy : float
        Of P and Q; for data the mean of −log q over the rows.
    log_likelihood, aic, bic : float
        For forward fits to data, in nats; else NaN.
    converged : bool
        Whether the gradient vanishes and the curvature says that it is a minimum.
    gradient_norm : float
        Largest component, in nats per unit of the parameters on the scale they were fitted on.
    iterations : int
        Of the start that led here.
    starts, arrived : int
        Starts of this family and objective, and how many of them ended here.
    optima : int
        Distinct local optima that the starts found.
    density : tuple of float
        Its density (or masses) at `FitReport.grid`.
    """

    family: str
    objective: str
    optimum: int
    expression: str
    parameters: tuple[Parameter, ...]
    error_method: str
    no_error: str
    forward: Divergence
    reverse: Divergence
    cross_entropy: float
    log_likelihood: float
    aic: float
    bic: float
    converged: bool
    gradient_norm: float
    iterations: int
    starts: int
    arrived: int
    optima: int
    warnings: tuple[Finding, ...]
    density: tuple[float, ...]

    def scaled(self, factor: float) -> Fit:
        """Return the same with divergences in a unit that is 1/`factor` nats."""
        return replace(
            self,
            forward=self.forward.scaled(factor),
            reverse=self.reverse.scaled(factor),
            cross_entropy=self.cross_entropy * factor,
        )

    @property
    def minimised(self) -> Divergence:
        """The divergence that this fit minimises."""
        return self.forward if self.objective == "forward" else self.reverse


@dataclass(frozen=True, slots=True)
class FitReport:
    """What `kl fit` found: for each family its forward fit and its reverse fits.

    Attributes
    ----------
    grid : tuple of float
        Where densities are given, for pictures; whole numbers if the target is discrete.
    density : tuple of float
        The target's density (of data, the estimate), or its masses, at `grid`.
    """

    klcli_version: str
    seed: int
    unit: str
    target: Target
    fits: tuple[Fit, ...]
    grid: tuple[float, ...]
    density: tuple[float, ...]
    findings: tuple[Finding, ...] = ()
    command: str = "fit"
    schema_version: int = SCHEMA_VERSION

    def scaled(self, factor: float) -> FitReport:
        """Return the same with divergences and entropies in a unit that is 1/`factor` nats."""
        return replace(
            self,
            target=replace(self.target, entropy=self.target.entropy * factor),
            fits=tuple(fit.scaled(factor) for fit in self.fits),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON output holds: non-finite numbers are None."""
        order = (
            "schema_version", "command", "klcli_version", "seed", "unit", "target", "fits", "grid",
            "density", "findings",
        )  # fmt: skip
        fields = asdict(self)
        return {key: plain(fields[key]) for key in order}

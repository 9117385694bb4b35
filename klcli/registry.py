"""Constant tables of names: listing them imports nothing."""

from __future__ import annotations

from typing import Any, Final

#: `--density NAME` → "module:Class"; the class is a `klcli.typing.Density`.
DENSITIES: Final[dict[str, str]] = {
    "frequency": "klcli.densities.frequency:Frequency",
    "histogram": "klcli.densities.histogram:Histogram",
    "kde": "klcli.densities.kde:Kde",
    "ratio": "klcli.densities.ratio:Ratio",
}

#: (`--density`, `--estimator`) → "module:Class"; the class is a `klcli.typing.Estimator`
#: whose only required argument is the density.
ESTIMATORS: Final[dict[tuple[str, str], str]] = {
    ("frequency", "plug-in"): "klcli.estimators.frequency:FrequencyPlugIn",
    ("frequency", "empirical-bayes"): "klcli.estimators.empirical_bayes:EmpiricalBayes",
    ("frequency", "dirichlet-mixture"): "klcli.estimators.dirichlet_mixture:DirichletMixture",
    ("histogram", "plug-in"): "klcli.estimators.histogram:HistogramPlugIn",
    ("kde", "plug-in"): "klcli.estimators.kde:KdePlugIn",
    ("ratio", "plug-in"): "klcli.estimators.ratio:RatioPlugIn",
    ("frequency", "monte-carlo"): "klcli.estimators.monte_carlo:MonteCarlo",
    ("histogram", "monte-carlo"): "klcli.estimators.monte_carlo:MonteCarlo",
    ("kde", "monte-carlo"): "klcli.estimators.monte_carlo:MonteCarlo",
    ("ratio", "monte-carlo"): "klcli.estimators.monte_carlo:MonteCarlo",
}

#: `--density NAME` for several columns together → "module:Class"; the class takes and gives what
#: `klcli.rows` defines. Names that are not in `DENSITIES` also work on one column of numbers.
JOINT: Final[dict[str, str]] = {
    "ratio": "klcli.joint.ratio:JointRatio",
    "knn": "klcli.joint.knn:Knn",
    "kde": "klcli.joint.kde:Kde",
    "gaussian": "klcli.joint.gaussian:Gaussian",
    "mixture": "klcli.joint.mixture:Mixture",
}

#: `--interval NAME` → "module:function".
INTERVALS: Final[dict[str, str]] = {
    "basic": "klcli.intervals.bootstrap:basic",
    "percentile": "klcli.intervals.bootstrap:percentile",
    "bca": "klcli.intervals.bootstrap:bca",
    "delta": "klcli.intervals.delta:delta",
    "influence": "klcli.intervals.influence:influence",
}

#: `--interval NAME` for `JOINT` densities → "module:function".
JOINT_INTERVALS: Final[dict[str, str]] = {
    "influence": "klcli.intervals.rows:influence",
    "delta": "klcli.intervals.rows:delta",
    "subsampling": "klcli.intervals.rows:subsampling",
}


#: `--divergence NAME` → "module:Class"; the class is a `klcli.measures.contract.Measure`.
DIVERGENCES: Final[dict[str, str]] = {
    "kl": "klcli.measures.leibler:KullbackLeibler",
    "reverse": "klcli.measures.leibler:Reverse",
    "jeffreys": "klcli.measures.smooth:Jeffreys",
    "js": "klcli.measures.smooth:JensenShannon",
    "hellinger": "klcli.measures.smooth:Hellinger",
    "tv": "klcli.measures.variation:TotalVariation",
    "chi2": "klcli.measures.smooth:ChiSquared",
    "renyi": "klcli.measures.smooth:Renyi",
    "psi": "klcli.measures.stability:Stability",
    "wasserstein": "klcli.measures.ordered:Wasserstein",
    "energy": "klcli.measures.ordered:Energy",
    "ks": "klcli.measures.ordered:KolmogorovSmirnov",
}

#: What `--divergence all` stands for; D(Q‖P) is a direction of kl.
ALL_DIVERGENCES: Final = (
    "kl", "jeffreys", "js", "hellinger", "tv", "chi2", "renyi:0.5", "renyi:2", "psi",
    "wasserstein", "energy", "ks",
)  # fmt: skip


def load(entry: str) -> Any:
    """Import the object that a table entry names."""
    from importlib import import_module

    module, _, name = entry.partition(":")
    return getattr(import_module(module), name)

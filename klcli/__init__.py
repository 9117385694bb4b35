"""How different two datasets are, and how sure that is.

The Kullback-Leibler divergence between samples, with an honest interval. The functions here are
the commands of ``kl`` on paths, NumPy arrays or any data frame.
"""

from __future__ import annotations

# As that of typing, whose import takes longer than all else before `run` heeds Ctrl-C.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from klcli.data.profiles.reading import read_profile
    from klcli.divergences.exact import exact
    from klcli.estimation.comparison import compare
    from klcli.estimation.estimate import estimate
    from klcli.fitting.fit import fit
    from klcli.monitoring.run import drift
    from klcli.plotting.plot import plot
    from klcli.profiling.make import profile
    from klcli.profiling.merge import merge_profiles

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "compare",
    "drift",
    "estimate",
    "exact",
    "fit",
    "merge_profiles",
    "plot",
    "profile",
    "read_profile",
]

#: Public function → its module.
_HOMES = {
    "compare": "klcli.estimation.comparison",
    "drift": "klcli.monitoring.run",
    "estimate": "klcli.estimation.estimate",
    "exact": "klcli.divergences.exact",
    "fit": "klcli.fitting.fit",
    "merge_profiles": "klcli.profiling.merge",
    "plot": "klcli.plotting",
    "profile": "klcli.profiling.make",
    "read_profile": "klcli.data.profiles.reading",
}


def __getattr__(name: str) -> Any:
    # NumPy and the readers are imported when a function is first used, so that
    # `kl --version` and shell completion stay instant.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'klcli' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

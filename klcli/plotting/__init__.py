"""The use case: where the divergence comes from, as numbers that can be drawn."""

from klcli.plotting.plot import plot

__all__ = ["plot"]

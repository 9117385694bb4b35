"""The use case: two datasets and a choice of method in, a report out."""

from klcli.estimation.estimate import estimate

__all__ = ["estimate"]

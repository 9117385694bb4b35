"""Modules of others that are imported for nothing, put off until something asks for them."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """Stands in for a module, and becomes it when one of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        """Import the module; called only for what is not there yet."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def put_off(name: str) -> None:
    """Have a module within a package imported at first use, unless it has been already.

    Parameters
    ----------
    name : str
        With the package, which is imported now.
    """
    if name not in sys.modules:
        package, _, module = name.rpartition(".")
        sys.modules[name] = later = Later(name)
        setattr(import_module(package), module, later)

"""Words of the command line made text and numbers without waiting for pydantic."""

from __future__ import annotations

import re
from typing import Any, Final

from typer.core import TyperGroup

#: Numbers as people write them; what looks otherwise is left to Typer.
_NUMBERS: Final = {
    int: re.compile(r"[+-]?\d+", re.ASCII),
    float: re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII),
}


class LightGroup(TyperGroup):
    """A group of commands that take text, numbers and lists of text as they are.

    From 0.29 on, Typer imports pydantic for every parameter that is no flag, whether it is given
    or not, which takes longer than all else that it does. What this class knows nothing of, and
    values that are wrong, go that way still.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse what stands before the name of a command."""
        _prepare(self, ctx)
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by name, or None."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _prepare(command, ctx)
        return command


def _prepare(command: Any, ctx: Any) -> None:
    for parameter in command.get_params(ctx):  # with that for help
        # Older versions of Typer have no such thing, and need none.
        if getattr(parameter, "_runtime_param", parameter) is None:
            parameter._runtime_param = _Light(parameter)


class _Light:
    """Stands in for what Typer would make of the type of a parameter."""

    def __init__(self, parameter: Any) -> None:
        self._type = parameter.type_descriptor.annotation
        info = parameter.type_descriptor.parameter_info
        if info.parser is not None or info.min is not None or info.max is not None:
            self._type = None

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Convert a value, or let Typer do so."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if self._type is str and isinstance(value, str):
            return value
        if self._type == list[str] and _all_text(value):
            return list(value)
        if self._type in _NUMBERS:
            if type(value) is self._type:
                return value
            if isinstance(value, str) and _NUMBERS[self._type].fullmatch(value):
                return self._type(value)
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _all_text(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)

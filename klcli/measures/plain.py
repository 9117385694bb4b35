"""What divergences without parameters share: the name is all there is to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from klcli.errors import UsageError

if TYPE_CHECKING:
    from typing import Self


class Plain:
    """A divergence that takes no parameter."""

    name: ClassVar[str]

    @property
    def label(self) -> str:
        """The name; without parameters that is all."""
        return self.name

    @classmethod
    def parse(cls, argument: str) -> Self:
        """Build from nothing: there are no parameters."""
        if argument:
            raise UsageError(
                f"--divergence {cls.name} takes nothing behind it, not {argument!r}",
                f"write --divergence {cls.name}",
            )
        return cls()

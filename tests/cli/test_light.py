from __future__ import annotations

import sys
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from klcli.cli.light import LightGroup

RUNNER = CliRunner()


def application(cls):
    app = typer.Typer(cls=cls)

    @app.callback()
    def group() -> None:
        """Several commands."""

    @app.command()
    def show(
        words: list[str] | None = None,
        number: float = 0.5,
        count: int | None = None,
        ranged: Annotated[int, typer.Option(min=1, max=9)] = 3,
        name: str = "none",
        flag: bool = False,
    ) -> None:
        typer.echo(repr((words, number, count, ranged, name, flag)))

    return app


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--number 1e-3 --count -4 --name é --flag",
        "--number .5 --number +2. --words a --words [red] --words 5",
        "--number inf --count 1_000",
        "--number abc",
        "--count 1.5",
        "--count ٣",
        "--ranged 9",
        "--ranged 10",
        "--ranged x",
        "--name",
    ],
)
def test_values_and_errors_are_those_of_typer(line):
    light, plain = (
        RUNNER.invoke(application(cls), ["show", *line.split()])
        for cls in (LightGroup, typer.core.TyperGroup)
    )
    assert (light.exit_code, light.output) == (plain.exit_code, plain.output)


def test_what_is_no_text_or_number_is_left_to_typer():
    app = typer.Typer(cls=LightGroup)

    @app.callback()
    def group() -> None:
        """Several commands."""

    @app.command()
    def show(pair: tuple[int, str] = (0, "")) -> None:
        typer.echo(repr(pair))

    assert RUNNER.invoke(app, ["show", "--pair", "3", "x"]).output == "(3, 'x')\n"
    assert "pydantic" in sys.modules

"""``kl schema``: the JSON Schema of what ``--format json`` prints."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from klcli.cli.output import write_out
from klcli.errors import UsageError
from klcli.render.schema import SCHEMAS
from klcli.render.schema import schema as schema_of


def schema(
    command: Annotated[
        str,
        typer.Argument(
            metavar="[COMMAND]",
            help=f"Of which command: {', '.join(SCHEMAS)}.",
            autocompletion=lambda: list(SCHEMAS),
        ),
    ] = "estimate",
) -> None:
    """Print the JSON Schema of the JSON output of kl estimate, or of another command."""
    if command not in SCHEMAS:
        raise UsageError.unknown_choice("schema", command, list(SCHEMAS))
    write_out(json.dumps(schema_of(command), indent=2, ensure_ascii=False) + "\n")

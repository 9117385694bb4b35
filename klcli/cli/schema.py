"""``kl schema``: the JSON Schema of what ``--format json`` prints."""

from __future__ import annotations

from klcli.cli.output import write_out


def schema() -> None:
    """Print the JSON Schema of the JSON output of kl estimate."""
    from importlib.resources import files

    write_out(files("klcli.render").joinpath("schema.json").read_text(encoding="utf-8"))

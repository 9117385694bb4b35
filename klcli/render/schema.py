"""The JSON Schemas of the commands whose output is JSON."""

from __future__ import annotations

import json
from typing import Any, Final

#: Command → its schema.
SCHEMAS: Final = {
    "estimate": "schema.json",
    "compare": "compare_schema.json",
    "drift": "drift_schema.json",
    "exact": "exact_schema.json",
    "fit": "fit_schema.json",
    "plot": "plot_schema.json",
}


def schema(command: str) -> dict[str, Any]:
    """Return the JSON Schema of the output of a command."""
    document = _read(SCHEMAS[command])
    if command == "drift":
        # A result of drift is an estimate with more fields; its description stands in one place.
        estimate, own = _read(SCHEMAS["estimate"])["$defs"], document["$defs"]
        result = estimate["result"]
        result["properties"] = {**result["properties"], **own["result"]["properties"]}
        result["required"] = [*result["required"], *own["result"]["required"]]
        document["$defs"] = {**own, **estimate, "result": result}
    elif command == "compare":
        # Its results are those of estimate.
        estimate = _read(SCHEMAS["estimate"])
        document["properties"] = {**estimate["properties"], **document["properties"]}
        document["required"] = [*estimate["required"], *document["required"]]
        document["$defs"] = {**estimate["$defs"], **document["$defs"]}
    return document


def _read(name: str) -> dict[str, Any]:
    from importlib.resources import files

    document: dict[str, Any] = json.loads(
        files("klcli.render").joinpath(name).read_text(encoding="utf-8")
    )
    return document

from __future__ import annotations

import json

import jsonschema
from render.reports import MIXED


def test_the_schema_describes_what_json_prints(estimation, kl):
    code, schema, err = kl("schema")
    assert (code, err) == (0, "")
    document = json.loads(kl("estimate", "a", "b", "--format", "json", "-q")[1])
    assert document == MIXED.to_dict()
    jsonschema.Draft202012Validator(json.loads(schema)).validate(document)

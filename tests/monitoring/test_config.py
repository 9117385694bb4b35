from __future__ import annotations

import os
from dataclasses import fields

import pytest

from klcli.errors import UsageError
from klcli.monitoring.config import Config, find_config, merged, read_config
from klcli.monitoring.config_keys import COLUMN_KEYS, DRIFT_KEYS
from klcli.monitoring.options import DriftOptions
from klcli.monitoring.rules import ColumnRule

WHOLE = """
[drift]
sources = ["ref.parquet", "in/*.parquet", "/data/x.csv", "s3://b/x.csv", "-"]
tolerance = 0.05
column = ["a", "b"]
exclude = ["id"]
missing = "drop"
base = 2
bins = [0, 1.5, 10]
confidence = 0.9
seed = 3
reference = "rolling:7"
compare-binnings = true
fail-on = "drift"
output = ["out/r.html", "r.json"]
baseline = "known.json"

[columns."price_*"]
tolerance = 0.2
kind = "numeric"
density = "histogram"
bins = 20

[columns.price_old]
exclude = true
"""


def written(folder, text, name="kl.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_reaches_the_settings(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    config = read_config(written(tmp_path, WHOLE))
    options = merged(config, {})
    assert (options.tolerance, options.missing, options.base) == (0.05, "drop", 2)
    assert (options.column, options.exclude, options.bins) == (("a", "b"), ("id",), (0, 1.5, 10))
    assert (options.unit, options.pooled, options.compare_binnings) == ("bits", 7, True)
    assert options.setting("price_new", "tolerance") == 0.2
    assert options.method("price_new").bins == 20
    narrowed = options.for_columns(["price_new", "price_old", "a"])
    assert narrowed.exclude == ("id", "price_old")
    assert narrowed.numeric == ("price_new", "price_old")
    up = os.pardir
    assert config.run == {
        "sources": [f"{up}/ref.parquet", f"{up}/in/*.parquet", "/data/x.csv", "s3://b/x.csv", "-"],
        "fail-on": ["drift"],
        "output": [f"{up}/out/r.html", f"{up}/r.json"],
        "baseline": f"{up}/known.json",
    }


def test_keys_are_fields_of_the_options():
    settings = {field.name for field in fields(DriftOptions)} - {"rules"}
    rules = {field.name for field in fields(ColumnRule)} - {"pattern"}
    run = {"sources", "fail-on", "output", "format", "resume", "baseline"}
    assert {key.replace("-", "_") for key in DRIFT_KEYS.keys() - run} == settings
    assert set(COLUMN_KEYS) == rules


def test_the_same_stands_in_pyproject(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = WHOLE.replace("[drift]", "[tool.klcli.drift]").replace(
        "[columns", "[tool.klcli.columns"
    )
    own, shared = read_config(written(tmp_path, WHOLE)), written(tmp_path, text, "pyproject.toml")
    found = read_config(shared)
    assert (found.settings, found.rules, found.run) == (own.settings, own.rules, own.run)


def test_the_nearest_file_up_to_the_root_of_the_repository_is_found(tmp_path):
    root, deep = tmp_path / "repo", tmp_path / "repo" / "a" / "b"
    deep.mkdir(parents=True)
    (root / ".git").mkdir()
    written(tmp_path, WHOLE)
    assert find_config(deep) is None
    shared = written(root, "[tool.klcli.drift]\n", "pyproject.toml")
    assert find_config(deep) == shared
    written(root / "a", "[tool.ruff]\n", "pyproject.toml")
    assert find_config(deep) == shared
    own = written(root, "")
    assert find_config(deep) == own
    nearer = written(deep, "")
    assert find_config(deep) == nearer


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[drift]\ntolerence = 1", "unknown key 'tolerence' in [drift]", "'tolerance'"),
        ("[drift]\nfail_on = 'drift'", "unknown key 'fail_on' in [drift]", "'fail-on'"),
        ("[drift]\nzzz = 1", "unknown key 'zzz' in [drift]", "choose of: tolerance, "),
        ("[drif]\n", "unknown key 'drif'", "'drift'"),
        ("[drift.columns.x]\nkind = 'numeric'", "unknown key 'columns'", '[columns."NAME"]'),
        ("tolerance = 1\n", "unknown key 'tolerance'", "belongs below [drift]"),
        ("[columns.'x*']\nkinds = 'numeric'", "unknown key 'kinds' in [columns.\"x*\"]", "'kind'"),
        ("[drift]\ntolerance = '1'", "tolerance in [drift] is '1'", "a number"),
        ("[drift]\ntolerance = true", "tolerance in [drift] is true", "a number"),
        ("[drift]\nseed = 1.5", "seed in [drift] is 1.5", "a whole number"),
        ("[drift]\nexclude = 'id'", "exclude in [drift] is 'id'", "a list of texts"),
        ("[drift]\nexclude = [1]", "exclude in [drift] is [1]", "a list of texts"),
        ("[drift.bins]\na = 1", "bins in [drift] is a table", "edges"),
        ("[columns.x]\nexclude = 1", 'exclude in [columns."x"] is 1', "true or false"),
        ("drift = 1", "drift is no table", "[drift]"),
        ("[columns]\nx = 0.1", 'columns."x" is no table', '[columns."x"]'),
        ("[drift]\ndensity = 'kdee'", "unknown --density 'kdee'", "choose one of"),
        ("[columns.x]\nkind = 'number'", "unknown kind of column 'number'", "numeric"),
        ("[drift]\ntolerance = -1", "-1 is no tolerance", "from 0 up"),
        ("[drift]\nneighbors = 1.5", "neighbors in [drift] is 1.5", "a whole number"),
        ("[drift]\nneighbors = 'best'", "unknown neighbors 'best'", "cv, a number"),
        ("[drift\n", "not TOML", "--no-config"),
    ],
)
def test_what_is_wrong_is_told_with_file_table_and_remedy(tmp_path, text, message, hint):
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read_config(path)
    assert caught.value.message.startswith(f"{path}: ")
    said = caught.value.message.replace("unknown density", "unknown --density")
    assert message in said
    assert hint in caught.value.hint


def test_tables_of_pyproject_are_named_in_full(tmp_path):
    path = written(tmp_path, "[tool.klcli]\nseed = 1", "pyproject.toml")
    with pytest.raises(UsageError) as caught:
        read_config(path)
    assert "unknown key 'seed' in [tool.klcli]" in caught.value.message
    assert caught.value.hint == "it belongs below [tool.klcli.drift]"


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_config(tmp_path / "kl.toml")
    with pytest.raises(UsageError, match="no table"):
        read_config(written(tmp_path, "[tool]\n", "pyproject.toml"))


def config(rules=(), **settings):
    return Config(None, settings, tuple(rules))


def test_the_last_pattern_that_has_a_setting_decides():
    rules = [
        ColumnRule("*_id", exclude=True, tolerance=0.5),
        ColumnRule("a_id", exclude=False),
        ColumnRule("a*", tolerance=0.2),
        ColumnRule("*", kind="numeric"),
    ]
    options = merged(config(rules), {})
    assert options.setting("a_id", "tolerance") == 0.2
    assert options.setting("b_id", "tolerance") == 0.5
    narrowed = options.for_columns(["a_id", "b_id", "x"])
    assert narrowed.exclude == ("b_id",)
    assert narrowed.numeric == ("a_id", "b_id", "x")


def test_flags_beat_settings_of_columns():
    rules = [ColumnRule("x", tolerance=0.5, density="histogram", bins=9, kind="categorical")]
    file = config(rules, tolerance=0.3, estimator="plug-in", exclude=("x", "y"))
    assert merged(file, {"tolerance": 0.1}).setting("x", "tolerance") == 0.1
    assert merged(file, {"seed": 1}).method("x").bins == 9
    kernel = merged(file, {"density": "kde"})
    assert (kernel.method("x").density, kernel.method("x").bins) == ("kde", None)
    assert kernel.estimator == "auto"
    assert kernel.setting("x", "tolerance") == 0.5
    assert merged(file, {"numeric": ("x",)}).for_columns(["x"]).numeric == ("x",)
    assert merged(file, {"column": ("x",)}).exclude == ("y",)
    assert merged(file, {"exclude": ("z",)}).exclude == ("z",)


def test_a_flag_for_batches_replaces_the_other_way_to_split():
    assert merged(config(by="day"), {"time": "t", "window": "1d"}).by is None
    options = merged(config(time="t", window="1d"), {"by": "day"})
    assert (options.by, options.time, options.window) == ("day", None, None)
    assert merged(config(time="t", window="1d"), {"window": "1w"}).window == "1w"


def test_a_flag_takes_in_a_column_that_a_rule_leaves_out():
    file = config([ColumnRule("*", exclude=True)])
    assert merged(file, {}).for_columns(["x[1]", "y"]).exclude == ("x[1]", "y")
    assert merged(file, {"column": ("x[1]",)}).for_columns(["x[1]", "y"]).exclude == ("y",)


def test_patterns_that_match_nothing_are_told():
    options = merged(config([ColumnRule("prise", tolerance=1), ColumnRule("x*")]), {})
    (finding,) = options.unmatched(["price", "x1"])
    assert finding.code == "unmatched-pattern"
    assert "'prise'" in finding.message
    assert "did you mean 'price'?" in finding.message
    assert merged(config(), {}).unmatched(["a"]) == []

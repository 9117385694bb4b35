from __future__ import annotations

import math
import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from render.drift_reports import HOSTILE_NAMES, report, result

import klcli
from klcli.monitoring.config import merged, read_config
from klcli.monitoring.init import settings_file
from klcli.monitoring.report import Verdict
from klcli.monitoring.suggestion import rounded_up, suggested
from klcli.results import Status


@pytest.mark.parametrize("number", [0.01, 0.011, 0.3, 0.31, 1.0, 9.9, 0.0999, 3e-7, 100.0])
def test_a_rounded_number_is_not_smaller_nor_much_larger(number):
    assert number * (1 - 1e-6) <= rounded_up(number) <= 2 * number
    assert rounded_up(rounded_up(number)) == rounded_up(number)


def test_few_rows_ask_for_a_larger_tolerance():
    narrow, wide = result("x", value=0.0, error=0.001), result("x", value=0.0, error=0.06)
    assert suggested([narrow]).tolerance == 0.01
    found = suggested([wide])
    assert found.tolerance == 0.2  # half an interval is 0.12 wide
    assert "24,951 rows cannot tell less than 0.12" in found.reason


def test_a_wide_interval_around_much_does_not_count():
    drifted = result("x", value=0.9, error=0.06, verdict=Verdict.DRIFT, noise_floor=0.001)
    assert suggested([drifted]).tolerance == 0.01


def test_a_noise_floor_above_the_interval_counts():
    assert suggested([result("x", value=0.0, error=0.001, noise_floor=0.05)]).tolerance == 0.05


def test_batches_that_drifted_do_not_raise_it():
    usual = [result("x", value=0.04 + 0.002 * i, error=0.005) for i in range(10)]
    drifted = [*usual, result("x", value=3.0, error=0.01)]
    assert suggested(drifted).tolerance == suggested(usual).tolerance == 0.1
    assert "10 batches usually end below" in suggested(usual).reason


def test_units_scale_the_default():
    bits = 1 / math.log(2)
    assert suggested([result("x", value=0.0, error=0.0001)], bits).tolerance == 0.02


def test_a_file_for_hostile_names_can_be_read(tmp_path):
    names = [name for name in HOSTILE_NAMES if "\udc80" not in name]
    results = [result(name, batch="new\nline") for name in names]
    results.append(result("text", status=Status.UNDEFINED, kind="text"))
    path = tmp_path / "kl.toml"
    text = settings_file(report(*results), ["a b.csv"], {}, {}, path)
    assert all(line.isprintable() for line in text.splitlines())
    path.write_text(text, encoding="utf-8")
    options = merged(read_config(path), {})
    assert options.unmatched([*names, "text"]) == []
    assert options.for_columns([*names, "text"]).exclude == ("text",)
    assert all(options.setting(name, "tolerance") == 0.01 for name in names)


def test_real_data_give_settings_that_fit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(14142135623)
    start = datetime(2026, 1, 1)  # noqa: DTZ001
    for day in range(7):
        rows, shift = 400, 2.0 if day == 6 else 0.0
        frame = pl.DataFrame({
            "x": rng.normal(shift, 1, rows),
            "k": rng.choice(["a", "b", "c"], rows),
            "when": [start + timedelta(days=day, minutes=i) for i in range(rows)],
            "note": [f"{day} {i} {rng.integers(10**9)}" for i in range(rows)],
        })  # fmt: skip
        frame.write_parquet(f"day{day}.parquet")
    sources = ["day0.parquet", *(f"day{day}.parquet" for day in range(1, 7))]
    seen = klcli.drift(*sources, resamples=99)
    path = Path("kl.toml")
    settings = {"missing": "drop", "column": (), "resamples": 99}
    text = settings_file(seen, sources, settings, {"output": ["r.json"]}, path)
    path.write_text(text)
    table = tomllib.loads(text)
    assert table["drift"]["sources"] == sources
    assert (table["drift"]["missing"], table["drift"]["output"]) == ("drop", ["r.json"])
    columns = table["columns"]
    assert columns["x"]["kind"] == "numeric"
    assert columns["k"]["kind"] == "categorical"
    assert columns["note"] == {"exclude": True}
    assert columns["when"] == {"exclude": True}
    assert "# beyond that: day6.parquet" in text
    config = read_config(path)
    again = klcli.drift(*config.run["sources"], options=merged(config, {}))
    verdicts = {(each.batch, each.estimate.column): each.verdict for each in again.results}
    assert verdicts["day6.parquet", "x"] == Verdict.DRIFT
    others = [verdict for (batch, _), verdict in verdicts.items() if batch != "day6.parquet"]
    assert others.count(Verdict.STABLE) >= len(others) - 1
    assert {column for _, column in verdicts} == {"x", "k"}

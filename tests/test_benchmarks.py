"""The benchmark commands: that they run, and that their figures are what they are called."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import accuracy, coverage, onesample, tails
from benchmarks.contenders import augmented, contenders, jeffreys, quantile_cells, values
from benchmarks.pictures import Panel, strips
from benchmarks.replications import Setting
from laws import Pair, categories
from scipy import stats

from klcli import estimate

FOLDER = Path(__file__).parent / "benchmarks"
SMALL = ("--pairs", "normal, shift", "--pairs", "two categories", "--rows", "60:80",
         "--replications", "12")  # fmt: skip


def run(command: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, FOLDER / f"{command}.py", *words],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_accuracy_writes_the_same_figures_on_any_number_of_processes(tmp_path):
    methods = "klcli,klcli histogram,Jeffreys plug-in,Zhang-Grabchak on quantiles"
    found = []
    for jobs in ("1", "2"):
        path = tmp_path / f"{jobs}.json"
        done = run("accuracy", *SMALL, "--methods", methods, "--jobs", jobs, "-o", str(path),
                   "-o", str(tmp_path / f"{jobs}.md"), "--check")  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "100% done" in done.stderr
        found.append(json.loads(path.read_text()))
    assert found[0] == found[1]
    text = (tmp_path / "1.md").read_text()
    assert done.stdout.strip() in (tmp_path / "2.md").read_text()
    assert "## Numbers, and categories with at least ten rows each, 60:80 rows" in text
    results = {(each["pair"], each["method"]): each for each in found[0]["results"]}
    assert {name for _, name in results} == set(methods.split(","))
    one = results["two categories", "Jeffreys plug-in"]
    setting = Setting("two categories", 60, 80)
    errors = [
        jeffreys(setting, *setting.draw(found[0]["seed"], replication)) - setting.truth
        for replication in range(12)
    ]
    assert one["rmse"] == pytest.approx(np.mean(np.square(errors)) ** 0.5)
    assert one["bias"] == pytest.approx(np.mean(errors))
    assert one["ratio"] == pytest.approx(one["rmse"] / setting.bound)


def test_coverage_writes_its_tables(tmp_path):
    path = tmp_path / "coverage.json"
    done = run("coverage", *SMALL, "--pairs", "uniform, same", "--intervals", "delta",
               "--resamples", "99", "--jobs", "1", "-o", str(path), "--check",
               "-o", str(tmp_path / "coverage.md"))  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(path.read_text())
    assert set(found["summary"]["60:80"]) == {"auto", "delta"}
    shares = {(each["pair"], each["interval"]): each for each in found["results"]}
    assert len(shares) == 6
    for each in shares.values():
        assert sum(each["statuses"].values()) == pytest.approx(1)
        assert 12 * each["covered"] == pytest.approx(round(12 * each["covered"]))
    # One standard deviation apart, sixty rows hardly fail to tell.
    assert shares["normal, shift", "auto"]["alarms"] >= 0.9
    assert shares["uniform, same", "auto"]["alarms"] <= 0.35
    assert shares["uniform, same", "auto"]["uniform"] > 1e-4
    text = (tmp_path / "coverage.md").read_text()
    assert "## No difference, 60:80 rows, delta" in text


def test_onesample_writes_its_tables(tmp_path):
    path = tmp_path / "onesample.json"
    pairs = (
        "norm(0, 1) against norm(1, 1)",
        "expon() against expon()",
        "poisson(3) against poisson([?])",
    )
    words = [word for pair in pairs for word in ("--pairs", pair)]
    done = run("onesample", *words, "--rows", "80", "--replications", "6", "--resamples", "99",
               "--jobs", "1", "-o", str(path), "-o", str(tmp_path / "onesample.md"), "--check")  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = {(each["pair"], each["direction"]): each
               for each in json.loads(path.read_text())["results"]}  # fmt: skip
    assert len(results) == 5
    shift = results[pairs[0], "forward"]
    assert shift["truth"] == pytest.approx(0.5)
    assert shift["bound"] == pytest.approx(80**-0.5, rel=0.01)
    assert shift["alarms"] == 1
    assert results[pairs[1], "reverse"]["null"]
    assert results["poisson(3) against poisson(?)", "forward"]["truth"] == 0
    assert "## D(Q‖P), 80 rows" in (tmp_path / "onesample.md").read_text()


def test_least_errors_of_one_sample_and_nearest_members():
    truth = onesample.truth("norm(0, 1)", "norm(0.2, 1)")
    assert truth == pytest.approx((0.02, 0.02, 0.2), rel=0.01)
    assert onesample.nearest("uniform()", "norm(?, ?)").startswith("norm(0.5, 0.288")


@pytest.mark.parametrize(
    ("command", "words", "told"),
    [
        (onesample, ["--pairs", "no such pair"], "no pair fits"),
        (accuracy, ["--pairs", "no such pair"], "no pair fits"),
        (accuracy, ["--methods", "klcli,guess"], "no method guess"),
        (coverage, ["--intervals", "wild"], "no interval wild"),
        (coverage, ["--missing", "1.5"], "--missing is a share"),
        (coverage, ["--rows", "1"], "not like 200,1000"),
    ],
)
def test_wrong_options_are_refused(command, words, told, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [f"{command.__name__}.py", *words])
    with pytest.raises(SystemExit) as stop:
        command.main()
    assert told in f"{stop.value} {capsys.readouterr().err}"
    assert stop.value.code not in (0, None)


def test_absent_packages_are_named(tmp_path, monkeypatch):
    absent = [name for name, each in contenders().items() if not each.installed]
    path = tmp_path / "report.md"
    words = ["--pairs", "two categories", "--rows", "30", "--replications", "2", "--jobs", "1"]
    monkeypatch.setattr(sys, "argv", ["accuracy.py", *words, "-o", str(path)])
    assert accuracy.main() == 0
    told = f"Not installed and left out: {', '.join(absent)}."
    assert (told in path.read_text()) == bool(absent)


def test_the_bound_with_missing_values_is_that_of_one_more_category():
    def missing(weights):
        return categories([*(0.9 * np.array(weights)), 0.1])

    p, q = missing([0.2, 0.8]), missing([0.3, 0.7])
    plain = Setting("two categories", 50, 70)
    there = Setting("two categories", 50, 70, 0.1)
    pair = Pair("with missing", "categorical", p, q, 0.9 * plain.truth, math.nan)
    assert there.bound == pytest.approx(pair.bound(50, 70))
    assert plain.bound == pytest.approx(plain.law.bound(50, 70))
    assert there.truth == pytest.approx(0.9 * plain.truth)


def test_missing_values_are_drawn():
    p, q = Setting("normal, shift", 4_000, 4_000, 0.3).draw(7, 0)
    assert np.mean(np.isnan(p)) == pytest.approx(0.3, abs=0.03)
    assert np.nanmean(p) - np.nanmean(q) == pytest.approx(1, abs=0.1)


def test_samples_depend_on_nothing_but_their_names():
    setting = Setting("letters", 100, 100)
    first, again, other = setting.draw(7, 3), setting.draw(7, 3), setting.draw(7, 4)
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])


def test_formulas_of_the_contenders():
    setting = Setting("letters", 300, 400)
    p, q = setting.draw(5, 0)
    smooth = estimate(p, q, categorical=("x0",), direction="forward", resamples=0,
                      smoothing="jeffreys")  # fmt: skip
    assert jeffreys(setting, p, q) == pytest.approx(smooth.results[0].estimate)
    p, q = np.array([0, 0, 1]), np.array([0, 1, 1, 2])
    # Harmonic numbers: of 4, less those of 1 and 2 rows of Q, less that of 2, and of 1 and 0.
    by_hand = 2 / 3 * (25 / 12 - 1 - 3 / 2 + 1) + 1 / 3 * (25 / 12 - 3 / 2 - 3 / 2 + 0)
    assert values(setting, p, q) == pytest.approx(by_hand)
    by_hand = 2 / 3 * math.log((2 / 3) / (2 / 4)) + 1 / 3 * math.log((1 / 3) / (3 / 4))
    assert augmented(setting, p, q) == pytest.approx(by_hand)


def test_quantile_cells_come_near_the_truth():
    setting = Setting("normal, shift", 20_000, 20_000)
    assert quantile_cells(setting, *setting.draw(3, 0)) == pytest.approx(0.5, abs=0.03)


def summed(*records, pair="normal, shift"):
    return coverage.coverage(Setting(pair, 100, 100), "auto", list(records))


def test_an_interval_that_is_open_above_covers():
    each = summed((0.4, math.inf, 0.0, "lower-bound"), (0.6, math.inf, 0.0, "lower-bound"),
                  (0.4, 0.6, 0.0, "ok"), (math.nan, math.nan, math.nan, "undefined"))  # fmt: skip
    assert (each.covered, each.above, each.open) == (0.5, 0.25, 0.5)
    assert each.alarms == 1
    assert each.statuses["undefined"] == 0.25
    assert summed((0.3, 0.7, 0.5, "ok")).width == pytest.approx(
        0.4 / (2 * stats.norm.ppf(0.975) * Setting("normal, shift", 100, 100).bound)
    )


def test_false_alarms_and_uniformity_are_seen():
    uniform = np.linspace(0.0005, 0.9995, 1_000)
    fair = summed(*((0.0, 0.1, p, "ok") for p in uniform), pair="normal, same")
    small = summed(*((0.01, 0.1, p / 2, "ok") for p in uniform), pair="normal, same")
    assert fair.uniform > 0.9
    assert small.uniform < 1e-6
    assert (fair.positive, small.positive) == (0, 1)
    assert (fair.alarms, small.alarms) == pytest.approx((0.05, 0.1), abs=2e-3)


def test_accuracy_leaves_out_what_is_no_number_up_to_a_half():
    setting = Setting("normal, shift", 100, 100)
    mine = [(0, 0.5), (4, 0.8), (8, 5.0)]
    mixed = accuracy.accuracy(setting, "x", [(0, 0.6), (4, 0.4), (8, math.nan)], mine)
    assert (mixed.rmse, mixed.bias, mixed.failures) == pytest.approx((0.1, 0, 1))
    assert mixed.default == pytest.approx(0.3 / 2**0.5)  # over the same samples
    wild = accuracy.accuracy(setting, "x", [(0, 0.6), (4, math.inf), (8, math.inf)], mine)
    assert wild.rmse == math.inf


def test_what_beats_the_default_is_listed():
    setting, null = Setting("normal, shift", 100, 100), Setting("normal, same", 100, 100)
    names = ("klcli", "Zhang-Grabchak on quantiles")
    results = {
        (each, name): accuracy.Accuracy(each, name, 10, 0, 0.0, rmse, mine)
        for each, (mine, other) in ((setting, (0.3, 0.2)), (null, (0.010, 0.009)))
        for name, rmse in zip(names, (mine, other), strict=True)
    }
    summary = accuracy.summarize(results, contenders())["100"]
    assert [row["pair"] for row in summary["beaten"]] == ["normal, shift"]
    assert summary["methods"]["klcli"]["mean"] == pytest.approx(0.3 / setting.bound)
    assert summary["methods"][names[1]]["default over it"] == pytest.approx(1.5)
    assert summary["methods"][names[1]]["worst null"] == 0.009


def test_limits_can_fail(capsys):
    reached = {"mean": accuracy.LIMIT_MEAN + 0.1, "worst": 1.0}
    assert not accuracy.keeps_limits({"200": {"methods": {"klcli": reached}}})
    assert "beyond" in capsys.readouterr().out
    covered = {"mean coverage": 0.5, "null, p < .05, mean": 0.0}
    assert not coverage.keeps_limits({"200": {"auto": covered}})
    assert "below" in capsys.readouterr().out


def test_pictures_are_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "picture.png"
    values = {"klcli": [1.0, 1.1, math.nan], "other": [2.0, math.inf, 40.0], "none": []}
    wide = Panel("width", "ratio", values, (0.5, 5), (1,), log=True)
    plain = Panel("coverage", "%", {name: [95.0] for name in values}, (70, 100), (95,))
    strips(path, [wide, plain])
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_best_test_of_tails_has_the_power_of_theory():
    """Exponential tails of rates 1 and 1.2: sums of as many rows are gamma."""
    rng = np.random.default_rng(740918263555018273)
    twins = tails.Twins("", stats.expon(), stats.expon(scale=0.5), 0.4, heavy=True, split=1.15)
    split, expected, found = tails.power(twins, 1000, 1000, rng)
    assert (split, expected) == (1.15, pytest.approx(1000 * math.exp(-1.15)))
    # Given how many rows there are; their number hardly matters.
    bar = stats.gamma(expected, scale=1 / 1.2).isf(0.03)
    assert found == pytest.approx(stats.gamma(expected).sf(bar), abs=0.04)


def test_the_best_test_of_what_hardly_differs_finds_hardly_more_than_its_level():
    rng = np.random.default_rng(5463728190918273645)
    twins = tails.Twins("", stats.norm(), stats.norm(), 0.5, heavy=False, split=4.5)
    assert tails.power(twins, 1000, 1000, rng)[2] == pytest.approx(0.03, abs=0.02)

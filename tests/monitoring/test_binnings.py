from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import klcli
from klcli.errors import UsageError
from klcli.monitoring.binnings import filled, plain_divergence, stability_index
from klcli.monitoring.cuts import sturges

EXAMPLES = Path(__file__).parents[2] / "examples"
#: What Evidently 0.7.23 prints (pandas 2.3.3, NumPy 2.4.6) for July against January:
#: column, kl_div, psi.
EVIDENTLY = {
    "carrier": (0.0029770413356174485, 0.0060232900373829975),
    "origin": (0.0002864654671245002, 0.0005728639698367509),
    "dest": (0.10430678033795451, 0.272845823432631),
    "distance": (0.006024198714725502, 0.012253716267165243),
    "air_time": (0.1025908924171825, 0.19197516703379194),
    "dep_delay": (0.02736410004111768, 0.06294595590038764),
    "arr_delay": (0.02669960113272784, 0.06102544839344072),
    "hour": (0.0036649935265785872, 0.007333198474466326),
}
QUICK = {"resamples": 99}


def made():
    """Return two frames without chance, so that every version of NumPy makes the same."""
    i, j = np.arange(1500), np.arange(2500)
    batch = {
        "outlier": np.append(np.sin(j[1:] ** 2.0) * 3 + 0.5, 1e6),
        "rare": np.where(j % 1250 == 0, "odd", np.where(j % 3 == 0, "a", "b")),
        "few": (j % 7 + (j % 11 == 0) * 20).astype(float),
        "narrow": j * j % 61,
        "whole": np.where(j % 5 == 0, np.nan, (j * j % 97).astype(float)),
        "infinite": np.where(j % 50 == 0, np.inf, np.cos(j * 1.0)),
        "truth": j % 3 == 0,
    }
    reference = {
        "outlier": np.sin(i**2.0) * 3,
        "rare": np.where(i % 100_000 == 1, "once", np.where(i % 2 == 0, "a", "b")),
        "few": (i % 6).astype(float),
        "narrow": i * i % 53,
        "whole": np.where(i % 9 == 0, np.nan, (i * i % 89).astype(float)),
        "infinite": np.cos(i * 1.1),
        "truth": i % 2 == 0,
    }
    return pl.DataFrame(reference), pl.DataFrame(batch)


#: The same for these.
MADE = {
    "outlier": (0.00016125208838182968, 0.0004160483403445031),
    "rare": (0.06016749278231698, 0.1182315896391682),
    "few": (0.24488022666861264, 1.4274220364887575),
    "narrow": (0.7190978853068429, 2.244961211882411),
    "whole": (0.30183734635769394, 1.2620014482228703),
    "infinite": (0.00026862762120004574, 0.0005373529355896526),
    "truth": (0.058691717753579425, 0.11514005074924205),
}


def printed(report):
    return {
        result.estimate.column: {each.name: each for each in result.binnings}
        for result in report.results
    }


@pytest.fixture(scope="module")
def flights():
    files = EXAMPLES / "jan.csv", EXAMPLES / "jul.csv"
    return printed(klcli.drift(*files, compare_binnings=True, **QUICK))


@pytest.fixture(scope="module")
def others():
    return printed(klcli.drift(*made(), compare_binnings=True, **QUICK))


@pytest.mark.parametrize("column", EVIDENTLY)
def test_flights_give_what_evidently_prints(flights, column):
    divergence, index = EVIDENTLY[column]
    found = flights[column]
    assert found["evidently-kl"].value == pytest.approx(divergence, rel=1e-9)
    assert found["evidently-psi"].value == pytest.approx(index, rel=1e-9)


@pytest.mark.parametrize("column", MADE)
def test_awkward_columns_give_what_evidently_prints(others, column):
    divergence, index = MADE[column]
    found = others[column]
    assert found["evidently-kl"].value == pytest.approx(divergence, rel=1e-9)
    assert found["evidently-psi"].value == pytest.approx(index, rel=1e-9)
    assert found["evidently-kl"].note == ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", ["flights", "made"])
def test_evidently_itself_prints_these(case):
    evidently = pytest.importorskip("evidently")
    metrics = pytest.importorskip("evidently.metrics")
    pd = pytest.importorskip("pandas")
    if case == "flights":
        reference, batch = (pd.read_csv(EXAMPLES / f"{month}.csv") for month in ("jan", "jul"))
    else:
        reference, batch = (
            pd.DataFrame({name: frame[name].to_numpy() for name in frame.columns})
            for frame in made()
        )
    numbers = [name for name in reference if reference[name].dtype.kind in "if"]
    words = [name for name in reference if name not in numbers]
    definition = evidently.DataDefinition(numerical_columns=numbers, categorical_columns=words)
    sides = [evidently.Dataset.from_pandas(each, definition) for each in (batch, reference)]
    expected = EVIDENTLY if case == "flights" else MADE
    asked = [
        metrics.ValueDrift(column=column, method=method)
        for column in expected
        for method in ("kl_div", "psi")
    ]
    found = [
        float(each["value"]) for each in evidently.Report(asked).run(*sides).dict()["metrics"]
    ]
    assert found == pytest.approx([number for pair in expected.values() for number in pair])


def test_deciles_and_equal_bins_are_those_of_numpy(flights):
    reference, batch = (
        pl.read_csv(EXAMPLES / f"{month}.csv")["dep_delay"].drop_nulls().to_numpy().astype(float)
        for month in ("jan", "jul")
    )
    edges = np.unique(np.quantile(reference, np.arange(1, 10) / 10))
    edges = np.concatenate([[-np.inf], edges, [np.inf]])
    q, p = (np.histogram(side, edges)[0] / len(side) for side in (reference, batch))
    index = float(np.sum((p - q) * np.log(p / q)))
    assert flights["dep_delay"]["psi-deciles"].value == pytest.approx(index, rel=1e-9)
    edges = np.linspace(reference.min(), reference.max(), 21)
    q, p = (np.histogram(side, edges)[0] for side in (reference, batch))
    outside = [(batch < edges[0]).sum(), (batch > edges[-1]).sum()]
    found = flights["dep_delay"]["fixed-width-20"]
    p = np.concatenate([[outside[0]], p, [outside[1]]]) / len(batch)
    q = np.concatenate([[0], q, [0]]) / len(reference)
    assert found.value == plain_divergence(p, q) == math.inf
    assert (found.cells, found.filled) == (22, 0)
    index = stability_index(filled(p), filled(q))
    named = flights["dep_delay"]["fixed-width-20-psi"]
    assert named.value == pytest.approx(index, rel=1e-9)
    assert named.filled == np.count_nonzero((p == 0) | (q == 0))


@pytest.mark.parametrize(
    ("values", "integers"),
    [
        (np.sin(np.arange(1000.0)), False),
        (np.arange(97) ** 2, True),
        # So many rows make NumPy's bins of integers narrower than 1, which it widens.
        ((np.arange(2**23) % 23).astype(np.int8), True),
        ((np.arange(2**23) % 23).astype(float), False),
    ],
)
def test_sturges_is_that_of_numpy(values, integers):
    edges = np.histogram_bin_edges(values, "sturges")
    found = sturges(float(values.min()), float(values.max()), len(values), integers)
    np.testing.assert_allclose(found, edges, rtol=1e-15)


def test_single_precision_has_edges_of_single_precision():
    # Many values stand on edges, where rounding decides the cell.
    q, p = (np.arange(start, 2000, dtype=np.float32) % 110 / 10 for start in (0, 777))
    found = printed(klcli.drift({"x": q}, {"new": {"x": p}}, compare_binnings=True, **QUICK))["x"]
    edges = np.histogram_bin_edges(np.concatenate([q, p]), "sturges")
    assert edges.dtype == np.float32
    share_q, share_p = (filled(np.histogram(side, edges)[0] / len(side)) for side in (q, p))
    assert found["evidently-psi"].value == pytest.approx(stability_index(share_p, share_q))


def test_the_direction_is_as_labelled():
    reference = {"k": ["a"] * 90 + ["b"] * 10}
    batch = {"k": ["a"] * 50 + ["b"] * 50}
    found = printed(klcli.drift(reference, {"new": batch}, compare_binnings=True, **QUICK))["k"]
    p, q = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    kinds = {
        "evidently-kl": ("D(reference‖batch)", np.sum(q * np.log(q / p))),
        "categories": ("D(batch‖reference)", np.sum(p * np.log(p / q))),
        "evidently-psi": ("symmetric", np.sum((p - q) * np.log(p / q))),
    }
    for name, (direction, value) in kinds.items():
        assert found[name].direction == direction
        assert found[name].value == pytest.approx(value)


@pytest.mark.parametrize(
    ("shares", "fill"),
    [([0.5, 0.0, 0.5], 1e-4), ([0.99999, 0.00001, 0.0], 1e-11)],
)
def test_an_empty_cell_is_filled_as_evidently_does(shares, fill):
    full = filled(np.array(shares))
    assert full[np.array(shares) == 0] == pytest.approx(fill)
    assert np.all(full[np.array(shares) > 0] == np.array(shares)[np.array(shares) > 0])


def test_all_rows_count_where_only_a_sample_is_kept(tmp_path):
    rng = np.random.default_rng(27182818284)
    rows = 300_000
    frames = [pl.DataFrame({"x": rng.normal(shift, 1, rows)}) for shift in (0.0, 0.2)]
    files = [tmp_path / name for name in ("ref.parquet", "new.parquet")]
    for frame, file in zip(frames, files, strict=True):
        frame.write_parquet(file)
    found = printed(klcli.drift(*files, compare_binnings=True, **QUICK))["x"]
    q, p = (frame["x"].to_numpy() for frame in frames)
    edges = np.histogram_bin_edges(np.concatenate([q, p]), "sturges")
    share_q, share_p = (filled(np.histogram(side, edges)[0] / rows) for side in (q, p))
    value = plain_divergence(share_q / share_q.sum(), share_p / share_p.sum())
    assert found["evidently-kl"].value == pytest.approx(value, rel=1e-9)
    assert found["evidently-kl"].note == ""
    assert "sample" in found["psi-deciles"].note
    assert found["fixed-width-30"].cells == 32


def test_a_profile_says_that_its_counts_are_interpolated(tmp_path):
    rng = np.random.default_rng(161803398874)
    q, p = rng.normal(0, 1, 20_000), rng.normal(0.3, 1, 20_000)
    exact = printed(klcli.drift({"x": q}, {"new": {"x": p}}, compare_binnings=True, **QUICK))["x"]
    profile = klcli.profile({"x": q})
    found = printed(klcli.drift(profile, {"new": {"x": p}}, compare_binnings=True, **QUICK))["x"]
    for name in ("evidently-psi", "psi-deciles"):
        assert found[name].value == pytest.approx(exact[name].value, rel=0.05)
        assert "profile" in found[name].note


def test_times_have_no_number_of_evidently():
    days = pl.datetime_range(pl.datetime(2013, 1, 1), pl.datetime(2013, 3, 1), "1h", eager=True)
    frame = pl.DataFrame({"t": days, "x": np.arange(len(days)) % 50})
    found = printed(klcli.drift(frame, {"new": frame}, compare_binnings=True, **QUICK))
    assert "evidently-kl" not in found["t"]
    assert found["t"]["psi-deciles"].value == 0
    assert found["x"]["evidently-kl"].value == 0


def test_a_column_without_values_on_one_side_says_so():
    reference = pl.DataFrame({"x": np.arange(50.0), "y": np.arange(50)})
    batch = pl.DataFrame({"x": [math.inf] * 50, "y": np.arange(50)})
    (found,) = printed(klcli.drift(reference, {"n": batch}, compare_binnings=True, **QUICK))[
        "x"
    ].values()
    assert (found.name, found.cells) == ("none", 0)
    assert math.isnan(found.value)
    assert found.note


def test_weights_are_refused():
    with pytest.raises(UsageError, match="exclude each other"):
        klcli.drift({"x": [1, 2]}, {"x": [1, 2]}, compare_binnings=True, weight="w")


def test_nothing_is_computed_unless_asked_for():
    reference, batch = made()
    report = klcli.drift(reference, {"new": batch}, column=["few"], **QUICK)
    assert all(result.binnings == () for result in report.results)

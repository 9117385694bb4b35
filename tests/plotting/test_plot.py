from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest
from scipy import stats

import klcli
from klcli.errors import InputError, UsageError
from klcli.plotting.report import (
    Answer,
    Axis,
    Cell,
    Dot,
    Panel,
    Plane,
    PlaneCell,
    PlotReport,
    Role,
)
from klcli.render.schema import schema

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
JAN, JUL = str(EXAMPLES / "jan.parquet"), str(EXAMPLES / "jul.parquet")
SEED = 20261126_7193


def normals(n: int = 3000, shift: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(SEED)
    return rng.normal(shift, 1, n), rng.normal(0, 1, n)


@pytest.fixture(scope="module")
def flights() -> PlotReport:
    return klcli.plot(JAN, JUL, direction="both", resamples=0, most=100)


class TestEstimates:
    def test_they_are_those_of_kl_estimate(self, flights):
        report = klcli.estimate(JAN, JUL, resamples=0)
        expected = {
            (each.column, each.direction): (
                each.estimate, each.ci_low, each.ci_high, each.status, each.warnings,
            )
            for each in report.results
        }  # fmt: skip
        shown = {
            (panel.column, each.direction): (
                each.estimate, each.ci_low, each.ci_high, each.status, each.warnings,
            )
            for panel in flights.panels
            for each in panel.answers
        }  # fmt: skip
        assert shown == expected
        assert [panel.column for panel in flights.panels] == list(
            dict.fromkeys(each.column for each in report.results)
        )

    def test_contributions_add_up_to_the_finite_estimate(self, flights):
        for panel in flights.panels:
            forward, reverse = panel.answers
            last = panel.cells[-1]
            assert last.forward_sum == pytest.approx(forward.finite_estimate, abs=1e-9)
            assert last.reverse_sum == pytest.approx(reverse.finite_estimate, abs=1e-9)
            assert sum(cell.forward for cell in panel.cells) == pytest.approx(last.forward_sum)

    def test_shares_add_up_to_one(self, flights):
        for panel in flights.panels:
            for side in ("share_p", "share_q"):
                assert sum(getattr(cell, side) for cell in panel.cells) == pytest.approx(1)

    @pytest.mark.parametrize("density", ["ratio", "kde", "histogram", "frequency"])
    def test_of_every_density_of_counts(self, density):
        p, q = normals(400, 0.3)
        if density == "frequency":
            p, q = p.round(1), q.round(1)
        report = klcli.plot(p, q, density=density, direction="both", resamples=0)
        expected = klcli.estimate(p, q, density=density, resamples=0).results
        (panel,) = report.panels
        assert [each.estimate for each in panel.answers] == pytest.approx(
            [each.estimate for each in expected], rel=0, abs=0, nan_ok=True
        )
        for each in panel.answers:
            if each.status != "undefined":
                total = panel.cells[-1].total(each.direction)
                assert total == pytest.approx(each.finite_estimate, abs=1e-9)

    def test_in_bits(self):
        p, q = normals(500)
        nats, bits = (klcli.plot(p, q, base=base, resamples=0).panels[0] for base in ("e", 2))
        for name in ("log_ratio", "log_ratio_high", "forward", "forward_sum"):
            first, second = getattr(nats.cells[5], name), getattr(bits.cells[5], name)
            assert second == pytest.approx(first / math.log(2))
        assert nats.cells[5].density_p == bits.cells[5].density_p


class TestNumbers:
    def test_densities_are_those_of_the_rows(self):
        p, q = normals()
        (panel,) = klcli.plot(p, q, resamples=0).panels
        inside = [cell for cell in panel.cells if cell.role == Role.INTERVAL]
        cell = inside[len(inside) // 2]
        share = np.mean((p >= cell.lower) & (p < cell.upper))
        assert cell.share_p == pytest.approx(share, abs=2 / len(p))
        assert cell.density_p == pytest.approx(cell.share_p / (cell.upper - cell.lower))

    def test_a_kernel_density_is_drawn_itself(self):
        p, q = normals()
        (panel,) = klcli.plot(p, q, density="kde", resamples=0).panels
        assert panel.shape == "curve"
        for cell in panel.cells:
            if cell.role == Role.INTERVAL:
                middle = (cell.lower + cell.upper) / 2
                assert cell.density_q == pytest.approx(stats.norm.pdf(middle), abs=0.03)

    def test_the_log_ratio_of_shifted_normals_is_a_line_within_its_band(self):
        p, q = normals()
        (panel,) = klcli.plot(p, q, resamples=0).panels
        inside = [cell for cell in panel.cells if cell.role == Role.INTERVAL]
        truths = [(cell.lower + cell.upper) / 2 - 0.5 for cell in inside]
        held = [
            cell.log_ratio_low < truth < cell.log_ratio_high
            for cell, truth in zip(inside, truths, strict=True)
        ]
        assert np.mean(held) > 0.8
        widest = max(cell.standard_error for cell in inside)
        assert inside[len(inside) // 2].standard_error < 0.1 < widest

    def test_a_wider_band_for_more_confidence(self):
        p, q = normals(500)
        narrow, wide = (
            klcli.plot(p, q, confidence=level, resamples=0).panels[0].cells[9]
            for level in (0.5, 0.99)
        )
        assert wide.log_ratio_low < narrow.log_ratio_low < narrow.log_ratio_high
        assert narrow.log_ratio_high < wide.log_ratio_high

    def test_cells_of_whole_numbers_are_centred_on_them(self):
        rng = np.random.default_rng(SEED)
        p, q = rng.poisson(20, 2000).astype(float), rng.poisson(22, 2000).astype(float)
        (panel,) = klcli.plot(p, q, resamples=0).panels
        inside = [cell for cell in panel.cells if cell.role == Role.INTERVAL]
        assert {cell.upper - cell.lower for cell in inside} == {1.0}
        assert inside[0].lower % 1 == 0.5

    def test_far_tails_are_cells_beside_the_axis(self):
        rng = np.random.default_rng(SEED)
        p, q = rng.standard_cauchy(3000), rng.standard_cauchy(3000)
        (panel,) = klcli.plot(p, q, resamples=0).panels
        below, *_, above = panel.cells
        assert (below.role, above.role) == (Role.BELOW, Role.ABOVE)
        assert 0 < below.share_p < 0.02
        assert math.isnan(below.density_p)

    def test_crowded_positive_numbers_get_a_logarithmic_axis(self):
        rng = np.random.default_rng(SEED)
        p, q = rng.lognormal(0, 2, 3000), rng.lognormal(0.5, 2, 3000)
        (panel,) = klcli.plot(p, q, resamples=0).panels
        assert panel.scale == "log"
        mass = sum(
            cell.density_p * math.log(cell.upper / cell.lower)
            for cell in panel.cells
            if cell.role == Role.INTERVAL
        )
        assert mass == pytest.approx(1, abs=0.03)
        assert klcli.plot(p, q, scale="linear", resamples=0).panels[0].scale == "linear"

    def test_missing_and_infinite_values_have_cells_of_their_own(self):
        p = np.array([*np.arange(100.0), np.nan, np.inf])
        q = np.array([*np.arange(100.0), np.nan, np.nan, -np.inf])
        (panel,) = klcli.plot(p, q, resamples=0).panels
        roles = {cell.role: cell for cell in panel.cells}
        assert roles[Role.MISSING].share_q == pytest.approx(2 / 103)
        assert [cell.label for cell in panel.cells if cell.role == Role.INFINITE] == [
            "-inf",
            "inf",
        ]
        assert panel.answers[0].status == "infinite"

    def test_dropped_missing_values_are_not_there(self):
        p, q = normals(200)
        (panel,) = klcli.plot(
            np.append(p, np.nan), np.append(q, np.nan), missing="drop", resamples=0
        ).panels
        assert Role.MISSING not in {cell.role for cell in panel.cells}

    def test_few_values_are_bars_in_their_order(self):
        p, q = np.array([1.0, 2, 2, 3] * 50), np.array([1.0, 1, 2, 3] * 50)
        (panel,) = klcli.plot(p, q, numeric=["x0"], resamples=0).panels
        assert panel.shape == "bars"
        assert [cell.label for cell in panel.cells] == ["1", "2", "3"]

    def test_times_have_calendar_bounds(self):
        day = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 3, 1), "1h", eager=True)
        report = klcli.plot(
            pl.DataFrame({"t": day}), pl.DataFrame({"t": day.dt.offset_by("2d")}), resamples=0
        )
        (panel,) = report.panels
        assert panel.kind == "datetime"
        assert all(cell.lower % 86400 == 0 for cell in panel.cells if cell.role == Role.INTERVAL)

    @pytest.mark.parametrize("values", [[1.0] * 50, [0.0, 1e-300], [1e300, -1e300, 0.0] * 9])
    def test_odd_ranges_are_drawn(self, values):
        p = np.array([*values, 5.0, 7.5] * 5)
        report = klcli.plot(p, p[::-1].copy() + 0.25, numeric=["x0"], resamples=0)
        assert report.panels[0].cells

    def test_weights_count(self):
        frame = pl.DataFrame({"x": list(range(40)), "w": [1.0] * 20 + [3.0] * 20})
        (panel,) = klcli.plot(frame, frame, column=["x"], weight="w", resamples=0).panels
        upper = sum(cell.share_p for cell in panel.cells if cell.lower >= 19)
        assert upper == pytest.approx(0.75, abs=0.02)


class TestCategories:
    def test_the_others_are_one_cell_and_the_unseen_are_named(self):
        rng = np.random.default_rng(SEED)
        names = np.array([f"c{k:02d}" for k in range(40)])
        p = pl.DataFrame({"c": [*names[rng.integers(0, 40, 4000)], "only P"]})
        q = pl.DataFrame({"c": names[rng.integers(0, 40, 4000)]})
        (panel,) = klcli.plot(p, q, top=5, resamples=0).panels
        labels = [cell.label for cell in panel.cells]
        assert len(labels) == 7
        assert labels[-2:] == ["only P", "(35 others)"]
        assert panel.cells[-2].log_ratio == math.inf
        assert panel.answers[0].status == "infinite"

    def test_the_band_is_that_of_the_delta_method(self):
        p = pl.DataFrame({"c": ["a"] * 80 + ["b"] * 20})
        q = pl.DataFrame({"c": ["a"] * 60 + ["b"] * 40})
        (panel,) = klcli.plot(p, q, resamples=0).panels
        cell = next(each for each in panel.cells if each.label == "b")
        error = math.sqrt(1 / 20 - 1 / 100 + 1 / 40 - 1 / 100)
        assert cell.log_ratio == pytest.approx(math.log(0.5))
        assert cell.standard_error == pytest.approx(error)
        assert cell.log_ratio_high == pytest.approx(math.log(0.5) + 1.959964 * error)

    def test_one_category_left_over_keeps_its_name(self):
        frame = pl.DataFrame({"c": list("abcdef") * 10})
        (panel,) = klcli.plot(frame, frame, top=5, resamples=0).panels
        assert Role.OTHERS not in {cell.role for cell in panel.cells}


class TestChoice:
    def test_the_most_different_columns_are_drawn(self):
        report = klcli.plot(JAN, JUL, resamples=0, most=2)
        assert [panel.column for panel in report.panels] == ["carrier", "dest"]
        assert report.left_out[-1] == "origin"

    def test_all_that_are_asked_for_are_drawn(self):
        names = ["hour", "origin", "carrier", "dep_delay"]
        report = klcli.plot(JAN, JUL, column=names, resamples=0)
        assert {panel.column for panel in report.panels} == set(names)

    def test_what_cannot_be_drawn_says_why(self):
        frame = pl.DataFrame({"x": [None, None], "y": [1.0, 2.0]}, schema={"x": float, "y": float})
        report = klcli.plot(frame, frame, resamples=0)
        empty = next(panel for panel in report.panels if panel.column == "x")
        assert (empty.shape, empty.cells) == ("", ())
        assert empty.answers[0].status == "undefined"
        assert empty.answers[0].warnings

    def test_free_text_says_why(self):
        frame = pl.DataFrame(
            {"t": [f"a sentence {k} of many words" for k in range(99)], "x": range(99)}
        )
        report = klcli.plot(frame, frame, resamples=0)
        assert [panel.shape for panel in report.panels] == ["steps", ""]

    @pytest.mark.parametrize(
        ("options", "named"),
        [
            ({"density": "knn"}, "rows"), ({"neighbors": 3}, "rows"), ({"scale": "cubic"}, "cubic"),
            ({"top": 0}, "--top"), ({"most": 0}, "--most"), ({"base": 3}, "base"),
            ({"direction": "up"}, "up"), ({"confidence": 1.0}, "--confidence"),
            ({"bandwidth": 0.1, "column": ["origin"]}, "--bandwidth"), ({"max_rows": 9}, "max-rows"),
        ],
    )  # fmt: skip
    def test_what_means_nothing_is_refused(self, options, named):
        with pytest.raises(UsageError, match=named):
            klcli.plot(JAN, JUL, resamples=0, **options)

    def test_unknown_columns_are_refused(self):
        with pytest.raises(InputError, match="nope"):
            klcli.plot(JAN, JUL, column=["nope"])


class TestSchema:
    def test_reports_follow_it(self, flights):
        known = klcli.plot("norm(0, 1)", "uniform(0, 1)", direction="both")
        validator = jsonschema.Draft202012Validator(schema("plot"))
        for report in (flights, known):
            written = json.loads(json.dumps(report.to_dict(), allow_nan=False))
            assert [*validator.iter_errors(written)] == []

    @pytest.mark.parametrize(
        ("name", "made"),
        [
            ("answer", Answer), ("cell", Cell), ("panel", Panel), ("axis", Axis),
            ("plane_cell", PlaneCell), ("dot", Dot), ("plane", Plane),
        ],
    )  # fmt: skip
    def test_every_field_is_described(self, name, made):
        described = schema("plot")["$defs"][name]
        names = {field.name for field in fields(made)}
        assert set(described["properties"]) == set(described["required"]) == names

    def test_the_report_is_described(self):
        assert set(schema("plot")["properties"]) == {field.name for field in fields(PlotReport)}

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from monitoring.scenarios import DAILY, ROWS, SCENARIOS, c, data

import klcli
from klcli.data.table import frame_table
from klcli.data.tabulate import tabulate
from klcli.monitoring.changes import Column, column_changes
from klcli.monitoring.hours import hour_labels
from klcli.monitoring.options import DriftOptions
from klcli.monitoring.reference import kept

REFERENCE = data(0)


def changes(batch, reference=REFERENCE, tests=200):
    """Return what is found in each column, as pairs of code and sentence."""
    options = DriftOptions()
    sides = [kept(frame_table("t", f), options, side=k) for k, f in enumerate((batch, reference))]
    for side, frame in zip(sides, (batch, reference), strict=True):
        side.table.needed = tuple(frame.columns)
    return {
        table.name: [
            (finding.code, finding.message)
            for finding in column_changes(Column(table, *sides, tests))
        ]
        for table in tabulate(*sides).columns
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_happened_is_named_and_nothing_else(name):
    column, change, code, part = SCENARIOS[name]
    found = changes(change(data(1)).select(column), REFERENCE.select(column))[column]
    assert [each for each, _ in found] == [code]
    assert part in found[0][1]


@pytest.mark.parametrize("seed", range(2, 8))
def test_nothing_is_found_where_nothing_happened(seed):
    assert not any(changes(data(seed)).values())


@pytest.mark.parametrize("rows", [100, 500])
def test_nothing_is_found_in_small_batches(rows):
    assert not any(changes(data(9, rows)).values())
    assert not any(changes(data(10), data(11, rows)).values())


@pytest.mark.parametrize("rows", [200, ROWS])
def test_an_outlier_and_a_placeholder_are_told_beside_another_unit(rows):
    feet = c("height") * 3.28084
    first, some = pl.int_range(pl.len()) == 0, pl.int_range(pl.len()) % 50 == 1
    batch = data(1, rows).select(
        height=pl.when(first).then(1e9).when(some).then(-1e5).otherwise(feet)
    )
    found = changes(batch, REFERENCE.select("height"))["height"]
    assert [code for code, _ in found] == ["unit-change", "placeholder", "outlier"]
    assert found[2][1].startswith("1000000000 lies far above all others")
    assert found[1][1].startswith("2 % of the values are -100000, ")


def test_one_value_in_a_million():
    rng = np.random.default_rng(43588989435)
    reference = pl.DataFrame({"x": rng.normal(size=1_000_000)})
    batch = rng.normal(size=1_000_000)
    assert changes(pl.DataFrame({"x": batch}), reference) == {"x": []}
    batch[17] = 40.0
    found = changes(pl.DataFrame({"x": batch}), reference)
    assert [code for code, _ in found["x"]] == ["outlier"]
    assert found["x"][0][1].startswith("40 lies far above")


@pytest.mark.parametrize("law", ["standard_cauchy", "lognormal", "exponential", "pareto"])
def test_the_largest_of_a_heavy_tail_is_no_outlier(law):
    rng = np.random.default_rng(46904157598)
    draw = {
        "standard_cauchy": rng.standard_cauchy,
        "lognormal": lambda n: rng.lognormal(0, 2, n),
        "exponential": lambda n: rng.exponential(1, n),
        "pareto": lambda n: rng.pareto(0.7, n),
    }[law]
    found = [
        code
        for _ in range(100)
        for code, _ in changes(
            pl.DataFrame({"x": draw(400)}), pl.DataFrame({"x": draw(300)}), tests=1
        )["x"]
    ]
    # A bar of 1 % for each end of each column.
    assert len(found) <= 6


def test_a_shift_is_no_change_of_units():
    rng = np.random.default_rng(47958315233)
    reference = pl.DataFrame({"x": rng.normal(10, 1, ROWS)})
    batch = pl.DataFrame({"x": rng.normal(12, 1, ROWS)})
    assert [code for code, _ in changes(batch, reference)["x"]] in ([], ["out-of-range"])


@pytest.mark.parametrize(
    ("values", "batch", "sentence"),
    [
        (
            "height",
            lambda x: np.where(np.arange(10_000) % 10, x, 0.3937 * x),
            "about 10 % of the values",
        ),
        ("amount", lambda x: np.where(np.arange(10_000) % 10, x, -x), "with the sign reversed"),
        ("amount", lambda x: 2 * x, "times 1.94384 (m/s to knots) or times 2"),
        ("amount", lambda x: x / 1000, "those of the reference divided by 1000"),
        ("amount", lambda x: x * 1000, "those of the reference times 1000"),
    ],
)
def test_units_of_a_tenth_of_the_rows_and_plain_factors_are_named(values, batch, sentence):
    rng = np.random.default_rng(57721566490)
    draw = {"height": lambda n: rng.normal(170, 10, n), "amount": lambda n: rng.gamma(2, 30, n)}
    frames = [pl.DataFrame({"x": draw[values](n)}) for n in (20_000, 10_000)]
    changed = frames[1].with_columns(x=batch(frames[1]["x"].to_numpy()))
    ((code, message),) = changes(changed, frames[0])["x"]
    assert code == "unit-change"
    assert sentence in message
    assert "1024" not in message


@pytest.mark.parametrize("shift", [-5, 2, 5])
def test_a_shift_is_no_change_of_units_in_a_part_of_the_rows(shift):
    rng = np.random.default_rng(57721566490)
    values = rng.gamma(2, 10, (2, 10_000))
    found = changes(pl.DataFrame({"x": values[0] + shift}), pl.DataFrame({"x": values[1]}))["x"]
    assert "unit-change" not in [code for code, _ in found]


def test_text_in_the_wrong_encoding_is_recognised():
    reference = pl.DataFrame({"x": ["Zürich", "Bern"] * 500})
    wrong = "Zürich".encode().decode("cp1252")
    batch = pl.DataFrame({"x": [wrong, "Bern"] * 500})
    assert changes(batch, reference)["x"][0][0] == "respelled"


def test_an_hour_that_occurs_once_does_not_hide_that_the_clock_was_changed():
    hours = np.repeat(np.arange(1, 23), 60 * DAILY[1:23])
    reference = pl.DataFrame({"x": np.append(hours, 0)})
    batch = pl.DataFrame({"x": hours + 1})
    ((code, message),) = changes(batch, reference)["x"]
    assert code == "clock-change"
    assert "one hour later" in message


def test_first_days_of_months_are_not_days_read_for_months():
    rng = np.random.default_rng(81649658092)
    january = np.datetime64("2024-01-01") + rng.integers(0, 31, ROWS)
    firsts = rng.choice(np.arange("2024-01", "2025-01", dtype="datetime64[M]"), ROWS)
    frame = pl.DataFrame({"x": np.concatenate([january, firsts.astype("datetime64[D]")])})
    some = frame.sample(ROWS, seed=1)
    assert changes(some, frame) == {"x": []}
    later = frame.select(pl.col("x").dt.offset_by("1y"))
    assert [code for code, _ in changes(later, frame)["x"]] == ["moved-on"]


def test_codes_in_text_files_that_lose_their_zeros_are_told(tmp_path):
    rng = np.random.default_rng(14142135623)

    def found(name, values, form):
        (tmp_path / name).write_text("code\n" + "\n".join(format(v, form) for v in values) + "\n")
        report = klcli.drift(tmp_path / "ref.csv", [tmp_path / name])
        return [(change.code, change.message) for change in report.results[0].changes]

    codes = np.array([2134, 1002, 94110, 60601])
    assert found("ref.csv", rng.choice(codes, 2000), "05") == []
    assert found("same.csv", rng.choice(codes, 2000), "05") == []
    assert found("large.csv", rng.choice(codes[2:], 2000), "05")[0][0] != "respelled"
    ((code, message),) = found("lost.csv", rng.choice(codes, 2000), "")
    assert code == "respelled"
    assert message.startswith("no value begins with a zero, as 5")
    found("ref.csv", np.arange(200, 1000), "04")
    assert "respelled" not in [code for code, _ in found("next.csv", np.arange(1000, 1400), "04")]


def test_nulls_that_end_are_told_too():
    reference = pl.DataFrame({"x": [None, 1.0, 2.0, 3.0] * 300})
    batch = pl.DataFrame({"x": [1.0, 2.0, 3.0] * 300})
    assert changes(batch, reference)["x"] == [
        ("null-rate", "0 % of the values are missing, 25 % in the reference")
    ]


@pytest.mark.parametrize(
    "values", [[0, 1], [0, 1, 2], list(range(30)), [0.5, 1.5], ["a", "b"], [True, False]]
)
def test_a_column_without_values_on_one_side(values):
    full = pl.DataFrame({"x": values * 200})
    empty = full.with_columns(x=pl.lit(None, dtype=full.schema["x"]))
    assert changes(empty, full)["x"] == [
        ("null-rate", "100 % of the values are missing, 0 % in the reference")
    ]
    assert changes(full, empty)["x"] == [
        ("null-rate", "0 % of the values are missing, 100 % in the reference")
    ]


def test_infinities_alone_beside_few_numbers():
    numbers = pl.DataFrame({"x": [0.0, 1.0, 2.0] * 200})
    infinite = numbers.with_columns(x=pl.lit(float("inf")))
    assert [code for code, _ in changes(infinite, numbers)["x"]] == ["outlier"]
    changes(numbers, infinite)


def test_years_that_follow_are_not_stuck():
    rng = np.random.default_rng(50990195135)
    reference = pl.DataFrame({"year": np.full(ROWS, 2015)})
    batch = pl.DataFrame({"year": rng.integers(2016, 2019, ROWS)})
    ((code, words),) = changes(batch, reference)["year"]
    assert code == "moved-on"
    assert words.startswith("100 % of the values are larger than any of the reference (2015)")


@pytest.mark.parametrize(
    ("day", "code"),
    [("2024-03-09", "moved-on"), ("2024-03-03", "stuck-value"), ("9999-12-31", "stuck-value")],
)
def test_the_day_of_a_delivery_is_not_stuck(day, code):
    days = np.arange("2024-03-01", "2024-03-06", dtype="datetime64[D]")
    reference = pl.DataFrame({"day": np.repeat(days, 200)})
    batch = pl.DataFrame({"day": np.full(200, np.datetime64(day))})
    ((found, words),) = changes(batch, reference)["day"]
    assert found == code
    if code == "moved-on":
        assert words.startswith(
            "every value is 2024-03-09, later than any of the reference (2024-03-05)"
        )


@pytest.mark.parametrize(
    ("draw", "value"),
    [
        (lambda rng: rng.integers(0, 1000, 100_000), 10**9),
        (lambda rng: rng.poisson(4, 100_000), 500),
        (lambda rng: np.round(rng.lognormal(3, 1, 100_000), 2), 99_999_999.99),
        (lambda rng: rng.normal(1000, 20, 100_000), 0.0),
        (lambda rng: rng.integers(1, 6, 100_000), 1_000_000),
    ],
)
def test_an_outlier_is_found_whatever_the_others_are_like(draw, value):
    rng = np.random.default_rng(51961524227)
    reference, batch = pl.DataFrame({"x": draw(rng)}), draw(rng)
    assert changes(pl.DataFrame({"x": batch}), reference) == {"x": []}
    batch[99] = value
    found = changes(pl.DataFrame({"x": batch}), reference)["x"]
    assert "outlier" in [code for code, _ in found]
    assert f"{value:.12g} lies far" in " ".join(words for _, words in found)


@pytest.mark.parametrize(("times", "told"), [(1, False), (2, False), (40, False), (400, True)])
def test_one_row_of_a_new_category_is_told_where_the_reference_is_much_larger(times, told):
    reference = pl.DataFrame({"x": ["a", "b", "c"] * 400})
    batch = ["a", "b", "c"] * (400 // times) + ["d"]
    found = changes(pl.DataFrame({"x": batch}), reference)["x"]
    assert [code for code, _ in found] == ["new-categories"] * told


def test_a_flag_that_was_never_up_may_be_a_rare_one():
    reference = pl.DataFrame({"x": [False] * ROWS})
    assert not changes(pl.DataFrame({"x": [False] * (ROWS - 2) + [True] * 2}), reference)["x"]


def test_new_values_that_a_sample_lacks_have_the_name_of_their_cell():
    """Once they had that of the value of the reference beside them."""
    rng = np.random.default_rng(57445626401)
    reference = pl.DataFrame({"x": rng.integers(0, 10, 2_000_000).astype(float)})
    batch = rng.integers(0, 10, 400_000).astype(float)
    batch[rng.choice(400_000, 9, replace=False)] = [5.5, 6.5, 7.5] * 3
    ((code, words),) = changes(pl.DataFrame({"x": batch}), reference)["x"]
    assert code == "new-categories"
    told = words.removeprefix("new: ").partition(", in a")[0].split(", ")
    expected = [
        {f"'{low}.5' (0.00075 %)", f"'between {low} and {low + 1}' (0.00075 %)"}
        for low in (5, 6, 7)
    ]
    assert all(name in either for name, either in zip(told, expected, strict=True))
    assert "between" in words


def test_rounded_values_are_told_and_not_stuck():
    rng = np.random.default_rng(20815727)
    values = np.round(rng.gamma(2, 30, (2, 10_000)), 2)
    batch = pl.DataFrame({"x": np.floor(values[0])})
    ((code, message),) = changes(batch, pl.DataFrame({"x": values[1]}))["x"]
    assert code == "rounding"
    assert message.startswith("the values of the batch are multiples of 1, 99.1 % of those of the")


def test_rounded_values_are_not_stuck_beside_a_profile():
    rng = np.random.default_rng(20815727)
    values = np.round(rng.gamma(2, 30, (2, 20_000)), 2)
    batch = pl.DataFrame({"x": np.floor(values[0])})
    profile = klcli.profile(pl.DataFrame({"x": values[1]}))
    (result,) = klcli.drift(profile, batch, column=["x"]).results
    assert "stuck-value" not in [change.code for change in result.changes]
    stuck = pl.DataFrame({"x": np.where(rng.random(20_000) < 0.04, 51.23, values[0])})
    (result,) = klcli.drift(profile, stuck, column=["x"]).results
    assert [change.code for change in result.changes] == ["stuck-value"]


def test_codes_that_change_are_no_ids_that_count_on():
    rng = np.random.default_rng(52915026221)
    reference = pl.DataFrame({"x": rng.integers(1, 9, ROWS)})
    batch = pl.DataFrame({"x": rng.choice([700, 900, 1500], ROWS)})
    ((code, words),) = changes(batch, reference)["x"]
    assert code == "out-of-range"
    assert "leave them out" not in words


def times(start, days, rows_an_hour=60):
    """Return times that are spread over some days as those of a log are, about."""
    rng = np.random.default_rng(53851648071)
    hours = np.repeat(np.arange(days * 24), rows_an_hour)
    micro = hours * 3_600_000_000 + rng.integers(0, 3_600_000_000, len(hours))
    return np.datetime64(start, "us") + np.sort(micro).astype("timedelta64[us]")


def of_hours(values):
    """Return what is found of clocks in a batch of times, beside February."""
    found = changes(pl.DataFrame({"x": values}), pl.DataFrame({"x": times("2024-02-01", 29)}))
    return [words for code, words in found["x"] if code == "clock-change"]


def test_the_hour_that_daylight_saving_leaves_out_is_named():
    march = times("2024-03-01", 31)
    assert of_hours(march) == []
    hour = march.astype("datetime64[h]")
    (words,) = of_hours(march[hour != np.datetime64("2024-03-10T02")])
    assert words.startswith("the hour from 2024-03-10 02:00 has no rows, 0 where 60 are expected")


def test_the_hour_that_daylight_saving_repeats_is_named():
    march = times("2024-03-01", 31)
    hour = march.astype("datetime64[h]")
    twice = np.concatenate([march, march[hour == np.datetime64("2024-03-17T01")]])
    (words,) = of_hours(twice)
    assert words.startswith("the hour from 2024-03-17 01:00 has twice as many rows")
    assert "120 where 60 are expected" in words


@pytest.mark.parametrize(("step", "least", "most"), [(1, 80, 200), (0, 0, 1)])
def test_an_hour_off_shows_in_five_hundred_rows(step, least, most):
    """In 200 runs: the shift is named in half of them, no other is, and without it nothing is."""
    rng = np.random.default_rng(91596559417)
    names = [f"{hour:02}:00" for hour in range(24)]
    shares = DAILY / DAILY.sum()
    said = []
    for _ in range(200):
        q, p = rng.multinomial(20_000, shares), rng.multinomial(500, np.roll(shares, step))
        said += [found.message for found in hour_labels(names, p * 1.0, q * 1.0, tests=200)]
    assert least <= len(said) <= most
    assert sum("look like those of the reference one hour later" in each for each in said) >= least


def test_hours_that_are_all_alike_look_like_no_shift():
    """Any shift of them fits as well as none, and the best of 23 better than that."""
    rng = np.random.default_rng(57721566490)
    names = [f"{hour:02}:00" for hour in range(24)]
    for rows in (160, 500, 5000):
        for _ in range(300):
            p, q = rng.multinomial(rows, np.full(24, 1 / 24), size=2) * 1.0
            assert list(hour_labels(names, p, q, tests=200)) == []


def test_an_outage_of_several_hours_is_no_change_of_the_clock():
    march = times("2024-03-01", 31)
    hour = march.astype("datetime64[h]")
    gone = (hour >= np.datetime64("2024-03-10T02")) & (hour < np.datetime64("2024-03-10T07"))
    assert of_hours(march[~gone]) == []


def test_labels_with_new_names_are_paired():
    rng = np.random.default_rng(54772255750)
    labels, shares = np.array(["NY", "LA", "SF", "Rio"]), [0.45, 0.3, 0.15, 0.1]
    reference = pl.DataFrame({"x": rng.choice(labels, ROWS, p=shares)})
    new = np.array(["New York", "Los Angeles", "San Francisco", "Rio"])
    batch = pl.DataFrame({"x": rng.choice(new, ROWS, p=shares)})
    found = dict(changes(batch, reference)["x"])
    assert list(found) == ["new-categories", "vanished-categories", "exchanged-labels"]
    assert "'NY' is now 'New York', 'LA' is now 'Los Angeles'" in found["exchanged-labels"]


def test_a_label_that_stands_for_those_that_are_gone():
    rng = np.random.default_rng(54772255750)
    days = np.array([f"{day:02}.01.2025" for day in range(1, 29)])
    reference = pl.DataFrame({"x": rng.choice(days, ROWS)})
    batch = pl.DataFrame(
        {"x": np.where(np.isin(some := rng.choice(days, ROWS), days[5:12]), days[4], some)}
    )
    gone, stuck = changes(batch, reference)["x"]
    assert gone[0] == "vanished-categories"
    assert stuck[0] == "stuck-value"
    assert "of the values are '05.01.2025', 3." in stuck[1]
    batch = pl.DataFrame({"x": rng.choice(days[:7], ROWS)})
    assert [code for code, _ in changes(batch, reference)["x"]] == ["vanished-categories"]


def test_new_labels_of_a_long_tail_are_not_told_one_by_one():
    rng = np.random.default_rng(55677643628)
    shares = 1 / np.arange(1, 3001)
    labels = np.array([f"id {k}" for k in range(3000)])
    draw = [
        pl.DataFrame({"x": rng.choice(labels, ROWS, p=shares / shares.sum())}) for _ in range(2)
    ]
    assert changes(*draw)["x"] == []


@pytest.mark.parametrize(
    ("label", "code"), [("?", "placeholder"), ("a", "stuck-value"), ("new", "stuck-value")]
)
def test_one_label_for_all_rows_is_told_once(label, code):
    reference = pl.DataFrame({"x": ["a", "b", "c", "d"] * 200})
    ((found, words),) = changes(pl.DataFrame({"x": [label] * 700}), reference)["x"]
    assert found == code
    assert words.startswith(f"every value is {label!r}, ")


def test_labels_in_sentences_are_short_and_escaped_once():
    reference = pl.DataFrame({"x": ["a", "b"] * 400})
    batch = pl.DataFrame({"x": ["a", "b", "\x1b[2J", "y" * 500] * 200})
    ((_, words),) = changes(batch, reference)["x"]
    assert r"'\x1b[2J' (25 %)" in words
    assert "'" + "y" * 59 + "…'" in words

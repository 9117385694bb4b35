"""What `cv` tries, by leave-one-out done row by row, and what a result tells of it."""

import json
import math

import jsonschema
import numpy as np
import pytest
from joint.joint_pairs import pair_of
from scipy import special, stats
from tables import number_table, pooled_sample, table_for

import klcli
from klcli.densities.histogram import Histogram
from klcli.densities.kde import Kde
from klcli.errors import UsageError
from klcli.joint.kde import Kde as JointKde
from klcli.joint.knn import Knn
from klcli.joint.knn_tuning import tune
from klcli.render.records import as_csv, as_json
from klcli.render.schema import schema

OPTIONS = ("bins", "bandwidth", "neighbors")


def samples(n=150, m=120):
    rng = np.random.default_rng(70710678118654752440)
    return rng.normal(1, 1, n), rng.gamma(2, 1, m)


def best(tuning):
    values, scores = zip(*tuning.tried, strict=True)
    return values[int(np.argmax(scores))]


def test_bins_have_the_squared_error_of_left_out_rows():
    p, q = samples()
    (tuning,) = Histogram("cv").layout_tuning(pooled_sample(p, q))
    rows = np.concatenate([p, q])
    span = np.ptp(rows)

    def literal(number):
        counts, edges = np.histogram(rows, number)
        own = counts[np.minimum(np.searchsorted(edges, rows, "right"), number) - 1]
        density = counts / len(rows) / (span / number)
        left_out = (own - 1) / (len(rows) - 1) / (span / number)
        return span * (2 * left_out.mean() - np.sum(density**2) * span / number)

    for number, score in tuning.tried:
        assert score == pytest.approx(literal(int(number)))
    assert tuning.chosen == best(tuning)
    edges = Histogram("cv").layout(pooled_sample(p, q))
    assert edges == pytest.approx(np.linspace(rows.min(), rows.max(), int(tuning.chosen) + 1))


@pytest.mark.parametrize("number", [49, 98])
def test_bins_are_as_many_as_were_chosen(number, monkeypatch):
    # 49·(1/49) is not 1 in floating point.
    tuning = klcli.results.Tuning.best("bins", "both", "", ((float(number), 1.0),))
    monkeypatch.setattr("klcli.densities.bins.tuning", lambda _: tuning)
    p, q = samples()
    assert len(Histogram("cv").layout(pooled_sample(p, q))) == number + 1


def test_bandwidths_have_the_likelihood_of_left_out_rows():
    kde = Kde("cv")
    p, q = samples()
    table = table_for(kde, p, q)
    chosen = kde.bandwidths(table)
    for tuning, counts, width in zip(kde.tuning(table), (table.p, table.q), chosen, strict=True):
        rows = np.repeat((table.lower + table.upper) / 2, counts.astype(int))

        def literal(bandwidth, rows=rows):
            kernel = stats.norm.logpdf(rows[:, None], rows, bandwidth)
            np.fill_diagonal(kernel, -np.inf)
            return np.mean(special.logsumexp(kernel, axis=1)) - math.log(len(rows) - 1)

        for bandwidth, score in tuning.tried[20:]:
            assert score == pytest.approx(literal(bandwidth), abs=1e-3)
        assert tuning.chosen == best(tuning) == width.width


def test_neighbours_have_the_log_probability_of_left_out_rows():
    rng = np.random.default_rng(17320508075688772935)
    p, q = rng.normal(0.5, 1, (70, 2)), rng.normal(0, 1, (90, 2))
    tuning = tune(p, q)
    assert [k for k, _ in tuning.tried] == [1, 2, 3, 5, 8]

    def log_ratio(row, own, other, k):
        near, far = (np.sort(np.linalg.norm(side - row, axis=1)) for side in (own, other))
        radius = max(near[k], far[k - 1])
        inside, beside = near[1:][near[1:] <= radius], far[far <= radius]
        counts = special.psi(len(inside)) - special.psi(len(beside))
        stretch = 2 * math.log(beside[-1] / inside[-1])
        return counts + stretch + math.log(len(other) / (len(own) - 1))

    for k, score in tuning.tried:
        means = [
            np.mean([math.log(special.expit(log_ratio(row, own, other, int(k)))) for row in own])
            for own, other in ((p, q), (q, p))
        ]
        assert score == pytest.approx(np.mean(means))
    assert tuning.chosen == best(tuning)


def test_the_chosen_number_of_neighbours_is_used_and_tested_without():
    rng = np.random.default_rng(22360679774997896964)
    rows = pair_of(rng.normal(0.5, 1, (300, 2)), rng.normal(0, 1, (400, 2)))
    point = Knn("cv")(rows, rng)
    assert point.tuning[0].chosen > 5
    assert point.value == Knn(int(point.tuning[0].chosen))(rows, rng).value
    tested = [Knn(k).null(rows, 19, np.random.default_rng(3)) for k in ("cv", 5)]
    assert tested[0][0] == tested[1][0]
    assert np.array_equal(tested[0][1], tested[1][1])


def test_where_nothing_differs_many_neighbours_are_best():
    rng = np.random.default_rng(24494897427831780982)
    p, q = rng.normal(size=(600, 2)), rng.normal(size=(600, 2))
    tuning = tune(p, q)
    assert tuning.chosen >= 8
    assert dict(tuning.tried)[tuning.chosen] == pytest.approx(-math.log(2), abs=0.03)


def test_the_chosen_joint_bandwidth_is_used():
    rng = np.random.default_rng(26457513110645905905)
    rows = pair_of(rng.normal(0.5, 1, (300, 2)), rng.normal(0, 1, (300, 2)))
    point = JointKde()(rows, rng)
    of_p, of_q = point.tuning
    assert [of_p.side, of_q.side] == ["P", "Q"]
    assert of_p.chosen == best(of_p)
    assert of_p.chosen == of_q.chosen
    assert point.value == pytest.approx(JointKde(of_p.chosen)(rows, rng).value)
    assert JointKde("scott")(rows, rng).tuning == ()


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("missing", [False, True])
def test_results_tell_what_was_tried(option, missing):
    p, q = samples()
    if missing:
        p, q = (np.append(side, [np.nan] * 20) for side in (p, q))
    report = klcli.estimate(p, q, resamples=19, base=2, **{option: "cv"})
    jsonschema.Draft202012Validator(schema("estimate")).validate(json.loads(as_json(report)))
    for result in report.results:
        assert [each.option for each in result.tuning] == [option] * len(result.tuning)
        sides = [each.side for each in result.tuning]
        assert sides == (["P", "Q"] if option == "bandwidth" else ["both"])
        assert [each.chosen for each in result.tuning] == list(map(best, result.tuning))
        assert f"{option}{' P' * (option == 'bandwidth')}={result.tuning[0].chosen}" in as_csv(
            report
        )
    assert report.results[0].tuning == report.results[1].tuning
    again = klcli.estimate(p, q, resamples=0, direction="reverse", **{option: "cv"})
    assert again.results[0].tuning == report.results[0].tuning


@pytest.mark.parametrize("option", ["bandwidth", "neighbors"])
def test_columns_together_tell_what_was_tried(option):
    rng = np.random.default_rng(28284271247461900976)
    report = klcli.estimate(
        rng.normal(0.5, 1, (200, 2)), rng.normal(size=(220, 2)), joint=True, resamples=19,
        **{option: "cv"},
    )  # fmt: skip
    assert {each.option for result in report.results for each in result.tuning} == {option}


def test_exchanging_the_data_exchanges_the_curves():
    p, q = samples()
    there, back = (klcli.estimate(*each, bandwidth="cv") for each in ((p, q), (q, p)))
    assert [each.chosen for each in there.results[0].tuning] == [
        each.chosen for each in back.results[0].tuning[::-1]
    ]


def test_nothing_is_told_where_nothing_was_tried():
    p, q = samples()
    for options in ({}, {"bins": "stone"}, {"bandwidth": "scott"}, {"neighbors": 5}):
        assert klcli.estimate(p, q, resamples=0, **options).results[0].tuning == ()
    report = klcli.estimate(np.full(30, 2.0), np.full(40, 2.0), resamples=0, bins="cv")
    assert report.results[0].tuning == ()


def test_stone_and_cv_are_one_rule():
    p, q = samples()
    table = [number_table(p, q, Histogram(rule).layout(pooled_sample(p, q))) for rule in
             ("stone", "cv")]  # fmt: skip
    assert np.array_equal(table[0].p, table[1].p)


def test_distances_that_need_no_bins_tell_none():
    p, q = samples()
    results = klcli.estimate(p, q, resamples=19, bins="cv", divergence=["js", "ks"]).results
    assert {each.divergence: bool(each.tuning) for each in results} == {"js": True, "ks": False}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"neighbors": "best"}, "unknown neighbors 'best'"),
        ({"neighbors": "cv", "density": "ratio"}, "--neighbors means nothing"),
        ({"neighbors": "cv", "bins": "cv"}, "exclude each other"),
        ({"bins": "cv", "density": "kde"}, "--bins means nothing"),
        ({"bins": "cv", "joint": True}, "--bins means nothing"),
    ],
)
def test_cv_is_refused_where_it_means_nothing(options, message):
    with pytest.raises(UsageError, match=message):
        klcli.estimate(*samples(), **options)


def test_a_direct_choice_of_neighbours_is_checked():
    with pytest.raises(UsageError, match="unknown neighbors 'best'"):
        Knn("best")

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest
from scipy import stats

from klcli.divergences.build import FAMILIES, distribution
from klcli.divergences.known import Known, Mixture
from klcli.divergences.names import NUMERIC
from klcli.divergences.vectors import VECTORS
from klcli.errors import InputError, KlcliError, UsageError


def family(name):
    return getattr(stats, name)


@pytest.mark.parametrize("name", FAMILIES)
def test_parameters_are_those_of_scipy(name):
    shapes = family(name).shapes
    assert FAMILIES[name].shapes == (tuple(shapes.split(", ")) if shapes else ())
    assert FAMILIES[name].discrete == isinstance(family(name), stats.rv_discrete)
    assert len(FAMILIES[name].domains) == len(FAMILIES[name].shapes)


@pytest.mark.parametrize("name", VECTORS)
def test_parameters_of_vectors_are_those_of_scipy(name):
    given = list(inspect.signature(family(name).__call__).parameters)
    assert tuple(given[: len(VECTORS[name])]) == VECTORS[name]


def test_every_family_of_numbers_is_known():
    numbers = (stats.rv_continuous, stats.rv_discrete)
    found = {name for name, value in vars(stats).items() if isinstance(value, numbers)}
    assert found == {*FAMILIES, *NUMERIC}
    assert not set(FAMILIES) & set(NUMERIC)


def test_defaults():
    assert str(distribution("norm()")) == "norm(loc=0, scale=1)"
    assert str(distribution("binom(10, p=.3)")) == "binom(n=10, p=0.3, loc=0)"
    assert str(distribution("t(3)")) == "t(df=3, loc=0, scale=1)"
    assert distribution("gamma(2, 1, 3)") == distribution("gamma(a=2, scale=3, loc=1)")


def test_mixtures():
    found = distribution("0.3*norm(-2, 1) + 0.7*t(3)")
    assert isinstance(found, Mixture)
    assert str(found) == "0.3*norm(loc=-2, scale=1) + 0.7*t(df=3, loc=0, scale=1)"


def test_frozen_distributions_and_arrays():
    assert distribution(stats.norm(1, scale=2)) == distribution("norm(1, 2)")
    assert distribution(np.array([0.25, 0.75])) == distribution("categorical(0.25, 0.75)")


@pytest.mark.parametrize(
    ("name", "text", "labels"),
    [
        ("p.csv", "name,probability\na,0.25\nb,0.75\n", ("a", "b")),
        ("p.csv", "a,0.25\nb,0.75\n", ("a", "b")),
        ("p.csv", '"x,y",0.25\n"","0.75"\n', ("x,y", "")),
        ("p.csv", "probability\n0.25\n0.75\n", ()),
        ("p.csv", "\ufeff0.25\r\n\r\n0.75", ()),
        ("p.tsv", "a\t0.25\nb\t0.75\n", ("a", "b")),
        ("p.json", "[0.25, 0.75]", ()),
        ("p.json", '{"a": 0.25, "b": 0.75}', ("a", "b")),
    ],
)
def test_files(tmp_path, name, text, labels):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    for written in (str(path), f"categorical({str(path)!r})"):
        found = distribution(written)
        assert isinstance(found, Known)
        assert dict(found.values)["p"] == (0.25, 0.75)
        assert found.labels == labels


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.csv", ""), ("p.csv", "a,b\n"), ("p.csv", "a,0.5\nb,x\n"), ("p.csv", "a,0.5,1\n"),
        ("p.csv", "0.5\n0.6\n"), ("p.csv", "a,0.5\na,0.5\n"), ("p.csv", "1.5\n-0.5\n"),
        ("p.csv", "nan\n1\n"), ("p.json", "{"), ("p.json", '["0.5", 0.5]'), ("p.json", "[[1]]"),
        ("p.json", "1"), ("p.json", "[true]"), ("p.json", "[" * 100_000), ("p.json", "[NaN, 1]"),
    ],
)  # fmt: skip
def test_broken_files(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KlcliError) as caught:
        distribution(str(path))
    assert caught.value.hint


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "latin.csv").write_bytes(b"\xe9,1\n")
    for name in ("missing.csv", "latin.csv", "."):
        with pytest.raises(InputError):
            distribution(f"categorical({str(tmp_path / name)!r})")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("norm(0, -1)", "norm: scale must be positive, not -1", "norm(loc, scale)"),
        ("norm(0, 0)", "scale must be positive", ""),
        ("binom(10, 1.5)", "p must lie between 0 and 1", ""),
        ("binom(2.5, 0.5)", "n must be a whole number", ""),
        ("poisson(3, 0.5)", "loc must be a whole number", ""),
        ("geom(0)", "p must lie above 0", ""),
        ("loguniform(3, 2)", "b must be larger than a=3", ""),
        ("t(-1)", "scipy.stats does not define it for df=-1", "t(df, loc, scale)"),
        ("t(1, 0, 0)", "does not define it", ""),
        ("nrom(0, 1)", "no family is called 'nrom'", "did you mean 'norm'?"),
        ("__import__(1)", "no family is called '__import__'", ""),
        ("normal(0, 1)", "no family is called 'normal'", "did you mean 'norm'?"),
        ("qqqqq(0, 1)", "scipy.stats has no family of numbers called 'qqqqq'", ""),
        ("gaussian_kde(1)", "scipy.stats has no family of numbers", ""),
        ("describe(1)", "no family", ""),
        ("ortho_group(3)", "scipy.stats has no family of numbers", ""),
        ("norm(1, 2, 3)", "norm takes at most 2 parameters, not 3", ""),
        ("norm(mu=1)", "norm has no parameter 'mu'", "norm(loc, scale)"),
        ("norm(1, loc=2)", "loc is given twice", ""),
        ("gamma()", "gamma: a is missing", ""),
        ("norm('x')", "norm: 'x' is not a number", ""),
        ("norm([1, 2])", "norm: loc must be a number, not a list", ""),
        ("t([1, 2])", "t: df must be a number, not a list", ""),
        ("vonmises(1, 0, 2)", "vonmises: scale must be 1", "radians"),
        ("categorical()", "there are no probabilities", ""),
        ("categorical(0.5, 0.6)", "the probabilities sum to 1.1, not 1", "divide them by 1.1"),
        ("categorical(0.5, a=0.5)", "some categories have a name", ""),
        ("categorical([0.5], 0.5)", "categorical takes probabilities", ""),
        ("dirichlet([1])", "alpha must be two or more positive numbers", ""),
        ("dirichlet([[1], [2]])", "alpha must be a list of numbers", ""),
        ("multinomial(1.5, [0.5, 0.5])", "n must be a whole number", ""),
        ("multinomial([1], [1])", "n must be a number", ""),
        ("multivariate_normal([0], [[1, 0], [0, 1]])", "mean has 1 numbers, but cov 2 rows", ""),
        ("multivariate_normal([0, 0], [[1, 2], [2, 1]])", "cov must be positive definite", ""),
        ("multivariate_normal([0, 0], [[1, 0], [1, 1]])", "cov must be symmetric", ""),
        ("multivariate_normal([0, 0], [[1, 0]])", "cov must be a square matrix", ""),
        ("multivariate_t([0], [[1]], -1)", "df must be positive", ""),
        ("wishart(0.5, [[1, 0], [0, 1]])", "df must exceed", ""),
        ("0.5*norm(0,1) + 0.5*poisson(1)", "no mixture has a density for both", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text, message, hint):
    with pytest.raises(UsageError) as caught:
        distribution(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.hint


def test_other_objects_are_refused():
    with pytest.raises(UsageError, match="a dict is not a distribution"):
        distribution({"a": "b"})
    with pytest.raises(UsageError, match="a int is not a distribution"):
        distribution(3)


def test_many_values_are_counted():
    assert str(distribution(json.loads("[0.05]") * 20)) == "categorical(p=[20 values])"

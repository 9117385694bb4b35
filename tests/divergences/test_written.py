from __future__ import annotations

import pytest
from scipy import stats

from klcli.divergences.written import is_distribution


@pytest.mark.parametrize(
    "text",
    ["norm(0, 1)", "0.3*norm(-2,1) + 0.7*norm(2,1)", " binom(10, 0.3)", "norm(0, 1", "t(?)"],
)
def test_expressions_are_distributions(text):
    assert is_distribution(text)


@pytest.mark.parametrize(
    "text",
    ["data.csv", "report (2).csv", "data/*.csv", "-", "s3://bucket/a(1).parquet", "norm", ""],
)
def test_paths_are_not(text):
    assert not is_distribution(text)


def test_a_file_of_that_name_is_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_distribution("norm(0, 1)")
    (tmp_path / "norm(0, 1)").write_text("x\n1\n")
    assert not is_distribution("norm(0, 1)")


def test_a_frozen_distribution_is_one_and_data_are_not():
    assert is_distribution(stats.norm(0, 1))
    assert not is_distribution([1.0, 2.0])
    assert is_distribution("norm(" + "0" * 100_000)

from __future__ import annotations

import numpy as np
import pytest

from klcli.errors import InputError
from klcli.monitoring.batches import incoming, natural

ONE = np.ones(3)


@pytest.fixture
def folder(tmp_path):
    for name in ("jan2.csv", "jan10.csv", "jan1.csv"):
        (tmp_path / name).write_text("x\n1\n2\n")
    return tmp_path


def names(*given):
    return [each.name for each in incoming(given, None)]


def test_numbers_in_names_count_as_numbers():
    assert sorted(["b10", "b9", "a100", "b"], key=natural) == ["a100", "b", "b9", "b10"]


def test_folders_and_globs_are_in_natural_order(folder):
    wanted = ["jan1.csv", "jan2.csv", "jan10.csv"]
    assert names(folder) == wanted
    assert names(str(folder / "*.csv")) == wanted


def test_what_a_shell_expands_is_put_in_natural_order(folder):
    expanded = sorted(str(path) for path in folder.iterdir())
    assert expanded[1].endswith("jan10.csv")
    assert names(*expanded) == ["jan1.csv", "jan2.csv", "jan10.csv"]


def test_an_order_that_somebody_chose_is_kept(folder):
    chosen = [str(folder / name) for name in ("jan2.csv", "jan1.csv", "jan10.csv")]
    assert names(*chosen) == ["jan2.csv", "jan1.csv", "jan10.csv"]


def test_equal_names_are_told_apart_by_their_folders(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.csv").write_text("x\n1\n")
    assert names(str(tmp_path / "a" / "x.csv"), str(tmp_path / "b" / "x.csv")) == [
        "a/x.csv",
        "b/x.csv",
    ]


def test_the_same_file_twice_has_two_names(folder):
    path = str(folder / "jan1.csv")
    assert names(path, path) == ["jan1.csv", "jan1.csv (2)"]


def test_arrays_dicts_and_lists():
    assert names(ONE, ONE) == ["batch 1", "batch 2"]
    assert names({"monday": ONE, "tuesday": {"x": ONE}}) == ["monday", "tuesday"]
    assert names([ONE, ONE]) == ["batch 1", "batch 2"]
    assert names([1.0, 2.0]) == ["batch 1"]
    assert names("-") == ["stdin"]


def test_identities_change_with_the_file(folder):
    path = folder / "jan1.csv"
    before = incoming([path], None)[0].identity
    path.write_text("x\n1\n2\n3\n")
    assert incoming([path], None)[0].identity != before
    assert incoming([ONE], None)[0].identity == ""
    assert incoming(["-"], None)[0].identity == ""


def test_a_pattern_without_files_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no file matches"):
        incoming([str(tmp_path / "*.csv")], None)

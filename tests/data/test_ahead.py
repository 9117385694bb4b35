from contextlib import ExitStack
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import klcli.data.ahead
from klcli.data.ahead import read_ahead, taken
from klcli.data.sources import open_source
from klcli.errors import InputError


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(27182818284)
    file = tmp_path / "[x].parquet"
    pl.DataFrame({"x": rng.normal(size=200_000), "y": np.arange(200_000)}).write_parquet(file)
    return str(file)


def test_what_is_read_ahead_is_the_file_and_can_be_had_once(path):
    with read_ahead([path, path, "norm(0, 1)", "no.parquet", "\0.parquet", "-"]):
        frame = taken(path)
        assert frame.equals(pl.read_parquet(path, glob=False))
        assert taken(path) is None
        assert taken("no.parquet") is None
    assert taken(path) is None


def test_what_nobody_asks_for_is_forgotten(path):
    with pytest.raises(KeyError), read_ahead([path]):
        raise KeyError
    assert taken(path) is None


def test_readers_take_it(path, monkeypatch):
    with read_ahead([path]):
        klcli.data.ahead._begun[path].result()
        monkeypatch.setattr(pl, "scan_parquet", None)  # of which nobody has need any more
        table = open_source(path, None, [], ExitStack())
        table.needed = ("y",)
        assert [len(batch) for batch in table.batches(["y"])] == [200_000]
        assert table.expected_rows == 200_000


def test_small_and_large_files_are_not_read_ahead(path, monkeypatch):
    for name, bound in (("_LEAST", 1 << 30), ("_MOST", 1 << 10)):
        with monkeypatch.context() as changed, read_ahead([]):
            changed.setattr(klcli.data.ahead, name, bound)
            with read_ahead([path]):
                assert taken(path) is None


def test_a_damaged_file_is_left_to_its_reader(path):
    content = Path(path).read_bytes()
    Path(path).write_bytes(content[: len(content) // 2])
    with read_ahead([path]), pytest.raises(InputError, match="parquet"):
        open_source(path, None, [], ExitStack())

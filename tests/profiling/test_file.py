"""What is written can be read; what is not sound is refused in one line."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import zipfile
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import klcli
from klcli.data.profiles.file import is_profile, packed
from klcli.data.profiles.profile import Labels, Numbers
from klcli.data.profiles.reading import unpacked
from klcli.errors import InputError, UsageError

rng = np.random.default_rng(31415926535897)
DATA = pl.DataFrame(
    {
        "number": rng.normal(size=6000),
        "integer": rng.poisson(4, 6000),
        "label": rng.choice(["a", "b\n", "ü", "[red]"], 6000),
        "gaps": pl.Series([None, 1.5, float("inf")] * 2000, dtype=pl.Float64),
        "text": [f"name {number}" for number in range(6000)],
        "nothing": pl.Series([None] * 6000, dtype=pl.Int32),
        "^weird*name$": [True, False] * 3000,
    }
)


@pytest.fixture(scope="module")
def profile():
    return klcli.profile(DATA)


@pytest.fixture(scope="module")
def content(profile):
    return packed(profile)


def changed(content, edit, *, header=True, arrays=None):
    """Return the file with its header, or the arrays of its columns, changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            member = old.read(name)
            if name == "profile.json" and header:
                told = json.loads(member)
                replacement = edit(told)
                member = json.dumps(told if replacement is None else replacement).encode()
            elif name.endswith(".npy") and arrays is not None:
                buffer = io.BytesIO()
                np.save(buffer, arrays(np.load(io.BytesIO(member))), allow_pickle=True)
                member = buffer.getvalue()
            new.writestr(name, member)
    return out.getvalue()


def test_what_is_written_can_be_read(profile, content, tmp_path):
    path = tmp_path / "data.klp"
    profile.save(path)
    read = klcli.read_profile(path)
    assert path.read_bytes() == content == packed(read)
    assert read.to_dict() == profile.to_dict()
    for a, b in zip(profile.columns, read.columns, strict=True):
        assert (a.name, a.kind, a.reading, a.view, a.gaps) == (
            b.name, b.kind, b.reading, b.view, b.gaps
        )  # fmt: skip
        if isinstance(a.values, Numbers):
            assert np.array_equal(a.values.cells.bounds, b.values.cells.bounds)
            assert np.array_equal(a.values.cells.counts, b.values.cells.counts)
        elif isinstance(a.values, Labels):
            assert a.values.counts.equals(b.values.counts)


def test_equal_data_give_equal_bytes(content, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
    first, second = (packed(klcli.profile(DATA)) for _ in range(2))
    assert first == second
    assert json.loads(zipfile.ZipFile(io.BytesIO(first)).read("profile.json"))["created"] == (
        "2009-02-13T23:31:30Z"
    )


def test_it_is_an_archive_of_json_and_arrays(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:2] == ["mimetype", "profile.json"]
        header = json.loads(archive.read("profile.json"))
        assert header["profile_version"] == 1
        array = np.load(io.BytesIO(archive.read("columns/0.npy")), allow_pickle=False)
        assert array.shape[0] == 3
        assert array[1].sum() == 6000
        assert set(json.loads(archive.read("columns/2.json"))["label"]) == {
            "a", "b\n", "ü", "[red]"
        }  # fmt: skip


def test_it_holds_no_rows_and_no_text(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"name 17" not in everything


def test_it_is_told_by_its_first_bytes_whatever_its_name(profile, tmp_path):
    path = tmp_path / "reference"
    profile.save(path)
    assert is_profile(path)
    assert klcli.estimate(DATA, path, column=["integer"], resamples=0).results[0].estimate < 1e-3
    other = tmp_path / "other"
    other.write_text("x\n1\n")
    assert not is_profile(other)
    assert not is_profile(tmp_path)
    assert not is_profile("\0")


def test_it_can_be_fetched(profile, tmp_path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    profile.save(tmp_path / "a.klp")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}/a.klp"
        report = klcli.estimate(DATA, address, column=["integer"], resamples=0)
        server.shutdown()
    assert report.q.source == address
    assert report.results[0].estimate < 1e-3


def test_among_other_files_it_is_refused_with_a_hint(profile, tmp_path):
    for name in ("a.klp", "b.klp"):
        profile.save(tmp_path / name)
    with pytest.raises(InputError, match="a profile, which is read from a file of its own") as got:
        klcli.estimate(DATA, str(tmp_path / "*.kl[p]"))
    assert "kl profile merge" in got.value.hint


def test_a_file_is_replaced_as_a_whole(profile, tmp_path):
    path = tmp_path / "data.klp"
    path.write_bytes(b"old")
    profile.save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["data.klp"]
    assert stat.S_ISREG(path.stat().st_mode)


def test_where_it_cannot_be_written(profile, tmp_path):
    with pytest.raises(UsageError, match="cannot write"):
        profile.save(tmp_path / "no" / "folder.klp")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "not a profile"),
        (b"x,y\n1,2\n", "not a profile"),
        (b"PK\x03\x04", "not a whole profile"),
    ],
)
def test_other_files_are_refused(content, match):
    with pytest.raises(InputError, match=match) as got:
        unpacked("data.klp", content)
    assert got.value.hint


def test_no_such_file():
    with pytest.raises(InputError, match=r"nowhere\.klp: No such file"):
        klcli.read_profile("nowhere.klp")


def test_newer_versions_are_refused(content):
    newer = changed(content, lambda header: header.update(profile_version=2))
    with pytest.raises(InputError, match="version 2, newer than this kl") as got:
        unpacked("data.klp", newer)
    assert "upgrade klcli" in got.value.hint


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_files_that_are_cut_off_are_refused(content, share):
    with pytest.raises(InputError, match="not a whole profile"):
        unpacked("data.klp", content[: int(len(content) * share)])


def column(**changes):
    return lambda header: header["columns"][0].update(**changes)


def numbers(**changes):
    return lambda header: header["columns"][0]["numbers"].update(**changes)


@pytest.mark.parametrize(
    "edit",
    [
        lambda _: [],
        lambda header: header.pop("columns"),
        lambda header: header.update(columns=None),
        lambda header: header.update(columns=[1]),
        lambda header: header.update(rows=-1),
        lambda header: header.update(rows=5999),
        lambda header: header.update(rows="many"),
        lambda header: header.update(weight=5),
        lambda header: header.update(weight_sum=-1.0),
        lambda header: header.update(sources=[{}]),
        lambda header: header.update(profile_version="1"),
        lambda header: header["columns"].append(header["columns"][0]),
        column(name=None),
        column(kind="colour"),
        column(reading="tea leaves"),
        column(reading="label"),
        column(declared=3),
        column(lexical="no"),
        column(evidence=[1]),
        column(gaps=[6000, 7000, 0, 0]),
        column(gaps=[6000, 1, 0, 0]),
        column(gaps=[1e400, 0, 0, 0]),
        column(numbers=None),
        column(numbers={}),
        numbers(finite=5000),
        numbers(below=-1),
        numbers(below_weight=-1),
        numbers(mean="high"),
    ],
    ids=count(),
)
def test_headers_that_do_not_hold_together_are_refused(content, edit):
    with pytest.raises(InputError, match=r"not a sound profile|of version") as got:
        unpacked("data.klp", changed(content, edit))
    assert got.value.hint


@pytest.mark.parametrize(
    "edit",
    [
        lambda array: array[:2],
        lambda array: array[:, ::-1],
        lambda array: array * np.nan,
        lambda array: -array,
        lambda array: array.astype(np.float32),
        lambda array: array.astype(object),
        lambda array: array[0],
        lambda array: np.vstack([array[0], array[1] * 2, array[2]]),
        lambda array: np.vstack([array[0], array[1], array[2] - 1]),
        lambda array: array[:, :0],
    ],
    ids=count(),
)
def test_cells_that_do_not_hold_together_are_refused(content, edit):
    with pytest.raises(InputError, match="not a sound profile"):
        unpacked("data.klp", changed(content, None, header=False, arrays=edit))


def test_an_archive_that_unpacks_to_gigabytes_is_refused(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("profile.json").file_size
    # What the directory of the archive claims, of which reading never takes more.
    claimed = content.replace(struct.pack("<I", size), struct.pack("<I", 1 << 31))
    with pytest.raises(InputError, match="more than a gigabyte"):
        unpacked("data.klp", claimed)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 0.99999), st.integers(0, 255)), min_size=1, max_size=4))
def test_damaged_bytes_never_crash(content, damage):
    broken = bytearray(content)
    for where, byte in damage:
        broken[int(where * len(broken))] = byte
    with suppress(InputError):  # any other exception fails
        assert unpacked("data.klp", bytes(broken)).rows == 6000


def test_nesting_that_is_too_deep_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("profile.json", "[" * 100_000)
    with pytest.raises(InputError, match="not a sound profile"):
        unpacked("data.klp", out.getvalue())


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_a_profile_is_as_private_as_other_files(profile, tmp_path):
    path = tmp_path / "data.klp"
    path.write_bytes(b"old")
    path.chmod(0o600)
    profile.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

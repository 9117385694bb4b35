from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

import pytest

from klcli.cli import output
from klcli.errors import UsageError


def test_write_file_replaces_the_whole_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("a long old text")
    output.write_file(path, "new ‖")
    assert path.read_text(encoding="utf-8") == "new ‖"
    assert list(tmp_path.iterdir()) == [path]


def test_write_file_gives_the_usual_permissions_and_keeps_given_ones(tmp_path):
    plain, private = tmp_path / "plain.json", tmp_path / "private.json"
    (tmp_path / "by_hand").touch()
    private.touch(mode=0o600)
    for path in (plain, private):
        output.write_file(path, "x")
    usual = stat.S_IMODE((tmp_path / "by_hand").stat().st_mode)
    assert stat.S_IMODE(plain.stat().st_mode) == usual
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_write_file_follows_links(tmp_path):
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    output.write_file(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_write_file_keeps_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    path.write_text("old")

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match="No space left on device"):
        output.write_file(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_write_file_writes_names_that_are_not_utf8(tmp_path):
    output.write_file(tmp_path / "x.json", '"\udcff"')
    assert (tmp_path / "x.json").read_text(encoding="utf-8") == r'"\udcff"'


@pytest.mark.parametrize("name", ["x", "x.xml", "x.parquet", ".json"])
def test_an_unknown_extension_names_the_known(tmp_path, name):
    with pytest.raises(UsageError, match="unknown extension") as caught:
        output.check_files([str(tmp_path / name)], [])
    assert caught.value.hint == "use one of: .json, .jsonl, .csv, .tsv, .md, .txt"


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "x.json").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        output.check_files([str(tmp_path / "x.json")], [])


def test_a_link_to_the_input_is_the_input(tmp_path):
    data, link = tmp_path / "data.csv", tmp_path / "out.csv"
    data.touch()
    link.symlink_to(data)
    with pytest.raises(UsageError, match="would overwrite"):
        output.check_files([str(link)], [str(data)])


@pytest.mark.parametrize(
    "source", [".", "days", "days/*.csv", "da?s/a.csv", "**/*.csv", "file://"]
)
def test_a_file_of_a_folder_or_pattern_is_data(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "days").mkdir()
    (tmp_path / "days" / "a.csv").touch()
    source = f"file://{tmp_path}/days/a.csv" if source == "file://" else source
    with pytest.raises(UsageError, match=r"days/a\.csv would overwrite the data"):
        output.check_files(["days/a.csv"], ["ref.csv", source])


@pytest.mark.parametrize(
    ("source", "path", "read"),
    [
        (".", "drift.json", True),
        ("days", "days/drift.json", True),
        ("days/*", "days/drift.json", True),
        ("days", "days/drift.md", False),
        ("days", "days/_kl/drift.json", False),
        ("days/*.csv", "days/drift.json", False),
        ("*", "days/drift.csv", False),
        ("days", "drift.json", False),
        ("", "drift.json", False),
        ("-", "drift.json", False),
    ],
)
def test_a_report_among_the_data_would_be_read_by_the_next_run(
    tmp_path, monkeypatch, source, path, read
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "days" / "_kl").mkdir(parents=True)
    if not read:
        assert output.check_files([path], [source])
        return
    with pytest.raises(UsageError, match="would be among the data that"):
        output.check_files([path], [source])


@pytest.mark.parametrize(
    ("environment", "plain"),
    [
        ({"TERM": "xterm"}, False),
        ({"TERM": "dumb"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, False),
    ],
)
def test_terminal_style(monkeypatch, environment, plain):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (output.terminal_style().bold("x") == "x") is plain


def test_closed_streams_are_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    output.write_out("x")
    output.write_error("x")
    assert not output.on_terminal()


def test_write_error_escapes_what_moves_the_cursor(capsys):
    output.write_error("note: a\x1b[2J")
    assert capsys.readouterr().err == "note: a\\x1b[2J\n"


def test_a_full_disk_behind_standard_output_is_an_error(monkeypatch):
    class Full(io.StringIO):
        def flush(self):
            raise OSError(28, "No space left on device")

        def fileno(self):
            return null

    null = os.open(os.devnull, os.O_WRONLY)
    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(UsageError, match="cannot write to standard output: No space left"):
        output.write_out("x")
    os.close(null)

from __future__ import annotations

import bz2
import io
import lzma
import os
import re
import subprocess
import sys
import tarfile
import threading
import zipfile
from contextlib import ExitStack
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl
import pytest
from makers import compressed

from klcli.data import spool
from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.errors import InputError, UsageError

CSV = "x,c\n1,a\n2,b\n2,a\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def codes(table):
    return [finding.code for finding in table.findings]


def failure(p, q=None, **options):
    with pytest.raises(InputError) as caught:
        tabulate(p, p if q is None else q, Selection(**options))
    assert "\n" not in caught.value.message + caught.value.hint
    assert caught.value.hint
    return caught.value


@pytest.fixture
def feed(monkeypatch):
    """Put bytes on standard input."""

    class Input:
        def __init__(self, data):
            self.buffer = io.BytesIO(data)

    def fed(data):
        monkeypatch.setattr(sys, "stdin", Input(data.encode() if isinstance(data, str) else data))

    return fed


class TestPaths:
    def test_path_objects(self, write):
        path = Path(write("a.csv", CSV))
        assert tabulate(path, path).p.source == "a.csv"

    def test_no_such_file_names_those_that_look_alike(self, write):
        write("price.csv", CSV)
        error = failure("prices.csv")
        assert (error.message, error.exit_code) == ("prices.csv: no such file", 2)
        assert error.hint == "did you mean price.csv?"
        write("d/cost.csv", CSV)
        assert failure("d/costs.csv").hint == "did you mean d/cost.csv?"

    def test_a_link_that_leads_nowhere(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        Path("day.csv").symlink_to("gone.csv")
        assert failure("day.csv").message == "day.csv: a link that leads to no file"

    @pytest.mark.usefixtures("here")
    def test_no_such_folder(self):
        assert "no folder 'nowhere'" in failure("nowhere/a.csv").hint

    def test_file_address(self, write, here):
        write("a b.csv", CSV)
        address = (here / "a b.csv").as_uri()
        assert tabulate(address, "a b.csv").p.source == address

    def test_a_name_may_look_like_a_pattern(self, write):
        for suffix, content in (("csv", CSV), ("ndjson", '{"x": 1}\n{"x": 3}\n')):
            name = write(f"a[1].{suffix}", content)
            assert tabulate(name, name).columns[0].name == "x"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_no_permission(self, write, here):
        (here / write("a.csv", CSV)).chmod(0)
        assert "no permission" in failure("a.csv").message

    @pytest.mark.parametrize("given", ["", "a\0b.csv", "x" * 5000])
    @pytest.mark.usefixtures("here")
    def test_names_that_no_file_can_have(self, given):
        assert "no such file" in failure(given).message

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("data.dat", "x"),
            ("data", "x"),
            ("data.CSV", "x"),
            ("data.2024", "x"),
        ],
    )
    def test_other_names_are_told_by_content(self, write, name, expected):
        assert tabulate(write(name, CSV), name).columns[0].name == expected

    def test_input_format_overrules_the_name(self, write):
        path = write("data.json", CSV)
        assert len(tabulate(path, path, Selection(input_format="csv")).columns) == 2

    def test_unknown_input_format(self, write):
        with pytest.raises(UsageError, match="unknown input format 'sas'") as caught:
            tabulate(write("a.csv", CSV), "a.csv", Selection(input_format="sas"))
        assert "parquet" in caught.value.hint

    @pytest.mark.parametrize("given", [None, 3, b"a.csv", object(), ["a.csv"]])
    def test_what_is_no_source(self, given):
        assert "cannot read data of type" in failure(given).message


class TestManyFiles:
    @pytest.mark.parametrize("suffix", ["bz2", "xz", "zip"])
    def test_what_is_packed_otherwise_is_not_passed_over(self, write, suffix):
        write("d/a.csv", CSV)
        write(f"d/b.txt.{suffix}", b"BZh91AY&SY")
        assert tabulate("d", "d").p.rows == 3
        write(f"d/b.csv.{suffix}", b"BZh91AY&SY")
        assert f"d/b.csv.{suffix}: compressed with bzip2" in failure("d").message

    @pytest.fixture
    def parts(self, write):
        write("d/b.csv", "x,c\n5,b\n")
        write("d/a.csv", CSV)
        write("d/deep/er/c.csv", "x,c\n7,a\n")
        write("d/_SUCCESS", "")
        write("d/.hidden.csv", "nonsense")
        write("d/.git/a.csv", "nonsense")
        write("d/README.md", "# not data")
        write("all.csv", CSV + "5,b\n7,a\n")
        return "d"

    @pytest.mark.parametrize("given", ["d", "d/", "d/**/*.csv"])
    @pytest.mark.usefixtures("parts")
    def test_folder_and_glob_are_their_parts_one_after_the_other(self, given):
        table = tabulate(given, "all.csv")
        assert (table.p.source, table.p.rows, table.q.rows) == (given, 5, 5)
        for column in table.columns:
            assert column.table.p.tolist() == column.table.q.tolist()
        assert table.findings == ()

    @pytest.mark.usefixtures("parts", "in_batches")
    def test_parts_in_batches(self):
        assert tabulate("d", "all.csv").p.rows == 5

    @pytest.mark.usefixtures("parts")
    def test_formats_may_differ(self, here):
        (here / "d/b.csv").unlink()
        pl.DataFrame({"x": [5.0], "c": ["b"]}).write_parquet(here / "d/b.parquet")
        np.savez(here / "d/deep/z.npz", x=np.array([1.5]), c=np.array(["a"]))
        table = tabulate("d", "all.csv")
        assert table.p.rows == 6
        assert table.columns[0].table.n_p == 6

    def test_columns_that_a_part_lacks_are_missing_there(self, write):
        write("d/a.csv", "x,c\n1,a\n2,b\n")
        write("d/b.csv", "c,y\na,5\n")
        table = tabulate("d", "d/a.csv")
        assert codes(table) == ["part-columns", "only-in-p"]
        assert "up to 1 of 2 parts lack 'x', 'y'" in table.findings[0].message
        x, c = table.columns
        assert (x.p.rows, x.p.missing, c.p.missing) == (3, 1, 0)

    @pytest.mark.usefixtures("in_batches")
    def test_a_part_with_none_of_the_columns_still_has_rows(self, write):
        write("d/a.csv", "x\n1\n2\n")
        write("d/b.csv", "y\n5\n6\n7\n")
        (x,) = tabulate("d", np.ones(3), Selection(columns=("x",), exclude=("y",))).columns
        assert (x.p.rows, x.p.missing) == (5, 3)

    def test_empty_parts_are_passed_over(self, write):
        write("d/a.csv", "x\n1\n2\n")
        write("d/b.csv", "")
        table = tabulate("d", "d/a.csv")
        assert codes(table) == ["empty-parts"]
        assert "'d/b.csv'" in table.findings[0].message
        assert table.p.rows == 2

    def test_types_may_differ_between_parts(self, here):
        (here / "d").mkdir()
        pl.DataFrame({"x": [1, 2]}).write_parquet(here / "d/a.parquet")
        pl.DataFrame({"x": [2.5]}).write_parquet(here / "d/b.parquet")
        (x,) = tabulate("d", np.array([1.0, 2, 2.5])).columns
        assert x.table.p.tolist() == [1, 1, 1]

    def test_types_that_have_nothing_in_common(self, here):
        (here / "d").mkdir()
        pl.DataFrame({"x": [1, 2]}).write_parquet(here / "d/a.parquet")
        pl.DataFrame({"x": [[2.5]]}).write_parquet(here / "d/b.parquet")
        assert "types that do not go together" in failure("d").message

    @pytest.mark.usefixtures("here")
    def test_nothing_matches(self):
        assert failure("*.csv").message == "no file matches *.csv"

    def test_folder_without_data(self, write):
        write("d/README.md", "# not data")
        error = failure("d")
        assert error.message == "d: the folder holds no data files"
        assert "parquet" in error.hint

    @pytest.mark.usefixtures("parts")
    def test_one_bad_part_is_named(self, write):
        write("d/b.csv", "x,c\n1,2,3\n")
        assert "d/b.csv: line 2 has 3 fields" in failure("d").message


class TestStandardInput:
    @pytest.mark.parametrize(
        "data",
        [
            CSV,
            CSV.replace(",", "\t"),
            CSV.replace(",", ";"),
            '{"x": 1, "c": "a"}\n{"x": 2, "c": "b"}\n{"x": 2, "c": "a"}\n',
            '\n [{"x": 1, "c": "a"}, {"x": 2, "c": "b"}, {"x": 2, "c": "a"}]',
            compressed(CSV.encode(), "gz"),
            compressed(CSV.encode(), "zst"),
            "\ufeff" + CSV,
        ],
    )
    def test_format_is_told_by_content(self, feed, write, data):
        feed(data)
        table = tabulate("-", write("b.csv", CSV))
        assert table.p.source == "<stdin>"
        for column in table.columns:
            assert column.table.p.tolist() == column.table.q.tolist()

    @pytest.mark.parametrize("name", ["parquet", "arrow", "stream", "npz", "npy"])
    def test_binary_format_is_told_by_content(self, feed, here, write, name):
        frame = pl.DataFrame({"x": [1.0, 2, 2]})
        path = here / "data"
        match name:
            case "parquet":
                frame.write_parquet(path)
            case "arrow":
                frame.write_ipc(path)
            case "stream":
                frame.write_ipc_stream(path)
            case "npz":
                with path.open("wb") as file:
                    np.savez(file, x=frame["x"].to_numpy())
            case "npy":
                with path.open("wb") as file:
                    np.save(file, frame["x"].to_numpy())
        feed(path.read_bytes())
        (column,) = tabulate(write("b.csv", "x\n1\n2\n2\n"), "-").columns
        assert column.table.p.tolist() == column.table.q.tolist()

    @pytest.mark.usefixtures("in_batches", "small_sample")
    def test_it_can_be_read_twice_and_leaves_nothing_behind(self, feed, here, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(here))
        feed("x\n" + "".join(f"{i}\n" for i in range(100)))
        (column,) = tabulate("-", np.arange(100.0)).columns
        assert column.table.n_p == 100
        assert list(here.iterdir()) == []

    @pytest.mark.skipif(sys.platform != "linux", reason="needs files without a name")
    def test_nothing_is_left_behind_by_what_kills_the_process(self, here, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(here))
        seen = []

        class Pipe:
            def read(self, _size):
                seen.append(list(here.iterdir()))
                return b"" if seen[1:] else b"x"

        with ExitStack() as cleanup:
            assert Path(spool.copy(Pipe(), cleanup)).read_bytes() == b"x"
            assert seen == [[], []]

    @pytest.mark.parametrize("named", [False, True])
    def test_nothing_is_left_behind_by_a_failure(self, feed, here, monkeypatch, named):
        monkeypatch.setattr("tempfile.tempdir", str(here))
        if named:
            monkeypatch.setattr("klcli.data.spool.UNNAMED", "/no/such/{}/{}")
        feed("x\n1\n")
        failure("-", np.empty(0))
        assert list(here.iterdir()) == []

    def test_input_format(self, feed):
        feed("[x\n1\n2\n")
        (column,) = tabulate("-", np.ones(2), Selection(input_format="csv")).columns
        assert column.name == "[x"

    def test_empty(self, feed):
        feed("")
        assert failure("-", np.ones(2)).message == "<stdin>: the file is empty"

    def test_not_on_both_sides(self, feed):
        feed(CSV)
        assert "one side only" in failure("-", Path("-")).message

    def test_array_file_against_a_pipe(self, here):
        np.save(here / "a.npy", np.array([1.0, 2, 2, 3]))
        code = (
            "from klcli.data.tabulate import tabulate\n"
            "table = tabulate('a.npy', '-')\n"
            "(column,) = table.columns\n"
            "print(column.name, column.table.p.tolist(), column.table.q.tolist())\n"
            "print(table.findings[0].code)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            input="price\n2\n3\n",
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert done.stdout.splitlines() == [
            "price [1.0, 2.0, 1.0] [0.0, 1.0, 1.0]",
            "paired-by-position",
        ]

    def test_named_pipe(self, here, write):
        write("b.csv", CSV)
        os.mkfifo(here / "pipe")
        writer = threading.Thread(target=lambda: (here / "pipe").write_text(CSV))
        writer.start()
        table = tabulate("pipe", "b.csv")
        writer.join()
        assert table.p.rows == 3


class TestContent:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"\x80\x04\x95\x00\x00\x00", "neither text nor a known binary format"),
            (b"abc\x00def", "neither text nor a known binary format"),
            (CSV.encode("utf-16"), "UTF-16"),
            (CSV.encode("utf-16-le"), "UTF-16"),
            (CSV.encode("utf-16-be"), "UTF-16"),
            (CSV.encode("utf-32"), "UTF-32"),
            (CSV.encode("utf-32-le"), "UTF-32"),
            (CSV.encode("utf-32-be"), "UTF-32"),
        ],
    )
    @pytest.mark.parametrize("name", ["a.csv", "a.unknown", "a.ndjson"])
    def test_not_text(self, write, content, said, name):
        assert said in failure(write(name, content)).message

    @pytest.mark.parametrize(
        ("content", "said", "remedy"),
        [
            (POINTER, "a pointer of Git LFS, not the data", "git lfs pull"),
            (bz2.compress(CSV.encode(), 1), "compressed with bzip2", "bunzip2"),
            (lzma.compress(CSV.encode()), "compressed with xz", "unxz"),
        ],
    )
    @pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a", "a.json", "a.csv.bz2"])
    def test_what_only_stands_for_data(self, write, content, said, remedy, name):
        error = failure(write(name, content))
        assert said in error.message
        assert remedy in error.hint

    @pytest.mark.parametrize("name", ["a.csv", "a", "a.gz"])
    @pytest.mark.parametrize("kind", ["zip", "tar"])
    @pytest.mark.usefixtures("here")
    def test_archives_are_named(self, write, kind, name):
        write("data.csv", CSV)
        with zipfile.ZipFile("a.zip", "w") as archive:
            archive.write("data.csv")
        with tarfile.open("a.tar", "w") as archive:
            archive.add("data.csv")
        content = Path(f"a.{kind}").read_bytes()
        path = write(name, compressed(content, "gz") if name.endswith("gz") else content)
        error = failure(path)
        assert error.message == f"{path}: a {kind} archive, which is not read"

    def test_null_characters_in_text(self, write):
        error = failure(write("a.csv", CSV.replace("c", "c\0") * 9))
        assert error.message == "a.csv: the text holds null characters"
        assert error.hint.startswith("tr -d ")

    @pytest.mark.parametrize(
        "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]
    )
    def test_hint_converts_text(self, write, encoding):
        name = encoding.upper().replace("-LE", "LE").replace("-BE", "BE")
        assert f"iconv -f {name} -t UTF-8" in failure(write("a.csv", CSV.encode(encoding))).hint

    @pytest.mark.parametrize("suffix", ["gz", "zst"])
    def test_named_like_compressed_but_not(self, write, suffix):
        error = failure(write(f"a.csv.{suffix}", CSV))
        assert "but it is not one" in error.message

    @pytest.mark.parametrize("suffix", ["gz", "zst"])
    def test_compressed_though_not_named_so(self, write, suffix):
        path = write("a.csv", compressed(CSV.encode(), suffix))
        assert tabulate(path, write("b.csv", CSV)).p.rows == 3

    @pytest.mark.parametrize("name", ["a.csv.gz", "a.json.gz", "a.csv.zst", "a.parquet.zst"])
    def test_compressed_and_cut_off(self, write, name):
        content = ("x\n" + "".join(f"{i}\n" for i in range(2000))).encode()
        suffix = name.rpartition(".")[2]
        path = write(name, compressed(content, suffix)[:-30])
        assert "cut off" in failure(path, np.ones(3)).message

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
    @pytest.mark.parametrize("name", ["a.json.gz", "a.json.zst"])
    def test_no_room_for_what_is_unpacked(self, write, monkeypatch, name):
        full = Path("/dev/full").open("wb")  # noqa: SIM115 - what is tested closes it
        monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: full)
        path = write(name, compressed(b'{"x": 1}\n' * 2000, name.rpartition(".")[2]))
        error = failure(path, np.ones(3))
        assert error.message == "cannot write a temporary file: No space left on device"
        assert "TMPDIR=" in error.hint

    def test_zstd_without_a_reader(self, write, monkeypatch):
        def no_module(name):
            raise ModuleNotFoundError(name)

        monkeypatch.setattr(spool, "import_module", no_module)
        path = write("a.npy.zst", compressed(b"\x93NUMPY", "zst"))
        assert "zstd -d" in failure(path, np.ones(3)).hint


class TestAddresses:
    @pytest.fixture
    def server(self, here):
        class Quiet(SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(here)))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()

    @pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet", "a"])
    def test_any_server_will_do(self, server, write, here, name):
        write("b.csv", CSV)
        if name == "a.parquet":
            pl.read_csv("b.csv").write_parquet(here / name)
        else:
            write(name, compressed(CSV.encode(), "gz") if name.endswith("gz") else CSV)
        table = tabulate(f"{server}/{name}?token=1", "b.csv")
        assert table.p.source == f"{server}/{name}?token=1"
        assert table.p.rows == 3

    def test_not_found(self, server):
        error = failure(f"{server}/nothing.csv", np.ones(2))
        assert "cannot be fetched" in error.message
        assert "404" in error.message

    def test_no_server(self):
        assert "cannot be fetched" in failure("http://127.0.0.1:9/a.csv", np.ones(2)).message

    def test_cloud_address_of_unknown_format(self):
        error = failure("s3://bucket/data", np.ones(2))
        assert "--input-format" in error.hint

    def test_other_schemes_are_files_that_do_not_exist(self):
        assert "no such file" in failure("ftp://host/a.csv", np.ones(2)).message


class Bucket(BaseHTTPRequestHandler):
    """Answers as S3 does to what a reader asks: lists, sizes and ranges."""

    files: ClassVar[dict[str, bytes]] = {
        "a.csv": CSV.encode(),
        "b.csv": b"x,c\n5,b\n",
        "c.parquet": b"",
        "d.ndjson": b'{"x": 1, "c": "a"}\n',
    }

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"content_length": len(body), "etag": '"1"', **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if "list-type" in query:
            entries = "".join(
                f"<Contents><Key>{name}</Key><Size>{len(data)}</Size><ETag>1</ETag>"
                "<LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>"
                for name, data in self.files.items()
            )
            listing = f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}"
            return self.answer(200, f"{listing}</ListBucketResult>".encode())
        data = self.files.get(path.rpartition("/")[2])
        if data is None:
            return self.answer(404, b"")
        asked = re.match(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            return self.answer(200, data)
        first, last = asked.groups()
        start = int(first) if first else max(0, len(data) - int(last))
        stop = min(int(last) + 1, len(data)) if first and last else len(data)
        span = f"bytes {start}-{stop - 1}/{len(data)}"
        return self.answer(206, data[start:stop], content_range=span)

    def do_HEAD(self):
        self.do_GET()


@pytest.fixture(scope="module")
def bucket():
    held = io.BytesIO()
    pl.DataFrame({"x": [1, 2, 2], "c": ["a", "b", "a"]}).write_parquet(held)
    Bucket.files["c.parquet"] = held.getvalue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        patch.setenv("AWS_ALLOW_HTTP", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_REGION", "us-east-1")
        yield
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.usefixtures("bucket")
class TestCloud:
    @pytest.mark.parametrize(
        ("name", "rows"), [("a.csv", 3), ("c.parquet", 3), ("d.ndjson", 1), ("*.csv", 4)]
    )
    def test_read_in_place(self, write, name, rows):
        table = tabulate(f"s3://bucket/{name}", write("b.csv", CSV))
        assert (table.p.source, table.p.rows) == (f"s3://bucket/{name}", rows)
        assert [column.table.n_p for column in table.columns] == [rows, rows]

    @pytest.mark.parametrize(
        ("name", "said"), [("no.csv", "no such file"), ("no*.parquet", "no file matches")]
    )
    def test_nothing_there(self, name, said):
        assert failure(f"s3://bucket/{name}", np.ones(2)).message == f"s3://bucket/{name}: {said}"

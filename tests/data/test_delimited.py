from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from makers import compressed

from klcli.data.selection import Selection
from klcli.data.tabulate import tabulate
from klcli.errors import InputError
from klcli.results import Kind

ANYTHING = pl.DataFrame({"x": [1.0, 2.0], "c": ["a", "b"]})


def told(p, q=ANYTHING):
    return {finding.code: finding.message for finding in tabulate(p, q).findings}


def failure(p, q=ANYTHING):
    with pytest.raises(InputError) as caught:
        tabulate(p, q)
    assert "\n" not in caught.value.message + caught.value.hint
    assert caught.value.hint
    return caught.value


def values(path, column="x"):
    """Return the finite numbers of a column of a file, as tabulate reads them."""
    seen = []

    def layout(sample):
        seen.append(sample.p.tolist())
        return sample.p[:1]

    tabulate(path, path, Selection(columns=(column,)), layout=layout)
    return seen[0]


class TestDialect:
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_separator_and_end_of_line_are_told(self, write, separator, end, mark):
        lines = [separator.join(row) for row in (["x", "c"], ["1.5", "a"], ["2", "b;|"[:1]])]
        path = write("a.csv", mark + end.join(lines) + end)
        assert values(path) == [1.5, 2]
        assert told(path) == {}

    def test_comma_wins_and_quotes_hide_separators(self, write):
        path = write("a.csv", '"x;y;z",c\n1,2\n')
        assert values(path, "x;y;z") == [1]
        path = write("b.csv", '"x,y";c\n1;2\n')
        assert values(path, "x,y") == [1]

    @pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\r\n', "\ufeffSEP=;\n"])
    def test_the_line_by_which_excel_is_told_the_separator_is_no_header(self, write, first):
        path = write("a.csv", f"{first}x,y;c\n1;2\n3\n")
        assert values(path, "x,y") == [1, 3]
        assert "the first is line 4" in told(path)["ragged-rows"]
        assert failure(write("b.csv", "sep=;\n")).message == "b.csv: the file is empty"

    def test_tsv_has_tabs_whatever_its_header_says(self, write):
        assert values(write("a.tsv", "x,y\tc\n1\t2\n"), "x,y") == [1]

    def test_decimal_commas(self, write):
        path = write("a.csv", "x;c\n1,5;a,b\n-,25;b\n3;c\n")
        assert values(path) == [-0.25, 1.5, 3]
        assert "decimal-comma" in told(path)
        assert tabulate(path, path).columns[1].table.labels == ("a,b", "b", "c")

    @pytest.mark.parametrize(
        ("first", "later", "read"),
        [
            ("7;01.02.2024", "8,25;02.02.2024", 8.25),
            ('7;"a,b"', '"8,25";"a,b"', 8.25),
            ("7;1.5", "8,25;1.5", None),
            ("7;1,234,567", "8,257;1,234", None),
            ("7;a", "8;a,5", 8.0),
        ],
    )
    def test_decimal_commas_that_come_late(self, write, first, later, read):
        """Once the lines that are looked at first had to have some."""
        path = write("a.csv", "x;y\n" + 100 * f"{first}\n" + 100 * f"{later}\n")
        assert ("decimal-comma" in told(path)) == (read == 8.25)
        if read:
            assert values(path) == [7.0] * 100 + [read] * 100

    @pytest.mark.parametrize("content", ["x;y\n1,234;1.5\n2;2.5\n", 'x,y\n"1,5",2\n3,4\n'])
    def test_commas_that_are_not_decimal(self, write, content):
        assert "decimal-comma" not in told(write("a.csv", content))

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.tsv", "x\tc\n1,234\ta\n987\tb\n22,946\ta\n"),
            ("a.csv", "x|c\n1,234|a\n987|b\n22,946|a\n"),
            ("a.csv", "x;c\n1,234,567;a\n1,234;b\n"),
        ],
    )
    def test_commas_between_thousands_are_not_decimal(self, write, name, content):
        assert "decimal-comma" not in told(write(name, content))

    @pytest.mark.parametrize("content", ["x\tc\n1,234\ta\n5,678\tb\n", "x;c\n1,234;a\n7;b\n"])
    def test_what_may_be_thousands_is_told_as_it_is_read(self, write, content):
        message = told(write("a.csv", content))["decimal-comma"]
        assert message == "a.csv: numbers such as 1,234 are read as 1.234"

    @pytest.mark.parametrize("separator", [",", ";", " "])
    def test_a_first_line_of_numbers_is_data(self, write, separator):
        path = write("a.csv", separator.join("12") + "\n" + separator.join("34") + "\n")
        table = tabulate(path, np.array([[1, 2], [3, 4], [5, 6]]))
        assert [column.name for column in table.columns] == ["x0", "x1"]
        assert table.p.rows == 2
        assert [finding.code for finding in table.findings] == ["no-header"]

    def test_a_first_line_that_repeats_a_number_is_data(self, write):
        path = write("a.csv", "73,Private,0,0\n58,Public,1,0\n")
        table = tabulate(path, path)
        assert [column.name for column in table.columns] == ["x0", "x1", "x2", "x3"]
        assert table.p.rows == 2
        (finding,) = (each for each in table.findings if each.code == "no-header")
        assert "the first line repeats the number 0" in finding.message

    def test_a_header_may_have_numbers(self, write):
        path = write("a.csv", "city,2013,2014\nNY,1,2\nLA,3,4\n")
        assert [column.name for column in tabulate(path, path).columns] == ["city", "2013", "2014"]

    def test_one_column_without_a_header(self, write):
        path = write("a.txt", "1\n2\n3\n")
        assert values(path, "x0") == [1, 2, 3]

    @pytest.mark.parametrize("header", ["2024_01", "nan", "inf,a", "v1", "1st", "x,1"])
    def test_headers_that_are_not_numbers(self, write, header):
        path = write("a.csv", f"{header}\n" + ",".join(["1"] * len(header.split(","))) + "\n")
        assert tabulate(path, path).p.rows == 1

    def test_numpy_savetxt(self, here):
        np.savetxt(here / "a.txt", np.array([[1.5, -2], [3, 4]]))
        assert values("a.txt", "x1") == [-2, 4]

    def test_runs_of_spaces(self, write):
        assert "sed" in failure(write("a.txt", " 1.0   2.0\n 3.0   4.0\n")).hint

    def test_space_around_values_and_names(self, write):
        path = write("a.csv", "x , c\n 1 , a\n NA ,  b\n2, \n")
        x, c = tabulate(path, path).columns
        assert (x.name, c.name) == ("x", "c")
        assert (x.p.missing, c.p.missing) == (1, 1)
        assert c.table.labels == ("a", "b", "(missing)")

    def test_names_that_repeat_or_lack(self, write):
        path = write("a.csv", "a,,a,a,column_2,\n1,2,3,4,5,6\n")
        table = tabulate(path, path)
        assert [column.name for column in table.columns] == [
            "a",
            "column_2",
            "a_duplicated_0",
            "a_duplicated_1",
            "column_2_duplicated_0",
            "column_6",
        ]
        assert [column.p.mean for column in table.columns] == [1, 2, 3, 4, 5, 6]
        assert "'a_duplicated_0', 'a_duplicated_1', 'c" in told(path, path)["duplicate-columns"]

    def test_names_that_cannot_be_told_apart(self, write):
        path = write("a.csv", "a,a,a_duplicated_0\n1,2,3\n")
        assert "names" in failure(path, path).message

    def test_header_with_a_stray_quote(self, write):
        assert "quote" in failure(write("a.csv", 'x"",c,"d\n1,a,b\n2,b,c\n')).hint

    @pytest.mark.parametrize("batched", [False, True])
    def test_names_that_look_like_patterns(self, request, write, batched):
        if batched:
            request.getfixturevalue("in_batches")
        names = ["*", "^a.*$", "ab", "[red]", "a.b", "^$", "^d$", "len", "weight", "label"]
        path = write("a.csv", ",".join(names) + "\n" + "1,2,3,4,5,6,2024-01-01,8,9,w\n" * 2)
        table = tabulate(path, path, Selection(categorical=("^a.*$",), numeric=("*",)))
        assert [column.name for column in table.columns] == names
        assert [column.p.minimum for column in table.columns[2:6]] == [3, 4, 5, 6]
        assert table.columns[6].kind is Kind.DATETIME
        assert table.columns[0].p.mean == 1
        assert table.columns[1].table.labels == ("2",)

    def test_header_over_several_lines(self, write):
        path = write("a.csv", '"x\ny",c\n1,a\n')
        assert tabulate(path, path).columns[0].name == "x\ny"

    def test_very_wide_header(self, write):
        names = [f"column_{'of_a_long_name' * 10}_{i}" for i in range(800)]
        path = write("a.csv", ",".join(names) + "\n" + ",".join(["1"] * len(names)) + "\n")
        assert values(path, names[-1]) == [1]


class TestRows:
    @pytest.mark.parametrize("batched", [False, True])
    def test_empty_lines_of_several_columns_are_no_rows(self, request, write, batched):
        if batched:
            request.getfixturevalue("in_batches")
        path = write("a.csv", "\nx,c\n\n1,a\n\n,\n2,\n" + "3,b\n" * 20 + "\n\n")
        table = tabulate(path, ANYTHING)
        assert table.p.rows == 22
        (finding,) = table.findings
        assert finding.code == "empty-rows"
        assert "5 lines" in finding.message

    @pytest.mark.parametrize("batched", [False, True])
    def test_empty_lines_of_one_column_are_missing_values_but_for_the_last(
        self, request, write, batched
    ):
        if batched:
            request.getfixturevalue("in_batches")
        path = write("a.csv", "x\n" + "1\n" * 5 + "\n" * 20 + '2\n""\n' + "\n" * 10)
        table = tabulate(path, ANYTHING)
        (column,) = table.columns
        assert (column.p.rows, column.p.missing) == (27, 21)
        assert "10 lines" in {f.code: f.message for f in table.findings}["empty-rows"]

    def test_what_polars_writes_is_read_back(self, here):
        pl.DataFrame({"x": [1, None, 2]}).write_csv(here / "a.csv")
        (column,) = tabulate("a.csv", ANYTHING).columns
        assert (column.p.rows, column.p.missing) == (3, 1)

    def test_only_empty_lines(self, write):
        assert "no rows" in failure(write("a.csv", "x\n\n\n\n")).message
        assert "no rows" in failure(write("b.csv", "x,c\n\n\n")).message

    @pytest.mark.parametrize("content", ["x,c\n", "x,c", "x,c\r\n", '"x"\n'])
    def test_header_only(self, write, content):
        assert failure(write("a.csv", content)).message == "a.csv: no rows"

    @pytest.mark.parametrize("content", ["", "\n", "\n\n\r\n", "  \n", "\ufeff"])
    def test_empty(self, write, content):
        assert "the file is empty" in failure(write("a.csv", content)).message

    @pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
    def test_too_many_fields(self, write, name):
        content = b'x,c\n1,"a,\nb"\n\n2,b\n3,c,d,e\n4,f,g\n'
        path = write(name, compressed(content, "gz") if name.endswith("gz") else content)
        assert failure(path).message == f"{name}: line 6 has 4 fields, the header has 2"

    def test_too_many_fields_in_a_line_with_quotes(self, write):
        error = failure(write("a.csv", 'x,c\n1,"a",3\n'))
        assert error.message == "a.csv: a line has more fields, the header has 2"

    def test_too_few_fields(self, write):
        path = write("a.csv", 'x,y,z\n1,2,3\n4,"5\n,",6\n7,8,\n9\n10,11\n\n')
        message = told(path, path)["ragged-rows"]
        assert "2 lines" in message
        assert "line 6" in message
        assert [column.p.missing for column in tabulate(path, path).columns] == [0, 1, 3]

    def test_empty_last_values_are_not_ragged(self, write):
        assert told(write("a.csv", "x,c\n1,\n2,a\n"), ANYTHING) == {}

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ('x,c\n1,"a\n2,b\n', "never closed"),
            ('x,c\n1,5" pipe\n2,b\n', "not quoted"),
        ],
    )
    def test_quotes_gone_wrong(self, write, content, said):
        assert said in failure(write("a.csv", content)).message

    @pytest.mark.parametrize("place", ["header", "early", "late"])
    def test_not_utf8(self, write, place):
        lines = [b"x,c"] + [b"1,a"] * 5000
        lines[{"header": 0, "early": 1, "late": 4999}[place]] += "é".encode("latin-1")
        error = failure(write("a.csv", b"\n".join(lines)))
        assert error.message == "a.csv: not UTF-8 text"
        assert "iconv" in error.hint

    def test_very_long_values(self, write):
        path = write("a.csv", "x,c\n1," + "a" * 200_000 + "\n2,b\n")
        assert len(tabulate(path, path).columns[1].table.labels[0]) == 200_000

    def test_quoted_values(self, write):
        path = write("a.csv", 'c,x\n"a, ""b""",1\n"line\nbreak","2"\n')
        c, x = tabulate(path, path).columns
        assert c.table.labels == ('a, "b"', r"line\nbreak")
        assert (x.kind, x.p.mean) == (Kind.NUMERIC, 1.5)

    @pytest.mark.parametrize(
        "null", ["", "NA", "N/A", "NaN", "nan", "null", "NULL", '""', " NA ", "NAN"]
    )
    def test_ways_to_write_nothing(self, write, null):
        path = write("a.csv", f"x,y\n1,1\n{null},1\n3,1\n")
        x, _ = tabulate(path, path).columns
        assert (x.kind, x.p.rows, x.p.missing, x.findings) == (Kind.NUMERIC, 3, 1, ())

    @pytest.mark.parametrize(
        ("text", "number"),
        [("1e3", 1e3), ("+1", 1), (".5", 0.5), ("5.", 5), ("-0.0", 0), ("1E-2", 0.01)],
    )
    def test_ways_to_write_a_number(self, write, text, number):
        assert values(write("a.csv", f"x\n{text}\n{text}\n9\n")) == sorted([number, number, 9])

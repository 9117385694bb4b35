"""Failures of the reading library, told as input errors: one line, and what to do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from klcli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON: Final = (
    "expected one {…} a line, or [{…}, {…}], and null for NaN; "
    "check it with: python -m json.tool FILE"
)
_MIXED: Final = (
    "a column holds values of types that do not go together",
    "write it as one type, or leave the odd rows out",
)
#: (part of the library's message, what is wrong, what to do)
_KNOWN: Final = (
    ("Object at location", "no such file", "check the address with the tools of your cloud"),
    ("expanded paths were empty", "no file matches", "check the address and the pattern"),
    (
        "invalid utf-8",
        "not UTF-8 text",
        "convert it: iconv -f LATIN1 -t UTF-8 FILE > NEW (or -f UTF-16)",
    ),
    (
        "not properly escaped",
        'a quote (") is opened and never closed',
        'double the quotes inside quoted values ("") or remove the stray one',
    ),
    (
        "CSV malformed",
        'a quote (") stands inside a value that is not quoted',
        'quote the whole value and double the quotes inside it ("")',
    ),
    (
        "PAR1",
        "not a whole Parquet file",
        "it is cut off, or another format: write it again, or name --input-format",
    ),
    (
        "out-of-spec",
        "not a whole Arrow file",
        "it is cut off, or another format: write it again, or name --input-format",
    ),
    ("incomplete frame", "the compressed file is cut off", "fetch or compress it again"),
    ("unexpected end of file", "the compressed file is cut off", "fetch or compress it again"),
    ("NDJSON line expected", "a line is not a JSON object", "one {…} a line, or use CSV"),
    ("NDJSON types on empty", "the file is empty", "give a file with rows"),
    ("can only deserialize json objects", "not an array of JSON objects", "expected [{…}, {…}]"),
    ("infer data-type", "the file is empty", "give a file with rows"),
    ("Syntax at character", "not valid JSON", _JSON),
    ("TapeError", "not valid JSON", _JSON),
    ("supertype", *_MIXED),
    ("deserializing value", *_MIXED),
    (
        "de-duplication",
        "the header repeats names in a way that cannot be told apart",
        "give each column a name of its own",
    ),
    ("zstd error", "damaged data", "write or fetch the file again"),
    ("empty CSV", "the file is empty", "give a file with a header and rows"),
)


@contextmanager
def reading(source: str) -> Iterator[None]:
    """Turn whatever the reading library raises inside into an `InputError` about `source`."""
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _told(source, str(error)) from error


def _told(source: str, text: str) -> InputError:
    for part, wrong, remedy in _KNOWN:
        if part in text:
            return InputError(f"{source}: {wrong}", remedy)
    first = next((line.strip() for line in text.splitlines() if line.strip()), "cannot be read")
    remedy = "check the file, or name its --input-format"
    if "://" in source:
        remedy = "check the address, and the credentials and region in your environment"
    return InputError(f"{source}: {first[:300]}", remedy)

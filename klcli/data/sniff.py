"""Formats and compressions by magic bytes and first characters."""

from __future__ import annotations

from typing import Final

from klcli.data.profiles.file import is_profile_head
from klcli.errors import InputError

#: Compression → the bytes a file begins with.
_COMPRESSED: Final = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
#: First bytes → format. Four bytes ff begin an Arrow stream.
_BEGINNINGS: Final = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"\xff\xff\xff\xff": "arrow",
    b"\x93NUMPY": "npy",
}
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def compression_of(head: bytes) -> str:
    """Tell the compression from the first bytes of a file; empty if there is none."""
    return next((name for name, magic in _COMPRESSED.items() if head.startswith(magic)), "")


def format_of(source: str, head: bytes) -> str:
    """Tell the format from the first bytes of an uncompressed file.

    Raises
    ------
    InputError
        If it is neither a known binary format nor UTF-8 text.
    """
    for beginning, name in _BEGINNINGS.items():
        if head.startswith(beginning):
            return name
    if is_profile_head(head):
        raise InputError(
            f"{source}: a profile, which is read from a file of its own only",
            "name the .klp file itself; kl profile merge makes one of several",
        )
    if head.startswith(b"PK\x03\x04"):
        return "npz" if b".npy" in head[:200] else "xlsx"
    check_text(source, head)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"["):
        return "json"
    return "ndjson" if text.startswith(b"{") else "csv"


def check_text(source: str, head: bytes) -> None:
    """Refuse what is not UTF-8 text, with the command that converts it.

    Raises
    ------
    InputError
        If the first bytes are UTF-16 or binary.
    """
    if head.startswith(_UTF16) or (len(head) > 1 and 0 in head[:2]):
        raise InputError(
            f"{source}: the text is UTF-16, not UTF-8", "iconv -f UTF-16 -t UTF-8 FILE > NEW"
        )
    if 0 in head:
        raise InputError(
            f"{source}: neither text nor a known binary format",
            "name it with --input-format, or convert it to CSV or Parquet",
        )

"""Formats and compressions by magic bytes and first characters."""

from __future__ import annotations

import re
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
#: What a file begins with, as a pattern, that holds data packed in a way that is not read → how to unpack it.
_PACKED: Final = {
    rb"BZh[1-9]1AY&SY": ("bzip2", "bunzip2 -k FILE"),
    rb"\xfd7zXZ\x00": ("xz", "unxz -k FILE"),
}
_ZIP: Final = b"PK\x03\x04"
#: Where the name of the first file of a zip archive begins, and those that Excel writes first.
_NAME: Final = 30
_EXCEL: Final = (
    b"[Content_Types]",
    b"_rels/",
    b"xl/",
    b"docProps/",
    b"docMetadata/",
    b"customXml/",
)
#: What Git holds in place of a large file that was not fetched.
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
#: First bytes of text in wider encodings, as a pattern → name; the longer ones first.
_WIDE: Final = {
    rb"\xff\xfe\0\0|\0\0\xfe\xff": "UTF-32",
    rb"([^\0]\0\0\0){2}": "UTF-32LE",
    rb"(\0\0\0[^\0]){2}": "UTF-32BE",
    rb"\xff\xfe|\xfe\xff": "UTF-16",
    rb"[^\0]\0": "UTF-16LE",
    rb"\0": "UTF-16BE",
}
#: Text has no other characters below the space, and null in at most one of so many places.
_CONTROLS: Final = bytes({*range(1, 32)} - {*b"\t\n\v\f\r"})
_FEW: Final = 8
#: Where the mark of a tar archive stands.
_TAR: Final = slice(257, 262)


def compression_of(head: bytes) -> str:
    """Tell the compression from the first bytes of a file; empty if there is none."""
    return next((name for name, magic in _COMPRESSED.items() if head.startswith(magic)), "")


def check_unpacked(source: str, head: bytes) -> None:
    """Refuse what stands for data that must be fetched or unpacked first, with the command.

    Raises
    ------
    InputError
        If the first bytes are those of a pointer of Git LFS, or of a compression not read here.
    """
    if head.startswith(_POINTER):
        raise InputError(f"{source}: a pointer of Git LFS, not the data", "git lfs pull")
    for beginning, (name, command) in _PACKED.items():
        if re.match(beginning, head):
            raise InputError(f"{source}: compressed with {name}, which is not read", command)


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
    if head.startswith(_ZIP):
        if b".npy" in head[:200]:
            return "npz"
        if head[_NAME:].startswith(_EXCEL):
            return "xlsx"
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
        If the first bytes are UTF-16 or UTF-32, an archive, or binary.
    """
    wide = (name for beginning, name in _WIDE.items() if re.match(beginning, head, re.DOTALL))
    if (encoding := next(wide, "")) and len(head) > 1:
        raise InputError(
            f"{source}: the text is {encoding[:6]}, not UTF-8",
            f"iconv -f {encoding} -t UTF-8 FILE > NEW",
        )
    if head.startswith(_ZIP):
        raise InputError(f"{source}: a zip archive, which is not read", "unzip FILE")
    if head[_TAR] == b"ustar":
        raise InputError(f"{source}: a tar archive, which is not read", "tar -xf FILE")
    if 0 < _FEW * head.count(0) < len(head) == len(head.translate(None, _CONTROLS)):
        raise InputError(
            f"{source}: the text holds null characters", "tr -d '\\000' < FILE > NEW removes them"
        )
    if 0 in head:
        raise InputError(
            f"{source}: neither text nor a known binary format",
            "name it with --input-format, or convert it to CSV or Parquet",
        )

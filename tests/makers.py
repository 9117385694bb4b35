"""Files of every format, made from one frame."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

#: Formats that hold columns by name, numbers and text.
FRAME_FORMATS = ("csv", "tsv", "ndjson", "jsonl", "json", "parquet", "arrow", "feather", "ipc")
ARRAY_FORMATS = ("npy", "npz")


def write_frame(frame: pl.DataFrame, path: Path) -> Path:
    """Write a frame in the format of the extension, compressed if one more says so."""
    name, compression = path.name, ""
    if name.endswith((".gz", ".zst")):
        name, _, compression = name.rpartition(".")
    bare = path.with_name(name)
    match name.rpartition(".")[2]:
        case "csv":
            frame.write_csv(bare)
        case "tsv":
            frame.write_csv(bare, separator="\t")
        case "ndjson" | "jsonl":
            frame.write_ndjson(bare)
        case "json":
            frame.write_json(bare)
        case "parquet":
            frame.write_parquet(bare)
        case "arrow" | "feather" | "ipc":
            frame.write_ipc(bare)
        case "npy":
            np.save(bare, frame.to_numpy())
        case "npz":
            columns = {name: frame[name].to_numpy() for name in frame.columns}
            fixed = {n: v.astype(str) if v.dtype == object else v for n, v in columns.items()}
            np.savez(bare, **fixed)
        case "xlsx":
            write_xlsx(frame, bare)
        case other:
            raise ValueError(other)
    if compression:
        path.write_bytes(compressed(bare.read_bytes(), compression))
        bare.unlink()
    return path


def compressed(data: bytes, suffix: str) -> bytes:
    """Compress bytes as the suffix `gz` or `zst` says."""
    if suffix == "gz":
        return gzip.compress(data, mtime=0)  # names tests, the same in every process
    import pyarrow as pa

    return pa.compress(data, codec="zstd", asbytes=True)


def write_xlsx(frame: pl.DataFrame, path: Path) -> None:
    """Write a workbook of one sheet with inline strings, which needs no package."""
    import zipfile

    def cell(value: object) -> str:
        if value is None:
            return "<c/>"
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    rows = "".join(
        "<row>" + "".join(map(cell, row)) + "</row>" for row in [frame.columns, *frame.rows()]
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>'
            "</Types>",
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
            '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
            f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
        )

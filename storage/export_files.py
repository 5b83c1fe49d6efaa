"""Rows as a file: CSV, Excel or JSON Lines. In none of them can a person's words become a formula.

Excel and its kin run a cell that begins with = + - @ (or a tab or carriage return before them).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import BinaryIO

import orjson

from storage.exports import Export

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FileFormat(StrEnum):
    """The kinds of file; the value is the ending of the name."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


def write(export: Export, file_format: FileFormat, file: BinaryIO) -> int:
    """Write all rows to a file opened for bytes; how many there were."""
    return _WRITERS[file_format](export, file)


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows and does not run.

    >>> harmless("=HYPERLINK(1)"), harmless("Siti")
    ("'=HYPERLINK(1)", 'Siti')
    """
    return f"'{cell}" if cell.startswith(_BEGINS_A_FORMULA) else cell


def _csv(export: Export, file: BinaryIO) -> int:
    """With a byte order mark, by which Excel recognises UTF-8."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(export.columns)
    count = 0
    for count, row in enumerate(export.rows, 1):  # noqa: B007
        writer.writerow([harmless(row[column]) for column in export.columns])
    text.detach()
    return count


def _jsonl(export: Export, file: BinaryIO) -> int:
    count = 0
    for count, row in enumerate(export.rows, 1):  # noqa: B007
        shown = {column: row[column] for column in export.columns}
        file.write(orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE))
    return count


def _xlsx(export: Export, file: BinaryIO) -> int:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("kawan")
    sheet.append(export.columns)
    count = 0
    for count, row in enumerate(export.rows, 1):  # noqa: B007
        cells = [
            WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", row[column]))
            for column in export.columns
        ]
        for cell in cells:
            cell.data_type = "s"
        sheet.append(cells)
    book.save(file)
    return count


_WRITERS: Mapping[FileFormat, Callable[[Export, BinaryIO], int]] = {
    FileFormat.CSV: _csv,
    FileFormat.XLSX: _xlsx,
    FileFormat.JSONL: _jsonl,
}

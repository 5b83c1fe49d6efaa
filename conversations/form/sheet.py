"""Reads the cells of a workbook: Markdown tables as pyxform has them, .xlsx, or .csv.

Gives every sheet as rows with the numbers a spreadsheet shows (the header is row 1; in Markdown
and CSV empty lines and comments are not counted). What the cells mean is form.py's business.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import NoReturn
from zipfile import BadZipFile, ZipFile

from conversations.form.model import FormError, Problem

LARGEST_SOURCE = 2_000_000
LARGEST_UNPACKED = 30_000_000
MOST_ROWS = 2_000
MOST_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    cells: Mapping[str, str]
    """By header; empty cells are left out."""


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]


def read_sheets(source: bytes, name: str) -> tuple[dict[str, Sheet], list[Problem]]:
    """The sheets by name in small letters, and the cells that stand where no column is.

    Raises FormError when the file cannot be read at all.
    """
    if len(source) > LARGEST_SOURCE:
        _refuse(f"berkas lebih besar dari {LARGEST_SOURCE // 1_000_000} MB")
    ending = PurePath(name).suffix.lower()
    if ending not in _READERS:
        _refuse(f"{name}: hanya berkas .md, .xlsx atau .csv yang dapat dibaca")
    problems: list[Problem] = []
    grids: dict[str, list[tuple[int, list[str]]]] = {}
    for sheet, number, cells in _READERS[ending](source, problems):
        grid = grids.setdefault(sheet.strip().lower(), [])
        if any(cells):
            grid.append((number, cells))
        if any(cells) and (number > MOST_ROWS or any(cells[MOST_COLUMNS:])):
            _refuse(f"lembar {sheet} lebih dari {MOST_ROWS} baris atau terlalu lebar")
    if not any(grids.values()):
        _refuse("berkas ini kosong atau bukan tabel XLSForm")
    sheets = {key: _sheet(key, grid, problems) for key, grid in grids.items() if grid}
    return sheets, problems


def _refuse(message: str) -> NoReturn:
    raise FormError([Problem("", 0, "", message)])


def _sheet(name: str, grid: list[tuple[int, list[str]]], problems: list[Problem]) -> Sheet:
    top, headers = grid[0]
    seen: set[str] = set()
    for header in filter(None, headers):
        if header in seen:
            problems.append(Problem(name, top, header, "kolom ini ada dua kali"))
        seen.add(header)
    rows = []
    for number, cells in grid[1:]:
        named: dict[str, str] = {}
        for at, cell in enumerate(cells):
            if not cell:
                continue
            if at < len(headers) and headers[at]:
                named[headers[at]] = cell
            else:
                message = f'isi "{cell[:40]}" berada di kolom yang tidak punya judul'
                problems.append(Problem(name, number, f"ke-{at + 1}", message))
        rows.append(Row(number, named))
    return Sheet(name, tuple(filter(None, headers)), tuple(rows))


Cells = Iterator[tuple[str, int, list[str]]]

_MD_ROW = re.compile(r"\s*\|(.*)\|\s*(?:#[^|]*)?")
_MD_RULE = re.compile(r"[|\-:\s]*-[|\-:\s]*")
_MD_PIPE = re.compile(r"(?<!\\)\|")


def _markdown(source: bytes, problems: list[Problem]) -> Cells:
    """A table as pyxform reads it, except that a line it would cut short is a problem."""
    sheet, number = "", 0
    for line_number, line in enumerate(_decoded(source).split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        row = _MD_ROW.fullmatch(line.rstrip("\r"))
        if not row:
            message = f"baris berkas ke-{line_number} harus diawali dan diakhiri dengan tanda |"
            problems.append(Problem(sheet, 0, "", message))
            continue
        if _MD_RULE.fullmatch(row[1]):
            continue
        first, *cells = (cell.strip().replace(r"\|", "|") for cell in _MD_PIPE.split(row[1]))
        if first:
            sheet, number = first, 0
        if any(cells):
            number += 1
        yield sheet, number, cells


def _comma_separated(source: bytes, _problems: list[Problem]) -> Cells:
    sheet, number = "", 0
    try:
        for first, *cells in filter(None, csv.reader(io.StringIO(_decoded(source), newline=""))):
            if first.strip():
                sheet, number = first, 0
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                number += 1
            yield sheet, number, stripped
    except csv.Error as error:
        _refuse(f"berkas .csv rusak ({error})")


_BROKEN_WORKBOOK = (
    BadZipFile,
    KeyError,
    NotImplementedError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
)


def _workbook(source: bytes, _problems: list[Problem]) -> Cells:
    """The cells of an .xlsx; its libraries are loaded only where there is one to read."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException
    from pyxform.xls2json_backends import xlsx_value_to_str

    try:
        with ZipFile(io.BytesIO(source)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked > LARGEST_UNPACKED:
            _refuse(f"isi berkas .xlsx lebih besar dari {LARGEST_UNPACKED // 1_000_000} MB")
        book = openpyxl.load_workbook(io.BytesIO(source), read_only=True, data_only=True)
        for sheet in book.worksheets:
            rows = sheet.iter_rows(
                max_row=2 * MOST_ROWS, max_col=2 * MOST_COLUMNS, values_only=True
            )
            for number, values in enumerate(rows, start=1):
                yield (
                    sheet.title,
                    number,
                    [
                        "" if value is None else str(xlsx_value_to_str(value)).strip()
                        for value in values
                    ],
                )
    except FormError:
        raise
    except (*_BROKEN_WORKBOOK, InvalidFileException):
        _refuse("berkas .xlsx rusak atau terkunci kata sandi")


def _decoded(source: bytes) -> str:
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError:
        _refuse("tulisan dalam berkas ini bukan UTF-8")


_READERS = {".md": _markdown, ".csv": _comma_separated, ".xlsx": _workbook}

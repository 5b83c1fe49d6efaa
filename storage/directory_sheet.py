"""A list of offices as staff keep it, .xlsx or .csv, read into what is to be entered; and every row
that cannot be read.

Pure: bytes in, values out. What becomes of the offices is in `directory.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from conversations.concerns.case import Agency
from storage.directory import office_number
from storage.people import Village
from storage.roster_sheet import NoRoster, Problem, rows_of

COLUMNS: Final = ("lembaga", "nama", "telepon", "petugas", "kabupaten", "desa", "dicek")
"""The columns of the template; `desa` and `kabupaten` empty: it serves the whole programme."""

_NEEDED: Final = ("lembaga", "nama", "telepon")
_LONGEST: Final = {"nama": 120, "petugas": 80, "kabupaten": 80}
_MOST: Final = 1_000
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](20\d\d)")


@dataclass(frozen=True, slots=True)
class ListedOffice:
    """An office as a row has it; `village` is a village's code."""

    row: int
    agency: Agency
    name: str
    phone: str
    officer: str = ""
    district: str = ""
    village: str = ""
    checked: date | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a file holds; with any problem nothing of it is entered."""

    offices: tuple[ListedOffice, ...]
    problems: tuple[Problem, ...]


def read(source: bytes, filename: str, villages: Sequence[Village], today: date) -> Listing:
    """The offices of a file. Raises NoRoster when there is no table with the needed columns."""
    rows = rows_of(source, filename)
    _, heads = next(rows, (0, []))
    columns = _columns(heads)
    offices: list[ListedOffice] = []
    problems: list[Problem] = []
    for number, cells in rows:
        if number > _MOST + 1:
            raise NoRoster(f"lebih dari {_MOST} baris: bagi menjadi beberapa berkas")
        named = {name: _plain(cells[at]) for name, at in columns.items() if at < len(cells)}
        if not any(named.values()):
            continue
        office, wrong = _office(number, named, villages, today)
        problems += wrong
        if office is not None:
            offices.append(office)
    if not offices and not problems:
        raise NoRoster("berkas ini tidak berisi satu lembaga pun")
    return Listing(tuple(offices), tuple(problems))


def agency_of(written: str) -> Agency | None:
    """The kind of office that is meant.

    >>> agency_of("UPTD PPA"), agency_of("polres ppa"), agency_of("kantor")
    (<Agency.UPTD_PPA: 'uptd_ppa'>, <Agency.POLRES_PPA: 'polres_ppa'>, None)
    """
    plain = re.sub(r"[^a-z0-9]+", "_", written.casefold()).strip("_")
    plain = {"unit_ppa_polres": "polres_ppa", "unit_ppa": "polres_ppa"}.get(plain, plain)
    return Agency(plain) if plain in set(Agency) else None


def day_of(written: str) -> date | None:
    """A day as sheets have it: 2026-11-20, 2026-11-20 00:00:00 or 20/11/2026.

    >>> day_of("20/11/2026") == day_of("2026-11-20 00:00:00") == date(2026, 11, 20)
    True
    >>> day_of("31/02/2026") is None
    True
    """
    try:
        if (found := _DAY.fullmatch(written)) is not None:
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(written.partition(" ")[0].partition("T")[0])
    except ValueError:
        return None


def _columns(heads: Sequence[str]) -> dict[str, int]:
    found = {_plain(head).casefold(): at for at, head in reversed(list(enumerate(heads)))}
    columns: dict[str, int] = {name: found[name] for name in COLUMNS if name in found}
    if missing := [name for name in _NEEDED if name not in columns]:
        raise NoRoster(
            f"tidak ada kolom {', '.join(missing)}: mulai dari `kawan directory template`"
        )
    return columns


def _office(
    row: int, cells: Mapping[str, str], villages: Sequence[Village], today: date
) -> tuple[ListedOffice | None, list[Problem]]:
    problems: list[Problem] = []

    def wrong(column: str, what: str, right: str) -> None:
        problems.append(Problem(row, column, what, right))

    for column, cell in cells.items():
        if cell.startswith(("=", "@")):
            wrong(column, f"“{_short(cell)}” seperti rumus", "Tulis isinya saja")
        elif len(cell) > _LONGEST.get(column, 120):
            wrong(column, "terlalu panjang", f"Paling panjang {_LONGEST.get(column, 120)} huruf")
    agency = agency_of(cells.get("lembaga", ""))
    if agency is None:
        known = ", ".join(Agency)
        wrong("lembaga", f"“{_short(cells.get('lembaga', ''))}” tidak dikenal", f"Pilih: {known}")
    if not cells.get("nama"):
        wrong("nama", "kosong", "Tulis nama kantornya")
    phone = office_number(cells.get("telepon", ""))
    if phone is None:
        written = _short(cells.get("telepon", "")) or "kosong"
        wrong("telepon", f"“{written}” bukan nomor telepon", "Contoh: (0331) … atau 0812-…")
    village = _village(cells.get("desa", ""), villages)
    if cells.get("desa") and village is None:
        known = ", ".join(one.code for one in villages) or "belum ada desa"
        wrong("desa", f"“{_short(cells['desa'])}” tidak dikenal", f"Pilih: {known}")
    checked = day_of(cells["dicek"]) if cells.get("dicek") else None
    if cells.get("dicek") and (checked is None or checked > today):
        right = f"Tulis hari terakhir ditelepon, misalnya {today.isoformat()}"
        wrong("dicek", f"“{_short(cells['dicek'])}” bukan hari yang sudah lewat", right)
    if problems or agency is None or phone is None:
        return None, problems
    return ListedOffice(
        row=row,
        agency=agency,
        name=cells["nama"],
        phone=phone,
        officer=cells.get("petugas", ""),
        district=cells.get("kabupaten", ""),
        village=village.code if village else "",
        checked=checked,
    ), []


def _village(written: str, villages: Sequence[Village]) -> Village | None:
    wanted = written.casefold().removeprefix("desa ")
    matching = (one for one in villages if wanted in (one.code.casefold(), one.name.casefold()))
    return next(matching, None)


def _plain(cell: str) -> str:
    return " ".join(cell.split())


def _short(cell: str) -> str:
    seen = "".join(sign if sign.isprintable() else "?" for sign in cell)
    return seen if len(seen) <= 30 else f"{seen[:29]}…"

"""A list of offices in a sheet: read whole, every fault named with its row."""

from __future__ import annotations

import io
from datetime import date, datetime

import openpyxl
import pytest

from conversations.concerns.case import Agency
from conversations.dialogue import VillageId
from storage.directory_sheet import COLUMNS, ListedOffice, Listing, read
from storage.people import Village
from storage.roster_sheet import NoRoster

TODAY = date(2026, 11, 22)
VILLAGES = (Village(VillageId(1), "Ledokombo", "LDK", "Jember", "", "Asia/Jakarta"),)
HEAD = ",".join(COLUMNS)


def sheet(*rows: str, head: str = HEAD) -> Listing:
    return read("\n".join((head, *rows)).encode(), "daftar.csv", VILLAGES, TODAY)


def test_a_row_becomes_an_office() -> None:
    found = sheet("UPTD PPA,Kantor contoh,0331 487123,Bu Contoh,Jember,,2026-11-20")

    assert found.problems == ()
    assert found.offices == (
        ListedOffice(
            2,
            Agency.UPTD_PPA,
            "Kantor contoh",
            "(0331) 487123",
            officer="Bu Contoh",
            district="Jember",
            checked=date(2026, 11, 20),
        ),
    )


def test_a_village_is_named_by_code_or_name() -> None:
    found = sheet("puskesmas,A,0331487123,,,ldk,", "puskesmas,B,0331487124,,,Desa Ledokombo,")

    assert [one.village for one in found.offices] == ["LDK", "LDK"]


def test_a_number_that_a_workbook_stripped_of_its_zero_is_read() -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(COLUMNS)
    page.append(["polres_ppa", "Kantor contoh", 81234567890, "", "", "", datetime(2026, 11, 20)])
    file = io.BytesIO()
    book.save(file)

    found = read(file.getvalue(), "daftar.xlsx", VILLAGES, TODAY)

    [office] = found.offices
    assert (office.phone, office.checked) == ("0812-3456-7890", date(2026, 11, 20))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("kantor,A,0331487123,,,,", "lembaga"),
        ("uptd_ppa,,0331487123,,,,", "nama"),
        ("uptd_ppa,A,123456,,,,", "telepon"),
        ("uptd_ppa,A,,,,,", "telepon"),
        ("uptd_ppa,A,0331487123,,,XXX,", "desa"),
        ("uptd_ppa,A,0331487123,,,,2099-01-01", "dicek"),
        ("uptd_ppa,A,0331487123,,,,kapan-kapan", "dicek"),
        ("uptd_ppa,=A1,0331487123,,,,", "nama"),
        (f"uptd_ppa,{'A' * 121},0331487123,,,,", "nama"),
    ],
)
def test_a_fault_is_named_with_its_row_and_column(row: str, column: str) -> None:
    found = sheet("uptd_ppa,Baik,0331487125,,,,", row)

    assert [(one.row, one.column) for one in found.problems] == [(3, column)]


def test_columns_may_stand_in_any_order_and_be_left_out() -> None:
    found = sheet("0331487123,Kantor contoh,uptd_ppa", head="telepon,nama,lembaga")

    assert [one.name for one in found.offices] == ["Kantor contoh"]


@pytest.mark.parametrize("head", ["nama,telepon", "lembaga,nama", ""])
def test_a_sheet_without_the_needed_columns_is_refused(head: str) -> None:
    with pytest.raises(NoRoster, match="template"):
        sheet("uptd_ppa,A,0331487123", head=head)


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(NoRoster, match="tidak berisi"):
        sheet()


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(NoRoster, match="1000 baris"):
        sheet(*["uptd_ppa,A,0331487123,,,,"] * 1001)

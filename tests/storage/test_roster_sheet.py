"""Reading a roster: what cadres write is understood, what is wrong is named row by row."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook

from conversations.dialogue import Role
from storage import roster_sheet
from storage.roster_sheet import Listed, NoRoster, Roster

YEAR = 2026


def from_csv(*lines: str, encoding: str = "utf-8") -> Roster:
    return roster_sheet.read("\n".join(lines).encode(encoding), "daftar.csv", YEAR)


def from_xlsx(*rows: list[Any]) -> Roster:
    return roster_sheet.read(workbook(*rows), "Daftar.XLSX", YEAR)


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def complaints(roster: Roster) -> list[tuple[int, str]]:
    return [(problem.row, problem.column) for problem in roster.problems]


def test_a_roster_is_read_whatever_the_order_of_its_columns() -> None:
    roster = from_csv(
        "Tahun lahir,Tanda,Nama lengkap,Panggilan,Hubungan,Desa,Peran,Nama anak",
        '"2018, 2021","PKH, perlu HP",Siti Aminah,Mbah,Nenek,Sumbersalak,pengasuh,"Adi, Sari"',
    )

    assert roster.problems == ()
    assert roster.people == (
        Listed(
            row=2,
            name="Siti Aminah",
            salutation="Mbah",
            relation="nenek",
            village="Sumbersalak",
            role=Role.CAREGIVER,
            children=(("Adi", 2018), ("Sari", 2021)),
            tags=("pkh", "perlu_hp"),
        ),
    )


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_usual_separator_is_read(separator: str) -> None:
    roster = from_csv(f"sapaan{separator}nama", f"Mbah{separator}Siti")

    assert [(one.salutation, one.name) for one in roster.people] == [("Mbah", "Siti")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_every_usual_kind_of_letters_is_read(encoding: str) -> None:
    roster = from_csv("nama", "José Ma’ruf", encoding=encoding)

    assert [one.name for one in roster.people] == ["José Ma’ruf"]


def test_a_workbook_is_read_with_its_numbers() -> None:
    roster = from_xlsx(["Nama", "Anak", "Lahir"], ["Siti", "Adi", 2018], [None, None, None])

    assert [(one.row, one.name, one.children) for one in roster.people] == [
        (2, "Siti", (("Adi", 2018),))
    ]


def test_a_salutation_written_with_the_name_is_taken_off() -> None:
    roster = from_csv("nama", "Mbah Siti", "Budi Santoso")

    assert [(one.salutation, one.name) for one in roster.people] == [
        ("Mbah", "Siti"),
        ("", "Budi Santoso"),
    ]


def test_telephone_numbers_and_identity_numbers_are_not_even_read() -> None:
    roster = from_csv("nama,telepon,NIK", "Siti,081234567890,3509")

    assert roster.unread == ("telepon", "NIK")
    assert "0812" not in repr(roster)
    assert "3509" not in repr(roster)


@pytest.mark.parametrize(
    ("head", "cell", "column"),
    [
        ("sapaan", "Mbah yang paling tua di desa", "sapaan"),
        ("sapaan", "12", "sapaan"),
        ("hubungan", "teman", "hubungan"),
        ("peran", "ketua", "peran"),
        ("anak", "anak ke-1!", "anak"),
        ("tanda", "🙂", "tanda"),
        ("tanda", "x" * 41, "tanda"),
    ],
)
def test_a_cell_that_cannot_be_meant_is_named(head: str, cell: str, column: str) -> None:
    roster = from_csv(f"nama;{head}", "Ani;", f"Siti;{cell}")

    assert complaints(roster) == [(3, column)]
    assert [one.name for one in roster.people] == ["Ani"]


@pytest.mark.parametrize("name", ["", "123", "S" * 81, "<script>", "=HYPERLINK(1)", "@SUM(A1)"])
def test_a_name_that_is_none_is_named(name: str) -> None:
    roster = from_csv("nama;hubungan", f"{name};nenek")

    assert [problem.row for problem in roster.problems] == [2]
    assert roster.people == ()


@pytest.mark.parametrize("year", ["1980", "2027", "18", "abad lalu", "２０１８"])
def test_a_year_of_birth_that_is_none_is_named_with_what_is_right(year: str) -> None:
    roster = from_csv("nama;anak;lahir", f"Siti;Adi;{year}")

    [problem] = roster.problems
    assert (problem.row, problem.column) == (2, "lahir")
    assert "2008 sampai 2026" in problem.right


def test_years_are_told_for_every_child_or_none() -> None:
    roster = from_csv("nama;anak;lahir", "Siti;Adi, Sari;2018", "Ani;Adi, Sari;")

    assert complaints(roster) == [(2, "lahir")]
    assert roster.people[0].children == (("Adi", None), ("Sari", None))


def test_every_fault_of_a_row_is_named_at_once() -> None:
    roster = from_csv("nama;hubungan;peran;lahir;anak", "12;teman;ketua;1900;Adi")

    assert complaints(roster) == [(2, "hubungan"), (2, "lahir"), (2, "nama"), (2, "peran")]


def test_a_formula_is_never_taken_for_its_result() -> None:
    roster = from_xlsx(["nama", "anak"], ["Siti", '="Adi"'])

    assert complaints(roster)[0] == (2, "anak")
    assert "rumus" in roster.problems[0].wrong


@pytest.mark.parametrize(
    ("first", "second"),
    [("Mbah;Siti;nenek", "Mbah;siti;ibu"), ("Mbah;Siti;nenek", "Nenek;Siti;nenek")],
)
def test_two_of_one_name_are_to_be_told_apart(first: str, second: str) -> None:
    roster = from_csv("sapaan;nama;hubungan", first, second, "Mbah;Tini;nenek")

    assert [one.name for one in roster.people] == ["Siti", "Tini"]
    assert complaints(roster) == [(3, "nama")]
    assert "baris 2" in roster.problems[0].wrong


def test_a_mother_and_a_grandmother_of_one_name_are_two() -> None:
    roster = from_csv("sapaan;nama;hubungan", "Mbah;Siti;nenek", "Ibu;Siti;ibu")

    assert len(roster.people) == 2


@pytest.mark.parametrize(
    ("source", "name", "said"),
    [
        (b"", "x.csv", "kosong"),
        (b"kolom;lain\n1;2", "x.csv", "kolom nama"),
        (b"nama;nama\n1;2", "x.csv", "dua kali"),
        (b"nama", "x.pdf", "simpan dahulu"),
        (b"\x00\x01", "x.csv", "bukan tabel"),
        (b"bukan zip", "x.xlsx", "rusak"),
        (b"nama\n" + b"a" * 200_000, "x.csv", "rusak"),
        (b"nama\n" + b"Siti\n" * 1_100, "x.csv", "1000 baris"),
        (b"x" * 2_000_001, "x.csv", "lebih besar"),
    ],
)
def test_what_is_no_roster_is_refused_in_one_line(source: bytes, name: str, said: str) -> None:
    with pytest.raises(NoRoster, match=said):
        roster_sheet.read(source, name, YEAR)


def test_a_workbook_that_unpacks_to_a_flood_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 31_000_000)

    with pytest.raises(NoRoster, match="lebih besar"):
        roster_sheet.read(packed.getvalue(), "x.xlsx", YEAR)


def test_a_complaint_shows_no_sign_that_no_eye_can_see() -> None:
    roster = from_csv("nama;hubungan", "Siti;te\u202eman")

    assert "\u202e" not in str(roster.problems[0])


def test_a_date_where_a_year_is_wanted_is_named() -> None:
    born = datetime(2018, 5, 1)

    roster = from_xlsx(["nama", "anak", "lahir"], ["Siti", "Adi", born])

    assert complaints(roster) == [(2, "lahir")]


def test_a_row_with_nothing_in_it_that_is_read_is_passed_over() -> None:
    roster = from_csv("nama;telepon", ";0812", "Siti;")

    assert [one.name for one in roster.people] == ["Siti"]
    assert roster.problems == ()

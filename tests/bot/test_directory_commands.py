"""The directory by command: entered, called again, taken out, brought in whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest
from sqlalchemy import Connection

from bot.operations import OperationRefused
from storage import audit, directory, due, people, staff
from storage.directory_sheet import COLUMNS
from tests.bot.offices import Office
from tests.bot.offices import kawan as kawan
from tests.bot.offices import office as office
from tests.storage.builders import NOW, a_member

TODAY = NOW.date()


@pytest.fixture
async def rina(office: Office) -> int:
    """Mbak Rina, who has joined; her person."""

    def unit(conn: Connection) -> int:
        people.add_village(conn, "Ledokombo", "LDK", district="Jember")
        return a_member(conn, "Mbak Rina").id

    person: int = await office.write(unit)
    return person


async def add(office: Office, **changes: str) -> int:
    given = {"agency": "uptd_ppa", "name": "Kantor contoh", "phone": "0331487123", **changes}
    added = await office.ask("directory_add", by="mbak rina", **given)
    number: int = added["id"]
    return number


async def entered(office: Office) -> tuple[directory.Office, ...]:
    found: tuple[directory.Office, ...] = await office.write(directory.offices)
    return found


async def recorded(office: Office) -> list[tuple[str, str, str, str]]:
    """Who did what to which office, by which way, latest first."""
    entries = await office.write(lambda conn: audit.latest(conn, 20))
    return [(one.actor, one.action, one.subject, one.channel) for one in entries]


async def test_an_office_is_entered_with_who_called_it(office: Office, rina: int) -> None:
    id_ = await add(office, district="Jember", officer="Bu Contoh", checked="2026-11-10")

    [found] = await entered(office)

    assert (found.contact.phone, found.contact.district) == ("(0331) 487123", "Jember")
    assert (str(found.contact.checked), found.checked_by) == ("2026-11-10", "Mbak Rina")
    assert await recorded(office) == [
        (f"person:{rina}", "office added", f"contact:{id_}", "command")
    ]


async def test_an_office_that_nobody_called_is_entered_without_a_day(
    office: Office, rina: int
) -> None:
    await add(office)

    [found] = await entered(office)

    assert (found.contact.checked, found.checked_by) == (None, "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agency": "kantor"}, "tidak dikenal: pilih uptd_ppa"),
        ({"name": " "}, "nama kantor"),
        ({"name": "x" * 121}, "terlalu panjang"),
        ({"phone": "belum ada"}, "bukan nomor telepon"),
        ({"village": "XXX"}, "tidak ada desa berkode XXX: LDK"),
        ({"checked": "2026-12-31"}, "belum lewat"),
        ({"checked": "kemarin"}, "tidak dimengerti"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_entered(
    office: Office, rina: int, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(OperationRefused, match=said):
        await add(office, **changes)

    assert await entered(office) == ()


@pytest.mark.parametrize(("by", "said"), [("", "--by"), ("Pak Entah", "tidak ada petugas")])
async def test_only_a_member_of_staff_enters_an_office(
    office: Office, rina: int, by: str, said: str
) -> None:
    given = {"agency": "uptd_ppa", "name": "Kantor contoh", "phone": "0331487123"}

    with pytest.raises(OperationRefused, match=said):
        await office.ask("directory_add", by=by, **given)


async def test_the_same_number_is_not_entered_twice(office: Office, rina: int) -> None:
    id_ = await add(office, district="Jember")

    with pytest.raises(OperationRefused, match=f"lembaga nomor {id_}"):
        await add(office, district="JEMBER", phone="(0331) 487-123")


async def test_a_number_called_today_is_fresh_again(office: Office, rina: int) -> None:
    id_ = await add(office)

    await office.ask("directory_checked", id_=id_, by="mbak rina", phone="0331487199")

    [found] = await entered(office)
    assert (found.contact.checked, found.contact.phone) == (TODAY, "(0331) 487199")
    assert (await recorded(office))[0][1] == "office number changed"


async def test_an_office_taken_out_is_recorded(office: Office, rina: int) -> None:
    id_ = await add(office)

    name = await office.ask("directory_remove", id_=id_, by="mbak rina")

    assert name == "Kantor contoh"
    assert await entered(office) == ()
    assert (await recorded(office))[0][1:3] == ("office removed", f"contact:{id_}")


@pytest.mark.parametrize("operation", ["directory_checked", "directory_remove"])
async def test_an_unknown_number_is_refused(office: Office, rina: int, operation: str) -> None:
    with pytest.raises(OperationRefused, match="tidak ada lembaga nomor 99"):
        await office.ask(operation, id_=99, by="mbak rina")


def a_row(row: int, **changes: str) -> dict[str, Any]:
    given = {"agency": "puskesmas", "name": "Kantor contoh", "phone": f"033148712{row}"}
    empty = {"officer": "", "district": "", "village": "LDK", "checked": "2026-11-10"}
    return {"row": row, **given, **empty, **changes}


async def test_a_list_comes_in_whole_and_each_office_is_recorded(office: Office, rina: int) -> None:
    listed = [a_row(2), a_row(3, checked="")]

    done = await office.ask("directory_import", listed=listed, by="mbak rina")

    assert done == {"entered": 2, "problems": []}
    assert [one.checked_by for one in await entered(office)] == ["Mbak Rina", ""]
    assert [one[1] for one in await recorded(office)] == ["office added"] * 2


async def test_a_list_with_one_known_or_double_number_leaves_everything_as_it_was(
    office: Office, rina: int
) -> None:
    known = await add(office, agency="puskesmas", phone="0331487122", village="LDK")

    done = await office.ask(
        "directory_import",
        listed=[a_row(2), a_row(3), a_row(4, phone="0331487123")],
        by="mbak rina",
    )

    assert done["entered"] == 0
    assert [line.partition(",")[0] for line in done["problems"]] == ["baris 2", "baris 4"]
    assert [one.contact.id for one in await entered(office)] == [known]


async def test_entering_an_office_plans_the_weekly_look(office: Office, rina: int) -> None:
    await add(office)

    planned = await office.write(lambda conn: due.next_due(conn, NOW + timedelta(days=8), 5))

    assert [(one.kind, one.person_id) for one in planned] == [("numbers", None)]


async def test_a_national_line_that_staff_called_is_recorded(office: Office, rina: int) -> None:
    done = await office.ask("hotline_checked", key="ambulans", by="mbak rina")

    assert done == {"name": "Ambulans", "on": TODAY.isoformat()}
    assert (await recorded(office))[0][1:3] == ("hotline checked", "hotline:ambulans")
    with pytest.raises(OperationRefused, match="pilih sapa"):
        await office.ask("hotline_checked", key="118", by="mbak rina")


async def test_somebody_who_has_not_joined_yet_is_recorded_by_her_account(
    office: Office, rina: int
) -> None:
    await office.write(lambda conn: staff.add(conn, "Mas Dimas", "staff", NOW))

    await office.ask("hotline_checked", key="sapa", by="mas dimas")

    assert (await recorded(office))[0][0] == "staff:2"


@pytest.fixture
def programme(kawan: Callable[..., str]) -> Callable[..., str]:
    """Commands in a folder with a village and a member of staff."""
    kawan("villages", "add", "Ledokombo", "LDK", "--district", "Jember")
    kawan("staff", "add", "Mbak Rina")
    return kawan


def test_the_list_says_what_is_old_and_for_whom(programme: Callable[..., str]) -> None:
    office = ("directory", "add", "uptd_ppa", "Kantor contoh", "--by", "Mbak Rina", "--phone")
    assert "Belum ada lembaga" in programme("directory", "list")
    programme(*office, "0331487123", "--district", "Jember", "--checked", "2020-01-31")
    programme(*office, "0331487124", "--village", "LDK")

    listed = programme("directory", "list", "--village", "ldk")
    plain = orjson.loads(programme("directory", "list", "--json"))

    assert "2020-01-31 (lama)" in listed
    assert "(0331) 487124" in listed
    assert [(one["village"], one["checked"]) for one in plain] == [
        ("", "2020-01-31"),
        ("LDK", None),
    ]


def test_a_template_comes_back_filled_in(programme: Callable[..., str], tmp_path: Path) -> None:
    programme("directory", "template", "daftar.xlsx")
    book = openpyxl.load_workbook(tmp_path / "daftar.xlsx")
    assert [cell.value for cell in book.worksheets[0][1]] == list(COLUMNS)
    book.worksheets[0].append(["puskesmas", "Kantor contoh", "0331487123", "", "", "LDK", ""])
    book.save(tmp_path / "daftar.xlsx")

    said = programme("directory", "import", "daftar.xlsx", "--by", "Mbak Rina")

    assert said == "1 lembaga tercatat.\n"
    assert "Kantor contoh" in programme("directory", "list")


def test_a_template_never_overwrites(programme: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "daftar.csv").write_text("isi")

    said = programme("directory", "template", "daftar.csv")

    assert "sudah ada" in said
    assert (tmp_path / "daftar.csv").read_text() == "isi"


def test_a_list_with_one_bad_row_changes_nothing(
    programme: Callable[..., str], tmp_path: Path
) -> None:
    rows = ["puskesmas,Baik,0331487123,,,LDK,", "puskesmas,Salah,12,,,LDK,"]
    (tmp_path / "daftar.csv").write_text("\n".join([",".join(COLUMNS), *rows]))

    programme("directory", "import", "daftar.csv", "--by", "Mbak Rina")

    assert "Belum ada lembaga" in programme("directory", "list")


def test_lines_are_listed_with_who_may_be_told(programme: Callable[..., str]) -> None:
    before = orjson.loads(programme("directory", "hotlines", "--json"))
    programme("directory", "hotline", "ambulans", "--by", "Mbak Rina", "--on", "2026-01-31")
    after = orjson.loads(programme("directory", "hotlines", "--json"))

    ambulance = [next(one for one in lines if one["number"] == "119") for lines in (before, after)]
    assert [one["checked"] for one in ambulance] == [None, "2026-01-31"]
    assert "petugas saja" in programme("directory", "hotlines")

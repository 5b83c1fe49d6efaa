"""`kawan schools`: opened, changed, closed; who is on their lists."""

from __future__ import annotations

import pytest

from bot.operations import OperationRefused
from conversations.schools.session import SchoolId, SessionId
from storage import schools
from storage.school_questions import StoredSchools
from tests.bot.offices import TOMORROW, Office, office
from tests.storage.builders import NOW

__all__ = ["office"]


async def test_a_school_has_the_zone_of_its_village(office: Office) -> None:
    village = {"district": "", "head_title": "Kepala Desa", "zone": "Asia/Makassar"}
    await office.ask("village_add", name="Kenanga", code="KNG", **village)

    there = await office.open("bok kng", village="kng")
    everywhere = await office.open("RAPAT", zone="wit")

    assert there == {"code": "BOK-KNG", "name": "Sekolah Bok-Ebok", "zone": "Asia/Makassar"}
    assert everywhere["zone"] == "Asia/Jayapura"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"code": "A"}, "3 sampai 12"),
        ({"code": "bok-sbs"}, "sudah dipakai"),
        ({"village": "XYZ"}, "tidak ada desa"),
        ({"zone": "Jawa"}, "Asia/Jakarta"),
        ({"kind": "!"}, "jenis"),
        ({"cadre": "P-0099"}, "tidak ada orang"),
        ({"cadre": "Rini"}, "tidak ada orang"),
    ],
)
async def test_a_school_that_cannot_be_is_refused(
    office: Office, wrong: dict[str, str], said: str
) -> None:
    await office.open()

    with pytest.raises(OperationRefused, match=said):
        await office.open(**{"code": "NEW", **wrong})


async def test_a_name_that_is_none_is_refused(office: Office) -> None:
    rest = {"kind": "rapat", "code": "ABC", "village": "", "zone": "", "place": "", "cadre": ""}
    with pytest.raises(OperationRefused, match="nama sekolah"):
        await office.ask("school_open", name=" x ", **rest)


async def test_a_school_may_change_its_cadre_and_place(office: Office) -> None:
    await office.open()
    [rini] = await office.people()

    changed = await office.ask("school_change", code="bok-sbs", cadre=rini, place="Balai")

    school = await office.write(lambda conn: schools.one(conn, SchoolId(1)))
    assert (school.cadre, school.place, school.name) == (1, "Balai", "Sekolah Bok-Ebok")
    assert changed["place"] == "Balai"
    with pytest.raises(OperationRefused, match="nama sekolah"):
        await office.ask("school_change", code="BOK-SBS", name="x")


async def test_people_are_enrolled_by_code_and_may_leave(office: Office) -> None:
    await office.open()
    codes = await office.people(3)

    given = await office.ask("school_enrol", code="BOK-SBS", who=codes)
    left = await office.ask("school_leave", code="BOK-SBS", who=["2", codes[1]])

    assert [one["number"] for one in given] == [1, 2, 3]
    assert left == 1
    listed = await office.write(lambda c: StoredSchools(c, NOW).enrolled(1))
    assert [one.number for one in listed] == [1, 3]


async def test_a_code_of_no_school_is_answered_with_the_nearest(office: Office) -> None:
    await office.open()

    with pytest.raises(OperationRefused, match="mungkin BOK-SBS"):
        await office.ask("school_leave", code="BOK-SBR", who=["1"])


async def test_closing_a_school_cancels_what_was_to_come(office: Office) -> None:
    await office.open()
    await office.ask(
        "session_repeat",
        code="BOK-SBS",
        first=TOMORROW,
        begins="08.00",
        ends="10.00",
        topic="Bermain",
        last=TOMORROW,
    )

    closed = await office.ask("school_close", code="BOK-SBS")

    session = await office.write(lambda conn: schools.session(conn, SessionId(1)))
    assert (closed["cancelled"], session.cancelled) == (1, True)
    with pytest.raises(OperationRefused, match="tidak ada rangkaian"):
        await office.ask("series_end", id_=1)

"""`kawan sessions`: what they do, print, and refuse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from bot import control
from bot.operations import OperationRefused
from bot.operations.moments import read_day, read_hour, read_zone
from conversations.schools.session import Rsvp, SessionId
from storage import audit, schema, schools, sessions
from storage.school_questions import StoredSchools
from tests.bot.offices import TOMORROW, Office, kawan, office
from tests.bot.services import running, settings
from tests.storage.builders import NOW, a_caregiver

__all__ = ["kawan", "office"]


async def test_a_session_is_planned_in_the_zone_of_its_school(office: Office) -> None:
    await office.open(zone="WITA")

    planned = await office.plan("2030-11-26", begins="jam 1 siang", ends="15:00")

    assert planned["when"].endswith("26 November, jam 13.00 WITA (2030)")
    assert planned["starts_at"] == "2030-11-26T13:00:00+08:00"
    assert (await office.write(lambda c: audit.latest(c, 1)))[0].action == "session planned"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"day": "31 Februari"}, "31 Februari tidak ada"),
        ({"day": "2027-02-29"}, "tidak ada"),
        ({"day": "2020-01-01"}, "sudah lewat"),
        ({"day": "kapan-kapan"}, "tidak dimengerti"),
        ({"day": "3 Nopeber"}, "tidak dimengerti"),
        ({"day": "2020-13-01"}, "tidak ada"),
        ({"begins": "8"}, "belum jelas"),
        ({"begins": "25.00"}, "belum jelas"),
        ({"ends": "12.00"}, "selesai sesudah mulai"),
        ({"topic": " "}, "topik"),
        ({"topic": "x" * 121}, "120 huruf"),
        ({"tip": "sebut-kebaika"}, "sebut-kebaikan"),
        ({"tip": "zzzzzzzz"}, "tidak ada"),
        ({"without": ["h3"]}, "invite"),
        ({"code": "PAK"}, "kawan schools list"),
    ],
)
async def test_a_session_that_cannot_be_is_refused(
    office: Office, wrong: dict[str, Any], said: str
) -> None:
    await office.open()

    with pytest.raises(OperationRefused, match=said):
        await office.plan(**{"day": "2030-11-26", **wrong})


async def test_what_is_planned_wakes_the_clock_and_what_is_refused_does_not(
    office: Office,
) -> None:
    await office.open()
    await office.plan()
    with pytest.raises(OperationRefused):
        await office.plan()

    assert office.woken == ["wake"]


async def test_an_hour_that_is_past_today_is_refused(office: Office) -> None:
    await office.open(zone="UTC")
    today = "2026-11-18"

    with pytest.raises(OperationRefused, match="sudah lewat"):
        await office.plan(today, begins="00.00", ends="23.59")


async def test_an_overlap_is_refused_with_the_other_session(office: Office) -> None:
    await office.open()
    await office.plan()

    with pytest.raises(OperationRefused, match=r"bentrok dengan sesi 1 \(Bermain\)"):
        await office.plan(begins="14.00", ends="16.00")


async def test_a_session_is_moved_with_its_length_and_cancelled(office: Office) -> None:
    await office.open()
    await office.plan()

    moved = await office.ask("session_move", id_=1, day="2030-11-26", begins="09.00")
    await office.ask("session_cancel", id_=1)

    assert (moved["starts_at"][11:16], moved["ends_at"][11:16]) == ("09:00", "11:00")
    with pytest.raises(OperationRefused, match="sudah dibatalkan"):
        await office.ask("session_cancel", id_=1)
    with pytest.raises(OperationRefused, match="tidak ada sesi"):
        await office.ask("session_move", id_=9, day=TOMORROW, begins="09.00")


async def test_a_running_service_carries_a_change_out_at_once(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    async with running(configured) as service:
        words = dict.fromkeys(("village", "zone", "place", "cadre"), "")
        words |= {"name": "Bok-Ebok", "code": "UJI-1", "kind": "bok_ebok"}
        await control.ask(configured, "school_open", **words)
        times = {"day": "2030-11-26", "begins": "13.00", "ends": "15.00"}
        plan = {"code": "UJI-1", "topic": "Bermain", **times}
        planned = await control.ask(configured, "session_plan", **plan)
        await control.ask(configured, "session_cancel", id_=planned["id"])

        async with asyncio.timeout(10):
            while await service.database.read(partial(news, planned["id"])) != "done":
                await asyncio.sleep(0.02)


def news(session: int, conn: Connection) -> str | None:
    """What became of the news that this session does not take place."""
    query = select(schema.due.c.outcome).where(schema.due.c.subject == f"{session}:changed")
    return conn.execute(query).scalar()


@pytest.mark.parametrize(
    ("who", "present"),
    [
        ("1 3", {1, 3}),
        ("1-2, 4", {1, 2, 4}),
        ("semua", {1, 2, 3, 4}),
        ("Semua kecuali 4", {1, 2, 3}),
        ("tidak ada", set()),
    ],
)
async def test_attendance_is_taken_by_numbers(office: Office, who: str, present: set[int]) -> None:
    await office.open()
    await office.enrol(4)
    await office.plan()
    await office.begin(1)

    taken = await office.ask("session_attend", id_=1, who=who)

    listed = await office.write(lambda c: StoredSchools(c, NOW).enrolled(1, 1))
    assert {one.number for one in listed if one.present} == present
    assert taken == {"present": len(present), "of": 4}


@pytest.mark.parametrize(
    ("who", "said"),
    [("1 9 12", "bernomor 9, 12"), ("siapa saja", "tidak dimengerti"), ("", "tidak dimengerti")],
)
async def test_a_number_that_is_nobodys_stores_nothing(office: Office, who: str, said: str) -> None:
    await office.open()
    await office.enrol()
    await office.plan()
    await office.begin(1)

    with pytest.raises(OperationRefused, match=said):
        await office.ask("session_attend", id_=1, who=who)

    session = await office.write(lambda conn: schools.session(conn, SessionId(1)))
    assert session.attendance_at is None


async def test_nobody_attends_what_has_not_begun_or_was_cancelled(office: Office) -> None:
    await office.open()
    await office.plan()

    with pytest.raises(OperationRefused, match="belum dimulai"):
        await office.ask("session_attend", id_=1, who="semua")
    await office.ask("session_cancel", id_=1)
    with pytest.raises(OperationRefused, match="dibatalkan"):
        await office.ask("session_attend", id_=1, who="semua")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"every": 0}, "1 sampai 52"),
        ({"pasaran": "senin"}, "legi"),
        ({"weekday": "Sunday"}, "Senin"),
        ({"ends": "07.00"}, "selesai sesudah mulai"),
        ({"last": TOMORROW, "first": "2030-11-26"}, "hari terakhir"),
        ({"skip": ["32/13/2030"]}, "tidak ada"),
    ],
)
async def test_a_series_that_cannot_be_is_refused(
    office: Office, wrong: dict[str, Any], said: str
) -> None:
    await office.open()
    given = {"first": TOMORROW, "begins": "08.00", "ends": "10.00", "topic": "Bermain", **wrong}

    with pytest.raises(OperationRefused, match=said):
        await office.ask("session_repeat", code="BOK-SBS", **given)


def test_what_is_typed_is_read_as_people_write_it() -> None:
    today = NOW.date()

    days = [read_day(one, today) for one in ("24/11/2026", "24 Nov 2026", "Selasa", "besok")]

    assert [str(one) for one in days] == ["2026-11-24"] * 3 + ["2026-11-19"]
    assert read_hour("19.15").isoformat() == "19:15:00"
    assert read_zone("WIB") == "Asia/Jakarta"
    with pytest.raises(OperationRefused, match="sudah lewat"):
        read_day("1/1/2026", today)


def test_a_school_and_its_sessions_by_command(kawan: Callable[..., str]) -> None:
    first = kawan("schools", "add", "Sekolah Bok-Ebok", "bok-sbs", "--kind", "bok ebok")
    planned = kawan("sessions", "plan", "BOK-SBS", "2030-11-26", "13.00", "15.00", "Bermain")
    moved = kawan("sessions", "move", "1", "2030-11-27", "09.00")
    listed = kawan("sessions", "list", "--school", "BOK-SBS")
    shown = kawan("sessions", "show", "1")
    cancelled = kawan("sessions", "cancel", "1")
    listed_after = kawan("sessions", "list")
    closed = kawan("schools", "close", "BOK-SBS")

    assert first == "Sekolah Bok-Ebok dibuka dengan kode BOK-SBS (Asia/Jakarta).\n"
    assert planned == "Sesi 1: Selasa Pon, 26 November, jam 13.00 WIB (2030).\n"
    assert moved.startswith("Sesi 1 pindah ke Rabu Wage, 27 November, jam 09.00 WIB (2030).")
    assert "2030-11-27 09.00 WIB" in listed
    assert "pengingat dua jam sebelumnya" in shown
    assert cancelled.startswith("Sesi 1 dibatalkan.")
    assert " batal " in listed_after
    assert closed == "Sekolah Bok-Ebok ditutup. Sesi yang dibatalkan: 0.\n"


def test_a_series_by_command_until_it_is_stopped(kawan: Callable[..., str]) -> None:
    kawan("schools", "add", "Sekolah Bok-Ebok", "BOK-SBS")
    begun = kawan("sessions", "repeat", "BOK-SBS", "Selasa", "08.00", "10.00", "Rutin")
    taken = kawan("sessions", "repeat", "BOK-SBS", "Selasa", "09.00", "11.00", "Lain")
    stopped = kawan("sessions", "stop", "1")
    again = kawan("sessions", "stop", "1")

    assert begun.startswith("Rangkaian 1; ")
    assert begun.count("jam 08.00 WIB") == 5
    assert taken.count("dilewati, bentrok") == 5
    assert stopped.startswith("Rangkaian 1 berakhir.")
    assert again == "tidak ada rangkaian nomor 1 yang masih berjalan"


def test_a_series_that_begins_later_says_that_there_is_no_session_yet(
    kawan: Callable[..., str],
) -> None:
    kawan("schools", "add", "Sekolah Bok-Ebok", "BOK-SBS")

    begun = kawan("sessions", "repeat", "BOK-SBS", "2030-11-26", "08.00", "10.00", "Rutin")

    assert begun.splitlines()[1:] == ["  belum ada; dibuat sendiri lima minggu sebelumnya"]


def test_everything_that_lists_does_so_for_programs_too(kawan: Callable[..., str]) -> None:
    kawan("schools", "add", "Sekolah Bok-Ebok", "BOK-SBS")
    kawan("sessions", "plan", "BOK-SBS", "2030-11-26", "13.00", "15.00", "Bermain")

    schools_ = json.loads(kawan("schools", "list", "--json"))
    listed = json.loads(kawan("sessions", "list", "--json"))
    shown = json.loads(kawan("sessions", "show", "1", "--json"))
    members = json.loads(kawan("schools", "members", "BOK-SBS", "--json"))

    assert [one["code"] for one in schools_] == ["BOK-SBS"]
    assert listed[0]["starts_at"] == "2030-11-26T13:00:00+07:00"
    assert [one["stage"] for one in shown["stages"]][-1] == "attendance"
    assert members == []


def test_what_is_not_there_says_what_to_do(kawan: Callable[..., str]) -> None:
    kawan("villages", "add", "Ledokombo", "LDK")

    assert "kawan schools add" in kawan("schools", "list")
    assert "kawan sessions plan" in kawan("sessions", "list", "--past")
    assert kawan("sessions", "show", "9").startswith("Tidak ada sesi nomor 9.")
    assert "tidak ada sekolah berkode XYZ" in kawan("schools", "members", "XYZ")


def test_people_are_codes_and_names_only_for_a_reason(
    kawan: Callable[..., str], tmp_path: Path
) -> None:
    kawan("schools", "add", "Sekolah Bok-Ebok", "BOK-SBS", "--place", "Balai")
    kawan("sessions", "plan", "BOK-SBS", "2030-11-26", "13.00", "15.00", "Bermain")

    def unit(conn: Connection) -> None:
        siti = a_caregiver(conn)
        sessions.rsvp(conn, SessionId(1), siti.id, Rsvp.YES, NOW)

    async def prepare() -> None:
        async with control.desk(settings(tmp_path)) as desk:
            await desk.database.write(unit)

    asyncio.run(prepare())
    enrolled = kawan("schools", "enrol", "BOK-SBS", "P-0001")
    plain = kawan("schools", "members", "BOK-SBS")
    named = kawan("schools", "members", "BOK-SBS", "--reason", "kunjungan")
    shown = kawan("sessions", "show", "1")
    changed = kawan("schools", "change", "BOK-SBS", "--cadre", "P-0001")
    left = kawan("schools", "leave", "BOK-SBS", "P-0001")

    assert enrolled == "P-0001: nomor 1\n"
    assert ("P-0001" in plain, "Siti" in plain) == (True, False)
    assert "Mbah Siti" in named
    assert "1      P-0001  ya       -" in shown
    assert changed == "Sekolah BOK-SBS diperbarui.\n"
    assert left == "Keluar dari daftar: 1 orang.\n"


def test_attendance_by_command(kawan: Callable[..., str], tmp_path: Path) -> None:
    kawan("schools", "add", "Sekolah Bok-Ebok", "BOK-SBS")
    kawan("sessions", "plan", "BOK-SBS", "2030-11-26", "13.00", "15.00", "Bermain")
    early = kawan("sessions", "attend", "1", "semua")

    async def begin() -> None:
        async with control.desk(settings(tmp_path)) as desk:
            office = Office(desk)
            await office.enrol(2)
            await office.begin(1)

    asyncio.run(begin())
    taken = kawan("sessions", "attend", "1", "2")
    past = json.loads(kawan("sessions", "list", "--past", "--json"))

    assert early == "sesi 1 belum dimulai, jadi belum ada yang hadir"
    assert taken == "Hadir 1 dari 2 peserta.\n"
    assert (past[0]["state"], past[0]["present"]) == ("absen terisi", 1)


@pytest.mark.parametrize(
    ("stored", "printed"),
    [("", "menunggu"), ("done", "selesai"), ("missed: 3 minutes late", "terlewat")],
)
def test_what_became_of_a_stage_is_said_in_indonesian(
    kawan: Callable[..., str], tmp_path: Path, stored: str, printed: str
) -> None:
    kawan("schools", "add", "Sekolah Bok-Ebok", "BOK-SBS")
    kawan("sessions", "plan", "BOK-SBS", "2030-11-26", "13.00", "15.00", "Bermain")

    async def settle() -> None:
        async with control.desk(settings(tmp_path)) as desk:
            statement = update(schema.due).where(schema.due.c.subject == "1:h2")
            await desk.database.write(lambda c: c.execute(statement.values(outcome=stored)))

    asyncio.run(settle())
    shown = kawan("sessions", "show", "1")

    assert f"pengingat dua jam sebelumnya  {printed}" in shown

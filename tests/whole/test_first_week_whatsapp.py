"""A first week on WhatsApp: a grandmother whose window closes between her messages.

What is said to her then knocks in approved words, and goes on where it should when she answers.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, select

from conversations.dialogue import PersonId
from conversations.schools.session import SessionId
from storage import schools, sessions
from storage.exports import What, export
from storage.schema import addresses, invitations, outbox
from storage.schools import NewSchool
from storage.sealing import Vault
from storage.sessions import NewSession
from tests.fakes.graph_world import SentMessage
from tests.whole.phones import FAMILY, QUESTIONS, RATING, REGISTRATION, Phone
from tests.whole.weeks import MONDAY, Week, a_week, local

CODE: Final = re.compile(r"LDK-26-\d{4}")
CHILD: Final = "Adi"
QUESTION: Final = "Apa boleh cucu saya ikut pertemuan hari Selasa nanti?"
ANSWER: Final = "Boleh, Mbah. Silakan diajak."


@pytest.fixture
async def week(sqlite_url: str, tmp_path: Path, vault: Vault) -> AsyncIterator[Week]:
    async with a_week(sqlite_url, tmp_path, vault, on_whatsapp=True) as running:
        yield running


def last(phone: Phone) -> SentMessage:
    """What came last on her phone."""
    found: SentMessage = phone.person.received[-1]
    return found


async def test_a_first_week_on_whatsapp(week: Week) -> None:
    await week.templates_approved()
    await week.staff_join()
    await week.siti.walks((*REGISTRATION, *FAMILY), presses=True)
    session = await _a_session_is_planned(week)

    await _checkin_knocks_and_goes_on(week)
    await _invited_days_before(week, session)
    await _staff_answer_behind_a_knock(week)
    await _in_danger_she_is_helped_at_once(week)
    assert await week.journey.settle()

    await _check_what_left(week)


async def _a_session_is_planned(week: Week) -> SessionId:
    """Her school meets on Tuesday of next week."""
    begins = MONDAY.replace(hour=13) + timedelta(days=8)

    def unit(conn: Connection) -> SessionId:
        now = week.journey.clock.now()
        school = schools.open_(
            conn, NewSchool(code="YAE-LDK", name="Sekolah Yang-eyang", kind="yang_eyang"), now
        )
        schools.enrol(conn, school.id, _person(conn, week.siti), None, now)
        planned = sessions.plan(
            conn,
            NewSession(
                school.id,
                starts_at=begins,
                ends_at=begins + timedelta(hours=2),
                topic="Bermain bersama cucu",
                place="Balai desa",
            ),
            now,
        )
        assert planned is not None
        return planned.id

    return await week.house.database.write(unit)


async def _checkin_knocks_and_goes_on(week: Week) -> None:
    siti, before = week.siti, len(week.siti.heard)
    await week.comes(2, 19, 10)
    assert len(siti.heard) == before, "nothing before its time"

    await week.comes(2, 19, 20)

    [knock] = siti.heard[before:]
    assert f"{local(knock):%A %H:%M}" == "Wednesday 19:15"
    assert last(siti).template == "kabar_mingguan"
    assert CHILD not in knock.text
    await siti.waits(lambda: siti.person.presses("Mulai"), "Adi sehat, Mbah?")
    await siti.walks((*QUESTIONS, *RATING), presses=True)
    assert {sent.template for sent in siti.person.received[before + 1 :]} == {""}


async def _invited_days_before(week: Week, session: SessionId) -> None:
    """The tip of Friday waits for her; the invitation of Saturday says all of itself."""
    siti, before = week.siti, len(week.siti.heard)
    await week.comes(5, 16, 30)

    [invitation] = siti.heard[before:]
    assert f"{local(invitation):%A %H:%M}" == "Saturday 16:00"
    assert "Balai desa" in invitation.text
    await siti.waits(lambda: siti.person.presses("Datang"), "Ditunggu di Sekolah Yang-eyang")
    assert await week.journey.settle()

    tip, *_ = siti.heard[before + 1 :]
    assert "kiat kecil" in tip.text, "it is told before it is asked whether it helped"
    assert sum("Kiat ini bermanfaat?" in text for text in siti.texts[before:]) == 1
    await siti.says("1", "Senang mendengarnya")

    def coming(conn: Connection) -> list[str]:
        query = select(invitations.c.rsvp).where(invitations.c.session_id == session)
        return list(conn.execute(query).scalars())

    assert await week.house.database.read(coming) == ["yes"]
    await week.comes(7, 16, 30)
    assert last(siti).template == "pengingat_pertemuan"
    assert f"{local(siti.heard[-1]):%A %H:%M}" == "Monday 16:00"


async def _staff_answer_behind_a_knock(week: Week) -> None:
    """Asked on Monday, answered on Wednesday: the answer waits behind "ada kabar"."""
    siti, dimas = week.siti, week.staff[0]
    await siti.says("MENU", "Mau apa hari ini")
    await siti.says("1", "Silakan sampaikan, Mbah")
    await siti.says(QUESTION, "tentang siapa?")
    await siti.says("Adi", "keadaannya aman?")
    await siti.says("1", "menghubungi Mbah?")
    await siti.says("1", "aman untuk bicara")
    await siti.says("besok pagi", "Apa yang terjadi?")
    await siti.says("lewati", "Kapan itu terjadi?")
    await siti.says("lewati", "Siapa lagi yang sudah tahu?")
    await siti.says("belum ada", "Masih ada yang perlu")
    await siti.says("sudah, terima kasih", "ingin tahu kabarnya")
    alert = await dimas.hears("LDK-26-")
    found = CODE.search(alert.text)
    assert found is not None
    assert await week.journey.settle()
    await week.comes(9, 9)
    before = len(siti.heard)

    await dimas.says(f"balas {found[0]} {ANSWER}", found[0])
    knock = await siti.hears("Ada kabar dari petugas", since=before)

    assert last(siti).template == "ada_kabar"
    assert ANSWER not in knock.text
    await siti.waits(lambda: siti.person.presses("Lihat"), ANSWER)


async def _in_danger_she_is_helped_at_once(week: Week) -> None:
    await week.comes(11, 3)
    before = [len(phone.heard) for phone in week.staff]

    helped = await week.siti.says("cucu saya dipukul bapaknya sampai berdarah", "110")

    assert "129" in helped.text
    for phone, since in zip(week.staff, before, strict=True):
        alert = await phone.hears("MERAH", since=since)
        assert "dipukul" not in alert.text
        assert CODE.search(alert.text)


def _person(conn: Connection, phone: Phone) -> PersonId:
    query = select(addresses.c.person_id).where(addresses.c.address == phone.address)
    return PersonId(conn.execute(query).scalar_one())


async def _check_what_left(week: Week) -> None:
    """Nothing free outside her window, nothing that names the child in approved words."""
    house, graph = week.house, week.house.graph
    assert graph is not None
    assert not graph.refusals
    for sent in graph.sent:
        assert not (sent.template and CHILD in sent.text)

    def unit(conn: Connection) -> tuple[set[str], set[str], list[dict[str, str]]]:
        on_whatsapp = select(outbox.c.status, outbox.c.purpose).where(
            outbox.c.channel == "whatsapp"
        )
        rows = conn.execute(on_whatsapp).all()
        now = week.journey.clock.now()
        answers = export(conn, What.ANSWERS, actor="test", now=now, reason="tes").rows
        open_ = {row.purpose for row in rows if row.status in ("waiting", "sending")}
        return {row.status for row in rows}, open_, list(answers)

    statuses, open_, answers = await house.database.write(unit)
    assert statuses <= {"delivered", "read", "merged", "expired", "waiting"}
    assert open_ <= {"day_list"}, "only that there is nothing to do waits for Rina"
    given = {row["question"]: row["value"] for row in answers if row["form"] == "cek_6_12"}
    assert given["rasa"] == "senang"
    assert not house.aside
    assert not house.broken

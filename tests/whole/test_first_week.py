"""A whole first week: a grandmother, a neighbour who falls silent, and two members of staff."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, select

from storage.exports import What, export
from storage.schema import outbox
from storage.sealing import Vault
from tests.whole.phones import FAMILY, QUESTIONS, RATING, REGISTRATION, Phone
from tests.whole.weeks import JEMBER, Week, a_week, local

WORRY: Final = "Adi sering melamun sejak ibunya berangkat, saya bingung harus bagaimana"
CODE: Final = re.compile(r"LDK-26-\d{4}")


@pytest.fixture
async def week(sqlite_url: str, tmp_path: Path, vault: Vault) -> AsyncIterator[Week]:
    async with a_week(sqlite_url, tmp_path, vault) as running:
        yield running


async def _checkin_by_the_clock(week: Week) -> None:
    before = len(week.siti.heard)
    await week.comes(2, 19, 10)
    assert len(week.siti.heard) == before, "nothing before its time"

    await week.comes(2, 19, 20)

    asked = await week.siti.hears("Adi sehat, Mbah?", since=before)
    assert f"{local(asked):%A %H:%M}" == "Wednesday 19:15"
    await week.siti.walks((*QUESTIONS, *RATING))


async def _a_worry(week: Week) -> tuple[str, Phone]:
    """Told on Thursday afternoon; returns its code, and who of staff has it."""
    await week.comes(3, 15)
    heard = [len(phone.heard) for phone in week.staff]
    await week.siti.says("MENU", "Mau apa hari ini")
    await week.siti.says("1", "Silakan sampaikan, Mbah")
    await week.siti.says(WORRY, "tentang siapa?")
    await week.siti.says("Adi", "keadaannya aman?")
    await week.siti.says("1", "menghubungi Mbah?")
    await week.siti.says("1", "aman untuk bicara")
    await week.siti.says("besok pagi", "Kapan itu terjadi?")
    await week.siti.says("lewati", "Siapa lagi yang sudah tahu?")
    await week.siti.says("belum ada", "Masih ada yang perlu")
    await week.siti.says("sudah, terima kasih", "ingin tahu kabarnya")
    await week.house.at_rest()
    alerts = [
        (phone, message)
        for phone, since in zip(week.staff, heard, strict=True)
        for message in phone.heard[since:]
    ]
    [(owner, alert)] = alerts
    found = CODE.search(alert.text)
    assert found
    assert not {"Adi", "melamun", "Siti", "Mbah"} & set(re.findall(r"\w+", alert.text))
    return found[0], owner


async def _staff_answer(week: Week, code: str, owner: Phone) -> None:
    read = await owner.says(f"baca {code}", code)
    assert WORRY in read.text
    assert any(part["type"] == "spoiler" for part in read.wire["entities"]), "hidden at first"
    heard = len(week.siti.heard)
    await owner.says(f"balas {code} Besok pagi saya mampir, Mbah.", code)
    answer = await week.siti.hears("Besok pagi saya mampir, Mbah.", since=heard)
    assert owner.person.wire["first_name"] not in answer.text
    await owner.says(f"selesai {code} selesai sudah dibicarakan", code)


def _rows(conn: Connection, what: What) -> list[dict[str, str]]:
    now = datetime.now(UTC)
    return list(export(conn, what, actor="test", now=now, reason="tes").rows)


def _unasked(conn: Connection) -> list[tuple[str, datetime]]:
    rows = conn.execute(
        select(outbox.c.purpose, outbox.c.finished_at).where(outbox.c.priority >= 2)
    )
    return [(row.purpose, row.finished_at.astimezone(JEMBER)) for row in rows if row.finished_at]


async def test_a_first_week(week: Week) -> None:
    await week.staff_join()
    await week.siti.walks((*REGISTRATION, *FAMILY))
    await week.comes(1, 0, 45)
    await week.ani.walks(REGISTRATION[:-2])
    await _checkin_by_the_clock(week)
    code, owner = await _a_worry(week)
    before = [len(phone.heard) for phone in week.staff]
    await week.comes(4, 8, 30)

    lists = [phone.heard[since:] for phone, since in zip(week.staff, before, strict=True)]
    for [day_list] in lists:
        assert f"{local(day_list):%A %H:%M}" == "Friday 08:00"
        assert any(code in button.text for button in day_list.buttons)
        assert "melamun" not in day_list.text
    await _staff_answer(week, code, owner)
    await week.comes(7, 9)
    await week.house.at_rest()

    asked = [message for message in week.ani.heard if "Tinggal di desa mana" in message.text]
    assert [f"{local(message):%A %H:%M}" for message in asked[1:]] == ["Wednesday 06:30"]
    await _check_exports(week, code)
    unasked = await week.house.database.read(_unasked)
    assert {purpose for purpose, _ in unasked} >= {"checkin", "nudge", "day_list"}
    for purpose, at in unasked:
        assert time(6, 30) <= at.time() < time(20, 30), f"{purpose} at {at:%A %H:%M}"
    assert not week.house.aside
    assert not week.house.broken


async def _check_exports(week: Week, code: str) -> None:
    database = week.house.database
    answers = await database.write(lambda conn: _rows(conn, What.ANSWERS))
    contacts = await database.write(lambda conn: _rows(conn, What.CONTACTS))
    concerns = await database.write(lambda conn: _rows(conn, What.CONCERNS))

    checkin = {row["question"]: row["value"] for row in answers if row["form"] == "cek_6_12"}
    assert checkin["rasa"] == "senang"
    assert checkin["telepon"] == "ya"
    [siti] = [row for row in contacts if row["relation"] == "nenek"]
    assert (siti["salutation"], siti["village"], siti["child_nicknames"]) == (
        "Mbah",
        "Ledokombo",
        "Adi",
    )
    [concern] = [row for row in concerns if row["code"] == code]
    assert (concern["status"], concern["level"]) == ("closed", "kuning")
    assert concern["content"].startswith(WORRY)
    assert concern["created_at"].startswith("2026-11-19 15:0")

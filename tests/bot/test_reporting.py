"""A report on its way through the database: one case, raised, answered, and its news."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from sqlalchemy import Connection, select

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.turn import Turns
from conversations.message import Kind
from storage import inbox, schema
from storage.database import Database
from storage.inbox import Received
from storage.world import Programme
from tests.storage.builders import a_caregiver, a_member

NOW = datetime(2026, 11, 18, 12, 15, tzinfo=UTC)
QUIET = "lapor rumah sebelah ramai terus setiap malam sampai larut"
BEATEN = "cucu saya dipukuli bapaknya sampai lebam semua"


class Talking:
    """One chat of a caregiver, message by message, through the turns of the service."""

    def __init__(self, conn: Connection, address: str) -> None:
        self._conn = conn
        self._address = address
        self._numbers = count()

    def says(self, text: str) -> str:
        name = f"{self._address}-{next(self._numbers)}"
        body = simulator.body_of(Doing(Kind.TEXT, text=text), name, NOW)
        received = Received("telegram", "bot", name, self._address, body)
        [accepted] = inbox.accept(self._conn, [received], NOW)
        parsers = {"telegram": simulator.parse}
        turns = Turns(Programme("Contoh"), parsers=parsers, owner="o", now=lambda: NOW)
        return "\n".join(one.message.text for one in turns.take(self._conn, accepted))


async def test_a_report_that_is_not_safe_is_one_case_raised_to_red(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str], object, list[str]]:
        a_member(conn)
        mbah = a_caregiver(conn)
        chat = Talking(conn, "62812")
        assert mbah
        for words in (QUIET, "Rafi", "belum aman", "jangan dulu"):
            chat.says(words)
        levels = list(conn.execute(select(schema.tasks.c.level)).scalars())
        told = conn.execute(select(schema.cases.c.safe, schema.cases.c.may_call)).one()
        alerts = conn.execute(
            select(schema.outbox.c.dedupe_key).where(schema.outbox.c.purpose == "alert")
        ).scalars()
        audited = conn.execute(
            select(schema.audit.c.action).where(schema.audit.c.action == "level raised")
        ).scalars()
        return levels, list(alerts), tuple(told), list(audited)

    levels, alerts, told, audited = await database.write(unit)

    assert levels == ["merah"]
    assert [key.split(":")[2] for key in alerts] == ["0", "merah"]
    assert told == ("belum", "jangan")
    assert audited == ["level raised"]


async def test_a_reporter_hears_how_her_report_stands(database: Database) -> None:
    def unit(conn: Connection) -> str:
        a_member(conn)
        chat = Talking(conn, "62899")
        chat.says(BEATEN)
        chat.says("bukan")
        return chat.says("apa kabar laporan saya?")

    said = await database.write(unit)

    assert "belum dibaca" in said
    assert "lebam" not in said


async def test_a_child_has_a_case_and_no_profile(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[tuple[str, ...]]]:
        a_member(conn)
        chat = Talking(conn, "62877")
        chat.says("halo")
        chat.says("aku 12 tahun, aku takut bapak")
        people = conn.execute(
            select(schema.people.c.consent, schema.people.c.relation, schema.people.c.name)
            .join(schema.addresses, schema.addresses.c.person_id == schema.people.c.id)
            .where(schema.addresses.c.address == "62877")
        ).all()
        return list(conn.execute(select(schema.cases.c.code)).scalars()), [tuple(p) for p in people]

    cases, people = await database.write(unit)

    assert len(cases) == 1
    assert people == [("refused", "", "")]

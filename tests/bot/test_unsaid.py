"""Words that were announced and never said: they are seen not to have been, and nothing free leaves
after the window, however late her own message comes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, select

from bot.channels import simulator
from bot.channels.simulator import Doing
from conversations import templates as approved
from conversations.message import Kind, Priority
from conversations.phone.phone import WINDOWS
from storage import inbox, outbox, people, phones, retention, schema
from storage.database import Database
from storage.inbox import Received
from tests.bot.test_withheld import ANSWER, sends, turns, writes
from tests.storage.builders import HOUR, NOW
from tests.storage.test_passing import (
    LATER,
    PHONE_ID,
    address_of,
    approve,
    claim,
    row,
    say,
    siti,
)

SECOND = timedelta(seconds=1)


async def test_a_message_that_came_days_late_is_answered_by_approved_words(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        siti(conn)
        body = simulator.body_of(Doing(Kind.TEXT, text="BANTUAN"), "n", NOW)
        received = Received("whatsapp", PHONE_ID, "late", "ID.1", body)
        [accepted] = inbox.accept(conn, [received], LATER)

        at_once = turns(LATER).take(conn, accepted)
        knocks = claim(conn, LATER)

        assert list(at_once) == []
        assert [one.message.template is not None for one in knocks] == [True]
        assert knocks[0].message.template is not None
        assert knocks[0].message.template.name == approved.NEWS

    await database.write(unit)


async def test_her_next_word_opens_a_window_that_was_closed_a_moment_ago(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        where = ("whatsapp", PHONE_ID, "ID.1")
        seat = people.at_address(conn, *where, NOW)
        outbox.close_window(conn, seat.address_id, NOW + 10 * SECOND)

        writing = people.at_address(conn, *where, NOW + 30 * SECOND)

        after = people.at_address(conn, *where, NOW + 40 * SECOND)
        assert writing.answers_freely
        assert after.phone.window_until == NOW + 30 * SECOND + WINDOWS["whatsapp"]

    await database.write(unit)


async def test_what_was_announced_on_a_phone_that_is_not_hers_was_not_said(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        mine = siti(conn)
        id_ = say(conn, mine, ANSWER)
        sends(conn)

        phones.not_hers(conn, address_of(conn, mine), mine, LATER)

        found = row(conn, id_)
        assert (found.status, found.reason, found.withheld) == ("excluded", "not hers", False)

    await database.write(unit)


async def test_after_berhenti_what_was_announced_has_ended_unsaid(database: Database) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        id_ = say(conn, siti(conn), ANSWER)
        sends(conn)

        writes(conn, "BERHENTI")

        found = row(conn, id_)
        assert (found.status, found.reason, found.withheld) == ("excluded", "stopped", False)

    await database.write(unit)


async def test_what_was_announced_and_is_too_late_has_expired(database: Database) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        many = {"priority": Priority.REMINDER, "purpose": "session_followup"}
        id_ = say(conn, siti(conn), "Tadi.", expires_at=LATER + HOUR, **many)
        sends(conn)

        said = writes(conn, "halo", LATER + 2 * HOUR)

        found = row(conn, id_)
        assert not any("Tadi." in one for one in said)
        assert (found.status, found.reason, found.withheld) == ("expired", "late", False)
        keys = conn.execute(select(schema.outbox.c.dedupe_key)).scalars().all()
        assert f"letter:{id_}" not in keys

    await database.write(unit)


async def test_what_was_announced_and_never_opened_ends_with_its_words(database: Database) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        id_ = say(conn, siti(conn), ANSWER)
        sends(conn)

        retention.run(conn, NOW + retention.CHAT_TEXT + HOUR)

        found = row(conn, id_)
        assert found.body is None
        assert (found.status, found.reason, found.withheld) == ("expired", "late", False)

    await database.write(unit)

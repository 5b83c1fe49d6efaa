"""Two units at the same moment on PostgreSQL: an answer, and the reminder it makes needless."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection, text, util

from bot.planned import KINDS, Planning
from conversations.dialogue import PersonId
from conversations.schools.session import Rsvp, Session
from storage import due, sessions
from storage.database import Database
from storage.sealing import Vault
from tests.bot.session_days import PROGRAMME, QUIET
from tests.storage.builders import DAY, HOUR, known
from tests.storage.school_builders import BEGINS, a_list, a_school, a_session, in_outbox, waits

AT = BEGINS - 2 * HOUR
_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
Unit = Callable[[Connection], object]


async def at_once(database: Database, first: Unit, second: Unit) -> None:
    """The first has done its work and not committed when the second begins, and has to wait."""
    done, go = asyncio.Event(), asyncio.Event()

    def unit(conn: Connection) -> None:
        first(conn)
        done.set()
        util.await_only(go.wait())

    before = asyncio.create_task(database.write(unit))
    await done.wait()
    after = asyncio.create_task(database.write(second))
    async with asyncio.timeout(10):
        while not await database.read(lambda conn: conn.execute(_WAITING).scalar()):
            await asyncio.sleep(0.005)
    go.set()
    await asyncio.gather(before, after)


def planned(conn: Connection) -> tuple[Session, PersonId]:
    school = a_school(conn)
    [siti] = a_list(conn, school, 1)
    return a_session(conn, school), siti


def reminds(session: Session) -> Unit:
    def part(conn: Connection) -> None:
        row = known(due.still_due(conn, "session", f"{session.id}:h2", AT))
        KINDS["session"](conn, row, Planning(AT, PROGRAMME, QUIET))

    return part


async def test_who_says_no_while_the_reminder_is_planned_is_not_reminded(
    postgres_url: str, vault: Vault
) -> None:
    async with await Database.open(postgres_url, vault=vault) as database:
        session, siti = await database.write(planned)

        await at_once(
            database,
            lambda conn: sessions.rsvp(conn, session.id, siti, Rsvp.NO, AT),
            reminds(session),
        )

        assert await database.read(in_outbox) == [(siti, "excluded", "answered_no")]


async def test_a_reminder_that_was_just_planned_is_taken_back_by_a_no(
    postgres_url: str, vault: Vault
) -> None:
    async with await Database.open(postgres_url, vault=vault) as database:
        session, siti = await database.write(planned)

        await at_once(
            database,
            reminds(session),
            lambda conn: sessions.rsvp(conn, session.id, siti, Rsvp.NO, AT),
        )

        assert await database.read(in_outbox) == [(siti, "excluded", "answered_no")]


async def test_a_tip_that_is_just_planned_for_who_came_after_all_is_taken_back(
    postgres_url: str, vault: Vault
) -> None:
    over = BEGINS + DAY

    async with await Database.open(postgres_url, vault=vault) as database:
        session, siti = await database.write(planned)
        await database.write(lambda c: sessions.take_attendance(c, session.id, [], None, BEGINS))

        def tips(conn: Connection) -> None:
            known(due.still_due(conn, "session", f"{session.id}:after", over))
            waits(conn, session, siti, "after", "tip")

        await at_once(
            database,
            tips,
            lambda conn: sessions.take_attendance(conn, session.id, [siti], None, over),
        )

        assert await database.read(in_outbox) == [(siti, "excluded", "attended")]

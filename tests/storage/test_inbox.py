"""The inbox: stored once, handled once, set aside when it cannot be handled."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from storage import inbox
from storage.database import Database
from storage.inbox import Received

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def a_message(external_id: str = "1", *, account: str = "bot", problem: str = "") -> Received:
    return Received("telegram", account, external_id, "7", f"isi {external_id}".encode(), problem)


async def accept(database: Database, *batch: Received) -> list[inbox.Accepted]:
    return await database.write(lambda c: inbox.accept(c, batch, NOW))


async def unfinished(database: Database) -> list[inbox.Unfinished]:
    return await database.read(inbox.unfinished)


async def test_what_is_new_comes_back_in_order(database: Database) -> None:
    accepted = await accept(database, a_message("2"), a_message("1"))

    assert [one.received.external_id for one in accepted] == ["2", "1"]
    assert accepted[0].id < accepted[1].id


async def test_a_repeated_delivery_is_not_taken_twice(database: Database) -> None:
    await accept(database, a_message("1"))

    again = await accept(database, a_message("1"), a_message("2"), a_message("2"))

    assert [one.received.external_id for one in again] == ["2"]


async def test_the_same_id_at_another_bot_is_another_message(database: Database) -> None:
    await accept(database, a_message("1"))

    accepted = await accept(database, a_message("1", account="other"))

    assert len(accepted) == 1


async def test_what_cannot_be_read_goes_to_quarantine_at_once(database: Database) -> None:
    accepted = await accept(database, a_message(problem="not JSON " * 100))

    [aside] = await database.read(lambda c: inbox.quarantined(c, 10))
    assert accepted == []
    assert (aside.error, aside.received_at) == (("not JSON " * 100)[:200], NOW)
    assert await unfinished(database) == []


async def test_an_inbound_is_finished_once(database: Database) -> None:
    [one] = await accept(database, a_message())

    first = await database.write(lambda c: inbox.finish(c, one.id, NOW))
    second = await database.write(lambda c: inbox.finish(c, one.id, NOW))

    assert (first, second) == (True, False)
    assert await unfinished(database) == []


async def test_an_inbound_in_quarantine_is_not_finished(database: Database) -> None:
    [one] = await accept(database, a_message())

    await database.write(lambda c: inbox.quarantine(c, one.id, "KeyError", NOW))

    assert not await database.write(lambda c: inbox.finish(c, one.id, NOW))
    assert not await database.write(lambda c: inbox.quarantine(c, one.id, "again", NOW))


async def test_attempts_are_counted_from_the_accepting_on(database: Database) -> None:
    [one] = await accept(database, a_message())

    second = await database.write(lambda c: inbox.count_attempt(c, one.id))

    assert second == 2
    assert [row.attempts for row in await unfinished(database)] == [2]


async def test_a_finished_inbound_has_no_further_attempt(database: Database) -> None:
    [one] = await accept(database, a_message())
    await database.write(lambda c: inbox.finish(c, one.id, NOW))

    assert await database.write(lambda c: inbox.count_attempt(c, one.id)) == 0


async def test_what_a_stopped_service_left_is_found_whole(database: Database) -> None:
    accepted = await accept(database, a_message("1"), a_message("2"), a_message("3"))
    await database.write(lambda c: inbox.finish(c, accepted[1].id, NOW))

    left = await unfinished(database)

    assert left == [
        inbox.Unfinished(one.id, one.received, 1, NOW) for one in (accepted[0], accepted[2])
    ]
    rest = await database.read(lambda c: inbox.unfinished(c, after=accepted[0].id, limit=1))
    assert rest == left[1:]


async def test_a_body_that_cannot_be_opened_is_left_with_its_problem(database: Database) -> None:
    await accept(database, a_message())
    await database.write(lambda c: c.execute(text("UPDATE inbox SET body = :b"), {"b": b"x" * 40}))

    [left] = await unfinished(database)

    assert left.received.body == b""
    assert "sealed with a key" in left.received.problem


async def test_what_is_released_begins_again(database: Database) -> None:
    [one] = await accept(database, a_message())
    await database.write(lambda c: inbox.quarantine(c, one.id, "KeyError", NOW))

    released = await database.write(lambda c: inbox.release(c, one.id))

    assert released == inbox.Unfinished(one.id, one.received, 0, NOW)
    assert await unfinished(database) == [released]
    assert await database.read(lambda c: inbox.quarantined(c, 10)) == []


async def test_what_retention_emptied_cannot_be_released(database: Database) -> None:
    [one] = await accept(database, a_message())
    await database.write(lambda c: inbox.quarantine(c, one.id, "KeyError", NOW))
    await database.write(lambda c: c.execute(text("UPDATE inbox SET body = NULL")))

    assert await database.write(lambda c: inbox.release(c, one.id)) is None


async def test_quarantine_shows_the_newest_first(database: Database) -> None:
    await accept(database, *(a_message(str(n), problem="odd") for n in range(3)))

    shown = await database.read(lambda c: inbox.quarantined(c, 2))

    assert [one.external_id for one in shown] == ["2", "1"]


async def test_the_body_is_not_readable_in_the_database(database: Database) -> None:
    await accept(database, a_message())

    stored = await database.read(lambda c: c.execute(text("SELECT body FROM inbox")).scalar_one())

    assert b"isi" not in bytes(stored)

"""Due work: planned once, done once, missed when it is too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage import due
from storage.database import Database
from storage.due import DueRow

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def plan(
    database: Database,
    subject: str = "person:1",
    *,
    at: datetime = NOW,
    until: datetime | None = None,
) -> None:
    await database.write(lambda c: due.plan(c, "checkin", subject, None, at, until))


async def next_due(database: Database, now: datetime = NOW) -> list[str]:
    rows = await database.write(lambda c: due.next_due(c, now, 10))
    return [row.subject for row in rows]


async def test_work_is_due_from_its_time_on(database: Database) -> None:
    await plan(database, "early", at=NOW - HOUR)
    await plan(database, "now")
    await plan(database, "later", at=NOW + HOUR)

    found = await next_due(database)

    assert found == ["early", "now"]


async def test_the_next_work_of_other_kinds_is_known(database: Database) -> None:
    await plan(database, at=NOW + HOUR)
    await database.write(lambda c: due.plan(c, "rule", "1", None, NOW, None))
    await database.write(lambda c: due.plan(c, "sweep", "1:2026-11-23", None, NOW, None))

    found = await database.read(lambda c: due.next_apart_from(c, ("rule", "sweep")))
    nothing = await database.read(lambda c: due.next_apart_from(c, ("rule", "sweep", "checkin")))

    assert found == NOW + HOUR
    assert nothing is None


async def test_planning_again_replaces_the_time_and_reopens(database: Database) -> None:
    await plan(database)
    await database.write(lambda c: due.advance(c, "checkin", "person:1", "41"))
    await database.write(lambda c: due.settle(c, "checkin", "person:1", "done"))

    await plan(database, at=NOW + HOUR)

    assert await next_due(database) == []
    [row] = await database.write(lambda c: due.next_due(c, NOW + HOUR, 10))
    assert row == due.DueRow("checkin", "person:1", None, NOW + HOUR, None, "", 0)


async def test_what_is_settled_is_not_due_and_keeps_its_first_outcome(database: Database) -> None:
    await plan(database)

    await database.write(lambda c: due.settle(c, "checkin", "person:1", "done"))
    await database.write(lambda c: due.settle(c, "checkin", "person:1", "failed: late"))

    assert await next_due(database) == []
    assert await outcome(database) == "done"


async def test_work_beyond_its_end_is_missed_and_says_how_late(database: Database) -> None:
    await plan(database, at=NOW - 2 * HOUR, until=NOW)

    found = await next_due(database)

    assert found == []
    assert await outcome(database) == "missed: 120 minutes late"


async def test_an_empty_outcome_is_refused(database: Database) -> None:
    await plan(database)

    with pytest.raises(ValueError, match="what became of it"):
        await database.write(lambda c: due.settle(c, "checkin", "person:1", ""))


async def test_forgotten_work_is_gone(database: Database) -> None:
    await plan(database)

    await database.write(lambda c: due.forget(c, "checkin", "person:1"))

    assert await database.read(due.next_at) is None


async def test_the_next_time_is_that_of_the_first_open_work(database: Database) -> None:
    await plan(database, "done", at=NOW - HOUR)
    await database.write(lambda c: due.settle(c, "checkin", "done", "done"))
    await plan(database, "open", at=NOW + HOUR, until=NOW + 2 * HOUR)

    assert await database.read(due.next_at) == NOW + HOUR


async def test_long_work_goes_on_where_it_stopped(database: Database) -> None:
    await plan(database)
    planned = await read_again(database)
    await database.write(lambda c: due.count_attempt(c, planned))

    await database.write(lambda c: due.advance(c, "checkin", "person:1", "200"))

    row = await database.write(lambda c: due.still_due(c, "checkin", "person:1", NOW))
    assert row is not None
    assert (row.cursor, row.attempts) == ("200", 0)


async def read_again(database: Database) -> DueRow:
    row = await database.write(lambda c: due.still_due(c, "checkin", "person:1", NOW))
    assert row is not None
    return row


async def test_an_attempt_belongs_to_whoever_counted_it_first(database: Database) -> None:
    await plan(database)
    read_by_both = await read_again(database)

    first, second = [
        await database.write(lambda c: due.count_attempt(c, read_by_both)) for _ in range(2)
    ]

    assert (first, second) == (True, False)
    assert (await read_again(database)).attempts == 1


async def test_attempts_are_counted_while_it_is_open(database: Database) -> None:
    await plan(database)
    for _ in range(2):
        seen = await read_again(database)
        assert await database.write(lambda c, seen=seen: due.count_attempt(c, seen))
    last = await read_again(database)

    await database.write(lambda c: due.settle(c, "checkin", "person:1", "done"))

    assert last.attempts == 2
    assert not await database.write(lambda c: due.count_attempt(c, last))


async def test_replaced_work_is_no_longer_due_when_its_unit_begins(database: Database) -> None:
    await plan(database)
    assert await next_due(database) == ["person:1"]

    await plan(database, at=NOW + HOUR)

    assert await database.write(lambda c: due.still_due(c, "checkin", "person:1", NOW)) is None


async def outcome(database: Database) -> str:
    from sqlalchemy import text

    return str(await database.read(lambda c: c.execute(text("SELECT outcome FROM due")).scalar()))

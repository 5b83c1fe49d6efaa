"""What a removal covers: this address, both ways, from its beginning to when it was asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select, text

from conversations.concerns.event import TracesErased
from conversations.message import Message, Priority, Removal
from storage import events, inbox, outbox, people, schema, traces
from storage.database import Database
from storage.inbox import Received
from storage.outbox import Claimed, Result, Status
from storage.sealing import Vault
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, a_seat, happen

LEASE = MINUTE * 5


def comes(conn: Connection, name: str, at: datetime, address: str = "62812") -> None:
    """A message from an address, called this by the platform."""
    row = Received("telegram", "bot", f"u{name}", address, b"isi", message_id=name)
    inbox.accept(conn, [row], at)


def goes(
    conn: Connection,
    name: str,
    at: datetime,
    address: str = "62812",
    *,
    planned: datetime | None = None,
    status: Status = Status.SENT,
) -> int:
    """A message to an address; `name` is what the platform called it."""
    seat = a_seat(conn, address)
    id_ = outbox.add(
        conn,
        address_id=seat.address_id,
        person_id=seat.person.id,
        message=Message("isi"),
        dedupe_key=f"{address}/{name}",
        priority=Priority.REPLY,
        purpose="reply",
        not_before=planned or at,
        expires_at=None,
        now=planned or at,
    )
    assert id_ is not None
    outbox.record(conn, [Result(id_, status, platform_id=name)], at)
    return id_


def asked(conn: Connection, since: datetime, now: datetime = NOW) -> None:
    happen(conn, a_seat(conn), TracesErased(since, "Halo.", "Belum semua."), now=now)


def leaves(conn: Connection, now: datetime = NOW) -> list[Claimed]:
    return outbox.claim(conn, "kawan/1", now, now + LEASE, 10, channel="telegram")


def ids_of(claimed: list[Claimed]) -> tuple[str, ...]:
    [one] = claimed
    assert one.message.removal is not None
    return one.message.removal.ids


async def test_both_ways_are_covered_from_that_moment_on(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        comes(conn, "before", NOW - HOUR)
        goes(conn, "said before", NOW - HOUR)
        comes(conn, "told", NOW - 9 * MINUTE)
        goes(conn, "receipt", NOW - 8 * MINUTE)
        comes(conn, "", NOW - 7 * MINUTE)  # a pressed button is no message
        asked(conn, NOW - 10 * MINUTE)
        return ids_of(leaves(conn))

    assert set(await database.write(unit)) == {"told", "receipt"}


async def test_another_phone_keeps_what_it_has(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        comes(conn, "hers", NOW - MINUTE)
        comes(conn, "other", NOW - MINUTE, "62899")
        goes(conn, "to the other", NOW - MINUTE, "62899")
        asked(conn, NOW - HOUR)
        return ids_of(leaves(conn))

    assert await database.write(unit) == ("hers",)


async def test_what_comes_after_the_wish_stays(database: Database) -> None:
    later = NOW + 2 * MINUTE

    def unit(conn: Connection) -> tuple[str, ...]:
        comes(conn, "told", NOW - MINUTE)
        asked(conn, NOW - HOUR)
        comes(conn, "a new word", NOW + MINUTE)
        goes(conn, "a new answer", NOW + MINUTE)
        return ids_of(leaves(conn, later))

    assert await database.write(unit) == ("told",)


async def test_what_was_on_its_way_when_she_asked_is_covered_too(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[int], tuple[str, ...]]:
        first = goes(conn, "slow", NOW - MINUTE, status=Status.WAITING)
        asked(conn, NOW - HOUR)
        ahead = [one.id for one in leaves(conn)]
        outbox.record(conn, [Result(first, Status.SENT, platform_id="slow")], NOW)
        return ahead, ids_of(leaves(conn))

    ahead, ids = await database.write(unit)

    assert len(ahead) == 1
    assert ids == ("slow",)


async def test_nothing_that_the_platform_refuses_by_age_is_asked_for(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        comes(conn, "too old", NOW - 2 * DAY)
        goes(conn, "too old as well", NOW - 2 * DAY)
        comes(conn, "just young enough", NOW - 2 * DAY + 6 * MINUTE)
        asked(conn, NOW - 30 * DAY)
        return ids_of(leaves(conn))

    assert await database.write(unit) == ("just young enough",)


async def test_a_late_repetition_looks_at_the_age_again(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        comes(conn, "told", NOW - 47 * HOUR)
        comes(conn, "more", NOW - HOUR)
        asked(conn, NOW - 48 * HOUR)
        return ids_of(leaves(conn, NOW + 3 * HOUR))

    assert await database.write(unit) == ("more",)


async def test_a_message_held_over_night_is_covered_by_when_it_went(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        goes(conn, "reminder", NOW - MINUTE, planned=NOW - 12 * HOUR)
        asked(conn, NOW - HOUR)
        return ids_of(leaves(conn))

    assert await database.write(unit) == ("reminder",)


async def test_all_parts_of_a_message_are_covered(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        goes(conn, "11,12,13", NOW - MINUTE)
        asked(conn, NOW - HOUR)
        return ids_of(leaves(conn))

    assert await database.write(unit) == ("11", "12", "13")


@pytest.mark.parametrize("status", [Status.FAILED, Status.EXPIRED])
async def test_what_never_arrived_is_not_asked_for(database: Database, status: Status) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        goes(conn, "lost", NOW - MINUTE, status=status)
        asked(conn, NOW - HOUR)
        return ids_of(leaves(conn))

    assert await database.write(unit) == ()


async def test_it_waits_its_turn_behind_what_was_said_before(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        first = goes(conn, "first", NOW - MINUTE, status=Status.WAITING)
        asked(conn, NOW - HOUR)
        before = leaves(conn)
        outbox.record(conn, [Result(first, Status.SENT, platform_id="1")], NOW)
        return [one.purpose for one in (*before, *leaves(conn))]

    assert await database.write(unit) == ["reply", traces.PURPOSE]


async def test_after_a_crash_in_the_middle_it_goes_again_with_all_it_covers(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
        comes(conn, "told", NOW - MINUTE)
        asked(conn, NOW - HOUR)
        first = ids_of(leaves(conn))
        outbox.recover(conn, "kawan/2", NOW)
        return first, ids_of(leaves(conn))

    first, again = await database.write(unit)

    assert first == again == ("told",)


async def test_the_same_wish_is_one_removal_and_is_recorded(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, list[str]]:
        asked(conn, NOW - HOUR)
        asked(conn, NOW - HOUR)
        recorded = conn.execute(select(schema.audit.c.action)).scalars()
        return len(leaves(conn)), list(recorded)

    claimed, recorded = await database.write(unit)

    assert claimed == 1
    assert "traces erased" in recorded


async def test_without_a_phone_nothing_is_planned(database: Database) -> None:
    def unit(conn: Connection) -> int:
        seat = a_seat(conn)
        event = TracesErased(NOW - HOUR, "Halo.")
        events.apply(conn, seat.person, people.NOWHERE, [event], NOW)
        return len(leaves(conn))

    assert await database.write(unit) == 0


async def test_what_was_told_stays_sealed_where_it_was(database: Database) -> None:
    """What goes is the copy on the phone, never the evidence."""

    def unit(conn: Connection) -> int:
        comes(conn, "told", NOW - MINUTE)
        asked(conn, NOW - HOUR)
        [one] = leaves(conn)
        outbox.record(conn, [Result(one.id, Status.SENT, "removed 1 of 1")], NOW)
        return len(conn.execute(select(schema.inbox).where(schema.inbox.c.body.is_(None))).all())

    assert await database.write(unit) == 0


async def test_the_result_is_recorded_and_tells_what_was_taken(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, tuple[traces.Taken, ...], tuple[traces.Taken, ...]]:
        asked(conn, NOW - HOUR)
        [one] = leaves(conn)
        before = traces.taken(conn, "telegram", "bot", "62812", NOW - DAY)
        assert len(traces.taken(conn, "telegram", "bot", "62812", NOW - DAY, leaving=True)) == 1
        outbox.record(conn, [Result(one.id, Status.SENT, "removed 2 of 3")], NOW)
        reason = conn.execute(text("SELECT reason FROM outbox")).scalar_one()
        return reason, before, traces.taken(conn, "telegram", "bot", "62812", NOW - DAY)

    reason, before, after = await database.write(unit)

    assert reason == "removed 2 of 3"
    assert before == ()
    [taken] = after
    assert (taken.since, taken.until) == (NOW - HOUR, NOW)


async def test_what_it_covers_is_found_by_time_and_not_by_looking_at_everything(
    sqlite_url: str, vault: Vault
) -> None:
    values = {"id": 1, "address_id": 1, "since": 1, "planned": 1}

    def unit(conn: Connection) -> list[str]:
        return [
            row[3]
            for statement in (traces._SENT, traces._RECEIVED)
            for row in conn.execute(text(f"EXPLAIN QUERY PLAN {statement.sql}"), values)
        ]

    async with await Database.open(sqlite_url, vault=vault) as lite:
        plan = await lite.write(unit)

    assert "SEARCH outbox USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in plan
    assert "SEARCH i USING INTEGER PRIMARY KEY (rowid>?)" in plan
    assert not any(line.startswith("SCAN ") for line in plan)


def test_a_removal_survives_the_outbox_without_its_ids() -> None:
    message = Message("Halo.", removal=Removal(NOW, "Belum semua.", ("1", "2")))

    again = Message.from_json(message.to_json())

    assert again == Message("Halo.", removal=Removal(NOW, "Belum semua."))
    assert "r" not in Message("Halo.").to_json()


def test_the_margin_is_on_the_safe_side() -> None:
    assert timedelta(hours=47) < traces.YOUNGER < timedelta(hours=48)

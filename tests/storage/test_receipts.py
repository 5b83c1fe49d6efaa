"""What a platform tells later of our messages: forward only, and what follows from it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import Connection, text, update

from bot.channels.whatsapp_errors import reason_of
from conversations.message import Choice, Message, Priority, Template
from storage import (
    accounts,
    adding,
    facts,
    outbox,
    people,
    phones,
    receipts,
    retention,
    schema,
    spending,
)
from storage.database import Database
from storage.facts import StatusTold
from storage.outbox import Result, Status
from storage.schema import to_ms

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NUMBER = "100"
QUESTION = Message("Sehat?", (Choice("Ya", "y"),))


def sent(
    conn: Connection,
    name: str = "wamid.1",
    *,
    priority: Priority = Priority.REPLY,
    address: str = "ID.1",
    key: str = "",
    parts: tuple[str, ...] = (),
    **changes: Any,
) -> int:
    """A message that WhatsApp took and calls `name`."""
    id_ = waiting(conn, address, priority=priority, key=key or name, **changes)
    done = Result(id_, Status.SENT, platform_id=name, parts=parts)
    outbox.record(conn, [done], NOW)
    receipts.recorded(
        conn, [(people.at_address(conn, "whatsapp", NUMBER, address, NOW).address_id, done)], NOW
    )
    return id_


def waiting(
    conn: Connection,
    address: str = "ID.1",
    *,
    priority: Priority = Priority.BROADCAST,
    key: str = "later",
    message: Message = QUESTION,
    not_before: datetime = NOW,
) -> int:
    seat = people.at_address(conn, "whatsapp", NUMBER, address, NOW - HOUR)
    conn.execute(update(schema.people).values(consent="given"))
    id_ = adding.add(
        conn,
        address_id=seat.address_id,
        person_id=seat.person.id,
        message=message,
        dedupe_key=key,
        priority=priority,
        purpose="checkin",
        not_before=not_before,
        expires_at=None,
        now=NOW,
    )
    assert id_ is not None
    return id_


def told(
    status: str, name: str = "wamid.1", *, at: datetime = NOW, reason: str = "", **changes: Any
) -> StatusTold:
    return StatusTold("whatsapp", NUMBER, name, status, at, reason=reason, **changes)


def rows(conn: Connection, columns: str = "status, reason", table: str = "outbox") -> list[Any]:
    order = "id" if table in ("outbox", "addresses") else "1, 2"
    found = conn.execute(text(f"SELECT {columns} FROM {table} ORDER BY {order}"))
    return [tuple(row) for row in found]


@pytest.mark.parametrize("order", list(permutations(("sent", "delivered", "read"))))
async def test_a_status_only_moves_forward_whatever_the_order(
    database: Database, order: tuple[str, ...]
) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        for status in order:
            receipts.apply(conn, [told(status)], NOW + MINUTE)
        return rows(conn, "status, reason, finished_at, platform_id")

    assert await database.write(work) == [("read", "", to_ms(NOW), "wamid.1")]


async def test_one_batch_may_tell_everything_twice(database: Database) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        sent(conn, "wamid.2")
        names = [("read", "wamid.1"), ("sent", "wamid.1"), ("delivered", "wamid.2")] * 2
        facts.apply(conn, [told(status, name) for status, name in names], NOW)
        return rows(conn)

    assert await database.write(work) == [("read", ""), ("delivered", "")]


async def test_what_arrived_does_not_fail_any_more(database: Database) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        receipts.apply(conn, [told("delivered"), told("failed", reason="undeliverable")], NOW)
        return rows(conn) + rows(conn, "blocked_reason", "addresses")

    assert await database.write(work) == [("delivered", ""), (None,)]


async def test_a_status_may_come_before_the_name_of_its_message_is_known(
    database: Database,
) -> None:
    def work(conn: Connection) -> list[Any]:
        receipts.apply(conn, [told("read"), told("delivered"), told("read")], NOW)
        kept = rows(conn, "platform_id, status", "receipts")
        sent(conn)
        return [kept, rows(conn), rows(conn, "status, status", "receipts")]

    assert await database.write(work) == [
        [("wamid.1", "delivered"), ("wamid.1", "read")],
        [("read", "")],
        [],
    ]


async def test_what_passed_its_message_on_the_way_is_matched_later(database: Database) -> None:
    def work(conn: Connection) -> list[Any]:
        receipts.apply(conn, [told("read"), told("delivered", "wamid.other")], NOW)
        id_ = waiting(conn)
        outbox.record(conn, [Result(id_, Status.SENT, platform_id="wamid.1")], NOW)
        receipts.match(conn, NOW + MINUTE)
        return [rows(conn), rows(conn, "platform_id, status", "receipts")]

    assert await database.write(work) == [[("read", "")], [("wamid.other", "delivered")]]


async def test_a_status_of_an_unknown_message_is_kept_seven_days(database: Database) -> None:
    def work(conn: Connection) -> list[int]:
        receipts.apply(conn, [told("read")], NOW)
        found = []
        for days in (6, 8):
            retention.run(conn, NOW + timedelta(days=days))
            found.append(len(rows(conn, "status, status", "receipts")))
        return found

    assert await database.write(work) == [1, 0]


async def test_every_part_of_a_message_counts(database: Database) -> None:
    def work(conn: Connection) -> list[Any]:
        receipts.apply(conn, [told("delivered", "wamid.voice")], NOW)
        sent(conn, "wamid.text", parts=("wamid.voice",))
        early = rows(conn)
        receipts.apply(conn, [told("read", "wamid.voice")], NOW)
        return [early, rows(conn, "status, platform_id, parts")]

    assert await database.write(work) == [[("delivered", "")], [("read", "wamid.text", 2)]]


async def test_two_messages_on_telegram_with_the_same_number_are_not_touched(
    database: Database,
) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        conn.execute(text("UPDATE outbox SET channel = 'telegram'"))
        receipts.apply(conn, [told("read")], NOW)
        return rows(conn)

    assert await database.write(work) == [("sent", "")]


def test_the_words_of_reasons_are_those_of_the_channel() -> None:
    found = [reason_of(code) for code in (131026, 131047, 131042, 131031, 368)]
    withheld = [reason_of(code) for code in (131048, 131049, 130472)]
    too_fast = [reason_of(code) for code in (131056, 130429)]

    assert found[:2] == [receipts.UNDELIVERABLE, receipts.WINDOW_CLOSED]
    assert list(receipts._OUR_ACCOUNT) == found[2:]
    assert all(reason.startswith(receipts.WITHHELD) for reason in withheld)
    assert all(reason.startswith(receipts.TOO_FAST) for reason in too_fast)


async def test_a_dead_number_is_blocked_and_doubted_and_somebody_looks_in_on_her_once(
    database: Database,
) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        sent(conn, "wamid.2")
        waiting(conn)
        conn.execute(update(schema.people).values(role="caregiver", registered_at=NOW))
        for name in ("wamid.1", "wamid.2"):
            said = told("failed", name, reason=reason_of(131026), at=NOW + MINUTE)
            receipts.apply(conn, [said], NOW + HOUR)
        return [
            rows(conn),
            rows(conn, "blocked_reason, doubted_at", "addresses"),
            rows(conn, "kind, reason", "tasks"),
            rows(conn, "action, reason", "audit"),
        ]

    lost = ("failed", "undeliverable")
    assert await database.write(work) == [
        [lost, lost, lost],
        [("undeliverable", to_ms(NOW + HOUR))],
        [("visit", receipts.UNREACHED)],
        [("task opened", receipts.UNREACHED)],
    ]


@pytest.mark.parametrize(
    "otherwise",
    [{"role": "staff"}, {"registered_at": None}, {"erased_at": NOW}],
    ids=["staff", "stranger", "erased"],
)
async def test_nobody_is_sent_to_whom_we_do_not_look_after(
    database: Database, otherwise: dict[str, Any]
) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        values = {"role": "caregiver", "registered_at": NOW, **otherwise}
        conn.execute(update(schema.people).values(**values))
        receipts.apply(conn, [told("failed", reason="undeliverable", at=NOW + MINUTE)], NOW)
        return rows(conn, "kind, reason", "tasks")

    assert await database.write(work) == []


async def test_who_has_another_phone_is_not_visited(database: Database) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        conn.execute(update(schema.people).values(role="caregiver", registered_at=NOW))
        other = people.at_address(conn, "telegram", "bot", "7", NOW)
        person = conn.execute(text("SELECT min(id) FROM people")).scalar_one()
        phones.hold(conn, other.address_id, person, NOW)
        phones.hold(conn, other.address_id, other.person.id, NOW)
        receipts.apply(conn, [told("failed", reason="undeliverable", at=NOW + MINUTE)], NOW)
        return rows(conn, "kind, reason", "tasks")

    assert await database.write(work) == []


async def test_of_a_dead_phone_that_several_shared_each_is_visited(database: Database) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        other = people.at_address(conn, "telegram", "bot", "7", NOW)
        conn.execute(update(schema.people).values(role="caregiver", registered_at=NOW))
        phones.hold(conn, 1, other.person.id, NOW)
        phones.not_hers(conn, other.address_id, other.person.id, NOW)
        phones.share(conn, 1)
        receipts.apply(conn, [told("failed", reason="undeliverable", at=NOW + MINUTE)], NOW)
        return rows(conn, "about_id, reason", "tasks")

    assert await database.write(work) == [(1, receipts.UNREACHED), (2, receipts.UNREACHED)]


async def test_who_has_written_since_is_not_lost(database: Database) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        people.at_address(conn, "whatsapp", NUMBER, "ID.1", NOW + HOUR)
        late = told("failed", reason="undeliverable", at=NOW + MINUTE)
        receipts.apply(conn, [late], NOW + 2 * HOUR)
        return [rows(conn), rows(conn, "blocked_at, doubted_at", "addresses")]

    assert await database.write(work) == [[("failed", "undeliverable")], [(None, None)]]


async def test_what_met_a_closed_window_goes_out_once_more_and_fares_with_that(
    database: Database,
) -> None:
    def work(conn: Connection) -> list[Any]:
        first = sent(conn)
        said = told("failed", reason="window closed", at=NOW + MINUTE)
        for _ in range(2):
            receipts.apply(conn, [said], NOW + HOUR)
        [(window,)] = rows(conn, "window_until", "addresses")
        again = rows(conn, "id, status, dedupe_key, not_before, purpose, priority")[1]
        second = Result(again[0], Status.SENT, platform_id="wamid.2")
        found = [rows(conn), window, again[1:]]
        outbox.record(conn, [second], NOW + HOUR)
        receipts.apply(conn, [told("failed", "wamid.2", reason="window closed")], NOW + 2 * HOUR)
        assert again[2] == f"again:{first}"
        return [*found, rows(conn, "status")]

    states, window, again, end = await database.write(work)

    assert states[0][0] == "merged"
    assert states[0][1].startswith("into ")
    assert states[1] == ("waiting", "")
    assert window == to_ms(NOW + MINUTE)
    assert again[2:] == (to_ms(NOW + HOUR), "checkin", 1)
    assert end == [("merged",), ("failed",)]


async def test_approved_words_that_meet_a_closed_window_do_not_go_again(
    database: Database,
) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn, message=Message("Datang?", template=Template("undangan")))
        conn.execute(text("UPDATE outbox SET category = 'utility'"))
        receipts.apply(conn, [told("failed", reason="window closed")], NOW)
        return rows(conn)

    assert await database.write(work) == [("failed", "window closed")]


async def test_a_window_that_opened_since_stays_open(database: Database) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        people.at_address(conn, "whatsapp", NUMBER, "ID.1", NOW + HOUR)
        late = told("failed", reason="window closed", at=NOW + MINUTE)
        receipts.apply(conn, [late], NOW + 2 * HOUR)
        return rows(conn, "window_until", "addresses")

    assert await database.write(work) == [(to_ms(NOW + 25 * HOUR),)]


@pytest.mark.parametrize("code", [131048, 131049, 130472])
@pytest.mark.parametrize("late", [True, False])
async def test_after_a_withheld_message_she_gets_nothing_unasked_for_a_day(
    database: Database, code: int, late: bool
) -> None:
    def work(conn: Connection) -> list[Any]:
        if late:
            sent(conn, key="first")
            receipts.apply(conn, [told("failed", reason=reason_of(code))], NOW)
        else:
            refused = Result(waiting(conn, key="first"), Status.FAILED, reason_of(code))
            outbox.record(conn, [refused], NOW)
            seat = people.at_address(conn, "whatsapp", NUMBER, "ID.1", NOW)
            receipts.recorded(conn, [(seat.address_id, refused)], NOW)
        waiting(conn, key="broadcast")
        waiting(conn, key="reply", priority=Priority.REPLY)
        waiting(conn, "ID.2", key="another")
        return [claimed(conn, NOW + MINUTE) for _ in range(2)] + [rows(conn, "not_before")[1]]

    first, second, planned = await database.write(work)

    assert first == ["another", "reply"]
    assert second == []
    assert planned == (to_ms(NOW + receipts.REST),)


def claimed(conn: Connection, now: datetime) -> list[str]:
    """Keys of what leaves now; it is sent."""
    found = outbox.claim(conn, "me/1", now, now + MINUTE, 10, channel="whatsapp")
    outbox.record(conn, [Result(one.id, Status.SENT) for one in found], now)
    ids = {one.id for one in found}
    return sorted(key for id_, key in rows(conn, "id, dedupe_key") if id_ in ids)


@pytest.mark.parametrize("code", [131056, 130429])
@pytest.mark.parametrize(
    ("priority", "again"),
    [(Priority.ALARM, True), (Priority.REPLY, True), (Priority.REMINDER, False)],
)
async def test_what_was_too_fast_goes_again_once_if_somebody_waits_for_it(
    database: Database, code: int, priority: Priority, again: bool
) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn, priority=priority)
        receipts.apply(conn, [told("failed", reason=reason_of(code))], NOW)
        return rows(conn, "status, not_before")

    found = await database.write(work)

    soon = to_ms(NOW + receipts._SLOWER)
    first = ("merged" if again else "failed", to_ms(NOW))
    assert found == [first, ("waiting", soon)][: 1 + again]


async def test_when_our_account_is_the_trouble_an_operator_hears_of_it(database: Database) -> None:
    def work(conn: Connection) -> list[Any]:
        sent(conn)
        sent(conn, "wamid.2", key="k")
        told_of = [told("failed", name, reason="payment") for name in ("wamid.1", "wamid.2")]
        receipts.apply(conn, told_of, NOW)
        return [rows(conn), [one.trouble for one in accounts.troubles(conn, NOW)]]

    assert await database.write(work) == [[("failed", "payment")] * 2, ["payment"]]


async def test_what_a_failed_message_carried_for_others_waits_again(database: Database) -> None:
    def work(conn: Connection) -> list[Any]:
        night = NOW - HOUR
        for key in ("one", "two"):
            id_ = waiting(conn, key=key, not_before=night, message=Message(key))
            conn.execute(text("UPDATE outbox SET held = true WHERE id = :id"), {"id": id_})
        people.at_address(conn, "whatsapp", NUMBER, "ID.1", NOW)
        [carrier] = outbox.claim(conn, "me/1", NOW, NOW + MINUTE, 10, channel="whatsapp")
        outbox.record(conn, [Result(carrier.id, Status.SENT, platform_id="wamid.1")], NOW)
        before = sorted(status for (status,) in rows(conn, "status"))
        receipts.apply(conn, [told("failed", reason="invalid parameter")], NOW)
        return [before, sorted(status for (status,) in rows(conn, "status"))]

    assert await database.write(work) == [["merged", "sent"], ["failed", "waiting"]]


async def test_what_failed_or_is_not_billed_is_taken_back_from_the_bill(
    database: Database,
) -> None:
    def work(conn: Connection) -> list[Any]:
        for number in range(3):
            id_ = waiting(conn, key=f"k{number}")
            conn.execute(text("UPDATE outbox SET category = 'utility' WHERE id = :i"), {"i": id_})
            done = Result(id_, Status.SENT, platform_id=f"wamid.{number}")
            outbox.record(conn, [done], NOW)
            receipts.recorded(conn, [(1, done)], NOW)
        [before] = spending.of_month(conn, "2026-11")
        said = [
            told("failed", "wamid.0", reason="invalid parameter"),
            told("sent", "wamid.1", category="utility", billable=False),
            told("delivered", "wamid.2", category="utility", billable=True),
        ]
        for _ in range(2):
            receipts.apply(conn, said, NOW)
        [after] = spending.of_month(conn, "2026-11")
        return [before.messages, after.messages, after.rupiah * 3 == before.rupiah]

    assert await database.write(work) == [3, 2, True]


async def test_statuses_and_results_side_by_side_all_meet(database: Database) -> None:
    def make(conn: Connection) -> list[int]:
        return [waiting(conn, f"ID.{n}", key=f"k{n}") for n in range(30)]

    ids = await database.write(make)

    async def record(number: int) -> None:
        done = Result(ids[number], Status.SENT, platform_id=f"wamid.{number}")

        def work(conn: Connection) -> None:
            outbox.record(conn, [done], NOW)
            receipts.recorded(conn, [(1, done)], NOW)

        await database.write(work)

    async def tell(number: int) -> None:
        said = [told("delivered", f"wamid.{n}") for n in range(number, number + 3)]
        await database.write(lambda conn: receipts.apply(conn, said, NOW))

    numbers = range(0, 30, 3)
    async with asyncio.timeout(30):
        await asyncio.gather(*(record(n) for n in range(30)), *(tell(n) for n in numbers))
    await database.write(lambda conn: receipts.match(conn, NOW + MINUTE))

    assert await database.read(lambda c: rows(c, "status")) == [("delivered",)] * 30
    assert await database.read(lambda c: rows(c, "status, status", "receipts")) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (receipts._BY_NAME, "ix_outbox_platform (platform_id=?)"),
        (receipts._BY_PART, "sqlite_autoindex_receipts_1 (platform_id=?)"),
        (receipts._KEPT_LATELY.sql, "ix_receipts_received_at (received_at>?)"),
        (receipts._KEPT_LATELY.sql, "ix_outbox_platform (platform_id=?)"),
    ],
)
async def test_looking_up_reads_an_index(database: Database, statement: str, index: str) -> None:
    asked = statement.replace(":ids", "('a', 'b')")

    plan = await database.read(
        lambda c: c.execute(text(f"EXPLAIN QUERY PLAN {asked}"), {"since": 0}).all()
    )

    assert index in " ".join(row[3] for row in plan)

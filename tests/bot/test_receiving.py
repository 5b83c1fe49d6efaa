"""Receiving: every accepted update is answered in order, put aside, or left for the next start."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from bot.meters import Meters
from bot.receiving import MOST_ATTEMPTS, Receiving
from storage import inbox
from storage.database import Database
from storage.inbox import Accepted, Received
from storage.outbox import Claimed
from storage.schema import inbox as rows
from storage.schema import meta
from tests.bot.clocks import START, FastClock
from tests.bot.posts import (
    ACCOUNT,
    CHANNEL,
    FillingDatabase,
    Post,
    claimed_reply,
    delivering,
    until,
)


def received(number: int, address: str = "7", body: bytes = b"halo") -> Received:
    return Received(CHANNEL, ACCOUNT, str(number), address, body)


class Turns:
    """Takes turns as turn.py will: finishes the row, leaves a trace in the same unit.

    `troubles` names bodies and how many times a turn on them fails.
    """

    def __init__(self, troubles: dict[bytes, int] | None = None) -> None:
        self.troubles = Counter(troubles or {})
        self.runs: list[bytes] = []
        self.done: list[tuple[str, bytes]] = []
        self.explained: list[bytes] = []
        self.explain_fails = False

    def take(self, conn: Connection, accepted: Accepted) -> Sequence[Claimed]:
        body, address = accepted.received.body, accepted.received.address
        self.runs.append(body)
        if not inbox.finish(conn, accepted.id, START):
            return ()
        conn.execute(meta.insert().values(name=f"{accepted.id}", value=body))
        if self.troubles[body] > 0:
            self.troubles[body] -= 1
            raise ZeroDivisionError(body.decode())
        self.done.append((address, body))
        return ()

    def explain(self, conn: Connection, accepted: Accepted) -> Sequence[Claimed]:
        if self.explain_fails:
            raise ZeroDivisionError
        self.explained.append(accepted.received.body)
        return ()


def a_receiving(database: Any, turns: Turns, clock: FastClock, **changes: Any) -> Receiving:
    given = {"hand_over": lambda replies: None, "meters": Meters(), **changes}
    return Receiving(database, take_turn=turns.take, explain=turns.explain, clock=clock, **given)


async def resolved(receiving: Receiving) -> None:
    await until(lambda: receiving.open_turns == 0)


async def status(database: Database) -> list[tuple[str, int, str]]:
    """(status, attempts, error) of inbox rows, in order."""

    def unit(conn: Connection) -> list[tuple[str, int, str]]:
        found = conn.execute(select(rows).order_by(rows.c.id))
        return [(row.status, row.attempts, row.error) for row in found]

    return await database.read(unit)


async def test_what_is_accepted_takes_its_turn(database: Database, clock: FastClock) -> None:
    turns = Turns()
    receiving = a_receiving(database, turns, clock)

    await receiving.accept([received(1, body=b"satu"), received(2, "8", b"dua")])
    await resolved(receiving)

    assert sorted(turns.done) == [("7", b"satu"), ("8", b"dua")]
    assert [row[0] for row in await status(database)] == ["done", "done"]


async def test_accepting_returns_when_it_is_stored_not_when_it_is_answered(
    lite: Database, clock: FastClock
) -> None:
    turns = Turns()
    receiving = a_receiving(lite, turns, clock)

    await receiving.accept([received(1)])

    open_turns, stored = receiving.open_turns, await status(lite)
    await resolved(receiving)

    assert (open_turns, len(stored)) == (1, 1)


async def test_one_persons_turns_are_taken_in_order_even_when_one_fails_twice(
    database: Database, clock: FastClock
) -> None:
    turns = Turns({b"7.0": 2, b"8.3": 1})
    receiving = a_receiving(database, turns, clock)

    for number in range(5):
        await receiving.accept(
            [
                received(number * 10 + person, str(person), f"{person}.{number}".encode())
                for person in (7, 8, 9)
            ]
        )
    await resolved(receiving)

    told: defaultdict[str, list[bytes]] = defaultdict(list)
    for address, body in turns.done:
        told[address].append(body)
    assert told == {
        str(person): [f"{person}.{number}".encode() for number in range(5)] for person in (7, 8, 9)
    }


async def test_what_telegram_repeats_is_answered_once(database: Database, clock: FastClock) -> None:
    turns = Turns()
    receiving = a_receiving(database, turns, clock)

    for _ in range(3):
        await receiving.accept([received(1), received(2, "8")])
    await resolved(receiving)

    assert len(turns.done) == 2


async def test_the_third_failure_puts_an_update_aside_with_a_kind_word(
    database: Database, clock: FastClock
) -> None:
    turns, heard = Turns({b"racun": 99}), []
    receiving = a_receiving(
        database, turns, clock, on_quarantine=lambda id_, error: heard.append((id_, error))
    )

    await receiving.accept([received(1, body=b"racun"), received(2, body=b"sehat")])
    await resolved(receiving)

    assert turns.runs.count(b"racun") == MOST_ATTEMPTS
    assert turns.explained == [b"racun"]
    assert turns.done == [("7", b"sehat")]
    poisoned, healthy = await status(database)
    assert (poisoned[0], healthy[0]) == ("quarantined", "done")
    assert poisoned[1] == MOST_ATTEMPTS
    assert poisoned[2].startswith("ZeroDivisionError")
    assert "racun" not in poisoned[2]
    assert [error for _, error in heard] == [poisoned[2]]


async def test_what_was_put_aside_can_be_released_and_is_answered(
    database: Database, clock: FastClock
) -> None:
    turns = Turns({b"racun": MOST_ATTEMPTS})
    receiving = a_receiving(database, turns, clock)
    await receiving.accept([received(1, body=b"racun")])
    await resolved(receiving)
    (row,) = await database.read(lambda conn: inbox.quarantined(conn, 10))

    released = await database.write(lambda conn: inbox.release(conn, row.id))
    assert released is not None
    receiving.take_up(released)
    await resolved(receiving)

    assert turns.done == [("7", b"racun")]
    assert await status(database) == [("done", 1, "")]


async def test_a_failed_turn_leaves_nothing_behind(lite: Database, clock: FastClock) -> None:
    turns = Turns({b"racun": 99})
    receiving = a_receiving(lite, turns, clock)

    await receiving.accept([received(1, body=b"racun")])
    await resolved(receiving)

    traces = await lite.read(
        lambda conn: conn.execute(select(meta).where(meta.c.value == b"racun")).all()
    )
    assert traces == []


async def test_an_update_is_put_aside_also_when_nobody_can_be_told(
    lite: Database, clock: FastClock
) -> None:
    turns = Turns({b"racun": 99})
    turns.explain_fails = True
    receiving = a_receiving(lite, turns, clock)

    await receiving.accept([received(1, body=b"racun")])
    await resolved(receiving)

    assert (await status(lite))[0][0] == "quarantined"


async def test_a_full_disk_costs_nobody_an_attempt(lite: Database, clock: FastClock) -> None:
    filling, turns = FillingDatabase(lite), Turns()
    receiving = a_receiving(filling, turns, clock)
    filling.full = lambda: True

    accepting = asyncio.create_task(receiving.accept([received(1)]))
    await clock.sleep(10)
    waiting = not accepting.done()
    filling.full = lambda: False
    await accepting
    await resolved(receiving)

    assert waiting
    assert turns.done == [("7", b"halo")]
    assert await status(lite) == [("done", 1, "")]


async def test_a_disk_that_fills_between_storing_and_answering_only_delays_the_turn(
    lite: Database, clock: FastClock
) -> None:
    filling, turns = FillingDatabase(lite), Turns()
    receiving = a_receiving(filling, turns, clock)
    filling.full = lambda: filling.written >= 1

    await receiving.accept([received(1), received(2)])
    await clock.sleep(10)
    open_while_full = receiving.open_turns
    filling.full = lambda: False
    await resolved(receiving)

    assert open_while_full == 2
    assert len(turns.done) == 2
    assert [row[:2] for row in await status(lite)] == [("done", 1), ("done", 1)]


async def test_nothing_more_is_accepted_while_too_much_is_open(
    lite: Database, clock: FastClock
) -> None:
    filling, turns = FillingDatabase(lite), Turns()
    receiving = a_receiving(filling, turns, clock, most_open=2)
    slow: list[asyncio.Future[Any]] = [asyncio.Future(), asyncio.Future(), asyncio.Future()]
    under_way = iter(slow)
    filling.submit = lambda fn: next(under_way)  # type: ignore[method-assign]
    await receiving.accept([received(1), received(2, "8")])

    accepting = asyncio.create_task(receiving.accept([received(3, "9")]))
    await clock.sleep(5)
    stored_while_full = len(await status(lite))
    slow[0].set_result(())
    await accepting

    assert stored_while_full == 2
    assert len(await status(lite)) == 3


# --- starting again ------------------------------------------------------------------------------


async def left_over(database: Database, *bodies: bytes) -> None:
    """Rows that an earlier run accepted and did not finish."""
    batch = [received(n, body=body) for n, body in enumerate(bodies)]
    await database.write(lambda conn: inbox.accept(conn, batch, START))


async def test_what_an_earlier_run_left_is_finished_first(
    database: Database, clock: FastClock
) -> None:
    turns = Turns()
    await left_over(database, b"satu", b"dua")

    receiving = a_receiving(database, turns, clock)
    await receiving.recover()
    await receiving.accept([received(9, body=b"tiga")])
    await resolved(receiving)

    assert [body for _, body in turns.done] == [b"satu", b"dua", b"tiga"]
    assert [row[1] for row in await status(database)] == [2, 2, 1]


class Killed(BaseException):
    """What ends the process in the middle of a turn."""


async def test_what_kills_the_process_is_put_aside_and_the_innocent_are_answered(
    lite: Database, clock: FastClock
) -> None:
    turns = Turns()
    await left_over(lite, b"satu", b"racun", b"dua")

    class Dying(FillingDatabase):
        async def write(self, fn: Any) -> Any:
            before = len(turns.runs)
            try:
                return await super().write(_killed_by_poison(fn))
            finally:
                if b"racun" in turns.runs[before:]:
                    raise Killed

    def _killed_by_poison(fn: Any) -> Any:
        def unit(conn: Connection) -> Any:
            result = fn(conn)
            if turns.runs and turns.runs[-1] == b"racun" and turns.done[-1:] == [("7", b"racun")]:
                turns.done.pop()
                raise RuntimeError
            return result

        return unit

    starts = 0
    for _ in range(5):
        starts += 1
        try:
            await a_receiving(Dying(lite), turns, clock).recover()
            break
        except Killed:
            continue

    assert starts == MOST_ATTEMPTS
    assert turns.runs.count(b"racun") == 2
    assert [body for _, body in turns.done] == [b"satu", b"dua"]
    assert turns.explained == [b"racun"]
    assert [row[0] for row in await status(lite)] == ["done", "quarantined", "done"]


async def test_a_row_whose_seal_is_broken_is_put_aside(lite: Database, clock: FastClock) -> None:
    turns = Turns()
    await left_over(lite, b"satu")
    await lite.write(lambda conn: conn.execute(update(rows).values(body=b"rusak")))

    await a_receiving(lite, turns, clock).recover()

    assert turns.done == []
    assert (await status(lite))[0][0] == "quarantined"


async def test_stopping_waits_for_the_open_turns(lite: Database, clock: FastClock) -> None:
    turns = Turns()
    receiving = a_receiving(lite, turns, clock)
    await receiving.accept([received(n, str(n % 3)) for n in range(20)])

    await receiving.stop()

    assert len(turns.done) == 20
    assert receiving.open_turns == 0


async def test_stopping_does_not_wait_for_a_disk_that_stays_full(
    lite: Database, clock: FastClock
) -> None:
    filling, turns = FillingDatabase(lite), Turns()
    receiving = a_receiving(filling, turns, clock)
    filling.full = lambda: filling.written >= 1
    await receiving.accept([received(1)])

    async with asyncio.timeout(1):
        await receiving.stop(0.02)

    assert await status(lite) == [("new", 1, "")]


async def test_the_replies_of_a_turn_leave_through_delivery(
    database: Database, clock: FastClock
) -> None:
    post = Post(clock)
    async with delivering(database, post, clock) as delivery:

        def take(conn: Connection, accepted: Accepted) -> Sequence[Claimed]:
            inbox.finish(conn, accepted.id, START)
            return [claimed_reply(conn, delivery, accepted.received.address, "balasan")]

        receiving = Receiving(
            database,
            take_turn=take,
            explain=take,
            hand_over=delivery.take,
            clock=clock,
            meters=Meters(),
        )
        await receiving.accept([received(1), received(2, "8")])
        await until(lambda: len(post.sent) == 2)

    assert sorted(post.sent) == [("7", "balasan"), ("8", "balasan")]


def test_the_meters_page_shows_what_was_counted() -> None:
    meters = Meters()
    meters.updates.labels("telegram").inc(3)
    meters.quarantined.inc()

    page = meters.page().decode()

    assert 'kawan_updates_total{channel="telegram"} 3.0' in page
    assert 'kawan_turns_total{outcome="quarantined"} 1.0' in page

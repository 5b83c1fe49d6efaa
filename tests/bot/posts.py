"""A channel for tests that does as it is told, and outbox rows for it to send."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from bot.channels.channel import Accept, Channel, Receipt
from bot.delivery import Delivery
from bot.meters import Meters
from conversations.message import Inbound, Message, Priority
from storage import outbox, people
from storage.database import Database, DatabaseFull
from storage.outbox import Claimed
from storage.schema import outbox as rows
from tests.bot.clocks import START, FastClock

T = TypeVar("T")
CHANNEL, ACCOUNT, OWNER = "telegram", "bot", "kawan/1"


@dataclass
class Post:
    """Sends into memory; `script` holds what happens next to an address, None is success."""

    clock: FastClock
    name: str = CHANNEL
    account: str = ACCOUNT
    removes: bool = True
    sent: list[tuple[str, str]] = field(default_factory=list)
    tried: list[tuple[str, str]] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    script: defaultdict[str, list[Exception | None]] = field(
        default_factory=lambda: defaultdict(list)
    )
    most_at_once: int = 0
    _sending: list[str] = field(default_factory=list)
    open_door: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open_door.set()

    async def send(self, address: str, message: Message, *, quiet: bool) -> Receipt:
        assert address not in self._sending, "two messages to one address at once"
        self._sending.append(address)
        self.most_at_once = max(self.most_at_once, len(self._sending))
        try:
            self.tried.append((address, message.text))
            await self.open_door.wait()
            await asyncio.sleep(0)
            happens = self.script[address].pop(0) if self.script[address] else None
            if happens is not None:
                raise happens
            self.sent.append((address, message.text))
            self.times.append(self.clock.now())
            return Receipt(str(len(self.sent)))
        finally:
            self._sending.remove(address)

    def parse(self, body: bytes) -> Inbound:
        raise ValueError

    async def fetch(self, ref: str) -> bytes:
        raise NotImplementedError

    async def run(self, accept: Accept) -> None:
        raise NotImplementedError

    def healthy(self) -> str:
        return ""


class FillingDatabase:
    """The real database, whose disk is full while `full` says so; counts what is written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.full: Callable[[], bool] = lambda: False
        self.written = 0

    async def write(self, fn: Callable[[Connection], T]) -> T:
        if self.full():
            raise DatabaseFull("penuh")
        self.written += 1
        return await self._database.write(fn)

    def submit(self, fn: Callable[[Connection], T]) -> asyncio.Future[T]:
        if self.full():
            raise DatabaseFull("penuh")
        self.written += 1
        return self._database.submit(fn)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        return await self._database.read(fn)


async def an_address(database: Database, address: str, channel: str = CHANNEL) -> int:
    """Somebody's address; its row id."""
    seat = await database.write(
        lambda conn: people.at_address(conn, channel, ACCOUNT, address, START)
    )
    return seat.address_id


def plan(
    conn: Connection,
    address_id: int,
    text: str,
    priority: Priority = Priority.REPLY,
    **changes: Any,
) -> int:
    """One row that waits, or that `owner` holds already."""
    given: dict[str, Any] = {
        "address_id": address_id,
        "person_id": None,
        "message": Message(text),
        "dedupe_key": f"{address_id}/{text}",
        "priority": priority,
        "purpose": "reply",
        "not_before": START,
        "expires_at": None,
        "now": START,
        **changes,
    }
    planned = outbox.add(conn, **given)
    assert planned is not None
    return planned


async def planned(
    database: Database, address: str, *texts: str, channel: str = CHANNEL, **changes: Any
) -> list[int]:
    """Rows that wait for this address."""
    address_id = await an_address(database, address, channel)
    return await database.write(
        lambda conn: [plan(conn, address_id, text, **changes) for text in texts]
    )


async def replies(
    database: Database, delivery: Delivery, address: str, *texts: str, **changes: Any
) -> None:
    """What a turn does: rows inserted as claimed, handed over after the commit."""

    def unit(conn: Connection) -> list[Claimed]:
        return [claimed_reply(conn, delivery, address, text, **changes) for text in texts]

    delivery.take(await database.write(unit))


def claimed_reply(
    conn: Connection,
    delivery: Delivery,
    address: str,
    text: str,
    priority: Priority = Priority.REPLY,
    expires_at: datetime | None = None,
    channel: str = CHANNEL,
) -> Claimed:
    """One reply as a turn writes it: inserted as already claimed by this delivery."""
    seat = people.at_address(conn, channel, ACCOUNT, address, START)
    id_ = plan(
        conn,
        seat.address_id,
        text,
        priority,
        expires_at=expires_at,
        owner=delivery.owner,
        lease_until=delivery.lease_until(),
    )
    return Claimed(
        id_,
        seat.address_id,
        channel,
        ACCOUNT,
        address,
        Message(text),
        priority,
        "reply",
        0,
        expires_at,
        None,
    )


def a_delivery(
    database: Any, channel: Channel, clock: FastClock, *, owner: str = OWNER, **changes: Any
) -> Delivery:
    """The delivery under test, with one channel."""
    given = {"dice": Random(1), "meters": Meters(), "flush_seconds": 0.0005, **changes}
    return Delivery(database, {CHANNEL: channel}, owner=owner, clock=clock, **given)


@asynccontextmanager
async def delivering(
    database: Any, channel: Channel, clock: FastClock, **changes: Any
) -> AsyncIterator[Delivery]:
    """Delivery that runs meanwhile."""
    delivery = a_delivery(database, channel, clock, **changes)
    await delivery.start()
    try:
        yield delivery
    finally:
        await delivery.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until the condition holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def all_over(database: Database) -> None:
    """Return when no outbox row is open."""
    async with asyncio.timeout(20):
        while True:
            depth = await database.read(outbox.depth)
            if not depth.waiting and not depth.sending:
                return
            await asyncio.sleep(0.003)


async def ends(database: Database, ids: Sequence[int] = ()) -> list[tuple[str, str]]:
    """(status, reason) of rows, by id."""

    def unit(conn: Connection) -> list[tuple[str, str]]:
        found = conn.execute(select(rows.c.id, rows.c.status, rows.c.reason).order_by(rows.c.id))
        return [(row.status, row.reason) for row in found if not ids or row.id in ids]

    return await database.read(unit)

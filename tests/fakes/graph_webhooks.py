"""How the platform tells a bot what happened: signed bodies, batched, retried for seven days.

Kept here: what waits, what failed and when it is tried again, the faults of the way. What an item
says is made in graph_user_side.py and graph_world.py.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any, Final

import aiohttp
import orjson

from tests.fakes.faults import Faults, Trouble

Wire = dict[str, Any]

SIGNATURE: Final = "X-Hub-Signature-256"
KEPT_SECONDS: Final = 7 * 24 * 3600
_LONGEST_PAUSE: Final = 3600.0
_LOOK_SECONDS: Final = 0.05
"""How often the fake's clock is looked at while something waits for its hour."""


def signed(body: bytes, secret: str) -> str:
    """The header over the raw body.

    >>> signed(b"{}", "s")[:14]
    'sha256=143ca8d'
    """
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Item:
    """One message, status or change of an account. `part` is its list in the value, if it has
    one: messages, statuses …"""

    field: str
    value: Wire
    part: str = ""
    contact: Wire | None = None
    phone_id: str = ""
    display: str = ""


@dataclass(slots=True)
class _Body:
    content: bytes
    items: int
    since: float
    attempts: int = 0
    messages: tuple[str, ...] = ()
    """Ids of what people wrote in it."""


@dataclass(slots=True)
class Webhooks:
    """The way to one bot.

    `batch` items at most share a body; `per_entry` puts each change into an entry of its own.
    `connections` bodies at most are on the way at once. `doubling` is the chance that a body is
    delivered a second time though it was answered; `shuffling` mixes what waits, as the platform
    does not keep an order. `retry_seconds` is the first pause after a failure, doubled each time.
    """

    clock: Callable[[], float]
    waba_id: str
    secret: str
    batch: int = 1
    per_entry: bool = False
    connections: int = 1
    doubling: float = 0.0
    shuffling: bool = False
    retry_seconds: float = 1.0
    seed: int = 0
    url: str = ""
    delivered: int = 0
    """Items that were answered with 200."""
    told: set[str] = field(default_factory=set)
    """Ids of messages that were answered with 200."""
    answers: Counter[int] = field(default_factory=Counter)
    """Bodies by the status of their answer; 0: none came."""
    lost: int = 0
    """Items given up after seven days."""
    seconds: list[float] = field(default_factory=list)
    """How long each body waited for its answer."""
    faults: Faults = field(default_factory=Faults)
    """For the method "webhook"."""
    _items: list[tuple[float, int, Item]] = field(default_factory=list)
    _bodies: list[tuple[float, int, _Body]] = field(default_factory=list)
    _turn: count[int] = field(default_factory=count)
    _under_way: int = 0
    _couriers: list[asyncio.Task[None]] = field(default_factory=list)
    _waking: deque[asyncio.Future[None]] = field(default_factory=deque)
    _dice: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self._dice.seed(self.seed)
        self.faults.seed = self.seed

    def push(self, item: Item, after: float = 0.0) -> None:
        """Tell it, `after` seconds of the fake's clock."""
        heappush(self._items, (self.clock() + after, next(self._turn), item))
        self._wake()

    def again(self, item: Item) -> None:
        """Tell once more what was told already."""
        self.push(item)

    def post_raw(self, content: bytes) -> None:
        """A body as it is, signed; whatever stands in it."""
        body = _Body(content, 0, self.clock())
        heappush(self._bodies, (body.since, next(self._turn), body))
        self._wake()

    @property
    def waiting(self) -> int:
        """Items and bodies that were not answered with 200 yet."""
        return len(self._items) + len(self._bodies) + self._under_way

    async def verify(self, url: str, verify_token: str, challenge: str = "1158201444") -> bool:
        """The handshake: whether the bot answers with the challenge."""
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": verify_token,
        }
        try:
            async with aiohttp.ClientSession() as session, session.get(url, params=query) as answer:
                return answer.status == 200 and await answer.text() == challenge
        except (aiohttp.ClientError, TimeoutError):
            return False

    def start(self, url: str) -> None:
        """Tell this address from now on what waits and what comes."""
        self.stop()
        self.url = url
        self._couriers = [asyncio.create_task(self._carry()) for _ in range(self.connections)]

    def stop(self) -> None:
        """Nothing more is told; what waits stays."""
        for courier in self._couriers:
            courier.cancel()
        self._couriers = []

    async def settle(self, timeout: float = 10.0) -> None:
        """Return when nothing is due by the fake's clock any more and nothing is under way."""
        async with asyncio.timeout(timeout):
            while self._under_way or (self._couriers and self._next_due() <= self.clock()):
                self._wake()
                await asyncio.sleep(0)

    def _next_due(self) -> float:
        return min(
            self._items[0][0] if self._items else math.inf,
            self._bodies[0][0] if self._bodies else math.inf,
        )

    def _wake(self) -> None:
        while self._waking:
            waiter = self._waking.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _rest(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waking.append(waiter)
        ending = None
        if self._next_due() < math.inf:
            ending = asyncio.get_running_loop().call_later(_LOOK_SECONDS, _settle, waiter)
        try:
            await waiter
        finally:
            if ending is not None:
                ending.cancel()

    async def _carry(self) -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                body = self._take()
                if body is None:
                    await self._rest()
                    continue
                self._under_way += 1
                try:
                    await self._deliver(session, body)
                finally:
                    self._under_way -= 1

    def _take(self) -> _Body | None:
        now = self.clock()
        if self._bodies and self._bodies[0][0] <= now:
            return heappop(self._bodies)[2]
        if not self._items or self._items[0][0] > now:
            return None
        if self.shuffling:
            self._shuffle(now)
        chosen: list[Item] = []
        while self._items and self._items[0][0] <= now and len(chosen) < self.batch:
            chosen.append(heappop(self._items)[2])
        messages = tuple(str(one.value.get("id")) for one in chosen if one.part == "messages")
        return _Body(orjson.dumps(self.body_of(chosen)), len(chosen), now, messages=messages)

    def _shuffle(self, now: float) -> None:
        due: list[tuple[float, int, Item]] = []
        while self._items and self._items[0][0] <= now:
            due.append(heappop(self._items))
        turns = [(at, turn) for at, turn, _ in due]
        self._dice.shuffle(due)
        for (at, turn), (_, _, item) in zip(turns, due, strict=True):
            heappush(self._items, (at, turn, item))

    def body_of(self, items: list[Item]) -> Wire:
        """One payload; what belongs to one number and list stands together."""
        changes: list[Wire] = []
        open_key: tuple[str, ...] = ()
        for item in items:
            key = (item.field, item.phone_id, item.part)
            if not item.part or key != open_key:
                changes.append({"value": _value(item), "field": item.field})
            value = changes[-1]["value"]
            if item.part:
                value[item.part].append(item.value)
            if item.contact is not None and item.contact not in value.setdefault("contacts", []):
                value["contacts"].append(item.contact)
            open_key = key
        entries = [[one] for one in changes] if self.per_entry else [changes]
        now = int(self.clock())
        return {
            "object": "whatsapp_business_account",
            "entry": [self._entry(one, now) for one in entries],
        }

    def _entry(self, changes: list[Wire], now: int) -> Wire:
        entry: Wire = {"id": self.waba_id, "changes": changes}
        if any(one["field"] != "messages" for one in changes):
            entry["time"] = now
        return entry

    async def _deliver(self, session: aiohttp.ClientSession, body: _Body) -> None:
        fault = self.faults.next("webhook")
        trouble = fault.trouble if fault is not None else None
        if fault is not None and trouble is Trouble.DELAY:
            await asyncio.sleep(fault.seconds)
        status = 0
        if trouble is not Trouble.DROP_BEFORE:
            status = await self._post(session, body.content)
        if trouble is Trouble.DROP_AFTER:
            status = 0
        self.answers[status] += 1
        if status != 200:
            self._try_later(body)
            return
        self.delivered += body.items
        self.told.update(body.messages)
        if self.doubling and self._dice.random() < self.doubling:
            double = _Body(body.content, 0, body.since)
            heappush(self._bodies, (self.clock(), next(self._turn), double))

    def _try_later(self, body: _Body) -> None:
        now = self.clock()
        pause = min(_LONGEST_PAUSE, self.retry_seconds * 2**body.attempts)
        body.attempts += 1
        if now + pause > body.since + KEPT_SECONDS:
            self.lost += body.items
            return
        heappush(self._bodies, (now + pause, next(self._turn), body))

    async def _post(self, session: aiohttp.ClientSession, content: bytes) -> int:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            SIGNATURE: signed(content, self.secret),
        }
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with session.post(self.url, data=content, headers=headers) as answer:
                await answer.read()
                self.seconds.append(loop.time() - began)
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


def _value(item: Item) -> Wire:
    if not item.part:
        return dict(item.value)
    value: Wire = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": item.display, "phone_number_id": item.phone_id},
    }
    value[item.part] = []
    return value


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def parts_of(body: Mapping[str, Any]) -> list[tuple[str, Wire]]:
    """What a payload holds, flat: ("messages", …), ("statuses", …) or (field, value)."""
    found: list[tuple[str, Wire]] = []
    for entry in body["entry"]:
        for change in entry["changes"]:
            value = change["value"]
            lists = [part for part in ("messages", "statuses", "user_preferences") if part in value]
            found += [(part, one) for part in lists for one in value[part]]
            if not lists:
                found.append((change["field"], value))
    return found

"""How many turns a second the storage layer commits: `python -m tests.bench.storage_units [URL]`.

One unit is what every reply costs: the inbound marked done, the dialogue kept, an answer kept and
the reply put into the outbox, already claimed; state, answer and reply are sealed. Fifty at a time.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, text

from conversations.message import Choice, Message, Priority
from storage import inbox, outbox
from storage.database import Database
from storage.schema import to_ms
from storage.sealing import Vault, vault_of
from storage.stats import BOUNDS, Histogram

PEOPLE = 1_000
UNITS = 20_000
AT_ONCE = 50
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LEASE = NOW + timedelta(minutes=1)
STATE = b'{"stack":[{"id":"a1","conversation":"checkin","form":"f0","answers":{}}],"puzzled":0}'
REPLY = Message(
    "Bagaimana makannya hari ini, Mbah?", (Choice("Lahap", "a"), Choice("Sedikit", "b"))
)

_DIALOGUE = text(
    "INSERT INTO dialogues (person_id, state, updated_at) VALUES (:person, :state, :now)"
    " ON CONFLICT (person_id) DO UPDATE SET state = excluded.state,"
    " updated_at = excluded.updated_at"
)
_ANSWER = text(
    "INSERT INTO answers (interview_id, path, value, at, spoken_by, typed_by)"
    " VALUES (:interview, :path, :value, :now, :person, :person)"
)


def turn(inbox_id: int) -> Callable[[Connection], int | None]:
    """The unit that handles one inbound."""
    person = inbox_id % PEOPLE + 1

    def unit(conn: Connection) -> int | None:
        vault = vault_of(conn)
        if not inbox.finish(conn, inbox_id, NOW):
            return None
        now = to_ms(NOW)
        state = vault.seal(STATE, b"dialogues")
        conn.execute(_DIALOGUE, {"person": person, "state": state, "now": now})
        conn.execute(
            _ANSWER,
            {
                "interview": f"i{person}",
                "path": f"q{inbox_id}",
                "value": vault.seal(b"ya", b"answers"),
                "now": now,
                "person": person,
            },
        )
        return outbox.add(
            conn,
            address_id=person,
            person_id=person,
            message=REPLY,
            dedupe_key=f"reply:{inbox_id}:0",
            priority=Priority.REPLY,
            purpose="reply",
            not_before=NOW,
            expires_at=None,
            now=NOW,
            owner="bench/1",
            lease_until=LEASE,
        )

    return unit


def prepare(conn: Connection) -> None:
    """People with addresses and a running interview each."""
    now = to_ms(NOW)
    for number in range(1, PEOPLE + 1):
        values = {"id": number, "address": str(number), "interview": f"i{number}", "now": now}
        conn.execute(text("INSERT INTO people (id, created_at) VALUES (:id, :now)"), values)
        conn.execute(
            text(
                "INSERT INTO addresses (id, channel, account, address, person_id, created_at)"
                " VALUES (:id, 'telegram', 'bench', :address, :id, :now)"
            ),
            values,
        )
        conn.execute(
            text(
                "INSERT INTO address_people (address_id, person_id, since) VALUES (:id, :id, :now)"
            ),
            values,
        )
        conn.execute(
            text(
                "INSERT INTO interviews (id, person_id, conversation, form_name, form_hash, status,"
                " started_at) VALUES (:interview, :id, 'checkin', 'f', 'f0', 'running', :now)"
            ),
            values,
        )


async def accept(database: Database) -> list[int]:
    """Everything that will be handled, received beforehand in batches of 100."""
    ids: list[int] = []
    for start in range(0, UNITS, 100):
        batch = [
            inbox.Received("telegram", "bench", str(n), str(n % PEOPLE + 1), b'{"text":"ya"}')
            for n in range(start, start + 100)
        ]
        accepted = await database.write(partial(inbox.accept, batch=batch, now=NOW))
        ids += [one.id for one in accepted]
    return ids


async def measure(url: str) -> None:
    """Print what it costs."""
    async with await Database.open(url, vault=Vault([os.urandom(32)])) as database:
        await database.write(prepare)
        started = time.perf_counter()
        ids = await accept(database)
        print(f"accepted      {UNITS / (time.perf_counter() - started):8.0f} inbound/s")
        database.stats.latency = Histogram()
        database.stats.batches = 0
        todo = iter(ids)

        async def person() -> None:
            for inbox_id in todo:
                await database.write(turn(inbox_id))

        cpu, started = _cpu(), time.perf_counter()
        await asyncio.gather(*(person() for _ in range(AT_ONCE)))
        elapsed, cpu = time.perf_counter() - started, _cpu() - cpu
        stats = database.stats
        print(f"units         {UNITS / elapsed:8.0f} units/s")
        print(f"CPU           {cpu / UNITS * 1e6:8.0f} µs a unit (this process)")
        print(f"batch         {UNITS / stats.batches:8.1f} units a transaction")
        half, most = _share(stats.latency, 0.5), _share(stats.latency, 0.99)
        print(f"latency       p50 ≤ {half:g} ms, p99 ≤ {most:g} ms")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _share(histogram: Histogram, share: float) -> float:
    below = 0
    for bound, number in zip(BOUNDS, histogram.counts, strict=False):
        below += number
        if below >= share * sum(histogram.counts):
            return bound * 1000
    return float("inf")


def main() -> None:
    """A URL must name an empty database; without one, an SQLite file in a temporary folder."""
    if len(sys.argv) > 1:
        asyncio.run(measure(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(f"sqlite:///{Path(folder) / 'kawan.db'}"))


if __name__ == "__main__":
    main()

"""People who may be written to, and a broadcast for all of them: what a benchmark begins with.

    python -m tests.bench.seeding 20000 1795000000

writes into the empty database that the environment names: the broadcast begins at that second.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from bot import keys
from bot.settings import Settings
from conversations.broadcasts.audience import Audience
from conversations.broadcasts.broadcast import State, Step
from conversations.dialogue import PersonId
from storage import broadcasts
from storage.database import Database
from storage.people import add_village
from storage.schema import to_ms

VILLAGE = "SBS"
FIRST_ID = 7_100_000_001
"""The chat of the first recipient; the others follow."""

MARK = "Kabar posyandu"
"""How every message of the broadcast begins."""

WORDS = (
    f"{MARK}, {{sapaan}} {{nama}}: hari Kamis jam 08.00 di balai desa {{desa}}, timbang badan dan "
    "imunisasi. Bawa buku KIA, nggih. Kalau berhalangan, balas saja pesan ini."
)

_PERSON = text(
    "INSERT INTO people (id, salutation, name, village_id, zone, consent, registered_at,"
    " created_at) VALUES (:id, 'Mbah', 'Siti', :village, :zone, 'given', :now, :now)"
)
_ADDRESS = text(
    "INSERT INTO addresses (id, channel, account, address, person_id, last_inbound_at, created_at)"
    " VALUES (:id, 'telegram', :account, :address, :id, :now, :now)"
)


def morning_zone(at: datetime) -> str:
    """A zone in which it is past nine in the morning then: no polite hour disturbs a benchmark.

    >>> morning_zone(datetime(2026, 11, 26, 11, 30, tzinfo=UTC))
    'Etc/GMT+2'
    """
    ahead = (9 - at.hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


def people(conn: Connection, number: int, account: str, zone: str, now: datetime) -> None:
    """Grandmothers with consent and a phone in a village of their own, ids from 1."""
    village = add_village(conn, "Sumbersalak", VILLAGE)
    rows = [
        {
            "id": id_,
            "village": village,
            "account": account,
            "address": str(FIRST_ID + id_ - 1),
            "zone": zone,
            "now": to_ms(now),
        }
        for id_ in range(1, number + 1)
    ]
    conn.execute(_PERSON, rows)
    conn.execute(_ADDRESS, rows)


def plan(conn: Connection, at: datetime, now: datetime) -> None:
    """A broadcast to all of them that begins then, approved by a second person."""
    everybody = Audience(villages=frozenset({VILLAGE}))
    id_ = broadcasts.draft(conn, everybody, WORDS, None, None, now)
    broadcasts.step(conn, id_, Step.ASK, None, now)
    state = broadcasts.step(conn, id_, Step.APPROVE, PersonId(1), now, starts_at=at)
    assert state is State.SCHEDULED


async def seed(number: int, at: datetime) -> None:
    """Into the database of the environment."""
    settings = Settings(_env_file=None)
    account = settings.telegram_token.get_secret_value().partition(":")[0]
    vault, now = keys.load(settings).vault(), datetime.now(UTC)
    async with await Database.open(settings.database, vault=vault) as database:
        await database.write(lambda conn: people(conn, number, account, morning_zone(at), now))
        await database.write(lambda conn: plan(conn, at, now))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", type=int)
    parser.add_argument("at", type=float, help="seconds since 1970")
    arguments = parser.parse_args()
    asyncio.run(seed(arguments.number, datetime.fromtimestamp(arguments.at, UTC)))


if __name__ == "__main__":
    main()

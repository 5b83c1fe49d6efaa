"""People who may be written to, and a broadcast for all of them: what a benchmark begins with.

    python -m tests.bench.seeding 20000 1795000000

writes into the empty database that the environment names: the broadcast begins at that second.
Where the environment has a WhatsApp number they are on WhatsApp, and have just written to us.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime, timedelta

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
from tests.fakes.graph_user_side import bsuid_of

VILLAGE = "SBS"
FIRST_ID = 7_100_000_001
"""The chat, or the number, of the first recipient; the others follow."""

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
    "INSERT INTO addresses (id, channel, account, address, recipient, person_id, window_until,"
    " last_inbound_at, created_at)"
    " VALUES (:id, :channel, :account, :address, :recipient, :id, :window, :now, :now)"
)

_HELD = text("INSERT INTO address_people (address_id, person_id, since) VALUES (:id, :id, :now)")


def morning_zone(at: datetime) -> str:
    """A zone in which it is past nine in the morning then: no polite hour disturbs a benchmark.

    >>> morning_zone(datetime(2026, 11, 26, 11, 30, tzinfo=UTC))
    'Etc/GMT+2'
    """
    ahead = (9 - at.hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


def people(
    conn: Connection,
    number: int,
    account: str,
    zone: str,
    now: datetime,
    channel: str = "telegram",
) -> None:
    """Grandmothers with consent and a phone in a village of their own, ids from 1."""
    village = add_village(conn, "Sumbersalak", VILLAGE)
    rows = [
        {
            "id": id_,
            "village": village,
            "channel": channel,
            "account": account,
            **_reached(channel, str(FIRST_ID + id_ - 1), now),
            "zone": zone,
            "now": to_ms(now),
        }
        for id_ in range(1, number + 1)
    ]
    conn.execute(_PERSON, rows)
    conn.execute(_ADDRESS, rows)
    conn.execute(_HELD, rows)


def _reached(channel: str, number: str, now: datetime) -> dict[str, object]:
    if channel == "telegram":
        return {"address": number, "recipient": "", "window": None}
    window = to_ms(now + timedelta(hours=24))
    return {"address": bsuid_of(number), "recipient": number, "window": window}


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
    channel, account = "telegram", settings.telegram_token.get_secret_value().partition(":")[0]
    if settings.whatsapp:
        channel, account = "whatsapp", settings.whatsapp_phone_id
    vault, now = keys.load(settings).vault(), datetime.now(UTC)
    async with await Database.open(settings.database, vault=vault) as database:
        zone = morning_zone(at)
        await database.write(lambda conn: people(conn, number, account, zone, now, channel))
        await database.write(lambda conn: plan(conn, at, now))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", type=int)
    parser.add_argument("at", type=float, help="seconds since 1970")
    arguments = parser.parse_args()
    asyncio.run(seed(arguments.number, datetime.fromtimestamp(arguments.at, UTC)))


if __name__ == "__main__":
    main()

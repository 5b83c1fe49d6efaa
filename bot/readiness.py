"""What is still missing before real families are served, and who is told.

A real channel begins only with a name for who is responsible and with two members of staff; with
PILOT=1 it begins without, and says at every start what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bot.settings import Settings
from conversations.message import Message, Priority
from conversations.politeness import QuietHours, decent_time
from locales import say
from storage import outbox, people, staff

STAFF_NEEDED: Final = 2


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is not there yet. What `blocks` must be there before a real channel starts."""

    what: str
    how: str = ""
    blocks: bool = False


ROSTER: Final = Missing("daftar jaga petugas untuk laporan", blocks=True)
LADDER: Final = Missing("tangga penerusan laporan yang belum dijawab", blocks=True)
NUMBERS: Final = Missing("nomor darurat setempat")
"""Not part of this version; until they are, every pilot is told so."""


def missing(conn: Connection, settings: Settings) -> list[Missing]:
    """Everything that is not there yet, what blocks first."""
    found = []
    if not settings.responsible:
        found.append(Missing("nama penanggung jawab data", "isi ORGANISATION", blocks=True))
    number = len(staff.members(conn))
    if number < STAFF_NEEDED:
        what = f"petugas bernama: ada {number}, perlu {STAFF_NEEDED}"
        found.append(Missing(what, 'kawan staff add "Nama"', blocks=True))
    return [*found, ROSTER, LADDER, NUMBERS]


def refusal(found: Sequence[Missing]) -> list[str]:
    """Why a real channel does not start, line by line; empty when it may."""
    blocking = [one for one in found if one.blocks]
    if not blocking:
        return []
    return [
        "Bot belum boleh melayani orang. Yang belum ada:",
        *(_line(one) for one in blocking),
        "Untuk uji coba bersama orang yang tahu, jalankan dengan PILOT=1.",
    ]


def told(found: Sequence[Missing]) -> list[str]:
    """What the operator reads at the start."""
    return ["Belum lengkap untuk melayani orang:", *(_line(one) for one in found)] if found else []


def tell_staff(
    conn: Connection, found: Sequence[Missing], now: datetime, quiet: QuietHours | None
) -> int:
    """One message a day to everybody of staff, at a decent hour; how many were planned."""
    planned = 0
    for person in staff.reachable(conn) if found else ():
        seat = people.seat_of(conn, person)
        if seat is None:
            continue
        zone = seat.person.tz
        row = outbox.add(
            conn,
            address_id=seat.address_id,
            person_id=person,
            message=Message(say("staff.pilot", missing="; ".join(one.what for one in found))),
            dedupe_key=f"pilot:{now.astimezone(zone).date()}:{person}",
            priority=Priority.REMINDER,
            purpose="pilot",
            not_before=decent_time(now, zone, quiet),
            expires_at=None,
            now=now,
        )
        planned += row is not None
    return planned


def _line(one: Missing) -> str:
    return f"- {one.what}" + (f" ({one.how})" if one.how else "")

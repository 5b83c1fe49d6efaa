"""On which day staff last called a national line themselves; the lines are in `locales`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from locales import Hotline
from storage import meta

_NAME = "hotlines"


@dataclass(frozen=True, slots=True)
class Check:
    """The local day on which somebody of staff found the number right."""

    on: date
    by: str


def record(conn: Connection, key: str, on: date, by: str) -> None:
    """It was called on this day."""
    known = {name: [check.on.isoformat(), check.by] for name, check in all_(conn).items()}
    meta.put(conn, _NAME, json.dumps({**known, key: [on.isoformat(), by]}).encode())


def all_(conn: Connection) -> dict[str, Check]:
    """What staff found, by the key of the line."""
    kept = json.loads(meta.get(conn, _NAME) or b"{}")
    return {key: Check(date.fromisoformat(on), by) for key, (on, by) in kept.items()}


def last_checked(line: Hotline, checks: dict[str, Check]) -> date | None:
    """The later of the day of its source and the day on which staff called it."""
    days = [line.checked, checks[line.key].on if line.key in checks else None]
    return max((day for day in days if day is not None), default=None)

"""What tests of bad input stand on: a clock that leaps, and how many rows there are."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Table, func, select

from tests.whole.house import House
from tests.whole.phones import CHECKIN, FAMILY, RATING, REGISTRATION

WALK = (*REGISTRATION, *FAMILY, *CHECKIN, *RATING)
ENTRANCE = (*REGISTRATION, *FAMILY)


@dataclass(slots=True)
class LeapingClock:
    """The world's time and an offset that goes both ways."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 20)


async def number_of(house: House, table: Table) -> int:
    def unit(conn: Connection) -> int:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())

    return await house.database.read(unit)

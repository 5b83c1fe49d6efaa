"""To the next thing that somebody notices, through the mornings that only plan."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bot.service import Service
from tests.bot.services import heard, running, settings


async def without_other_plans(service: Service, *more: str) -> None:
    """Nothing is planned for anybody; rules will."""
    for statement in ("DELETE FROM due WHERE kind <> 'rule'", *more):
        await service.database.write(lambda conn, sql=statement: conn.execute(text(sql)) and None)


async def test_the_weekly_check_in_is_found_before_its_morning_has_planned_it(
    tmp_path: Path,
) -> None:
    async with running(settings(tmp_path)) as service:
        assert service.journey is not None
        await service.journey.settle()
        await without_other_plans(service)
        assert await service.journey.next_event() is None

        reached = await service.journey.advance_to_next()

        assert reached is not None
        assert len(await heard(service, "mbah-siti")) == 1


async def test_where_nobody_is_written_to_nothing_is_found(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        assert service.journey is not None
        await service.journey.settle()
        await without_other_plans(service, "UPDATE people SET consent = 'withdrawn'")
        before = service.clock.now()

        assert await service.journey.advance_to_next() is None

        assert service.clock.now() - before < timedelta(days=9)
        assert await heard(service, "mbah-siti") == []

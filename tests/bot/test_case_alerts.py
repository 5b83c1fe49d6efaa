"""`kawan cases alerts`: who was called about a case, at which step, and when she answered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.operations import OperationRefused
from conversations.level import Level
from storage import alerts, audit
from tests.bot.offices import Office
from tests.bot.offices import office as desk
from tests.storage.builders import NOW, a_member, a_task

__all__ = ["desk"]


async def test_who_was_called_about_a_case_is_told_by_step_and_the_asking_is_recorded(
    desk: Office,
) -> None:
    def unit(conn: Connection) -> None:
        dimas = a_member(conn)
        a_task(conn, None, level=Level.MERAH)
        alerts.record(conn, "JBR-26-0001", dimas.id, 0, NOW)
        alerts.record(conn, "JBR-26-0001", dimas.id, 1, NOW + timedelta(minutes=15))
        alerts.answered(conn, "JBR-26-0001", dimas.id, NOW + timedelta(minutes=16))

    await desk.write(unit)

    told = await desk.ask("case_alerts", code="jbr-26-0001")

    assert [(one["step"], one["name"]) for one in told["alerts"]] == [(0, "Dimas"), (1, "Dimas")]
    assert told["alerts"][1]["answered"] == (NOW + timedelta(minutes=16)).isoformat()
    [row] = await desk.write(lambda conn: audit.latest(conn, 1))
    assert (row.action, row.subject) == ("alerts listed", "JBR-26-0001")


async def test_of_a_case_that_is_not_there_nothing_is_told(desk: Office) -> None:
    with pytest.raises(OperationRefused, match="tidak ada tugas"):
        await desk.ask("case_alerts", code="JBR-26-9999")

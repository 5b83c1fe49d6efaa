"""Reports made of figures, and what they print, for tests in one line each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.report import compose
from bot.report.small_numbers import FEW, MANY, SOME
from bot.report.values import Report
from conversations.dialogue import VillageId
from conversations.level import Level
from storage.figures import (
    CheckIns,
    Cost,
    Count,
    Figures,
    FollowUps,
    Invitations,
    Period,
    Progress,
    Reach,
    SchoolMonth,
    Visitors,
)
from storage.people import Village
from tests.storage.months import (
    DECEMBER,
)

NOBODY = Count(0, 0)
LEDOKOMBO = Village(VillageId(1), "Ledokombo", "LDK", "Jember", "Kepala Desa", "Asia/Jakarta")
HIDDEN = (FEW, MANY, SOME)
NOT_COME = Visitors()
NOT_INVITED = Invitations(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY)

Numbers = Mapping[tuple[Level, Progress], int]


def people(n: int) -> Count:
    return Count(n, n)


REACH = Reach(46, 43, 38)
CHECKINS = CheckIns(people(40), people(38), people(30), people(12))


def a_report(
    reach: Reach = REACH,
    checkins: CheckIns = CHECKINS,
    schools: tuple[SchoolMonth, ...] = (),
    follow_ups: Numbers | None = None,
    hours: float | None = None,
    *,
    village: Village = LEDOKOMBO,
    organisation: str = "Program Contoh",
    now: datetime = DECEMBER,
    cost: Cost | None = None,
) -> Report:
    period = Period(2026, 11, ZoneInfo(village.zone), now)
    figures = Figures(reach, checkins, schools, FollowUps(follow_ups or {}, hours), cost)
    return compose(figures, village, period, organisation)


def a_school_month(
    invitations: Invitations = NOT_INVITED,
    visitors: Visitors = NOT_COME,
    *,
    name: str = "Sekolah Bok-Ebok",
    planned: int = 2,
    held: int = 2,
    recorded: int = 2,
) -> SchoolMonth:
    return SchoolMonth(name, planned, held, recorded, invitations, visitors)


def shown(report: Report) -> dict[str, str]:
    """Every line as it is printed, by its key."""
    lines = (*report.caregivers, *report.checkins, *report.taken_up, *report.costs)
    return {line.key: line.figure.shown for line in lines}


def row(report: Report) -> list[str]:
    """The only school."""
    [school] = report.schools.rows
    return [figure.shown for figure in school.figures]


def table(report: Report) -> dict[tuple[str, str], str]:
    """The follow-ups as they are printed, by level and progress."""
    return {
        (line.key, key): figure.shown
        for line in report.follow_ups.rows
        for key, figure in zip(report.follow_ups.keys, line.figures, strict=True)
    }

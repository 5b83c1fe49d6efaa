"""The monthly report of one village: which figures it shows, in which words, and which it hides.

It becomes a page in `page.py` (HTML) and `pdf.py`, both from the same `Report`; the counting is in
storage/figures.py. The page leaves the team: no names, no case codes, no number about few people.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from babel.dates import format_date

from bot.report import follow_ups, sections
from bot.report.values import Report
from storage.figures import Figures, Period
from storage.people import Village


def compose(figures: Figures, village: Village, period: Period, organisation: str) -> Report:
    """The report of one month; `period.now` is when it is made."""
    return Report(
        village=village,
        counted=period,
        month=format_date(period.begin.astimezone(period.zone), "MMMM y", locale="id"),
        period=_period(period),
        made=_moment(period.now, period),
        organisation=organisation,
        caregivers=sections.of_caregivers(figures.reach),
        checkins=sections.of_checkins(figures.checkins),
        schools=sections.of_schools(sorted(figures.schools, key=lambda one: not one.planned)),
        follow_ups=follow_ups.table(figures.follow_ups),
        taken_up=follow_ups.lines(figures.follow_ups),
        costs=sections.of_costs(figures.cost),
    )


def _period(period: Period) -> str:
    first, last = (
        at.astimezone(period.zone)
        for at in (period.begin, period.until - timedelta(milliseconds=1))
    )
    month = format_date(last, "MMMM y", locale="id")
    span = f"{first.day}–{last.day}" if last.day > first.day else f"{first.day}"
    days = f"{span} {month}, waktu setempat ({first.tzname()})"
    return days if period.is_over else f"{days}, bulan belum selesai"


def _moment(at: datetime, period: Period) -> str:
    local = at.astimezone(period.zone)
    date = format_date(local, "d MMMM y", locale="id")
    return f"{date}, {local:%H.%M} {local.tzname()}"

"""To when a meeting is moved: "Selasa 08.00", "24/11", "besok jam 9", seen from when it was.

A weekday means the coming one after the meeting, an hour alone the same day, a day alone the same
hour. What cannot be is not guessed: the answer says what is wrong with it.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from conversations.reading.clock import clock_said
from conversations.reading.time import Day, day_said
from conversations.reading.words import Reply, after_correction, has, marks, words_of
from locales.words import words

_NUMBERED = re.compile(r"(?<![\d./-])(\d{1,2})[-./](\d{1,2})(?:[-./]((?:20)?\d\d))?(?![\d./-])")
_NOT_A_TIME = re.compile(r"(?:jam|pukul|pkl|jm)\s*\d", re.IGNORECASE)


class Unclear(StrEnum):
    """Why a text names no new time for a meeting."""

    MISSING = "missing"
    """It names neither a day nor an hour."""
    HOUR = "hour"
    """The hour could be morning or evening, or is none."""
    DAY = "day"
    """Several days, or one that is none."""
    IMPOSSIBLE = "impossible"
    """A date that no calendar has: 31 February."""
    MISMATCH = "mismatch"
    """The weekday is not that of the date."""
    PAST = "past"
    SAME = "same"


def moved_to(text: str, now: datetime, meeting: datetime) -> datetime | Unclear:
    """The new time of a meeting; `now` and `meeting` are local times of the same zone.

    >>> now = datetime(2026, 11, 18, 10, 0)  # a Wednesday
    >>> meeting = datetime(2026, 11, 23, 9, 0)  # the Monday that comes
    >>> [f"{moved_to(said, now, meeting):%d/%m %H.%M}" for said in ("Selasa 08.00", "senin",
    ...     "jam 10", "besok jam 9", "ke tgl 25/11", "24-11-2026 08.00")]
    ['24/11 08.00', '30/11 09.00', '23/11 10.00', '19/11 09.00', '25/11 09.00', '24/11 08.00']
    >>> [moved_to(said, now, meeting).value for said in ("ya", "besok jam 4", "31 Februari jam 9",
    ...     "31/02 08.00", "Senin 24/11", "10/11 jam 9", "kemarin", "senin atau selasa", "jam 25")]
    ['missing', 'hour', 'impossible', 'impossible', 'mismatch', 'past', 'past', 'day', 'hour']
    """
    reply = after_correction(words_of(text))
    named = day_said(reply, now.date())
    clock = clock_said(reply)
    if named == "vague" or (named is None and _dates(text, reply, now.year)):
        return _why(text, reply, now)
    if clock == "vague":
        return Unclear.HOUR
    if named is None and clock is None:
        return Unclear.MISSING
    day = named.date if isinstance(named, Day) else meeting.date()
    new = datetime.combine(day, meeting.time() if clock is None else clock, meeting.tzinfo)
    if isinstance(named, Day) and named.repeats:
        while new <= max(now, meeting):
            new += timedelta(days=named.repeats)
    if new == meeting:
        return Unclear.SAME
    return new if new > now else Unclear.PAST


def date_said(text: str, year: int) -> str:
    """The day and month that a text names in numbers or words, as it is said; empty if none.

    >>> date_said("pindah 31/02 jam 8", 2026), date_said("selasa", 2026)
    ('31 Februari', '')
    """
    found = _dates(text, after_correction(words_of(text)), year)
    if not found:
        return ""
    day, month, _ = found[0]
    return f"{day} {_MONTHS[month - 1]}" if 1 <= month <= 12 else f"{day}/{month}"


def _why(text: str, reply: Reply, now: datetime) -> Unclear:
    dates = _dates(text, reply, now.year)
    days = [_calendar_day(one) for one in dates]
    if None in days:
        return Unclear.IMPOSSIBLE
    if has(reply, "relative", "past") or any(day < now.date() for day in days if day):
        return Unclear.PAST
    weekdays = {meaning for _, _, meaning in marks(reply, words()["days"])}
    if len(days) == 1 and len(weekdays) == 1:
        return Unclear.MISMATCH
    return Unclear.DAY


def _dates(text: str, reply: Reply, year: int) -> list[tuple[int, int, int]]:
    """Each day, month and year that is named, whether or not there is such a day."""
    return [*_in_numbers(text, year), *_in_words(reply, year)]


def _in_numbers(text: str, year: int) -> Iterator[tuple[int, int, int]]:
    for found in _NUMBERED.finditer(text):
        hour = "." in found[0] and not found[3]
        if hour or _NOT_A_TIME.search(text[: found.start() + 1][-6:]):
            continue
        said = int(found[3]) if found[3] else year
        yield int(found[1]), int(found[2]), said + 2000 if said < 100 else said


def _in_words(reply: Reply, year: int) -> Iterator[tuple[int, int, int]]:
    months = words()["months"]
    for day, month in pairwise(reply):
        if day.isdecimal() and month in months:
            yield int(day), int(months.meanings[month]), year


def _calendar_day(said: tuple[int, int, int]) -> date | None:
    day, month, year = said
    try:
        return date(year, month, day)
    except ValueError:
        return None


_MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus"),
    *("September", "Oktober", "November", "Desember"),
)

"""RENCANA: when something is done next, read out of an order in one's own words.

Pure reading; what is done with it is in `working.py`.
"""

from __future__ import annotations

import re
from datetime import datetime, time
from functools import cache
from itertools import groupby

from conversations.reading.appointment import Unclear, moved_to
from conversations.reading.words import words_of
from locales.words import words

USUAL = time(9, 0)
"""The hour that is meant where only a day is said, local time."""

_TABLES = ("days", "pasaran", "months", "dayparts", "prayers")
_SIGNS = ",;.:"
_BEFORE = frozenset({"hari", "nanti", "tanggal", "tgl"})
_AFTER = frozenset({"ini", "depan", "atau", "lagi"})
"""Words that belong to a time only beside a word that is one itself, as small numbers do."""

_NUMBER = re.compile(r"\d{1,2}|20\d\d")
_WRITTEN = re.compile(r"\d{1,2}[./:-]\d{1,2}(?:[./-]\d{2,4})?")
_UNSAID = 1
"""Seconds that mark an hour nobody said."""

_LAST = time(23, 59, _UNSAID)


def planned(said: str, now: datetime) -> tuple[datetime | Unclear, str]:
    """The time in an order and what is left of it; `now` is local, so is the answer.

    A day alone means nine o'clock, an hour alone today.

    >>> now = datetime(2026, 11, 18, 10, 0)  # a Wednesday
    >>> for said in ("besok jam 9 telepon nenek", "Senin jemput 2 anak", "telepon UPTD jam 14.00",
    ...     "besok jam 4 ke sana", "jam 10 ke sana", "telepon nenek"):
    ...     at, rest = planned(said, now)
    ...     print(at if isinstance(at, datetime) else at.value, "|", rest)
    2026-11-19 09:00:00 | telepon nenek
    2026-11-23 09:00:00 | jemput 2 anak
    2026-11-18 14:00:00 | telepon UPTD
    hour | ke sana
    past | ke sana
    missing | telepon nenek
    """
    times: list[list[str]] = []
    rest: list[str] = []
    for is_time, run in groupby(said.split(), _may_be_time):
        part = list(run)
        if is_time and any(map(_is_time, part)):
            begin = next(place for place, token in enumerate(part) if _may_begin(token))
            rest += part[:begin]
            times.append(part[begin:])
        else:
            rest += part
    if not times:
        return Unclear.MISSING, said.strip()
    found = _at([word for run in times for word in run], now)
    first = _at(times[0], now)
    if not isinstance(found, datetime) and isinstance(first, datetime) and first.second != _UNSAID:
        found, rest = first, [word for word in said.split() if word not in times[0]]
    if isinstance(found, datetime):
        found = found.replace(second=0)
    return found, " ".join(rest)


def _at(phrase: list[str], now: datetime) -> datetime | Unclear:
    """When a phrase means; where it is today, and no hour is said, the hour is what is missing."""
    heard = _moved(phrase, now, USUAL.replace(second=_UNSAID))
    if heard is not Unclear.PAST:
        return heard
    late = _moved(phrase, now, _LAST)
    return Unclear.HOUR if isinstance(late, datetime) and late.time() == _LAST else Unclear.PAST


def _moved(phrase: list[str], now: datetime, usual: time) -> datetime | Unclear:
    meeting = datetime.combine(now.date(), usual, now.tzinfo)
    heard = moved_to(" ".join(phrase), now, meeting)
    if heard is Unclear.SAME:
        return meeting if meeting > now else Unclear.PAST
    return heard


def _may_be_time(token: str) -> bool:
    return _may_begin(token) or not _spelled(token).isdisjoint(_AFTER | _beside())


def _may_begin(token: str) -> bool:
    is_number = _NUMBER.fullmatch(token.strip(_SIGNS)) is not None
    return is_number or _is_time(token) or not _spelled(token).isdisjoint(_BEFORE)


def _is_time(token: str) -> bool:
    written = _WRITTEN.fullmatch(token.strip(_SIGNS)) is not None
    return written or not _spelled(token).isdisjoint(_time_words())


def _spelled(token: str) -> frozenset[str]:
    return frozenset(words_of(token))


@cache
def _time_words() -> frozenset[str]:
    """Words that are a day, a month or a part of a day, and the one before an hour."""
    listed = {word for table in _TABLES for word in words()[table].meanings}
    hour = {word for word, meaning in words()["clock"].meanings.items() if meaning == "at"}
    relative = {word for word in words()["relative"].meanings if " " not in word}
    return frozenset(listed | hour | relative) - _BEFORE - _AFTER


@cache
def _beside() -> frozenset[str]:
    """What makes an hour more exact: "setengah", "lewat", "menit", "WIB"."""
    return frozenset(words()["clock"].meanings) - _time_words()

"""The clock time in a typed reply: "jam 4 sore", "setengah 8 pagi", "pukul 19.15".

Times of prayer are no clock times, and an hour that could be morning or evening is unclear. Days
are read in `time`.
"""

import re
from collections.abc import Iterator
from datetime import time
from typing import Literal

from conversations.reading.numbers import numbers, whole
from conversations.reading.words import Reply, after_correction, marks, words_of
from locales.words import words

_CLOCK = re.compile(r"(\d{1,2})[.:](\d{2})")
_PRAYER_PARTS = {
    "subuh": "morning",
    "dhuhur": "noon",
    "ashar": "afternoon",
    "maghrib": "night",
    "magrib": "night",
    "isya": "night",
}

Vague = Literal["vague"]
"""Said, but not clear enough to act on: it is asked again."""


def clock_time(text: str) -> time | None:
    """The one clock time in a reply; an hour from 1 to 6 needs its part of the day.

    >>> [str(clock_time(reply)) for reply in ("jam 4 sore", "jam setengah 8", "pukul 19.15",
    ...     "jam 7 kurang 10 pagi")]
    ['16:00:00', '07:30:00', '19:15:00', '06:50:00']
    >>> [clock_time(reply) for reply in ("jam 4", "jam 12 malam", "ba'da isya", "jam 25")]
    [None, None, None, None]
    """
    clock = clock_said(after_correction(words_of(text)))
    return clock if isinstance(clock, time) else None


def clock_said(reply: Reply) -> time | Vague | None:
    """The one time said; "vague" where several were said or one is unclear."""
    part = _part_of_day(reply)
    if part == "vague":
        return "vague"
    said: set[time | Vague] = {_in_day(minutes, exact, part) for minutes, exact in _times(reply)}
    if len(said) > 1 or any(words()["joints"].get(word) == "or" for word in reply if said):
        return "vague"
    return said.pop() if said else None


def _times(reply: Reply) -> Iterator[tuple[int, bool]]:
    """Each time in a reply as minutes on the dial, and whether it is of the 24-hour kind; -1 when
    impossible.
    """
    at = [place for place, word in enumerate(reply) if words()["clock"].get(word) == "at"]
    if len(at) > 3:
        yield -1, False
        return
    for place in at:
        yield _time_after(reply, place + 1)
        ends = [one for one in numbers(reply[place + 1 :]) if one.start > 0]
        joint = [
            one for one in ends if words()["joints"].get(reply[place + one.start]) in ("to", "or")
        ]
        if joint or any(reply[place + one.start] == "-" for one in ends[:1]):
            yield -1, False
    if not at:
        for word in reply:
            if (written := _CLOCK.fullmatch(word)) is not None:
                yield _written(written)
        for one in numbers(reply):
            half = one.start > 0 and words()["clock"].get(reply[one.start - 1]) == "half"
            after = reply[one.end] if one.end < len(reply) else ""
            if one.value <= 12 and (half or after in words()["dayparts"]):
                yield _time_after(reply, one.start - half)


def _written(written: re.Match[str]) -> tuple[int, bool]:
    hour, minute = int(written[1]), int(written[2])
    if hour > 23 or minute > 59:
        return -1, False
    return hour * 60 + minute, written[1].startswith("0") or hour > 12


def _time_after(reply: Reply, start: int) -> tuple[int, bool]:
    """The time that follows "jam": "7", "19.15", "setengah 8", "7 kurang seperempat", "tujuh tiga
    puluh".
    """
    clock = words()["clock"]
    half = start < len(reply) and clock.get(reply[start]) == "half"
    start += half
    if start < len(reply) and (written := _CLOCK.fullmatch(reply[start])) and not half:
        return _written(written)
    found = {one.start: one for one in numbers(reply)}
    one = found.get(start)
    hour = None if one is None else whole(one.value)
    if one is None or hour is None or hour > 23:
        return -1, False
    if half:
        return (hour * 60 - 30, False) if 1 <= hour <= 12 else (-1, False)
    exact = hour > 12 or reply[start].startswith("0")
    following = clock.get(reply[one.end]) if one.end < len(reply) else None
    sign = {"minus": -1, "plus": 1}.get(following or "", 0)
    place = one.end + (1 if sign else 0)
    minutes = _minutes_at(reply, place, found[place].end if place in found else place)
    if minutes is None:
        return (-1, False) if sign or following == "half" else (hour * 60, exact)
    return hour * 60 + (sign or 1) * minutes, exact


def _minutes_at(reply: Reply, place: int, end: int) -> int | None:
    if place >= len(reply):
        return None
    if words()["clock"].get(reply[place]) == "quarter":
        return 15
    following = reply[end] if end < len(reply) else ""
    if end == place or following in words()["months"] or following in ("/", "-"):
        return None
    value = whole(numbers(reply[place:end])[0].value)
    return value if value is not None and 1 <= value <= 59 else None


def _part_of_day(reply: Reply) -> str | None:
    """Morning, noon, afternoon or night, if exactly one was said; "vague" when they contradict."""
    parts = {meaning for _, _, meaning in marks(reply, words()["dayparts"])}
    parts |= {_PRAYER_PARTS[word] for word in reply if word in _PRAYER_PARTS}
    if len(parts) > 1:
        return "vague"
    return parts.pop() if parts else None


def _in_day(minutes: int, exact: bool, part: str | None) -> time | Vague:
    """A time on the dial as one of the day: "jam 4" and "sore" are 16:00."""
    if minutes < 0:
        return "vague"
    hour = minutes // 60
    afternoon = minutes + 720
    match part:
        case None if exact or 7 <= hour <= 17:
            chosen: int | None = minutes
        case "morning" if hour < 12:
            chosen = minutes
        case "noon":
            chosen = minutes if 10 <= hour <= 15 else afternoon if 1 <= hour <= 4 else None
        case "afternoon":
            chosen = minutes if 13 <= hour <= 18 else afternoon if 1 <= hour <= 6 else None
        case "night":
            chosen = minutes if 17 <= hour <= 23 else afternoon if 5 <= hour <= 11 else None
        case _:
            chosen = None
    return time(chosen // 60, chosen % 60) if chosen is not None else "vague"

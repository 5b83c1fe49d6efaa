"""Days and clock times in a typed reply: "Rabu jam 4 sore", "besok jam setengah 8", "Jumat Legi".

Everything is relative to a local `now` that the caller gives; times of prayer are no clock times,
and an hour that could be morning or evening is asked again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from conversations.reading.clock import Vague, clock_said
from conversations.reading.numbers import numbers, whole
from conversations.reading.words import Reply, after_correction, has, marks, words_of
from locales.words import words

_WEEKDAYS = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")
_PASARAN = ("legi", "pahing", "pon", "wage", "kliwon")
_JUMAT_LEGI = date(1945, 8, 17)
_HALF_YEAR = timedelta(days=180)
_A_SEASON = timedelta(days=90)
"""Nobody arranges a visit further ahead in bare digits: "2-3" is no second of March."""
_DAYS_IN = {"hari lagi": 1, "minggu lagi": 7}


@dataclass(frozen=True, slots=True)
class Day:
    """A date somebody named; `repeats` is after how many days the same name comes round again, 0
    for never.
    """

    date: date
    repeats: int = 0


def pasaran(day: date) -> str:
    """The day of the Javanese five-day market week, counted from Friday Legi, 17 August 1945.

    >>> pasaran(date(1945, 8, 17)), pasaran(date(2026, 11, 18))
    ('legi', 'wage')
    """
    return _PASARAN[(day - _JUMAT_LEGI).days % 5]


def weekday_time(text: str, now: datetime) -> datetime | date | None:
    """When a person wants to meet, after `now`: a time, or the date alone where no time was said.

    >>> now = datetime(2026, 11, 18, 10, 0)  # a Wednesday
    >>> print(weekday_time("Rabu jam 4 sore", now))
    2026-11-18 16:00:00
    >>> print(weekday_time("Rabu depan jam setengah 8 pagi", now))
    2026-11-25 07:30:00
    >>> print(weekday_time("jumat habis maghrib", now), weekday_time("Jumat Pon", now))
    2026-11-20 2026-11-27
    >>> [weekday_time(reply, now) for reply in ("besok jam 4", "minggu depan",
    ...     "senin atau selasa", "tadi")]
    [None, None, None, None]
    """
    reply = _instead(words_of(text))
    corrected = after_correction(reply)
    earlier = reply[: len(reply) - len(corrected)]
    clock = clock_said(corrected) or clock_said(earlier)
    named = day_said(corrected, now.date()) or day_said(earlier, now.date())
    if clock == "vague" or named == "vague":
        return None
    if named is None:
        if clock is None:
            return None
        today = datetime.combine(now.date(), clock, now.tzinfo)
        return today if today > now else None
    if clock is None:
        either = named.repeats and named.date == now.date() and "ini" not in reply
        return None if either else named.date
    when = datetime.combine(named.date, clock, now.tzinfo)
    if when <= now and named.repeats:
        when += timedelta(days=named.repeats)
    return when if when > now else None


def _instead(reply: Reply) -> Reply:
    """What is proposed after a refusal: "bukan kamis tapi jumat", "jangan besok, lusa saja"."""
    if reply[:1] in (("bukan",), ("jangan",)):
        for turn in ("tapi", "melainkan", ","):
            if turn in reply[:-1]:
                return reply[reply.index(turn) + 1 :]
    return reply


def day(text: str, now: date) -> date | None:
    """The one day, today or later, that a reply names.

    >>> today = date(2026, 11, 18)
    >>> [str(day(reply, today)) for reply in ("bsk", "Jum'at", "tgl 25", "3 des", "malam jumat",
    ...     "31/02")]
    ['2026-11-19', '2026-11-20', '2026-11-25', '2026-12-03', '2026-11-19', 'None']
    """
    today = now.date() if isinstance(now, datetime) else now
    named = day_said(after_correction(words_of(text)), today)
    return named.date if isinstance(named, Day) else None


# --- the day --------------------------------------------------------------------------------------


def day_said(reply: Reply, today: date) -> Day | Vague | None:
    """The one day said; "vague" where it is past, impossible, refused or one of several."""
    joints = words()["joints"]
    kinds = [meaning for _, _, meaning in marks(reply, words()["relative"])]
    unsure = any(
        meaning == "unsure" and reply[start] not in ("kurang", "sedikit")
        for start, _, meaning in marks(reply, words()["answers"])
    )
    if (
        "past" in kinds
        or "every" in kinds
        or "broad" in kinds
        or unsure
        or has(reply, "ordinals", "except")
        or ("?" in reply and ("jam" not in reply or has(reply, "answers", "question")))
    ):
        return "vague"
    unclear = words().ambiguous.intersection(reply)
    if unclear and not (unclear == {"enjing"} and reply[0] != "enjing"):
        return "vague"
    if any(joints.get(word) in ("not", "or") for word in reply):
        return "vague"
    relative = _relative_days(reply, today)
    reply, week = _without_week(reply)
    weekdays, dates = list(_weekdays(reply)), list(_dates(reply, today))
    if None in dates:
        return "vague"
    named = {found for found in dates if found is not None}
    if not (relative == {today + timedelta(days=1)} and _coming_weekday(reply)):
        named |= relative
    if len(named) > 1 or (named and week == "next"):
        return "vague"
    if named:
        fixed = named.pop()
        agrees = all(_is_on(fixed, weekday, eve) for weekday, eve in weekdays)
        return (
            Day(fixed) if agrees and fixed >= today and _market_day_fits(reply, fixed) else "vague"
        )
    if weekdays:
        return _next_weekday(reply, weekdays, week, today)
    if week or has(reply, "relative", "next"):
        return "vague"
    return _next_market_day(reply, today)


def _without_week(reply: Reply) -> tuple[Reply, str | None]:
    """A reply without "minggu depan" or "minggu ini", and which of the two it said."""
    for place, (first, second) in enumerate(pairwise(reply)):
        week = words()["units"].get(first) == "week"
        if week and second in ("depan", "ini", "berikutnya", "lagi"):
            kept = reply[:place] + reply[place + 2 :]
            return kept, {"ini": "this", "lagi": "later"}.get(second, "next")
    return reply, None


def _weekdays(reply: Reply) -> Iterator[tuple[int, bool]]:
    """Each weekday named (Monday is 0), and whether its eve is meant: "malam Jumat" is Thursday
    evening.
    """
    for start, _, meaning in marks(reply, words()["days"]):
        before = reply[start - 1] if start else ""
        if not before[:1].isdigit() and before not in words()["numbers"]:
            yield _WEEKDAYS.index(meaning), before == "malam"


def _is_on(day: date, weekday: int, eve: bool) -> bool:
    return (day + timedelta(days=eve)).weekday() == weekday


def _market_day(reply: Reply) -> str | None:
    found = {meaning for _, _, meaning in marks(reply, words()["pasaran"])}
    return found.pop() if len(found) == 1 else None


def _next_market_day(reply: Reply, today: date) -> Day | None:
    """The coming day of a market day said alone: "pasaran Legi"; "pon" and "manis" are other words
    too.
    """
    market = _market_day(reply)
    named = "pasaran" in reply or "hari" in reply or {"pon", "manis"}.isdisjoint(reply)
    if market is None or not named:
        return None
    coming = (today + timedelta(days=offset) for offset in range(5))
    return Day(next(day for day in coming if pasaran(day) == market), repeats=5)


def _market_day_fits(reply: Reply, day: date) -> bool:
    market = _market_day(reply)
    return market is None or pasaran(day) == market


def _next_weekday(
    reply: Reply, weekdays: list[tuple[int, bool]], week: str | None, today: date
) -> Day | Vague:
    """The coming day of that name, of next week when "depan" was said, of that market day if one
    was said.
    """
    coming = [today + timedelta(days=offset) for offset in range(35)]
    days = {next(day for day in coming if _is_on(day, weekday, eve)) for weekday, eve in weekdays}
    if len(days) != 1 or week == "later":
        return "vague"
    first = days.pop()
    if market := _market_day(reply):
        fitting = (first + timedelta(days=7 * times) for times in range(5))
        return Day(next(day for day in fitting if pasaran(day) == market), repeats=35)
    if week == "next" or has(reply, "relative", "next"):
        monday = today + timedelta(days=7 - today.weekday())
        return Day(monday + timedelta(days=first.weekday()))
    if week == "this" and first >= today + timedelta(days=7 - today.weekday()):
        return "vague"
    return Day(first, repeats=7)


def _relative_days(reply: Reply, today: date) -> set[date]:
    """Days named from today: "besok", "lusa", "nanti malam", "3 hari lagi"."""
    found = {
        today + timedelta(days=int(meaning))
        for _, _, meaning in marks(reply, words()["relative"])
        if meaning.isdigit()
    }
    for one in numbers(reply):
        days = whole(one.value)
        unit = _DAYS_IN.get(" ".join(reply[one.end : one.end + 2]), 0)
        if unit and days is not None and days <= 60:
            found.add(today + timedelta(days=days * unit))
    if ("seminggu", "lagi") in pairwise(reply):
        found.add(today + timedelta(days=7))
    return found


def _coming_weekday(reply: Reply) -> bool:
    """Whether "besok" stands beside a weekday: "besok Senin" is the Monday that comes."""
    days = words()["days"]
    return any("besok" in pair and (pair[0] in days or pair[1] in days) for pair in pairwise(reply))


def _dates(reply: Reply, today: date) -> Iterator[date | None]:
    """Each calendar date named; None for one that does not exist or lies in the past."""
    months = words()["months"]
    for written in re.finditer(
        r"\b(20\d\d) ?[-./] ?(\d{1,2}) ?[-./] ?(\d{1,2})\b", " ".join(reply)
    ):
        yield _dated(int(written[3]), int(written[2]), written[1], today)
        return
    for word in reply:
        if dotted := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.((?:20)?\d\d)", word):
            yield _dated(int(dotted[1]), int(dotted[2]), dotted[3], today)
    found = numbers(reply)
    for one in found:
        day, after = whole(one.value), reply[one.end : one.end + 4]
        before = reply[one.start - 1] if one.start else ""
        if day is None:
            continue
        if after and after[0] in months:
            year = after[1] if len(after) > 1 and re.fullmatch(r"20\d\d", after[1]) else None
            yield _dated(day, int(months.meanings[after[0]]), year, today)
        elif (
            len(after) > 1
            and after[0] in "/-"
            and after[1].isdecimal()
            and before not in ("/", "-", "jam")
        ):
            dated = len(after) == 4 and after[2] in "/-" and after[3].isdecimal()
            year = after[3] if dated else None
            named = _dated(day, int(after[1][:4]), year, today)
            far = named is not None and year is None and named - today > _A_SEASON
            yield None if far else named
        elif before == "tanggal":
            spelled = [digit.value for digit in found if digit.start == one.end]
            second = whole(spelled[0]) if spelled and reply[one.end].isalpha() else None
            yield _next_day_of_month(day if second is None else 10 * day + second, today)


def _dated(day: int, month: int, year: str | None, today: date) -> date | None:
    """A date, of this year where none was said, or of the next when that is long past."""
    try:
        if year is not None:
            found = date(int(year) + (2000 if len(year) == 2 else 0), month, day)
        else:
            found = date(today.year, month, day)
            if found < today - _HALF_YEAR:
                found = date(today.year + 1, month, day)
    except (ValueError, OverflowError):
        return None
    return found if found >= today else None


def _next_day_of_month(day: int, today: date) -> date | None:
    month = today.replace(day=1)
    if day < today.day:
        month = (month + timedelta(days=32)).replace(day=1)
    try:
        return month.replace(day=day)
    except ValueError:
        return None

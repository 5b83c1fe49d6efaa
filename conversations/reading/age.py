"""Ages and numbers of children in a typed reply: "3 th 8 bln", "1 laki 1 perempuan"."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from conversations.reading.numbers import (
    Number,
    counts_children,
    joint,
    numbers,
    of_calendar,
    refused,
    whole,
)
from conversations.reading.words import Reply, after_correction, has, marks, words_of
from locales.words import words

MANY_NUMBERS = 12
"""A reply with more numbers than this is no answer to "how many children" or "how old"."""

_MONTHS = {"year": 12.0, "month": 1.0, "week": 0.23, "day": 0.0328}


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in a reply, in months; `unit` is False for a bare number taken as years."""

    months: float
    start: int
    end: int
    unit: bool


def age_years(text: str, now: date | None = None) -> int | None:
    """Completed years of age, 0 to 120. A birth date is understood only when `now` is given.

    >>> [age_years(age) for age in ("3 th 8 bln", "18 bulan", "setahun setengah", "umur 7 jalan 8")]
    [3, 1, 1, 7]
    >>> [age_years(age) for age in ("hampir 5 tahun", "baru lahir", "6-7", "kelas 2 SD",
    ...     "lahir 2019")]
    [4, 0, None, None, None]
    >>> age_years("lahir mei 2019", date(2026, 11, 18))
    7
    """
    reply = after_correction(words_of(text))
    if len(numbers(reply)) > MANY_NUMBERS:
        return None
    if has(reply, "ages", "newborn"):
        return 0 if all(span.months < 2 for span in _spans(reply) if span.unit) else None
    if has(reply, "ages", "born"):
        return None if now is None else _age_from_birth(reply, now)
    spans = _spans(reply)
    if _alternatives(reply) or "depan" in reply:
        return None
    spans = [span for span in spans if span.unit] or spans
    if len(spans) > 1 and has(reply[spans[0].end : spans[1].start], "ages", "running", "nearly"):
        spans = spans[:1] if 0 < _years(spans[1]) - _years(spans[0]) <= 1 else []
    ages = {_completed(reply, span) for span in spans}
    age = ages.pop() if len(ages) == 1 else None
    return age if age is not None and 0 <= age <= 120 else None


def _alternatives(reply: Reply) -> bool:
    """Whether two numbers are offered for one: "6 atau 7", "2-3", "60-an"."""
    found = numbers(reply)
    pairs = pairwise(found)
    either = any(
        joint([word for word in reply[a.end : b.start] if word not in words()["units"]])
        in ("or", "to")
        or (a.end == b.start and a.value != b.value and reply[b.start + 1 : b.start + 2] != ("/",))
        for a, b in pairs
    )
    return either or any(
        reply[one.end : one.end + 1] == ("an",) or reply[one.end : one.end + 2] == ("-", "an")
        for one in found
    )


def _years(span: Span) -> float:
    return span.months / 12


def _completed(reply: Reply, span: Span) -> int | None:
    """The completed years of one length of time, seen with the words before it ("hampir",
    "belum").
    """
    before = reply[max(0, span.start - 3) : span.start]
    meanings = [meaning for _, _, meaning in marks(before, words()["ages"])]
    if "more" in meanings:
        return None
    if "nearly" in meanings or meanings[-1:] == ["running"]:
        if "nearly" not in meanings and before[-1] in ("masuk", "menginjak"):
            return None
        return math.ceil(span.months / 12) - 1
    if "less" in meanings:
        return 0 if span.months <= 12 else None
    return math.floor(span.months / 12 + 1e-9)


def _spans(reply: Reply) -> list[Span]:
    spans: list[Span] = []
    taken = 0
    found = {one.start: one for one in numbers(reply)}
    start = 0
    while start < len(reply):
        span = _span_at(reply, start, found)
        if span is None:
            start += 1
            continue
        span, merged = (
            (_join(spans[-1], span, reply), True)
            if spans and _joins(spans[-1], span, reply)
            else (span, False)
        )
        if merged:
            spans[-1] = span
        else:
            spans.append(span)
        start = max(span.end, start + 1)
        taken += 1
    return spans


def _span_at(reply: Reply, start: int, found: dict[int, Number]) -> Span | None:
    half = words()["clock"].get(reply[start]) == "half"
    one = found.get(start)
    unit = words()["units"].get(reply[start])
    if unit is not None and unit.startswith("one_"):
        return _with_half(reply, _MONTHS[unit[4:]], start + 1, start, _MONTHS[unit[4:]])
    if half and start + 1 < len(reply) and (size := _size(reply[start + 1])):
        return Span(size / 2, start, start + 2, True)
    if one is None or one.ordinal or one.value < 0 or of_calendar(reply, one):
        return None
    value, end = one.value, one.end
    if end < len(reply) and words()["clock"].get(reply[end]) == "half":
        value, end = value + 0.5, end + 1
    elif reply[end : end + 3] == ("1", "/", "2"):
        value, end = value + 0.5, end + 3
    if end < len(reply) and (size := _size(reply[end])):
        following = reply[end + 1] if end + 1 < len(reply) else ""
        if following in ("lalu", "lagi", "depan"):
            return None
        return _with_half(reply, value * size, end + 1, start, size)
    before = reply[start - 1] if start else ""
    after = reply[end] if end < len(reply) else ""
    school = words()["ages"].get(before) == "school" or (
        words()["ages"].get(after) == "school" and not (after == "kelas" and end + 1 in found)
    )
    if (
        school
        or before in ("tahun", "bulan")
        or after in words()["units"]
        or counts_children(after)
    ):
        return None
    return Span(value * 12, start, end, False)


def _with_half(reply: Reply, months: float, end: int, start: int, size: float) -> Span:
    if end < len(reply) and words()["clock"].get(reply[end]) == "half":
        return Span(months + size / 2, start, end + 1, True)
    return Span(months, start, end, True)


def _size(word: str) -> float | None:
    return _MONTHS.get(words()["units"].get(word) or "") or (
        _MONTHS["day"] if word == "hari" else None
    )


def _joins(first: Span, second: Span, reply: Reply) -> bool:
    """Whether "3 tahun" and "8 bulan" are one age."""
    between = [
        word
        for word in reply[first.end : second.start]
        if word not in ("dan", ",", "lebih", "lewat", "kurang")
    ]
    smaller = second.unit and second.months < 12 <= first.months
    known_unit = first.unit or "kurang" in reply[first.end : second.start]
    return (
        known_unit
        and not between
        and (smaller or (not second.unit and second.months < 144 and second.start == first.end))
    )


def _join(first: Span, second: Span, reply: Reply) -> Span:
    months = second.months if second.unit else second.months / 12
    less = "kurang" in reply[first.end : second.start]
    return Span(first.months + (-months if less else months), first.start, second.end, True)


def _age_from_birth(reply: Reply, now: date) -> int | None:
    """The age from a birth month and year; None where the answer depends on a day that was not
    said.
    """
    text = " ".join(reply)
    written = re.search(r"(?:(\d{1,2}) ?[-/.] ?)?(\d{1,2}) ?[-/.] ?((?:19|20)\d\d)\b", text)
    if written:
        day, month, year = written.groups()
    else:
        named = re.search(r"(?:(\d{1,2}) )?([a-z]+) ((?:19|20)\d\d)\b", text)
        if named is None or (month := words()["months"].get(named[2]) or "") == "":
            return None
        day, year = named[1], named[3]
    try:
        first = date(int(year), int(month), int(day or 1))
        last = date(int(year), int(month), int(day or 28))
    except ValueError:
        return None
    ages = {
        now.year - born.year - ((now.month, now.day) < (born.month, born.day))
        for born in (first, last)
    }
    age = ages.pop() if len(ages) == 1 else None
    return age if age is not None and 0 <= age <= 120 else None


def children_count(text: str) -> int | None:
    """How many children, 0 to 30; boys and girls are added, other sums are asked again.

    >>> [children_count(reply) for reply in ("dua anak", "cuma satu", "ga ada",
    ...     "1 laki 1 perempuan", "kembar dua")]
    [2, 1, 0, 2, 2]
    >>> [children_count(reply) for reply in ("2 cucu 1 anak", "kembar",
    ...     "dua, satu lagi di pondok", "berdua")]
    [None, None, None, None]
    """
    reply = after_correction(words_of(text))
    kinds = {meaning for _, _, meaning in marks(reply, words()["children"])}
    if "other" in kinds:
        return None
    if len(numbers(reply)) > MANY_NUMBERS:
        return None
    found = [one for one in numbers(reply) if not _of_age(reply, one)]
    if not found:
        return _count_in_words(reply, kinds)
    if "bukan" in reply:
        found = [one for one in found if not refused(reply, one)]
    found = _without_parts(reply, found)
    if not found or any(_counts_no_child(reply, one) for one in found):
        return None
    sex_first = _sex_before(reply, found[0]) is not None
    by_sex = {
        one.start: sex
        for one in found
        if (sex := _sex_before(reply, one) if sex_first else _sex_after(reply, one))
    }
    counts = [whole(one.value) for one in found]
    if None in counts:
        return None
    if len(set(by_sex.values())) == 2 and len(by_sex) == 2:
        total = int(sum(one.value for one in found if one.start in by_sex))
        others = {int(one.value) for one in found if one.start not in by_sex}
        return total if others <= {total} and total <= 30 else None
    count = counts[0] if len(set(counts)) == 1 and len(found) < 3 else None
    same_thing = len(found) == 1 or all(
        word in "()=" or word in words()["numbers"] for word in reply[found[0].end : found[1].start]
    )
    return count if count is not None and count <= 30 and same_thing else None


def _count_in_words(reply: Reply, kinds: Iterable[str]) -> Literal[0, 1, 2] | None:
    if "pair" in kinds:
        return 2
    if "single" in kinds:
        return 1
    text = " ".join(word for word in reply if words()["courtesy"].get(word) is None)
    nothing = re.fullmatch(
        r"(?:[a-z']+ ){0,2}(?:tidak|belum) (?:ada|punya|dikaruniai|dikasih|diberi|diparingi)"
        r"(?: (?:anak|cucu|lare|bocah|putu|momongan|keturunan|budak|incu|sama|satu|pun))*",
        text,
    )
    return 0 if nothing or text == "tadha'" else None


def _without_parts(reply: Reply, found: list[Number]) -> list[Number]:
    """The numbers without those of a part: "lima, yang satu di luar negeri" are five."""
    return found[:1] + [
        one for one in found[1:] if reply[one.start - 1] != "yang" or one.value >= found[0].value
    ]


def _counts_no_child(reply: Reply, one: Number) -> bool:
    halved = one.end < len(reply) and words()["clock"].get(reply[one.end]) == "half"
    return halved or one.ordinal or refused(reply, one) or of_calendar(reply, one)


def _of_age(reply: Reply, one: Number) -> bool:
    """Whether a number tells an age or a class, not a count; a list after "umur" is all ages."""
    if one.end < len(reply) and words()["units"].get(reply[one.end]):
        return True
    for later in numbers(reply):
        if later.start > one.end and joint(reply[one.end : later.start]) in ("or", "to"):
            return _of_age(reply, later)
    position = one.start - 1
    while position >= 0 and (
        reply[position][0].isdigit()
        or reply[position] in ("dan", ",", "sama", "-")
        or reply[position] in words()["numbers"]
    ):
        position -= 1
    return position >= 0 and words()["ages"].get(reply[position]) in ("age", "school")


def _sex_before(reply: Reply, one: Number) -> str | None:
    before = words()["children"].get(reply[one.start - 1]) if one.start else None
    return before if before in ("boy", "girl") else None


def _sex_after(reply: Reply, one: Number) -> str | None:
    """Whether boys or girls are counted: "2 laki-laki", "2 anak perempuan"."""
    for word in reply[one.end : one.end + 2]:
        kind = words()["children"].get(word)
        if kind != "child":
            return kind if kind in ("boy", "girl") else None
    return None

"""The numbers in a typed reply, in digits or in the words of any listed language, and steps of a
scale.

Nothing here guesses: two different numbers are no number. Ages and counts of children are read in
`reading_age`.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from conversations.reading.words import Reply, after_correction, has, marks, words_of
from locales.words import words


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a reply: words[start:end]; `marked` when "nomor", "pilihan" or the like
    precedes.
    """

    value: float
    start: int
    end: int
    ordinal: bool = False
    marked: bool = False


@lru_cache(maxsize=4)
def numbers(reply: Reply) -> tuple[Number, ...]:
    """Every number of a reply, in words or digits, from the left.

    >>> [n.value for n in numbers(words_of("nomer telung puluh lima, utawa 1,5"))]
    [35.0, 1.5]
    """
    found: list[Number] = []
    start = 0
    while start < len(reply):
        hit = _number_at(reply, start)
        if hit is None:
            start += 1
            continue
        value, end, ordinal = hit
        if reply[end : end + 1] == ("koma",) and (tenths := _fraction(reply, end + 1)):
            value, end = value + tenths[0], tenths[1]
        before = start - 1
        while before >= 0 and reply[before] in "-.:#(":
            before -= 1
        previous = words()["ordinals"].get(reply[before]) if before >= 0 else None
        negative = (
            start > 0 and reply[start - 1] == "-" and (start == 1 or reply[start - 2] in ",(:")
        ) or reply[start - 1 : start] == ("minus",)
        found.append(
            Number(
                -value if negative else value,
                start,
                end,
                ordinal or previous == "prefix",
                ordinal or previous in ("prefix", "marker"),
            )
        )
        start = end
    return tuple(found)


def _number_at(reply: Reply, start: int) -> tuple[float, int, bool] | None:
    word = reply[start]
    if word[0].isdigit():
        value = _digits(word)
        return None if value is None else (value, start + 1, False)
    for prefix in ("ke", "ka"):
        rest = word.removeprefix(prefix)
        if rest != word and word not in words()["numbers"] and rest in words()["numbers"]:
            return float(words()["numbers"].meanings[rest]), start + 1, True
    ordinal = words()["ordinals"].get(word)
    if ordinal == "1" and word == "pertama":
        return 1.0, start + 1, True
    return _in_words(reply, start)


def _fraction(reply: Reply, start: int) -> tuple[float, int] | None:
    """What stands behind "koma": "lima" is five tenths."""
    hit = _number_at(reply, start) if start < len(reply) else None
    if hit is None or not 0 <= hit[0] < 100 or hit[0] != int(hit[0]):
        return None
    return hit[0] / 10 ** len(str(int(hit[0]))), hit[1]


def _in_words(reply: Reply, start: int) -> tuple[float, int, bool] | None:
    """A number written in words: "dua puluh lima", "sewidak pitu", "rong puluh"."""
    total, position, room = 0.0, start, math.inf
    while position < len(reply):
        hit = words()["numbers"].at(reply, position)
        if hit is None:
            break
        value, after = float(hit[0]), position + hit[1]
        times = words()["multipliers"].get(reply[after]) if after < len(reply) else None
        if times is not None and 0 < value < 10:
            value = (
                value + 10
                if times == "belas"
                else value * {"puluh": 10, "ratus": 100, "ribu": 1000}[times]
            )
            after += 1
        if value >= room or (position > start and value == 0):
            break
        total, position = total + value, after
        room = next((size for size in (1000, 100, 10) if value >= size and value % size == 0), 0)
        if value == 10 or not room:
            break
    return (total, position, False) if position > start else None


def _digits(word: str) -> float | None:
    """A number in digits as Indonesians write it: "1.000" is a thousand, "1,5" and "1.5" one and a
    half.
    """
    if word.isdecimal():
        return float(word) if len(word) <= (2 if word[0] == "0" else 15) else None
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", word):
        return float(word.replace(".", ""))
    if re.fullmatch(r"\d{1,15}[.,]\d{1,3}", word):
        return float(word.replace(",", "."))
    return None


def number(text: str) -> int | None:
    """The one whole number a reply gives.

    >>> [number(reply) for reply in ("dua aja", "nomer 12", "selawe", "2 eh 3", "1 atau 2", "2,5")]
    [2, 12, 25, 3, None, None]
    """
    return whole(only_number(after_correction(words_of(text))))


def decimal_number(text: str) -> float | None:
    """The one number a reply gives, with a fraction if it has one.

    >>> [decimal_number(reply) for reply in ("8,5 kg", "dua setengah", "1.200", "2 atau 3")]
    [8.5, 2.5, 1200.0, None]
    """
    reply = after_correction(words_of(text))
    value = only_number(reply, halves=True)
    if value is None and len(numbers(reply)) == 1 and _measured(reply, numbers(reply)[0]):
        value = numbers(reply)[0].value
    return value if value is not None and value >= 0 else None


def scale(text: str, low: int, high: int) -> int | None:
    """A step of a scale: a number, or as many stars.

    >>> [scale(reply, 1, 5) for reply in ("4/5", "tiga mbak", "⭐⭐⭐", "saya kasih 4", "3,5", "6",
    ...     "3-4")]
    [4, 3, 3, 4, None, None, None]
    """
    reply = after_correction(words_of(text))
    stars = [word for word in reply if words()["emoji"].get(word) == "star"]
    if not numbers(reply) and len(stars) == len(reply) and (len(stars) > 1 or stars == ["⭐"]):
        value: int | None = len(stars)
    elif not numbers(reply) and (
        ends := {meaning for _, _, meaning in marks(reply, words()["steps"])}
    ):
        step = {"low": low, "middle": (low + high) // 2, "high": high}
        value = step[ends.pop()] if len(ends) == 1 and not has(reply, "joints", "not") else None
    else:
        value = whole(only_number(_without_range(reply, low, high)))
    return value if value is not None and low <= value <= high else None


def whole(value: float | None) -> int | None:
    return int(value) if value is not None and value == int(value) and value >= 0 else None


def _without_range(reply: Reply, low: int, high: int) -> Reply:
    """The reply without the name of the scale itself: "4 dari 5", "dari 1 sampai 5 saya pilih
    4".
    """
    found = numbers(reply)
    for first, second in pairwise(found):
        between = reply[first.end : second.start]
        between_them = "/" if between == ("/",) else joint(between)
        if between_them in ("of", "/") and second.value == high:
            return reply[: first.end] + reply[second.end :]
        if between_them == "to" and (first.value, second.value) == (low, high) and len(found) > 2:
            return reply[: first.start] + reply[second.end :]
    return reply


def joint(between: Sequence[str]) -> str | None:
    if len(between) != 1:
        return None
    return "to" if between[0] == "-" else words()["joints"].get(between[0])


def only_number(reply: Reply, halves: bool = False) -> float | None:
    """The one number that is meant: a marked one ("nomor 2") before the others; None when two
    differ.
    """
    found = [one for one in numbers(reply) if not refused(reply, one)]
    marked = [one for one in found if one.marked]
    if any(joint(reply[a.end : b.start]) for a, b in pairwise(found) if a.value != b.value):
        return None
    meant = marked or [one for one in found if not _measured(reply, one)]
    if has(reply, "ordinals", "both") or len({one.value for one in meant}) != 1:
        return None
    half = (
        0.5
        if meant[0].end < len(reply) and words()["clock"].get(reply[meant[0].end]) == "half"
        else 0
    )
    return None if half and not halves else meant[0].value + half


def refused(reply: Reply, one: Number) -> bool:
    """Whether a number is not the answer: "bukan 2", "lebih dari 3", "salah satu"."""
    before = reply[max(0, one.start - 3) : one.start]
    if any(words()["joints"].get(word) == "not" for word in before[-2:]):
        return True
    if has(before, "ages", "more", "less", "nearly") or before[-1:] in (("salah",), (">",), ("<",)):
        return True
    after = reply[one.end : one.end + 2]
    return after[:1] in (("koma",), ("+",), ("an",)) or after in _OPEN_ENDS


_OPEN_ENDS = (("atau", "lebih"), ("atau", "kurang"), ("ke", "atas"), ("ke", "bawah"), ("-", "an"))


def _measured(reply: Reply, one: Number) -> bool:
    """Whether a number counts something else: "3 tahun", "2 kali", "kelas 2", "3 anak", "jam 3"."""
    after = reply[one.end : one.end + 2]
    if after and (after[0] in words()["units"] or counts_children(after[0])):
        return True
    if of_calendar(reply, one):
        return True
    before = words()["ages"].get(reply[one.start - 1]) if one.start else None
    return before in ("age", "school", "born") and not one.marked


def of_calendar(reply: Reply, one: Number) -> bool:
    """Whether a number belongs to a time or a date: "jam 3", "setengah 4", "9 pagi", "17 mei"."""
    before = reply[one.start - 1] if one.start else ""
    after = reply[one.end] if one.end < len(reply) else ""
    timed = before in ("jam", "tanggal") or words()["clock"].get(before) == "half"
    return timed or after in words()["months"] or after in words()["dayparts"]


def counts_children(word: str) -> bool:
    return words()["children"].get(word) in ("child", "boy", "girl")

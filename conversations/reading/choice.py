"""Which of the printed options a typed reply names: by number, letter, label, face or synonym."""

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from conversations.reading.numbers import joint, numbers, only_number, refused, whole
from conversations.reading.words import (
    READ_CHARACTERS,
    Reply,
    after_correction,
    has,
    marks,
    normalise,
    words_of,
)
from conversations.reading.yes_no import yes_no
from locales.words import words


def choice(
    text: str,
    labels: Sequence[str],
    *,
    digits_may_be_quantity: bool = False,
    synonyms: Mapping[str, int] | None = None,
) -> int | None:
    """The index (from 0) of the option a reply names, by number, place, letter, label, face or
    synonym.

    `synonyms` maps further phrases to an option's index. With `digits_may_be_quantity` a bare "2"
    is no
    option's number ("nomor 2" is). Labels may be empty where only the numbers are known.

    >>> illness = ("sehat", "sakit ringan", "sakit berat")
    >>> [choice(reply, illness) for reply in ("nomer 2", "yang terakhir", "b", "waras", "sakit",
    ...     "ringan aja")]
    [1, 2, 1, 0, None, 1]
    >>> choice("ibu", ("Ebok", "Ibu"))
    1
    >>> [choice(reply, ("😢 sedih", "😐 biasa", "😊 senang")) for reply in ("😭", "seneng",
    ...     "tidak senang")]
    [0, 2, None]
    """
    reply = after_correction(words_of(text))
    by_place = _place(reply, len(labels), bare=not digits_may_be_quantity)
    by_name = _synonym(reply, synonyms or {})
    if by_name is None and any(labels):
        by_name = _named(reply, labels, text)
    if by_place is not None and by_name is not None and by_place != by_name:
        return None
    return by_name if by_place is None else by_place


def _place(reply: Reply, count: int, *, bare: bool) -> int | None:
    """The option meant by its place in the list: "nomer dua", "yang terakhir", "kedua dari bawah",
    "b".
    """
    kinds = {meaning for _, _, meaning in marks(reply, words()["ordinals"])}
    if kinds & {"all", "both", "except", "none"}:
        return None
    value = whole(only_number(reply))
    if value is not None and not bare and not any(one.marked for one in numbers(reply)):
        return None
    if value is None and not any(not refused(reply, one) for one in numbers(reply)):
        ends = {"1": 1, "last": count}
        named = {ends[kind] for kind in kinds if kind in ends}
        value = (
            named.pop() if len(named) == 1 and not has(reply, "joints", "not") else _letter(reply)
        )
    if value is not None and "bottom" in kinds:
        value = count + 1 - value
    return value - 1 if value is not None and 1 <= value <= count else None


def _letter(reply: Reply) -> int | None:
    rest = [
        word for word in reply if not _courteous(word) and words()["ordinals"].get(word) != "marker"
    ]
    if len(rest) == 1 and len(rest[0]) == 1 and "a" <= rest[0] <= "j":
        return ord(rest[0]) - ord("a") + 1
    return None


def _courteous(word: str) -> bool:
    answers = words()["answers"].get(word)
    return word in words()["courtesy"] or answers == "opener" or not word[0].isalnum()


def _synonym(reply: Reply, synonyms: Mapping[str, int]) -> int | None:
    said = " " + " ".join(reply) + " "
    meant = {option for phrase, option in synonyms.items() if f" {normalise(phrase)} " in said}
    return meant.pop() if len(meant) == 1 else None


def _named(reply: Reply, labels: Sequence[str], text: str) -> int | None:
    """The option meant by its words: the whole label, a word only it has, a yes or no, a near
    miss.
    """
    same = [place for place, label in enumerate(labels) if reply and words_of(label) == reply]
    if len(same) == 1:
        return same[0]
    said = _canonical(reply)
    names = [_canonical(words_of(label)) for label in labels]
    mentioned = _mentioned(said, names)
    if mentioned is not None:
        return mentioned.pop() if len(mentioned) == 1 else None
    answers = [yes_no(label) for label in labels]
    if {"yes", "no"} <= set(answers) and (answer := yes_no(text)):
        return answers.index(answer) if answers.count(answer) == 1 else None
    joined = " ".join(word for word in said if not _courteous(word))
    ranked = sorted(
        ((fuzz.ratio(joined, " ".join(name)), place) for place, name in enumerate(names)),
        reverse=True,
    )
    clear = ranked[0][0] >= 85 and (len(ranked) == 1 or ranked[0][0] - ranked[1][0] >= 10)
    return ranked[0][1] if clear else None


def _canonical(reply: Reply) -> Reply:
    """Words with their synonyms and faces brought to one form: "seneng" and 😊 are "senang"."""
    found: list[str] = []
    start = 0
    while start < len(reply):
        hit = words()["synonyms"].at(reply, start)
        word = hit[0] if hit else reply[start]
        if (word[0].isalnum() or hit) and word not in found[-1:]:
            found.append(word)
        start += hit[1] if hit else 1
    return tuple(found)


def _mentioned(said: Reply, names: Sequence[Reply]) -> set[int] | None:
    """The options whose label, or a word that no other label has, is in the reply; None when
    denied or none.

    An empty set means that words were found but deny or fit several options.
    """
    spans = [
        (start, start + len(name), place)
        for place, name in enumerate(names)
        for start in range(len(said) - len(name) + 1)
        if name and said[start : start + len(name)] == name
    ]
    whole_labels = [
        span
        for span in spans
        if not any(
            o[0] <= span[0] and span[1] <= o[1] and o[1] - o[0] > span[1] - span[0] for o in spans
        )
    ]
    taken = {position for start, end, _ in whole_labels for position in range(start, end)}
    found = {(start, place) for start, _, place in whole_labels}
    loose = False
    for position, word in enumerate(said):
        owners = [place for place, name in enumerate(names) if word in name]
        if position not in taken and owners and not (_courteous(word) and len(word) < 4):
            loose = True
            if len(owners) == 1:
                found.add((position, owners[0]))
    if any(_weakened(said, start, names[place]) for start, place in found):
        return set()
    return {place for _, place in found} if found or loose else None


def _weakened(said: Reply, start: int, name: Reply) -> bool:
    before = said[max(0, start - 2) : start]
    return any(
        word not in name and (words()["joints"].get(word) == "not" or word in ("kurang", "agak"))
        for word in before
    )


def several(text: str, labels: Sequence[str]) -> tuple[int, ...] | None:
    """The indices (from 0) of all options a reply names; () for "tidak ada".

    >>> needs = ("beras", "obat", "sepatu", "buku")
    >>> [several(reply, needs) for reply in ("1 dan 3", "1,3", "obat sama buku", "semua",
    ...     "tidak ada")]
    [(0, 2), (0, 2), (1, 3), (0, 1, 2, 3), ()]
    >>> [several(reply, needs) for reply in ("1-3", "semua kecuali 2", "1 atau 2", "7")]
    [(0, 1, 2), (0, 2, 3), None, None]
    """
    reply = after_correction(words_of(re.sub(r"(?<=\d)[.,](?=\d)", " , ", text[:READ_CHARACTERS])))
    kinds = {meaning: start for start, _, meaning in marks(reply, words()["ordinals"])}
    everything = tuple(range(len(labels)))
    if "or" in (words()["joints"].get(word) for word in reply):
        return None
    if "except" in kinds:
        left_out = several(" ".join(reply[kinds["except"] + 1 :]), labels)
        return tuple(place for place in everything if place not in left_out) if left_out else None
    chosen = _numbered(reply, len(labels))
    if chosen is None:
        return None
    if not chosen:
        if "none" in kinds or yes_no(text) == "no":
            return ()
        if "all" in kinds:
            return everything
        chosen = (
            _mentioned(_canonical(reply), [_canonical(words_of(label)) for label in labels])
            or set()
        )
        if not chosen and (letter := _letter(reply)) and letter <= len(labels):
            chosen = {letter - 1}
    return tuple(sorted(chosen)) or None


def _numbered(reply: Reply, count: int) -> set[int] | None:
    """The options given by number, "1-3" written out; None when a number fits no option."""
    chosen: set[int] = set()
    previous = None
    for one in numbers(reply):
        value = whole(one.value)
        if value is None or not 1 <= value <= count or refused(reply, one):
            return None
        between = reply[previous[1] : one.start] if previous else ()
        if previous and between and all(word == "-" or joint((word,)) == "to" for word in between):
            chosen.update(range(previous[0], value))
        chosen.add(value - 1)
        previous = (value, one.end)
    return chosen

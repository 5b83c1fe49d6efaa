"""What a typed reply to an invitation says: I come, I cannot, I do not know yet.

A story in which somebody else comes, a call for help, and what happened yesterday are no answers.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from conversations.reading.numbers import number
from conversations.reading.words import READ_CHARACTERS, Reply, has, marks, words_of
from conversations.reading.yes_no import yes_no
from locales.words import words

MOST_WORDS = 25
"""A longer reply tells more than whether somebody comes: a human being shall read it."""

_OTHERS = re.compile(
    r"\b(?:anak|bapak|ibu|suami|istri|mbah|nenek|kakek|guru|adik|kakak)(?:nya|ku|e|ne|ipun)\b"
    r"|\b(?:dia|suami|istri|cucu)\b",
    re.IGNORECASE,
)
_LONG_NUMBER = re.compile(r"\d{3}")
_BECAUSE = frozenset({"karena", "jalaran", "amargi", "polana"})
_CLAUSE_ENDS = _BECAUSE | {",", ".", ";", "!", "-", "tapi"}
_WITH = frozenset({"bersama", "sama", "dengan", "karo", "kaliyan", "sareng", "ambi'"})
"""Behind "datang" and "hadir" whom she brings may follow; "ikut sama ibunya" is about a child."""
_PLAIN = frozenset({"datang", "hadir", "izin", "ijin", "berhalangan", "batal"})
"""Words behind which a reason may follow a refusal; "absen lima hari" is news of a child."""

_WEEKDAYS = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")
_EVENTS = frozenset({"acara", "undangan", "rapat", "pertemuan", "sekolah"})
_SORRY = frozenset({"maaf", "ngapunten", "punten", "sepurane", "mf", "sorry"})
"""With an excuse and nothing else it is a refusal: "maaf bu, ada hajatan"."""
_ASKING = frozenset({"tolong", "minta", "mohon"})
_UNSURE = (
    frozenset(
        (
            "mungkin",
            "barangkali",
            "semoga",
            "mudah",
            "mudahan",
            "moga",
            "belum",
            "tergantung",
            "lihat",
        )
    )
    | frozenset(
        ("nanti", "diusahakan", "diusahain", "usahakan", "kalau", "paling", "bisa", "tidak")
    )
    | frozenset(("kayaknya", "kayanya", "sepertinya", "delok", "ndelok"))
)
"""First words of a hedge; others ask, forget, or are no answer at all."""

_NO_ANSWER = frozenset({"sudah", "belum", "ada", "pernah", "punya", "bukan", "jangan", "salah"})
"""Words that answer other questions than "are you coming?"; "belum bisa" is an answer to it."""


@dataclass(frozen=True, slots=True)
class Coming:
    """What was said. `answer` None: not sure yet.

    `named`: it speaks of coming. `own`: and of nobody else's, so it answers no other question.
    `more`: it tells more than that.
    """

    answer: Literal["yes", "no"] | None
    named: bool = False
    more: bool = False
    own: bool = False


def coming(text: str) -> Coming | None:
    """The answer to an invitation; None where a reply is no such answer.

    >>> [coming(reply).answer for reply in ("insya Allah bisa", "nggih", "1", "kulo dugi, bu",
    ...     "engghi deteng", "muhun sumping", "reang teka")]
    ['yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes']
    >>> [coming(reply).answer for reply in ("mboten saged mbak", "2", "maaf tidak bisa hadir",
    ...     "nggih mboten saged", "lo' bisa", "teu tiasa", "ora teka", "izin bu", "tidak jadi")]
    ['no', 'no', 'no', 'no', 'no', 'no', 'no', 'no', 'no']
    >>> coming("tidak bisa datang bu, cucu panas")
    Coming(answer='no', named=True, more=True, own=True)
    >>> coming("lagi sakit mbak, tidak bisa datang").answer, coming("belum tentu").answer
    ('no', None)
    >>> coming("belum tentu bisa datang"), coming("beli bisa teka").answer
    (Coming(answer=None, named=True, more=False, own=True), None)
    >>> [coming(reply) for reply in ("tidak bisa kerja", "bapaknya datang", "tolong datang",
    ...     "kemarin saya datang", "jam berapa?", "saya tidak bisa tidur", "sudah")]
    [None, None, None, None, None, None, None]
    """
    text = text[:READ_CHARACTERS]
    reply = words_of(text)
    if not reply or len(reply) > MOST_WORDS or "?" in reply or _LONG_NUMBER.search(text):
        return None
    if (chosen := _number(reply, text)) is not None:
        return Coming("yes" if chosen == 1 else "no")
    if reply[0] == "kalau" and _says_of_coming(reply) and not _OTHERS.search(text):
        return Coming(None, named=True, more=True)
    named_nobody = _without_names(reply)
    kinds, length, spoken = _read(named_nobody)
    if named_nobody != reply:
        if kinds.isdisjoint(("come", "able", "leave")):
            return None
        reply = named_nobody
    if not kinds or _tells_of_others(reply, text, length):
        return None
    more = length < len(reply)
    answer = yes_no(text if spoken == reply else " ".join(spoken))
    if answer is None and "leave" in kinds:
        answer = "no"
    if answer is None and "sure" in kinds and kinds.isdisjoint(("unsure", "hope", "leave")):
        answer = "yes"
    if answer is None and not more and "excuse" in kinds and _SORRY & set(reply):
        return Coming("no", more=True)
    if answer is None and (more or kinds.isdisjoint(("come", "able", "hope", "unsure"))):
        return None
    if more and not _may_follow(reply, length, kinds, answer):
        return None
    if answer == "yes" and (_ASKING & set(reply) or (more and yes_no(text) == "no")):
        return None
    named = "come" in kinds or "leave" in kinds
    return Coming(answer, named, more, named and _is_her_own(reply, kinds))


def weekdays_named(text: str) -> frozenset[int]:
    """The weekdays a reply speaks of, Monday is 0; "minggu depan" is next week and no Sunday.

    >>> sorted(weekdays_named("selasa tidak bisa, kamis bisa")), weekdays_named("minggu depan")
    ([1, 3], frozenset())
    """
    reply = words_of(text)
    return frozenset(
        _WEEKDAYS.index(day)
        for start, _, day in marks(reply, words()["days"])
        if reply[start] != "minggu" or reply[start - 1 : start] == ("hari",)
    )


def _may_follow(reply: Reply, length: int, kinds: set[str], answer: str | None) -> bool:
    """Whether what is not understood is a reason or the event: "tidak bisa datang, cucu panas".

    In "ikut lomba" and "datang bulan" it makes another word of the one that was.
    """
    before, following = reply[length - 1], reply[length]
    if kinds.isdisjoint(("come", "leave", "able", "sure")):
        return False
    if before in _CLAUSE_ENDS or following in _CLAUSE_ENDS:
        return True
    if answer == "yes" and before in ("datang", "hadir") and following in _WITH:
        return not has(reply, "relative", "past", "every")
    if answer == "no":
        return "able" in kinds or before in _PLAIN
    event = reply[length + 1 :][:1] if following in ("ke", "di", "pada") else (following,)
    return bool(_EVENTS & set(event))


def _number(reply: Reply, text: str) -> int | None:
    """A one or a two with nothing but courtesy around it: "nomer 2 mbak"."""
    chosen = number(text)
    if chosen not in (1, 2):
        return None
    tables = [words()[name] for name in ("numbers", "ordinals", "courtesy")]
    bare = all(
        not word[0].isalnum() or word.isdecimal() or any(word in table for table in tables)
        for word in reply
    )
    return int(chosen) if bare else None


def _read(reply: Reply) -> tuple[set[str], int, Reply]:
    """What the part of a reply does that is understood, its length, and its words but excuses.

    Where more follows, that part ends behind the word of coming, or where its clause ends.
    """
    kinds: set[str] = set()
    spoken: list[str] = []
    understood: tuple[set[str], int, Reply] = (set(), 0, ())
    start, before = 0, ""
    while start < len(reply):
        kind, taken = _kind(reply, start)
        if kind == "excuse" and before == "able" and reply[start] != "ada":
            kind = "unknown"
        if kind == "unknown":
            return understood
        kinds.add(kind)
        if kind != "excuse":
            spoken += reply[start : start + taken]
        start, before = start + taken, kind
        if kind in ("come", "end", "leave"):
            understood = (set(kinds), start, tuple(spoken))
    return kinds & (_ANSWERS | {"excuse"}), len(reply), tuple(spoken)


def _kind(reply: Reply, start: int) -> tuple[str, int]:
    table = words()
    word = reply[start]
    said = table["coming"].at(reply, start)
    if said is not None and said[1] > 1:
        return said
    if word in _NO_ANSWER:
        following = reply[start + 1] if start + 1 < len(reply) else ""
        denied = word == "belum" and table["coming"].get(following) == "able"
        unsure = table["answers"].at(reply, start)
        if word in _UNSURE and unsure is not None and unsure[0] == "unsure":
            return unsure
        return ("answer", 1) if denied else ("unknown", 1)
    if (hit := table["relative"].at(reply, start)) and hit[0] in ("past", "every"):
        return "unknown", 1
    answer = table["answers"].at(reply, start)
    if answer is not None and (said is None or answer[1] > said[1]):
        if answer[0] == "event":
            return ("come", answer[1]) if "jadi" in word else ("unknown", 1)
        if answer[0] == "unsure" and word not in _UNSURE:
            return "unknown", 1
        leave = table["coming"].get(word) == "leave"
        return ("leave" if leave else _KINDS.get(answer[0], "answer")), answer[1]
    if said is not None:
        return said
    if not word[0].isalnum():
        return ("end" if word in ",.;!-" else "sign"), 1
    if word in _BECAUSE:
        return "end", 1
    if word in table.ambiguous:
        return "hope", 1
    for name in _AROUND:
        if (found := table[name].at(reply, start)) is not None:
            return "around", found[1]
    return ("around", 1) if word[0].isdigit() else ("unknown", 1)


_KINDS = {"hope": "hope", "unsure": "unsure", "question": "unknown", "correction": "around"}
_AROUND = ("courtesy", "relative", "days", "pasaran", "clock", "dayparts", "joints", "emoji")
_ANSWERS = frozenset({"come", "able", "want", "sure", "leave", "answer", "hope", "unsure", "sign"})


def _without_names(reply: Reply) -> Reply:
    """A reply without the names of who is greeted, and of who introduces herself.

    "Iya bu Rini, saya datang", "ini Mbah Siti"; but "bu Rini datang" tells of somebody.
    """
    table = words()
    courtesy = table["courtesy"]
    kept: list[str] = []
    for place, word in enumerate(reply):
        before = reply[place - 1] if place else ""
        if courtesy.get(before) == "address" and word.isalpha() and word not in _known():
            first = reply[place - 2] if place > 1 else ""
            after = reply[place + 1 : place + 2]
            polite = courtesy.get(first) == "polite" or table["answers"].get(first) == "opener"
            hers = courtesy.get(first) == "pronoun" or first == "ini"
            if polite or hers or (first and (not after or not after[0][0].isalnum())):
                continue
        kept.append(word)
    return tuple(kept)


@cache
def _known() -> frozenset[str]:
    return words().vocabulary


def _is_her_own(reply: Reply, kinds: set[str]) -> bool:
    """Whether she says it of herself: "saya datang", "insya Allah hadir", "tidak bisa datang"."""
    courtesy = words()["courtesy"]
    return bool(kinds & {"able", "hope"}) or any(courtesy.get(w) == "pronoun" for w in reply)


def _says_of_coming(reply: Reply) -> bool:
    return any(words()["coming"].get(word) == "come" for word in reply)


def _tells_of_others(reply: Reply, text: str, length: int) -> bool:
    """Whether somebody else is spoken of before the word of coming: "bapaknya datang"."""
    others = _OTHERS.search(text)
    if others is None:
        return False
    come = (p for p, word in enumerate(reply) if words()["coming"].get(word) == "come")
    return len(words_of(text[: others.start()])) < next(come, length)

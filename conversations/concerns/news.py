"""How a report stands, for whoever made it: plain states of 90 days, nothing of what was told.

On a caregiver's phone reports are told apart by their day; cadres and staff see codes. Whoever
types for somebody else is not told, and nothing is told on a phone that several people use.
"""

from __future__ import annotations

import re
from datetime import timedelta

from babel.dates import format_date

from conversations.concerns.case import Case, Stage
from conversations.concerns.receipt import knows_codes
from conversations.message import Inbound, Kind, Message
from conversations.reading.words import words_of
from conversations.talk import Talk
from locales.words import words

SINCE = timedelta(days=90)
LISTED = 9
IN_ONE = 3
"""Reports in one message, so that it is read without effort."""

_CODE = re.compile(r"\b([A-Z]{2,4})[\s-]?(\d\d)[\s-]?(\d{3,})\b", re.IGNORECASE)
_LONGEST = 16
_LONGEST_TEXT = 200
"""Words and characters of such a question."""


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears "apa kabar laporan saya"; False when the message means something else."""
    if inbound.kind is not Kind.TEXT or not is_question(inbound.text):
        return False
    tell(talk, code_in(inbound.text))
    return True


def is_question(text: str) -> bool:
    """Whether somebody asks after her report, and says nothing else.

    >>> [is_question(said) for said in ("Apa kabar laporan saya?", "laporanku piye kabare",
    ...     "laporan kula sampun dugi pundi", "kabar laporan JBR-26-0042")]
    [True, True, True, True]
    >>> [is_question(said) for said in ("apa kabar", "laporan saya anak itu dipukul", "lapor")]
    [False, False, False]
    """
    if len(text) > _LONGEST_TEXT:
        return False
    spoken = tuple(word for word in words_of(_CODE.sub(" ", text)) if word[0].isalnum())
    table, courtesy = words()["news"], words()["courtesy"]
    said: list[str] = []
    place = 0
    if not 1 <= len(spoken) <= _LONGEST:
        return False
    while place < len(spoken):
        found = table.at(spoken, place)
        if found is None and spoken[place] not in courtesy:
            return False
        said.append(found[0] if found else spoken[place])
        place += found[1] if found else 1
    if "mine" in said or said in (["report", "saya"], ["report", "kula"], ["report", "kulo"]):
        return True
    return "ask" in said and ("report" in said or bool(code_in(text)))


def code_in(text: str) -> str:
    """A code as it is written, or wrapped; empty where there is none.

    >>> code_in("kabar jbr 26 0042"), code_in("kabar laporan")
    ('JBR-26-0042', '')
    """
    found = _CODE.search(text)
    return f"{found[1]}-{found[2]}-{found[3]}".upper() if found else ""


def tell(talk: Talk, code: str = "") -> None:
    """The states of her own reports, newest first; only this one where she names its code."""
    if talk.world.typist is not None:
        talk.ask_again(talk.text("news.not_here"))
        return
    if talk.person.shares_phone:
        talk.ask_again(talk.text("news.shared"))
        return
    since = talk.world.now - SINCE
    cases = talk.world.cases.reported_by(talk.person.id, since, LISTED)
    if code:
        named = tuple(one for one in cases if one.code == code)
        if not named and knows_codes(talk):
            talk.ask_again(talk.text("news.not_hers", code=code))
            return
        cases = named or cases
    if not cases:
        talk.ask_again(talk.text("news.none"))
        return
    lines = [_line(talk, one) for one in cases]
    for start in range(0, len(lines), IN_ONE):
        heading = "news" if start == 0 else "news.also"
        last = talk.text("news.more") if start + IN_ONE >= len(lines) else ""
        parts = (talk.text(heading), *lines[start : start + IN_ONE], last)
        talk.send(Message("\n".join(part for part in parts if part), discreet=True))
    talk.ask_again()


def _line(talk: Talk, case: Case) -> str:
    at = case.task.created_at.astimezone(talk.person.tz).date()
    day = format_date(at, "EEEE, d MMMM", locale="id")
    which = f"{case.code} ({day})" if knows_codes(talk) else day
    stands = state(talk, case)
    not_by_staff = ".outside" if case.task.outside and stands == "read" else ""
    return f"• {which}: {talk.text(f'news.{stands}{not_by_staff}')}"


def state(talk: Talk, case: Case) -> str:
    """Where it stands: received, read, worked_on or closed; of a merged one, where that stands."""
    if case.merged_into:
        other = talk.world.cases.case(case.merged_into)
        if other is not None and not other.merged_into:
            return state(talk, other)
    if case.task.closed_at is not None:
        return "closed"
    if case.task.acted_at is not None or case.stage is not Stage.ADUAN:
        return "worked_on"
    return "read" if case.task.accepted else "received"

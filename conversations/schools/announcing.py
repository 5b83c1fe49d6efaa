"""What is said about a session: invitation, reminders, change, and its day and hour in words.

When such a message leaves is computed in `session.py`; what somebody answers is heard in `rsvp.py`,
and what a cadre orders in `orders.py` and `attendance.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date

from conversations import templates
from conversations.dialogue import Person, Role
from conversations.message import Choice, Message, printed
from conversations.reading.time import pasaran
from conversations.schools.session import Session, SessionId, Stage
from locales import say

LONGEST = 300
"""Characters of one message as it is printed, its choices included (DOMAIN 2.5)."""

_INDONESIAN_ZONES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Ujung_Pandang": "WITA",
    "Asia/Jayapura": "WIT",
}


def message_about(
    session: Session, person: Person, stage: Stage, *, was: Session | None = None
) -> Message:
    """What one person is told about a session at this stage, in at most `LONGEST` characters.

    `was` is the session before it was moved. Raises ValueError for a stage that says nothing.
    """
    if stage not in _SAID:
        raise ValueError(f"nothing is said about a session at the stage {stage!r}")
    who = person.salutation or say("someone", person.language)
    if person.role is not Role.CAREGIVER:
        who = f"{who} {person.name}".strip()
    before = None if was is None else was.starts_at
    return _message(session, who, person.role, person.language, stage, before)


def day_and_hour(at: datetime, zone: str) -> str:
    """A moment as people of that zone say it, with market day and WIB, WITA or WIT.

    >>> day_and_hour(datetime.fromisoformat("2026-11-24T01:00+00:00"), "Asia/Jakarta")
    'Selasa Kliwon, 24 November, jam 08.00 WIB'
    >>> day_and_hour(datetime.fromisoformat("2026-11-24T01:00+00:00"), "Asia/Jayapura")
    'Selasa Kliwon, 24 November, jam 10.00 WIT'
    """
    local = at.astimezone(ZoneInfo(zone))
    return f"{day_in_words(local.date())}, jam {local:%H.%M} {zone_name(zone)}"


def day_in_words(day: date) -> str:
    """A day as people say it, with its market day.

    >>> day_in_words(date(2026, 11, 24))
    'Selasa Kliwon, 24 November'
    """
    weekday = format_date(day, "EEEE", locale="id")
    return f"{weekday} {pasaran(day).capitalize()}, {format_date(day, 'd MMMM', locale='id')}"


def zone_name(zone: str) -> str:
    """How people call the time of a zone; abroad there is no such name.

    >>> zone_name("Asia/Makassar"), zone_name("Asia/Hong_Kong")
    ('WITA', 'waktu setempat')
    """
    return _INDONESIAN_ZONES.get(zone, "waktu setempat")


def when(session: Session) -> str:
    """When a session begins, as its people say it."""
    return day_and_hour(session.starts_at, session.school.zone)


def place_of(session: Session) -> str:
    """Where a session is, or where its school meets; empty when nobody has said."""
    return session.place or session.school.place


def rsvp_choices(session: SessionId, language: str) -> tuple[Choice, ...]:
    """The two answers to an invitation; they hold for the session as it is when they come."""
    return (
        Choice(say("school.yes", language), f"s:{session}:yes"),
        Choice(say("school.no", language), f"s:{session}:no"),
    )


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, cut between words where that is possible.

    >>> shortened("Membawa buku, bolpoin dan bekal sendiri", 20)
    'Membawa buku…'
    >>> shortened("Membawa  buku", 20), shortened("Aaaaaaaaaaaaaaaa", 8)
    ('Membawa buku', 'Aaaaaaa…')
    """
    words = " ".join(text.split())
    if len(words) <= most:
        return words
    cut = words[:most]
    whole = cut[: cut.rfind(" ")] if " " in cut[most // 2 :] else cut[:-1]
    return f"{whole.rstrip(' ,.;:-')}…"


_SAID: Mapping[Stage, str] = {
    Stage.INVITE: "school.invite",
    Stage.DAY_BEFORE: "school.remind",
    Stage.EVENING_BEFORE: "school.remind",
    Stage.HOURS_BEFORE: "school.today",
    Stage.CHANGED: "school.moved",
}
_ASKED: Mapping[Stage, str] = {
    Stage.INVITE: "school.ask",
    Stage.DAY_BEFORE: "school.still",
    Stage.EVENING_BEFORE: "school.still",
    Stage.HOURS_BEFORE: "school.still",
    Stage.CHANGED: "school.ask",
}
_APPROVED: Mapping[Stage, str] = {Stage.CHANGED: templates.MOVED}


@lru_cache(maxsize=256)
def _message(
    session: Session, who: str, role: Role, language: str, stage: Stage, before: datetime | None
) -> Message:
    """One message for everybody who is addressed alike: a school of two hundred needs a few."""
    cancelled = stage is Stage.CHANGED and session.cancelled
    key = "school.cancelled" if cancelled else _SAID[stage]
    parts = {"who": who, "school": session.school.name}
    lines = [when(session)]
    if stage is Stage.CHANGED and not cancelled:
        lines = [say("school.becomes", language, when=when(session))]
        if before is not None:
            old = day_and_hour(before, session.school.zone)
            lines.insert(0, say("school.was", language, when=old))
    if not cancelled:
        about = "" if stage is Stage.CHANGED else session.topic
        parts |= {"place": place_of(session), "topic": about, "bring": session.bring}
    parts = {name: " ".join(value.split()) for name, value in parts.items()}
    asked = "school.later" if cancelled else _for_role(_ASKED[stage], role)
    choices = () if cancelled else rsvp_choices(session.id, language)
    name = templates.CANCELLED if cancelled else _APPROVED.get(stage, templates.REMINDER)
    template = templates.session(
        name, who, session.school.name, when(session), place_of(session), language
    )

    def put(parts: Mapping[str, str]) -> Message:
        head = say(_for_role(key, role), language, sapaan=parts["who"], school=parts["school"])
        told = [
            say(f"school.{name}", language, **{name: parts[name]})
            for name in ("place", "topic", "bring")
            if parts.get(name)
        ]
        body = "\n".join((head, *lines, *told))
        return Message(f"{body}\n\n{say(asked, language)}", choices, template=template)

    message = put(parts)
    over = len(printed(message)) - LONGEST
    return message if over <= 0 else put(_fitted(parts, over))


def _for_role(key: str, role: Role) -> str:
    return f"{key}.{_ADDRESSED[role]}"


_ADDRESSED = {
    Role.CAREGIVER: "caregiver",
    Role.CADRE: "colleague",
    Role.STAFF: "colleague",
    Role.COORDINATOR: "colleague",
    Role.ORGANISER: "colleague",
    Role.FOCAL: "guest",
    Role.PARTNER: "guest",
}


def _fitted(parts: Mapping[str, str], over: int) -> dict[str, str]:
    """The parts with their longest ones cut down to one length, so that `over` is saved."""
    lengths = sorted(len(value) for value in parts.values())
    room = sum(lengths) - over
    for place, length in enumerate(lengths):
        if length * (len(lengths) - place) > room:
            most = room // (len(lengths) - place)
            return {name: shortened(value, most) for name, value in parts.items()}
        room -= length
    return dict(parts)

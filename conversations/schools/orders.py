"""What a cadre orders about her sessions in one message: TUNDA, BATAL; and asks: ACARA, PESERTA.

What was understood is shown first, old beside new, and done when she agrees. Whoever has no task
in a school gets a kind answer. Attendance is in `attendance.py`, BERDUKA in `mourning.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from conversations import interview, reading
from conversations.broadcasts.broadcasting import is_writing
from conversations.event import SessionCancelled, SessionMoved
from conversations.message import Choice, Inbound, Kind
from conversations.permission import Act, may
from conversations.reading.appointment import Unclear, date_said, moved_to
from conversations.reading.coming import weekdays_named
from conversations.schools.announcing import day_and_hour, day_in_words, shortened, when
from conversations.schools.lists import (
    NAME,
    OFFERED,
    agreed,
    choose_school,
    coming_sessions,
    hers,
    members,
    members_of,
    named_school,
)
from conversations.schools.rsvp import is_doubtful
from conversations.schools.session import School, SchoolId, Session, SessionId
from conversations.talk import Talk

AGREED_WITHIN = timedelta(hours=1)
"""So long "ya, pindahkan" holds; later what would be done is shown once more."""

LONGEST_ORDER = 80
LONGEST_WORDS = 36
"""Bytes of the words of an order that fit into the payload of a button."""

_ORDER = re.compile(
    r"^(/?)(tunda|batal|acara|peserta|ditunda|diundur|undur|digeser|geser)\b[\s:,.!]*(.*)$",
    re.IGNORECASE | re.DOTALL,
)
_MOVES = ("ditunda", "diundur", "undur", "digeser", "geser")
"""Other words for TUNDA; without a time they tell of something else."""
_PRESSED = re.compile(r"s:o:([ptkmcuv]):(\d{1,18})(?::(.*))?")
_AGREED_TO = re.compile(r"(\d{1,5}):(\d{1,8})(?::(\d{1,8}))?")
"""Revision of the session, minute in which she was asked, minute of the new time."""

_MINUTE = 60


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears an order about a session; False when the message means something else."""
    if inbound.kind is Kind.BUTTON:
        return _pressed(talk, inbound.button)
    said = inbound.text.strip()
    if inbound.kind is not Kind.TEXT or len(said) > LONGEST_ORDER or is_writing(talk):
        return False
    match = _ORDER.match(said)
    payload = agreed(talk, said, "s:o:[mc]:.*", "s:o:n")
    if payload is not None and (match is None or not match[3]):
        return is_doubtful(talk, said, payload) or _pressed(talk, payload)
    if match is None:
        return False
    slash, word, words = match[1], match[2], match[3].strip(" .!")
    if word.lower() in _MOVES:
        if not _names_a_time(talk, words):
            return False
        word = "tunda"
    if not slash and not _is_meant(talk, word, words):
        return False
    return _DO[word.lower()](talk, words)


def _is_meant(talk: Talk, word: str, words: str) -> bool:
    """Whether an order is one: in the middle of an interview only what can be nothing else."""
    asks = word.lower() in ("acara", "peserta")
    about_a_school = named_school(words, hers(talk))[0] is not None
    timed = word.lower() == "tunda" and _names_a_time(talk, words)
    if not may(talk.person, Act.CHANGE_SESSION):
        return talk.running is None and (timed or (asks and not words))
    if talk.running is not None:
        if interview.is_label(talk.running, word, talk.person, talk.world):
            return False
        return word.isupper() or about_a_school or timed
    return not asks or not words or about_a_school or _is_like_a_code(words)


def _names_a_time(talk: Talk, words: str) -> bool:
    now = talk.world.now.astimezone(talk.person.tz)
    return moved_to(words, now, now) is not Unclear.MISSING


def _is_like_a_code(words: str) -> bool:
    """Whether this may be the code of a school, if perhaps a wrong one."""
    return "-" in words and " " not in words


def _move(talk: Talk, words: str) -> bool:
    """TUNDA: which session, to when; both shown before anything is done."""
    if not _allowed(talk):
        return True
    chosen = choose_school(talk, words, "TUNDA", "")
    if chosen is None:
        return True
    schools, words = chosen
    found = _upcoming(talk, schools)
    if not found:
        talk.ask_again(talk.text("school.no_session"))
        return True
    new = _new_time(talk, found[0], words)
    if isinstance(new, Unclear) and (len(found) == 1 or new is not Unclear.SAME):
        _unclear(talk, new, words, found[0])
    elif _of_one_school(found) and not isinstance(new, Unclear):
        _show_move(talk, found[0], words, another=len(found) > 1)
    elif len(words.encode()) > LONGEST_WORDS:
        talk.ask_again(talk.text("school.move.missing", example=_example(talk, found[0])))
    else:
        _offer_sessions(talk, found, f"s:o:t:{{}}:{words}")
    return True


def _cancel(talk: Talk, words: str) -> bool:
    """BATAL: which session, also by its day."""
    if not _allowed(talk):
        return True
    chosen = choose_school(talk, words, "BATAL", "")
    if chosen is None:
        return True
    schools, words = chosen
    found = _upcoming(talk, schools)
    said = _day_said(talk, words)
    on_that_day = [one for one in found if _is_on(one, talk, words)]
    if not found:
        talk.ask_again(talk.text("school.no_session"))
        return True
    if said and not on_that_day:
        nearest = found[0]
        on = nearest.starts_at.astimezone(nearest.school.tz)
        example = f"BATAL {_code(talk, nearest)}{on:%d/%m}"
        talk.ask_again(
            talk.text("school.cancel.no_such_day", said=said, when=when(nearest), example=example)
        )
        return True
    others, found = len(found) > 1, on_that_day or found
    if _of_one_school(found):
        _show_cancel(talk, found[0], another=others)
    else:
        _offer_sessions(talk, found, "s:o:k:{}")
    return True


def _is_on(session: Session, talk: Talk, words: str) -> bool:
    """Whether a session is on the day that the words name; a weekday may be weeks ahead."""
    tz = session.school.tz
    local, now = session.starts_at.astimezone(tz), talk.world.now.astimezone(tz)
    if reading.day(words, now) == local.date():
        return True
    return not date_said(words, now.year) and local.weekday() in weekdays_named(words)


def _day_said(talk: Talk, words: str) -> str:
    """The day that the words name, as it is said; empty if none."""
    now = talk.world.now.astimezone(talk.person.tz)
    named = reading.day(words, now)
    return date_said(words, now.year) if named is None else day_in_words(named)


_DO: dict[str, Callable[[Talk, str], bool]] = {
    "tunda": _move,
    "batal": _cancel,
    "acara": coming_sessions,
    "peserta": members,
}


def _allowed(talk: Talk) -> bool:
    allowed = may(talk.person, Act.CHANGE_SESSION)
    if not allowed:
        talk.ask_again(talk.text("school.not_yours"))
    return allowed


def _upcoming(talk: Talk, schools: Sequence[School]) -> list[Session]:
    """Sessions that have not begun, the soonest of all these schools first."""
    found = [
        session
        for school in schools
        for session in talk.world.schools.next_sessions(school.id)
        if session.starts_at > talk.world.now
    ]
    return sorted(found, key=lambda session: (session.starts_at, session.id))[:OFFERED]


def _of_one_school(sessions: Sequence[Session]) -> bool:
    """Then the soonest is meant; it is shown, and another one is a choice away."""
    return len({one.school.id for one in sessions}) == 1


def _offer_sessions(talk: Talk, sessions: Sequence[Session], payload: str) -> None:
    several = len({one.school.id for one in sessions}) > 1
    choices = (
        Choice(f"{when(one)}, {one.school.name}" if several else when(one), payload.format(one.id))
        for one in sessions
    )
    talk.offer(talk.text("school.which_session"), tuple(choices))


def _pressed(talk: Talk, button: str) -> bool:
    """A choice of one of the lists here, or the word that lets it be done."""
    if button == "s:o:n":
        talk.ask_again(talk.text("school.as_it_was"))
        return True
    match = _PRESSED.fullmatch(button)
    if match is None:
        return False
    what, number, rest = match[1], int(match[2]), match[3] or ""
    if what == "p":
        members_of(talk, SchoolId(number))
        return True
    session = talk.world.schools.session(SessionId(number))
    if session is None or not may(talk.person, Act.CHANGE_SESSION, school=session.school):
        talk.ask_again(talk.text("school.not_yours"))
    elif what == "t":
        _show_move(talk, session, rest)
    elif what == "k":
        _show_cancel(talk, session)
    elif what in "uv":
        payload = f"s:o:t:{{}}:{rest}" if what == "u" else "s:o:k:{}"
        _offer_sessions(talk, _upcoming(talk, [session.school]), payload)
    elif agreed_to := _AGREED_TO.fullmatch(rest):
        revision, asked, minute = (int(part or 0) for part in agreed_to.groups())
        if what == "m":
            _do_move(talk, session, revision, asked, minute)
        else:
            _do_cancel(talk, session, revision, asked)
    else:
        return False
    return True


def _new_time(talk: Talk, session: Session, words: str) -> datetime | Unclear:
    """What the words mean for this session, as aware time; why not, where they mean nothing."""
    tz = session.school.tz
    now, was = talk.world.now.astimezone(tz), session.starts_at.astimezone(tz)
    new = moved_to(words, now, was)
    return new if isinstance(new, Unclear) else new.astimezone(UTC)


def _show_move(talk: Talk, session: Session, words: str, *, another: bool = False) -> None:
    new = _new_time(talk, session, words)
    if isinstance(new, Unclear):
        _unclear(talk, new, words, session)
    elif _can_be_changed(talk, session) and _is_free(talk, session, new):
        fits = len(words.encode()) <= LONGEST_WORDS
        _ask_move(talk, session, new, f"s:o:u:{session.id}:{words}" if another and fits else "")


def _ask_move(talk: Talk, session: Session, new: datetime, another: str = "") -> None:
    minute, asked = (int(at.timestamp()) // _MINUTE for at in (new, talk.world.now))
    yes = f"s:o:m:{session.id}:{session.revision}:{asked}:{minute}"
    talk.offer(
        talk.text(
            "school.move.sure",
            school=shortened(session.school.name, NAME),
            old=when(session),
            new=day_and_hour(new, session.school.zone),
        ),
        _yes_or_no(talk, Choice(talk.text("school.move.yes"), yes), another),
    )


def _yes_or_no(talk: Talk, yes: Choice, another: str) -> tuple[Choice, ...]:
    """`another` is the payload that lists her other sessions; empty where there are none."""
    no = Choice(talk.text("school.not_meant"), "s:o:n")
    if not another:
        return yes, no
    return yes, no, Choice(talk.text("school.another"), another)


def _do_move(talk: Talk, session: Session, revision: int, asked: int, minute: int) -> None:
    new = datetime.fromtimestamp(minute * _MINUTE, UTC)
    if not _can_be_changed(talk, session, revision):
        return
    if new <= talk.world.now:
        _unclear(talk, Unclear.PAST, "", session)
    elif not _is_free(talk, session, new):
        return
    elif _was_long_ago(talk, asked):
        _ask_move(talk, session, new)
    else:
        talk.add(SessionMoved(session.id, new, new + (session.ends_at - session.starts_at)))
        _changed(talk, "school.move.done", session, day_and_hour(new, session.school.zone))


def _show_cancel(talk: Talk, session: Session, *, another: bool = False) -> None:
    if not _can_be_changed(talk, session):
        return
    asked = int(talk.world.now.timestamp()) // _MINUTE
    yes = f"s:o:c:{session.id}:{session.revision}:{asked}"
    talk.offer(
        talk.text(
            "school.cancel.sure",
            school=shortened(session.school.name, NAME),
            when=when(session),
        ),
        _yes_or_no(
            talk,
            Choice(talk.text("school.cancel.yes"), yes),
            f"s:o:v:{session.id}" if another else "",
        ),
    )


def _do_cancel(talk: Talk, session: Session, revision: int, asked: int) -> None:
    if not _can_be_changed(talk, session, revision):
        return
    if _was_long_ago(talk, asked):
        _show_cancel(talk, session)
        return
    talk.add(SessionCancelled(session.id))
    _changed(talk, "school.cancel.done", session, when(session))


def _changed(talk: Talk, key: str, session: Session, about: str) -> None:
    reached = sum(one.reachable for one in talk.world.schools.enrolled(session.school.id))
    name = shortened(session.school.name, NAME)
    talk.ask_again(talk.text(key, school=name, when=about, n=reached))


def _was_long_ago(talk: Talk, asked: int) -> bool:
    return talk.world.now - datetime.fromtimestamp(asked * _MINUTE, UTC) > AGREED_WITHIN


def _can_be_changed(talk: Talk, session: Session, revision: int | None = None) -> bool:
    """Whether it is still to come, and as it was when it was shown; says so when it is not."""
    if session.cancelled:
        key = "school.already_cancelled"
    elif session.starts_at <= talk.world.now:
        key = "school.already_begun"
    elif revision not in (None, session.revision):
        key = "school.already_moved"
    else:
        return True
    name = shortened(session.school.name, NAME)
    talk.ask_again(talk.text(key, school=name, when=when(session)))
    return False


def _is_free(talk: Talk, session: Session, new: datetime) -> bool:
    ends = new + (session.ends_at - session.starts_at)
    other = talk.world.schools.overlapping(session.school.id, new, ends, session.id)
    if other is None:
        return True
    free_from = day_and_hour(other.ends_at, other.school.zone)
    name = shortened(other.school.name, NAME)
    talk.ask_again(talk.text("school.move.overlap", school=name, when=when(other), free=free_from))
    return False


def _unclear(talk: Talk, why: Unclear, words: str, session: Session) -> None:
    """What is wrong with the time that was said, and what would be right."""
    said = date_said(words, talk.world.now.year) or shortened(words, LONGEST_WORDS)
    talk.ask_again(
        talk.text(
            f"school.move.{why}", said=said, when=when(session), example=_example(talk, session)
        )
    )


def _example(talk: Talk, session: Session) -> str:
    """An order that would be right: the same hour, a day later."""
    later = (session.starts_at + timedelta(days=1)).astimezone(session.school.tz)
    return f"TUNDA {_code(talk, session)}{later:%d/%m %H.%M}"


def _code(talk: Talk, session: Session) -> str:
    """The school's code for an example, where she looks after several."""
    return f"{session.school.code} " if len(hers(talk)) > 1 else ""

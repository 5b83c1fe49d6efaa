"""Who came: asked of the cadre after a session, answered in one message or by tapping names.

What is stored is always the whole list: who is not named did not come. Nothing is stored while a
number is nobody's; HADIR once more replaces what was stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from conversations.broadcasts.broadcasting import is_writing
from conversations.dialogue import Wake
from conversations.event import AttendanceTaken, Remind
from conversations.interview import understands
from conversations.message import Choice, Inbound, Kind, Message
from conversations.permission import Act, may
from conversations.reading.present import Present, present
from conversations.schools.announcing import shortened, when
from conversations.schools.lists import (
    NAME,
    agreed,
    choose_school,
    hers,
    named_school,
    pages,
    session_of,
)
from conversations.schools.rsvp import is_awaited, is_doubtful
from conversations.schools.session import Enrolled, School, Session, SessionId
from conversations.schools.tapping import (
    HIGHEST_TAPPED,
    may_be_tapped,
    packed,
    show_page,
    show_ticked,
    ticked,
    unpacked,
)
from conversations.talk import Talk

STILL_ASKED = timedelta(days=7)
"""So long after a session its attendance may be taken in chat; corrected, `STILL_CORRECTED`."""
STILL_CORRECTED = timedelta(days=3)
SOON = timedelta(hours=1)
"""So long before it begins attendance may be taken: people are there already."""

BUSY = timedelta(hours=1)

_ORDER = re.compile(r"^(/?)hadir\b[\s:,]*(.*)$", re.IGNORECASE | re.DOTALL)
_ABSENT_ONLY = re.compile(r"^(?:semua|kecuali|(?:tidak|tdk|gak|ndak) (?:hadir|datang))\b", re.I)
_BITS = "([A-Za-z0-9_-]{0,44})"
_PRESSED = re.compile(
    rf"s:a:(\d{{1,18}}):(?:(l)|([bwd]):{_BITS}|p:(\d{{1,2}}):{_BITS}|t:(\d{{1,2}}):(\d{{1,3}}):{_BITS})"
)
_DIGIT = re.compile(r"\d")
_LONGEST_SLIP = 80
"""Characters: what is longer is no list with a slip in it."""
_FEW = 10
"""Numbers that are nobody's, named in one answer."""


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears who came; False when the message means something else."""
    if inbound.kind is Kind.BUTTON:
        return _pressed(talk, inbound.button)
    if inbound.kind is not Kind.TEXT or is_writing(talk):
        return False
    said = inbound.text.strip()
    order = _ORDER.match(said)
    payload = agreed(talk, said, "s:a:.*:w:.*", "s:a:.*:p:.*") if order is None else None
    if payload is not None:
        return is_doubtful(talk, said, payload) or _pressed(talk, payload)
    if not may(talk.person, Act.TAKE_ATTENDANCE):
        return _not_hers(talk, order)
    if order is not None:
        return _ordered(talk, order[2].strip(), slash=bool(order[1]))
    who = present(said)
    asked = _asked_about(talk) if who is not None or _DIGIT.search(said) else None
    if who is None:
        if asked is None or len(said) > _LONGEST_SLIP:
            return False
        _say_again(talk, asked, talk.text("school.attend.how"))
        return True
    if asked is not None:
        tappable = max(who.numbers, default=0) <= HIGHEST_TAPPED
        if not (tappable and is_doubtful(talk, said, _payload(asked, who))):
            _take(talk, asked, who)
        return True
    running, is_absence = talk.running, _ABSENT_ONLY.match(said) is not None
    if running is None:
        is_list = bool(who.numbers) and is_absence
    else:
        enough = len(who.numbers) > (0 if is_absence else 1)
        is_list = enough and not understands(running, said, talk.person, talk.world)
    return is_list and _ordered(talk, said)


def ask(talk: Talk, wake: Wake) -> None:
    """After a session: its list, and how to answer. In the middle of a talk it waits an hour."""
    session = session_of(talk, wake)
    if session is None:
        return
    if session.cancelled or session.attendance_at is not None:
        talk.outcome = "skipped: cancelled" if session.cancelled else "skipped: taken"
        return
    running, now = talk.running, talk.world.now
    if running is not None and running.asked_at is not None and now - running.asked_at < BUSY:
        talk.add(Remind(wake.kind, wake.subject, now + BUSY, wake.expires_at))
        return
    _show_list(talk, session)


def _not_hers(talk: Talk, order: re.Match[str] | None) -> bool:
    """A list of numbers by somebody without that task gets a kind word; "hadir" is her own RSVP."""
    who = None if order is None else present(order[2])
    if order is None or not (order[1] or (who is not None and len(who.numbers) > 1)):
        return False
    talk.ask_again(talk.text("school.attend.not_yours"))
    return True


def _ordered(talk: Talk, words: str, *, slash: bool = False) -> bool:
    """HADIR and numbers, also behind a school's code; HADIR alone shows the list.

    Alone it is her own answer, when she was invited and has not said whether she comes.
    """
    if not words and not slash and is_awaited(talk):
        return False
    school, about = named_school(words, hers(talk))
    who = present(about)
    if who is None and about and not any(map(str.isdecimal, about)):
        return False
    found = _sessions(talk, words, named=school is not None)
    if found is None:
        return True
    if not found and not words:
        return False
    if not found:
        talk.ask_again(talk.text("school.attend.none"))
    elif who is None and about:
        talk.ask_again(talk.text("school.attend.how"))
    elif len(found) > 1:
        _ask_which(talk, found, who)
    elif who is None:
        _show_list(talk, found[0])
    else:
        _take(talk, found[0], who)
    return True


def _sessions(talk: Talk, words: str, *, named: bool) -> list[Session] | None:
    """The sessions whose attendance may be meant: not taken yet, else the last one to correct.

    None when the person has been told why there is none.
    """
    asked = _asked_about(talk)
    if asked is not None and not named:
        return [asked]
    if not hers(talk):
        return []
    chosen = choose_school(talk, words, "HADIR", "")
    if chosen is None:
        return None
    now = talk.world.now
    found = [session for school in chosen[0] for session in _begun(talk, school)]
    open_ = [one for one in found if one.attendance_at is None]
    taken = [one for one in found if one.attendance_at and now - one.ends_at <= STILL_CORRECTED]
    return open_ or sorted(taken, key=lambda one: one.starts_at)[-1:]


def _begun(talk: Talk, school: School) -> list[Session]:
    """The session that people of this school are at now, or were at last."""
    now, schools = talk.world.now, talk.world.schools
    soon = [one for one in schools.next_sessions(school.id, 1) if now < one.starts_at <= now + SOON]
    last = schools.last_session(school.id)
    return soon or [last for _ in (last,) if last and now - last.ends_at <= STILL_ASKED]


def _asked_about(talk: Talk) -> Session | None:
    """The session whose attendance the message before asked for."""
    match = _PRESSED.fullmatch(talk.offered[0]) if talk.offered else None
    return None if match is None else _session(talk, match[1])


def _session(talk: Talk, number: str) -> Session | None:
    session = talk.world.schools.session(SessionId(int(number)))
    allowed = session and may(talk.person, Act.TAKE_ATTENDANCE, school=session.school)
    return session if allowed else None


def _ask_which(talk: Talk, sessions: Sequence[Session], who: Present | None) -> None:
    if who is not None and max(who.numbers, default=0) > HIGHEST_TAPPED:
        code = sessions[0].school.code
        talk.ask_again(talk.text("school.which_code", order="HADIR", code=code))
        return
    choices = (
        Choice(f"{shortened(one.school.name, NAME)}, {when(one)}", _payload(one, who))
        for one in sessions
    )
    talk.offer(talk.text("school.which_session"), tuple(choices))


def _payload(session: Session, who: Present | None) -> str:
    """A choice that stores who came to this session; without numbers, that shows its list."""
    what = "l" if who is None else f"{'b' if who.but else 'w'}:{packed(who.numbers)}"
    return f"s:a:{session.id}:{what}"


def _show_list(talk: Talk, session: Session) -> None:
    """The numbered list and how to answer; in the middle of an interview its question follows."""
    members = _members(talk, session)
    if not members:
        return
    heading = talk.text("school.attend.who", school=_name(session), when=when(session))
    *before, last = pages(heading, [f"{one.number}. {one.name}" for one in members])
    for text in before:
        talk.send(Message(text, discreet=True))
    if talk.running is not None or not may_be_tapped(members):
        talk.ask_again(f"{last}\n\n{talk.text('school.attend.how')}", discreet=True)
        return
    known = packed(tuple(one.number for one in members if one.present))
    tap = Choice(talk.text("school.attend.tap"), f"s:a:{session.id}:p:0:{known}")
    talk.offer(f"{last}\n\n{talk.text('school.attend.how_short')}", (tap,), discreet=True)


def _pressed(talk: Talk, button: str) -> bool:
    """A name tapped, a page turned, the list finished, or a session picked."""
    match = _PRESSED.fullmatch(button)
    if match is None:
        return False
    number, alone, what, bits, page, page_bits, tap_page, tapped, tap_bits = match.groups()
    session = _session(talk, number)
    if session is None:
        talk.ask_again(talk.text("school.attend.not_yours"))
        return True
    if alone:
        _show_list(talk, session)
    elif what in ("b", "w"):
        _take(talk, session, Present(tuple(unpacked(bits)), but=what == "b"))
    elif members := _members(talk, session):
        now = ticked(talk, session, bits or page_bits or tap_bits or "")
        if what == "d":
            show_ticked(talk, session, members, now)
        elif page:
            show_page(talk, session, members, int(page), now)
        else:
            show_page(talk, session, members, int(tap_page), now ^ {int(tapped)})
    return True


def _take(talk: Talk, session: Session, who: Present) -> None:
    """Stores who came when every number is somebody's, and says who did not, to her alone."""
    members = _members(talk, session)
    if not members:
        return
    if session.cancelled:
        talk.ask_again(
            talk.text("school.already_cancelled", school=_name(session), when=when(session))
        )
        return
    known = {one.number for one in members}
    strange = [str(number) for number in who.numbers if number not in known]
    if strange:
        wrong = talk.text(
            "school.attend.strange",
            numbers=", ".join(strange[:_FEW]),
            school=_name(session),
            code=session.school.code,
        )
        _say_again(talk, session, wrong)
        return
    came = known - set(who.numbers) if who.but else set(who.numbers)
    present_ = tuple(one.person for one in members if one.number in came)
    absent = [f"{one.number}. {one.name}" for one in members if one.number not in came]
    talk.add(AttendanceTaken(session.id, present_))
    heading = talk.text(
        "school.attend.taken" if absent else "school.attend.taken_all",
        school=_name(session),
        when=when(session),
        n=len(present_),
        total=len(members),
    )
    *before, last = pages(heading, absent)
    for text in before:
        talk.send(Message(text, discreet=True))
    talk.ask_again(f"{last}\n\n{talk.text('school.attend.correct')}", discreet=True)


def _say_again(talk: Talk, session: Session, why: str) -> None:
    """Nothing was stored; numbers alone are enough, as they were when she was asked."""
    if talk.running is not None:
        talk.ask_again(why)
        return
    tap = Choice(talk.text("school.attend.tap"), f"s:a:{session.id}:p:0:")
    talk.offer(why, (tap,))


def _members(talk: Talk, session: Session) -> tuple[Enrolled, ...]:
    """The list of its school; says so when nobody is on it."""
    members = talk.world.schools.enrolled(session.school.id, session.id)
    if not members:
        talk.ask_again(talk.text("school.nobody_enrolled", school=_name(session)))
    return members


def _name(session: Session) -> str:
    return shortened(session.school.name, NAME)

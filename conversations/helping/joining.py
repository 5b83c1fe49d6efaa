"""Coming in by a code: a school's or a village's, from a poster, or one's own, from the slip the
cadre gave.

A slip links this chat to the person of the roster; a code that somebody asked for in another chat
of hers makes this one hers too. A chat that already belongs to somebody is never merged with
another person: it is asked whose it is, and two people are made one by staff alone.
"""

from __future__ import annotations

import re

from conversations import registration
from conversations.concerns.reporting import REPORTS
from conversations.dialogue import Consent, Person, Role
from conversations.event import CodeTried, CodeUsed, Holds, PersonChanged, SchoolJoined
from conversations.helping import inviting
from conversations.helping.helped import Invited
from conversations.helping.inviting import Invitation
from conversations.level import Level
from conversations.message import Choice, Inbound, Kind
from conversations.schools.session import School
from conversations.talk import Talk

MOST_TRIES = 10
"""Wrong codes within an hour; then none is looked at any more until it is over."""

_ME, _SHARE, _TAKE, _WRONG = "j:me:", "j:we:", "j:my:", "j:wrong"
_SIGN = "[CDFGHJKMNPQRTVWXY34679]"
_SLIP = re.compile(rf"^(?:/start\s+|kode\s+)?({_SIGN}{{4}}[\s-]?{_SIGN}{{4}})$", re.IGNORECASE)
_SCHOOL = re.compile(r"^(/start|/?daftar)\s+([a-z0-9][a-z0-9-]{1,11})[\s.,!🙏]*$", re.IGNORECASE)


def by_code(talk: Talk, inbound: Inbound) -> bool:
    """Hears a code, typed or by the link of a QR; False when the message is something else.

    A slip is for one's own chat: on a cadre's phone it links nobody.
    """
    said = inbound.text.strip()
    code = code_in(inbound) if talk.world.typist is None else ""
    if code:
        invited = talk.world.helping.invited(code)
        if invited is None or not invited.good:
            talk.add(CodeTried())
        if invited is not None:
            _by_slip(talk, code, invited)
            return True
        if talk.world.linked_staff(code) is not None:
            talk.ask_again(talk.text("link.own_phone"))
            return True
        if not said.startswith("/"):
            talk.ask_again(talk.text(_not_good(talk)))
            return True
    if poster := _SCHOOL.match(said):
        return _by_poster(talk, poster[1], poster[2].upper())
    return False


def is_tried_out(talk: Talk, inbound: Inbound) -> bool:
    """Whether so many codes were wrong that no further one is looked at within this hour."""
    if not code_in(inbound):
        return False
    return talk.world.helping.tries(talk.person.id) >= MOST_TRIES


def code_in(inbound: Inbound) -> str:
    """The eight signs of a code, where a text is nothing else; empty otherwise."""
    slip = _SLIP.match(inbound.text.strip()) if inbound.kind is Kind.TEXT else None
    return "" if slip is None else "".join(sign for sign in slip[1].upper() if sign.isalnum())


def _not_good(talk: Talk) -> str:
    tried = talk.world.helping.tries(talk.person.id) + 1
    return "enrol.too_often" if tried >= MOST_TRIES else "enrol.code_unknown"


def welcome(talk: Talk) -> None:
    """The first words to her whose chat this is since now."""
    key = "enrol.welcome.shared" if talk.person.shares_phone else "enrol.welcome"
    talk.say(key, who=f"{talk.person.salutation} {talk.person.name}".strip())


def _by_slip(talk: Talk, code: str, invited: Invited) -> None:
    if invited.person == talk.person.id:
        talk.ask_again(talk.text("enrol.already"))
    elif not invited.good:
        talk.ask_again(talk.text("enrol.code_old"))
    elif invited.has_phone and not invited.linking:
        talk.open_task("correction", Level.KUNING, "reason.code_of_another")
        talk.ask_again(talk.text("enrol.has_phone"))
    elif _works(talk, invited) and talk.person.shares_phone:
        talk.ask_again(talk.text("link.own_phone"))
    elif _is_nobody_yet(talk.person):
        talk.give_up_all("persetujuan", "daftar", "belum_setuju")
        talk.add(CodeUsed(invited.person, code, told=_told(talk, invited)))
    elif talk.person.role.works and not invited.linking:
        talk.ask_again(talk.text("enrol.shared"))
    else:
        _ask_whose(talk, code, invited)


def _ask_whose(talk: Talk, code: str, invited: Invited) -> None:
    """The chat is somebody's. By a slip whoever holds the phone may share or take it; who asked for
    the code herself may be known twice, which staff look into. Staff share their phone with nobody.
    """
    said, linking = [], invited.linking
    if linking:
        said.append(("enrol.whose.me", f"{_ME}{code}"))
    if not talk.person.role.works and not _works(talk, invited):
        said.append(("enrol.whose.together", f"{_SHARE}{code}"))
    if not linking and not talk.person.shares_phone and talk.person.role is Role.CAREGIVER:
        said.append(("enrol.whose.given", f"{_TAKE}{code}"))
    said.append(("enrol.whose.wrong", _WRONG))
    choices = tuple(Choice(talk.text(key), payload) for key, payload in said)
    talk.offer(talk.text("link.whose" if linking else "enrol.whose"), choices)


def _works(talk: Talk, invited: Invited) -> bool:
    """Whether whose code it is sees the cases of others: that is for a phone of one's own."""
    who = talk.world.helping.helper(invited.person)
    return who is not None and who.role.works


def _told(talk: Talk, invited: Invited) -> str:
    """What she hears in her other chats: another one is hers since now."""
    if not invited.linking:
        return ""
    who = talk.world.helping.helper(invited.person)
    called = f"{who.salutation} {who.name}".strip() if who is not None else ""
    channel = talk.text(f"channel.{talk.person.channel}")
    return talk.text("link.told", channel=channel, **({"sapaan": called} if called else {}))


def _is_nobody_yet(person: Person) -> bool:
    """A chat in which nobody has come through the door: it may become anybody's."""
    consented = person.consent in (Consent.GIVEN, Consent.WITHDRAWN)
    return person.role is Role.CAREGIVER and not person.registered and not consented


def pressed(talk: Talk, inbound: Inbound) -> bool:
    """Whose code it is; whatever is said, no two people become one here."""
    button = inbound.button
    if talk.world.typist is not None or not button.startswith("j:"):
        return False
    prefix, code = button[: len(_ME)], button[len(_ME) :]
    invited = talk.world.helping.invited(code) if prefix in (_ME, _SHARE, _TAKE) else None
    if invited is None:
        talk.ask_again(talk.text("all_right"))
    elif not invited.good:
        talk.ask_again(talk.text("enrol.code_old"))
    elif prefix == _ME:
        content = talk.text("enrol.same_person", number=invited.person)
        talk.open_task("correction", Level.KUNING, "reason.same_person", content=content)
        talk.ask_again(talk.text("enrol.staff_will_see"))
    else:
        _hand_over(talk, code, invited, Holds.TOGETHER if prefix == _SHARE else Holds.GIVEN)
    return True


def _hand_over(talk: Talk, code: str, invited: Invited, holds: Holds) -> None:
    """She whose code it is holds the phone since now; who had it before is not forgotten."""
    person = talk.person
    may = not person.role.works and not _works(talk, invited)
    if holds is Holds.GIVEN:
        may = person.role is Role.CAREGIVER and not person.shares_phone and not invited.linking
    if not may or (invited.has_phone and not invited.linking):
        talk.ask_again(talk.text("enrol.shared"))
        return
    if holds is Holds.GIVEN:
        content = talk.text("enrol.same_person", number=invited.person)
        talk.open_task("correction", Level.KUNING, "reason.phone_given", content=content)
    talk.give_up_all(*REPORTS)
    talk.add(CodeUsed(invited.person, code, holds, _told(talk, invited)))


def _by_poster(talk: Talk, word: str, code: str) -> bool:
    school = talk.world.schools.by_code(code)
    if school is None and (found := inviting.invitation(talk.world, code)) is not None:
        _by_invitation(talk, found)
        return True
    if school is None:
        if word == "/start" or "-" not in code:
            return False
        talk.ask_again(talk.text("enrol.no_such_school", code=code))
        return True
    person = talk.person
    if person.role.works:
        talk.say("enrol.staff", school=school.name)
    elif person.consent is not Consent.GIVEN:
        talk.start("persetujuan", facts={registration.SCHOOL: school.code})
    elif not person.registered:
        registration.open_door(talk, {registration.SCHOOL: school.code})
    else:
        _join(talk, school)
    return True


def _by_invitation(talk: Talk, found: Invitation) -> None:
    person, facts = talk.person, {inviting.FACT: found.code}
    if person.role.works:
        talk.say("enrol.staff", school=found.code)
    elif person.consent is not Consent.GIVEN:
        talk.start("persetujuan", facts=facts)
    elif not person.registered:
        registration.open_door(talk, facts)
    else:
        inviting.registered(talk, found)


def _join(talk: Talk, school: School) -> None:
    if any(one.id == school.id for one in talk.world.schools.of_person(talk.person.id)):
        talk.ask_again(talk.text("enrol.again", school=school.name))
        return
    talk.add(SchoolJoined(school.id))
    if talk.person.village_id is None and school.village_id is not None:
        talk.add(PersonChanged({"village_id": school.village_id}))
    talk.ask_again(talk.text("enrol.registered", school=school.name))

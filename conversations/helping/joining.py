"""Coming in by a code: a school's, from its poster, or one's own, from the slip the cadre gave.

A slip links this chat to the person of the roster. A chat that already belongs to somebody is never
merged with another person: it is asked, and staff do it when both agree.
"""

from __future__ import annotations

import re

from conversations import registration
from conversations.dialogue import Consent, Person, Role
from conversations.event import CodeUsed, PersonChanged, SchoolJoined
from conversations.helping.helped import Invited
from conversations.level import Level
from conversations.message import Choice, Inbound
from conversations.schools.session import School
from conversations.talk import Talk

_SIGN = "[CDFGHJKMNPQRTVWXY34679]"
_SLIP = re.compile(rf"^(?:/start\s+|kode\s+)?({_SIGN}{{4}}[\s-]?{_SIGN}{{4}})$", re.IGNORECASE)
_SCHOOL = re.compile(r"^(/start|/?daftar)\s+([a-z0-9][a-z0-9-]{1,11})$", re.IGNORECASE)


def by_code(talk: Talk, inbound: Inbound) -> bool:
    """Hears a code, typed or by the link of a QR; False when the message is something else.

    A slip is for one's own chat: on a cadre's phone it links nobody.
    """
    said = inbound.text.strip()
    slip = _SLIP.match(said) if talk.world.typist is None else None
    if slip is not None:
        code = "".join(sign for sign in slip[1].upper() if sign.isalnum())
        invited = talk.world.helping.invited(code)
        if invited is not None:
            _by_slip(talk, code, invited)
            return True
    if poster := _SCHOOL.match(said):
        return _by_poster(talk, poster[1], poster[2].upper())
    return False


def welcome(talk: Talk) -> None:
    """The first words to her whose chat this is since now."""
    talk.say("enrol.welcome", who=f"{talk.person.salutation} {talk.person.name}".strip())


def _by_slip(talk: Talk, code: str, invited: Invited) -> None:
    if invited.person == talk.person.id:
        talk.ask_again(talk.text("enrol.already"))
    elif not invited.good:
        talk.ask_again(talk.text("enrol.code_old"))
    elif invited.has_phone:
        talk.open_task("correction", Level.KUNING, "reason.code_of_another")
        talk.ask_again(talk.text("enrol.has_phone"))
    elif _is_nobody_yet(talk.person):
        talk.give_up_all("persetujuan", "daftar", "belum_setuju")
        talk.add(CodeUsed(invited.person, code))
    else:
        choices = (
            Choice(talk.text("enrol.whose.me"), f"j:me:{code}"),
            Choice(talk.text("enrol.whose.other"), "j:other"),
            Choice(talk.text("enrol.whose.wrong"), "j:wrong"),
        )
        talk.offer(talk.text("enrol.whose"), choices)


def _is_nobody_yet(person: Person) -> bool:
    """A chat in which nobody has come through the door: it may become anybody's."""
    consented = person.consent in (Consent.GIVEN, Consent.WITHDRAWN)
    return person.role is Role.CAREGIVER and not person.registered and not consented


def pressed(talk: Talk, inbound: Inbound) -> bool:
    """Whose code it is; whatever is said, nothing is merged here."""
    button = inbound.button
    if talk.world.typist is not None or not button.startswith("j:"):
        return False
    if button.startswith("j:me:"):
        invited = talk.world.helping.invited(button.removeprefix("j:me:"))
        if invited is not None and invited.good:
            content = talk.text("enrol.same_person", number=invited.person)
            talk.open_task("correction", Level.KUNING, "reason.same_person", content=content)
        talk.ask_again(talk.text("enrol.staff_will_see"))
    elif button == "j:other":
        talk.ask_again(talk.text("enrol.shared"))
    else:
        talk.ask_again(talk.text("all_right"))
    return True


def _by_poster(talk: Talk, word: str, code: str) -> bool:
    school = talk.world.schools.by_code(code)
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


def _join(talk: Talk, school: School) -> None:
    if any(one.id == school.id for one in talk.world.schools.of_person(talk.person.id)):
        talk.ask_again(talk.text("enrol.again", school=school.name))
        return
    talk.add(SchoolJoined(school.id))
    if talk.person.village_id is None and school.village_id is not None:
        talk.add(PersonChanged({"village_id": school.village_id}))
    talk.ask_again(talk.text("enrol.registered", school=school.name))

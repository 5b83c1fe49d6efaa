"""Whom BANTU means: by number or name on a school's list; and the list of who has no phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from conversations.dialogue import Consent, Person
from conversations.helping.helped import Helped
from conversations.schools.session import School
from conversations.talk import Talk

LISTED = 60
"""People in one list: a school's whole list, as a rule."""


def schools_meant(talk: Talk, helper: Person, words: str) -> tuple[tuple[School, ...], str]:
    """Which schools are meant, and the words left after a school's code."""
    first, _, rest = words.partition(" ")
    own = () if helper.role.in_office else talk.world.helping.schools(helper.id)
    if helper.role.in_office:
        named = talk.world.schools.by_code(first.upper()) if first and not first.isdigit() else None
    else:
        named = next((one for one in own if one.code.casefold() == first.casefold()), None)
    return ((named,), rest.strip()) if named is not None else (own, words)


def people_of(talk: Talk, schools: Sequence[School], helper: Person) -> list[Helped]:
    """Everybody on the lists of these schools."""
    since = _monday(talk.world.now, talk.person)
    return [
        one for school in schools for one in talk.world.helping.people(school.id, helper.id, since)
    ]


def _monday(now: datetime, person: Person) -> datetime:
    """When this week began where she lives (aware, in the zone of `now`)."""
    local = now.astimezone(person.tz)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - timedelta(days=local.weekday())).astimezone(now.tzinfo)


def is_meant(one: Helped, wanted: str) -> bool:
    """Her number, or her name with or without what she is called.

    >>> from conversations.dialogue import PersonId
    >>> siti = Helped(PersonId(1), 7, "Mbah Siti", "BOK-SBS")
    >>> [is_meant(siti, said) for said in ("7", "no 7", "mbah siti", "SITI", "Sit", "17")]
    [True, True, True, True, False, False]
    """
    words = wanted.casefold().replace("nomor", "").replace("no.", "").split()
    words = [word for word in words if word != "no"]
    if len(words) == 1 and words[0].isdecimal():
        return int(words[0][:5]) == one.number
    name = one.name.casefold().split()
    return bool(words) and set(words) <= set(name)


def is_called(one: Helped, called: str) -> bool:
    """Whether this is exactly what she is called, so that nobody is put on a list twice."""
    return one.name.casefold() == " ".join(called.casefold().split())


def show_list(talk: Talk, schools: Sequence[School], helper: Person) -> None:
    """Who has no phone, with her number, and what is still to be asked of her."""
    if not schools:
        talk.say("helping.which_school" if helper.role.in_office else "helping.no_school")
        return
    since = _monday(talk.world.now, talk.person)
    for school in schools:
        everybody = talk.world.helping.people(school.id, helper.id, since)
        without = [one for one in everybody if not one.has_phone]
        if not without:
            talk.say("helping.all_have_phones", school=school.name)
            continue
        lines = "\n".join(_line(talk, one) for one in without[:LISTED])
        talk.send_text(f"{talk.text('helping.list', school=school.name, n=len(without))}\n{lines}")
    talk.say("helping.how_to")


def _line(talk: Talk, one: Helped) -> str:
    match one.consent:
        case Consent.GIVEN if not one.registered:
            state = "helping.line.door"
        case Consent.GIVEN:
            state = "helping.line.told" if one.told else "helping.line.open"
        case Consent.UNASKED:
            state = "helping.line.consent"
        case _:
            state = "helping.line.no"
    return f"{one.number}. {one.name}: {talk.text(state)}"

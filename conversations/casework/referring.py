"""To whom a case is told: an office chosen by a human being, who first weighs it, and its answer.

Nobody is told by the bot. The sheet for the office is printed by a command.
"""

from __future__ import annotations

import re

from conversations.casework import desk
from conversations.concerns.case import Case, Contact, ContactId, Referral, ReferralState
from conversations.concerns.event import ReferralAnswered, Referred
from conversations.event import Audited
from conversations.message import Choice, Message
from conversations.talk import Talk

_MOST = 60
"""Offices for one case that are looked at; shown a page at a time."""

_ANSWERS = (ReferralState.ACCEPTED, ReferralState.REFUSED, ReferralState.DONE)


def refer(talk: Talk, case: Case, words: str) -> None:
    """RUJUK: the offices near; then what is weighed; then the recorded decision."""
    number, _, decided = words.partition(" ")
    office = _office(talk, case, number)
    if office is None:
        _offer_offices(talk, case, words)
        return
    if decided != "ya":
        _weigh(talk, case, office)
        return
    talk.add(Referred(case.code, office.id))
    text = talk.text("case.referred", code=case.code, office=office.name, id=office.id)
    step = Choice(talk.text("case.step.jawaban"), f"t:jawaban:{case.code}")
    talk.offer(text, (step, *desk.next_steps(talk, desk.since(talk, case))))


def answer(talk: Talk, case: Case, words: str) -> None:
    """JAWABAN: whether the office took it, refused it, or has done it."""
    waiting = [
        one
        for one in talk.world.cases.referrals(case.code)
        if one.state in (ReferralState.ASKED, ReferralState.ACCEPTED)
    ]
    said = words.split()
    if said and said[0].startswith("#"):
        waiting = [one for one in waiting if f"#{one.id}" == said[0]]
    if not waiting:
        talk.offer(talk.text("case.no_referral", code=case.code), desk.next_steps(talk, case))
        return
    state = next((one for one in _ANSWERS if one.value in map(str.casefold, said)), None)
    if len(waiting) > 1:
        _which_office(talk, case, waiting, state)
        return
    if state is None:
        _which_answer(talk, case, waiting[0])
        return
    note = " ".join(word for word in said if not word.startswith("#") and word != state.value)
    talk.add(ReferralAnswered(waiting[0].id, state, note))
    key = f"case.answered.{state}"
    desk.done(talk, case, key, office=waiting[0].contact.name)


def _office(talk: Talk, case: Case, number: str) -> Contact | None:
    """An office of this case by the number on its button."""
    if not number.startswith("#") or not number[1:].isdecimal() or len(number) > 15:
        return None
    wanted = ContactId(int(number[1:]))
    near = talk.world.cases.contacts(case.code, _MOST)
    return next((one for one in near if one.id == wanted), None)


def _offer_offices(talk: Talk, case: Case, words: str) -> None:
    near = talk.world.cases.contacts(case.code, _MOST)
    begin = int(words[1:]) if re.fullmatch(r"\+[0-9]{1,9}", words) else 0
    said = "" if words.startswith("+") else words.casefold()
    named = [one for one in near if said and said in _called(talk, one).casefold()]
    offices = named or list(near)
    if not offices:
        talk.offer(talk.text("case.no_offices", code=case.code), desk.next_steps(talk, case))
        return
    choices = [
        Choice(_called(talk, one), f"t:rujuk:{case.code}:#{one.id}")
        for one in offices[begin : begin + desk.PAGE]
    ]
    if len(offices) > begin + desk.PAGE and not named:
        more = f"t:rujuk:{case.code}:+{begin + desk.PAGE}"
        choices.append(Choice(talk.text("staff.more"), more))
    choices.append(Choice(talk.text("case.not_now"), f"t:baca:{case.code}"))
    talk.offer(talk.text("case.refer_whom", code=case.code), tuple(choices))


def _called(talk: Talk, office: Contact) -> str:
    return f"{talk.text(f'agency.{office.agency}')}: {office.name}"


def _weigh(talk: Talk, case: Case, office: Contact) -> None:
    """Before it is told: who holds the telephones, what may be told, and that it is recorded."""
    checked = f"{office.checked:%d/%m/%Y}" if office.checked else talk.text("case.never_checked")
    office_line = talk.text("case.office", office=office.name, phone=office.phone, checked=checked)
    talk.add(Audited("task_read", case.code))
    talk.send(Message(f"{office_line}\n{desk.weigh(talk, case)}", discreet=True))
    sure = talk.text("case.refer_sure", code=case.code)
    wish = talk.text("case.hide_name") if case.hide_name else ""
    talk.offer(
        " ".join(filter(None, (wish, sure))),
        (
            Choice(talk.text("case.refer_yes"), f"t:rujuk:{case.code}:#{office.id} ya"),
            Choice(talk.text("case.not_now"), f"t:baca:{case.code}"),
        ),
        discreet=True,
    )


def _which_office(
    talk: Talk, case: Case, waiting: list[Referral], state: ReferralState | None
) -> None:
    told = f" {state}" if state else ""
    choices = tuple(
        Choice(one.contact.name, f"t:jawaban:{case.code}:#{one.id}{told}")
        for one in waiting[: desk.PAGE]
    )
    talk.offer(talk.text("case.which_office", code=case.code), choices)


def _which_answer(talk: Talk, case: Case, referral: Referral) -> None:
    choices = tuple(
        Choice(talk.text(f"case.referral.{state}"), f"t:jawaban:{case.code}:#{referral.id} {state}")
        for state in _ANSWERS
    )
    text = talk.text("case.which_answer", code=case.code, office=referral.contact.name)
    talk.offer(text, choices)

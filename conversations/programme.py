"""What the programme's rules bring about when they come to one person: ask, tell, remind.

Whether she may be written to, and whether she is in the middle of something else, is looked at
here, at the moment itself; which people a rule concerns on which day is a question for storage.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from conversations import checkin
from conversations.broadcasts.broadcast import render
from conversations.dialogue import Wake
from conversations.event import Remind
from conversations.politeness import why_not
from conversations.rule import Action, Rule, WhenBusy, rule_of
from conversations.talk import Talk

LOOK_AGAIN: Final = timedelta(hours=1)

STALE: Final = timedelta(hours=2)
"""A question that was left alone so long holds up nobody: it comes again afterwards."""

UNDISTURBED: Final = frozenset({"bahaya", "lapor", "hubungi", "sandi", "sesudah"})
"""About danger, a worry, or help by a person: nothing comes between, however long it takes."""

MOST_NUMBERS: Final = 15
"""Of people to help, in one message: BANTU alone shows them all."""

ENDED: Final = "skipped: the rule has ended"


def by_rule(talk: Talk, wake: Wake) -> None:
    """One piece of due work that a rule planned for this person."""
    talk.look_no_more(wake)
    rule = _rule(talk, wake)
    if rule is None:
        talk.outcome = ENDED
    elif reason := _not_now(talk):
        talk.outcome = f"skipped: {reason}"
    elif wake.kind == Action.NUDGE:
        _nudge(talk, rule, wake)
    elif wake.kind == Action.CHECKIN and talk.begun("checkin") is not None:
        talk.outcome = "skipped: she is being asked already"
    elif _in_the_middle(talk) or _in_talk(talk):
        _later(talk, rule, wake)
    elif wake.kind == Action.CHECKIN:
        checkin.weekly(talk)
    elif wake.kind == Action.TIP:
        if not checkin.offer_tip(talk, opening=talk.text("tip.opening"), apologise=False):
            talk.outcome = "skipped: no tip is left"
    else:
        _tell(talk, rule)


def to_help(talk: Talk, wake: Wake) -> None:
    """A cadre learns once a week whom she may ask who has no phone: numbers, no names, no news."""
    if reason := _not_now(talk):
        talk.outcome = f"skipped: {reason}"
        return
    schools = talk.world.rules.to_help(talk.person.id)
    if not schools:
        talk.outcome = "skipped: nobody to help"
    for school in schools:
        numbers = ", ".join(map(str, school.numbers[:MOST_NUMBERS]))
        more = len(school.numbers) - MOST_NUMBERS
        if more > 0:
            numbers = talk.text("help.more", numbers=numbers, n=more)
        example = school.numbers[0]
        talk.say("help.week", school=school.school, numbers=numbers, example=example)


def is_of_a_rule(wake: Wake) -> bool:
    """Whether a rule planned it (a form plans its own nudge, named by the interview)."""
    return ":" in wake.subject


def _rule(talk: Talk, wake: Wake) -> Rule | None:
    number = rule_of(wake.subject)
    rules = talk.world.rules
    return rules.weekly_checkin(talk.person) if number is None else rules.one(number)


def _not_now(talk: Talk) -> str:
    """The key of the reason for which nothing unasked may be said, empty when it may."""
    if not talk.person.registered:
        return "no_consent"
    return why_not(talk.person, talk.world.now)


def _in_the_middle(talk: Talk) -> bool:
    """Whether something else is being asked that she may be answering now."""
    running = talk.running
    if running is None:
        return False
    asked = running.asked_at or talk.world.now
    return running.conversation in UNDISTURBED or talk.world.now - asked < STALE


def _in_talk(talk: Talk) -> bool:
    """Whether a member of staff is talking with her."""
    until = talk.person.talk_until
    return until is not None and until > talk.world.now


def _tell(talk: Talk, rule: Rule) -> None:
    """The words of the rule, with her own in their places."""
    person, world = talk.person, talk.world
    village = dict(world.villages()).get(person.village_id, "") if person.village_id else ""
    children = world.children(person.id)
    child = children[0].nickname if len(children) == 1 else ""
    talk.send_text(render(rule.words, person, village, child))


def _nudge(talk: Talk, rule: Rule, wake: Wake) -> None:
    """One friendly reminder of a check-in that is not finished."""
    asked, now = talk.begun("checkin"), talk.world.now
    if asked is None:
        talk.outcome = "skipped: answered"
    elif asked.nudged:
        talk.outcome = "skipped: reminded before"
    elif (again := (asked.asked_at or now) + timedelta(days=rule.days)) > now:
        talk.add(Remind(wake.kind, wake.subject, again, wake.expires_at))
    elif talk.running is not asked or _in_talk(talk):
        _later(talk, rule, wake)
    else:
        talk.replace_running(replace(asked, nudged=True))
        talk.ask_again(talk.text("nudge"))


def _later(talk: Talk, rule: Rule, wake: Wake) -> None:
    """She is in the middle of something else: what the rule says about that."""
    if rule.when_busy is WhenBusy.SKIP:
        talk.outcome = "skipped: busy"
        return
    again = talk.world.now + LOOK_AGAIN
    if _in_talk(talk) and talk.person.talk_until is not None:
        again = min(again, talk.person.talk_until)
    if wake.expires_at is not None and again >= wake.expires_at:
        talk.outcome = "skipped: busy until it was too late"
        return
    talk.add(Remind(wake.kind, wake.subject, again, wake.expires_at))
    if rule.when_busy is WhenBusy.AFTER and talk.running is not None:
        talk.look_again_after(wake)

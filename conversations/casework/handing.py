"""Who has a case: handed over, kept from somebody close to it, merged with or linked to another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from conversations.casework import desk, order
from conversations.casework.visiting import KIND as VISIT
from conversations.concerns.case import Case
from conversations.concerns.event import CaseLinked, CaseMerged, Excluded, HandedOver
from conversations.dialogue import PersonId, Task
from conversations.message import Choice
from conversations.permission import Act, may
from conversations.talk import Talk

_MYSELF = frozenset({"saya", "aku", "diri sendiri", "saya sendiri"})
ON_DUTY = "jaga"
"""Instead of a name: whoever is on duty."""


def hand_over(talk: Talk, task: Task, words: str) -> None:
    """SERAHKAN: another owner, who is alerted and takes it anew; a visit may be a cadre's."""
    if desk.is_over(talk, task):
        return
    if words.casefold() == ON_DUTY:
        if not _others(talk, task):
            _nobody_left(talk, task)
            return
        talk.add(HandedOver(task.code, None))
        desk.finished(talk, "case.handed_to_duty", code=task.code)
        return
    to = _person(talk, task, words, "serahkan", _may_have(talk, task), _team(talk, task))
    if to is None:
        return
    talk.add(HandedOver(task.code, to))
    desk.finished(talk, "case.handed_over", code=task.code, name=desk.name_of(talk, to))


def keep_out(talk: Talk, case: Case, words: str) -> None:
    """KECUALIKAN: a conflict of interest; one may say it of oneself."""
    person: PersonId | None = talk.person.id if words.casefold() in _MYSELF else None
    if person is None:
        person = _person(talk, case.task, words, "kecualikan", lambda _: True, ())
    if person is None:
        return
    if person == case.task.owner and not _others(talk, case.task):
        _nobody_left(talk, case.task)
        return
    talk.add(Excluded(case.code, person))
    if person == talk.person.id:
        desk.finished(talk, "case.excluded_self", code=case.code)
        return
    desk.done(talk, case, "case.excluded", name=desk.name_of(talk, person))


def merge(talk: Talk, case: Case, words: str) -> None:
    """GABUNG: the same concern told twice; asked first, because one of the two is closed."""
    other = _other(talk, case, words, "gabung", "case.merge_how", Act.MERGE_CASES)
    if other is None:
        return
    if case.task.outside != other.task.outside:
        text = talk.text("case.merge_never", code=case.code, other=other.code)
        talk.offer(text, desk.next_steps(talk, case))
        return
    if not words.endswith(" ya"):
        talk.offer(
            talk.text("case.merge_sure", code=case.code, into=other.code),
            (
                Choice(
                    talk.text("case.merge_yes", into=other.code),
                    f"t:gabung:{case.code}:{other.code} ya",
                ),
                Choice(
                    talk.text("case.merge_yes", into=case.code),
                    f"t:gabung:{other.code}:{case.code} ya",
                ),
                Choice(talk.text("case.step.kaitkan"), f"t:kaitkan:{case.code}:{other.code}"),
                Choice(talk.text("case.not_now"), f"t:baca:{case.code}"),
            ),
        )
        return
    talk.add(CaseMerged(case.code, other.code))
    text = talk.text("case.merged", code=case.code, into=other.code)
    talk.offer(text, desk.next_steps(talk, other))


def link(talk: Talk, case: Case, words: str) -> None:
    """KAITKAN: another report of the same child; both stay."""
    other = _other(talk, case, words, "kaitkan", "case.link_how", Act.WORK_ON_CASE)
    if other is None:
        return
    talk.add(CaseLinked(case.code, other.code))
    desk.done(talk, case, "case.linked", other=other.code)


def _other(talk: Talk, case: Case, words: str, word: str, key: str, act: Act) -> Case | None:
    """The second case of an order, which she must be allowed to see as well; asked for if missing.

    Of a closed one only the whole code is known.
    """
    if not words:
        desk.ask(talk, word, case.code, key)
        return None
    codes = [code for code in order.second(talk, words) if code != case.code]
    found = talk.world.cases.case(codes[0]) if len(codes) == 1 else None
    fits = found is not None and may(talk.person, act, found.task)
    if found is not None and fits and (word != "gabung" or found.task.closed_at is None):
        return found
    talk.offer(
        talk.text("case.no_other", said=words[:40]),
        (
            Choice(talk.text(f"case.step.{word}"), f"t:{word}:{case.code}"),
            Choice(talk.text("case.step.baca"), f"t:baca:{case.code}"),
        ),
    )
    return None


def _person(
    talk: Talk,
    task: Task,
    words: str,
    word: str,
    fits: Callable[[PersonId], bool],
    offered: Iterable[PersonId],
) -> PersonId | None:
    """The colleague an order names, by number of a button or by name; else she is asked for."""
    if not words:
        people = [one for one in offered if fits(one)]
        if not people:
            desk.ask(talk, word, task.code, f"case.{word}_how")
            return None
        _choose(talk, task, word, people, duty=word == "serahkan")
        return None
    if re.fullmatch(r"#[0-9]{1,9}", words):
        found: tuple[PersonId, ...] = (PersonId(int(words[1:])),)
    else:
        found = talk.world.cases.colleague(words)
    fitting = [one for one in found if fits(one)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        _choose(talk, task, word, fitting)
    elif found:
        talk.offer(talk.text("case.not_her", code=task.code), _back(talk, task))
    else:
        desk.ask(talk, word, task.code, "case.nobody_of_that_name")
    return None


def _choose(
    talk: Talk, task: Task, word: str, people: list[PersonId], *, duty: bool = False
) -> None:
    choices = [
        Choice(desk.name_of(talk, one), f"t:{word}:{task.code}:#{one}")
        for one in people[: desk.PAGE]
    ]
    if duty:
        choices.append(Choice(talk.text("case.on_duty"), f"t:{word}:{task.code}:{ON_DUTY}"))
    choices.append(Choice(talk.text("case.not_now"), f"t:baca:{task.code}"))
    talk.offer(talk.text(f"case.{word}_whom", code=task.code), tuple(choices))


def _others(talk: Talk, task: Task) -> tuple[PersonId, ...]:
    """Who could have it instead of its owner."""
    fits = _may_have(talk, task)
    team = talk.world.duty.team().without(task.excluded)
    reachable = (*team.focal, *team.coordinators) if task.outside else team.everyone
    return tuple(one for one in reachable if fits(one))


def _nobody_left(talk: Talk, task: Task) -> None:
    talk.offer(talk.text("case.nobody_left", code=task.code), _back(talk, task))


def _back(talk: Talk, task: Task) -> tuple[Choice, ...]:
    case = desk.case_of(talk, task)
    return () if case is None else desk.next_steps(talk, case)


def _team(talk: Talk, task: Task) -> tuple[PersonId, ...]:
    if task.kind == VISIT:
        return talk.world.cases.cadres(task.code, desk.PAGE)
    team = talk.world.duty.team().without(task.excluded)
    return team.focal if task.outside else team.everyone


def _may_have(talk: Talk, task: Task) -> Callable[[PersonId], bool]:
    def fits(person: PersonId) -> bool:
        return person != task.owner and talk.world.cases.may_own(task.code, person)

    return fits

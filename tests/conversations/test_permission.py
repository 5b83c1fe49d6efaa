"""Who may do what: every role, every act, every kind of task, against what was decided by people.

The roles, acts and orders come from the code, so that a new one without a decision here fails.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from conversations import dialogue as d
from conversations import staff
from conversations.casework import desk, order
from conversations.concerns.case import Case, Stage
from conversations.event import Audited
from conversations.level import Level
from conversations.permission import TABLE, Act, may
from conversations.schools.session import School, SchoolId
from tests.conversations.world import STAFF, WEDNESDAY, MemoryWorld, Phone

ME, ANOTHER = d.PersonId(11), d.PersonId(12)
CODE = "LDK-26-0042"

TASK = d.Task(
    code=CODE,
    kind="concern",
    level=Level.MERAH,
    about=d.PersonId(7),
    child=None,
    owner=ANOTHER,
    due_at=WEDNESDAY,
    created_at=WEDNESDAY,
    reason="reason.words",
    content="yang tidak boleh dibaca",
)
TASKS = {
    "another's": TASK,
    "nobody's": replace(TASK, owner=None),
    "hers": replace(TASK, owner=ME),
    "about herself": replace(TASK, about=ME),
    "hers, about herself": replace(TASK, owner=ME, about=ME),
    "kept out": replace(TASK, excluded=frozenset({ME})),
    "hers, kept out": replace(TASK, owner=ME, excluded=frozenset({ME})),
    "outside": replace(TASK, outside=True),
    "outside, hers": replace(TASK, owner=ME, outside=True),
    "outside, about herself": replace(TASK, outside=True, about=ME),
    "outside, kept out": replace(TASK, outside=True, excluded=frozenset({ME})),
}
EVERY = frozenset(TASKS)
NONE: frozenset[str] = frozenset()
OWN = frozenset({"hers", "outside, hers"})
TEAM = frozenset({"another's", "nobody's", "hers", "outside, hers"})
"""What is neither about herself nor kept from her; what is about staff only when it is hers."""

FOCAL = frozenset({"hers", "outside", "outside, hers"})
"""What is about staff or cadres, and what somebody gave to her; nothing else."""

CASE_WORK = {d.Role.STAFF: TEAM, d.Role.COORDINATOR: TEAM, d.Role.FOCAL: FOCAL}
CASE_AND_CADRE = {**CASE_WORK, d.Role.CADRE: OWN}
SUPERVISION = {d.Role.COORDINATOR: TEAM, d.Role.FOCAL: FOCAL}
OFFICE = {d.Role.STAFF: EVERY, d.Role.COORDINATOR: EVERY, d.Role.ORGANISER: EVERY}
EXPECTED: dict[Act, dict[d.Role, frozenset[str]]] = {
    Act.LIST_TASKS: {
        d.Role.STAFF: EVERY,
        d.Role.COORDINATOR: EVERY,
        d.Role.FOCAL: EVERY,
        d.Role.CADRE: OWN,
    },
    Act.READ_TASK: CASE_AND_CADRE,
    Act.TAKE_TASK: CASE_AND_CADRE,
    Act.NOTE_TASK: CASE_AND_CADRE,
    Act.END_VISIT: {d.Role.CADRE: OWN},
    Act.ANSWER_PERSON: CASE_WORK,
    Act.CLOSE_TASK: CASE_WORK,
    Act.WORK_ON_CASE: CASE_WORK,
    Act.SEND_CADRE: CASE_WORK,
    Act.HAND_OVER: CASE_WORK,
    Act.REOPEN_CASE: CASE_WORK,
    Act.MERGE_CASES: CASE_WORK,
    Act.EXCLUDE: CASE_WORK,
    Act.OPEN_IMAGE: {d.Role.STAFF: OWN, d.Role.COORDINATOR: OWN, d.Role.FOCAL: OWN},
    Act.APPROVE_CLOSING: SUPERVISION,
    Act.ERASE_PERSON: {d.Role.STAFF: TEAM, d.Role.COORDINATOR: TEAM},
    Act.GIVE_ROLE: {d.Role.STAFF: TEAM, d.Role.COORDINATOR: TEAM},
    Act.BE_ON_DUTY: {d.Role.STAFF: EVERY, d.Role.COORDINATOR: EVERY},
    Act.SEE_DUTY: OFFICE,
    Act.BROADCAST: OFFICE,
    Act.APPROVE_BROADCAST: OFFICE,
    Act.HELP: OFFICE,
    Act.CHANGE_SESSION: OFFICE,
    Act.TAKE_ATTENDANCE: OFFICE,
    Act.LIST_MEMBERS: OFFICE,
    Act.LIST_UNSENT: OFFICE,
    Act.PAUSE_HOUSEHOLD: OFFICE,
}
"""Of which tasks each role may do it; a role that is not named may do it with none."""

OF_OWN_SCHOOLS = frozenset(
    {
        Act.HELP,
        Act.CHANGE_SESSION,
        Act.TAKE_ATTENDANCE,
        Act.LIST_MEMBERS,
        Act.LIST_UNSENT,
        Act.PAUSE_HOUSEHOLD,
    }
)
"""What a cadre may do in the schools that are hers."""


def of(role: d.Role) -> d.Person:
    return d.Person(ME, role=role)


def test_every_act_has_been_decided_upon() -> None:
    assert set(EXPECTED) == set(Act)
    assert {act for _, act in TABLE} == set(Act)


@pytest.mark.parametrize(("role", "act"), list(product(d.Role, Act)), ids=str)
def test_every_role_may_do_every_act_to_the_tasks_that_were_decided(role: d.Role, act: Act) -> None:
    allowed = {name for name, task in TASKS.items() if may(of(role), act, task)}

    assert allowed == EXPECTED[act].get(role, NONE)


@pytest.mark.parametrize(("role", "act"), list(product(d.Role, Act)), ids=str)
def test_neither_level_nor_kind_nor_closing_opens_a_task(role: d.Role, act: Act) -> None:
    kinds = ("concern", "followup", "visit", "voice", "image", "erasure", "safe_word")
    for (name, task), level, kind, closed_at in product(
        TASKS.items(), Level, kinds, (None, WEDNESDAY)
    ):
        other = replace(task, level=level, kind=kind, closed_at=closed_at)

        assert may(of(role), act, other) == (name in EXPECTED[act].get(role, NONE))


@pytest.mark.parametrize(("role", "act"), list(product(d.Role, Act)), ids=str)
def test_a_cadre_acts_in_her_own_schools_only(role: d.Role, act: Act) -> None:
    school = School(SchoolId(1), "Sekolah Bok-Ebok", "bok_ebok", "BOK", "Asia/Jakarta", cadre=ME)
    everywhere = EXPECTED[act].get(role) == EVERY and act is not Act.LIST_TASKS
    if act not in OF_OWN_SCHOOLS:
        return

    assert may(of(role), act, school=school) == (everywhere or role is d.Role.CADRE)
    assert may(of(role), act, school=replace(school, cadre=ANOTHER)) == everywhere


@pytest.mark.parametrize("role", d.Role)
def test_without_a_thing_an_act_is_somebodys_who_may_do_it_to_some(role: d.Role) -> None:
    for act in Act:
        some = bool(EXPECTED[act].get(role)) or (role is d.Role.CADRE and act in OF_OWN_SCHOOLS)

        assert may(of(role), act) == some


# --- the orders ask the same table ----------------------------------------------------------------

WORDS = sorted({*order._SPELLED.values(), *staff._OF_TASKS, *staff._OF_CASES})


def test_every_order_about_a_task_has_an_act() -> None:
    assert set(WORDS) - set(staff._LISTS) == set(desk.STEPS)
    assert set(staff._OF_TASKS) | set(staff._OF_CASES) == set(desk.STEPS)
    assert not set(staff._OF_TASKS) & set(staff._OF_CASES)
    assert set(staff._CADRES) == set(staff._CADRES_ACTS)


@pytest.mark.parametrize(("role", "word"), list(product(d.Role, sorted(desk.STEPS))), ids=str)
def test_an_order_reaches_only_a_task_that_the_table_opens(role: d.Role, word: str) -> None:
    acts = staff._CADRES_ACTS if role is d.Role.CADRE else desk.STEPS
    decided = EXPECTED[acts[word]].get(role, NONE) if word in acts else NONE

    for name, task in TASKS.items():
        world = MemoryWorld()
        world.open_tasks[CODE] = task
        world.cases.known[CODE] = Case(task, Stage.ADUAN)
        if word == "hapus":
            world.open_tasks[CODE] = replace(task, kind="erasure")
        phone = Phone(world, id=ME, role=role, consent=d.Consent.GIVEN, registered=True)

        shown = " ".join(phone.presses_payload(f"t:{word}:{CODE}"))

        reached = CODE in shown and "tidak ada, atau bukan untuk akun ini" not in shown
        assert reached == (name in decided), name
        assert TASK.content not in shown
        assert reached or not world.events


@pytest.mark.parametrize("role", [role for role in d.Role if not role.safeguards])
def test_the_orders_do_not_exist_for_anybody_else(role: d.Role) -> None:
    world = MemoryWorld()
    world.open_tasks[CODE] = replace(TASK, owner=STAFF)
    world.cases.known[CODE] = Case(world.open_tasks[CODE], Stage.ADUAN)
    phone = Phone(world, id=ME, role=role, consent=d.Consent.GIVEN, registered=True)

    for word in sorted(order._SPELLED):
        shown = " ".join(phone.says(f"{word} {CODE} dengan kata"))
        assert TASK.content not in shown

    assert not [event for event in world.events if isinstance(event, Audited)]
    assert world.open_tasks[CODE].closed_at is None

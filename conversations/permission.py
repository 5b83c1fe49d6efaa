"""Who may do what to what: one table that chat, commands and pages ask; the rest is denied."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from conversations.dialogue import Person, Role, Task

if TYPE_CHECKING:
    from conversations.schools.session import School


class Act(StrEnum):
    """What somebody wants to do."""

    LIST_TASKS = "list_tasks"
    READ_TASK = "read_task"
    TAKE_TASK = "take_task"
    ANSWER_PERSON = "answer_person"
    CLOSE_TASK = "close_task"
    ERASE_PERSON = "erase_person"
    NOTE_TASK = "note_task"
    WORK_ON_CASE = "work_on_case"
    """Act, plan the next action, reach a stage, set the level, link, refer to an office."""
    SEND_CADRE = "send_cadre"
    """Ask a cadre to look in on a family."""
    END_VISIT = "end_visit"
    """Say that one has been there."""
    OPEN_IMAGE = "open_image"
    """A picture kept with a case may be intimate: its owner alone."""
    HAND_OVER = "hand_over"
    APPROVE_CLOSING = "approve_closing"
    """Never what one asked for oneself: storage sees to that."""
    REOPEN_CASE = "reopen_case"
    MERGE_CASES = "merge_cases"
    EXCLUDE = "exclude"
    """Keep somebody out of a case: a conflict of interest."""
    GIVE_ROLE = "give_role"
    """Accept somebody as a cadre or a partner."""
    BE_ON_DUTY = "be_on_duty"
    SEE_DUTY = "see_duty"
    BROADCAST = "broadcast"
    APPROVE_BROADCAST = "approve_broadcast"
    """Never one's own: storage sees to that."""
    HELP = "help"
    """Type for somebody who has no phone."""
    CHANGE_SESSION = "change_session"
    """Move or cancel a session."""
    TAKE_ATTENDANCE = "take_attendance"
    LIST_MEMBERS = "list_members"
    """See the names on a school's list."""
    LIST_UNSENT = "list_unsent"
    """See who could not be reached, and why; never what was to be said."""
    PAUSE_HOUSEHOLD = "pause_household"
    """Leave somebody's household in peace after a death."""


class Scope(StrEnum):
    """Of which things."""

    NONE = "none"
    OWNED = "owned"
    """What is assigned to her, unless it concerns herself."""
    SHOWN = "shown"
    """Everything but what concerns oneself (nobody decides on a report about, or by, herself), what
    one is kept out of, and what is about staff or cadres: that is for focal persons alone."""
    OWN_SCHOOLS = "own_schools"
    """The people of the schools one looks after, or is a cadre in."""
    ALL = "all"


TABLE: dict[tuple[Role, Act], Scope] = {
    **{
        (role, act): Scope.SHOWN
        for role in (Role.STAFF, Role.COORDINATOR, Role.FOCAL)
        for act in (
            Act.READ_TASK,
            Act.TAKE_TASK,
            Act.ANSWER_PERSON,
            Act.CLOSE_TASK,
            Act.NOTE_TASK,
            Act.WORK_ON_CASE,
            Act.SEND_CADRE,
            Act.HAND_OVER,
            Act.REOPEN_CASE,
            Act.MERGE_CASES,
            Act.EXCLUDE,
        )
    },
    **{
        (role, act): Scope.ALL
        for role in (Role.STAFF, Role.COORDINATOR, Role.ORGANISER)
        for act in (
            Act.BROADCAST,
            Act.APPROVE_BROADCAST,
            Act.HELP,
            Act.CHANGE_SESSION,
            Act.TAKE_ATTENDANCE,
            Act.LIST_MEMBERS,
            Act.LIST_UNSENT,
            Act.PAUSE_HOUSEHOLD,
        )
    },
    **{
        (Role.CADRE, act): Scope.OWN_SCHOOLS
        for act in (
            Act.HELP,
            Act.CHANGE_SESSION,
            Act.TAKE_ATTENDANCE,
            Act.LIST_MEMBERS,
            Act.LIST_UNSENT,
            Act.PAUSE_HOUSEHOLD,
        )
    },
    **{(role, Act.LIST_TASKS): Scope.ALL for role in (Role.STAFF, Role.COORDINATOR, Role.FOCAL)},
    **{(role, Act.OPEN_IMAGE): Scope.OWNED for role in (Role.STAFF, Role.COORDINATOR, Role.FOCAL)},
    **{
        (Role.CADRE, act): Scope.OWNED
        for act in (
            Act.LIST_TASKS,
            Act.READ_TASK,
            Act.TAKE_TASK,
            Act.NOTE_TASK,
            Act.END_VISIT,
        )
    },
    (Role.STAFF, Act.ERASE_PERSON): Scope.SHOWN,
    (Role.COORDINATOR, Act.ERASE_PERSON): Scope.SHOWN,
    (Role.STAFF, Act.GIVE_ROLE): Scope.SHOWN,
    (Role.COORDINATOR, Act.GIVE_ROLE): Scope.SHOWN,
    (Role.COORDINATOR, Act.APPROVE_CLOSING): Scope.SHOWN,
    (Role.FOCAL, Act.APPROVE_CLOSING): Scope.SHOWN,
    (Role.STAFF, Act.BE_ON_DUTY): Scope.ALL,
    (Role.COORDINATOR, Act.BE_ON_DUTY): Scope.ALL,
    (Role.STAFF, Act.SEE_DUTY): Scope.ALL,
    (Role.COORDINATOR, Act.SEE_DUTY): Scope.ALL,
    (Role.ORGANISER, Act.SEE_DUTY): Scope.ALL,
}
"""What each role may do; what stands here not at all is denied."""


def may(
    person: Person, act: Act, task: Task | None = None, *, school: School | None = None
) -> bool:
    """Whether this person may do this to that; without a thing: to any that she may see.

    On a phone that several people use, nobody sees what others have told.

    >>> from conversations.dialogue import PersonId
    >>> may(Person(PersonId(1)), Act.LIST_TASKS)
    False
    """
    scope = TABLE.get((person.role, act), Scope.NONE)
    if scope is Scope.NONE:
        return False
    if person.shares_phone and (person.role.works or scope is Scope.OWNED):
        return False
    if scope is Scope.OWN_SCHOOLS:
        return task is None and (school is None or school.cadre == person.id)
    if scope is Scope.ALL or task is None:
        return True
    hers = task.owner == person.id
    if task.about == person.id or person.id in task.excluded:
        return False
    if scope is Scope.OWNED or person.role is Role.FOCAL or task.outside:
        return hers or (scope is Scope.SHOWN and person.role is Role.FOCAL and task.outside)
    return True

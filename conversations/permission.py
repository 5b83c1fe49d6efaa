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
    PAUSE_HOUSEHOLD = "pause_household"
    """Leave somebody's household in peace after a death."""


class Scope(StrEnum):
    """Of which things."""

    NONE = "none"
    NOT_ABOUT_SELF = "not_about_self"
    """Everything but what concerns oneself: nobody decides on a report about, or by, herself."""
    OWN_SCHOOLS = "own_schools"
    """The people of the schools one looks after, or is a cadre in."""
    ALL = "all"


TABLE: dict[tuple[Role, Act], Scope] = {
    (Role.STAFF, Act.LIST_TASKS): Scope.ALL,
    (Role.STAFF, Act.READ_TASK): Scope.NOT_ABOUT_SELF,
    (Role.STAFF, Act.TAKE_TASK): Scope.NOT_ABOUT_SELF,
    (Role.STAFF, Act.ANSWER_PERSON): Scope.NOT_ABOUT_SELF,
    (Role.STAFF, Act.CLOSE_TASK): Scope.NOT_ABOUT_SELF,
    (Role.STAFF, Act.ERASE_PERSON): Scope.NOT_ABOUT_SELF,
    (Role.STAFF, Act.BROADCAST): Scope.ALL,
    (Role.STAFF, Act.APPROVE_BROADCAST): Scope.ALL,
    (Role.STAFF, Act.HELP): Scope.ALL,
    (Role.CADRE, Act.HELP): Scope.OWN_SCHOOLS,
    (Role.STAFF, Act.CHANGE_SESSION): Scope.ALL,
    (Role.CADRE, Act.CHANGE_SESSION): Scope.OWN_SCHOOLS,
    (Role.STAFF, Act.TAKE_ATTENDANCE): Scope.ALL,
    (Role.CADRE, Act.TAKE_ATTENDANCE): Scope.OWN_SCHOOLS,
    (Role.STAFF, Act.LIST_MEMBERS): Scope.ALL,
    (Role.CADRE, Act.LIST_MEMBERS): Scope.OWN_SCHOOLS,
    (Role.STAFF, Act.PAUSE_HOUSEHOLD): Scope.ALL,
    (Role.CADRE, Act.PAUSE_HOUSEHOLD): Scope.OWN_SCHOOLS,
}


def may(
    person: Person, act: Act, task: Task | None = None, *, school: School | None = None
) -> bool:
    """Whether this person may do this to that; without a school: to any of hers.

    >>> from conversations.dialogue import PersonId
    >>> may(Person(PersonId(1)), Act.LIST_TASKS)
    False
    """
    scope = TABLE.get((person.role, act), Scope.NONE)
    if scope is Scope.NONE:
        return False
    if scope is Scope.OWN_SCHOOLS and school is not None:
        return school.cadre == person.id
    return scope is Scope.ALL or task is None or task.about != person.id

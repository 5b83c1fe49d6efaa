"""Who may do what to what: one table that chat, commands and pages ask; the rest is denied."""

from __future__ import annotations

from enum import StrEnum

from conversations.dialogue import Person, Role, Task


class Act(StrEnum):
    """What somebody wants to do."""

    LIST_TASKS = "list_tasks"
    READ_TASK = "read_task"
    TAKE_TASK = "take_task"
    ANSWER_PERSON = "answer_person"
    CLOSE_TASK = "close_task"
    ERASE_PERSON = "erase_person"


class Scope(StrEnum):
    """Of which things."""

    NONE = "none"
    NOT_ABOUT_SELF = "not_about_self"
    """Everything but what concerns oneself: nobody decides on a report about, or by, herself."""
    ALL = "all"


TABLE: dict[tuple[Role, Act], Scope] = {
    (Role.STAFF, Act.LIST_TASKS): Scope.ALL,
    (Role.STAFF, Act.READ_TASK): Scope.NOT_ABOUT_SELF,
    (Role.STAFF, Act.TAKE_TASK): Scope.NOT_ABOUT_SELF,
    (Role.STAFF, Act.ANSWER_PERSON): Scope.NOT_ABOUT_SELF,
    (Role.STAFF, Act.CLOSE_TASK): Scope.NOT_ABOUT_SELF,
    (Role.STAFF, Act.ERASE_PERSON): Scope.NOT_ABOUT_SELF,
}


def may(person: Person, act: Act, task: Task | None = None) -> bool:
    """Whether this person may do this to that.

    >>> from conversations.dialogue import PersonId
    >>> may(Person(PersonId(1)), Act.LIST_TASKS)
    False
    """
    scope = TABLE.get((person.role, act), Scope.NONE)
    if scope is Scope.NONE:
        return False
    return scope is Scope.ALL or task is None or task.about != person.id

"""What staff take out: answers, contacts and concerns as rows of text, in the person's local time.

People and children are codes here. Names, and what people said in their own words, come along only
for a reason, which is recorded in the same transaction (UU 11/2012 art. 19; DOMAIN.md 4.4).
How rows become a file is in `export_files.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, func, not_, select

from conversations.casework.desk import OUTCOME, WORDS
from conversations.concerns.reporting import REPORTS
from conversations.form.model import Form, Question, Type
from storage import audit, children, forms, interviews, tasks
from storage.schema import address_people, addresses, answers, caregiving, cases, people, villages
from storage.schema import children as children_table
from storage.schema import interviews as interviews_table
from storage.schema import tasks as tasks_table

CLOSED_TO_VIEW = "(tertutup)"
"""Stands where something was said that is only shown for a reason."""

Row = dict[str, str]

_PLAIN_TYPES = frozenset(
    {
        Type.SELECT_ONE,
        Type.SELECT_MULTIPLE,
        Type.INTEGER,
        Type.DECIMAL,
        Type.DATE,
        Type.TIME,
        Type.ACKNOWLEDGE,
        Type.AGAIN,
    }
)
"""Answers that cannot hold a name: not typed words, and not what a sheet calculates from them."""

_OF_CONCERNS = (*REPORTS, WORDS, OUTCOME, "bingung")
"""Interviews in which a concern is told, or followed up by staff."""

_TURN = re.compile(r"\[\d+\]")
_AT_A_TIME = 500


class What(StrEnum):
    """What can be taken out."""

    ANSWERS = "answers"
    CONTACTS = "contacts"
    CONCERNS = "concerns"


@dataclass(frozen=True, slots=True)
class Export:
    """Columns and their rows; to be read through while the connection is open."""

    columns: tuple[str, ...]
    rows: Iterator[Row]


def export(
    conn: Connection,
    what: What,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    recorded: bool = False,
) -> Export:
    """The rows of one kind; with a reason also names and words, and then it is recorded.

    A reason makes this a unit that writes, unless it was `recorded` before.
    """
    reason = reason.strip()
    if reason and not recorded:
        audit.record(conn, actor, "exported with names", what.value, reason, now)
    columns, closed, rows = _KINDS[what]
    shown = columns + closed if reason else columns
    return Export(shown, rows(conn, bool(reason)))


def person_code(id_: int | None) -> str:
    """A person as figures name her.

    >>> person_code(12)
    'P-0012'
    """
    return "" if id_ is None else f"P-{id_:04d}"


def child_code(id_: int | None) -> str:
    """A child as figures name it.

    >>> child_code(7)
    'A-0007'
    """
    return "" if id_ is None else f"A-{id_:04d}"


def local(at: datetime | None, zone: str | None) -> str:
    """A time as the clock showed it where she lives.

    >>> from datetime import UTC
    >>> local(datetime(2026, 11, 18, 12, 15, tzinfo=UTC), "Asia/Jakarta")
    '2026-11-18 19:15'
    """
    if at is None:
        return ""
    return at.astimezone(ZoneInfo(zone or "Asia/Jakarta")).strftime("%Y-%m-%d %H:%M")


def _stream(conn: Connection, query: Select[Any]) -> Iterator[Any]:
    yield from conn.execute(query, execution_options={"yield_per": _AT_A_TIME})


def _answers(conn: Connection, named: bool) -> Iterator[Row]:
    """What was told in a report, or that one was made at all, comes along only for a reason."""
    query = (
        select(
            answers.c.interview_id,
            answers.c.path,
            answers.c.value,
            answers.c.at,
            answers.c.spoken_by,
            answers.c.typed_by,
            interviews_table.c.form_name,
            interviews_table.c.form_hash,
            interviews_table.c.status,
            interviews_table.c.person_id,
            interviews_table.c.child_id,
            people.c.zone,
            people.c.name,
            villages.c.name.label("village"),
            children_table.c.nickname,
        )
        .join(interviews_table, interviews_table.c.id == answers.c.interview_id)
        .join(people, people.c.id == interviews_table.c.person_id)
        .outerjoin(villages, villages.c.id == people.c.village_id)
        .outerjoin(children_table, children_table.c.id == interviews_table.c.child_id)
        .order_by(interviews_table.c.started_at, answers.c.interview_id, answers.c.path)
    )
    if not named:
        query = query.where(interviews_table.c.form_name.not_in(_OF_CONCERNS))
    for row in _stream(conn, query):
        question = _question(conn, row.form_hash, row.path)
        visible = named or (question is not None and question.type in _PLAIN_TYPES)
        value = interviews.opened(conn, row.value)
        yield {
            "interview": row.interview_id,
            "form": row.form_name,
            "form_version": row.form_hash,
            "village": row.village or "",
            "person": person_code(row.person_id),
            "child": child_code(row.child_id),
            "question": row.path,
            "value": value if visible or not value else CLOSED_TO_VIEW,
            "label": _label(question, value),
            "answered_at": local(row.at, row.zone),
            "partial": "no" if row.status == "finished" else "yes",
            "spoken_by": person_code(row.spoken_by),
            "typed_by": person_code(row.typed_by),
            "person_name": row.name,
            "child_nickname": row.nickname or "",
        }


def _question(conn: Connection, hash_: str, path: str) -> Question | None:
    form = _form(conn, hash_)
    if form is None:
        return None
    plain = _TURN.sub("", path)
    return next((question for question in form.questions() if question.path == plain), None)


def _form(conn: Connection, hash_: str) -> Form | None:
    try:
        return forms.by_hash(conn, hash_)
    except forms.UnknownFormError:
        return None


def _label(question: Question | None, value: str) -> str:
    """What the chosen options are called in Indonesian; empty where nothing is chosen from."""
    if question is None or not question.options:
        return ""
    labels = {option.name: option.labels.get("id", option.name) for option in question.options}
    multiple = question.type is Type.SELECT_MULTIPLE
    chosen = value.split() if multiple else [value]
    return "; ".join(labels.get(name, name) for name in chosen)


def _contacts(conn: Connection, named: bool) -> Iterator[Row]:
    cared_for = (
        select(func.count())
        .where(caregiving.c.person_id == people.c.id)
        .correlate(people)
        .scalar_subquery()
    )
    query = (
        select(people, villages.c.name.label("village"), cared_for.label("children"))
        .outerjoin(villages, villages.c.id == people.c.village_id)
        .where(people.c.erased_at.is_(None))
        .order_by(people.c.id)
    )
    for row in _stream(conn, query):
        yield {
            "person": person_code(row.id),
            "role": row.role,
            "salutation": row.salutation,
            "relation": row.relation,
            "village": row.village or "",
            "language": row.language,
            "zone": row.zone,
            "consent": row.consent,
            "children": str(row.children),
            "registered_at": local(row.registered_at, row.zone),
            "stopped_at": local(row.stopped_at, row.zone),
            "last_wrote_at": local(row.last_wrote_at, row.zone),
            **(_who(conn, row) if named else {}),
        }


def _who(conn: Connection, row: Any) -> Row:
    reached_at = conn.execute(
        select(addresses.c.channel, addresses.c.address)
        .join(address_people, address_people.c.address_id == addresses.c.id)
        .where(address_people.c.person_id == row.id)
        .order_by(addresses.c.id)
    )
    nicknames = (child.nickname for child in children.of_person(conn, row.id))
    return {
        "name": row.name,
        "addresses": "; ".join(f"{channel} {address}" for channel, address in reached_at),
        "child_nicknames": "; ".join(nicknames),
    }


def _concerns(conn: Connection, named: bool) -> Iterator[Row]:
    """What is about staff or cadres comes along only for a reason; whoever asked that her name is
    not told stays a code also then."""
    query = (
        select(
            tasks_table,
            cases.c.stage,
            cases.c.outcome,
            cases.c.merged_into,
            cases.c.hide_name,
            cases.c.next_at,
            people.c.zone,
            people.c.name,
            villages.c.name.label("village"),
            children_table.c.nickname,
        )
        .outerjoin(cases, cases.c.code == tasks_table.c.code)
        .outerjoin(people, people.c.id == tasks_table.c.about_id)
        .outerjoin(villages, villages.c.id == people.c.village_id)
        .outerjoin(children_table, children_table.c.id == tasks_table.c.child_id)
        .order_by(tasks_table.c.created_at, tasks_table.c.code)
    )
    if not named:
        query = query.where(not_(func.coalesce(cases.c.outside, False)))
    for row in _stream(conn, query):
        yield {
            "code": row.code,
            "kind": row.kind,
            "level": row.level,
            "class": row.danger_class,
            "reason": row.reason,
            "status": row.status,
            "stage": row.stage or "",
            "outcome": row.outcome or "",
            "merged_into": row.merged_into or "",
            "village": row.village or "",
            "person": person_code(row.about_id),
            "child": child_code(row.child_id),
            "owner": person_code(row.owner_id),
            "created_at": local(row.created_at, row.zone),
            "due_at": local(row.due_at, row.zone),
            "next_action_at": local(row.next_at, row.zone),
            "accepted_at": local(row.accepted_at, row.zone),
            "acted_at": local(row.acted_at, row.zone),
            "closed_at": local(row.closed_at, row.zone),
            "hours_to_accept": _hours(row.created_at, row.accepted_at),
            "hours_to_close": _hours(row.created_at, row.closed_at),
            "person_name": CLOSED_TO_VIEW if row.hide_name else row.name or "",
            "child_nickname": row.nickname or "",
            "content": _narrative(conn, row.code) if named else "",
        }


def _narrative(conn: Connection, code: str) -> str:
    """What was said at first, and what was added later."""
    task = tasks.by_code(conn, code)
    return "" if task is None else task.content


def _hours(start: datetime, end: datetime | None) -> str:
    return "" if end is None else f"{(end - start).total_seconds() / 3600:.1f}"


_KINDS: dict[
    What, tuple[tuple[str, ...], tuple[str, ...], Callable[[Connection, bool], Iterator[Row]]]
] = {
    What.ANSWERS: (
        (
            "interview",
            "form",
            "form_version",
            "village",
            "person",
            "child",
            "question",
            "value",
            "label",
            "answered_at",
            "partial",
            "spoken_by",
            "typed_by",
        ),
        ("person_name", "child_nickname"),
        _answers,
    ),
    What.CONTACTS: (
        (
            "person",
            "role",
            "salutation",
            "relation",
            "village",
            "language",
            "zone",
            "consent",
            "children",
            "registered_at",
            "stopped_at",
            "last_wrote_at",
        ),
        ("name", "addresses", "child_nicknames"),
        _contacts,
    ),
    What.CONCERNS: (
        (
            "code",
            "kind",
            "level",
            "class",
            "reason",
            "status",
            "stage",
            "outcome",
            "merged_into",
            "village",
            "person",
            "child",
            "owner",
            "created_at",
            "due_at",
            "next_action_at",
            "accepted_at",
            "acted_at",
            "closed_at",
            "hours_to_accept",
            "hours_to_close",
        ),
        ("person_name", "child_nickname", "content"),
        _concerns,
    ),
}

"""Who owns a task from now on: handing over one or all, and keeping somebody out of it.

Every open case has an owner and a deadline, also when people leave, block the bot, or are what the
case is about. Whoever becomes the owner is called and takes it anew.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text, update

from conversations.dialogue import PersonId
from conversations.duty.ladder import called
from conversations.level import Level
from storage import alerts, audit, calling, colleagues, duty, owners, people, tasks
from storage.cases import VISIT_FOR
from storage.owners import OPEN, kept_out
from storage.schema import cases, task_notes
from storage.schema import tasks as task_table

EXCLUDED = "excluded"

_RECORDED = "case handed over"
_MERGED = text(
    "WITH RECURSIVE family (code) AS (SELECT CAST(:code AS VARCHAR(20))"
    " UNION SELECT CASE WHEN c.code = family.code THEN c.merged_into ELSE c.code END"
    " FROM cases c JOIN family ON c.merged_into = family.code"
    " OR (c.code = family.code AND c.merged_into <> ''))"
    " SELECT code FROM family ORDER BY code"
)


class ImpossibleStep(LookupError):
    """What was decided about a case cannot be done (any more): nothing was changed."""


@dataclass(frozen=True, slots=True)
class Held:
    """An open task on its way to somebody else."""

    code: str
    level: Level
    about: PersonId | None
    owner: PersonId | None
    outside: bool
    is_case: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of the open tasks of somebody who leaves, by code."""

    moved: tuple[str, ...] = ()
    unowned: tuple[str, ...] = ()
    """Nobody is left who could have them; the next who joins does (`adopt_orphans`)."""


def hand_over(
    conn: Connection,
    code: str,
    to: PersonId | None,
    note: str,
    by: PersonId | None,
    now: datetime,
) -> PersonId:
    """Another owner, who is called and takes it anew; `to` None: whoever is on duty.

    Raises ImpossibleStep when it is closed, when it cannot be hers, or when nobody else is there.
    """
    held = lock(conn, code)
    if to is not None and not colleagues.may_own(conn, code, to):
        raise ImpossibleStep(f"{code} cannot be handed over to person {to}")
    heir = to or _heir(conn, held, now, not_owner=True) or _heir(conn, held, now)
    if heir is None:
        raise ImpossibleStep(f"nobody is there to whom {code} could be handed over")
    give(conn, held, heir, note, by, now)
    calling.call(conn, code, held.level, (heir,), now)
    return heir


def exclude(
    conn: Connection, code: str, person: PersonId, by: PersonId | None, now: datetime
) -> None:
    """A conflict of interest: she is neither called nor shown it, and if it was hers it goes on.

    Raises ImpossibleStep when it is closed, or would be left to nobody.
    """
    lock(conn, code)
    if not keep_out(conn, code, person, by, now):
        raise ImpossibleStep(f"nobody would be left to whom {code} could go")


def keep_out(
    conn: Connection, code: str, person: PersonId, by: PersonId | None, now: datetime
) -> bool:
    """The same of a case in any state, and of all that were merged with it; her visits end.

    False when it would be left to nobody: then it stays with her, and she does not see it.
    """
    left = True
    for one in merged(conn, code):
        tasks.exclude(conn, one, person, by, now)
        calling.silence(conn, one, person, now)
        _end_visits(conn, one, now, person)
        tasks.change(conn, one, by, EXCLUDED, colleagues.name_of(conn, person), now)
        withdraw = update(cases).where(cases.c.code == one, cases.c.closing_by == person)
        conn.execute(withdraw.values(closing_by=None, closing_at=None, outcome=""))
        held = _held(conn, one)
        if held is None or held.owner != person:
            continue
        heir = _heir(conn, held, now)
        if heir is None:
            left = False
            continue
        give(conn, held, heir, "", by, now)
        calling.call(conn, one, held.level, (heir,), now)
    return left


def merged(conn: Connection, code: str) -> tuple[str, ...]:
    """This case and all that tell the same: merged into it, or it into them."""
    return tuple(conn.execute(_MERGED, {"code": code}).scalars())


def outside(conn: Connection, code: str, by: PersonId | None, now: datetime) -> None:
    """It is about staff or a cadre: a focal person has it, and staff lose sight of it.

    Without a focal person a coordinator has it. What stood on its way to others is not sent, no
    cadre goes on looking in on the family, and what was merged with it goes along.
    """
    for one in merged(conn, code):
        conn.execute(update(cases).where(cases.c.code == one).values(outside=True))
        _end_visits(conn, one, now)
        _to_those_outside(conn, one, by, now)


def _to_those_outside(conn: Connection, code: str, by: PersonId | None, now: datetime) -> None:
    held = _held(conn, code)
    if held is None or not held.is_case:
        return
    team = duty.team(conn, now).without(_out(conn, held))
    for person in {*team.everyone, *([held.owner] if held.owner else [])} - {*team.focal}:
        calling.silence(conn, code, person, now)
    heir = _heir(conn, held, now)
    if heir is None or heir == held.owner or held.owner in team.focal:
        return
    give(conn, held, heir, "", by, now)
    wide = called(0, team, outside=True) if held.level >= Level.ORANYE else ()
    calling.call(conn, code, held.level, (heir, *wide), now)


def relieve(conn: Connection, code: str, now: datetime) -> bool:
    """A call is due, and its owner has blocked the bot, or is no colleague any more: another one
    has it from now on. False while she can be reached, or when there is nobody else."""
    held = _held(conn, code)
    if held is None:
        return False
    if held.owner is not None and people.reachable(conn, held.owner) is not None:
        return False
    heir = _heir(conn, held, now, not_owner=True)
    if heir is None or people.reachable(conn, heir) is None:
        return False
    give(conn, held, heir, "", None, now)
    audit.record(conn, audit.CLOCK, _RECORDED, code, audit.person(heir), now)
    return True


def hand_over_all(
    conn: Connection,
    owner: PersonId,
    now: datetime,
    *,
    to: PersonId | None = None,
    by: PersonId | None = None,
) -> Handed:
    """Give each open task of somebody who leaves to `to`, where it can be hers, else to others.

    Whoever gets something urgent is called for each; of the rest she hears how many there are.
    Each is on record, as done by command; `by` is who decided it.
    """
    moved, unowned, quiet = [], [], Counter[PersonId]()
    for held in _open_of(conn, owner):
        heir = to if to is not None and colleagues.may_own(conn, held.code, to) else None
        heir = heir or _heir(conn, held, now, not_owner=True)
        give(conn, held, heir, "", by or owner, now)
        actor = audit.COMMAND if by is None else audit.person(by)
        new = "" if heir is None else audit.person(heir)
        audit.record(conn, actor, _RECORDED, held.code, new, now, audit.COMMAND)
        if heir is None:
            unowned.append(held.code)
            continue
        moved.append(held.code)
        if held.level >= Level.ORANYE:
            calling.call(conn, held.code, held.level, (heir,), now)
        else:
            quiet[heir] += 1
    for heir, number in quiet.items():
        calling.tell(conn, heir, "staff.handed", now, n=number)
    return Handed(tuple(moved), tuple(unowned))


def adopt_orphans(conn: Connection, limit: int, now: datetime) -> tuple[str, ...]:
    """Give open tasks that found no owner one, now that there is somebody; their codes."""
    rows = conn.execute(_query().where(task_table.c.owner_id.is_(None), OPEN).limit(limit)).all()
    adopted = []
    for held in map(_as_held, rows):
        heir = _heir(conn, held, now) or owners.least_loaded(conn, not_=(held.about,))
        if heir is None:
            continue
        conn.execute(update(task_table).where(task_table.c.code == held.code).values(owner_id=heir))
        if held.level >= Level.ORANYE and heir not in _out(conn, held):
            calling.call(conn, held.code, held.level, (heir,), now)
        adopted.append(held.code)
    return tuple(adopted)


def lock(conn: Connection, code: str) -> Held:
    """An open task, locked until this unit is over; raises ImpossibleStep when it is not open."""
    held = _held(conn, code)
    if held is None:
        raise ImpossibleStep(f"{code} is not open")
    return held


def give(
    conn: Connection,
    held: Held,
    heir: PersonId | None,
    note: str,
    by: PersonId | None,
    now: datetime,
) -> None:
    """Change the owner of a task; it waits to be taken again, and the ladder watches it."""
    taken_anew: dict[str, Any] = {"status": "open", "accepted_at": None, "acted_at": None}
    change = update(task_table).where(task_table.c.code == held.code)
    conn.execute(change.values(owner_id=heir, **taken_anew))
    tasks.add_note(conn, held.code, by, tasks.HANDED, note, None, now)
    alerts.look_soon(conn, held.code, now)


def _heir(
    conn: Connection, held: Held, now: datetime, *, not_owner: bool = False
) -> PersonId | None:
    out = _out(conn, held) | ({held.owner} if not_owner and held.owner else set())
    if held.is_case:
        return owners.heir(conn, held.level, out, outside=held.outside, now=now)
    return owners.least_loaded(conn, not_=[PersonId(one) for one in out], strictly=True)


def _end_visits(conn: Connection, code: str, now: datetime, cadre: PersonId | None = None) -> None:
    """Nobody, or not this cadre, looks in on the family of this case any more."""
    visits = select(task_table.c.code).where(
        OPEN,
        task_table.c.code.in_(
            select(task_notes.c.code).where(task_notes.c.action == f"{VISIT_FOR}{code}")
        ),
    )
    if cadre is not None:
        visits = visits.where(task_table.c.owner_id == cadre)
    for visit in conn.execute(visits).scalars().all():
        tasks.change(conn, visit, None, tasks.CLOSED, "", now)


def _out(conn: Connection, held: Held) -> set[int]:
    return {*kept_out(conn, held.code), *([held.about] if held.about else [])}


def _query() -> Any:
    return (
        select(
            task_table.c.code,
            task_table.c.level,
            task_table.c.about_id,
            task_table.c.owner_id,
            cases.c.outside,
        )
        .select_from(task_table.outerjoin(cases, cases.c.code == task_table.c.code))
        .order_by(tasks.URGENCY, task_table.c.due_at, task_table.c.code)
    )


def _open_of(conn: Connection, owner: PersonId) -> list[Held]:
    rows = conn.execute(_query().where(task_table.c.owner_id == owner, OPEN))
    return [_as_held(row) for row in rows.all()]


def _held(conn: Connection, code: str) -> Held | None:
    query = _query().where(task_table.c.code == code, OPEN)
    row = conn.execute(query.with_for_update(of=task_table)).one_or_none()
    return None if row is None else _as_held(row)


def _as_held(row: Any) -> Held:
    return Held(
        row.code,
        Level(row.level),
        row.about_id,
        row.owner_id,
        bool(row.outside),
        row.outside is not None,
    )

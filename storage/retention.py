"""What is kept for how long (DOMAIN.md 4.5), and the run that takes away what is past its time.

Each step handles at most one batch, so a run is one short unit of work; the clock calls it again
until a run finds nothing. Rows of messages stay without their words, for the figures.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Table,
    and_,
    case,
    delete,
    exists,
    literal,
    or_,
    select,
    update,
)

from conversations.message import MediaId
from storage import erasure, media, meta
from storage.alerts import ESCALATION, UNANSWERED
from storage.outbox import LATE
from storage.schema import (
    addresses,
    alerts,
    answers,
    audit,
    broadcasts,
    case_exclusions,
    case_links,
    cases,
    dialogues,
    due,
    duties,
    inbox,
    interviews,
    invitations,
    join_codes,
    outbox,
    people,
    receipts,
    recipients,
    referrals,
    sessions,
    shifts,
    task_notes,
    tasks,
)
from storage.schema import media as stored_files

CHAT_TEXT = timedelta(days=90)
ANSWERS = timedelta(days=730)
CLOSED_TASKS = timedelta(days=365)
AUDIT = timedelta(days=1826)
OUTCOMES = timedelta(days=400)
"""What became of due work: longer than any name of it may come again (a birth month's)."""

RECEIPTS = timedelta(days=7)
"""What was told of messages that nobody knows: so long a platform repeats itself."""

_OF_A_TASK = (ESCALATION, UNANSWERED)
"""Due work whose subject is the code of a task."""


@dataclass(frozen=True, slots=True)
class Removed:
    """How much one run took away, by what it was."""

    received: int
    sent: int
    dialogues: int
    interviews: int
    tasks: int
    audit: int
    addresses: int
    invitations: int
    due: int = 0
    codes: int = 0
    files: int = 0
    recipients: int = 0
    shifts: int = 0
    receipts: int = 0

    @property
    def anything(self) -> bool:
        """Whether another run may find more."""
        return any(astuple(self))


def run(conn: Connection, now: datetime, batch: int = 500) -> Removed:
    """Take away up to `batch` of each kind of thing that is past its time."""
    return Removed(
        received=_empty_received(conn, now - CHAT_TEXT, batch),
        sent=_empty_sent(conn, now - CHAT_TEXT, batch, now),
        dialogues=_delete_oldest(conn, dialogues, dialogues.c.updated_at, now - CHAT_TEXT, batch),
        interviews=_delete_interviews(conn, now - ANSWERS, batch),
        tasks=_delete_tasks(conn, now - CLOSED_TASKS, batch),
        audit=_delete_oldest(conn, audit, audit.c.at, now - AUDIT, batch),
        addresses=_forget_addresses(conn, batch),
        invitations=_delete_invitations(conn, now - ANSWERS, batch),
        due=_forget_outcomes(conn, now - OUTCOMES, batch),
        codes=_delete_oldest(conn, join_codes, join_codes.c.expires_at, now - CHAT_TEXT, batch),
        files=_discard_files(conn, now - CHAT_TEXT, batch),
        recipients=_delete_recipients(conn, now - ANSWERS, batch),
        shifts=_delete_shifts(conn, now - CLOSED_TASKS, batch),
        receipts=_delete_oldest(conn, receipts, receipts.c.received_at, now - RECEIPTS, batch),
    )


def _empty_received(conn: Connection, before: datetime, batch: int) -> int:
    """A message that nobody could answer in all that time goes to quarantine without its words."""
    ids = _next_old(conn, inbox, inbox.c.received_at, before, batch)
    unanswered = inbox.c.status == "new"
    conn.execute(
        update(inbox)
        .where(inbox.c.id.in_(ids))
        .values(
            body=None,
            status=case((unanswered, "quarantined"), else_=inbox.c.status),
            error=case((unanswered, "too old to be answered"), else_=inbox.c.error),
        )
    )
    return len(ids)


def _empty_sent(conn: Connection, before: datetime, batch: int, now: datetime) -> int:
    """A message that could not be sent in all that time is not sent any more."""
    ids = _next_old(conn, outbox, outbox.c.created_at, before, batch)
    unsent = outbox.c.status.in_(("waiting", "sending"))
    announced = outbox.c.withheld & outbox.c.status.in_(("sent", "delivered", "read", "uncertain"))
    never_said = (outbox.c.status == "waiting") | announced
    conn.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(
            body=None,
            status=case(
                (never_said, "expired"),
                (outbox.c.status == "sending", "uncertain"),
                else_=outbox.c.status,
            ),
            reason=case((never_said, LATE), else_=outbox.c.reason),
            withheld=False,
            finished_at=case(
                (unsent, literal(now, outbox.c.finished_at.type)), else_=outbox.c.finished_at
            ),
        )
    )
    return len(ids)


def _next_old(conn: Connection, table: Table, at: Any, before: datetime, batch: int) -> list[int]:
    """The next ids, after those of earlier runs, whose time has passed.

    Ids grow with time; so each run looks at `batch` rows only, however many it has emptied before.
    """
    mark = f"retention:{table.name}"
    rows = conn.execute(
        select(table.c.id, at)
        .where(table.c.id > int(meta.get(conn, mark) or 0))
        .order_by(table.c.id)
        .limit(batch)
    )
    ids = []
    for id_, moment in rows.all():
        if moment >= before:
            break
        ids.append(id_)
    if ids:
        meta.put(conn, mark, str(ids[-1]).encode())
    return ids


def _delete_oldest(conn: Connection, table: Table, at: Any, before: datetime, batch: int) -> int:
    key = next(iter(table.primary_key))
    oldest = select(key).where(at < before).order_by(at).limit(batch)
    return conn.execute(delete(table).where(key.in_(oldest))).rowcount


def _delete_interviews(conn: Connection, before: datetime, batch: int) -> int:
    old = select(interviews.c.id).where(interviews.c.started_at < before)
    ids = conn.execute(old.order_by(interviews.c.id).limit(batch)).scalars().all()
    conn.execute(delete(answers).where(answers.c.interview_id.in_(ids)))
    conn.execute(delete(interviews).where(interviews.c.id.in_(ids)))
    return len(ids)


def _delete_invitations(conn: Connection, before: datetime, batch: int) -> int:
    """Who was asked to a session of long ago, what she said, and whether she came.

    Of sessions that have such rows, the `batch` oldest lose them.
    """
    asked = exists().where(invitations.c.session_id == sessions.c.id)
    old = select(sessions.c.id).where(sessions.c.starts_at < before, asked)
    ids = conn.execute(old.order_by(sessions.c.starts_at).limit(batch)).scalars().all()
    return conn.execute(delete(invitations).where(invitations.c.session_id.in_(ids))).rowcount


def _delete_recipients(conn: Connection, before: datetime, batch: int) -> int:
    """Whom a broadcast of long ago was for: `batch` of the oldest that has any."""
    named = exists().where(recipients.c.broadcast_id == broadcasts.c.id)
    over = select(broadcasts.c.id).where(broadcasts.c.finished_at < before, named)
    oldest = conn.execute(over.order_by(broadcasts.c.id).limit(1)).scalar()
    people_ = select(recipients.c.person_id).where(recipients.c.broadcast_id == oldest)
    some = people_.order_by(recipients.c.person_id).limit(batch)
    these = and_(recipients.c.broadcast_id == oldest, recipients.c.person_id.in_(some))
    return 0 if oldest is None else conn.execute(delete(recipients).where(these)).rowcount


def _discard_files(conn: Connection, before: datetime, batch: int) -> int:
    """The picture or voice note of a broadcast that is long over, unless another still needs it."""
    other = broadcasts.alias()
    needed = exists().where(
        other.c.media_id == broadcasts.c.media_id,
        or_(other.c.finished_at.is_(None), other.c.finished_at >= before),
    )
    old = (
        select(broadcasts.c.media_id)
        .join(stored_files, stored_files.c.id == broadcasts.c.media_id)
        .where(broadcasts.c.finished_at < before, stored_files.c.status != "erase", ~needed)
        .distinct()
        .limit(batch)
    )
    ids = conn.execute(old).scalars().all()
    for id_ in ids:
        media.discard(conn, MediaId(id_))
    return len(ids)


def _forget_outcomes(conn: Connection, before: datetime, batch: int) -> int:
    """What became long ago of the due work of the next `batch` people, then again of the first.

    Before the first, of what was done for many: a few rows a day.
    """
    mark = "retention:due"
    after = int(meta.get(conn, mark) or 0)
    ids = conn.execute(
        select(people.c.id).where(people.c.id > after).order_by(people.c.id).limit(batch)
    )
    last = max(ids.scalars(), default=0)
    meta.put(conn, mark, str(last).encode())
    hers = and_(due.c.person_id > after, due.c.person_id <= last)
    if not after:
        hers = or_(hers, due.c.person_id.is_(None))
    old = and_(due.c.outcome != "", due.c.due_at < before)
    return conn.execute(delete(due).where(hers, old)).rowcount


def _delete_tasks(conn: Connection, before: datetime, batch: int) -> int:
    """Cases that are long closed, with all that belongs to them, and children only they knew.

    What was merged into a case stays as long as that one, whose words it holds.
    """
    goes_on = tasks.alias()
    needed = exists().where(
        cases.c.code == tasks.c.code,
        goes_on.c.code == cases.c.merged_into,
        or_(goes_on.c.closed_at.is_(None), goes_on.c.closed_at >= before),
    )
    rows = conn.execute(
        select(tasks.c.code, tasks.c.child_id)
        .where(tasks.c.status == "closed", tasks.c.closed_at < before, ~needed)
        .order_by(tasks.c.closed_at)
        .limit(batch)
    ).all()
    codes = [code for code, _ in rows]
    media.condemn(conn, tasks=codes)
    linked = or_(case_links.c.code.in_(codes), case_links.c.other.in_(codes))
    conn.execute(delete(case_links).where(linked))
    for table in (alerts, case_exclusions, referrals, task_notes, cases):
        conn.execute(delete(table).where(table.c.code.in_(codes)))
    conn.execute(delete(due).where(due.c.kind.in_(_OF_A_TASK), due.c.subject.in_(codes)))
    conn.execute(delete(tasks).where(tasks.c.code.in_(codes)))
    erasure.blank_unknown(conn, [child for _, child in rows if child is not None])
    return len(codes)


def _delete_shifts(conn: Connection, before: datetime, batch: int) -> int:
    """Who was on duty long ago, and the duties of then of which no shift is left."""
    gone = _delete_oldest(conn, shifts, shifts.c.ends_at, before, batch)
    left = exists().where(shifts.c.duty_id == duties.c.id)
    conn.execute(delete(duties).where(duties.c.ended_at < before, ~left))
    return gone


def _forget_addresses(conn: Connection, batch: int) -> int:
    """The numbers of people who were erased, once nothing is on its way to them any more.

    An address that no person ever wrote from is a group's and stays.
    """
    under_way = exists().where(
        outbox.c.address_id == addresses.c.id, outbox.c.status.in_(("waiting", "sending"))
    )
    rows = conn.execute(
        select(addresses.c.id, addresses.c.channel, addresses.c.account, addresses.c.address)
        .where(
            addresses.c.person_id.is_(None),
            addresses.c.last_inbound_at.is_not(None),
            addresses.c.address.not_like("erased-%"),
            ~under_way,
        )
        .order_by(addresses.c.id)
        .limit(batch)
    ).all()
    for id_, *where in rows:
        received = update(inbox).where(erasure.answered_from(*where))
        conn.execute(received.values(address="", body=None))
        conn.execute(
            update(addresses)
            .where(addresses.c.id == id_, addresses.c.person_id.is_(None))
            .values(address=f"erased-{id_}")
        )
    return len(rows)

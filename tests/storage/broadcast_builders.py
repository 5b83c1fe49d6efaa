"""Broadcasts for tests, and the parts in which they are sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, literal, select

from bot.planned import KINDS, Planning
from conversations.broadcasts.audience import parse
from conversations.broadcasts.broadcast import Account, Broadcast, BroadcastId, State, Step
from conversations.dialogue import PersonId
from conversations.message import MediaId
from conversations.politeness import QuietHours
from storage import broadcasts, due, outbox, recipients, schema
from storage.outbox import Result, Status
from storage.schema import to_ms
from storage.world import Programme
from tests.storage.builders import NOW, known
from tests.storage.school_builders import a_mother

DAYTIME = NOW - timedelta(hours=8)
"""11:15 in Jember on a Wednesday: nobody sleeps or prays."""

QUIET = QuietHours.parse("20:30-06:30")
TEXT = "Besok kumpul, {sapaan} {nama}."


def a_broadcast(
    conn: Connection,
    whom: str = "",
    *,
    by: PersonId | None = None,
    media: MediaId | None = None,
    now: datetime = DAYTIME,
) -> BroadcastId:
    """A draft."""
    return broadcasts.draft(conn, parse(whom), TEXT, media, by, now)


def started(conn: Connection, whom: str = "", *, now: datetime = DAYTIME) -> BroadcastId:
    """One that is to be sent now."""
    id_ = a_broadcast(conn, whom, now=now)
    broadcasts.step(conn, id_, Step.START, None, now)
    return id_


def parts(
    conn: Connection,
    now: datetime = DAYTIME,
    *,
    kind: str = "broadcast",
    rate: float = 1_000.0,
    alone_up_to: int = 1_000,
    most: int = 100,
) -> int:
    """Do what is due of a kind, part by part, until nothing is; how many parts that were."""
    planning = Planning(
        now, Programme("x", bulk_rates={"telegram": rate}, alone_up_to=alone_up_to), QUIET
    )
    for done in range(most):
        rows = [row for row in due.next_due(conn, now, 100) if row.kind == kind]
        if not rows:
            return done
        KINDS[kind](conn, rows[0], planning)
    return most


def sends(
    conn: Connection, now: datetime = DAYTIME, status: Status = Status.SENT, limit: int = 1_000
) -> list[str]:
    """What a sender takes now; the texts."""
    claimed = outbox.claim(conn, "o/1", now, now + timedelta(minutes=5), limit, channel="telegram")
    outbox.record(conn, [Result(one.id, status) for one in claimed], now)
    return [one.message.text for one in claimed]


def is_now(conn: Connection, id_: BroadcastId) -> Broadcast:
    return known(broadcasts.one(conn, id_))


def balance(conn: Connection, id_: BroadcastId) -> Account:
    """The account, when everybody is in it exactly once and has a reason where one is due."""
    account = recipients.account(conn, id_)
    places = (
        account.waiting,
        account.sent,
        account.failed,
        account.uncertain,
        account.excluded,
        account.expired,
        account.merged,
    )
    table = schema.recipients
    people = conn.execute(select(table.c.person_id).where(table.c.broadcast_id == id_)).all()
    unsent = recipients.who(conn, id_, 0, 100_000)
    assert account.planned == sum(places) == len(people)
    assert len(unsent) == account.planned - account.sent
    assert all(one.reason for one in unsent)
    reasons = sum(account.reasons.values())
    assert reasons == account.planned - account.sent - account.waiting
    return account


def mothers(conn: Connection, number: int) -> list[PersonId]:
    """So many who may be written to, in few statements."""
    first = a_mother(conn, "first")
    table = schema.people
    row = conn.execute(select(table).where(table.c.id == first.id)).mappings().one()
    told = {name: value for name, value in row.items() if name != "id"}
    if number > 1:
        names = [{**told, "name": f"Ibu {n}"} for n in range(1, number)]
        conn.execute(insert(table), names)
    query = select(table.c.id).where(table.c.name.like("Ibu %")).order_by(table.c.id)
    more = conn.execute(query).scalars().all()
    phone = {"channel": "telegram", "account": "bot", "created_at": NOW}
    phones = [{**phone, "address": f"m{one}", "person_id": one} for one in more]
    if phones:
        conn.execute(insert(schema.addresses), phones)
        held = select(schema.addresses.c.id, schema.addresses.c.person_id, literal(to_ms(NOW)))
        holding = ["address_id", "person_id", "since"]
        theirs = held.where(schema.addresses.c.person_id.in_(more))
        conn.execute(insert(schema.address_people).from_select(holding, theirs))
    return [first.id, *map(PersonId, more)]


def over(state: State) -> bool:
    return state in (State.DONE, State.CANCELLED, State.REFUSED)

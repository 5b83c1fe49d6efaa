"""Whose phone it is: who holds it, who shares it, and what became of its number.

What is asked about it is in `conversations/phone/holding.py`; codes are in `joining.py`; which
phone reaches somebody in `reaching.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.event import TaskOpened
from conversations.level import Level
from conversations.message import Message, Priority
from conversations.phone.holding import Holder
from storage import adding, audit, inbox, people, tasks
from storage.inbox import Received
from storage.schema import to_ms
from storage.statement import Statement

if TYPE_CHECKING:
    from storage.facts import AddressDoubted, AddressMoved

MOST_KEPT = 20
"""Messages that wait at most until it is known who holds the phone; later ones are left out."""

LOOK_INTO = timedelta(days=3)
"""How long staff have to find out how somebody is reached."""

_DOOR = Statement(
    "SELECT asked_times, waking_id, channel, account, address, person_id FROM addresses"
    " WHERE id = :address_id"
)
_HOLDERS = Statement(
    "SELECT p.id, p.salutation, p.name, p.relation FROM address_people t"
    " JOIN people p ON p.id = t.person_id"
    " WHERE t.address_id = :address_id AND p.erased_at IS NULL ORDER BY t.since, p.id"
)
_ASK = Statement(
    "UPDATE addresses SET asked_at = CAST(:now AS BIGINT), asked_times = :times,"
    " waking_id = COALESCE(waking_id, CAST(:waking AS BIGINT)),"
    " doubted_at = CASE WHEN shared THEN doubted_at"
    " ELSE COALESCE(doubted_at, CAST(:now AS BIGINT)) END,"
    " assisting_id = NULL, assisting_until = NULL WHERE id = :address_id"
)
_HOLD = Statement(
    "UPDATE addresses SET person_id = :person, asked_at = NULL, asked_times = 0, waking_id = NULL,"
    " doubted_at = NULL, assisting_id = NULL, assisting_until = NULL WHERE id = :address_id"
)
_EMPTY = Statement(
    "UPDATE addresses SET person_id = NULL, asked_at = NULL, asked_times = 0, waking_id = NULL,"
    " doubted_at = NULL, assisting_id = NULL, assisting_until = NULL WHERE id = :address_id"
)
_UNPROVEN = Statement("UPDATE addresses SET confirmed_at = :now WHERE id = :address_id")
_NO_BETTER = Statement(
    "UPDATE addresses SET confirmed_at = (SELECT max(a.confirmed_at) FROM address_people t"
    " JOIN addresses a ON a.id = t.address_id WHERE t.person_id = :person) WHERE id = :address_id"
)
_WROTE = Statement("UPDATE people SET last_wrote_at = :now WHERE id = :person")
_HEARD = Statement("UPDATE addresses SET waking_id = NULL WHERE id = :address_id")
_TOGETHER = Statement(
    "INSERT INTO address_people (address_id, person_id, since) VALUES (:address_id, :person, :now)"
    " ON CONFLICT DO NOTHING"
)
_NOT_HERS = Statement(
    "DELETE FROM address_people WHERE address_id = :address_id AND person_id = :person"
)
_SHARED = Statement("UPDATE addresses SET shared = true WHERE id = :address_id")
_ALONE = Statement(
    "UPDATE addresses SET shared = false WHERE id = :address_id AND 2 >"
    " (SELECT count(*) FROM address_people t WHERE t.address_id = addresses.id)"
)
_EXCLUDE = Statement(
    "UPDATE outbox SET status = 'excluded', reason = 'not hers', finished_at = :now,"
    " withheld = false WHERE status IN ('waiting', 'sending') AND status = 'waiting'"
    " AND address_id = :address_id AND person_id = :person AND created_at + 0 <= :now"
)
_COMES_NOT_BACK = Statement(  # what is on its way this moment and has to go again is late then
    "UPDATE outbox SET expires_at = :now WHERE status IN ('waiting', 'sending')"
    " AND status = 'sending' AND address_id = :address_id AND person_id = :person"
)
_FOLLOWS_NOT = Statement(  # of these only was said that there is something
    "UPDATE outbox SET withheld = false, reason = CASE WHEN"
    " status IN ('sent', 'delivered', 'read', 'uncertain') THEN 'not hers' ELSE reason END,"
    " status = CASE WHEN status IN ('sent', 'delivered', 'read', 'uncertain') THEN 'excluded'"
    " ELSE status END"
    " WHERE withheld AND address_id = :address_id AND person_id = :person"
)
_LEFT = Statement(
    "UPDATE addresses SET asked_at = CASE WHEN shared THEN CAST(:now AS BIGINT) END,"
    " confirmed_at = CAST(:now AS BIGINT),"
    " person_id = (SELECT min(t.person_id) FROM address_people t"
    " WHERE t.address_id = addresses.id) WHERE id = :address_id"
)
_SHARED_BY = Statement(
    "SELECT t.address_id FROM address_people t JOIN addresses a ON a.id = t.address_id"
    " WHERE t.person_id = :person AND a.shared ORDER BY t.address_id"
)
_OTHERS = Statement(
    "SELECT t.address_id FROM address_people t JOIN addresses a ON a.id = t.address_id"
    " WHERE t.person_id = :person AND t.address_id <> :address_id AND a.blocked_at IS NULL"
    " ORDER BY t.address_id"
)
_BY_ADDRESS = Statement(
    "SELECT id, address, recipient, person_id FROM addresses"
    " WHERE channel = :channel AND account = :account AND address = :address"
)
_BY_NUMBER = Statement(  # || '': by the number, not by the index of everybody on the channel
    "SELECT id, address, recipient, person_id FROM addresses"
    " WHERE recipient = :address AND recipient <> '' AND channel = :channel"
    " AND account = :account ORDER BY COALESCE(last_inbound_at, 0) DESC LIMIT 1"
)
_MAKE = Statement(
    "INSERT INTO addresses (channel, account, address, recipient, created_at)"
    " VALUES (:channel, :account, :address, :recipient, :now) ON CONFLICT DO NOTHING"
)
_NOT_THERE = Statement(
    "UPDATE addresses SET recipient = address,"
    " doubted_at = COALESCE(doubted_at, CAST(:now AS BIGINT))"
    " WHERE recipient = :recipient AND recipient <> '' AND channel || '' = :channel"
    " AND account || '' = :account AND address <> :address"
)
_RENAME = Statement(
    "UPDATE addresses SET address = :address, recipient = :recipient WHERE id = :id"
)
_DOUBT = Statement(
    "UPDATE addresses SET doubted_at = COALESCE(doubted_at, CAST(:now AS BIGINT)),"
    " assisting_id = NULL, assisting_until = NULL WHERE id = :id"
)
_MOVED_BEFORE = Statement(
    "SELECT 1 FROM tasks WHERE about_id = :person AND reason = 'reason.number_moved'"
    " AND status <> 'closed' LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Door:
    """What is known of a phone of which it is open who holds it."""

    address_id: int
    channel: str
    account: str
    address: str
    person: PersonId | None
    times: int
    """How often it was asked."""
    waking_id: int | None
    """Number in the inbox of the first message that waits for the answer."""


def door(conn: Connection, address_id: int) -> Door:
    """How far the question has come at this phone."""
    row = _DOOR.row(conn, {"address_id": address_id})
    assert row is not None
    times, waking, channel, account, address, person = row
    return Door(
        address_id,
        channel,
        account,
        address,
        None if person is None else PersonId(person),
        times,
        waking,
    )


def holders(conn: Connection, address_id: int) -> tuple[Holder, ...]:
    """Everybody who uses this phone, whoever came first before the others."""
    rows = _HOLDERS.rows(conn, {"address_id": address_id})
    return tuple(Holder(PersonId(row[0]), f"{row[1]} {row[2]}".strip(), row[3]) for row in rows)


def ask(
    conn: Connection, address_id: int, times: int, now: datetime, *, waking: int | None = None
) -> None:
    """The phone is closed until it is told who holds it; it was asked `times` times by now. It
    speaks for nobody who is helped any more.

    `waking` is the inbox's number of what was written; the first one is kept. Where nobody else
    uses the phone, it is not sure from now on that it is still hers.
    """
    values = {"address_id": address_id, "times": times, "waking": waking, "now": to_ms(now)}
    _ASK.run(conn, values)


def kept(conn: Connection, door: Door, before: int) -> Sequence[Received]:
    """What was written there while it was open who holds it, in order."""
    if door.waking_id is None:
        return ()
    where = (door.channel, door.account, door.address)
    return inbox.written(conn, *where, door.waking_id, before, MOST_KEPT)


def heard(conn: Connection, address_id: int) -> None:
    """Nothing waits there any more."""
    _HEARD.run(conn, {"address_id": address_id})


def hold(conn: Connection, address_id: int, person: PersonId, now: datetime) -> None:
    """She holds the phone; nothing about it is open any more."""
    _HOLD.run(conn, {"address_id": address_id, "person": person})
    _TOGETHER.run(conn, {"address_id": address_id, "person": person, "now": to_ms(now)})
    _WROTE.run(conn, {"person": person, "now": to_ms(now)})


def believe(conn: Connection, address_id: int, person: PersonId, now: datetime) -> None:
    """She says that she holds it, which is no proof: no earlier report is shown to her there."""
    hold(conn, address_id, person, now)
    _UNPROVEN.run(conn, {"address_id": address_id, "now": to_ms(now)})


def trust(conn: Connection, address_id: int, person: PersonId, now: datetime) -> None:
    """A code says that the phone is hers; it proves no more than the chat that it comes from."""
    hold(conn, address_id, person, now)
    _NO_BETTER.run(conn, {"address_id": address_id, "person": person})


def empty(conn: Connection, address_id: int) -> None:
    """Nobody who is known holds it: whoever writes next is somebody new. Who shares it keeps it."""
    _EMPTY.run(conn, {"address_id": address_id})


def leave(conn: Connection, address_id: int, person: PersonId, now: datetime) -> None:
    """She takes herself off; of a shared phone it is open then who of the others holds it."""
    empty(conn, address_id)
    not_hers(conn, address_id, person, now)
    _LEFT.run(conn, {"address_id": address_id, "now": to_ms(now)})


def leave_shared(conn: Connection, person: PersonId, now: datetime) -> None:
    """She works here from now on: phones that others use too are hers no more."""
    for (address_id,) in _SHARED_BY.rows(conn, {"person": person}):
        leave(conn, address_id, person, now)


def share(conn: Connection, address_id: int) -> None:
    """Several people use it from now on."""
    _SHARED.run(conn, {"address_id": address_id})


def not_hers(conn: Connection, address_id: int, person: PersonId, now: datetime) -> None:
    """The phone is not hers any more: what waits for her there is not sent."""
    both = {"address_id": address_id, "person": person}
    _NOT_HERS.run(conn, both)
    _ALONE.run(conn, {"address_id": address_id})
    _COMES_NOT_BACK.run(conn, {**both, "now": to_ms(now)})
    _EXCLUDE.run(conn, {**both, "now": to_ms(now)})
    _FOLLOWS_NOT.run(conn, both)
    audit.record(conn, audit.person(person), "phone lost", f"address:{address_id}", "", now)


def tell_elsewhere(
    conn: Connection, person: PersonId, address_id: int, text: str, now: datetime
) -> None:
    """Words to her at every other address that reaches her."""
    for (other,) in _OTHERS.rows(conn, {"person": person, "address_id": address_id}):
        adding.add(
            conn,
            address_id=other,
            person_id=person,
            message=Message(text),
            dedupe_key=f"linked:{other}:{address_id}:{to_ms(now)}",
            priority=Priority.REPLY,
            purpose="linked",
            not_before=now,
            expires_at=None,
            now=now,
        )


def elsewhere(conn: Connection, person: PersonId, address_id: int) -> bool:
    """Whether another address reaches her too."""
    return bool(_OTHERS.rows(conn, {"person": person, "address_id": address_id}))


def address_only(conn: Connection, channel: str, account: str, address: str, now: datetime) -> int:
    """The id of an address that belongs to nobody, such as a group's."""
    where = {"channel": channel, "account": account, "address": address}
    _MAKE.run(conn, {**where, "recipient": "", "now": to_ms(now)})
    row = _BY_ADDRESS.row(conn, where)
    assert row is not None
    return int(row[0])


def know(
    conn: Connection, channel: str, account: str, address: str, recipient: str, now: datetime
) -> None:
    """Where answers to this address go from now on; to be called before `people.at_address`.

    An address that was known by its number until now, and has a name on the platform since, stays
    the same address. Another number than before may be another person's, and whoever had this
    number under another name is written to there no more.
    """
    where = {"channel": channel, "account": account}
    found = _BY_ADDRESS.row(conn, {**where, "address": address})
    if found is None:
        before = _BY_ADDRESS.row(conn, {**where, "address": recipient})
        if before is not None:
            _RENAME.run(conn, {"id": before[0], "address": address, "recipient": recipient})
            return
        new = {**where, "address": address, "recipient": recipient, "now": to_ms(now)}
        _NOT_THERE.run(conn, new)
        _MAKE.run(conn, new)
    elif found[2] != recipient:
        now_there = {**where, "address": address, "recipient": recipient, "now": to_ms(now)}
        _NOT_THERE.run(conn, now_there)
        _RENAME.run(conn, {"id": found[0], "address": address, "recipient": recipient})
        if _is_number(found[2]) and _is_number(recipient):
            _DOUBT.run(conn, {"id": found[0], "now": to_ms(now)})


def moved(conn: Connection, facts: Sequence[AddressMoved], now: datetime) -> None:
    """Accounts with another number or name: hers still, but she is asked before she is named.

    Two people are never made one: where the new one is somebody's already, staff look into it.
    """
    for fact in facts:
        where = {"channel": fact.channel, "account": fact.account}
        row = _found(conn, where, fact.old)
        if row is None:
            continue
        id_, address, recipient, person = row
        _DOUBT.run(conn, {"id": id_, "now": to_ms(now)})
        by_name = address != fact.old and _is_number(fact.new)
        to = fact.recipient or (fact.new if _is_number(fact.new) else recipient)
        other = _found(conn, where, fact.new)
        if other is None or other[0] == id_:
            address = address if by_name else fact.new
            _RENAME.run(conn, {"id": id_, "address": address, "recipient": to})
        elif person is not None and not _MOVED_BEFORE.rows(conn, {"person": person}):
            _tell_staff(conn, PersonId(person), "reason.number_moved", now)


def doubted(conn: Connection, facts: Sequence[AddressDoubted], now: datetime) -> None:
    """Accounts that are perhaps another person's since then."""
    for fact in facts:
        where = {"channel": fact.channel, "account": fact.account}
        if (row := _found(conn, where, fact.address)) is not None:
            _DOUBT.run(conn, {"id": row[0], "now": to_ms(now)})


def _found(
    conn: Connection, where: Mapping[str, str], address: str
) -> tuple[int, str, str, int | None] | None:
    """An address by its name on the platform, else by its number."""
    values = {**where, "address": address}
    row = _BY_ADDRESS.row(conn, values) or _BY_NUMBER.row(conn, values)
    return None if row is None else (row[0], row[1], row[2], row[3])


def _tell_staff(conn: Connection, person: PersonId, reason: str, now: datetime) -> None:
    prefix = people.village_code(conn, person)
    code = tasks.next_code(conn, prefix, now.year)
    event = TaskOpened(code, "correction", Level.KUNING, now + LOOK_INTO, reason)
    tasks.open_(conn, person, event, now)
    audit.record(conn, audit.CLOCK, "task opened", code, reason, now)


def _is_number(recipient: str) -> bool:
    return recipient.isascii() and recipient.isdecimal()

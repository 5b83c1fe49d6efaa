"""People, the addresses they write from and their villages.

`at_address` is asked once per message and is the hot path of every turn. The children somebody
cares for live in `children.py`; what a person says lives in `interviews.py` and `tasks.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, String, case, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from conversations.dialogue import Consent, Dialogue, Person, PersonId, Role, VillageId
from conversations.phone.phone import NUMBERED, WINDOWS, Phone
from storage import dialogues
from storage.reaching import preferred
from storage.schema import from_ms, people, to_ms, villages
from storage.statement import Statement

NOWHERE = 0
"""The address of a seat at which nobody can be told anything."""

NO_VILLAGE = "KWN"
"""The first part of a code about somebody whose village is not known."""

UNKNOWN = Phone("")
"""The phone of somebody whom no phone reaches."""

_FRESH = timedelta(minutes=1)
"""Within it, a further message does not write down again when the address was last heard."""

SEAT = (
    "SELECT a.id, a.channel, a.blocked_at, a.last_inbound_at, p.id, p.role, p.salutation, p.name,"
    " p.village_id, p.relation, p.language, p.zone, p.hour, p.consent, p.stopped_at,"
    " p.paused_until, p.registered_at, d.state, p.quiet, p.talk_until,"
    " CASE WHEN a.assisting_id = p.id THEN a.person_id END, a.shared,"
    " a.window_until, a.doubted_at, a.asked_at, a.recipient,"
    " EXISTS (SELECT 1 FROM outbox w WHERE w.address_id = a.id AND w.withheld)"
)
_SPEAKING = (
    " JOIN people p ON p.id = CASE WHEN a.assisting_until > :now THEN a.assisting_id"
    " ELSE a.person_id END LEFT JOIN dialogues d ON d.person_id = p.id"
)
AT_ADDRESS = Statement(
    f"{SEAT} FROM addresses a{_SPEAKING}"
    " WHERE a.channel = :channel AND a.account = :account AND a.address = :address"
)
_PREFERRED = Statement(
    f"{SEAT} FROM people p JOIN addresses a ON a.id = {preferred(':person')}"
    " LEFT JOIN dialogues d ON d.person_id = p.id WHERE p.id = :person"
)
_REACHED = Statement(f"SELECT a.id, a.channel FROM addresses a WHERE a.id = {preferred(':person')}")
_WINDOWED = ", ".join(f"'{channel}'" for channel in sorted(WINDOWS))
_REACHED_NOW = Statement(
    "SELECT a.id, a.channel FROM address_people t JOIN addresses a ON a.id = t.address_id"
    " WHERE t.person_id = :person AND a.blocked_at IS NULL ORDER BY"
    f" CASE WHEN a.channel IN ({_WINDOWED}) AND COALESCE(a.window_until, 0) <= :now"
    " THEN 1 ELSE 0 END, CASE WHEN a.doubted_at IS NULL THEN 0 ELSE 1 END,"
    " COALESCE(a.last_inbound_at, 0) DESC, a.id DESC LIMIT 1"
)
_LOCK_AT_ADDRESS = text(
    "SELECT p.id FROM people p JOIN addresses a ON p.id IN (a.person_id, a.assisting_id)"
    " WHERE a.channel = :channel AND a.account = :account AND a.address = :address"
    " ORDER BY p.id FOR NO KEY UPDATE OF p"
)
LOCK_PERSON = text("SELECT id FROM people WHERE id = :person FOR NO KEY UPDATE")
_UNASKED = Statement("SELECT unasked_week, unasked FROM people WHERE id = :person")
_NEW_ADDRESS = Statement(
    "INSERT INTO addresses (channel, account, address, created_at)"
    " VALUES (:channel, :account, :address, :now) ON CONFLICT DO NOTHING"
)
_UNOWNED_SQL = (
    "SELECT id FROM addresses WHERE channel = :channel AND account = :account"
    " AND address = :address AND person_id IS NULL"
)
_UNOWNED = {
    "sqlite": Statement(_UNOWNED_SQL),
    "postgresql": Statement(f"{_UNOWNED_SQL} FOR UPDATE"),
}
_NEW_PERSON = Statement(
    "INSERT INTO people (created_at, language, zone) VALUES (:now, :language, :zone) RETURNING id"
)
_OWNED = Statement("UPDATE addresses SET person_id = :person WHERE id = :address_id")
_TOGETHER = Statement(
    "INSERT INTO address_people (address_id, person_id, since) VALUES (:address_id, :person, :now)"
)
_VILLAGES = Statement(
    "SELECT id, name, code, district, head_title, zone FROM villages ORDER BY position, name, id"
)
_VILLAGE_CODE = Statement(
    "SELECT v.code FROM people p JOIN villages v ON v.id = p.village_id WHERE p.id = :person"
)
_HEARD = Statement(
    "UPDATE addresses SET blocked_at = NULL, blocked_reason = NULL,"
    " last_inbound_at = CASE WHEN last_inbound_at > :at THEN last_inbound_at ELSE :at END,"
    " window_until = CASE WHEN window_until > :window THEN window_until"
    " ELSE CAST(:window AS BIGINT) END WHERE id = :address_id"
)
_DOUBTED = Statement(
    "UPDATE addresses SET doubted_at = COALESCE(doubted_at, CAST(:now AS BIGINT))"
    " WHERE id = :address_id"
)
_WROTE = Statement("UPDATE people SET last_wrote_at = :now WHERE id = :person")

_SETTABLE = frozenset(
    {
        "salutation",
        "name",
        "village_id",
        "relation",
        "language",
        "zone",
        "hour",
        "paused_until",
        "quiet",
        "talk_until",
    }
)
_MOMENTS = {"stopped": "stopped_at", "registered": "registered_at"}
"""Facts that are told as yes or no and kept as the moment they became true."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A person, the address she is heard and answered at, and where her dialogue is."""

    address_id: int
    person: Person
    dialogue: Dialogue
    typist: PersonId | None = None
    """The cadre on whose phone she is helped along; None: she types herself."""
    phone: Phone = UNKNOWN
    """The phone as it was before the message of this turn."""
    recipient: str = ""
    """Where answers go, if that is not the address itself."""
    asked: bool = False
    """It was asked who holds the phone, and that is not answered yet."""
    withholds: bool = False
    """Words are withheld at this address, from her or from somebody else."""
    answers_freely: bool = True
    """False: her message came so late that only approved words may answer it."""


@dataclass(frozen=True, slots=True)
class Village:
    """A village of the programme; `code` begins the codes of its cases."""

    id: VillageId
    name: str
    code: str
    district: str
    head_title: str
    zone: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What is assumed of somebody until she tells."""

    language: str = "id"
    zone: str = "Asia/Jakarta"


ANYBODY = Newcomer()


def at_address(
    conn: Connection,
    channel: str,
    account: str,
    address: str,
    now: datetime,
    newcomer: Newcomer = ANYBODY,
    written_at: datetime | None = None,
) -> Seat:
    """Who writes from this address, made known first when nobody was.

    `written_at` is when she wrote by the platform's clock, at most now: from then on a window is
    counted, also when the message comes days later. On PostgreSQL the person stays locked until the
    transaction ends, so that two of her messages are never answered at the same time. An address
    that was blocked is reachable again; a telephone number may be another's since then.
    """
    where = {"channel": channel, "account": account, "address": address}
    row = _who_writes(conn, where, now)
    if row is None:
        _welcome(conn, where, now, newcomer)
        row = _who_writes(conn, where, now)
        assert row is not None
    window = WINDOWS.get(channel)
    at, is_shut = min(now, written_at or now), window is not None and (row[22] or 0) <= to_ms(now)
    if row[2] is not None or row[3] is None or to_ms(now - _FRESH) > row[3] or is_shut:
        until = None if window is None else to_ms(at + window)
        _HEARD.run(conn, {"address_id": row[0], "at": to_ms(at), "window": until})
        _WROTE.run(conn, {"person": row[4], "now": to_ms(now)})
        if row[2] is not None and channel in NUMBERED:
            _DOUBTED.run(conn, {"address_id": row[0], "now": to_ms(now)})
    found = seat(conn, row)
    if is_shut and window is not None and at + window <= now:
        return replace(found, answers_freely=False)
    return found


def _who_writes(conn: Connection, where: Mapping[str, str], now: datetime) -> Sequence[Any] | None:
    """Locked by a statement of its own: the one that reads must see what the lock waited for.

    Whom the lock did not find is not read either: she may have been made in between, unlocked.
    """
    if conn.dialect.name == "postgresql" and conn.execute(_LOCK_AT_ADDRESS, where).first() is None:
        return None
    return AT_ADDRESS.row(conn, {**where, "now": to_ms(now)})


def seat_of(conn: Connection, person: PersonId) -> Seat | None:
    """The person at the address where she is written to; None when no address reaches her."""
    if conn.dialect.name == "postgresql":
        conn.execute(LOCK_PERSON, {"person": person})
    row = _PREFERRED.row(conn, {"person": person})
    return None if row is None else seat(conn, row)


def reachable(
    conn: Connection, person: PersonId, urgent: datetime | None = None
) -> tuple[int, str] | None:
    """The address id and channel that reach a person, without locking or reading her dialogue.

    `urgent`: that moment; then where anything may be said at once comes first, and where she was
    heard last, whatever it costs.
    """
    if urgent is None:
        row = _REACHED.row(conn, {"person": person})
    else:
        row = _REACHED_NOW.row(conn, {"person": person, "now": to_ms(urgent)})
    return None if row is None else (row[0], row[1])


def unasked(conn: Connection, person: PersonId) -> tuple[int, int]:
    """The ISO week in which something unasked last left for her (202647), and how much did."""
    row = _UNASKED.row(conn, {"person": person})
    return (0, 0) if row is None else (row[0], row[1])


def seat(conn: Connection, row: Sequence[Any]) -> Seat:
    """The seat of a row of `SEAT`."""
    paused_until, state = row[15], row[17]
    person = Person(
        PersonId(row[4]),
        Role(row[5]),
        row[6],
        row[7],
        row[8],
        row[9],
        row[10],
        row[11],
        row[12],
        Consent(row[13]),
        row[14] is not None,
        None if paused_until is None else from_ms(paused_until),
        row[18],
        None if row[19] is None else from_ms(row[19]),
        row[16] is not None,
        row[1] or "",
        bool(row[21]),
    )
    dialogue = dialogues.NOTHING if state is None else dialogues.unseal(conn, state)
    typed_by_another = row[20] not in (None, row[4])
    phone = Phone(
        row[1] or "",
        None if row[3] is None else from_ms(row[3]),
        None if row[22] is None else from_ms(row[22]),
        bool(row[21]),
        row[23] is not None or (row[2] is not None and row[1] in NUMBERED),
    )
    return Seat(
        row[0] or NOWHERE,
        person,
        dialogue,
        row[20] if typed_by_another else None,
        phone,
        row[25] or "",
        row[24] is not None,
        withholds=bool(row[26]),
    )


def _welcome(conn: Connection, where: Mapping[str, str], now: datetime, newcomer: Newcomer) -> None:
    """Give the address a person; whoever inserts the address first also makes the person."""
    ms = to_ms(now)
    _NEW_ADDRESS.run(conn, {**where, "now": ms})
    address_id = _UNOWNED[conn.dialect.name].value(conn, where)
    if address_id is None:
        return
    likely = {"language": newcomer.language, "zone": newcomer.zone}
    person = _NEW_PERSON.value(conn, {"now": ms, **likely})
    _OWNED.run(conn, {"address_id": address_id, "person": person})
    _TOGETHER.run(conn, {"address_id": address_id, "person": person, "now": ms})


def change(conn: Connection, person: PersonId, changes: Mapping[str, Any], now: datetime) -> None:
    """Set what a person told about herself; a new village also brings its time zone.

    Raises ValueError on anything that a conversation may not change, such as the role.
    """
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if name in _MOMENTS:
            values[_MOMENTS[name]] = to_ms(now) if value else None
        elif name in _SETTABLE:
            fits = fitting(people.c[name].type, value)
            values[name] = to_ms(fits) if isinstance(fits, datetime) else fits
        else:
            raise ValueError(f"a conversation may not change a person's {name!r}")
    if values:
        _changing(tuple(values)).run(conn, {**values, "person": person})


@cache
def _changing(columns: tuple[str, ...]) -> Statement:
    """Sets these columns; a moment that is told again keeps its time."""
    parts = [
        f"{column} = CASE WHEN CAST(:{column} AS BIGINT) IS NULL THEN NULL"
        f" ELSE COALESCE({column}, CAST(:{column} AS BIGINT)) END"
        if column in _MOMENTS.values()
        else f"{column} = :{column}"
        for column in columns
    ]
    if "village_id" in columns and "zone" not in columns:
        parts.append("zone = COALESCE((SELECT zone FROM villages WHERE id = :village_id), zone)")
    return Statement(f"UPDATE people SET {', '.join(parts)} WHERE id = :person")


def fitting(type_: Any, value: Any) -> Any:
    """A text cut to its column, because SQLite would keep and PostgreSQL refuse a longer one.

    >>> fitting(String(4), "Sitisari")
    'Siti'
    """
    return value[: type_.length] if isinstance(value, str) and isinstance(type_, String) else value


def give_role(conn: Connection, person: PersonId, role: Role, name: str) -> bool:
    """A caregiver becomes a cadre or a partner; False when she is no caregiver (any more).

    `name` is kept where none is known yet.
    """
    known = fitting(people.c.name.type, name)
    changed = conn.execute(
        update(people)
        .where(people.c.id == person, people.c.role == Role.CAREGIVER.value)
        .where(people.c.erased_at.is_(None))
        .values(role=role.value, name=case((people.c.name == "", known), else_=people.c.name))
        .returning(people.c.id)
    )
    return changed.one_or_none() is not None


def add_village(
    conn: Connection,
    name: str,
    code: str,
    *,
    district: str = "",
    head_title: str = "Kepala Desa",
    zone: str = "Asia/Jakarta",
    position: int = 0,
) -> VillageId:
    """Add a village, or change the one that has this code."""
    values = {
        "name": name,
        "code": code,
        "district": district,
        "head_title": head_title,
        "zone": zone,
        "position": position,
    }
    statement = upsert(villages).values(values)
    statement = statement.on_conflict_do_update(index_elements=["code"], set_=values)
    return VillageId(conn.execute(statement.returning(villages.c.id)).scalar_one())


def all_villages(conn: Connection) -> tuple[Village, ...]:
    """Every village in the order in which it is offered."""
    rows = _VILLAGES.rows(conn, {})
    return tuple(Village(VillageId(row[0]), *row[1:]) for row in rows)


def village_code(conn: Connection, person: PersonId) -> str:
    """The first part of a code about this person.

    The village may be unknown; then it is `NO_VILLAGE`.
    """
    code: str | None = _VILLAGE_CODE.value(conn, {"person": person})
    return code or NO_VILLAGE

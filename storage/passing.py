"""What leaves how: freely, in approved words, as a knock with its words withheld, or not at all.

`decide` is the last look at every message that is about to be claimed. Where anything may be said
it costs nothing: what is known of the phone was read with the row. The rules are in
conversations/phone/passing.py; `withheld` and `settle` are the way of the words afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from conversations import templates as approved
from conversations.costs import ANSWER, DANGER
from conversations.dialogue import Role
from conversations.message import Choice, Message, Priority
from conversations.phone import holding, passing
from conversations.phone.letters import Letter, Parcel, Post
from conversations.phone.passing import Excluded, Free, Knock, Standing, Wait, Way, Whole
from conversations.phone.phone import LOCKS_AFTER, PAID, WINDOWS, Phone
from locales import say
from locales.templates import templates as declared
from storage import bodies, phones, spending, templates
from storage.adding import PRIORITIES, RANK
from storage.door import Candidate
from storage.errors import SealBroken
from storage.schema import from_ms, to_ms
from storage.statement import Listed, Statement

AFTER_DANGER: Final = timedelta(hours=2)
"""So much later comes what waited for her, when she wrote of danger."""

_OF_A_TALK: Final = frozenset({ANSWER, DANGER})
"""Purposes of an answer within a talk: it is of no use once the talk is over."""

_WHO = Listed("SELECT id, role, salutation, name, language FROM people WHERE id IN :ids")
_KNOCKED = Listed(
    "SELECT address_id, min(priority), max(COALESCE(finished_at, created_at)) FROM outbox"
    " WHERE address_id IN :ids AND withheld"
    " AND status IN ('sending', 'sent', 'delivered', 'read', 'uncertain')"
    " AND COALESCE(finished_at, created_at) > :since GROUP BY address_id"
)
_EXCLUDE = Listed(
    "UPDATE outbox SET status = 'excluded', reason = :reason, withheld = :kept,"
    " finished_at = :now WHERE id IN :ids AND status = 'waiting'"
)
_WAIT = Statement(
    "UPDATE outbox SET withheld = true, held = true, not_before = :until,"
    " expires_at = COALESCE(CAST(:expires_at AS BIGINT), expires_at)"
    " WHERE id = :id AND status = 'waiting'"
)
_LEAVE = Statement("UPDATE outbox SET withheld = :withheld, category = :category WHERE id = :id")
_NOT_ASKED = Listed("UPDATE addresses SET asked_at = NULL, asked_times = 0 WHERE id IN :ids")
WITHHELD: Final = (
    "SELECT id, body, purpose, priority, created_at, expires_at, status, finished_at FROM outbox"
    " WHERE address_id = :address AND withheld AND person_id = :person ORDER BY id"
)
"""Asked in every turn on WhatsApp. What waited too long is among them: a question that is still
open comes with the words that belong to it."""

_WITHHELD = Statement(WITHHELD)
_FOLLOWING = Statement("SELECT id FROM outbox WHERE dedupe_key = :key")
_FOLLOWED = Statement(
    "UPDATE outbox SET withheld = false,"
    " reason = CASE WHEN status IN ('waiting', 'failed', 'excluded', 'expired')"
    " THEN CAST(:into AS VARCHAR(120)) ELSE reason END,"
    " expires_at = :now,"
    " finished_at = CASE WHEN status = 'waiting' THEN CAST(:now AS BIGINT) ELSE finished_at END,"
    " status = CASE WHEN status IN ('waiting', 'failed', 'excluded', 'expired') THEN 'merged'"
    " ELSE status END"
    " WHERE id = :id AND withheld"
)
_NEVER_SAID = (
    "status = 'waiting' OR (status IN ('sent', 'delivered', 'read', 'uncertain')"
    " AND (CAST(:status AS VARCHAR(10)) = 'excluded'"
    " OR (expires_at <= :now AND purpose NOT IN ('checkin', 'nudge'))))"
)
"""She was told at most that there is something; the question of a check-in may have been asked by
the turn itself."""

_ENDED = Statement(
    "UPDATE outbox SET withheld = false, expires_at = :now,"
    f" reason = CASE WHEN {_NEVER_SAID} THEN CAST(:reason AS VARCHAR(120)) ELSE reason END,"
    f" finished_at = CASE WHEN {_NEVER_SAID} THEN CAST(:now AS BIGINT) ELSE finished_at END,"
    f" status = CASE WHEN {_NEVER_SAID} THEN CAST(:status AS VARCHAR(10)) ELSE status END"
    " WHERE id = :id AND withheld"
)
_LATER = Statement(
    "UPDATE outbox SET withheld = false, held = false, not_before = :at"
    " WHERE id = :id AND withheld AND status = 'waiting'"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A row that leaves. `says` is what is said in its stead; None: its own words.

    `category` is what it is charged as; empty where nothing is.
    """

    row: Candidate
    says: Message | None = None
    withheld: bool = False
    category: str = ""


@dataclass(slots=True)
class _Desk:
    """What is looked up once for the rows of one claim."""

    conn: Connection
    now: datetime
    people: dict[int, Sequence[Any]] = field(default_factory=dict)
    knocked: dict[int, tuple[Priority, datetime]] = field(default_factory=dict)
    _standings: dict[str, Mapping[str, Standing]] = field(default_factory=dict)
    _budgets: dict[str, spending.Standing] = field(default_factory=dict)

    def look_up(self, rows: Sequence[Candidate]) -> None:
        """Everything about the people and phones of these."""
        persons = sorted({row.person_id for row in rows if row.person_id is not None})
        if persons:
            self.people = {row[0]: row for row in _WHO.rows(self.conn, persons)}
        since = to_ms(self.now - passing.KNOCKS)
        addresses = sorted({row.address_id for row in rows})
        for address, rank, at in _KNOCKED.rows(self.conn, addresses, since=since):
            self.knocked[address] = PRIORITIES[rank], from_ms(at)

    def standings(self, row: Candidate) -> Mapping[str, Standing]:
        """How our templates stand on the number that it leaves from."""
        if row.channel not in WINDOWS:
            return {}
        if row.account not in self._standings:
            self._standings[row.account] = templates.standings(self.conn, row.account)
        return self._standings[row.account]

    def fits_budget(self, row: Candidate, category: str) -> bool:
        """Whether the month still has room for it."""
        if row.channel not in PAID:
            return True
        if row.account not in self._budgets:
            self._budgets[row.account] = spending.standing(self.conn, row.account, self.now)
        budget = self._budgets[row.account]
        return budget.allows(category, PRIORITIES[row.priority], row.purpose)


def decide(
    conn: Connection, rows: Sequence[Candidate], now: datetime
) -> tuple[list[Passage], bool]:
    """Those of these rows that leave now, and how; whether any became something else.

    After they are claimed, `leave` writes down what was decided.
    """
    if not any(_needs_a_look(row) for row in rows):
        return [Passage(row) for row in rows], False
    desk = _Desk(conn, now)
    closed = [row for row in rows if row.person_id is not None and not _is_open(row, now)]
    if closed:
        desk.look_up(closed)
    passages: list[Passage] = []
    excluded: defaultdict[tuple[str, bool], list[int]] = defaultdict(list)
    waiting: list[dict[str, Any]] = []
    for row in rows:
        message, found = _way(desk, row)
        match found:
            case Excluded(reason):
                excluded[reason, _is_kept(row, reason)].append(row.id)
            case Wait():
                waiting.append(_until(desk, row))
            case _:
                passages.append(_passage(desk, row, found, message))
    for (reason, kept), ids in excluded.items():
        _EXCLUDE.run(conn, ids, reason=reason, kept=kept, now=to_ms(now))
    _WAIT.many(conn, waiting)
    return passages, bool(excluded or waiting)


def leave(conn: Connection, passages: Sequence[Passage], now: datetime) -> None:
    """They are claimed: what they are charged as, and whose words are withheld."""
    changed = [one for one in passages if one.category or one.withheld or one.row.withheld]
    if not changed:
        return
    values = [
        {"id": one.row.id, "withheld": one.withheld, "category": one.category} for one in changed
    ]
    _LEAVE.many(conn, values)
    knocks = [one for one in changed if one.withheld and one.says is not None]
    for one in knocks:
        if _asks_who(one):
            phones.ask(conn, one.row.address_id, 1, now)
    if other := sorted({one.row.address_id for one in knocks if not _asks_who(one)}):
        _NOT_ASKED.run(conn, other)


def withheld(
    conn: Connection, address_id: int, person: int
) -> tuple[list[Letter], datetime | None]:
    """What waits at an address for her, in its order; and when she was last told that something
    does, or it began to wait."""
    letters: list[Letter] = []
    since: datetime | None = None
    for row in _WITHHELD.rows(conn, {"address": address_id, "person": person}):
        id_, body, purpose, rank, created, expires, status, finished = row
        try:
            message = bodies.opened(conn, body)
        except SealBroken:
            continue
        at = from_ms(finished or created)
        since = at if since is None else max(since, at)
        knocked = status not in ("waiting", "excluded", "expired")
        until = None if expires is None else from_ms(expires)
        said_at = from_ms(created)
        letters.append(
            Letter(id_, message, purpose, PRIORITIES[rank], said_at, until, knocked=knocked)
        )
    return letters, since


def key_of(parcel: Parcel) -> str:
    """By which a message that follows is added once."""
    return f"letter:{parcel.ids[0]}"


def settle(conn: Connection, post: Post, now: datetime) -> None:
    """Write down what became of withheld words, once what follows is in the outbox."""
    ms = to_ms(now)
    for parcel in post.parcels:
        into = f"into {_FOLLOWING.value(conn, {'key': key_of(parcel)})}"
        _FOLLOWED.many(conn, [{"id": id_, "into": into, "now": ms} for id_ in parcel.ids])
    ended = [(id_, "expired", "late") for id_ in post.late]
    ended += [(id_, "excluded", "stopped") for id_ in post.stopped]
    _ENDED.many(
        conn,
        [{"id": id_, "status": status, "reason": why, "now": ms} for id_, status, why in ended],
    )
    _LATER.many(conn, [{"id": id_, "at": to_ms(now + AFTER_DANGER)} for id_ in post.later])


def _needs_a_look(row: Candidate) -> bool:
    """Nothing is asked of a phone that is one person's own, on a channel without windows."""
    return bool(row.channel in WINDOWS or row.shared or row.doubted_at or row.withheld)


def _is_open(row: Candidate, now: datetime) -> bool:
    phone = _phone(row)
    return phone.speaks_freely(now) and not phone.is_locked(now) and not phone.is_doubtful(now)


def _phone(row: Candidate) -> Phone:
    return Phone(
        row.channel,
        None if row.heard_at is None else from_ms(row.heard_at),
        None if row.window_until is None else from_ms(row.window_until),
        bool(row.shared),
        row.doubted_at is not None,
        None if row.used_at is None else from_ms(row.used_at),
    )


def _way(desk: _Desk, row: Candidate) -> tuple[Message | None, Way]:
    """How it leaves, once it is known that its price fits; the message where it was looked at."""
    message: Message | None = None
    found: Way = Free()
    category = passing.SERVICE
    if row.person_id is not None and not _is_open(row, desk.now):
        try:
            message = bodies.opened(desk.conn, row.body)
        except SealBroken:
            return None, found
        knocked = desk.knocked.get(row.address_id)
        found = passing.way(
            _phone(row),
            message,
            row.purpose,
            PRIORITIES[row.priority],
            desk.now,
            desk.standings(row),
            None if knocked is None else knocked[0],
        )
    if isinstance(found, Whole | Knock):
        category = found.category
    if isinstance(found, Excluded | Wait) or desk.fits_budget(row, category):
        return message, found
    return message, Excluded(spending.REASON)


def _passage(desk: _Desk, row: Candidate, found: Way, message: Message | None) -> Passage:
    if isinstance(found, Free):
        category = passing.SERVICE if row.channel in PAID else ""
        held = row.held and _is_open(row, desk.now)
        return Passage(row._replace(held=held), category=category)
    alone = row._replace(held=False)
    if isinstance(found, Whole):
        return Passage(alone, message, category=found.category)
    assert isinstance(found, Knock)
    category = found.category if row.channel in PAID else ""
    return Passage(alone, _knock(desk, row, found, message), withheld=True, category=category)


def _knock(desk: _Desk, row: Candidate, knock: Knock, message: Message | None) -> Message:
    """What is said instead: by a template, or the question who holds the phone."""
    if knock.name is None:
        holders = phones.holders(desk.conn, row.address_id)
        language = _language(desk, row)
        return holding.question(
            holders,
            shared=bool(row.shared),
            opening=say("knock", language),
            language=language,
        )
    if message is not None and message.template is not None and message.template.name == knock.name:
        template = message.template
    else:
        template = approved.opening(knock.name, _called(desk, row))
    words = declared()[template.name]
    choices = tuple(Choice(label, approved.OPEN) for label in words.buttons)
    return Message(words.filled(template.values), choices, template=template)


def _called(desk: _Desk, row: Candidate) -> str:
    """Her salutation, with the name where she works here; none where another may hold the phone."""
    language = _language(desk, row)
    phone = _phone(row)
    one = desk.people.get(row.person_id or 0)
    if one is None or phone.shared or phone.is_doubtful(desk.now):
        return say("someone", language)
    who = one[2] or say("someone", language)
    return who if one[1] == Role.CAREGIVER.value else f"{who} {one[3]}".strip()


def _language(desk: _Desk, row: Candidate) -> str:
    one = desk.people.get(row.person_id or 0)
    return "id" if one is None else str(one[4])


def _until(desk: _Desk, row: Candidate) -> dict[str, Any]:
    """Words that wait are looked at again when they may knock for themselves, or are too late."""
    kept = to_ms(desk.now + passing.KEPT)
    inside = row.purpose in passing.INSIDE_ONLY
    expires = kept if inside or row.expires_at is None else row.expires_at
    knocked = desk.knocked.get(row.address_id)
    ends = row.expires_at is not None or row.purpose in passing.INSIDE_ONLY | passing.TO_MANY
    until = expires
    if row.purpose not in passing.INSIDE_ONLY | passing.TO_MANY:
        if knocked is not None:
            until = min(until, to_ms(knocked[1] + passing.KNOCKS))
        if row.used_at is not None and _phone(row).is_in_use(desk.now):
            until = min(until, to_ms(from_ms(row.used_at) + LOCKS_AFTER))
    return {"id": row.id, "until": until, "expires_at": expires if ends else None}


def _is_kept(row: Candidate, reason: str) -> bool:
    """Whether what somebody wants to say to her follows when she writes of herself."""
    if reason == spending.REASON or row.purpose in _OF_A_TALK:
        return False
    return row.priority == RANK[Priority.REPLY]


def _asks_who(passage: Passage) -> bool:
    return passage.says is not None and passage.says.template is None

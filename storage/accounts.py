"""What Meta told about our own account or number, as it stands: kept by the number and its kind.

Which of it is trouble, and in which words, is decided here; whoever shall know of it is told by
bot/planned/costs.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import orjson
from sqlalchemy import Connection

from storage import due, meta
from storage.schema import from_ms, to_ms
from storage.statement import Statement

if TYPE_CHECKING:
    from storage.facts import AccountTold

LOOK: Final = "costs"
"""The kind of due work that tells people; its subject is WhatsApp."""

SUBJECT: Final = "whatsapp"

ERRORS: Final = "errors"
"""What is told by the failing of our own messages; nothing tells when that is over."""

TEMPLATES, STOPPED = "templates", "stopped"
"""What is told of our templates, and the first word of it while one has stopped."""

_HOLDS: Final = timedelta(hours=24)
"""So long such an error stands after it was last met."""

_PREFIX: Final = "account:"
_LONGEST_NAME: Final = 60
_MET_AGAIN: Final = timedelta(minutes=5)
"""Not for each of a thousand messages that fail is it written down again."""

_LIKE = Statement("SELECT value FROM meta WHERE name >= :first AND name < :last ORDER BY name")

_MEANS: Final = (
    ("account_update", "REINSTATE", ""),
    ("account_update", "SCHEDULE_FOR_DISABLE", "closing"),
    ("account_update", "DISABLE", "closed"),
    ("account_update", "ACCOUNT_DELETED", "closed"),
    ("account_update", "RESTRICT", "restricted"),
    ("account_update", "VIOLATION", "warned"),
    ("account_review_update", "REJECTED", "closed"),
    ("phone_number_quality_update", "UNFLAGGED", ""),
    ("phone_number_quality_update", "FLAGGED", "quality"),
    ("phone_number_quality_update", "DOWNGRADE", "quality"),
    ("phone_number_name_update", "REJECTED", "name"),
    ("account_alerts", "", "alert"),
    ("security", "PIN", "pin"),
    (TEMPLATES, STOPPED, "template"),
    (ERRORS, "131042", "payment"),
    (ERRORS, "131031", "closed"),
    (ERRORS, "368", "restricted"),
)
"""What was told, a word of it, and the key of `account.*` that says what it means ("": it is well);
the first line that fits holds, and what fits none is kept but is no trouble."""

_STOPS: Final = frozenset({"closed", "restricted", "payment"})


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing about a number as it was told last. `since` and `at` are aware, UTC."""

    account: str
    what: str
    detail: str
    since: datetime
    at: datetime

    @property
    def trouble(self) -> str:
        """The key of `account.*` that says what is wrong; empty where nothing is."""
        fitting = (key for what, word, key in _MEANS if what == self.what and word in self.detail)
        return next(fitting, "")

    @property
    def stops(self) -> bool:
        """Whether nothing leaves because of it, until somebody mends it."""
        return self.trouble in _STOPS


def keep(conn: Connection, facts: Sequence[AccountTold], now: datetime) -> None:
    """As told now, instead of what was told before of the same kind; people hear of it soon."""
    changed = False
    for fact in facts:
        before = _one(conn, fact)
        if before is not None and before.detail == fact.detail[:200]:
            if now - before.at >= _MET_AGAIN:
                over = fact.what == ERRORS and now - before.at >= _HOLDS
                _put(conn, fact, now if over else before.since, now)
                changed |= over
            continue
        _put(conn, fact, now, now)
        changed = True
    if changed:
        due.plan(conn, LOOK, SUBJECT, None, now, None)


def standing(conn: Connection, now: datetime) -> tuple[Standing, ...]:
    """Everything that was told and still holds, by kind and number."""
    rows = _LIKE.rows(conn, {"first": _PREFIX, "last": _PREFIX[:-1] + ";"})
    found = (_read(bytes(row[0])) for row in rows)
    return tuple(one for one in found if one.what != ERRORS or now - one.at < _HOLDS)


def troubles(conn: Connection, now: datetime) -> tuple[Standing, ...]:
    """Only what is wrong."""
    return tuple(one for one in standing(conn, now) if one.trouble)


def _name(fact: AccountTold) -> str:
    """Each error is a thing of its own."""
    kind = f"{ERRORS}-{fact.detail.split(' ')[0]}" if fact.what == ERRORS else fact.what
    return f"{_PREFIX}{kind}:{fact.account}"[:_LONGEST_NAME]


def _one(conn: Connection, fact: AccountTold) -> Standing | None:
    stored = meta.get(conn, _name(fact))
    return None if stored is None else _read(stored)


def _put(conn: Connection, fact: AccountTold, since: datetime, now: datetime) -> None:
    told = [fact.account, fact.what, fact.detail[:200], to_ms(since), to_ms(now)]
    meta.put(conn, _name(fact), orjson.dumps(told))


def _read(stored: bytes) -> Standing:
    account, what, detail, since, at = orjson.loads(stored)
    return Standing(account, what, detail, from_ms(since), from_ms(at))

"""What is promised of every message on a channel with windows and prices, looked at from outside.

The lives in which it must hold are in paid_history.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from conversations.message import Message, Priority
from locales.templates import templates as declared
from storage import bodies
from storage.outbox import Claimed
from storage.receipts import TELLING

DAY: Final = timedelta(days=1)
UNASKED: Final = 2
"""From this rank on nobody asked for it: BERHENTI and danger may leave it unsaid after a knock."""
_FORWARD: Final = {
    "waiting": 0, "sending": 0, "uncertain": 1, "sent": 2, "delivered": 3, "failed": 4,
    "excluded": 4, "read": 5, "expired": 6, "merged": 7,
}  # fmt: skip
_STOPPED = text("SELECT id FROM people WHERE stopped_at > 0")
_ROWS = text(
    "SELECT id, status, reason, withheld, priority, purpose, person_id, address_id, not_before,"
    " dedupe_key, expires_at FROM outbox ORDER BY id"
)


@dataclass(slots=True)
class Phone:
    """One address, as the platform knows it."""

    channel: str
    address: str
    persons: list[int] = field(default_factory=list)
    heard: datetime | None = None
    """When the platform last received something from it."""

    def is_open(self, now: datetime) -> bool:
        if self.channel not in TELLING:
            return True
        return self.heard is not None and now < self.heard + DAY


@dataclass(slots=True)
class Taken:
    """One message that the platform took."""

    row: int
    phone: Phone
    message: Message
    at: datetime
    failed: bool = False


class Promises:
    """What was said so far, and what was promised and not kept."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.words: dict[int, str] = {}
        self.taken: dict[str, Taken] = {}
        self.perhaps: set[int] = set()
        """Rows of which nobody knows whether they were taken: they may be said twice."""
        self.breaks: list[str] = []
        self.looked: Counter[str] = Counter()
        self._before: dict[int, str] = {}
        self._letters: list[str] = []
        self._stop: set[int] = set()
        self._stopped: set[int] = set()

    def breaks_promise(self, what: str, *about: object) -> None:
        self.breaks.append(f"{self.now:%d %H:%M} {what}: {about}")

    def leaves(self, conn: Connection, claimed: Sequence[Claimed]) -> None:
        """Nothing free leaves outside the window that we know of, and nothing unasked after
        BERHENTI."""
        self._stop = set(conn.execute(_STOPPED).scalars())
        for one in claimed:
            row = conn.execute(
                text("SELECT window_until FROM addresses WHERE id = :id"), {"id": one.address_id}
            ).one()
            ms = round(self.now.timestamp() * 1000)
            is_open = one.channel not in TELLING or (row[0] is not None and ms < row[0])
            if one.message.template is None and not is_open:
                self.breaks_promise("free words outside the window", one.id, one.purpose)
            if (
                one.priority in (Priority.REMINDER, Priority.BROADCAST)
                and one.person_id in self._stop
            ):
                self.breaks_promise("unasked after BERHENTI", one.id, one.purpose)
            self.looked["left"] += 1

    def looks(self, conn: Connection) -> None:
        """After every unit: a row only goes forward, and what ended has a reason."""
        self._stop = set(conn.execute(_STOPPED).scalars())
        self._stopped |= self._stop
        for row in conn.execute(_ROWS):
            was, self._before[row.id] = self._before.get(row.id, "waiting"), row.status
            if _FORWARD[row.status] < _FORWARD[was] and not _may_return(was, row):
                self.breaks_promise("went back", row.id, was, row.status, row.reason)
            if row.status in ("failed", "excluded", "uncertain", "expired") and not row.reason:
                self.breaks_promise("ended without a reason", row.id, row.status)
            if row.status == "excluded" and row.reason == "cost" and row.priority == 0:
                self.breaks_promise("an alarm was too dear", row.id)
            self.looked["rows"] += 1

    def ends(self, conn: Connection) -> None:
        """At rest: everything has ended in one visible way, and was said once."""
        rows = {row.id: row for row in conn.execute(_ROWS)}
        for row in rows.values():
            if row.status in ("waiting", "sending"):
                self.breaks_promise("still open", *row)
            elif row.withheld and row.status not in ("expired",):
                self.breaks_promise("still withheld", *row)
            if row.status == "merged" and not row.reason.startswith("into "):
                self.breaks_promise("merged into nothing", *row)
        keys = text("SELECT body FROM outbox WHERE dedupe_key LIKE 'letter%'")
        self._letters = [bodies.opened(conn, row[0]).text for row in conn.execute(keys)]
        said = defaultdict[str, list[Taken]](list)
        for taken in self.taken.values():
            for word in self.words.values():
                if _says(taken.message, word):
                    said[word].append(taken)
        for id_, word in self.words.items():
            self._was_said_once(rows, id_, said[word])

    def _was_said_once(self, rows: dict[int, Any], id_: int, said: Sequence[Taken]) -> None:
        chain = _chain(rows, id_)
        heard = [taken for taken in said if not taken.failed]
        doubled = self.perhaps & {taken.row for taken in said} | self.perhaps & set(chain)
        self.looked["said"] += bool(heard)
        if len(heard) > 1 and not doubled:
            self.breaks_promise("said twice", id_, chain, [(t.row, t.at) for t in heard])
        end = rows[chain[-1]]
        if end.status in ("sent", "delivered", "read") and not heard:
            by_wish = end.person_id in self._stopped or end.priority >= UNASKED
            if not by_wish and not any(self.words[id_] in letter for letter in self._letters):
                self.breaks_promise("looks sent and was never said", id_, *end, len(said))
        self.looked[f"end {end.status}"] += 1


def _may_return(was: str, row: Any) -> bool:
    """What did not leave may wait again, and what was carried by another that did not arrive. Where
    only was said that there is something, the words may end unsaid."""
    if row.status in ("excluded", "expired"):
        return was in ("sent", "delivered", "read", "uncertain")
    if was == "merged":
        return row.status == "waiting" or row.reason == "undeliverable"
    return row.status == "waiting" and was == "sending"


def _says(message: Message, word: str) -> bool:
    if message.template is None:
        return word in message.text
    whole = declared()[message.template.name].whole
    return whole and word in message.template.values


def _chain(rows: dict[int, Any], id_: int) -> list[int]:
    chain = [id_]
    while (row := rows[chain[-1]]).status == "merged" and row.reason.startswith("into "):
        after = int(row.reason.removeprefix("into "))
        if after not in rows or after in chain:
            break
        chain.append(after)
    return chain

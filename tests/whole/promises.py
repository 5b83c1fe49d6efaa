"""What is promised about every concern, looked at from outside: by our own sums, on plain tables.

Beside each unit stands one look before and one after it: what changed must be on record, and what
is open must have somebody. At every moment of rest the telephones of those who must be called have
rung in time. Nothing of the programme's own rules is used here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from storage.database import Database

if TYPE_CHECKING:
    from tests.whole.concerns import Town

T = TypeVar("T")

ZONE: Final = ZoneInfo("Asia/Jakarta")
TOLERATED: Final = timedelta(seconds=60)
AGAIN: Final = timedelta(minutes=15)
TO_ACT: Final = timedelta(minutes=60)
WORKING_HOURS: Final = timedelta(hours=4)
MORNING, EVENING = time(8, 0), time(20, 0)
"""What is not urgent is called in between."""

SHOWN: Final = 5
"""Breaches of one kind that are written down in full."""

LATE_STEP: Final = 3
"""From this step on a coordinator hears of a concern about staff too."""

_OPEN = text(
    "SELECT t.code, t.kind, t.level, t.status, t.about_id, t.owner_id, t.due_at, t.accepted_at,"
    " t.acted_at, t.created_at, c.stage, coalesce(c.outside, false) AS outside, c.hide_name,"
    " c.safe, c.may_call, c.next_at, c.outcome, c.closing_by, c.closing_at, c.merged_into,"
    " (SELECT max(n.at) FROM task_notes n WHERE n.code = t.code"
    " AND n.action IN ('handed_over', 'level', 'reopened')) AS anew"
    " FROM tasks t LEFT JOIN cases c ON c.code = t.code WHERE t.status IN ('open', 'accepted')"
)
_KEPT_OUT = text(
    "SELECT x.code, x.person_id FROM case_exclusions x JOIN tasks t ON t.code = x.code"
    " WHERE t.status IN ('open', 'accepted')"
)
_OFFICE = text(
    "SELECT s.person_id, s.role, EXISTS (SELECT 1 FROM addresses a WHERE a.person_id = s.person_id"
    " AND a.blocked_at IS NULL) AS reached"
    " FROM staff s WHERE s.person_id IS NOT NULL AND s.removed_at IS NULL"
)
_ENDS = text(
    "SELECT (SELECT coalesce(max(id), 0) FROM audit) AS audit,"
    " (SELECT coalesce(max(id), 0) FROM alerts) AS alerts,"
    " (SELECT coalesce(max(id), 0) FROM task_notes) AS notes"
)
_NEW_AUDIT = text("SELECT subject, action FROM audit WHERE id > :after")
_NEW_NOTES = text("SELECT code FROM task_notes WHERE id > :after")
_NEW_ALERTS = text("SELECT code, person_id, step, at FROM alerts WHERE id > :after")
_RUNG = text(
    "SELECT a.code, max(a.at) AS at FROM alerts a JOIN tasks t ON t.code = a.code"
    " WHERE t.status IN ('open', 'accepted') GROUP BY a.code"
)


_IS_OF = (
    "o.person_id = a.person_id AND o.created_at = a.at AND o.purpose = 'alert'"
    " AND o.dedupe_key LIKE 'alert\\:' || a.code || '\\:%'"
)
_CALLS_WITHOUT_MESSAGE = text(
    f"SELECT a.code, a.step, a.person_id, a.at FROM alerts a WHERE NOT EXISTS"
    f" (SELECT 1 FROM outbox o WHERE {_IS_OF}) AND NOT EXISTS"
    " (SELECT 1 FROM due d WHERE d.kind = 'overdue' AND d.person_id = a.person_id)"
)
_MESSAGES_WITHOUT_CALL = text(
    "SELECT o.dedupe_key FROM outbox o WHERE o.purpose = 'alert'"
    " AND o.dedupe_key NOT LIKE '%\\:more\\:%' AND NOT EXISTS"
    f" (SELECT 1 FROM alerts a WHERE {_IS_OF})"
)
_NOT_HERS_ANY_MORE = text(
    "SELECT o.dedupe_key, o.status, x.at, o.created_at, o.finished_at FROM outbox o"
    " JOIN case_exclusions x ON x.person_id = o.person_id"
    " AND o.dedupe_key LIKE 'alert\\:' || x.code || '\\:%'"
    " WHERE o.purpose = 'alert' AND o.status = 'sent' AND o.finished_at > x.at"
)
_TOLD_TWICE = text(
    "SELECT told.code, told.times FROM"
    " (SELECT substr(dedupe_key, 16, 11) AS code, count(*) AS times FROM outbox"
    " WHERE dedupe_key LIKE 'due\\:unanswered\\:%\\:0' GROUP BY substr(dedupe_key, 16, 11)) told"
    " WHERE told.times > 1 + (SELECT count(*) FROM task_notes n WHERE n.code = told.code"
    " AND n.action IN ('lapsed', 'reopened', 'handed_over', 'level'))"
)
_WILL_BE_TOLD = text("SELECT 1 FROM due WHERE kind = 'unanswered' AND subject = :code")
_REACHED = text("SELECT 1 FROM addresses WHERE person_id = :person AND blocked_at IS NULL")
_LEFT_BEHIND = text(
    "SELECT kind, subject, due_at FROM due WHERE outcome = '' AND due_at < :late"
    " AND kind IN ('escalation', 'unanswered', 'siap', 'unready', 'overdue', 'review')"
)


@dataclass(frozen=True, slots=True)
class _Before:
    open: Mapping[str, Any]
    ends: Any


class Promises:
    """Counts what was looked at, and keeps what was broken: a unit that breaks one goes on."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.broken: list[str] = []
        self.looked: Counter[str] = Counter()
        self._nobody: dict[str, datetime] = {}

    def around(self, conn: Connection, unit: Callable[[Connection], T]) -> T:
        """Run a unit between two looks."""
        before = _Before({row.code: row for row in conn.execute(_OPEN)}, conn.execute(_ENDS).one())
        answer = unit(conn)
        after = {row.code: row for row in conn.execute(_OPEN)}
        self.looked["units"] += 1
        decided = self._changes_are_on_record(conn, before, after)
        office = _office(conn)
        kept_out = _kept_out(conn, after)
        if office:
            for row in after.values():
                was = row if row.code in decided else before.open.get(row.code)
                self._somebody_has_it(was, row, office, kept_out[row.code])
        for alert in conn.execute(_NEW_ALERTS, {"after": before.ends.alerts}):
            self.looked["alerts"] += 1
            self._may_be_called(alert, after.get(alert.code), office, kept_out)
        return answer

    def _changes_are_on_record(
        self, conn: Connection, before: _Before, after: Mapping[str, Any]
    ) -> set[str]:
        """Codes of which a human being decided in this unit who has them."""
        changed = {
            code
            for code in before.open.keys() | after.keys()
            if before.open.get(code) != after.get(code)
        }
        changed |= set(conn.execute(_NEW_NOTES, {"after": before.ends.notes}).scalars())
        self.looked["changes"] += len(changed)
        new = list(conn.execute(_NEW_AUDIT, {"after": before.ends.audit}))
        for row in [after[one.subject] for one in new if one.action == "alert take"]:
            self._reporter_will_know(conn, row)
        begun = {one.subject for one in new if one.action in ("task opened", "case reopened")}
        for code in after.keys() - before.open.keys() - begun:
            self.breaks("what was closed is open by itself", after[code], new)
        recorded = {one.subject for one in new}
        for code in changed - recorded:
            row = before.open.get(code)
            if row is not None and f"person:{row.about_id}" in recorded:
                continue  # all that was known of her is erased, and that is on record
            self.breaks("a change is not on record", row, after.get(code), recorded)
        return {one.subject for one in new if one.action in ("case handed over", "case reopened")}

    def _reporter_will_know(self, conn: Connection, row: Any) -> None:
        """Nobody has answered: whoever reported it is told, where she can be reached."""
        if row.level == "merah" and conn.execute(_REACHED, {"person": row.about_id}).first():
            self.looked["unanswered"] += 1
            if not conn.execute(_WILL_BE_TOLD, {"code": row.code}).first():
                self.breaks("the reporter is not told that nobody answers", row)

    def _somebody_has_it(
        self, before: Any, row: Any, office: Mapping[int, Any], kept_out: frozenset[int]
    ) -> None:
        """What is about staff may stay inside when there was nobody outside to have it."""
        self.looked["owners"] += 1
        is_new = before is None or (before.owner_id, before.outside) != (row.owner_id, row.outside)
        if row.due_at is None:
            self.breaks("no deadline", row)
        if row.owner_id is None:
            self.breaks("no owner", row)
            return
        fitting = set(_fitting(row, office, kept_out))
        if row.owner_id not in office:
            cadre = self.town.people.get(row.owner_id)
            if row.stage is not None or cadre is None or cadre.role != "cadre":
                self.breaks("owned by nobody of staff", row, dict(office))
        elif office[row.owner_id].role == "organiser":
            self.breaks("owned by somebody who cannot see it", row)
        elif fitting and row.owner_id in kept_out:
            self.breaks("owned in spite of a conflict of interest", row, kept_out, fitting)
        elif fitting and row.outside and is_new and row.owner_id not in fitting:
            self.breaks("about staff, and owned inside", before, row, fitting)

    def _may_be_called(
        self,
        alert: Any,
        row: Any,
        office: Mapping[int, Any],
        kept_out: Mapping[str, frozenset[int]],
    ) -> None:
        if row is None:
            self.breaks("an alert about what is closed", alert)
            return
        if alert.person_id in kept_out[alert.code]:
            self.breaks("an alert to somebody with a conflict of interest", alert, row)
        if alert.person_id not in office and alert.person_id != row.owner_id:
            self.breaks("an alert to somebody who does not work here", alert, row)
        if not row.outside or office[alert.person_id].role == "focal":
            return
        fitting = _fitting(row, office, kept_out[row.code])
        outside = any(office[one].role == "focal" for one in fitting)
        if outside and (alert.step < LATE_STEP or office[alert.person_id].role != "coordinator"):
            self.breaks("an alert about staff to somebody inside", alert, row)

    async def look(self, database: Database | Watched, now: datetime) -> None:
        """At rest: whoever must be called has been, at most a minute after it was due."""

        def read(conn: Connection) -> tuple[Any, ...]:
            rows = list(conn.execute(_OPEN))
            late = round((now - TOLERATED).timestamp() * 1000)
            behind = list(conn.execute(_LEFT_BEHIND, {"late": late}))
            rung = {row.code: _time(row.at) for row in conn.execute(_RUNG)}
            return (
                rows,
                behind,
                rung,
                _office(conn),
                _kept_out(conn, {row.code: row for row in rows}),
            )

        rows, behind, rung, office, kept_out = await database.read(read)
        if now > self.town.running_since + TOLERATED:
            for row in behind:
                self.breaks("due work is late", row, f"now {now}")
        for row in rows:
            self.looked["deadlines"] += 1
            if not any(_fitting(row, office, kept_out[row.code])):
                self._nobody[row.code] = now
                continue
            last = max(rung.get(row.code, BEGINNING), self._nobody.get(row.code, BEGINNING))
            for due in _must_ring(row, last, now):
                if last < due and now > max(due, self.town.running_since) + TOLERATED:
                    self.breaks(
                        "an escalation is late", row, f"due {due}", f"last {last}", f"now {now}"
                    )

    async def at_the_end(self, database: Database | Watched) -> None:
        """What is kept of all that was: each call is a message, nobody is told twice."""

        def read(conn: Connection) -> tuple[list[Any], ...]:
            found = (
                _CALLS_WITHOUT_MESSAGE,
                _MESSAGES_WITHOUT_CALL,
                _NOT_HERS_ANY_MORE,
                _TOLD_TWICE,
            )
            return tuple(list(conn.execute(question)) for question in found)

        without, uncalled, not_hers, twice = await database.read(read)
        for what, rows in (
            ("a recorded call that was no message", without),
            ("an alert that is not recorded", uncalled),
            ("an alert left to somebody who had been kept out", not_hers),
            ("the reporter was told twice that nobody answers", twice),
        ):
            for row in rows:
                self.breaks(what, row)

    def breaks(self, what: str, *seen: object) -> None:
        """Written down once for each kind of breach, with how often in `looked`."""
        self.looked[f"broken: {what}"] += 1
        if self.looked[f"broken: {what}"] <= SHOWN:
            self.broken.append(f"{what}: {' | '.join(map(str, seen))}")


class Watched:
    """A database of which each unit is written between two looks."""

    def __init__(self, database: Database, promises: Promises) -> None:
        self._database, self._promises = database, promises

    async def write(self, unit: Callable[[Connection], T]) -> T:
        return await self._database.write(lambda conn: self._promises.around(conn, unit))

    async def read(self, question: Callable[[Connection], T]) -> T:
        return await self._database.read(question)


BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


def _office(conn: Connection) -> dict[int, Any]:
    return {row.person_id: row for row in conn.execute(_OFFICE)}


def _kept_out(conn: Connection, rows: Mapping[str, Any]) -> dict[str, frozenset[int]]:
    """Who has a conflict of interest in each open task: who was excluded, and who it is about."""
    found: dict[str, set[int]] = {code: {row.about_id} for code, row in rows.items()}
    for code, person in conn.execute(_KEPT_OUT):
        if code in found:
            found[code].add(person)
    return {code: frozenset(people) for code, people in found.items()}


def _fitting(row: Any, office: Mapping[int, Any], kept_out: frozenset[int]) -> Iterator[int]:
    """Who may have it and can be reached: the first group of these that is not empty."""
    groups = (("focal",), ("coordinator",)) if row.outside else (("staff", "coordinator"),)
    for roles in groups:
        found = [
            person
            for person, one in office.items()
            if one.role in roles and one.reached and person not in kept_out
        ]
        if found:
            yield from found
            return


def _must_ring(row: Any, last: datetime, now: datetime) -> Iterator[datetime]:
    """Moments at which somebody is to be called about an open task, up to now."""
    created, accepted, acted = _time(row.created_at), _maybe(row.accepted_at), _maybe(row.acted_at)
    over = _maybe(row.next_at) or _time(row.due_at)
    if row.closing_at is not None:
        yield from _mornings(_morning_after(_time(row.closing_at)), now)
    elif row.level == "merah" and accepted is None:
        yield max(created, last) + AGAIN
    elif row.level == "merah" and accepted is not None and acted is None:
        yield max(accepted + TO_ACT, last + AGAIN)
    elif row.level == "hijau" and row.next_at is None:
        return
    elif acted is not None and row.next_at is None:
        yield from _mornings(_morning_after(max(acted, over)), now)
    else:
        if row.level == "oranye" and accepted is None:
            yield min(working(max(created, _maybe(row.anew) or created), WORKING_HOURS), over)
        local = over.astimezone(ZONE).time()
        by_day = row.level in ("merah", "oranye") or MORNING <= local < EVENING
        yield from _mornings(over if by_day else _morning_after(over), now)


def _morning_after(at: datetime) -> datetime:
    today = datetime.combine(at.astimezone(ZONE).date(), MORNING, ZONE)
    return today if today > at else today + timedelta(days=1)


def _mornings(over: datetime, now: datetime) -> Iterator[datetime]:
    """The moment at which its time is over, and the last morning after it."""
    yield over
    latest = _morning_after(now) - timedelta(days=1)
    if latest > over:
        yield latest


def working(since: datetime, hours: timedelta) -> datetime:
    """So many working hours later: Monday to Friday, 08:00 to 16:00.

    >>> from datetime import datetime
    >>> friday = datetime(2026, 11, 20, 15, 0, tzinfo=ZONE)
    >>> working(friday, timedelta(hours=4)).isoformat()
    '2026-11-23T11:00:00+07:00'
    """
    at, left = since.astimezone(ZONE), hours
    while True:
        opens = datetime.combine(at.date(), time(8), ZONE)
        closes = datetime.combine(at.date(), time(16), ZONE)
        if at.weekday() < 5 and at < closes:
            begin = max(at, opens)
            if begin + left <= closes:
                return begin + left
            left -= closes - begin
        at = datetime.combine(at.date() + timedelta(days=1), time(0), ZONE)


def _maybe(ms: int | None) -> datetime | None:
    return None if ms is None else _time(ms)


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)

"""Whether a name or a told sentence got out: marks planted in both, searched for everywhere else.

A mark is a string that occurs nowhere but in one name, or in one sentence about a child. Messages
are read as they left; columns, logs and metrics as anybody may read them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import orjson
from sqlalchemy import Connection, text

from storage import bodies
from storage.sealing import vault_of

OF_STAFF, OF_FAMILIES, TOLD = "wvqik", "zyxik", "qxvik"
"""In names of staff and cadres, in names of families, in what was told about a child."""

ANY: Final = re.compile(f"{OF_STAFF}|{OF_FAMILIES}|{TOLD}", re.IGNORECASE)
_FAMILY_OR_TOLD: Final = re.compile(f"{OF_FAMILIES}|{TOLD}", re.IGNORECASE)
_TOLD: Final = re.compile(TOLD, re.IGNORECASE)

PLAIN: Final = {
    "due": ("kind", "subject", "cursor", "outcome"),
    "outbox": ("dedupe_key", "purpose", "campaign", "reason"),
    "audit": ("actor", "action", "subject", "reason", "channel"),
    "inbox": ("error", "message_id"),
    "tasks": ("kind", "reason", "danger_class"),
    "task_notes": ("action",),
    "cases": ("safe", "may_call", "outcome"),
    "counters": ("name",),
}
"""Columns that anybody with the database file reads without a key."""


def letters(number: int) -> str:
    """A number as letters: names have no digits.

    >>> letters(0), letters(27)
    ('aaa', 'abb')
    """
    signs = ""
    for _ in range(3):
        number, sign = divmod(number, 26)
        signs = chr(97 + sign) + signs
    return signs


@dataclass(frozen=True, slots=True)
class _Left:
    """A message as it left, and what it answers, if it answers anything at this address."""

    id: int
    person: int | None
    purpose: str
    text: str
    at: int
    answers: str
    codes: tuple[str, ...]
    """Of the tasks that it, or what it answers, names."""
    discreet: bool
    recorded: bool
    """Whether the audit log tells that she saw or did something with the task that it names."""


def in_columns(conn: Connection) -> Iterator[str]:
    """Marks in what is stored in plain and is no name."""
    for table, columns in PLAIN.items():
        for row in conn.execute(text(f"SELECT {', '.join(columns)} FROM {table}")):
            for column, value in zip(columns, row, strict=True):
                if ANY.search(str(value)):
                    yield f"{table}.{column}: {value}"


def in_messages(conn: Connection, worked: Collection[int]) -> Iterator[str]:
    """Marks in messages that should have none; `worked` are all who ever were staff.

    Who asks to read a task is shown what was said, and that is on record. Colleagues hear each
    other's names, but not in an alert. Nobody else is ever shown what was told, not even what she
    told herself.
    """
    for left in _left(conn):
        if left.purpose == "alert":
            forbidden = ANY
        elif left.person not in worked:
            forbidden = _TOLD
        elif left.answers and left.discreet and left.recorded:
            continue
        else:
            forbidden = _FAMILY_OR_TOLD
        own = set(_WHOLE.findall(left.answers)) if left.person in worked else set()
        if any(mark not in own for mark in _WHOLE.findall(left.text) if forbidden.search(mark)):
            yield f"outbox {left.id}, {left.purpose}: {left.text!r}, to {left.answers!r}"


def to_whom_is_kept_out(conn: Connection) -> Iterator[str]:
    """Messages about a task to somebody with a conflict of interest, since that is known.

    What only answers her own words may repeat the code that she wrote.
    """
    since = {
        (row.person_id, row.code): row.at
        for row in conn.execute(text("SELECT code, person_id, at FROM case_exclusions"))
    }
    for left in _left(conn):
        for code in left.codes:
            known = since.get((left.person, code))
            shows = not left.answers or left.purpose == f"task {code}"
            if known is not None and known < left.at and shows:
                yield f"outbox {left.id}, {left.purpose}: {left.text!r}, kept out of {code}"


def _left(conn: Connection) -> Iterator[_Left]:
    heard = {
        row.id: (row.address, _said(vault_of(conn).open(row.body, b"inbox")))
        for row in conn.execute(text("SELECT id, address, body FROM inbox WHERE body IS NOT NULL"))
    }
    read = {
        (row.subject, row.actor, row.at)
        for row in conn.execute(text("SELECT subject, actor, at FROM audit"))
    }
    at_all = {(actor, at) for _, actor, at in read}
    rows = conn.execute(
        text(
            "SELECT o.id, o.person_id, o.purpose, o.dedupe_key, o.body, o.created_at, a.address"
            " FROM outbox o JOIN addresses a ON a.id = o.address_id WHERE o.body IS NOT NULL"
        )
    )
    for row in rows:
        message = bodies.opened(conn, row.body)
        shown = " ".join((message.text, *(choice.label for choice in message.choices)))
        origin = _ANSWER.match(row.dedupe_key)
        address, said = heard.get(int(origin[1]), ("", "")) if origin else ("", "")
        codes = (row.purpose.removeprefix("task "), *_CODE.findall(f"{said} {shown}"))
        yield _Left(
            row.id,
            row.person_id,
            row.purpose,
            shown,
            row.created_at,
            said if address == row.address else "",
            codes,
            message.discreet,
            any((code, f"person:{row.person_id}", row.created_at) in read for code in codes)
            or (said.isdecimal() and (f"person:{row.person_id}", row.created_at) in at_all),
        )


def _said(body: bytes) -> str:
    found = orjson.loads(body)
    return str(found.get("b") or found.get("t") or "")


_CODE = re.compile(r"[A-Z]{2,4}-\d\d-\d{4}")
_ANSWER = re.compile(r"(?:in|then):(\d+)")
_WHOLE = re.compile(f"(?:{OF_STAFF}|{OF_FAMILIES}|{TOLD})[a-z]{{3}}", re.IGNORECASE)

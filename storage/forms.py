"""The question sheets in use: those that come with the programme, and those staff uploaded.

A sheet is kept by its content hash when an interview first begins with it, so that the interview
finds it again whatever becomes of the file. Reading a sheet is a pure function of its content;
what was read once is kept in memory for as long as the process lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from types import MappingProxyType

from sqlalchemy import Connection, select

from conversations.form import read_form
from conversations.form.model import Form
from storage import meta
from storage.schema import forms, to_ms
from storage.statement import Statement

_KNOWN = Statement("SELECT 1 FROM forms WHERE hash = :hash")
_KEEP = Statement(
    "INSERT INTO forms (hash, name, filename, source, used_at)"
    " VALUES (:hash, :name, :filename, :source, :now) ON CONFLICT DO NOTHING"
)

_read: dict[str, Form] = {}
"""Forms by hash: a memory of `read_form`, which gives the same form for the same content."""


class UnknownFormError(LookupError):
    """No sheet has this hash or name: neither among those shipped nor among those stored."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form together with the file it was read from."""

    form: Form
    filename: str
    source: bytes


@cache
def shipped() -> Mapping[str, Sheet]:
    """The sheets that come with the programme, by the name of their form; read once."""
    folder = resources.files("conversations") / "forms"
    sheets = (
        _sheet(entry.read_bytes(), entry.name, checked=True)
        for entry in folder.iterdir()
        if entry.name.endswith(".md")
    )
    return MappingProxyType({sheet.form.name: sheet for sheet in sheets})


def read(source: bytes, filename: str) -> Sheet:
    """A sheet from the content of a file; raises FormError with every problem found."""
    return _sheet(source, filename, checked=False)


def _sheet(source: bytes, filename: str, *, checked: bool) -> Sheet:
    form = read_form(source, filename, checked=checked)
    return Sheet(_read.setdefault(form.hash, form), filename, source)


def by_hash(conn: Connection, hash_: str) -> Form:
    """The form of this content; raises UnknownFormError."""
    known = _read.get(hash_)
    if known is not None:
        return known
    shipped()
    if hash_ not in _read:
        _from_store(conn, hash_)
    return _read[hash_]


def newest(conn: Connection, name: str) -> Form:
    """What a new interview begins with: the sheet staff chose, else the one that is shipped."""
    chosen = meta.get(conn, _mark(name))
    if chosen:
        return by_hash(conn, chosen.decode())
    if name not in shipped():
        raise UnknownFormError(f"no form is called {name!r}")
    return shipped()[name].form


def remember(conn: Connection, sheet: Sheet, now: datetime) -> None:
    """Keep a sheet by its content, so that what began with it can end with it."""
    if _KNOWN.value(conn, {"hash": sheet.form.hash}) is None:
        _KEEP.run(
            conn,
            {
                "hash": sheet.form.hash,
                "name": sheet.form.name,
                "filename": sheet.filename,
                "source": sheet.source,
                "now": to_ms(now),
            },
        )


def remember_begun(conn: Connection, hash_: str, now: datetime) -> str:
    """Keep the sheet that an interview begins with; the name of its form."""
    form = by_hash(conn, hash_)
    sheet = shipped().get(form.name)
    if sheet is not None and sheet.form.hash == hash_:
        remember(conn, sheet, now)
    return form.name


def choose(conn: Connection, sheet: Sheet, now: datetime) -> None:
    """From now on new interviews of this name begin with this sheet (staff uploaded it)."""
    remember(conn, sheet, now)
    meta.put(conn, _mark(sheet.form.name), sheet.form.hash.encode())


def choose_shipped(conn: Connection, name: str) -> None:
    """New interviews begin again with the sheet that comes with the programme."""
    meta.put(conn, _mark(name), b"")


def _from_store(conn: Connection, hash_: str) -> None:
    row = conn.execute(
        select(forms.c.source, forms.c.filename).where(forms.c.hash == hash_)
    ).one_or_none()
    if row is None:
        raise UnknownFormError(f"no form has the content hash {hash_}")
    _read[hash_] = read_form(bytes(row[0]), row[1], checked=True)


def _mark(name: str) -> str:
    return f"form:{name}"[:60]

"""Everything that a database holds, opened, so that two of them can be compared."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, Table, select

from storage.schema import interviews, media, metadata
from storage.sealing import SEALED, Vault, vault_of

_SEALED = {(one.table.name, one.column): one.purpose for one in SEALED}
_PASSING = {("inbox", "attempts"), ("due", "attempts"), ("meta", "value"), ("staff", "code_hash")}
"""How often something was tried, and what is random by design."""

Snapshot = dict[str, list[tuple[str, ...]]]


def snapshot(conn: Connection) -> Snapshot:
    """Every table's rows; random ids look all the same."""
    ids = [
        *conn.execute(select(interviews.c.id)).scalars(),
        *conn.execute(select(media.c.id)).scalars(),
    ]
    random = re.compile(rf"(?:{'|'.join(ids) or '(?!)'})(?:\.[0-9a-f]{{6}})?")
    vault = vault_of(conn)
    return {table.name: _rows(conn, table, vault, random) for table in metadata.sorted_tables}


def _rows(
    conn: Connection, table: Table, vault: Vault, random: re.Pattern[str]
) -> list[tuple[str, ...]]:
    columns = [
        (place, column.name, _SEALED.get((table.name, column.name)))
        for place, column in enumerate(table.columns)
        if (table.name, column.name) not in _PASSING
    ]
    return sorted(
        tuple(
            f"{name}={random.sub('ID', _shown(row[place], purpose, vault))}"
            for place, name, purpose in columns
        )
        for row in conn.execute(select(table))
    )


def _shown(value: Any, purpose: bytes | None, vault: Vault) -> str:
    if value is None or purpose is None:
        return str(value)
    return vault.open(value, purpose).decode()

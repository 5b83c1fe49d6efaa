"""How Alembic runs here: on the connection and in the transaction of storage/upgrade.py."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from storage import schema


def _render(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """A migration says what a column is in the database, not what our types make of it later."""
    if kind == "type" and isinstance(item, schema.UTCTime):
        return "sa.BigInteger()"
    if kind == "type" and item is schema.Serial:
        return "SERIAL"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    render_as_batch=context.config.attributes["batch"],
    render_item=_render,
    compare_type=True,
    compare_server_default=False,
    transactional_ddl=False,
)
context.run_migrations()

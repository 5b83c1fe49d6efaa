"""What a health check answers; who is asked for it is put together in `service.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from storage.database import Database, NotWritten

PATIENCE: Final = 3.0
"""Seconds that answering a health check may take."""


@dataclass(frozen=True, slots=True)
class Health:
    """What works: each part with "" or what is wrong with it.

    `warnings` tell of what works and still wants to be looked at.
    """

    parts: Mapping[str, str]
    warnings: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything works."""
        return not any(self.parts.values())


async def writing(database: Database) -> str:
    """Really write: empty, or what is wrong with it."""
    try:
        async with asyncio.timeout(PATIENCE):
            await database.write(lambda _: None)
    except TimeoutError:
        return f"has not answered for {PATIENCE:g} s"
    except NotWritten as error:
        return str(error)
    return ""

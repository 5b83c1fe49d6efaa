"""Telegram updates as inbox rows: stored as they came, with the time of their arrival.

What cannot be read becomes a row with a problem: it is kept for a human being, and Telegram does
not repeat it for ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from bot.channels.telegram_updates import (
    RECEIVED_AT,
    address_of,
    is_channel_post,
    message_id,
    parse,
)
from storage.inbox import Received


@dataclass(frozen=True, slots=True)
class Rows:
    """Makes the inbox rows of one bot."""

    channel: str
    account: str

    def of(self, updates: Sequence[dict[str, Any]], now: int) -> list[Received]:
        """Posts in broadcast channels are left out: nobody there is talking to us."""
        return [self._row({**u, RECEIVED_AT: now}) for u in updates if not is_channel_post(u)]

    def of_body(self, body: bytes, now: int) -> tuple[list[Received], dict[str, Any]]:
        """The row of one webhook body, and the update it holds ({} when it is none)."""
        try:
            update = orjson.loads(body)
        except orjson.JSONDecodeError:
            update = None
        if not isinstance(update, dict):
            return [self._unreadable(body)], {}
        return self.of([update], now), update

    def _row(self, update: dict[str, Any]) -> Received:
        body = _dumped(update)
        number = update.get("update_id")
        if not isinstance(number, int):
            return self._unreadable(body)
        address = next(_found(update), "")
        problem = "" if address else "an update without a chat"
        try:
            parse(body)
        except ValueError as error:
            problem = str(error)
        return Received(
            self.channel, self.account, str(number), address, body, problem, message_id(update)
        )

    def _unreadable(self, body: bytes) -> Received:
        """Named by its digest, so that a repetition is known again."""
        name = f"unreadable:{hashlib.sha256(body).hexdigest()[:40]}"
        return Received(self.channel, self.account, name, "", body, "not a Telegram update")


def _dumped(update: dict[str, Any]) -> bytes:
    """orjson refuses lone surrogates and numbers of more than 64 bits; the row keeps even those."""
    try:
        return orjson.dumps(update)
    except TypeError:
        return json.dumps(update).encode()


def _found(update: dict[str, Any]) -> Iterator[str]:
    try:
        yield address_of(update)
    except (ValueError, TypeError, KeyError):
        return

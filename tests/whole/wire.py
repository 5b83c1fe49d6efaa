"""What people do as a platform tells it, without the way there: for tests that choose the order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from bot.channels import telegram_rows, whatsapp_rows
from storage.inbox import Received
from tests.fakes.graph import APP_SECRET, PHONE_ID, WABA_ID
from tests.fakes.graph_webhooks import Item, Webhooks

BOT: Final = "7203948571"
_WEBHOOKS: Final = Webhooks(lambda: 0.0, WABA_ID, APP_SECRET)

Told = dict[str, Any] | Item
"""An update of Telegram's, or an item of a webhook of WhatsApp's."""


def rows_of(told: Sequence[Told], now: int) -> list[list[Received]]:
    """Batches as the channels make them of what arrives at `now` (unix seconds): one of each."""
    updates = [one for one in told if not isinstance(one, Item)]
    items = [one for one in told if isinstance(one, Item)]
    batches = []
    if updates:
        batches.append(list(telegram_rows.Rows("telegram", BOT).of(updates, now)))
    if items:
        body = orjson.dumps(_WEBHOOKS.body_of(items))
        found = whatsapp_rows.Rows(PHONE_ID, WABA_ID).of(body, now)
        assert not found.left_out
        batches.append(found.rows)
    return batches

"""What the platform knows: numbers of the bot, people's accounts, what was said, what became of it.

No HTTP here, no limits of a message (graph_messages.py); people act through graph_user_side.py.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from tests.fakes.graph_limits import Limiter
from tests.fakes.graph_media import Shelf
from tests.fakes.graph_messages import Button, Content
from tests.fakes.graph_refusals import GraphRefusalError
from tests.fakes.graph_templates import Templates
from tests.fakes.graph_webhooks import Item, Webhooks

Wire = dict[str, Any]

WINDOW_SECONDS: Final = 24 * 3600
FREE_SERVICE: Final = 1000
"""Service messages of a number that cost nothing, each month."""
EVERY_STATUS: Final = ("sent", "delivered", "read")


class Standing(StrEnum):
    """What becomes of a message to somebody."""

    REACHABLE = "reachable"
    BLOCKED = "blocked"
    """She blocked the bot: sent, never delivered, and nobody says so."""
    NOT_ON_WHATSAPP = "not_on_whatsapp"


@dataclass(slots=True)
class Number:
    """One number of the bot."""

    phone_id: str
    display: str
    name: str = "Kawan Asuh"
    quality: str = "GREEN"
    status: str = "CONNECTED"
    name_status: str = "APPROVED"
    verification: str = "VERIFIED"
    tier: str = "TIER_250"


@dataclass(slots=True)
class SentMessage:
    """One thing the bot sent that was accepted; `number` counts from 1.

    `chat_id` is the person's number in the fake, whatever her telephone number is by now.
    `status` is the last of sent, delivered, read, failed.
    """

    number: int
    phone_id: str
    chat_id: int
    message_id: str
    content: Content
    category: str
    billable: bool
    at: float
    wire: Wire
    template: str = ""
    status: str = "accepted"
    opaque: str = ""

    @property
    def kind(self) -> str:
        return self.content.kind

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def buttons(self) -> tuple[Button, ...]:
        return self.content.buttons

    @property
    def is_new(self) -> bool:
        """Nothing is ever changed here after it was said."""
        return True


@dataclass(slots=True)
class Account:
    """A person's account, as it is now."""

    id: int
    name: str
    wa_id: str
    bsuid: str
    username: str = ""
    hides_number: bool = False
    standing: Standing = Standing.REACHABLE
    online: bool = True
    stopped_marketing: bool = False
    identity: str = ""
    heard_at: dict[str, float] = field(default_factory=dict)
    """When she last wrote to each number; it opens her window."""
    phone: list[SentMessage] = field(default_factory=list)
    """What arrived."""
    on_the_way: list[SentMessage] = field(default_factory=list)

    def contact(self) -> Wire:
        """As it stands beside a message."""
        profile = {"name": self.name}
        if self.username:
            profile["username"] = self.username
        found: Wire = {"profile": profile}
        if not self.hides_number:
            found["wa_id"] = self.wa_id
        return {**found, "user_id": self.bsuid}


@dataclass(frozen=True, slots=True)
class Failing:
    """What the next message meets; `person` None: whoever it is for."""

    refusal: GraphRefusalError
    person: int | None
    later: bool


@dataclass(slots=True)
class World:
    """The state behind one business account.

    `told_statuses` are those that are told at all, `status_seconds` after they happened; what
    people write is told `message_seconds` after they wrote it.
    Codes in `told_later` are accepted first and come back as a failed status.
    """

    clock: Callable[[], float]
    webhooks: Webhooks
    limiter: Limiter
    templates: Templates
    shelf: Shelf
    told_statuses: tuple[str, ...] = EVERY_STATUS
    status_seconds: float = 0.0
    message_seconds: float = 0.0
    told_later: set[int] = field(default_factory=set)
    long_ids: bool = False
    numbers: dict[str, Number] = field(default_factory=dict)
    accounts: dict[int, Account] = field(default_factory=dict)
    sent: list[SentMessage] = field(default_factory=list)
    said: dict[str, tuple[int, str]] = field(default_factory=dict)
    """What people wrote: message id → person, and the number it was written to."""
    read: set[str] = field(default_factory=set)
    """What people wrote that the bot marked as read."""
    listeners: list[Callable[[SentMessage], None]] = field(default_factory=list)
    failing: deque[Failing] = field(default_factory=deque)
    _by_id: dict[str, SentMessage] = field(default_factory=dict)
    _service: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    _by_wa_id: dict[str, Account] = field(default_factory=dict)
    _by_bsuid: dict[str, Account] = field(default_factory=dict)
    _last_message: int = 0

    def join(self, account: Account) -> None:
        """Make an account known, under its present number and id."""
        self.accounts[account.id] = account
        self._by_wa_id[account.wa_id] = account
        self._by_bsuid[account.bsuid] = account

    def leave(self, account: Account) -> None:
        """Its number and id are nobody's any more."""
        self._by_wa_id.pop(account.wa_id, None)
        self._by_bsuid.pop(account.bsuid, None)

    def account_of(self, to: str, recipient: str) -> Account | None:
        """Whoever has this number, else this id."""
        if to:
            return self._by_wa_id.get(to.removeprefix("+"))
        return self._by_bsuid.get(recipient)

    def message(self, message_id: str) -> SentMessage | None:
        return self._by_id.get(message_id)

    def new_message_id(self, number: str) -> str:
        """Of the platform's shape; `long_ids` makes them longer than a column of eighty."""
        self._last_message += 1
        digest = hashlib.sha256(str(self._last_message).encode()).hexdigest()[:20].upper()
        tail = digest * 3 if self.long_ids else digest
        inner = b"\x1c\x18\x0d" + number.encode() + b"\x15\x02\x00\x11\x18\x12" + tail.encode()
        return "wamid." + base64.b64encode(inner + b"\x00").decode()

    def window_is_open(self, account: Account, phone_id: str) -> bool:
        heard_at = account.heard_at.get(phone_id)
        return heard_at is not None and self.clock() < heard_at + WINDOW_SECONDS

    def hear(self, account: Account, phone_id: str, wire: Wire) -> Item:
        """A person wrote: her window opens, and the bot is told."""
        now = self.clock()
        account.heard_at[phone_id] = now
        self.limiter.heard(phone_id, now)
        self.said[wire["id"]] = (account.id, phone_id)
        return self.tell(phone_id, "messages", wire, account.contact(), self.message_seconds)

    def tell(
        self, phone_id: str, part: str, wire: Wire, contact: Wire | None = None, after: float = 0.0
    ) -> Item:
        number = self.numbers[phone_id]
        where = "user_preferences" if part == "user_preferences" else "messages"
        item = Item(where, wire, part, contact, phone_id, number.display)
        self.webhooks.push(item, after)
        return item

    def next_failure(self, person: int) -> Failing | None:
        """What a test wished for the next message to this person."""
        for wish in self.failing:
            if wish.person in (None, person):
                self.failing.remove(wish)
                return wish
        return None

    def price(self, phone_id: str, category: str) -> bool:
        """Whether one more of this category is charged."""
        if category != "service":
            return True
        day = datetime.fromtimestamp(self.clock(), UTC)
        month = (phone_id, day.year, day.month)
        self._service[month] += 1
        return self._service[month] > FREE_SERVICE

    def accept(self, sent: SentMessage) -> None:
        """Remember it, tell whoever listens, and let it go its way."""
        self.sent.append(sent)
        self._by_id[sent.message_id] = sent
        account = self.accounts[sent.chat_id]
        self.tell_status(sent, "sent")
        if account.standing is Standing.REACHABLE:
            self._bring(account, sent)
        for listener in self.listeners:
            listener(sent)

    def fail(self, sent: SentMessage, refusal: GraphRefusalError) -> None:
        """Accepted, but it comes to nothing."""
        self.sent.append(sent)
        self._by_id[sent.message_id] = sent
        self.tell_status(sent, "failed", refusal)

    def _bring(self, account: Account, sent: SentMessage) -> None:
        if not account.online:
            account.on_the_way.append(sent)
            return
        account.phone.append(sent)
        self.tell_status(sent, "delivered")

    def comes_online(self, account: Account) -> None:
        waiting, account.on_the_way = account.on_the_way, []
        account.online = True
        for sent in waiting:
            self._bring(account, sent)

    def tell_status(
        self, sent: SentMessage, status: str, refusal: GraphRefusalError | None = None
    ) -> None:
        sent.status = status
        if status not in (*self.told_statuses, "failed"):
            return
        account = self.accounts[sent.chat_id]
        wire: Wire = {
            "id": sent.message_id,
            "status": status,
            "timestamp": str(int(self.clock())),
        }
        if not account.hides_number:
            wire["recipient_id"] = account.wa_id
        if sent.opaque:
            wire["biz_opaque_callback_data"] = sent.opaque
        if refusal is not None:
            wire["errors"] = [refusal.wire()]
        else:
            wire["recipient_user_id"] = account.bsuid
        if status in ("sent", "delivered"):
            wire["pricing"] = _pricing(sent)
        contact = account.contact()
        if refusal is not None and refusal.code == 131026:
            del contact["user_id"]
        self.tell(sent.phone_id, "statuses", wire, contact, self.status_seconds)


def _pricing(sent: SentMessage) -> Wire:
    return {
        "billable": sent.billable,
        "pricing_model": "PMP",
        "category": sent.category,
        "type": "regular" if sent.billable else "free_customer_service",
    }

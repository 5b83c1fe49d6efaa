"""What a platform tells besides messages: what became of ours, of our templates, of a number.

A channel reads these values out of what it receives; `apply` makes them durable in one unit before
the platform is told "received". They may come twice, late and in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from storage import accounts, identities, phones, receipts, templates


@dataclass(frozen=True, slots=True)
class StatusTold:
    """What became of one message of ours. `at` is aware, by the platform's clock.

    `status` is sent, delivered, read or failed; `code` the platform's number of the error and
    `reason` ours for it. `category` is what it is charged as; `billable` None: not told.
    """

    channel: str
    account: str
    platform_id: str
    status: str
    at: datetime
    code: int = 0
    reason: str = ""
    category: str = ""
    billable: bool | None = None


@dataclass(frozen=True, slots=True)
class TemplateTold:
    """A template of ours was approved, paused, filed under another category …; "": unchanged."""

    account: str
    name: str
    language: str
    status: str = ""
    category: str = ""
    reason: str = ""
    platform_id: str = ""


@dataclass(frozen=True, slots=True)
class AddressMoved:
    """Somebody keeps the account but has another number, or another name on the platform."""

    channel: str
    account: str
    old: str
    new: str
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class AddressDoubted:
    """The account behind an address is perhaps another person's since then."""

    channel: str
    account: str
    address: str


@dataclass(frozen=True, slots=True)
class IdentityTold:
    """The platform's fingerprint of the account behind an address; another one is told anew."""

    channel: str
    account: str
    address: str
    identity: str


@dataclass(frozen=True, slots=True)
class AccountTold:
    """Something about our own account or number that an operator must know; `what` is a key."""

    account: str
    what: str
    detail: str = ""


Fact = StatusTold | TemplateTold | AddressMoved | AddressDoubted | IdentityTold | AccountTold


def apply(conn: Connection, facts: Sequence[Fact], now: datetime) -> None:
    """Make them durable, each kind together; a second time changes nothing."""
    for kind, applied in _APPLY.items():
        if chosen := [fact for fact in facts if type(fact) is kind]:
            applied(conn, chosen, now)


_APPLY: Mapping[type[Any], Callable[[Connection, Sequence[Any], datetime], None]] = {
    StatusTold: receipts.apply,
    AccountTold: accounts.keep,
    AddressMoved: phones.moved,
    AddressDoubted: phones.doubted,
    IdentityTold: identities.tell,
    TemplateTold: templates.apply,
}

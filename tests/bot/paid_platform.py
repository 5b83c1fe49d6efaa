"""The platform's side of a random life: it keeps windows and templates as it knows them itself, and
tells of everything later, twice and in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from sqlalchemy import Connection

from bot.channels.channel import Receipt
from bot.outcomes import Outcome, accepted
from conversations.message import Priority
from locales.templates import templates as declared
from storage.facts import StatusTold
from storage.outbox import Claimed, Result, Status
from storage.receipts import TELLING
from tests.bot.paid_promises import DAY, Phone, Promises, Taken

NUMBER: Final = "106540352242922"
MINUTE: Final = timedelta(minutes=1)

_FAILURES: Final = (
    "undeliverable",
    "window closed",
    "withheld by platform: too many messages to this person",
    "too fast for this person",
    "platform error",
)


class Platform(Promises):
    """Takes what is `flying`; what it answered stands in `done`, what it will tell in `told`."""

    def __init__(self, now: datetime, dice: Random) -> None:
        super().__init__(now)
        self.dice = dice
        self.phones: dict[str, Phone] = {}
        self.flying: list[Claimed] = []
        self.done: list[Outcome] = []
        self.told: list[tuple[datetime, StatusTold]] = []
        self.standing = dict.fromkeys(declared(), "approved")
        self.calm = False

    def sends(self, _: Connection) -> None:
        """All that is claimed goes to the platform, in order; after one that comes back, the others
        of its address do too."""
        flying, self.flying = self.flying, []
        back: set[int] = set()
        for one in flying:
            if one.address_id in back:
                self._is_back(one, "after a retry", self.now, tried=False)
                continue
            if one.expires_at is not None and one.expires_at <= self.now:
                self.done.append(Outcome(one, Result(one.id, Status.EXPIRED)))
                continue
            self._sent(one)
            if self.done[-1].result.status is Status.WAITING:
                back.add(one.address_id)

    def _is_back(self, one: Claimed, reason: str, at: datetime, *, tried: bool = True) -> None:
        result = Result(one.id, Status.WAITING, reason, not_before=at, tried=tried)
        self.done.append(Outcome(one, result))

    def _sent(self, one: Claimed) -> None:
        phone = self.phones[one.address]
        template = one.message.template
        if template is None and not phone.is_open(self.now):
            if self.dice.random() < 0.5:
                self._is_back(one, "window", self.now)
                self.done[-1] = replace(self.done[-1], closed_at=self.now)
                return
            self._take(one, phone, "window closed")
            return
        if template is not None and self.standing[template.name] != "approved":
            refused = Result(one.id, Status.FAILED, "template: paused")
            self.done.append(Outcome(one, refused))
            return
        fate = 0.0 if self.calm else self.dice.random()
        if fate < 0.7:
            self._take(one, phone, "")
        elif fate < 0.8:
            self._take(one, phone, self.dice.choice(_FAILURES))
        elif fate < 0.88:
            self._is_back(one, "slow down", self.now + timedelta(seconds=6))
        elif fate < 0.93:
            self._is_back(one, "unreachable: x", self.now + MINUTE)
        elif fate < 0.97:
            self._unanswered(one, phone)
        else:
            failed = Result(one.id, Status.FAILED, "undeliverable")
            self.done.append(Outcome(one, failed, blocked="undeliverable"))

    def _unanswered(self, one: Claimed, phone: Phone) -> None:
        """Nobody knows whether it was taken."""
        self.perhaps.add(one.id)
        if self.dice.random() < 0.5:
            self._take(one, phone, "")
            self.done.pop()
        if one.priority in (Priority.ALARM, Priority.REPLY):
            self._is_back(one, "unanswered: x", self.now + MINUTE)
        else:
            self.done.append(Outcome(one, Result(one.id, Status.UNCERTAIN, "unanswered: x")))

    def _take(self, one: Claimed, phone: Phone, failure: str) -> None:
        failure = failure if one.channel in TELLING else ""
        name = f"wamid{len(self.taken)}"
        self.taken[name] = Taken(one.id, phone, one.message, self.now, failed=bool(failure))
        self.done.append(Outcome(one, accepted(one, Receipt(name))))
        if one.channel not in TELLING:
            return
        steps = ["sent", "failed"] if failure else ["sent", "delivered", "read"]
        category = "" if one.message.template is None else "utility"
        said = [
            StatusTold(
                "whatsapp", NUMBER, name, step, self.now + MINUTE,
                reason=failure if step == "failed" else "",
                category=category if self.dice.random() < 0.9 else "marketing",
                billable=self.dice.choice((None, True, True, False)),
            )
            for step in steps
            for _ in range(self.dice.choice((1, 1, 2)))
        ]  # fmt: skip
        self.dice.shuffle(said)
        for told in said:
            late = self.dice.choices((timedelta(), 30 * MINUTE, 2 * DAY), (6, 3, 1))[0]
            self.told.append((self.now + late, told))

"""One webhook body as inbox rows and facts: every entry, change, message and status of it. Pure.

What cannot be read, and what is not known, becomes a row with a problem: it is kept for a human
being, and Meta does not repeat it for days. Only what is meant for another number is left out.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from bot.channels.whatsapp_facts import (
    CHANGES,
    CHANNEL,
    UNREADABLE,
    errors_of,
    key,
    status_of,
    system_of,
)
from bot.channels.whatsapp_updates import (
    RECEIVED_AT,
    Json,
    kept_id,
    loads,
    parse,
    seconds,
    writer_of,
)
from storage.facts import AddressDoubted, AddressMoved, Fact, IdentityTold
from storage.inbox import Received

FRESH: Final = 600
"""Seconds: what came so late is not marked as read, as if somebody had just looked."""

OTHER_NUMBER: Final = "other_number"
OTHER_ACCOUNT: Final = "other_account"
MISMATCH: Final = "account_mismatch"
"""Our number under another account's id: WHATSAPP_WABA_ID is wrong. Nobody's words are left out."""
NO_CONSEQUENCE: Final = "no_consequence"

_OBJECT: Final = "whatsapp_business_account"
_UNMARKED: Final = frozenset({"reaction", "edit", "revoke"})
"""Messages that no mark of having been read belongs to."""


@dataclass(slots=True)
class Update:
    """What one webhook body held.

    `people` are facts about who is behind an address: they come before what is written from there.
    `left_out` counts parts by why nothing was done with them; `marks` are messages that may be
    shown as read, the newest of each person.
    """

    rows: list[Received] = field(default_factory=list)
    people: list[Fact] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    marks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """Reads the webhooks of one number (`account`) of one business account (`business`).

    `number` are its digits, as far as they are known: some news of a number name it in no other
    way.
    """

    account: str
    business: str
    number: str = ""

    def of(self, body: bytes, now: int) -> Update:
        """Everything in one body that arrived at `now`, in unix seconds."""
        update = Update()
        try:
            found = loads(body)
        except ValueError:
            update.rows.append(self._unreadable(body, "not JSON"))
            return update
        if not isinstance(found, dict) or found.get("object") != _OBJECT:
            update.rows.append(self._unreadable(body, "not a WhatsApp webhook"))
            return update
        reading = _Reading(self, update, body, now)
        for entry in reading.items(found, "entry", "webhook"):
            for change in reading.items(entry, "changes", "entry"):
                reading.change(entry, change)
        return update

    def _unreadable(self, body: bytes, problem: str) -> Received:
        """Named by its digest, so that a repetition is known again."""
        name = f"unreadable:{hashlib.sha256(body).hexdigest()[:40]}"
        return Received(CHANNEL, self.account, name, "", body, problem)


class _Reading:
    """The walk through one body; whatever it meets ends up in `update`."""

    def __init__(self, rows: Rows, update: Update, body: bytes, now: int) -> None:
        self._account = rows.account
        self._business = rows.business
        self._number = rows.number
        self._update = update
        self._body = body
        self._now = now
        self._times: dict[str, int] = {}

    def items(self, holder: Json, name: str, what: str) -> Iterator[dict[str, Any]]:
        """The objects of a list; anything else is kept as it is."""
        found = holder.get(name)
        if not isinstance(found, list):
            self._keep(holder, f"{what} without {name}")
            return
        for one in found:
            if isinstance(one, dict):
                yield one
            else:
                self._keep(one, f"{what}: odd {name}")

    def change(self, entry: Json, change: Json) -> None:
        """One change of an entry, if it is meant for us."""
        name, value = change.get("field"), change.get("value")
        if not isinstance(name, str) or not isinstance(value, dict):
            self._keep_change(entry, change, "a change without field and value")
            return
        metadata = value.get("metadata")
        number = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
        business = entry.get("id")
        if not (number is None or isinstance(number, str)) or not isinstance(business, str):
            self._keep_change(entry, change, "a change of odd address")
            return
        if number is not None and number != self._account:
            self._update.left_out[OTHER_NUMBER] += 1
            return
        if business != self._business:
            self._update.left_out[OTHER_ACCOUNT if number is None else MISMATCH] += 1
            if number is None:
                return
        if number is None and self._is_anothers(value.get("display_phone_number")):
            self._update.left_out[OTHER_NUMBER] += 1
            return
        if name == "messages" and number is not None:
            self._messages(value)
        elif name in CHANGES:
            try:
                self._tell(CHANGES[name](value, self._account))
            except UNREADABLE:
                self._keep_change(entry, change, f"unreadable change: {key(name)}")
        else:
            self._keep_change(entry, change, f"unknown change: {key(name) or 'of odd name'}")

    def _is_anothers(self, shown: Any) -> bool:
        """News of another number of the same account."""
        digits = "".join(filter(str.isdigit, shown)) if isinstance(shown, str) else ""
        return bool(self._number and digits) and digits != self._number

    def _messages(self, value: Json) -> None:
        """All that a change of the field "messages" holds, whatever of it comes together."""
        parts = value.keys() - {"messaging_product", "metadata"}
        contacts = list(self.items(value, "contacts", "change")) if "contacts" in parts else []
        for part in sorted(parts - {"contacts"}):
            match part:
                case "messages":
                    messages = list(self.items(value, part, "change"))
                    for message in messages:
                        contact = _contact_of(message, contacts, alone=len(messages) == 1)
                        self._message(message, contact, value["metadata"])
                case "statuses":
                    for status in self.items(value, part, "change"):
                        self._status(status)
                case "errors":
                    self._errors(value)
                case _:
                    self._keep({part: value[part]}, f"unknown part of messages: {key(part)}")
        if not parts - {"contacts"}:
            self._keep(value, "messages without messages")

    def _errors(self, value: Json) -> None:
        try:
            self._tell(errors_of(value, self._account))
        except UNREADABLE:
            self._keep(value, "unreadable errors")

    def _message(self, message: Json, contact: Json, metadata: Any) -> None:
        if message.get("type") == "system":
            try:
                self._tell(system_of(message, contact, self._account))
            except UNREADABLE:
                system = message.get("system")
                kind = key(system.get("type")) if isinstance(system, dict) else ""
                self._keep(message, f"unknown system message: {kind}")
            return
        wamid = message.get("id")
        if not isinstance(wamid, str) or not wamid:
            self._keep(message, "a message without an id")
            return
        kept = {"message": message, "contact": contact, "metadata": metadata}
        body = _dumped({**kept, RECEIVED_AT: self._now})
        if body is None:
            self._keep(message, "nested too deeply")
            return
        address, problem = "", ""
        try:
            address = writer_of(message, contact).address
            parse(body)
        except UNREADABLE as error:
            problem = str(error)
        name = _name_of(message, wamid)
        row = Received(CHANNEL, self._account, name, address, body, problem, kept_id(wamid))
        self._update.rows.append(row)
        if not problem:
            self._mark(address, message, wamid)
            if "group_id" not in message:
                self._identify(address, contact)

    def _status(self, status: Json) -> None:
        try:
            told = status_of(status, self._account, self._now)
        except UNREADABLE:
            self._keep(status, f"unknown status: {key(status.get('status'))}")
            return
        if told is None:
            self._update.left_out[NO_CONSEQUENCE] += 1
        else:
            self._update.facts.append(told)

    def _tell(self, facts: list[Fact]) -> None:
        update = self._update
        if not facts:
            update.left_out[NO_CONSEQUENCE] += 1
        for fact in facts:
            about_people = isinstance(fact, AddressMoved | AddressDoubted)
            (update.people if about_people else update.facts).append(fact)

    def _mark(self, address: str, message: Json, wamid: str) -> None:
        """The newest message of each person, unless it is old; not what is written in groups."""
        if message["type"] in _UNMARKED or "group_id" in message:
            return
        try:
            at = seconds(message.get("timestamp"))
        except ValueError:
            return
        if self._now - at <= FRESH and at >= self._times.get(address, 0):
            self._times[address] = at
            self._update.marks[address] = wamid

    def _identify(self, address: str, contact: Json) -> None:
        """Told with her messages where our number is set to ask for it."""
        identity = contact.get("identity_key_hash")
        if isinstance(identity, str) and identity:
            digest = hashlib.sha256(identity.encode()).hexdigest()
            told = IdentityTold(CHANNEL, self._account, address, digest)
            if told not in self._update.people:
                self._update.people.append(told)

    def _keep_change(self, entry: Json, change: Json, problem: str) -> None:
        self._keep({"id": entry.get("id"), "time": entry.get("time"), "change": change}, problem)

    def _keep(self, item: Any, problem: str) -> None:
        """Set aside for a human being; what cannot be written alone is kept with its webhook."""
        body = _dumped(item)
        if body is None:
            body = self._body
        name = f"odd:{hashlib.sha256(body).hexdigest()[:40]}"
        self._update.rows.append(Received(CHANNEL, self._account, name, "", body, problem))


def _contact_of(message: Json, contacts: list[dict[str, Any]], *, alone: bool) -> Json:
    """The contact of who wrote it: by her id, else by her number.

    The only contact is also hers under another number, which Meta writes in two ways in some
    countries, but only where the message is alone as well: never is somebody taken for another.
    """
    for told, name in (("from_user_id", "user_id"), ("from", "wa_id")):
        if message.get(told):
            for contact in contacts:
                if contact.get(name) == message[told]:
                    return contact
    if len(contacts) != 1:
        return {}
    (only,) = contacts
    if message.get("from_user_id") and only.get("user_id"):
        return {}
    return only if alone or not (message.get("from") and only.get("wa_id")) else {}


def _name_of(message: Json, wamid: str) -> str:
    """What makes it known again. A change of a message may come under the message's own id."""
    type_ = message.get("type")
    changed = message.get(type_) if type_ in ("edit", "revoke") else None
    if isinstance(changed, dict) and changed.get("original_message_id") == wamid:
        return f"{type_}:{hashlib.sha256(_dumped(message) or b'').hexdigest()[:40]}"
    return kept_id(wamid)


def _dumped(item: Any) -> bytes | None:
    try:
        return orjson.dumps(item)
    except TypeError:
        return None

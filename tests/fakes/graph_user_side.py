"""The user's side of the fake: people with a phone, and what they do to the bot.

Every act returns the item as the bot will be told of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from tests.fakes.graph_media import JPEG, OPUS
from tests.fakes.graph_messages import Button
from tests.fakes.graph_refusals import GraphRefusalError
from tests.fakes.graph_webhooks import Item
from tests.fakes.graph_world import Account, SentMessage, Standing, Wire, World


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a phone; writes to the bot's first number unless another is given (`to`)."""

    world: World
    account: Account

    @property
    def id(self) -> int:
        return self.account.id

    @property
    def wa_id(self) -> str:
        return self.account.wa_id

    @property
    def bsuid(self) -> str:
        return self.account.bsuid

    @property
    def received(self) -> list[SentMessage]:
        """What arrived on her phone, oldest first."""
        return self.account.phone

    def says(self, text: str, *, to: str = "", answering: SentMessage | None = None) -> Item:
        """Type a message, perhaps as an answer to one of the bot's."""
        more = {} if answering is None else {"context": self._context(answering)}
        return self._posts("text", {"body": text}, to, **more)

    def presses(self, button: Button | str, *, on: SentMessage | None = None) -> Item:
        """Press a button or pick a row by its label or payload, on the newest that has it."""
        seen, sent = self._find(button, on)
        context = {"context": self._context(sent)}
        if seen.way == "quick_reply":
            pressed = {"payload": seen.payload, "text": seen.text}
            return self._posts("button", pressed, sent.phone_id, **context)
        reply: Wire = {"id": seen.payload, "title": seen.text}
        if seen.description:
            reply["description"] = seen.description
        body = {"type": seen.way, seen.way: reply}
        return self._posts("interactive", body, sent.phone_id, **context)

    def picks(self, row: Button | str, *, on: SentMessage | None = None) -> Item:
        """Pick a row of a list."""
        seen, sent = self._find(row, on)
        if seen.way != "list_reply":
            message = f"{row!r} stands in no list"
            raise LookupError(message)
        return self.presses(seen, on=sent)

    def sends_voice(self, content: bytes = OPUS) -> Item:
        return self._posts_file("audio", content, "audio/ogg; codecs=opus", voice=True)

    def sends_image(self, content: bytes = JPEG, *, caption: str = "") -> Item:
        more = {"caption": caption} if caption else {}
        return self._posts_file("image", content, "image/jpeg", **more)

    def sends_video(self, content: bytes = b"\0\0\0\x18ftypmp42") -> Item:
        return self._posts_file("video", content, "video/mp4")

    def sends_document(self, content: bytes = b"%PDF-1.7", *, name: str = "surat.pdf") -> Item:
        return self._posts_file("document", content, "application/pdf", filename=name)

    def sends_sticker(self, content: bytes = b"RIFF\0\0\0\0WEBP") -> Item:
        return self._posts_file("sticker", content, "image/webp", animated=False)

    def sends_location(self, latitude: float = -8.17, longitude: float = 113.7) -> Item:
        return self._posts("location", {"latitude": latitude, "longitude": longitude})

    def sends_contact(self, phone: str, *, name: str = "Bu RT") -> Item:
        one: Wire = {
            "name": {"first_name": name, "formatted_name": name},
            "phones": [{"phone": f"+{phone}", "wa_id": phone, "type": "CELL"}],
        }
        return self._posts("contacts", [one])

    def reacts(self, emoji: str = "👍", *, to: SentMessage | None = None) -> Item:
        """React to a message, the newest if none is named; an empty emoji takes it back."""
        message = to or self.received[-1]
        body = {"message_id": message.message_id}
        if emoji:
            body["emoji"] = emoji
        return self._posts("reaction", body)

    def sends_unsupported(self) -> Item:
        """A poll, a view-once picture: something that the API does not pass on."""
        error = GraphRefusalError(131051, "Message type is currently not supported.").wire()
        error |= {"title": "Message type unknown", "message": "Message type unknown"}
        del error["href"]
        return self._tells({"errors": [error], "type": "unsupported"})

    def forwards(self, text: str, *, often: bool = False) -> Item:
        mark = "frequently_forwarded" if often else "forwarded"
        return self._posts("text", {"body": text}, context={mark: True})

    def edits(self, item: Item, text: str) -> Item:
        """Change the text of an own message."""
        message = {"type": "text", "text": {"body": text}}
        return self._posts("edit", {"original_message_id": item.value["id"], "message": message})

    def deletes(self, item: Item) -> Item:
        """Take back an own message."""
        return self._posts("revoke", {"original_message_id": item.value["id"]})

    def repeats(self, item: Item) -> Item:
        """The platform tells once more what she did, under the same id."""
        self.world.webhooks.again(item)
        return item

    def reads(self) -> None:
        """Open the chat: everything that arrived is read."""
        for sent in reversed(self.received):
            if sent.status == "read":
                return
            self.world.tell_status(sent, "read")

    def goes_offline(self) -> None:
        self.account.online = False

    def comes_online(self) -> None:
        """What was sent meanwhile arrives."""
        self.world.comes_online(self.account)

    def blocks(self) -> None:
        """Block the bot; the platform tells nobody."""
        self.account.standing = Standing.BLOCKED

    def unblocks(self) -> None:
        self.account.standing = Standing.REACHABLE

    def deletes_account(self) -> None:
        """The platform tells nobody; the bot learns it when it writes."""
        self.account.standing = Standing.NOT_ON_WHATSAPP

    def hides_number(self, username: str = "mbah.siti") -> None:
        """Take a username: her number is no longer shown to businesses."""
        self.account.hides_number, self.account.username = True, username

    def stops_marketing(self, *, resume: bool = False) -> Item:
        value = "resume" if resume else "stop"
        self.account.stopped_marketing = not resume
        wire = {
            "wa_id": self.wa_id,
            "user_id": self.bsuid,
            "detail": f"User requested to {value} marketing messages",
            "category": "marketing_messages",
            "value": value,
            "timestamp": self._now(),
        }
        contact = self.account.contact()
        return self.world.tell(self._first(), "user_preferences", wire, contact)

    def changes_number(self, number: str) -> Item:
        """Take the account along to another number: a new id too, and the old ones reach nobody."""
        account, old, old_id = self.account, self.wa_id, self.bsuid
        self.world.leave(account)
        account.wa_id, account.bsuid = number, bsuid_of(number)
        self.world.join(account)
        system: Wire = {
            "body": f"User {account.name} changed from {old} to {number}",
            "wa_id": number,
            "user_id": account.bsuid,
            "type": "user_changed_number",
        }
        who = {"from_user_id": old_id}
        if account.hides_number:
            del system["wa_id"]
            system |= {
                "body": f"User {account.name} changed from {old_id} to {account.bsuid}",
                "type": "user_changed_user_id",
            }
        else:
            who["from"] = old
        return self._system(who, system)

    def reinstalls(self) -> Item:
        """Set the app up anew, perhaps on another phone, perhaps by another person."""
        account = self.account
        account.identity = _hash_of(f"{account.wa_id}/{self.world.clock()}")
        system = {
            "body": f"{account.name} security code changed",
            "identity": account.identity,
            "wa_id": account.wa_id,
            "user_id": account.bsuid,
            "type": "customer_identity_changed",
        }
        identity = {
            "acknowledged": False,
            "created_timestamp": self._now(),
            "hash": account.identity,
        }
        who = {**self._sender(), "identity": identity}
        return self._system(who, system, contact=account.contact())

    def _system(self, who: Wire, system: Wire, contact: Wire | None = None) -> Item:
        wire = {**who, **self._stamp(), "system": system, "type": "system"}
        return self.world.tell(self._first(), "messages", wire, contact)

    def _posts_file(self, kind: str, content: bytes, mime: str, **more: Any) -> Item:
        stored = self.world.shelf.keep(content, mime, self._first(), uploaded=False)
        body = {"mime_type": mime, "sha256": stored.sha256, "id": stored.id, **more}
        return self._posts(kind, body)

    def _posts(self, kind: str, body: Any, to: str = "", **more: Any) -> Item:
        return self._tells({kind: body, "type": kind, **more}, to)

    def _tells(self, body: Wire, to: str = "") -> Item:
        self.reads()
        wire = {**self._sender(), **self._stamp(), **body}
        return self.world.hear(self.account, to or self._first(), wire)

    def _sender(self) -> Wire:
        if self.account.hides_number:
            return {"from_user_id": self.bsuid}
        return {"from": self.wa_id, "from_user_id": self.bsuid}

    def _stamp(self) -> Wire:
        return {"id": self.world.new_message_id(self.wa_id), "timestamp": self._now()}

    def _now(self) -> str:
        return str(int(self.world.clock()))

    def _first(self) -> str:
        return next(iter(self.world.numbers))

    def _context(self, sent: SentMessage) -> Wire:
        return {"from": self.world.numbers[sent.phone_id].display, "id": sent.message_id}

    def _find(self, button: Button | str, on: SentMessage | None) -> tuple[Button, SentMessage]:
        candidates = [on] if on is not None else reversed(self.received)
        for sent in candidates:
            for seen in sent.buttons:
                if seen == button or button in (seen.text, seen.payload):
                    return seen, sent
        message = f"{self.account.name} sees no button {button!r}"
        raise LookupError(message)


def bsuid_of(number: str) -> str:
    """An id as the platform makes it for this business.

    >>> bsuid_of("6281200000001")[:4], len(bsuid_of("6281200000001"))
    ('ID.1', 23)
    """
    digits = int.from_bytes(hashlib.sha256(number.encode()).digest()[:8]) % 10**19
    return f"ID.1{digits:019d}"


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]

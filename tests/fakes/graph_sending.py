"""POST /{phone}/messages: who may be written to now, and the answer. What a message may look like
is in graph_messages.py and graph_templates.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from tests.fakes import graph_messages
from tests.fakes.graph_messages import MEDIA, Content
from tests.fakes.graph_refusals import GraphRefusalError, missing, refuse, wrong_value
from tests.fakes.graph_world import Account, Number, SentMessage, Standing, World

Wire = dict[str, Any]

_KNOWN: Final = frozenset({"messaging_product", "recipient_type", "to", "recipient", "type"})
_EXTRA: Final = frozenset({"context", "biz_opaque_callback_data", "recipient_identity_key_hash"})


def handle(world: World, number: Number, body: Mapping[str, Any]) -> Wire:
    """Send, or mark as read; raises what the platform would refuse."""
    if body.get("messaging_product") != "whatsapp":
        refuse("The parameter messaging_product is required.")
    if "status" in body:
        return _mark_read(world, number, body)
    kind = body.get("type", "text")
    if unknown := set(body) - _KNOWN - _EXTRA - {kind}:
        refuse(f'Unexpected key "{min(unknown)}" on param "message".')
    if body.get("recipient_type", "individual") != "individual":
        refuse("Param recipient_type must be one of {INDIVIDUAL}")
    template, category = "", "service"
    if kind == "template":
        stored, content = world.templates.said(body.get("template") or {})
        template, category = stored.name, stored.category.lower()
    else:
        content = graph_messages.read(body)
    if content.kind in MEDIA and content.media.isdecimal():
        world.shelf.check_sendable(content.media, content.kind, voice=content.voice)
    return _send(world, number, body, content, template, category)


def _mark_read(world: World, number: Number, body: Mapping[str, Any]) -> Wire:
    if body["status"] != "read":
        refuse("Param status must be one of {READ}")
    message_id = str(body.get("message_id", ""))
    if world.said.get(message_id, (0, ""))[1] != number.phone_id:
        wrong_value("message_id: no such message was received at this number")
    world.read.add(message_id)
    return {"success": True}


def _send(
    world: World,
    number: Number,
    body: Mapping[str, Any],
    content: Content,
    template: str,
    category: str,
) -> Wire:
    if number.status != "CONNECTED":
        raise GraphRefusalError(133010, f"the number is {number.status}")
    account = _recipient(world, number, body)
    context = body.get("context") or {}
    if context and not _known_message(world, str(context.get("message_id", ""))):
        wrong_value("context.message_id: no such message")
    given_hash = body.get("recipient_identity_key_hash")
    if given_hash and given_hash != account.identity:
        raise GraphRefusalError(137000, "the identity key of the person has changed")
    wish = world.next_failure(account.id)
    if wish is not None and not (wish.later or wish.refusal.code in world.told_later):
        raise wish.refusal
    refusal = wish.refusal if wish is not None else _undeliverable(world, account, number, category)
    if refusal is not None and wish is None and refusal.code not in world.told_later:
        raise refusal
    opens = not world.window_is_open(account, number.phone_id)
    world.limiter.admit(number.phone_id, account.id, world.clock(), opens=opens)
    sent = SentMessage(
        number=len(world.sent) + 1,
        phone_id=number.phone_id,
        chat_id=account.id,
        message_id=world.new_message_id(account.wa_id),
        content=content,
        category=category,
        billable=refusal is None and world.price(number.phone_id, category),
        at=world.clock(),
        wire=dict(body),
        template=template,
        opaque=str(body.get("biz_opaque_callback_data", "")),
    )
    if refusal is None:
        world.accept(sent)
    else:
        world.fail(sent, refusal)
    return _answer(body, account, sent)


def _recipient(world: World, number: Number, body: Mapping[str, Any]) -> Account:
    to, recipient = body.get("to") or "", body.get("recipient") or ""
    if not isinstance(to, str) or not isinstance(recipient, str):
        refuse("Param to must be a string")
    if not to and not recipient:
        missing("to")
    digits = to.removeprefix("+")
    if to and not (digits.isascii() and digits.isdecimal() and 5 <= len(digits) <= 15):
        refuse("Param to must be a valid phone number")
    if digits and digits == number.display:
        raise GraphRefusalError(131021, "the recipient is the sender")
    account = world.account_of(to, recipient)
    if account is None:
        _unknown()
    return account


def _unknown() -> NoReturn:
    raise GraphRefusalError(131026, "Message undeliverable: nobody is reached at this address")


def _undeliverable(
    world: World, account: Account, number: Number, category: str
) -> GraphRefusalError | None:
    if account.standing is Standing.NOT_ON_WHATSAPP:
        return GraphRefusalError(131026, "the recipient has no account any more")
    if category == "marketing" and account.stopped_marketing:
        return GraphRefusalError(131050, "the recipient does not want marketing messages")
    if category == "service" and not world.window_is_open(account, number.phone_id):
        return GraphRefusalError(
            131047,
            "Message failed to send because more than 24 hours have passed since the customer "
            "last replied to this number.",
        )
    return None


def _known_message(world: World, message_id: str) -> bool:
    return message_id in world.said or world.message(message_id) is not None


def _answer(body: Mapping[str, Any], account: Account, sent: SentMessage) -> Wire:
    contact: Wire = {"input": body.get("to") or body["recipient"]}
    if body.get("to"):
        contact["wa_id"] = account.wa_id
    else:
        contact["user_id"] = account.bsuid
    message: Wire = {"id": sent.message_id}
    if sent.template:
        message["message_status"] = "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}

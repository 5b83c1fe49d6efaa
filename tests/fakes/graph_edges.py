"""Which part of the fake answers which request of the Graph API: a node, and an edge of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from tests.fakes import graph_sending
from tests.fakes.graph_nodes import DEFAULT_ACCOUNT, DEFAULT_NUMBER, chosen, number_wire, page
from tests.fakes.graph_refusals import GraphRefusalError, missing, no_such_object, refuse
from tests.fakes.graph_world import Number
from tests.fakes.http_server import Request, Upload, read_multipart

if TYPE_CHECKING:
    from tests.fakes.graph import FakeGraph

Wire = dict[str, Any]


def answer(fake: FakeGraph, request: Request, node: str, edge: str) -> Wire:
    """The JSON of one request, or the platform's refusal."""
    business, world = fake.business, fake.world
    found: Wire | None = None
    match request.method, edge:
        case "POST", "messages":
            found = graph_sending.handle(world, _number(fake, node), read_json(request))
        case "POST", "media":
            found = world.shelf.upload(_number(fake, node).phone_id, *_multipart(request))
        case _, "message_templates" if node == business.waba_id:
            found = _templates(fake, request)
        case "GET", "phone_numbers" if node == business.waba_id:
            numbers = map(number_wire, world.numbers.values())
            rows = [chosen(one, request.query, DEFAULT_NUMBER) for one in numbers]
            found = page(rows, request.query, f"{fake.url}{request.path}")
        case "GET", "subscribed_apps" if node == business.waba_id:
            found = business.subscribed_apps()
        case "POST" | "DELETE", "subscribed_apps" if node == business.waba_id:
            business.app_is_subscribed = request.method == "POST"
            found = {"success": True}
        case "GET", "subscriptions" if node == business.app_id:
            found = business.subscriptions()
        case "POST", "register":
            found = _register(_number(fake, node), read_json(request))
        case _, "":
            found = _node(fake, request, node)
    if found is None:
        no_such_object(f"{node}/{edge}")
    return found


def _templates(fake: FakeGraph, request: Request) -> Wire:
    templates, query = fake.templates, request.query
    match request.method:
        case "POST":
            return templates.create(read_json(request))
        case "DELETE":
            return templates.delete(query.get("name", ""), query.get("hsm_id", ""))
    filters = [
        (key, query[key]) for key in ("name", "language", "status", "category") if key in query
    ]
    rows = [one.wire() for one in templates.stored.values()]
    rows = [row for row in rows if all(row[key] == value for key, value in filters)]
    shown = [chosen(row, query, tuple(row)) for row in rows]
    found = page(shown, query, f"{fake.url}{request.path}")
    if "summary" in query:
        found["summary"] = {
            "total_count": len(rows),
            "message_template_count": len(templates.stored),
            "message_template_limit": 6000,
            "are_translations_complete": True,
        }
    return found


def _register(number: Number, wish: Wire) -> Wire:
    if not re.fullmatch(r"\d{6}", str(wish.get("pin", ""))):
        refuse("Param pin must be 6 digits")
    number.status = "CONNECTED"
    return {"success": True}


def _node(fake: FakeGraph, request: Request, node: str) -> Wire:
    query, business, shelf = request.query, fake.business, fake.world.shelf
    if node == "debug_token":
        return business.token_wire(query.get("input_token", ""), fake.world.clock())
    if node in (business.app_id, "app"):
        return chosen(business.app(), query, ("name", "link"))
    if node == business.waba_id:
        return chosen(business.wire(), query, DEFAULT_ACCOUNT)
    if node in fake.world.numbers:
        return chosen(number_wire(fake.world.numbers[node]), query, DEFAULT_NUMBER)
    if node in fake.templates.stored:
        if request.method == "POST":
            return fake.templates.edit(node, read_json(request))
        wire = fake.templates.stored[node].wire()
        return chosen(wire, query, tuple(wire))
    return shelf.delete(node) if request.method == "DELETE" else shelf.told(node, fake.url)


def _number(fake: FakeGraph, phone_id: str) -> Number:
    if phone_id not in fake.world.numbers:
        no_such_object(phone_id)
    return fake.world.numbers[phone_id]


def read_json(request: Request) -> Wire:
    """The body, which must be one JSON object."""
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        raise GraphRefusalError(100, "JSON expected") from None
    if not isinstance(body, dict):
        refuse("a JSON object expected")
    return body


def _multipart(request: Request) -> tuple[dict[str, str], dict[str, Upload]]:
    if not request.content_type.startswith("multipart/form-data"):
        missing("file")
    return read_multipart(request)

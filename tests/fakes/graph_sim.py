"""The fake's remote control: what a test does in process, over HTTP for another process.

POST /sim/act      {"person": 6281200000001, "says": "halo"}    → {"told": {…}}
                   {"person": …, "presses": "Ya"} · {"person": …, "blocks": true}
                   {"person": …, "name": "Siti", "sends_voice": "<base64>"}
GET  /sim/sent?after=12&person=6281200000001                    → {"sent": […], "last": 14}
POST /sim/faults   {"method": "messages", "trouble": "drop_after", "probability": 0.06}
                   {"method": "webhook", "script": [null, "drop_before"]} · {"clear": true}
POST /sim/fails    {"code": 131049, "person": …, "times": 2, "later": true}
POST /sim/templates  {"approve": "…"} · {"pause": "…"} · {"files_as": ["…", "MARKETING"]}
POST /sim/webhook  {"url": "http://…"} · {"url": ""} to stop · {"raw": "<base64>"}
GET  /sim/state                                                 → counts, waiting, faults so far
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import orjson

from tests.fakes.graph_refusals import GraphRefusalError, refuse
from tests.fakes.graph_webhooks import Item
from tests.fakes.graph_world import SentMessage, Wire
from tests.fakes.http_server import Answer, Request

if TYPE_CHECKING:
    from tests.fakes.graph import FakeGraph

_TEXT_ACTS: Final = ("says", "presses", "picks", "forwards", "changes_number", "sends_contact")
_FILE_ACTS: Final = (
    "sends_voice",
    "sends_image",
    "sends_video",
    "sends_document",
    "sends_sticker",
)
_BARE_ACTS: Final = (
    "blocks",
    "unblocks",
    "deletes_account",
    "goes_offline",
    "comes_online",
    "hides_number",
    "reads",
    "reinstalls",
    "sends_location",
    "sends_unsupported",
    "stops_marketing",
)


class Simulation:
    """Answers /sim/* for one fake."""

    def __init__(self, fake: FakeGraph) -> None:
        self._fake = fake

    def answer(self, request: Request) -> Answer:
        try:
            result = self._result(request)
        except GraphRefusalError as refusal:
            return Answer(refusal.body(), refusal.status)
        except LookupError as missing:
            return Answer(GraphRefusalError(100, f"cannot do that: {missing}").body(), 400)
        return Answer(orjson.dumps(result))

    def _result(self, request: Request) -> Wire:
        match request.method, request.path:
            case "POST", "/sim/act":
                item = self._act(_parsed(request.body))
                return {"told": item.value if item is not None else None}
            case "POST", "/sim/faults":
                return self._faults(_parsed(request.body))
            case "POST", "/sim/fails":
                return self._fails(_parsed(request.body))
            case "POST", "/sim/templates":
                return self._templates(_parsed(request.body))
            case "POST", "/sim/webhook":
                return self._webhook(_parsed(request.body))
            case "GET", "/sim/sent":
                return self._sent(request.query)
            case "GET", "/sim/state":
                return self._state()
        raise GraphRefusalError(100, "no such control", status=404)

    def _act(self, wish: Wire) -> Item | None:
        person = self._fake.person(wish.get("name", "Siti"), id=wish.get("person"))
        for act in _TEXT_ACTS:
            if act in wish:
                found: Item | None = getattr(person, act)(str(wish[act]))
                return found
        for act in _FILE_ACTS:
            if act in wish:
                sent: Item = getattr(person, act)(_content(wish[act]))
                return sent
        for act in _BARE_ACTS:
            if act in wish:
                done: Item | None = getattr(person, act)()
                return done
        known = ", ".join(_TEXT_ACTS + _FILE_ACTS + _BARE_ACTS)
        raise GraphRefusalError(100, f"expected one of {known}")

    def _faults(self, wish: Wire) -> Wire:
        method, seconds = str(wish.get("method", "*")), float(wish.get("seconds", 1.0))
        webhooks = self._fake.webhooks
        faults = webhooks.faults if method == "webhook" else self._fake.faults
        if wish.get("clear"):
            self._fake.faults.clear()
            webhooks.faults.clear()
        elif "doubling" in wish or "shuffling" in wish:
            webhooks.doubling = float(wish.get("doubling", webhooks.doubling))
            webhooks.shuffling = bool(wish.get("shuffling", webhooks.shuffling))
        elif "script" in wish:
            faults.script(method, wish["script"], seconds)
        else:
            faults.sometimes(method, wish["trouble"], float(wish["probability"]), seconds)
        return {"ok": True}

    def _fails(self, wish: Wire) -> Wire:
        person = self._fake.person(id=int(wish["person"])) if "person" in wish else None
        times, later = int(wish.get("times", 1)), bool(wish.get("later"))
        self._fake.fails(int(wish["code"]), person=person, times=times, later=later)
        return {"ok": True}

    def _templates(self, wish: Wire) -> Wire:
        for act in ("approve", "reject", "pause", "disable", "files_as"):
            if act in wish:
                given = wish[act] if isinstance(wish[act], list) else [wish[act]]
                getattr(self._fake.templates, act)(*filter(None, given))
        return {"templates": [one.wire() for one in self._fake.templates.stored.values()]}

    def _webhook(self, wish: Wire) -> Wire:
        webhooks = self._fake.webhooks
        if "raw" in wish:
            webhooks.post_raw(_content(wish["raw"]))
        elif wish.get("url"):
            webhooks.start(str(wish["url"]))
        else:
            webhooks.stop()
        return {"ok": True}

    def _sent(self, query: dict[str, str]) -> Wire:
        after, person = int(query.get("after", 0)), query.get("person")
        chosen = [
            _sent_wire(sent)
            for sent in self._fake.sent[after:]
            if person is None or sent.chat_id == int(person)
        ]
        return {"sent": chosen, "last": len(self._fake.sent)}

    def _state(self) -> Wire:
        fake = self._fake
        logs = [*fake.faults.log, *fake.webhooks.faults.log]
        return {
            "people": len(fake.people),
            "waiting": fake.webhooks.waiting,
            "delivered": fake.webhooks.delivered,
            "lost": fake.webhooks.lost,
            "sent": len(fake.sent),
            "calls": dict(fake.calls),
            "refused": {str(code): times for code, times in fake.limiter.refused.items()},
            "faults": [[method, number, str(trouble)] for method, number, trouble in logs],
        }


def _sent_wire(sent: SentMessage) -> Wire:
    return {
        "number": sent.number,
        "person": sent.chat_id,
        "message_id": sent.message_id,
        "kind": sent.kind,
        "text": sent.text,
        "buttons": [asdict(button) for button in sent.buttons],
        "template": sent.template,
        "category": sent.category,
        "status": sent.status,
        "at": sent.at,
    }


def _parsed(body: bytes) -> Wire:
    try:
        wish = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise GraphRefusalError(100, "JSON expected") from None
    if not isinstance(wish, dict):
        refuse("a JSON object expected")
    return wish


def _content(given: object) -> bytes:
    try:
        return base64.b64decode(str(given), validate=True)
    except binascii.Error:
        raise GraphRefusalError(100, "base64 expected") from None

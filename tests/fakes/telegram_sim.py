"""The fake's remote control: what a test does in process, over HTTP for another process.

POST /sim/push    {"user": 6200000001, "says": "halo"}      → {"update": {…}}
                  {"user": …, "name": "Siti", "presses": "Ya"} · {"user": …, "blocks": true}
                  {"user": …, "sends_voice": "<base64>"} · {"update": {…}} · {"again": {…}}
GET  /sim/sent?after=12&chat_id=6200000001                   → {"sent": […], "last": 14}
POST /sim/faults  {"method": "sendMessage", "trouble": "drop_after", "probability": 0.06}
                  {"method": "sendMessage", "script": [null, "500"]} · {"clear": true}
GET  /sim/state                                              → counts, pending, faults so far
"""

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

import orjson

from tests.fakes.http_server import Answer, Request
from tests.fakes.telegram_refusals import RefusalError, refuse
from tests.fakes.telegram_updates import UPDATE_KINDS, Update
from tests.fakes.telegram_world import SentMessage, Wire

if TYPE_CHECKING:
    from tests.fakes.telegram import FakeTelegram

_TEXT_ACTS: Final = ("says", "presses", "forwards", "sends_sticker", "sends_contact")
_FILE_ACTS: Final = ("sends_voice", "sends_photo", "sends_document")
_BARE_ACTS: Final = ("starts", "blocks", "unblocks", "deletes_account")


class Simulation:
    """Answers /sim/* for one fake."""

    def __init__(self, fake: "FakeTelegram") -> None:
        self._fake = fake

    def answer(self, request: Request) -> Answer:
        body = request.body
        match request.method, request.path:
            case "POST", "/sim/push":
                result: Any = {"update": self._push(_parsed(body))}
            case "POST", "/sim/faults":
                result = self._faults(_parsed(body))
            case "GET", "/sim/sent":
                result = self._sent(request.query)
            case "GET", "/sim/state":
                result = self._state()
            case _:
                raise RefusalError(404, "Not Found: no such control")
        return Answer(orjson.dumps(result))

    def _push(self, wish: Wire) -> Update | None:
        if "again" in wish:
            self._fake.redeliver(wish["again"])
            return None
        if "update" in wish:
            return self._push_raw(wish["update"])
        person = self._fake.user(wish.get("name", "Siti"), id=wish.get("user"))
        for act in _TEXT_ACTS:
            if act in wish:
                return self._attempt(getattr(person, act), str(wish[act]))
        for act in _FILE_ACTS:
            if act in wish:
                return self._attempt(getattr(person, act), _content(wish[act]))
        for act in _BARE_ACTS:
            if act in wish:
                return self._attempt(getattr(person, act))
        if "edits" in wish:
            return self._attempt(person.edits, int(wish["edits"]), str(wish.get("text", "")))
        if "sends_location" in wish:
            return self._attempt(person.sends_location, *wish["sends_location"])
        acts = ", ".join(_TEXT_ACTS + _FILE_ACTS + _BARE_ACTS)
        raise RefusalError(400, f"Bad Request: nothing to do; expected one of {acts}")

    def _attempt(self, act: Any, *arguments: Any) -> Update | None:
        try:
            update: Update | None = act(*arguments)
        except LookupError as missing:
            refuse(f"cannot do that: {missing}")
        return update

    def _push_raw(self, update: Update) -> Update:
        kind = next((key for key in update if key in UPDATE_KINDS), None)
        if kind is None:
            refuse("an update needs one of the update kinds")
        chat = update[kind].get("chat") or update[kind].get("message", {}).get("chat")
        if chat and chat["type"] == "private":
            self._fake.meet(chat["id"], chat.get("first_name", "Siti"))
        if "update_id" in update:
            self._fake.updates.next_id = int(update["update_id"])
        return self._fake.updates.push(kind, update[kind])

    def _faults(self, wish: Wire) -> Wire:
        faults = self._fake.faults
        if wish.get("clear"):
            faults.clear()
            return {"ok": True}
        method, seconds = str(wish.get("method", "*")), float(wish.get("seconds", 1.0))
        try:
            if "script" in wish:
                faults.script(method, wish["script"], seconds)
            else:
                faults.sometimes(method, wish["trouble"], float(wish["probability"]), seconds)
        except (KeyError, ValueError) as wrong:
            refuse(f"not a fault: {wrong}")
        return {"ok": True}

    def _sent(self, query: dict[str, str]) -> Wire:
        after, chat_id = int(query.get("after", 0)), query.get("chat_id")
        chosen = [
            _sent_wire(sent)
            for sent in self._fake.sent[after:]
            if chat_id is None or sent.chat_id == int(chat_id)
        ]
        return {"sent": chosen, "last": len(self._fake.sent)}

    def _state(self) -> Wire:
        fake = self._fake
        return {
            "people": len(fake.people),
            "pending": len(fake.updates.pending),
            "sent": len(fake.sent),
            "calls": dict(fake.calls),
            "webhook": fake.updates.webhook.url if fake.updates.webhook else "",
            "faults": [
                [method, number, str(trouble)] for method, number, trouble in fake.faults.log
            ],
        }


def _sent_wire(sent: SentMessage) -> Wire:
    return {
        "number": sent.number,
        "method": sent.method,
        "chat_id": sent.chat_id,
        "message_id": sent.message_id,
        "text": sent.text,
        "reply_markup": sent.markup,
        "at": sent.at,
    }


def _parsed(body: bytes) -> Wire:
    try:
        wish = orjson.loads(body)
    except orjson.JSONDecodeError:
        refuse("JSON expected")
    if not isinstance(wish, dict):
        refuse("a JSON object expected")
    return wish


def _content(given: object) -> bytes:
    try:
        return base64.b64decode(str(given), validate=True)
    except binascii.Error:
        refuse("base64 expected")

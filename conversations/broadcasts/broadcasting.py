"""Staff send one message to many, in chat: SIAR begins, and shows how far the newest has come.

How it is written is in `drafting.py`, what follows in `sending.py`, what a
broadcast is in `broadcast.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from conversations.broadcasts import drafting, sending
from conversations.broadcasts.broadcast import Step
from conversations.broadcasts.drafting import LARGEST, WHOM, WORDS, is_writing
from conversations.broadcasts.sending import NEWS, WHEN, tell
from conversations.message import Inbound, Kind
from conversations.permission import Act, may
from conversations.talk import Conversation, Talk

__all__ = ["CONVERSATIONS", "NEWS", "is_writing", "respond", "tell"]

_ORDER = re.compile(r"^/?siar(?:\s+(baru|jeda|lanjut|batal|batalkan))?[\s.!]*$", re.IGNORECASE)
_SAID = {"jeda": "jeda", "lanjut": "lanjut", "batal": "batal", "batalkan": "batal"}


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears SIAR, its buttons, and a file for the message that is being written."""
    if inbound.kind is Kind.BUTTON:
        act, _, rest = inbound.button.removeprefix("siar:").partition(":")
        if not inbound.button.startswith("siar:") or act not in _ACTS:
            return False
        if not may(talk.person, Act.BROADCAST):
            talk.say("broadcast.only_staff")
            return True
        _ACTS[act](talk, rest)
        return True
    if inbound.media is not None and inbound.kind in LARGEST and is_writing(talk):
        return drafting.hear_file(talk, inbound)
    order = _ORDER.match(inbound.text.strip()) if inbound.kind is Kind.TEXT else None
    if order is None:
        return False
    if not may(talk.person, Act.BROADCAST):
        talk.say("broadcast.only_staff")
        return True
    word = (order[1] or "").casefold()
    newest = sending.newest_open(talk)
    if word in _SAID and newest is not None:
        _ACTS[_SAID[word]](talk, str(newest.id))
    elif word == "baru" or newest is None:
        drafting.ask_whom(talk, "")
    else:
        sending.show(talk, newest)
    return True


_ACTS: dict[str, Callable[[Talk, str], None]] = {
    "baru": drafting.ask_whom,
    "sekolah": drafting.offer_schools,
    "desa": drafting.offer_villages,
    "peran": drafting.offer_roles,
    "tulis": drafting.write_whom,
    "untuk": drafting.whom_is,
    "kirim": sending.send_now,
    "jadwal": sending.schedule,
    "coba": sending.try_out,
    "ubah": sending.change,
    "siapa": sending.change_whom,
    "isi": sending.change_words,
    "setuju": sending.step_button(Step.APPROVE),
    "tolak": sending.step_button(Step.REFUSE),
    "jeda": sending.step_button(Step.PAUSE),
    "lanjut": sending.step_button(Step.RESUME),
    "batal": sending.step_button(Step.CANCEL),
}

CONVERSATIONS = (
    Conversation(WHOM, drafting.whom_written),
    Conversation(WORDS, drafting.words_written, owns_files=True),
    Conversation(WHEN, sending.when_written),
)

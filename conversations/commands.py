"""Commands: what may be said at any time, read strictly inside a story and generously elsewhere.

What each brings about is in `router.py`; orders of staff and cadres are in their own conversations.
"""

from __future__ import annotations

from conversations import interview, reading
from conversations.talk import Talk

EXACT = {
    "menu": "menu",
    "bantuan": "help",
    "berhenti": "stop",
    "stop": "stop",
    "kembali": "back",
    "lewati": "skip",
    "jeda": "pause",
    "istirahat": "pause",
    "mulai": "resume",
    "lanjut": "resume",
    "petugas": "person",
    "data saya": "settings",
    "profil": "settings",
    "hapus data saya": "erase",
    "melati": "safe_word",
}
"""Commands that hold everywhere, also inside a story told in one's own words."""

GRAVE = ("stop", "erase")
"""Wishes that come before an answer that the same words might be."""


def intent(talk: Talk, text: str) -> str | None:
    """The command that a text is, None for none."""
    words = " ".join(text.strip().lstrip("/").casefold().split()).rstrip("!. ")
    if words == "start" or words.startswith("start "):
        return "start"
    running = talk.running
    if words in EXACT and not _is_an_answer(talk, text, EXACT[words]):
        return EXACT[words]
    if (
        words == "0"
        and running is not None
        and not interview.zero_is_an_answer(running, talk.world)
    ):
        return "back"
    if words.isdecimal():
        return None
    if running is None:
        return reading.intent(text)
    if interview.takes_free_text(running, talk.world):
        return None
    if interview.is_label(running, text, talk.person, talk.world):
        return None
    wish = reading.intent(text)
    if wish in GRAVE or not interview.understands(running, text, talk.person, talk.world):
        return wish
    return None


def _is_an_answer(talk: Talk, text: str, wish: str) -> bool:
    """LANJUT may be the choice that is printed, and the safe word is a girl's name too.

    In capitals, as HELP writes it, the safe word always holds.
    """
    if talk.running is None:
        return False
    if wish == "resume":
        return interview.is_label(talk.running, text, talk.person, talk.world)
    if wish != "safe_word" or text.strip().isupper():
        return False
    return interview.asks_for_name(talk.running, talk.world)

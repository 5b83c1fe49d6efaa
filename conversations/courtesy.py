"""Words that only greet or thank: they ask for nothing, and an answer in kind is enough."""

from __future__ import annotations

from conversations.reading.words import words_of


def is_thanks(text: str) -> bool:
    """A thank-you or a folded-hands sign, and nothing else that would want an answer."""
    words = [str(word) for word in words_of(text)]
    return 0 < len(words) <= 6 and bool(_THANKS & set(words)) and set(words) <= _COURTESY


_THANKS = frozenset({"terima-kasih", "suwun", "nuwun", "sakalangkong", "🙏", "kesuwun"})
_COURTESY = _THANKS | frozenset(
    (
        "ya",
        "iya",
        "nggih",
        "inggih",
        "mbak",
        "mas",
        "bu",
        "pak",
        "matur",
        "banyak",
        "so'on",
        "oke",
        "ok",
        "kasih",
        "sama-sama",
        "enggi",
        "baik",
        "sip",
        "👍",
    )
)


def is_greeting(text: str) -> bool:
    """A word of hello, perhaps with a name behind it."""
    words = [str(word) for word in words_of(text)]
    return 0 < len(words) <= 4 and words[0] in _GREETINGS


_GREETINGS = frozenset(
    (
        "halo",
        "hai",
        "hallo",
        "assalamualaikum",
        "assalamu'alaikum",
        "salam",
        "permisi",
        "selamat",
        "pagi",
        "siang",
        "sore",
        "malam",
        "tes",
        "p",
        "kulonuwun",
        "sampurasun",
    )
)

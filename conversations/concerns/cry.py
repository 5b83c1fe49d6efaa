"""A bare cry for help, and a yes to "is it danger": no word of it tells what has happened."""

from __future__ import annotations

from conversations.reading.words import words_of


def is_cry(text: str) -> bool:
    """Whether a message is nothing but a cry for help, too short for the danger words.

    >>> is_cry("tolong, bahaya!!"), is_cry("SOS"), is_cry("apa itu keadaan bahaya")
    (True, True, False)
    """
    words = text.casefold().replace(",", " ").split()
    said = {word.strip("!.?") for word in words}
    return len(words) <= _LONGEST_CRY and bool(said & _CRIES) and said <= _CRIES | _PLEAS


_LONGEST_CRY = 5
_CRIES = frozenset({"bahaya", "darurat", "sos", "emergency"})
_PLEAS = frozenset({"tolong", "gawat", "help", "ada", "ini", "saya", "aku", "cepat", "mbak", "bu"})


def is_yes(text: str) -> bool:
    """Whether a reply to "is it danger?" says that it is, without the word yes.

    >>> is_yes("bahaya!"), is_yes("masih belum aman mbak"), is_yes("sudah aman kok")
    (True, True, False)
    """
    said = [str(word) for word in words_of(text)]
    unsafe = any(said[place + 1] in _SAFE and word in _NOT for place, word in enumerate(said[:-1]))
    return is_cry(text) or unsafe


_NOT = frozenset({"belum", "tidak", "bukan", "kurang", "durung", "dereng", "mboten", "ora", "ndak"})
_SAFE = frozenset({"aman", "tenang"})

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


def is_plea(text: str) -> bool:
    """Whether a message is nothing but a plea or a fear: taken for a cry where no question may
    come first, because it is open who holds the phone.

    >>> is_plea("tolong cepat!"), is_plea("aku wedi"), is_plea("tolong isikan nama saya")
    (True, True, False)
    """
    said = [word.strip("!.?,") for word in text.casefold().replace(",", " ").split()]
    told = set(said) - {""}
    return 0 < len(said) <= _LONGEST_CRY and bool(told & _FEARS) and told <= _FEARS | _AROUND


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

_FEARS = _CRIES | {
    *("tolong", "tolongin", "tolongi", "tlg", "tlong", "tolng", "tulung", "tulungi", "tolongen"),
    *("polisi", "ambulan", "ambulans", "gawat", "kebakaran", "bhaya", "diancam", "getihen"),
    *("takut", "wedi", "ajrih", "tako'", "tako", "luka", "berdarah"),
}
_AROUND = _PLEAS | {
    *("kak", "pak", "mas", "bantu", "minta", "nyuwun", "panggil", "telepon", "telp", "segera"),
    *("aq", "ak", "sy", "kulo", "kula", "engko", "engko'", "engkok", "sengko'", "nyong", "enyong"),
    *("pulang", "mulih", "muleh", "banget", "sekali", "rumah", "api", "butuh", "bantuan"),
}

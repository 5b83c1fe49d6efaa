"""Who came, as a cadre writes it: "hadir 3 7 12", "hadir 1-5, 9", "semua kecuali 4", "semua"."""

import re
from dataclasses import dataclass

from conversations.reading.numbers import numbers
from conversations.reading.words import READ_CHARACTERS, words_of

WIDEST = 500
"""From one end of "1-5" to the other; more than that is a slip of the finger."""

_LEAD = re.compile(r"^/?\s*(?:y(?:an)?g\s+)?(?:hadir|hdir|hadr|hdr|datang)\b")
_NOBODY = re.compile(
    r"(?:(?:tidak|tdk|gak|ga|ndak|mboten|ora) ada|kosong|nihil)(?: yang (?:hadir|datang))?"
)
_BUT = r"(?:kecuali|selain|tapi tidak|minus)"
_EVERYBODY = re.compile(
    r"(?:semua(?:nya)?|lengkap|kabeh|sedaya)(?: (?:hadir|datang|peserta|orang))?"
    rf"(?:\s*,?\s*{_BUT}(?P<but>.+))?"
)
_NOT = "(?:tidak|tdk|gak|ga|ndak|mboten|ora)"
_ABSENT = re.compile(
    rf"(?:{_BUT}|(?:y(?:an)?g )?(?:{_NOT} (?:hadir|datang|rawuh|teko|teka)|absen))(?P<but>.+)"
)
_TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\s\w]")
_TO = frozenset({"-", "–", "—", "sampai", "sd"})
_FILLER = frozenset(
    ("no", "nomor", "nomer", "nmr", "dan", "lan", "yang", "saja", "hadir", "datang", "ya")
) | frozenset(("bu", "pak", "mbak", "mas", "nggih", ",", ".", ";", "&", "/", "+", ":", "#"))


@dataclass(frozen=True, slots=True)
class Present:
    """These numbers of the list; `but`: everybody except these."""

    numbers: tuple[int, ...]
    but: bool = False


def present(text: str) -> Present | None:
    """Who came, by number; None where a text says something else, or not clearly.

    >>> present("hadir 3 7 12"), present("Hadir 1-3, 9 bu")
    (Present(numbers=(3, 7, 12), but=False), Present(numbers=(1, 2, 3, 9), but=False))
    >>> present("semua kecuali 4"), present("tidak hadir 4 dan 5")
    (Present(numbers=(4,), but=True), Present(numbers=(4, 5), but=True))
    >>> present("semua")
    Present(numbers=(), but=True)
    >>> present("tidak ada"), present("hadir tiga tujuh dua belas")
    (Present(numbers=(), but=False), Present(numbers=(3, 7, 12), but=False))
    >>> [present(said) for said in ("semua sehat", "hadir kok bu", "hadir 12 orang", "hadir",
    ...     "hadir 5-3", "semua 4", "semua kecuali")]
    [None, None, None, None, None, None, None]
    """
    body = text[:READ_CHARACTERS].casefold().replace("s/d", " sd ").strip(" .!?/\n\t")
    body = _LEAD.sub("", body).strip(" .!?:,\n\t")
    if _NOBODY.fullmatch(body):
        return Present(())
    said = _EVERYBODY.fullmatch(body) or _ABSENT.fullmatch(body)
    if said is not None:
        absent = _numbers(said["but"] or "")
        unclear = absent is None or (said["but"] is not None and not absent)
        return None if unclear else Present(absent or (), but=True)
    listed = _numbers(body)
    return Present(listed) if listed else None


def _numbers(text: str) -> tuple[int, ...] | None:
    """The numbers and ranges of a text in their order, each once; None when it says more."""
    tokens = _TOKEN.findall(text)
    if not any(token.isdecimal() for token in tokens):
        return _in_words(text) if tokens else ()
    found: list[int] = []
    for place, token in enumerate(tokens):
        if token.isdecimal():
            number = int(token[:6])
            if found and tokens[place - 1] in _TO:
                if number < found[-1]:
                    return None
                if number - found[-1] <= WIDEST:
                    found += range(found[-1] + 1, number)
            found.append(number)
        elif token not in _TO and token not in _FILLER:
            return None
    return tuple(dict.fromkeys(found))


def _in_words(text: str) -> tuple[int, ...] | None:
    reply = words_of(text)
    said = numbers(reply)
    covered = {place for one in said for place in range(one.start, one.end)}
    left = [word for place, word in enumerate(reply) if place not in covered]
    if not said or any(word not in _FILLER for word in left):
        return None
    return tuple(dict.fromkeys(int(one.value) for one in said if one.value == int(one.value)))

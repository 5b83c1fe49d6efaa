"""The words of a typed reply in standard spelling, and the listed phrases among them.

Text-message spelling, doubled letters, digits for letters and small typing errors are undone here,
towards the words of `locales/*/words.toml` only. What words mean together is decided in the other
reading rooms.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from rapidfuzz.distance import OSA

from locales.words import Table, words

READ_CHARACTERS = 1_000
TYPO_WORDS = 40
"""Typing errors are corrected among the first words only, so that a long reply stays cheap."""

Reply = tuple[str, ...]

_DROPPED = re.compile(
    "[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff]"
)
_APOSTROPHES = str.maketrans(
    dict.fromkeys("\u2019\u2018`\u00b4\u02bc\u02bb\u201b\u2032\u02c8", "'")
)
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_TOKEN = re.compile(
    r"\d+(?:[.,:]\d+)*(?![a-z\d])|[a-z\d][a-z\d']*(?:-[a-z][a-z']*)*|:-?[()|d](?![a-z])|\S"
)
_RUNS = re.compile(r"[a-z']+|\d+")
_LONG_REPEAT = re.compile(r"(.)\1{2,}")
_REPEAT = re.compile(r"(.)\1+")
_DIGIT_LETTERS = tuple(str.maketrans("0123456789", f"o{one}zeasgtbg") for one in "il")
_DECISIVE = (
    "answers",
    "numbers",
    "units",
    "days",
    "months",
    "commands",
    "ordinals",
    "relative",
    "stopping",
)
_EMOJI_WORDS = str.maketrans({"½": " setengah ", "\u20e3": " ", "🔟": "10", "🅰": "a", "🅱": "b"})
_COUNTED = frozenset({"no", "ke", "jam", "umur", "nomor", "tanggal", "pilihan", "k"})


def words_of(text: str) -> Reply:
    """The words, numbers and signs of a reply's first 1,000 characters, in standard spelling.

    >>> words_of("Iyaaa mbak, sdh bsk jm4")
    ('iya', 'mbak', ',', 'sudah', 'besok', 'jam', '4')
    >>> words_of("b3lum, anak2 tdk mau")
    ('belum', ',', 'anak', 'tidak', 'mau')
    """
    return _words_of(text[:READ_CHARACTERS])


@lru_cache(maxsize=4)
def _words_of(text: str) -> Reply:
    found: list[str] = []
    for token in _TOKEN.findall(_plain(text)):
        if len(token) == 1 and not token.isalnum():
            found.append(token)
        else:
            found.extend(_expand(token, len(found) < TYPO_WORDS))
    return tuple(found)


def normalise(text: str) -> str:
    """A reply in standard spelling, for comparing and for showing to staff.

    >>> normalise("Mboten  mbak, tdk bs")
    'tidak mbak , tidak bisa'
    """
    return " ".join(words_of(text))


def _plain(text: str) -> str:
    if not text.isascii():
        text = text.translate(_EMOJI_WORDS)
        text = _DROPPED.sub("", unicodedata.normalize("NFKC", text))
        text = text.translate(_APOSTROPHES).translate(_DASHES)
        text = "".join(
            str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
            for sign in unicodedata.normalize("NFKD", text)
            if not unicodedata.combining(sign)
        )
    return text.lower()


@lru_cache(maxsize=4096)
def _expand(token: str, correct_typos: bool) -> tuple[str, ...]:
    """One written token as standard words."""
    if token in _vocabulary():
        return (_standard(token),)
    if token.isdigit() or not any(sign.isalpha() for sign in token):
        return (token.replace(":-", ":"),)
    if "-" in token:
        return tuple(word for part in token.split("-") for word in _expand(part, correct_typos))
    if joined := _joined_number(token):
        return joined
    if token.isalpha() or not any(sign.isdigit() for sign in token):
        return (_standard(_known_form(token, correct_typos)),)
    runs = _RUNS.findall(token)
    if runs[0] not in _COUNTED and _standard(runs[0]) not in _COUNTED:
        if runs[1:] == ["2"] and len(runs[0]) > 2:
            return _expand(runs[0], correct_typos)
        for letters in _DIGIT_LETTERS:
            if token[0].isalpha() and (word := token.translate(letters)) in _vocabulary():
                return (_standard(word),)
    return tuple(word for run in runs for word in _expand(run, False))


def _joined_number(token: str) -> tuple[str, ...]:
    """A number written without its spaces: "duabelas", "limapuluhdua"."""
    numbers = words()["numbers"]
    for times in words()["multipliers"].meanings:
        head, found, tail = token.partition(times)
        if found and head in numbers and (not tail or tail in numbers):
            return (head, times, tail) if tail else (head, times)
    return ()


def _standard(word: str) -> str:
    return words()["spelling"].get(word) or word


def _known_form(word: str, correct_typos: bool) -> str:
    """The listed word that was meant, or the word as it is."""
    vocabulary = _vocabulary()
    doubled, single = _LONG_REPEAT.sub(r"\1\1", word), _REPEAT.sub(r"\1", word)
    for form in (doubled, single, word.strip("'"), single.strip("'")):
        if form in vocabulary:
            return form
    for ending in ("lah", "ku", "nya"):
        stem = word.removesuffix(ending)
        if stem != word and stem in vocabulary and stem not in words()["numbers"]:
            return stem
    if not correct_typos or len(word) < 3 or len(word) > 20:
        return doubled
    if not set(word) & set("aeiou"):
        return _skeletons().get(word, doubled)
    return _nearest(single) or doubled


def _nearest(word: str) -> str | None:
    """The one listed word a typing error away: one slip in five letters, two from nine on."""
    best: set[str] = set()
    allowed = 1 if len(word) < 9 else 2
    for form in _by_first_letter().get(word[0], ()):
        if max(len(form), len(word)) < 5 or abs(len(form) - len(word)) > allowed:
            continue
        distance = OSA.distance(word, form, score_cutoff=allowed)
        if distance > allowed or (len(word) < 7 and not _likely_slip(word, form)):
            continue
        if distance < allowed:
            best, allowed = {form}, distance
        else:
            best.add(form)
    meant = {_standard(form) for form in best}
    if len(meant) != 1 or not best.isdisjoint(words()["ordinary"].meanings):
        return None
    return meant.pop()


def _likely_slip(word: str, form: str) -> bool:
    """Whether a short word has a letter too many, too few or swapped, a vowel or near key wrong.

    Any other letter makes another word: "sawah" is not "salah".
    """
    differing = {frozenset(pair) for pair in zip(word, form, strict=False) if pair[0] != pair[1]}
    if len(word) != len(form) or len(differing) != 1:
        return True
    pair = next(iter(differing))
    if sum(a != b for a, b in zip(word, form, strict=True)) == 2:
        return True
    return pair <= set("aeiou") or any(pair <= set(keys) for keys in _NEIGHBOURS)


_NEIGHBOURS = tuple(
    row[place : place + 2]
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for place in range(len(row) - 1)
)


@cache
def _vocabulary() -> frozenset[str]:
    return words().vocabulary


@cache
def _by_first_letter() -> dict[str, tuple[str, ...]]:
    """The words that decide an answer, to correct towards, and the everyday ones to leave alone."""
    spelling = words()["spelling"].meanings
    decisive = {form for name in _DECISIVE for form in words()[name].meanings if " " not in form}
    decisive |= {form for form in spelling if len(form) >= 6} | set(spelling.values())
    forms: dict[str, list[str]] = {}
    for form in sorted(decisive | words()["ordinary"].meanings.keys()):
        if len(form) >= 4:
            forms.setdefault(form[0], []).append(form)
    return {first: tuple(found) for first, found in forms.items()}


@cache
def _skeletons() -> dict[str, str]:
    """Words by their consonants, where only one word has them: "mnt" is "menit"."""
    meant: dict[str, set[str]] = {}
    for form in _vocabulary():
        skeleton = form.translate(str.maketrans("", "", "aeiou'"))
        if len(skeleton) >= 3 and form[0] == skeleton[0]:
            meant.setdefault(skeleton, set()).add(_standard(form))
    return {skeleton: next(iter(found)) for skeleton, found in meant.items() if len(found) == 1}


def after_correction(reply: Reply) -> Reply:
    """What follows the last "eh", "ralat", "maksud saya": people correct themselves mid-sentence.

    >>> after_correction(words_of("2 eh 3"))
    ('3',)
    """
    last = 0
    for start, length, meaning in marks(reply, words()["answers"]):
        if meaning == "correction" and start > 0 and start + length < len(reply):
            last = start + length
            if reply[last : last + 2] == ("bukan", ","):
                last += 2
    return reply[last:]


def marks(reply: Reply, table: Table) -> Iterator[tuple[int, int, str]]:
    """Every phrase of a table in a reply, the longest first: its start, length and meaning."""
    start = 0
    while start < len(reply):
        hit = table.at(reply, start)
        if hit:
            yield start, hit[1], hit[0]
        start += hit[1] if hit else 1


def has(reply: Reply, table: str, *meanings: str) -> bool:
    """Whether a reply holds a phrase listed under one of these meanings."""
    return any(meaning in meanings for _, _, meaning in marks(reply, words()[table]))

"""Recognises a word under its many spellings: affixes, doubled and dropped letters, digits, typos.

Knows spelling and word building only; which words matter is in locales/*/danger.toml, and what they
mean together in danger.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from rapidfuzz.distance import OSA

Tags = frozenset[str]

NOTHING: Tags = frozenset()
LONGEST_WORD = 40
SHORTEST_TYPO = 8
SHORTEST_SKELETON = 5

_PASSIVE = ("di", "d", "e", "dipun")
_SUFFIXES = (
    *("", "i", "in", "kan", "ken", "aken", "ake", "no", "na", "ni", "nin", "ne"),
    *("agi", "an", "e", "kna", "keun", "ane", "en", "akaken", "kaken", "ki", "ke"),
)
_COMMON_SUFFIXES = ("", "i", "in", "kan")
_NASAL = {
    "p": ("m", "mem", "memp"),
    "b": ("mb", "memb", "m"),
    "t": ("n", "men", "nt", "ment"),
    "d": ("nd", "mend", "n"),
    "k": ("ng", "meng", "ngk"),
    "g": ("ngg", "mengg", "ng"),
    "s": ("ny", "meny", "nys"),
    "c": ("nc", "menc", "ny", "meny"),
    "j": ("nj", "menj", "ny"),
    "l": ("ngl", "mel", "ngel"),
    "r": ("ngr", "mer", "nger"),
    "h": ("ngh", "mengh", "ng"),
    "m": ("mem", "ngem"),
    "n": ("men", "ngen"),
    "w": ("ngw", "mew", "m"),
}
_CLITICS = ("nipun", "ipun", "nya", "lah", "kah", "pun", "ku", "mu", "ny", "na", "ne", "e", "y")
_LEET = str.maketrans("0134578", "oieastb")
_SOUNDS = (("dh", "d"), ("th", "t"), ("bh", "b"), ("gh", "g"), ("jh", "j"))
_REPEATED = re.compile(r"(?!nnya)(.)\1+")  # teman-nya is not tema-nya
_TWICE = re.compile(r"([^\W\d_]+)2([^\W\d_]{0,4})")
_VOWEL = re.compile(r"[aeiou]")
_MARKS = re.compile(r"['’ʼ`´-]")


def key(word: str) -> str:
    """The spelling under which a word is compared.

    >>> key("Dipukuliiin"), key("d1pukul"), key("mate'a"), key("ghighir")
    ('dipukulin', 'dipukul', 'matea', 'gigir')
    >>> key("dipukul2"), key("anak2nya")
    ('dipukuldipukul', 'anakanaknya')
    """
    word = _MARKS.sub("", word.lower())
    if not word.isascii():
        word = "".join(
            c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)
        )
    if word.isdecimal():
        return word
    if not word.isalpha():
        if twice := _TWICE.fullmatch(word):
            word = twice[1] * 2 + twice[2]
        word = word.translate(_LEET)
    for written, spoken in _SOUNDS:
        word = word.replace(written, spoken)
    return _REPEATED.sub(r"\1", word)


def verb_forms(stem: str) -> Iterator[tuple[str, str]]:
    """The forms of a verb with their kind: `di` done to one, `me` doing, `many` repeated, `bare`.

    >>> forms = dict(verb_forms("pukul"))
    >>> [forms[word] for word in ("dipukuli", "mukulin", "epukul", "dipukulpukul", "pukul")]
    ['di', 'me', 'di', 'many', 'bare']
    """
    stem = key(stem)
    yield stem, "bare"
    for suffix in _COMMON_SUFFIXES[1:]:
        yield key(stem + suffix), "bare"
    actives = list(_nasalised(stem))
    for suffix in _SUFFIXES:
        for prefix in _PASSIVE:
            yield key(prefix + stem + suffix), "di"
        for active in actives:
            yield key(active + suffix), "me"
    for suffix in _COMMON_SUFFIXES:
        for prefix in _PASSIVE[:3]:
            yield key(prefix + stem + stem + suffix), "many"
        for active in actives:
            yield key(active + stem + suffix), "many"


def is_guessable(word: str, stem: str) -> bool:
    """Whether misspellings of this form are looked for: only of the commonest, to stay small."""
    rest = word.removeprefix("di").removeprefix(key(stem))
    return rest in _COMMON_SUFFIXES


def _nasalised(stem: str) -> Iterator[str]:
    """Active beginnings; the nasal replaces the first consonant (pukul: mukul, memukul)."""
    if (instead := _NASAL.get(stem[0])) is not None:
        yield from (nasal + stem[1:] for nasal in instead)
    else:
        yield from (nasal + stem for nasal in ("ng", "meng"))
    yield "nge" + stem


class Listing(dict[str, Tags]):
    """Written forms with their tags. Equal tags are one object, for there are 100,000 forms."""

    def __init__(self) -> None:
        super().__init__()
        self._shared: dict[Tags, Tags] = {}

    def tag(self, word: str, *tags: str) -> None:
        """This form has these tags too."""
        together = self.get(word, NOTHING).union(tags)
        self[word] = self._shared.setdefault(together, together)


class Vocabulary:
    """Words with their tags; `tags` finds a word in whatever way it was written."""

    def __init__(
        self, words: Mapping[str, Tags], known: Iterable[str], guessable: Iterable[str]
    ) -> None:
        """`known` words are never taken for a typo; misspellings of `guessable` ones are found."""
        self._words = words
        self._known = frozenset(map(key, known))
        self._skeletons: dict[str, list[str]] = {}
        self._deletions: dict[str, list[str]] = {}
        for word in sorted(guessable):  # so that a doubtful spelling is always read alike
            if len(word) >= SHORTEST_SKELETON:
                self._skeletons.setdefault(_VOWEL.sub("", word), []).append(word)
            if len(word) >= SHORTEST_TYPO:
                for shorter in (word, *_with_one_letter_less(word)):
                    self._deletions.setdefault(shorter, []).append(word)
        self.tags = lru_cache(maxsize=20_000)(self._tags)

    def exactly(self, word: str) -> Tags:
        """Tags of a word that is written as listed."""
        return self._words.get(key(word), NOTHING)

    def _tags(self, written: str) -> Tags:
        word = key(written)
        if not word or len(word) > LONGEST_WORD:
            return NOTHING
        if (found := self._listed(word)) is not None:
            return found
        if word in self._known:
            return NOTHING
        if guess := self._without_vowels(word) or self._typo(word):
            return self._words[guess]
        if "-" in written:
            first, _, last = written.partition("-")
            return self._tags(first) | self._tags(last.rpartition("-")[2])
        return NOTHING

    def _listed(self, word: str) -> Tags | None:
        found = self._words.get(word)
        if found is not None and not all(tag[0] == "=" for tag in found):
            return found | self._words.get(word.removesuffix("nya"), NOTHING)
        if (cut := self._without_clitic(word, found)) is not None:
            return cut
        if (halved := self._halved(word)) is not None:
            return halved | (found or NOTHING)
        return found

    def _without_clitic(self, word: str, own: Tags | None) -> Tags | None:
        for clitic in _CLITICS:
            if word.endswith(clitic) and len(word) - len(clitic) >= 3:
                bare = word.removesuffix(clitic)
                found = self._words.get(bare)
                if found is None and clitic[0] == "n":  # kemaluanya, written with one n
                    found = self._words.get(bare + "n")
                if found is not None:
                    return found | (own or NOTHING)
        return None

    def _halved(self, word: str) -> Tags | None:
        """Tags of a word said twice, also with an ending: baju-bajunya."""
        endings = ("", *(clitic for clitic in _CLITICS if word.endswith(clitic)))
        bare = (word.removesuffix(ending) for ending in endings)
        return next((tags for twice in bare if (tags := self._half(twice))), None)

    def _half(self, word: str) -> Tags | None:
        half, odd = divmod(len(word), 2)
        if odd or word.isdecimal() or word[:half] != word[half:]:
            return None
        tags = self._words.get(word[:half])
        if tags is None:
            return None
        return tags | {f"{tag.partition('.')[0]}.many" for tag in tags if "." in tag}

    def _without_vowels(self, word: str) -> str | None:
        skeleton = _VOWEL.sub("", word)
        vowels = len(word) - len(skeleton)
        if len(word) < 4 or vowels * 2 > len(skeleton):
            return None
        for candidate in self._skeletons.get(skeleton, ()):
            if len(candidate) > len(word) and _is_within(word, candidate):
                return candidate
        return None

    def _typo(self, word: str) -> str | None:
        if len(word) < SHORTEST_TYPO:
            return None
        for shorter in (word, *_with_one_letter_less(word)):
            for candidate in self._deletions.get(shorter, ()):
                if candidate[0] == word[0] and OSA.distance(word, candidate, score_cutoff=1) <= 1:
                    return candidate
        return None


def _with_one_letter_less(word: str) -> list[str]:
    return list(dict.fromkeys(word[:i] + word[i + 1 :] for i in range(1, len(word))))


def _is_within(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short)

"""Turns the words of a message into numbered features, which the trained model weighs.

Features are words, word pairs, pieces of words, words without their vowels, the lists of
danger.toml and the fields of danger_fields.toml in which a word stands, pairs of these within one
stretch of words, its first and last word and its length. What the features weigh is learnt by the
trainer from labelled sentences and read in model.py.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, pairwise
from zlib import crc32

from conversations.danger.word_forms import LONGEST_WORD, Tags, key

BUCKETS = 1 << 16
BLOCKS = (
    *("pieces", "words", "pairs", "lists", "list pairs", "fields", "field pairs", "neighbours"),
    *("consonants", "length", "ends"),
)
STRENGTH = (2.2, 1.0, 0.7, 1.0, 1.0, 0.8, 1.0, 0.7, 1.2, 0.7, 0.5)

REACH = 3  # words after "tidak" that count as denied
DENIED = 0x5BD1E995

_MASK = BUCKETS - 1
_LENGTHS = (3, 5, 8, 12, 18, 25)  # words
_VOWELS = str.maketrans("", "", "aeiou")
_MOST = 40  # lists or fields of one stretch that are paired; a hostile text may touch them all
_JOINING = frozenset(
    {"no", "through", "and", "turn", "until", "claims", "ifword", "whatdo", "want", "ongoing"}
    | {"negate", "never", "polite", "ask", "hearsay", "repeated", "now", "known"}
)
_SUFFIXES = (
    *("aken", "ipun", "keun", "ake", "ana", "ane", "ken", "kan", "lah", "nya", "an", "eh", "en"),
    *("in", "ku", "la", "mu", "na", "ne", "ni", "no", "ny", "a", "e", "i"),
)
_PREFIXES = (
    *("dipun", "di", "e", "d", "nge", "ng", "meng", "mem", "men", "me", "ke", "ter", "ber", "be"),
    *("se", "a", "pe", "ka", "ny", "m", "n", "ta", "k"),
)
_HIDDEN = {"ng": "kg", "meng": "k", "mem": "p", "men": "t", "ny": "sc", "m": "pb", "n": "t"}

Indices = Sequence[int]


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the model sees it; all numbers are hashes below 2**32, `pieces` below BUCKETS."""

    number: int
    consonants: int
    pieces: array[int]
    lists: tuple[int, ...]
    fields: tuple[int, ...]
    denies: bool


class Fields:
    """The fields of meaning in which a word stands, found through its affixes."""

    def __init__(self, source: Mapping[str, Sequence[str]]) -> None:
        self._fields: dict[str, tuple[str, ...]] = {}
        for name, words in source.items():
            for word in map(key, words):
                known = self._fields.get(word, ())
                if name not in known:
                    self._fields[word] = (*known, name)

    def __call__(self, word: str) -> tuple[str, ...]:
        """The fields of a word in the spelling of `key`.

        >>> Fields({"fear": ["takut"]})("ketakutan"), Fields({"look": ["intip"]})("diintip")
        (('fear',), ('look',))
        """
        return next((self._fields[b] for b in _bases(word) if b in self._fields), ())


class Featurer:
    """Reads words once and remembers the commonest."""

    def __init__(self, tags: Callable[[str], Tags], fields: Fields) -> None:
        self._tags = tags
        self.fields = fields
        self.word = lru_cache(maxsize=500)(self._word)

    def is_telling(self, written: str) -> bool:
        """Whether the word stands in a list or field of meaning, so that it is no person's name.

        Words that only hold a sentence together ("katanya, ndak") tell a reader nothing.
        """
        lists = {tag[1:] for tag in self._tags(written) if tag[0] == "@"}
        return bool({*lists, *self.fields(key(written))} - _JOINING)

    def _word(self, written: str) -> Word:
        word = key(written)[:LONGEST_WORD]
        spelt = f"<{word}>".encode()
        pieces = array(
            "I",
            sorted(
                {
                    crc32(spelt[at : at + size]) & _MASK
                    for size in (3, 4, 5)
                    for at in range(len(spelt) - size + 1)
                }
            ),
        )
        tags = [tag for tag in self._tags(written) if tag[0] in "@#"]
        lists = sorted(_number("list", tag) for tag in tags)
        fields = sorted(_number("field", name) for name in self.fields(word))
        return Word(
            number=crc32(b"word:" + word.encode()),
            consonants=crc32(b"consonants:" + word.translate(_VOWELS).encode()),
            pieces=pieces,
            lists=tuple(lists),
            fields=tuple(fields),
            denies="@no" in tags,
        )


def features(words: Sequence[Word | None]) -> tuple[Indices, ...]:
    """The features of a stretch of words, for each of BLOCKS; None stands for a mark between."""
    said = [word for word in words if word is not None]
    numbers = [0 if word is None else word.number for word in words]
    lists: set[int] = set()
    fields: set[int] = set()
    spoken: list[tuple[int, ...]] = []
    denied = 0
    for word in words:
        if word is None:
            denied = 0
            continue
        turn = DENIED if denied else 0
        denied = REACH if word.denies else max(denied - 1, 0)
        lists.update([tag ^ turn for tag in word.lists])
        if word.fields:
            meant = tuple([name ^ turn for name in word.fields])
            fields.update(meant)
            spoken.append(meant)
    return (
        list({piece for word in said for piece in word.pieces}),
        list({number & _MASK for number in numbers if number}),
        list({(a * 31 + b * 17 + 5) & _MASK for a, b in zip([0, *numbers], [*numbers, 0])}),  # noqa: B905
        [tag & _MASK for tag in lists],
        [(a * 3 + b * 7) & _MASK for a, b in combinations(sorted(lists)[:_MOST], 2)],
        [name & _MASK for name in fields],
        [(a * 5 + b * 11) & _MASK for a, b in combinations(sorted(fields)[:_MOST], 2)],
        list(
            {
                (a * 13 + b * 19) & _MASK
                for first, second in pairwise(spoken)
                for a in first
                for b in second
            }
        ),
        list({word.consonants & _MASK for word in said}),
        [number & _MASK for size, number in _LENGTH_NUMBERS if len(said) >= size],
        [(said[0].number ^ _FIRST) & _MASK, (said[-1].number ^ _LAST) & _MASK] if said else [],
    )


@cache
def _number(kind: str, name: str) -> int:
    return crc32(f"{kind}:{name}".encode())


_LENGTH_NUMBERS = [(size, _number("length", str(size))) for size in _LENGTHS]
_FIRST = _number("end", "first")
_LAST = _number("end", "last")


def _bases(word: str) -> Iterator[str]:
    yield word
    bases = [
        word,
        *(word[: -len(s)] for s in _SUFFIXES if word.endswith(s) and len(word) > len(s) + 2),
    ]
    yield from bases[1:]
    for base in bases:
        for prefix in _PREFIXES:
            if base.startswith(prefix) and len(base) > len(prefix) + 2:
                rest = base.removeprefix(prefix)
                yield rest
                yield from (letter + rest for letter in _HIDDEN.get(prefix, ""))
    half, odd = divmod(len(word), 2)
    if not odd and half > 2 and word[:half] == word[half:]:
        yield word[:half]

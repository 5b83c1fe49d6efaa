"""The pattern language of danger.toml and how a pattern is looked for among the words of a message.

A pattern is a row of words and @lists: `@child .. @hit.di|jatuh & @ongoing`. `|` means or, `..` up
to three words between (within a comma), `...` up to eight (within a sentence), `&` near each other
in any order; `a_b` is one choice of two words. What a found pattern means is decided in
detector.py, how words are spelt in word_forms.py.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from conversations.danger.word_forms import Listing, Tags, key
from locales.danger import Lexicon, LexiconError

NEAR = 25
NUMBER_TAGS = ("#num", "#small", "#minor", "#adult")

_GAPS = {"..": 3, "...": 8}

Path = tuple[int, ...]
Found = tuple[Path, int]


@dataclass(frozen=True, slots=True)
class Element:
    """One place in a pattern: any of `tags`, at most `gap` words after the one before."""

    tags: Tags
    gap: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """Rows of elements that must all be found near each other; `anchor` is the least common one."""

    rows: tuple[tuple[Element, ...], ...]
    anchor: Tags
    elements: tuple[Element, ...]


@dataclass(slots=True)
class Reading:
    """A message as words: their tags (and how many words each covers) and where they stand."""

    tags: list[dict[str, int]] = field(default_factory=list)
    places: list[tuple[int, int, int]] = field(default_factory=list)  # phrase, clause, sentence
    where: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    negated: list[bool] = field(default_factory=list)

    def add(self, position: int, tag: str, words: int) -> None:
        """Tag the words from `position` on."""
        if words > self.tags[position].get(tag, 0):
            if tag not in self.tags[position]:
                self.where[tag].append(position)
            self.tags[position][tag] = words

    def mask(self, positions: set[int]) -> None:
        """Forget every tag that covers one of these words."""
        for start in sorted({p - back for p in positions for back in range(4) if p >= back}):
            tags = self.tags[start]
            for tag in [
                t for t, n in tags.items() if any(p in positions for p in range(start, start + n))
            ]:
                del tags[tag]
                self.where[tag].remove(start)
                if not self.where[tag]:
                    del self.where[tag]


class Index:
    """Named patterns by the tags of their anchors, so that most messages touch none of them."""

    def __init__(self, patterns: Iterable[tuple[Pattern, str]]) -> None:
        self._by_tag: dict[str, list[tuple[Pattern, str]]] = defaultdict(list)
        for pattern, name in patterns:
            for tag in pattern.anchor:
                self._by_tag[tag].append((pattern, name))
        self.tags: Tags = frozenset(self._by_tag)

    def candidates(self, reading: Reading) -> list[tuple[Pattern, str]]:
        """The patterns of which every element is somewhere in the message, each once."""
        present = reading.where.keys()
        return list(
            {
                id(entry): entry
                for tag in self.tags & present
                for entry in self._by_tag[tag]
                if not any(element.tags.isdisjoint(present) for element in entry[0].elements)
            }.values()
        )


class Parser:
    """Turns pattern texts into patterns, and notes the single words they name."""

    def __init__(self, source: Lexicon, words: Listing) -> None:
        self._words = words
        self._uses: Counter[str] = Counter()
        self.phrases: dict[str, str] = {}
        kinds = ("di", "me", "many", "bare")
        self._lists = {
            *(f"@{name}" for name in (*source.verbs, *source.words, *source.marks)),
            *(f"@{name}.{kind}" for name in source.verbs for kind in kinds),
            *NUMBER_TAGS,
        }

    def count(self, text: str) -> None:
        for row in self._rows(text):
            for element in row:
                self._uses.update(element.tags)

    def __call__(self, text: str) -> Pattern:
        rows = self._rows(text)
        elements = [element for row in rows for element in row]
        anchor = min(elements, key=lambda e: sum(self._uses[tag] for tag in e.tags) / len(e.tags))
        return Pattern(rows, anchor.tags, tuple(elements))

    def _rows(self, text: str) -> tuple[tuple[Element, ...], ...]:
        return tuple(self._row(part, text) for part in text.split("&"))

    def _row(self, part: str, text: str) -> tuple[Element, ...]:
        row: list[Element] = []
        gap = 0
        for item in part.split():
            if item in _GAPS:
                gap = _GAPS[item]
                continue
            row.append(
                Element(frozenset(self._tag(choice, text) for choice in item.split("|")), gap)
            )
            gap = 0
        if not row or gap:
            raise LexiconError(f"danger.toml: pattern {text!r}: a word is missing beside .. or &")
        return tuple(row)

    def _tag(self, choice: str, text: str) -> str:
        if choice[:1] in ("@", "#"):
            if choice not in self._lists:
                raise LexiconError(f"danger.toml: pattern {text!r}: there is no list {choice}")
            return choice
        if not choice:
            raise LexiconError(f"danger.toml: pattern {text!r}: nothing beside |")
        spelt = [key(word) for word in choice.split("_")]
        if len(spelt) > 1:
            self.phrases[f"={'_'.join(spelt)}"] = " ".join(spelt)
        for word in spelt:
            self._words.tag(word, f"={word}")
        return f"={'_'.join(spelt)}"


def matches(pattern: Pattern, reading: Reading) -> Iterator[Found]:
    """Where a pattern is found: the positions of its elements and the end of its first row."""
    first, *others = pattern.rows
    if not others:
        yield from _row_matches(first, reading)
        return
    found = [[path for path, _ in _row_matches(row, reading)] for row in others]
    starts = [[path[0] for path in paths] for paths in found]
    if not all(found):
        return
    for path, end in _row_matches(first, reading):
        near = [_nearest(path[0], where, paths) for where, paths in zip(starts, found, strict=True)]
        if all(near):
            yield tuple(p for part in (path, *near) for p in part), end


def _nearest(position: int, starts: Sequence[int], paths: Sequence[Path]) -> Path:
    """The path that starts nearest to a position but not on it; empty when all are far away."""
    at = bisect_left(starts, position)
    around = [n for n in range(max(at - 1, 0), min(at + 2, len(starts))) if starts[n] != position]
    best = min(around, key=lambda n: abs(starts[n] - position), default=None)
    if best is None or abs(starts[best] - position) > NEAR:
        return ()
    return paths[best]


def _row_matches(row: Sequence[Element], reading: Reading) -> Iterator[Found]:
    tags, places, size = reading.tags, reading.places, len(reading.tags)
    starts = sorted({p for tag in row[0].tags for p in reading.where.get(tag, ())})
    for start in starts:
        ends: dict[int, Path] = {start + n: (start,) for n in _lengths(row[0], tags[start])}
        for element in row[1:]:
            longer: dict[int, Path] = {}
            scope = 2 if element.gap > 3 else 0
            for end, path in ends.items():
                for position in range(end, min(end + element.gap + 1, size)):
                    if places[position][scope] != places[path[-1]][scope]:
                        break
                    for words in _lengths(element, tags[position]):
                        longer.setdefault(position + words, (*path, position))
            ends = longer
            if not ends:
                break
        if ends:
            end = min(ends)
            yield ends[end], end


def _lengths(element: Element, tags: dict[str, int]) -> set[int]:
    return {tags[tag] for tag in element.tags & tags.keys()}

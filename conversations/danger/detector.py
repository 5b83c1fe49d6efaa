"""Reads a message and decides which rules of danger.toml hold for it, and which are kept quiet.

The words themselves are in locales/*/danger.toml; classes and levels in danger.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from conversations.danger.patterns import Index, Parser, Pattern, Reading, matches
from conversations.danger.word_forms import (
    NOTHING,
    Listing,
    Tags,
    Vocabulary,
    is_guessable,
    key,
    verb_forms,
)
from locales.danger import Lexicon, Rule

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*(?![^\W_])|[^\W_]+(?:['’ʼ`´-]+[^\W_]+)*|[.!?;…\n]+|[,:()]")
_GLUED_NUMBER = re.compile(r"(?<![^\W_])(\d+)(?=[^\W\d_]{3})")
_SENTENCE_END = frozenset(".!?;…\n")
_PHRASE_END = frozenset(",:()")
_PLAIN = ("known", "through", "and", "no", "turn", "until")

Quiet = dict[str, dict[int, set[int]]]


def words(text: str) -> list[str]:
    """A text as words in small letters and the marks between them.

    >>> words("Cucu hilang 3hari, tolong!")
    ['cucu', 'hilang', '3', 'hari', ',', 'tolong', '!']
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _TOKEN.findall(_GLUED_NUMBER.sub(r"\1 ", text.lower()))


def is_mark(word: str) -> bool:
    """Whether this stands between words."""
    return word[0] in _SENTENCE_END or word in _PHRASE_END


class Detector:
    """A compiled lexicon."""

    def __init__(self, source: Lexicon, vocabulary: Vocabulary, parse: Parser) -> None:
        self._vocabulary = vocabulary
        self._rules = {rule.id: rule for rule in source.rules}
        self._guards = {guard.id: guard for guard in source.guards}
        self._order = {name: n for n, name in enumerate(self._rules)}
        phrases = [
            (parse(text), f"@{name}")
            for name, texts in source.words.items()
            for text in texts
            if " " in text
        ] + [(parse(text), tag) for tag, text in parse.phrases.items()]
        marks = [(parse(t), f"@{name}") for name, texts in source.marks.items() for t in texts]
        rules = [(parse(text), rule.id) for rule in source.rules for text in rule.when]
        self._phrases = Index(phrases)
        self._masks = Index((parse(text), "mask") for text in source.masks)
        self._marks = Index(marks)
        self._rule_index = Index(rules)
        self._guard_index = Index((parse(t), g.id) for g in source.guards for t in g.when)
        self._unless = {
            rule.id: tuple(parse(text) for text in rule.unless)
            for rule in source.rules
            if rule.unless
        }
        self._alarming = _roots(self._rule_index.tags, [*marks, *phrases])

    def find(self, written: Sequence[str]) -> list[Rule]:
        """The rules that hold for these words and marks, in the order of the lexicon."""
        reading = self._read(written)
        if reading is None:
            return []
        for index in (self._phrases, self._marks):
            for pattern, name in index.candidates(reading):
                for path, end in matches(pattern, reading):
                    reading.add(path[0], name, end - path[0])
        if not self._rule_index.candidates(reading):
            return []
        self._forget_the_harmless(reading)
        reading.negated = _negations(reading)
        quiet = self._quiet(reading)
        found = {
            name
            for pattern, name in self._rule_index.candidates(reading)
            if any(
                self._stands(name, path, reading, quiet)
                for path, _ in matches(pattern, reading)
                if not _denied(path[: len(pattern.rows[0])], reading)
            )
        }
        return [self._rules[name] for name in sorted(found, key=self._order.__getitem__)]

    def _forget_the_harmless(self, reading: Reading) -> None:
        masked = {
            position
            for pattern, _ in self._masks.candidates(reading)
            for path, end in matches(pattern, reading)
            if not _skips_a_child(path, end, reading)
            for position in range(path[0], end)
        }
        if masked:
            reading.mask(masked)

    def _read(self, written: Sequence[str]) -> Reading | None:
        """The words with their tags, or None when no word can be part of an alarm."""
        tagged = [self.tags(word) for word in written]
        if all(self._alarming.isdisjoint(tags) for tags in tagged):
            return None
        reading = Reading()
        phrase = clause = sentence = 0
        last = ""
        until = False
        for word, tags in zip(written, tagged, strict=True):
            if word[0] in _SENTENCE_END:
                phrase, clause, sentence, last = phrase + 1, clause + 1, sentence + 1, ""
                continue
            if word in _PHRASE_END:
                phrase, last = phrase + 1, ""
                continue
            if "@turn" in tags and not until:
                phrase, clause = phrase + 1, clause + 1
            position = len(reading.tags)
            reading.tags.append({})
            reading.places.append((phrase, clause, sentence))
            for tag in tags:
                reading.add(position, tag, 1)
            until = "@until" in tags
            if last in ("di", "e", "dipun"):
                for tag in self._vocabulary.exactly(last + word):
                    if tag.endswith((".di", ".many")) or "." not in tag:
                        reading.add(position - 1, tag, 2)
            last = word
        return reading

    def tags(self, word: str) -> Tags:
        """The lists in which a word stands, and what kind of number it is."""
        tags = self._vocabulary.tags(word)
        if not word[0].isdecimal() or not word.isdecimal():
            return tags | {"#num"} if word[0].isdecimal() and word[-1].isdecimal() else tags
        number = int(word) if len(word) < 4 else 1000
        age = "#small" if number <= 9 else "#minor" if number < 18 else "#adult"
        return tags | {"#num", age}

    def _quiet(self, reading: Reading) -> Quiet:
        """For each guard that was found: the places it keeps quiet, and from which words."""
        quiet: Quiet = defaultdict(lambda: defaultdict(set))
        for pattern, name in self._guard_index.candidates(reading):
            scope = self._guards[name].scope
            for path, _ in matches(pattern, reading):
                if not _denied(path, reading):
                    quiet[name][_place(scope, path[0], reading)].add(path[0])
        return quiet

    def _stands(
        self,
        name: str,
        path: Sequence[int],
        reading: Reading,
        quiet: Quiet,
    ) -> bool:
        own = {p + n for p in path for n in range(max(reading.tags[p].values()))}
        for guard_id, places in quiet.items():
            guard = self._guards[guard_id]
            if guard.classes and self._rules[name].cls not in guard.classes:
                continue
            for position in path:
                if places.get(_place(guard.scope, position, reading), set()) - own:
                    return False
        phrases = {reading.places[p][0] for p in path}
        return not any(
            reading.places[other[0]][0] in phrases
            for pattern in self._unless.get(name, ())
            for other, _ in matches(pattern, reading)
        )


def compile_lexicon(source: Lexicon) -> Detector:
    """Make the detector; raises LexiconError for a pattern that cannot be used."""
    words = Listing()
    guessable: set[str] = set()
    known = {key(word) for word in source.words.get("known", ())}
    for name, stems in source.verbs.items():
        for stem in stems:
            for form, kind in verb_forms(stem):
                if form in known:
                    continue
                words.tag(form, f"@{name}", f"@{name}.{kind}")
                if kind == "many":
                    words.tag(form, f"@{name}.di")
                if is_guessable(form, stem):
                    guessable.add(form)
    for name, texts in source.words.items():
        for text in texts:
            if " " not in text:
                words.tag(key(text), f"@{name}")
                if name not in _PLAIN:
                    guessable.add(key(text))
    parse = Parser(source, words)
    everything = [
        *(t for texts in source.words.values() for t in texts if " " in t),
        *(t for texts in source.marks.values() for t in texts),
        *source.masks,
        *(t for guard in source.guards for t in guard.when),
        *(t for rule in source.rules for t in (*rule.when, *rule.unless)),
    ]
    for text in everything:
        parse.count(text)
    return Detector(source, Vocabulary(words, known, guessable), parse)


def _negations(reading: Reading) -> list[bool]:
    """Which words are denied: "tidak pernah dipukul, dicubit atau dijewer" denies all three."""
    negated: list[bool] = []
    waiting = listing = conditional = False
    clause = phrase = -1
    for tags, (here, part, _) in zip(reading.tags, reading.places, strict=True):
        if part != clause:
            waiting = listing = False
        done = any(tag.endswith(".di") for tag in tags)
        denied = waiting or (listing and done and here != phrase)
        if waiting and here != phrase:
            denied = False
            waiting = False
        clause, phrase = part, here
        if "@no" in tags:
            negated.append(denied)
            waiting, listing = not conditional, False
        elif "@through" in tags:
            negated.append(denied)
        elif "@and" in tags and listing:
            negated.append(False)
            waiting = True
        else:
            negated.append(denied)
            waiting, listing = False, denied and done
        conditional = "@ifword" in tags
    return negated


def _denied(path: Sequence[int], reading: Reading) -> bool:
    own = [p for p in path if "@no" in reading.tags[p]]
    first_own = min(own, default=len(reading.tags))
    return any(reading.negated[p] for p in path if p <= first_own)


def _place(scope: str, position: int, reading: Reading) -> int:
    if scope == "message":
        return 0
    return reading.places[position][("phrase", "clause", "sentence").index(scope)]


def _skips_a_child(path: Sequence[int], end: int, reading: Reading) -> bool:
    return any("@child" in reading.tags[p] for p in range(path[0], end) if p not in path)


def _roots(wanted: Tags, sources: Sequence[tuple[Pattern, str]]) -> Tags:
    """The tags of single words without which none of the `wanted` tags can appear."""
    roots = set(wanted)
    for _ in range(3):
        roots |= {tag for pattern, name in sources if name in roots for tag in pattern.anchor}
    return frozenset(roots) or NOTHING

"""Loads `locales/*/words.toml`, the word lists that language people edit, as one set of tables.

The lists of all languages are merged, because people mix languages in one sentence. What a word
does to a reply is decided in `conversations`; here the lists are read, and refused when they
contradict each other.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from types import MappingProxyType


class WordListError(ValueError):
    """A word list cannot be used; the message names the file and the word."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what each written form means, longest phrase first.

    >>> numbers = Table.of({"dua belas": "12", "dua": "2"})
    >>> numbers.at(("umur", "dua", "belas"), 1)
    ('12', 2)
    >>> numbers.at(("umur", "dua", "belas"), 0)
    """

    meanings: Mapping[str, str]
    lengths: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, meanings: Mapping[str, str]) -> "Table":
        phrases = sorted(tuple(phrase.split(" ")) for phrase in meanings)
        lengths = {
            first: tuple(sorted({len(phrase) for phrase in group}, reverse=True))
            for first, group in groupby(phrases, key=lambda phrase: phrase[0])
        }
        return cls(MappingProxyType(dict(meanings)), MappingProxyType(lengths))

    def at(self, words: tuple[str, ...], start: int) -> tuple[str, int] | None:
        """The meaning of the longest phrase beginning at `start`, and how many words it takes."""
        for length in self.lengths.get(words[start], ()):
            phrase = words[start] if length == 1 else " ".join(words[start : start + length])
            if (meaning := self.meanings.get(phrase)) is not None and start + length <= len(words):
                return meaning, length
        return None

    def get(self, word: str) -> str | None:
        return self.meanings.get(word)

    def __contains__(self, word: str) -> bool:
        return word in self.meanings

    def meaning(self, key: str) -> frozenset[str]:
        """Every written form listed under `key`."""
        return frozenset(form for form, meant in self.meanings.items() if meant == key)


@dataclass(frozen=True, slots=True)
class Words:
    """All lists of all languages, merged."""

    tables: Mapping[str, Table]
    ambiguous: frozenset[str]

    def __getitem__(self, table: str) -> Table:
        return self.tables[table]

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every single word of every table; a typing error is corrected only towards these."""
        forms = (form for table in self.tables.values() for form in table.meanings)
        standard = self.tables["spelling"].meanings.values()
        return self.ambiguous.union(standard, *(form.split(" ") for form in forms))


@cache
def words() -> Words:
    """The lists of this installation, read once.

    >>> words()["numbers"].get("pitung")
    '7'
    >>> "enten" in words().ambiguous
    True
    """
    folders = sorted(files("locales").iterdir(), key=lambda folder: folder.name)
    lists = [(f"locales/{folder.name}/words.toml", folder / "words.toml") for folder in folders]
    return merge((name, file.read_text("utf-8")) for name, file in lists if file.is_file())


def merge(sources: Iterable[tuple[str, str]]) -> Words:
    """Merge word lists given as (file name, TOML text).

    A word has one meaning per table; one named under `[ambiguous]` in any list has none.
    Phrases are kept in standard spelling, so "ora usah" is found where somebody typed "gak usah".

    >>> merge([("a.toml", '[answers]\\nyes = ["ha"]'), ("b.toml", '[answers]\\nno = ["ha"]')])
    Traceback (most recent call last):
    locales.words.WordListError: b.toml: "ha" in [answers] means "no" here, but "yes" in a.toml; \
keep one meaning, or list the word under [ambiguous]
    """
    parsed = [(name, _parse(name, text)) for name, text in sources]
    ambiguous = frozenset(word for _, lists in parsed for word in lists.get("ambiguous", {}))
    meanings: dict[str, dict[str, tuple[str, str]]] = {"spelling": {}}
    for name, lists in parsed:
        _add(name, "spelling", lists.get("spelling", {}), meanings["spelling"], ambiguous, {})
    spelling = {form: standard for form, (standard, _) in meanings["spelling"].items()}
    for name, lists in parsed:
        for table, entries in lists.items():
            if table not in ("ambiguous", "spelling"):
                _add(name, table, entries, meanings.setdefault(table, {}), ambiguous, spelling)
    tables = {
        table: Table.of({form: meaning for form, (meaning, _) in forms.items()})
        for table, forms in meanings.items()
    }
    return Words(MappingProxyType(tables), ambiguous)


def _parse(name: str, text: str) -> dict[str, dict[str, list[str] | str]]:
    try:
        lists = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{name}: not valid TOML: {error}"
        raise WordListError(message) from error
    for table, entries in lists.items():
        if not isinstance(entries, dict):
            message = f'{name}: "{table}" stands outside a [table]'
            raise WordListError(message)
    return lists


def _add(
    name: str,
    table: str,
    entries: Mapping[str, list[str] | str],
    known: dict[str, tuple[str, str]],
    ambiguous: frozenset[str],
    spelling: Mapping[str, str],
) -> None:
    for meaning, forms in entries.items():
        if not isinstance(forms, list) or not all(isinstance(form, str) for form in forms):
            message = f'{name}: "{meaning}" in [{table}] must be a list of words in quotation marks'
            raise WordListError(message)
        for form in forms:
            if form != " ".join(form.lower().split()) or not form:
                message = f'{name}: "{form}" in [{table}] must be lower case with single spaces'
                raise WordListError(message)
            standard = " ".join(spelling.get(word, word) for word in form.split(" "))
            earlier, where = known.setdefault(standard, (meaning, name))
            if earlier != meaning and form not in ambiguous:
                message = (
                    f'{name}: "{form}" in [{table}] means "{meaning}" here, but "{earlier}" in '
                    f"{where}; keep one meaning, or list the word under [ambiguous]"
                )
                raise WordListError(message)
    for form in ambiguous & known.keys():
        del known[form]

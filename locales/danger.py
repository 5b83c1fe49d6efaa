"""Reads the danger.toml of every language into one lexicon and names the entry that is wrong.

What the entries mean for a message is decided in conversations/danger/; how to edit them is told
in docs/danger-words.md. People mix languages in one sentence, so all languages are read as one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

SCOPES = ("phrase", "clause", "sentence", "message")
SECTIONS = ("verbs", "words", "marks", "masks", "guards", "rules")


class LexiconError(ValueError):
    """An entry of a danger.toml cannot be used; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Guard:
    """One of `when` keeps hits of `classes` (all, when empty) in the same `scope` quiet."""

    id: str
    when: tuple[str, ...]
    scope: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One of `when` raises `cls` at `level`, unless one of `unless` stands in the same phrase."""

    id: str
    cls: str
    level: str
    when: tuple[str, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The lists of all languages together; values are as written, not yet normalised."""

    verbs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    masks: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    rules: tuple[Rule, ...] = ()


@cache
def load() -> Lexicon:
    """Read every locales/*/danger.toml; raises LexiconError."""
    folders = sorted(files("locales").iterdir(), key=lambda folder: folder.name)
    sources = {
        f"locales/{folder.name}/danger.toml": folder.joinpath("danger.toml")
        for folder in folders
        if folder.is_dir() and folder.joinpath("danger.toml").is_file()
    }
    return read({name: source.read_text("utf-8") for name, source in sources.items()})


def read(sources: Mapping[str, str]) -> Lexicon:
    """Read TOML texts by file name into one lexicon.

    >>> read({"x.toml": '[words]\\nchild = "anak"'})
    Traceback (most recent call last):
    locales.danger.LexiconError: x.toml: words.child must be a list of texts, not 'anak'
    """
    verbs: dict[str, tuple[str, ...]] = {}
    words: dict[str, tuple[str, ...]] = {}
    marks: dict[str, tuple[str, ...]] = {}
    masks: tuple[str, ...] = ()
    guards: list[Guard] = []
    rules: list[Rule] = []
    for name, text in sources.items():
        content = _parse(name, text)
        for section, target in (("verbs", verbs), ("words", words), ("marks", marks)):
            table = content.get(section, {})
            if not isinstance(table, dict):
                raise LexiconError(f"{name}: [{section}] must be a table of lists")
            for key, value in table.items():
                found = _texts(value, f"{name}: {section}.{key}")
                target[key] = target.get(key, ()) + found
        masks += _texts(content.get("masks", {}).get("phrases", []), f"{name}: masks.phrases")
        guards += [_guard(entry, f"{name}: guard {n}") for n, entry in _entries(content, "guards")]
        rules += [_rule(entry, f"{name}: rule {n}") for n, entry in _entries(content, "rules")]
    _refuse_doubles([rule.id for rule in rules] + [guard.id for guard in guards])
    _refuse_doubles([*verbs, *words, *marks])
    return Lexicon(verbs, words, marks, masks, tuple(guards), tuple(rules))


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LexiconError(f"{name}: not valid TOML: {error}") from error
    for section in content:
        if section not in SECTIONS:
            raise LexiconError(f"{name}: unknown section {section!r}, expected one of {SECTIONS}")
    return content


def _entries(content: dict[str, Any], section: str) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(content.get(section, []), start=1))


def _guard(entry: dict[str, Any], where: str) -> Guard:
    _check_keys(entry, {"id", "when", "scope"}, {"classes"}, where)
    where = f"{where} ({entry['id']})"
    if entry["scope"] not in SCOPES:
        raise LexiconError(f"{where}: scope must be one of {SCOPES}, not {entry['scope']!r}")
    return Guard(
        id=str(entry["id"]),
        when=_texts(entry["when"], f"{where}: when"),
        scope=entry["scope"],
        classes=_texts(entry.get("classes", []), f"{where}: classes"),
    )


def _rule(entry: dict[str, Any], where: str) -> Rule:
    _check_keys(entry, {"id", "class", "level", "when"}, {"unless"}, where)
    where = f"{where} ({entry['id']})"
    return Rule(
        id=str(entry["id"]),
        cls=str(entry["class"]),
        level=str(entry["level"]),
        when=_texts(entry["when"], f"{where}: when"),
        unless=_texts(entry.get("unless", []), f"{where}: unless"),
    )


def _check_keys(entry: dict[str, Any], needed: set[str], allowed: set[str], where: str) -> None:
    if missing := needed - entry.keys():
        raise LexiconError(f"{where}: {', '.join(sorted(missing))} missing")
    if strange := entry.keys() - needed - allowed:
        raise LexiconError(f"{where}: unknown key {', '.join(sorted(strange))}")


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise LexiconError(f"{where} must be a list of texts, not {value!r}")
    for item in value:
        if not isinstance(item, str) or not item.strip():
            raise LexiconError(f"{where}: {item!r} is not a text")
    return tuple(value)


def _refuse_doubles(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise LexiconError(
                f"{name!r} is used twice; every list, guard and rule needs its own name"
            )

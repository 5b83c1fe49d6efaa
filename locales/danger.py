"""Reads the danger.toml of every language into one lexicon and names the entry that is wrong.

What the entries mean for a message is decided in conversations/danger/; how to edit them is told
in docs/danger-words.md. People mix languages in one sentence, so all languages are read as one.
"""

from __future__ import annotations

import json
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

SCOPES = ("phrase", "clause", "sentence", "message")
SECTIONS = ("verbs", "words", "marks", "masks", "guards", "rules", "fields")


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
    """One of `when` raises `cls` at `level`, unless one of `unless` stands in the same phrase.

    A rule that `yields` is KUNING where the model takes the message for plain everyday talk; None:
    every rule but MERAH does.
    """

    id: str
    cls: str
    level: str
    when: tuple[str, ...]
    unless: tuple[str, ...]
    yields: bool | None = None


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
    _check_keys(entry, {"id", "class", "level", "when"}, {"unless", "yields"}, where)
    where = f"{where} ({entry['id']})"
    yields = entry.get("yields")
    if yields is not None and not isinstance(yields, bool):
        raise LexiconError(f"{where}: yields must be true or false, not {yields!r}")
    return Rule(
        id=str(entry["id"]),
        cls=str(entry["class"]),
        level=str(entry["level"]),
        when=_texts(entry["when"], f"{where}: when"),
        unless=_texts(entry.get("unless", []), f"{where}: unless"),
        yields=yields,
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


@dataclass(frozen=True, slots=True)
class Weights:
    """What the trainer learnt: for "urgent" and for every class one signed byte for each feature.

    A byte times `scale` is the weight; `bias` is what a message without any feature has. Scores at
    or above `alarm` alarm, at or above `sure` with the level of their class; below
    `calm` it is everyday talk.
    """

    vectors: Mapping[str, memoryview]
    scale: Mapping[str, float]
    bias: Mapping[str, float]
    alarm: float
    sure: float
    calm: float


@cache
def load_fields() -> Mapping[str, tuple[str, ...]]:
    """The fields of meaning of danger_fields.toml; raises LexiconError."""
    name = "locales/danger_fields.toml"
    content = _parse(name, files("locales").joinpath("danger_fields.toml").read_text("utf-8"))
    return {field: _texts(words, f"{name}: {field}") for field, words in content["fields"].items()}


def load_weights() -> Weights:
    """The trained weights; raises LexiconError when the file is damaged."""
    return read_weights(files("locales").joinpath("danger_weights.bin").read_bytes())


def read_weights(content: bytes) -> Weights:
    """Unpack what `pack_weights` made; raises LexiconError.

    >>> read_weights(b"torn")
    Traceback (most recent call last):
    locales.danger.LexiconError: danger_weights.bin is damaged; train it anew
    """
    try:
        head, _, body = zlib.decompress(content).partition(b"\n")
        about = json.loads(head)
        size = len(body) // len(about["names"])
        return Weights(
            {
                name: memoryview(body[n * size : (n + 1) * size]).cast("b")
                for n, name in enumerate(about["names"])
            },
            dict(zip(about["names"], about["scale"], strict=True)),
            dict(zip(about["names"], about["bias"], strict=True)),
            about["alarm"],
            about["sure"],
            about["calm"],
        )
    except (zlib.error, ValueError, KeyError) as error:
        raise LexiconError("danger_weights.bin is damaged; train it anew") from error


def pack_weights(weights: Weights) -> bytes:
    """The content of danger_weights.bin; the same weights always make the same bytes."""
    about = {
        "names": list(weights.vectors),
        "scale": list(weights.scale.values()),
        "bias": list(weights.bias.values()),
        "alarm": weights.alarm,
        "sure": weights.sure,
        "calm": weights.calm,
    }
    body = b"".join(bytes(vector.cast("B")) for vector in weights.vectors.values())
    return zlib.compress(json.dumps(about).encode() + b"\n" + body, 9)

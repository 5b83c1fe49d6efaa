"""Every text the programme says: there, short, kind, with the same placeholders everywhere."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import conversations
from locales import UnknownTextError, catalogue, hotlines, languages, say

FORBIDDEN = re.compile(r"\b(kamu|anda|tkw|tki|yatim|korban|ditinggal orang tua)\b", re.IGNORECASE)


def keys_in_the_code() -> set[str]:
    """Keys that conversations ask for by name."""
    folder = Path(conversations.__file__).parent
    found: set[str] = set()
    for source in folder.glob("*.py"):
        text = source.read_text(encoding="utf-8")
        found |= set(re.findall(r"(?:\bsay|\.text)\(\s*\"([a-z][a-z_.0-9]*)\"", text))
        found |= set(re.findall(r"\"((?:reason|kind)\.[a-z_]+)\"", text))
    return found


def test_every_text_that_the_code_asks_for_exists() -> None:
    assert len(keys_in_the_code()) > 60
    assert keys_in_the_code() - set(catalogue("id")) == set()


@pytest.mark.parametrize("language", sorted(languages()))
def test_texts_are_short_and_kind(language: str) -> None:
    for key, text in catalogue(language).items():
        assert len(text) <= 300, key
        assert not FORBIDDEN.search(text), key


@pytest.mark.parametrize("language", sorted(set(languages()) - {"id"}))
def test_translations_use_the_same_placeholders(language: str) -> None:
    for key, text in catalogue(language).items():
        assert placeholders(text) == placeholders(catalogue("id")[key]), key


def test_a_language_without_a_text_speaks_indonesian() -> None:
    assert "all_right" not in catalogue("jv")
    assert say("all_right", "jv", sapaan="Mbah") == say("all_right", "id", sapaan="Mbah")


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(UnknownTextError):
        say("no.such.text")


def test_only_known_numbers_are_named() -> None:
    assert {line.number for line in hotlines()} == {"129", "110", "119", "119 ext 8"}
    said = " ".join(catalogue("id").values())
    assert set(re.findall(r"\b\d{3,}\b", said)) <= {"119", "129", "0001"}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}

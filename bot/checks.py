"""`kawan check`: what staff and language people write, tried before a grandmother meets it.

The checks of a single sheet are in conversations/form/check.py; here it is decided what is looked
at, and every problem becomes one line that begins with the file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Final

from conversations import danger
from conversations.form import check_source
from locales import FALLBACK, catalogue, hotlines, languages
from locales import danger as lexicon
from locales.calendar import CalendarError, Ramadan, ramadans
from locales.tips import TipError, tips
from locales.words import WordListError, words

LONGEST_MESSAGE: Final = 300
ROOM: Final = 12
"""Characters that a filled placeholder is reckoned to take."""

A_YEAR: Final = timedelta(days=366)

_KINDS: Final = (".md", ".xlsx", ".csv")
_SPEAKS: Final = frozenset({"say", "text"})
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, in words, and every problem found."""

    looked_at: str
    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    """What somebody should look after soon; nothing is wrong yet."""


def files(paths: Iterable[Path]) -> Checked:
    """These question sheets."""
    named = tuple(paths)
    return Checked(f"{len(named)} lembar", tuple(line for path in named for line in _file(path)))


def everything(today: date | None = None) -> Checked:
    """Every shipped form, catalogue, tip, word list, danger word, telephone line, the calendar."""
    folder = resources.files("conversations") / "forms"
    sheets = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(_KINDS))
    problems = [
        f"{name}: {problem}"
        for name in sheets
        for problem in check_source((folder / name).read_bytes(), name)
    ]
    problems += [*_catalogues(), *_tips(), *_lists()]
    looked_at = f"{len(sheets)} lembar, {len(languages())} bahasa"
    try:
        warnings = tuple(outdated(ramadans(), today or datetime.now(UTC).date()))
    except CalendarError as error:
        return Checked(looked_at, (*problems, str(error)))
    return Checked(looked_at, tuple(problems), warnings)


def outdated(known: Sequence[Ramadan], today: date) -> Iterator[str]:
    """What of the calendar will soon be missing, and what nobody has compared yet."""
    name = "locales/calendar.toml"
    if not known or known[-1].last < today + A_YEAR:
        yield f"{name}: Ramadan tahun depan belum ada; tambahkan"
    for one in known:
        if not one.checked and one.last >= today:
            yield (
                f"{name}: Ramadan {one.hijri} ({one.first} sampai {one.last}) masih perhitungan;"
                " cocokkan setelah sidang isbat"
            )
            return


def _file(path: Path) -> Iterator[str]:
    if path.suffix.lower() not in _KINDS:
        yield f"{path}: berkas harus berakhiran {', '.join(_KINDS)}"
        return
    try:
        source = path.read_bytes()
    except OSError as error:
        yield f"{path}: tidak dapat dibaca ({error.strerror})"
        return
    for problem in check_source(source, path.name):
        yield f"{path}: {problem}"


def _catalogues() -> Iterator[str]:
    original = catalogue(FALLBACK)
    for key, place in sorted(keys_used().items()):
        if key.endswith("."):
            if not any(known.startswith(key) for known in original):
                yield f"locales/{FALLBACK}/messages.po: {key}… tidak ada, dipakai di {place}"
        elif key not in original:
            yield f"locales/{FALLBACK}/messages.po: {key} tidak ada, dipakai di {place}"
    for language in languages():
        for key, said in catalogue(language).items():
            yield from (
                f"locales/{language}/messages.po: {key}: {problem}"
                for problem in _faults(said, original.get(key))
            )


def _faults(said: str, original: str | None) -> Iterator[str]:
    if original is None:
        yield f"kunci ini tidak ada di bahasa {FALLBACK}"
        return
    try:
        here, there = placeholders(said), placeholders(original)
    except ValueError:
        yield "tanda { atau } tidak berpasangan"
        return
    if here != there:
        yield f"isian {_listed(here)} berbeda dari aslinya {_listed(there)}"
    if (length := reckoned_length(said)) > LONGEST_MESSAGE:
        yield f"{length} huruf, paling panjang {LONGEST_MESSAGE}"


def placeholders(said: str) -> frozenset[str]:
    """The names in braces.

    >>> sorted(placeholders("({n} dari {total})"))
    ['n', 'total']
    """
    return frozenset(name for _, name, _, _ in Formatter().parse(said) if name is not None)


def reckoned_length(said: str) -> int:
    """Characters of a message with every placeholder filled.

    >>> reckoned_length("Halo {sapaan}!")
    18
    """
    return sum(
        len(literal) + (ROOM if name is not None else 0)
        for literal, name, _, _ in Formatter().parse(said)
    )


def keys_used() -> Mapping[str, str]:
    """Every text that the code asks for, and the file that does; `weekday.` is a whole family."""
    found: dict[str, str] = {}
    for package in ("conversations", "bot"):
        root = Path(str(resources.files(package)))
        for path in sorted(root.rglob("*.py")):
            for key in _keys_in(path.read_text("utf-8")):
                found.setdefault(key, f"{package}/{path.relative_to(root)}")
    return found


def _keys_in(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and node.args and _name(node.func) in _SPEAKS):
            continue
        match node.args[0]:
            case ast.Constant(value=str(key)) if _KEY.fullmatch(key):
                yield key
            case ast.JoinedStr(values=[ast.Constant(value=str(begin)), *_]) if begin.endswith("."):
                yield begin


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _tips() -> Iterator[str]:
    for language in languages():
        try:
            tips(language, drafts=True)
        except TipError as error:
            yield f"locales/{language}/tips/{error}"


def _lists() -> Iterator[str]:
    try:
        words()
    except WordListError as error:
        yield str(error)
    try:
        danger.find("coba")
    except (lexicon.LexiconError, ValueError) as error:
        yield str(error)
    try:
        if not hotlines():
            yield "locales/hotlines.toml: tidak ada nomor"
    except (ValueError, TypeError) as error:
        yield f"locales/hotlines.toml: {error}"


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "(tidak ada)"

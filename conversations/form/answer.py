"""Answers to a form's questions, as XForms strings: what each kind accepts, how a person reads it.

What a typed reply means is reading.py's business; here it is already an answer.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, time
from enum import StrEnum
from functools import lru_cache

from babel.core import UnknownLocaleError
from babel.dates import format_date

from conversations.form.model import Labels, Option, Question, Type


class Refusal(StrEnum):
    """Why an answer will not do when the sheet has no message of its own: keys of locales/."""

    REQUIRED = "form.required"
    CONSTRAINT = "form.constraint"
    INTEGER = "form.integer"
    DECIMAL = "form.decimal"
    DATE = "form.date"
    TIME = "form.time"
    CHOICE = "form.choice"
    ACKNOWLEDGE = "form.acknowledge"
    YES_NO = "form.yes_no"


_SELECTS = frozenset({Type.SELECT_ONE, Type.SELECT_MULTIPLE})

_KINDS: dict[Type, tuple[re.Pattern[str], Callable[[str], object], Refusal]] = {
    Type.INTEGER: (re.compile(r"-?[0-9]{1,15}"), int, Refusal.INTEGER),
    Type.DECIMAL: (re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?"), float, Refusal.DECIMAL),
    Type.DATE: (
        re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        date.fromisoformat,
        Refusal.DATE,
    ),
    Type.TIME: (
        re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{3})?)?"),
        time.fromisoformat,
        Refusal.TIME,
    ),
    Type.ACKNOWLEDGE: (re.compile("OK"), str, Refusal.ACKNOWLEDGE),
    Type.AGAIN: (re.compile("yes|no"), str, Refusal.YES_NO),
}


def refusal_of(kind: Type, value: str, options: Sequence[Option]) -> Refusal | None:
    """Why the string is no answer to this kind of question; None when it is one.

    >>> refusal_of(Type.DATE, "2026-02-30", ())
    <Refusal.DATE: 'form.date'>
    >>> refusal_of(Type.INTEGER, "12", ()) is None
    True
    """
    if kind in _SELECTS:
        chosen = value.split(" ") if kind is Type.SELECT_MULTIPLE else [value]
        fine = {option.name for option in options}.issuperset(chosen)
        return None if fine and len(set(chosen)) == len(chosen) else Refusal.CHOICE
    if kind not in _KINDS:
        return None
    pattern, parse, refusal = _KINDS[kind]
    if not pattern.fullmatch(value):
        return refusal
    try:
        parse(value)
    except ValueError:
        return refusal
    return None


def in_language(texts: Labels, language: str) -> str:
    """The text in this language, else in Indonesian; empty when there is none.

    >>> in_language({"id": "Siapa?", "jv": "Sinten?"}, "mad")
    'Siapa?'
    """
    return texts.get(language) or texts.get("id", "")


_NAME = re.compile(r"\$\{\s*([A-Za-z_][\w.-]*)\s*\}")


@lru_cache(maxsize=4096)
def pieces(text: str) -> tuple[str, ...]:
    """A text cut at its names: text, name, text, name … text.

    >>> pieces("Umur ${nama}?")
    ('Umur ', 'nama', '?')
    """
    return tuple(_NAME.split(text))


def readable(question: Question, answer: str, language: str) -> str:
    """An answer as a person reads it, in a label or to confirm it.

    >>> pertanyaan = Question("t", "t", Type.DATE, 2, {}, {}, {}, {}, {})
    >>> readable(pertanyaan, "2026-11-21", "id")
    '21 November 2026'
    """
    kind = question.type
    if kind in _SELECTS:
        labels = {option.name: option.labels for option in question.options}
        chosen = answer.split(" ")
        return ", ".join(in_language(labels.get(name, {}), language) or name for name in chosen)
    if kind is Type.DATE:
        return _long_date(answer, language)
    if kind is Type.TIME:
        return answer[:5].replace(":", ".")
    if kind is Type.DECIMAL:
        return answer.replace(".", ",")
    return answer


def _long_date(answer: str, language: str) -> str:
    try:
        day = date.fromisoformat(answer)
        return str(format_date(day, "d MMMM y", locale=language))
    except ValueError:
        return answer
    except UnknownLocaleError:
        return _long_date(answer, "id")

"""The texts of a form as a person will read them: complete, short, kind, with names that are known.

The limits are the promise of the programme: a message of at most 300 characters, in plain warm
words that fit everyone.
"""

import re
from collections.abc import Iterator, Sequence

from conversations.form.answer import in_language, pieces
from conversations.form.columns import Faults
from conversations.form.expression import ExpressionError, compile_expression
from conversations.form.model import Form, Group, Labels, Option, Question, Type
from conversations.form.names import Item, Names

LONGEST_MESSAGE = 300
MOST_OPTIONS = 20
PLACEHOLDER = "x" * 12
"""What a ${name} counts for in the length of a message."""

_UNKIND = re.compile(r"\b(kamu|anda)\b", re.IGNORECASE)
_QUESTION_TEXTS = {
    "label": "labels",
    "hint": "hints",
    "simpler": "simpler",
    "required_message": "required_messages",
    "constraint_message": "constraint_messages",
}


def check_texts(form: Form, items: Sequence[Item], names: Names) -> None:
    """Report every text of the form that must not be said."""
    faults, seen = names.faults, set[int]()
    for item in items:
        for column, texts in _texts(item.of):
            _check_indonesian(item.of, column, texts, faults)
            for language, text in texts.items():
                _check_wording("survey", item.of.row, _heading(column, language), text, faults)
                _check_names(item, _heading(column, language), text, names)
        if isinstance(item.of, Question):
            _check_length(item.of, form.languages, faults)
            new = [option for option in item.of.options if option.row not in seen]
            seen.update(option.row for option in new)
            _check_options(new, faults)


def _texts(of: Question | Group) -> Iterator[tuple[str, Labels]]:
    if isinstance(of, Group):
        yield "label", of.labels
        return
    for column, attribute in _QUESTION_TEXTS.items():
        yield column, getattr(of, attribute)


def _heading(column: str, language: str) -> str:
    return column if language == "id" else f"{column} ({language})"


def _check_indonesian(of: Question | Group, column: str, texts: Labels, faults: Faults) -> None:
    silent = isinstance(of, Group) or of.type is Type.CALCULATE
    needed = texts or (column == "label" and not silent)
    if needed and not texts.get("id"):
        faults.add("survey", of.row, column, "teks bahasa Indonesia (id) belum ada")


def _check_wording(sheet: str, row: int, column: str, text: str, faults: Faults) -> None:
    unkind = _UNKIND.search(text)
    if unkind:
        message = f'kata "{unkind[1]}" tidak dipakai; sapa dengan Ibu, Bapak, Mbah atau nama'
        faults.add(sheet, row, column, message)


def _check_names(item: Item, column: str, text: str, names: Names) -> None:
    cut = pieces(text)
    for name in cut[1::2]:
        names.check(item, column, name)
    if any("${" in piece for piece in cut[::2]):
        message = "tanda ${ di sini tidak ditutup atau namanya tidak sah"
        names.faults.add("survey", item.of.row, column, message)


def _check_options(options: Sequence[Option], faults: Faults) -> None:
    for option in options:
        if not option.labels.get("id"):
            faults.add("choices", option.row, "label", "teks bahasa Indonesia (id) belum ada")
        for language, text in option.labels.items():
            column = _heading("label", language)
            _check_wording("choices", option.row, column, text, faults)
            if text[0].isdigit():
                message = "pilihan tidak boleh diawali angka, supaya tidak tertukar dengan nomornya"
                faults.add("choices", option.row, column, message)
            if "${" in text:
                faults.add("choices", option.row, column, "pilihan tidak dapat memuat ${…}")


def _check_length(question: Question, languages: Sequence[str], faults: Faults) -> None:
    lists = _shown_together(question)
    most = max(map(len, lists))
    if most > MOST_OPTIONS:
        message = f"{most} pilihan sekaligus; paling banyak {MOST_OPTIONS}, pakai choice_filter"
        faults.add("survey", question.row, "type", message)
    for language in languages:
        for column, texts in _texts(question):
            options = max(_printed(options, language) for options in lists)
            with_options = options if column in ("label", "simpler") else 0
            said = in_language(texts, language)
            length = len(PLACEHOLDER.join(pieces(said)[::2])) + with_options
            if said and length > LONGEST_MESSAGE:
                listed = " bersama pilihannya" if with_options else ""
                message = f"{length} huruf{listed}; paling banyak {LONGEST_MESSAGE}"
                faults.add("survey", question.row, _heading(column, language), message)


def _printed(options: Sequence[Option], language: str) -> int:
    lines = (
        f"\n{number}. {in_language(option.labels, language)}"
        for number, option in enumerate(options, start=1)
    )
    return sum(map(len, lines))


def _shown_together(question: Question) -> list[list[Option]]:
    """The lists one person may see: a choice_filter shows options alike in its columns."""
    try:
        columns = compile_expression(question.choice_filter).attributes - {"name"}
    except ExpressionError:
        columns = frozenset()
    groups: dict[tuple[str, ...], list[Option]] = {}
    for option in question.options:
        key = tuple(option.attributes.get(column, "") for column in sorted(columns))
        groups.setdefault(key, []).append(option)
    return list(groups.values()) or [[]]

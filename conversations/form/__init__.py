"""Reads a question sheet (XLSForm as Markdown, .xlsx or .csv) into a Form, or refuses it.

Whatever would fail in front of a person is refused here with sheet, row and column, all of it at
once; pyxform converts the same cells, so that an accepted sheet also loads into KoBo. The checks
that need the finished form are in check.py, filling a form is in instance.py.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

from conversations.form import check as form_check
from conversations.form.columns import (
    PLAIN,
    SETTINGS,
    TRANSLATED,
    Columns,
    Faults,
    duration,
    language_code,
    read_columns,
    suggestion,
    yes_or_no,
)
from conversations.form.model import (
    Form,
    FormError,
    Group,
    Labels,
    Option,
    Problem,
    Question,
    Type,
)
from conversations.form.sheet import Sheet, read_sheets
from conversations.form.survey import Survey

__all__ = [
    "Form",
    "FormError",
    "Group",
    "Labels",
    "Option",
    "Problem",
    "Question",
    "Type",
    "check_source",
    "read_form",
]


def read_form(source: bytes, name: str, *, checked: bool = False) -> Form:
    """The form in a file of this name (its ending says how to read it); raises FormError.

    A sheet that was `checked` before, as those that come with the programme are by its tests, is
    not converted by pyxform again: that would be a sixth of a service's memory for nothing.

    >>> sheet = '''
    ... | survey |
    ... |        | type | name | label                 |
    ... |        | text | nama | Siapa nama panggilan? |
    ... '''
    >>> [question.path for question in read_form(sheet.encode(), "sapa.md").questions()]
    ['nama']
    """
    form, problems = _read(source, name, checked=checked)
    if problems:
        raise FormError(problems)
    return form


def check_source(source: bytes, name: str) -> tuple[Problem, ...]:
    """Every reason to refuse this file; none when it can be used."""
    try:
        return tuple(_read(source, name)[1])
    except FormError as error:
        return error.problems


def _read(source: bytes, name: str, *, checked: bool = False) -> tuple[Form, list[Problem]]:
    sheets, cell_problems = read_sheets(source, name)
    faults = Faults(cell_problems)
    for sheet in sheets:
        if sheet not in ("survey", "choices", "settings") and not sheet.startswith("_"):
            known = ("survey", "choices", "settings")
            faults.add(sheet, 0, "", f"lembar ini tidak dikenal{suggestion(sheet, known)}")
    if "survey" not in sheets:
        faults.add("survey", 0, "", "lembar survey tidak ada atau kosong")
        raise FormError(faults.found)
    form = _form(sheets, PurePath(name).stem, faults)
    if not checked:
        faults.found += form_check.problems(form, thorough=not faults.found)
        _convert(sheets, form.name, faults)
    return form, sorted(set(faults.found))


def _form(sheets: Mapping[str, Sheet], stem: str, faults: Faults) -> Form:
    empty = Sheet("", (), ())
    choices = sheets.get("choices", empty)
    columns = read_columns(sheets["survey"], PLAIN, TRANSLATED, faults)
    choice_columns = read_columns(choices, ("list_name", "name"), ("label",), faults, extras=True)
    lists = _choice_lists(choices, choice_columns, faults)
    survey = Survey(sheets["survey"], columns, lists, faults)
    body = survey.read()
    _unused_choices(choices, choice_columns, lists, survey, faults)
    languages = dict.fromkeys(("id", *columns.languages(), *choice_columns.languages()))
    settings = _settings(sheets.get("settings", empty), faults)
    spoken = language_code(settings.get("default_language", "id"))
    if spoken not in languages:
        message = "bahasa ini tidak ada di kolom label mana pun"
        faults.add("settings", 2, "default_language", message)
    return Form(
        name=settings.get("form_id", stem),
        title=settings.get("form_title", settings.get("form_id", stem)),
        version=settings.get("version", ""),
        hash=_content_hash(sheets),
        languages=tuple(languages),
        settings=MappingProxyType(settings),
        body=body,
        default_language=spoken or "id",
        review=yes_or_no(settings.get("review", "")) or False,
        nudge_after=duration(settings.get("nudge_after", "")),
        expires_after=duration(settings.get("expires_after", "")),
    )


def _content_hash(sheets: Mapping[str, Sheet]) -> str:
    """The same for one form as Markdown, .xlsx or .csv: blank rows and layout do not count."""
    content = [
        [name, sheets[name].headers, [sorted(row.cells.items()) for row in rows]]
        for name in ("survey", "choices", "settings")
        if name in sheets and (rows := [row for row in sheets[name].rows if row.cells])
    ]
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _settings(sheet: Sheet, faults: Faults) -> dict[str, str]:
    columns = read_columns(sheet, SETTINGS, (), faults)
    rows = [row for row in sheet.rows if row.cells]
    for row in rows[1:]:
        faults.add("settings", row.number, "", "lembar settings hanya boleh berisi satu baris")
    if not rows:
        return {}
    first = rows[0]
    found = {name: cell for name in SETTINGS if (cell := columns.cell(first, name))}
    for name in ("nudge_after", "expires_after"):
        if name in found and duration(found[name]) is None:
            message = 'tulis lamanya seperti "2 hours" atau "3 days", paling lama setahun'
            faults.add("settings", first.number, name, message)
    if "review" in found:
        review = yes_or_no(found["review"])
        if review is None:
            faults.add("settings", first.number, "review", 'tulis "yes" atau "no"')
        found["review"] = "yes" if review else "no"
    return found


def _choice_lists(sheet: Sheet, columns: Columns, faults: Faults) -> dict[str, tuple[Option, ...]]:
    lists: dict[str, dict[str, Option]] = {}
    for row in sheet.rows:
        if not row.cells:
            continue
        list_name, name = columns.cell(row, "list_name"), columns.cell(row, "name")
        if not list_name:
            faults.add("choices", row.number, "list_name", "nama daftar pilihan masih kosong")
        if not name or re.search(r"\s", name):
            faults.add("choices", row.number, "name", "nama pilihan harus diisi, tanpa spasi")
            continue
        options = lists.setdefault(list_name, {})
        if name in options:
            message = f'pilihan "{name}" sudah ada di daftar {list_name}'
            faults.add("choices", row.number, "name", message)
            continue
        extra = {column: row.cells.get(column, "") for column in columns.extra}
        options[name] = Option(name, columns.texts(row, "label"), extra, row.number)
    return {list_name: tuple(options.values()) for list_name, options in lists.items()}


def _unused_choices(
    sheet: Sheet,
    columns: Columns,
    lists: Mapping[str, tuple[Option, ...]],
    survey: Survey,
    faults: Faults,
) -> None:
    """A column or list nobody uses is most often a misspelt one."""
    for column in columns.extra:
        if not any(re.search(rf"\b{re.escape(column)}\b", used) for used in survey.filters):
            near = suggestion(column, ("list_name", "name", "label"))
            message = f"kolom ini tidak dipakai choice_filter mana pun{near}"
            faults.add(sheet.name, 1, column, message)
    for name in lists.keys() - survey.used_lists:
        if name:
            message = f"daftar {name} tidak dipakai pertanyaan mana pun"
            faults.add(sheet.name, lists[name][0].row, "list_name", message)


_ROW = re.compile(r"\[row : (\d+)\]")
_COLUMN = re.compile(r"the '([a-z_]+)' value")


def _convert(sheets: Mapping[str, Sheet], name: str, faults: Faults) -> None:
    """Let pyxform convert the same cells; its complaint counts where ours did not see it."""
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    workbook: dict[str, object] = {"sheet_names": list(sheets), "fallback_form_name": name}
    for sheet in sheets.values():
        workbook[sheet.name] = [dict(cells) for cells in _by_row_number(sheet)]
        workbook[f"{sheet.name}_header"] = [dict.fromkeys(sheet.headers)]
    known = {key: workbook[key] for key in workbook if key.removesuffix("_header") in _CONVERTED}
    try:
        convert(known)
    except (PyXFormError, ValueError, KeyError, TypeError, AttributeError) as error:
        row = _ROW.search(str(error))
        number = int(row[1]) if row else 0
        if number in {problem.row for problem in faults.found} or (faults.found and not number):
            return
        column = _COLUMN.search(str(error))
        message = f"pyxform (KoBo) menolaknya: {error}"
        faults.add("survey", number, column[1] if column else "", message)


_CONVERTED = ("survey", "choices", "settings", "sheet_names", "fallback_form_name")


def _by_row_number(sheet: Sheet) -> list[Mapping[str, str]]:
    """The rows with the blank ones in their places, for pyxform counts them."""
    last = max((row.number for row in sheet.rows), default=1)
    cells = {row.number: row.cells for row in sheet.rows}
    return [cells.get(number, {}) for number in range(2, last + 1)]

"""What the columns and cells of a form's sheets may say: headings, types, settings, durations.

Each function takes a cell and reports what it cannot accept to a `Faults`; building the form from
the rows is form.py's business.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from rapidfuzz import fuzz, process

from conversations.form.model import Labels, Problem, Type
from conversations.form.sheet import Row, Sheet

PLAIN = (
    "type",
    "name",
    "required",
    "relevant",
    "constraint",
    "calculation",
    "default",
    "choice_filter",
    "appearance",
    "repeat_count",
)
TRANSLATED = ("label", "hint", "simpler", "required_message", "constraint_message")
SETTINGS = (
    "form_id",
    "form_title",
    "version",
    "default_language",
    "review",
    "nudge_after",
    "expires_after",
)

_ANSWERED = frozenset((*PLAIN, *TRANSLATED)) - {"calculation", "repeat_count", "choice_filter"}
_OPEN_GROUP = frozenset({"type", "name", "label", "relevant", "appearance"})
ALLOWED: Mapping[str, frozenset[str]] = {
    **{kind.value: _ANSWERED for kind in Type if kind is not Type.AGAIN},
    "select_one": _ANSWERED | {"choice_filter"},
    "select_multiple": _ANSWERED | {"choice_filter"},
    "note": frozenset({"type", "name", "label", "hint", "relevant", "appearance"}),
    "calculate": frozenset({"type", "name", "calculation", "relevant"}),
    "begin group": _OPEN_GROUP,
    "begin repeat": _OPEN_GROUP | {"repeat_count"},
    "end group": frozenset({"type", "name"}),
    "end repeat": frozenset({"type", "name"}),
}


@dataclass(slots=True)
class Faults:
    """Collects the problems of one workbook."""

    found: list[Problem] = field(default_factory=list)

    def add(self, sheet: str, row: int, column: str, message: str) -> None:
        self.found.append(Problem(sheet, row, column, message))


@dataclass(frozen=True, slots=True)
class Columns:
    """Which header of a sheet is which column, and in which language."""

    plain: Mapping[str, str]
    translated: Mapping[str, Mapping[str, str]]
    extra: tuple[str, ...] = ()

    def cell(self, row: Row, column: str) -> str:
        return row.cells.get(self.plain.get(column, ""), "")

    def texts(self, row: Row, column: str) -> Labels:
        headers = self.translated.get(column, {})
        return {code: row.cells[header] for code, header in headers.items() if header in row.cells}

    def header(self, column: str, language: str = "id") -> str:
        """The column as the sheet writes it, for a message."""
        return self.plain.get(column) or self.translated.get(column, {}).get(language, column)

    def languages(self) -> tuple[str, ...]:
        """Codes in the order of the sheet, Indonesian first."""
        codes = dict.fromkeys(code for headers in self.translated.values() for code in headers)
        return tuple(sorted(codes, key=lambda code: code != "id"))


def read_columns(
    sheet: Sheet,
    plain: Collection[str],
    translated: Collection[str],
    faults: Faults,
    *,
    extras: bool = False,
) -> Columns:
    """Sort the headers of a sheet; unknown ones are a problem unless `extras` may be kept."""
    known = (*plain, *translated)
    plain_headers: dict[str, str] = {}
    translations: dict[str, dict[str, str]] = {}
    extra: list[str] = []
    for header in sheet.headers:
        base, marker, language = header.partition("::")
        column = re.sub(r"\s+", "_", base.strip().lower())
        code = language_code(language) if marker else "id"
        if column not in known:
            if extras and re.fullmatch(r"[A-Za-z_][\w.-]*", header):
                extra.append(header)
            else:
                faults.add(sheet.name, 1, header, f"kolom tidak dikenal{suggestion(base, known)}")
        elif column in plain:
            if marker:
                faults.add(sheet.name, 1, header, "kolom ini tidak boleh memakai bahasa")
            elif column in plain_headers:
                faults.add(sheet.name, 1, header, f"kolom {column} ada dua kali")
            plain_headers.setdefault(column, header)
        elif code is None:
            message = f'tulis kode bahasa dalam kurung, misalnya "{column}::Bahasa Indonesia (id)"'
            faults.add(sheet.name, 1, header, message)
        elif code in translations.setdefault(column, {}):
            faults.add(sheet.name, 1, header, f"kolom {column} untuk bahasa {code} ada dua kali")
        else:
            translations[column][code] = header
    return Columns(plain_headers, translations, tuple(extra))


def language_code(language: str) -> str | None:
    """The code of a heading's language.

    >>> language_code("Bahasa Indonesia (id)"), language_code("jv"), language_code("Jawa")
    ('id', 'jv', None)
    """
    found = re.search(r"\(([A-Za-z]{2,3})\)\s*$", language) or re.fullmatch(
        r"\s*([a-z]{2,3})\s*", language
    )
    return found[1].lower() if found else None


def suggestion(word: str, known: Collection[str]) -> str:
    """`; maksudnya relevant?` when a known word is near.

    >>> suggestion("relevent", PLAIN), suggestion("xyz", PLAIN)
    ('; maksudnya relevant?', '')
    """
    near = process.extractOne(
        re.sub(r"\s+", "_", word.strip().lower()), list(known), scorer=fuzz.ratio, score_cutoff=70
    )
    return f"; maksudnya {near[0]}?" if near else ""


_SELECT = re.compile(
    r"(?:(select[_ ]one(?: from)?)|select_multiple|select all that apply(?: from)?) (\S+)(.*)"
)
_BRACKET = re.compile(r"(begin|end)[ _](group|repeat)")


def read_type(cell: str) -> tuple[str, str] | str:
    """Type and choice list of a survey row, or why the type is refused.

    >>> read_type("select one from ya_tidak"), read_type("begin_repeat")
    (('select_one', 'ya_tidak'), ('begin repeat', ''))
    >>> read_type("interger")
    'jenis "interger" tidak didukung; maksudnya integer?'
    """
    words = " ".join(cell.split())
    bracket = _BRACKET.fullmatch(words)
    if bracket:
        return f"{bracket[1]} {bracket[2]}", ""
    select = _SELECT.fullmatch(words)
    if select and not select[3]:
        return ("select_one" if select[1] else "select_multiple"), select[2]
    if select:
        return (
            f'"{select[3].strip()}" tidak didukung; tambahkan pilihan "Lainnya" di lembar choices'
        )
    if words in ALLOWED and not words.startswith("select"):
        return words, ""
    if words.startswith("select") and " " not in words:
        return f'jenis "{cell}" harus menyebut daftar pilihan, misalnya select_one ya_tidak'
    return f'jenis "{cell}" tidak didukung{suggestion(words, ALLOWED)}'


_YES = frozenset({"yes", "true", "true()", "ya", "1"})
_NO = frozenset({"", "no", "false", "false()", "tidak", "0"})


def required_expression(cell: str) -> str:
    """`true()` for yes, nothing for no, and an expression as it is."""
    return "true()" if cell.lower() in _YES else "" if cell.lower() in _NO else cell


def yes_or_no(cell: str) -> bool | None:
    return True if cell.lower() in _YES else False if cell.lower() in _NO else None


_UNITS = {
    **dict.fromkeys(("minute", "minutes", "menit"), timedelta(minutes=1)),
    **dict.fromkeys(("hour", "hours", "jam"), timedelta(hours=1)),
    **dict.fromkeys(("day", "days", "hari"), timedelta(days=1)),
    **dict.fromkeys(("week", "weeks", "minggu"), timedelta(weeks=1)),
}
_LONGEST = timedelta(days=365)


def duration(cell: str) -> timedelta | None:
    """How long, None when it cannot be read or is not between a minute and a year.

    >>> duration("2 hours"), duration("3 hari"), duration("sebentar")
    (datetime.timedelta(seconds=7200), datetime.timedelta(days=3), None)
    """
    found = re.fullmatch(r"([0-9]{1,4})\s+([a-z]+)", cell.strip().lower())
    if not found or found[2] not in _UNITS or not int(found[1]):
        return None
    length = int(found[1]) * _UNITS[found[2]]
    return length if length <= _LONGEST else None

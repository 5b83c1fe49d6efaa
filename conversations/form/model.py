"""What a form is once it has been read: questions, groups, options, and the faults of a sheet.

Values only. How a sheet becomes a form is in form.py, how a form is filled in instance.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Type(StrEnum):
    """The question types of XLSForm that a conversation can ask, and `again` of its own."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    TIME = "time"
    SELECT_ONE = "select_one"
    SELECT_MULTIPLE = "select_multiple"
    NOTE = "note"
    CALCULATE = "calculate"
    ACKNOWLEDGE = "acknowledge"
    IMAGE = "image"
    AUDIO = "audio"
    AGAIN = "again"
    """Not in a sheet: asks after a repeat's turn whether there is another one (yes or no)."""


Labels = Mapping[str, str]
"""A text by language code, such as {"id": "Siapa namanya?", "jv": "Sinten asmanipun?"}."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a question; `attributes` are the extra columns a choice_filter may use."""

    name: str
    labels: Labels
    attributes: Mapping[str, str]
    row: int


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the survey sheet that holds an answer (or, as a note, none).

    `path` is the place without turns: `anak/nama`. `required`, `relevant`, `constraint`,
    `calculation` and `choice_filter` are expressions, empty when the cell is; `required` is
    `true()` for a plain yes. `row` counts as a spreadsheet does: the header is row 1.
    """

    name: str
    path: str
    type: Type
    row: int
    labels: Labels
    hints: Labels
    simpler: Labels
    constraint_messages: Labels
    required_messages: Labels
    required: str = ""
    relevant: str = ""
    constraint: str = ""
    calculation: str = ""
    default: str = ""
    choice_filter: str = ""
    appearance: str = ""
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that belong together; with `repeat` they are asked once for every child, visit …

    `repeat_count` is the expression for the number of turns; without it a person is asked after
    each turn whether there is another one.
    """

    name: str
    path: str
    repeat: bool
    row: int
    labels: Labels
    relevant: str
    repeat_count: str
    appearance: str
    body: "tuple[Question | Group, ...]"


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A question sheet. Two forms are equal when their content is (`hash`)."""

    name: str
    title: str
    version: str
    hash: str
    languages: tuple[str, ...]
    settings: Mapping[str, str]
    body: tuple[Question | Group, ...]
    default_language: str = "id"
    review: bool = False
    nudge_after: timedelta | None = None
    expires_after: timedelta | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Form) and (self is other or self.hash == other.hash)

    def __hash__(self) -> int:
        return hash(self.hash)

    def questions(self) -> Iterator[Question]:
        """All questions in the order of the sheet, those in groups too."""
        return _questions(self.body)


def _questions(body: Sequence[Question | Group]) -> Iterator[Question]:
    for item in body:
        if isinstance(item, Group):
            yield from _questions(item.body)
        else:
            yield item


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Why a sheet is refused, and where.

    >>> print(Problem("survey", 7, "relevant", "fungsi umr() tidak dikenal"))
    Lembar survey, baris 7, kolom relevant: fungsi umr() tidak dikenal
    """

    sheet: str
    row: int
    column: str
    message: str

    def __str__(self) -> str:
        place = [f"Lembar {self.sheet}"] if self.sheet else []
        place += [f"baris {self.row}"] if self.row else []
        place += [f"kolom {self.column}"] if self.column else []
        return f"{', '.join(place) or 'Berkas'}: {self.message}"


class FormError(ValueError):
    """A sheet that must not reach a person; `problems` names every reason found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)

"""Goes down the survey sheet of a form, row by row, and makes its questions and groups.

What a single cell may say is in columns.py; what only the whole form shows, in check.py.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conversations.form.columns import ALLOWED, Columns, Faults, read_type, required_expression
from conversations.form.model import Group, Option, Question, Type
from conversations.form.sheet import Row, Sheet

_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_SELECTS = (Type.SELECT_ONE, Type.SELECT_MULTIPLE)
_NO_EFFECT_IN_CHAT = ("table-list", "list-nolabel", "label", "search(")


@dataclass(slots=True)
class _OpenGroup:
    kind: str
    row: Row
    body: list[Question | Group]


class Survey:
    """One reading of a survey sheet; `used_lists` and `filters` say what it asks of choices."""

    def __init__(
        self,
        sheet: Sheet,
        columns: Columns,
        lists: Mapping[str, tuple[Option, ...]],
        faults: Faults,
    ) -> None:
        self.used_lists: set[str] = set()
        self.filters: list[str] = []
        self._sheet, self._columns, self._lists, self._faults = sheet, columns, lists, faults
        self._names: dict[str, int] = {}
        self._top: list[Question | Group] = []
        self._open: list[_OpenGroup] = []

    def read(self) -> tuple[Question | Group, ...]:
        for row in self._sheet.rows:
            if row.cells:
                self._read_row(row)
        for group in self._open:
            self._fault(group.row, "type", f'"{group.kind}" ini tidak pernah ditutup')
        if not self._top and not self._open:
            self._faults.add("survey", 0, "", "lembar survey tidak berisi pertanyaan")
        return tuple(self._top)

    def _read_row(self, row: Row) -> None:
        cell = self._columns.cell(row, "type")
        read = read_type(cell) if cell else "jenis pertanyaan (type) masih kosong"
        if isinstance(read, str):
            self._fault(row, "type", read)
            return
        kind, list_name = read
        self._refuse_other_columns(row, kind)
        if kind.startswith("end"):
            self._close(row, kind)
            return
        self._take_name(row)
        if any(
            word in self._columns.cell(row, "appearance").split() for word in _NO_EFFECT_IN_CHAT
        ):
            self._fault(row, "appearance", "tampilan tabel tidak dapat dipakai dalam percakapan")
        if kind.startswith("begin"):
            if kind == "begin repeat" and any(group.kind == kind for group in self._open):
                self._fault(row, "type", "repeat di dalam repeat tidak didukung")
            self._open.append(_OpenGroup(kind, row, []))
        else:
            self._body().append(self._question(row, Type(kind), list_name))

    def _body(self) -> list[Question | Group]:
        return self._open[-1].body if self._open else self._top

    def _close(self, row: Row, kind: str) -> None:
        wanted = kind.replace("end", "begin")
        if not self._open or self._open[-1].kind != wanted:
            self._fault(row, "type", f'"{kind}" tanpa "{wanted}" yang cocok di atasnya')
            return
        path = self._path()
        group = self._open.pop()
        if not group.body:
            self._fault(group.row, "type", "kelompok ini kosong")
        columns = self._columns
        self._body().append(
            Group(
                name=columns.cell(group.row, "name"),
                path=path,
                repeat=wanted == "begin repeat",
                row=group.row.number,
                labels=columns.texts(group.row, "label"),
                relevant=columns.cell(group.row, "relevant"),
                repeat_count=columns.cell(group.row, "repeat_count"),
                appearance=columns.cell(group.row, "appearance"),
                body=tuple(group.body),
            )
        )

    def _path(self, *name: str) -> str:
        return "/".join([*(self._columns.cell(g.row, "name") for g in self._open), *name])

    def _question(self, row: Row, kind: Type, list_name: str) -> Question:
        columns = self._columns
        name = columns.cell(row, "name")
        if kind is Type.CALCULATE and not columns.cell(row, "calculation"):
            self._fault(row, "calculation", "rumus calculation masih kosong")
        question = Question(
            name=name,
            path=self._path(name),
            type=kind,
            row=row.number,
            labels=columns.texts(row, "label"),
            hints=columns.texts(row, "hint"),
            simpler=columns.texts(row, "simpler"),
            constraint_messages=columns.texts(row, "constraint_message"),
            required_messages=columns.texts(row, "required_message"),
            required=required_expression(columns.cell(row, "required")),
            relevant=columns.cell(row, "relevant"),
            constraint=columns.cell(row, "constraint"),
            calculation=columns.cell(row, "calculation"),
            default=columns.cell(row, "default"),
            choice_filter=columns.cell(row, "choice_filter"),
            appearance=columns.cell(row, "appearance"),
            options=self._options(row, list_name) if kind in _SELECTS else (),
        )
        if question.constraint_messages and not question.constraint:
            self._fault(row, "constraint_message", "pesan ini tidak punya constraint")
        if question.required_messages and not question.required:
            self._fault(row, "required_message", "pesan ini tidak punya required")
        if question.choice_filter:
            self.filters.append(question.choice_filter)
        return question

    def _options(self, row: Row, list_name: str) -> tuple[Option, ...]:
        self.used_lists.add(list_name)
        if list_name not in self._lists:
            self._fault(row, "type", f'daftar pilihan "{list_name}" tidak ada di lembar choices')
        return self._lists.get(list_name, ())

    def _refuse_other_columns(self, row: Row, kind: str) -> None:
        columns = self._columns
        present = {
            **{column: columns.cell(row, column) for column in columns.plain},
            **{column: columns.texts(row, column) for column in columns.translated},
        }
        for column, content in present.items():
            if content and column not in ALLOWED[kind] and content not in ("no", "false"):
                self._fault(row, column, f"kolom ini tidak berlaku untuk baris {kind}")

    def _take_name(self, row: Row) -> None:
        name = self._columns.cell(row, "name")
        if not name:
            self._fault(row, "name", "nama masih kosong")
        elif not _NAME.fullmatch(name):
            message = f'nama "{name}" hanya boleh berisi huruf, angka, _ dan -, diawali huruf'
            self._fault(row, "name", message)
        elif name in self._names:
            message = f'nama "{name}" sudah dipakai di baris {self._names[name]}'
            self._fault(row, "name", message)
        self._names.setdefault(name, row.number)

    def _fault(self, row: Row, column: str, message: str) -> None:
        self._faults.add("survey", row.number, self._columns.header(column), message)

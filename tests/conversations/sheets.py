"""Small question sheets for tests, as Markdown."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from conversations.form import Form, Problem, check_source, read_form
from conversations.form.instance import Instance

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone(timedelta(hours=7)))

ROW = "text | nama | Siapa?"


def read(sheet: str) -> Form:
    return read_form(sheet.encode(), "contoh.md")


def filled(
    form: Form, answers: Mapping[str, str] | None = None, facts: Mapping[str, str] | None = None
) -> Instance:
    return Instance(form, answers or {}, facts or {}, NOW)


def refused(sheet: str) -> tuple[Problem, ...]:
    return check_source(sheet.encode(), "contoh.md")


def survey(*rows: str, columns: str = "type | name | label", more: str = "") -> str:
    lines = "\n".join(f"| | {row} |" for row in rows)
    return f"| survey |\n| | {columns} |\n{lines}\n{more}"


YES_NO = """
| choices |
| | list_name | name  | label |
| | yt        | ya    | Ya    |
| | yt        | tidak | Belum |
"""

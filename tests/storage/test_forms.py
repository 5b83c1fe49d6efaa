"""Sheets: found by content for ever, chosen by name."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import pytest
from sqlalchemy import Connection, select

from conversations.form import read_form
from storage import forms, schema
from storage.database import Database
from tests.storage.builders import NOW, count

UPLOADED = """
| survey |
|        | type | name  | label::Bahasa Indonesia (id) |
|        | text | kabar | Apa kabarnya minggu ini?      |
| settings |
|        | form_id | form_title | version | default_language      |
|        | {name}  | Kabar      | {version} | Bahasa Indonesia (id) |
"""


def uploaded(name: str = "kabar_desa", version: str = "1") -> forms.Sheet:
    source = UPLOADED.format(name=name, version=version).encode()
    return forms.read(source, f"{name}.md")


def test_every_shipped_sheet_is_read_once() -> None:
    sheets = forms.shipped()

    assert {"daftar", "lapor", "cek_0_2", "cek_3_5", "cek_6_12", "cek_13_17"} <= sheets.keys()
    assert forms.shipped() is sheets
    assert all(name == sheet.form.name for name, sheet in sheets.items())


async def test_a_shipped_sheet_is_found_without_the_database(database: Database) -> None:
    shipped = forms.shipped()["daftar"].form

    found = await database.read(lambda c: forms.by_hash(c, shipped.hash))

    assert found is shipped


@pytest.fixture
def after_a_restart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is kept in memory, as when the process has just begun."""
    monkeypatch.setattr(forms, "_read", {})
    forms.shipped.cache_clear()
    yield
    forms.shipped.cache_clear()


@pytest.mark.usefixtures("after_a_restart")
async def test_the_first_question_after_a_start_reads_the_shipped_sheets(
    database: Database,
) -> None:
    source = resources.files("conversations") / "forms" / "daftar.md"
    hash_ = read_form(source.read_bytes(), "daftar.md").hash

    found = await database.read(lambda c: forms.by_hash(c, hash_))

    assert found.name == "daftar"


@pytest.mark.usefixtures("after_a_restart")
async def test_a_stored_sheet_is_found_after_a_restart(database: Database) -> None:
    sheet = uploaded()
    await database.write(lambda c: forms.remember(c, sheet, NOW))
    forms._read.clear()

    found = await database.read(lambda c: forms.by_hash(c, sheet.form.hash))

    assert found == sheet.form
    assert await database.read(lambda c: forms.by_hash(c, sheet.form.hash)) is found


async def test_an_unknown_sheet_is_an_error_that_names_it(database: Database) -> None:
    with pytest.raises(forms.UnknownFormError, match="f00"):
        await database.read(lambda c: forms.by_hash(c, "f00"))
    with pytest.raises(forms.UnknownFormError, match="tidak_ada"):
        await database.read(lambda c: forms.newest(c, "tidak_ada"))


async def test_new_interviews_begin_with_the_chosen_sheet_until_the_shipped_one_is_chosen(
    database: Database,
) -> None:
    sheet = uploaded("daftar", "9")

    def unit(conn: Connection) -> list[str]:
        seen = [forms.newest(conn, "daftar").version]
        forms.choose(conn, sheet, NOW)
        seen.append(forms.newest(conn, "daftar").version)
        forms.choose_shipped(conn, "daftar")
        return [*seen, forms.newest(conn, "daftar").version]

    before, chosen, after = await database.write(unit)

    assert chosen == "9"
    assert before == after == forms.shipped()["daftar"].form.version


async def test_a_sheet_is_kept_when_an_interview_begins_with_it(database: Database) -> None:
    shipped = forms.shipped()["daftar"]

    def unit(conn: Connection) -> tuple[str, bytes]:
        name = forms.remember_begun(conn, shipped.form.hash, NOW)
        forms.remember_begun(conn, shipped.form.hash, NOW)
        return name, bytes(conn.execute(select(schema.forms.c.source)).scalar_one())

    assert await database.write(unit) == ("daftar", shipped.source)


async def test_an_uploaded_sheet_that_begins_is_not_kept_a_second_time(database: Database) -> None:
    sheet = uploaded("daftar", "8")

    def unit(conn: Connection) -> int:
        forms.choose(conn, sheet, NOW)
        forms.remember_begun(conn, sheet.form.hash, NOW)
        return count(conn, schema.forms)

    assert await database.write(unit) == 1

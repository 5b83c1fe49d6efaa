"""What staff take out: codes without names, names only for a reason, no cell that runs."""

from __future__ import annotations

import csv
import io
import json
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from sqlalchemy import Connection

from conversations.dialogue import Interview
from storage import audit, export_files, exports, forms, interviews, people, tasks
from storage.database import Database
from storage.export_files import FileFormat
from storage.exports import CLOSED_TO_VIEW, Row, What
from tests.storage.builders import HOUR, NOW, a_caregiver, a_checkin, a_child, a_task

CHECKIN = {"sehat": "sakit_ringan", "pesan": "Adi sering menangis", "makan": "", "lama/x": "Siti"}
FORMULA = "=HYPERLINK(1)"


def taken(conn: Connection, what: What, reason: str = "") -> list[Row]:
    found = exports.export(conn, what, actor=audit.COMMAND, now=NOW, reason=reason)
    return [{column: row[column] for column in found.columns} for row in found.rows]


def a_household(conn: Connection, name: str = "Siti") -> None:
    village = people.add_village(conn, "Ledokombo", "JBR", zone="Asia/Makassar")
    mbah = a_caregiver(conn, name=name, village_id=village)
    adi = a_child(conn, mbah)
    form = forms.shipped()["cek_3_5"].form.hash
    a_checkin(conn, mbah, adi, CHECKIN, form=form, partial=True)
    a_task(conn, mbah, child=adi)
    tasks.change(conn, "JBR-26-0001", None, tasks.ACCEPTED, "", NOW + HOUR / 2)


async def test_answers_have_codes_labels_and_local_times(database: Database) -> None:
    def unit(conn: Connection) -> list[Row]:
        a_household(conn)
        return taken(conn, What.ANSWERS)

    rows = {row["question"]: row for row in await database.write(unit)}

    sehat = rows["sehat"]
    assert (sehat["value"], sehat["label"]) == ("sakit_ringan", "Sakit ringan")
    assert (sehat["person"], sehat["child"]) == ("P-0001", "A-0001")
    assert (sehat["village"], sehat["answered_at"]) == ("Ledokombo", "2026-11-18 20:15")
    assert (sehat["partial"], sehat["spoken_by"]) == ("yes", "P-0001")
    assert rows["makan"]["value"] == ""
    assert "person_name" not in sehat


async def test_own_words_and_unknown_questions_are_closed_without_a_reason(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[Row], list[Row]]:
        a_household(conn)
        return taken(conn, What.ANSWERS), taken(conn, What.ANSWERS, "audit KPAI")

    closed, shown = await database.write(unit)

    values = {row["question"]: row["value"] for row in closed}
    assert values["pesan"] == values["lama/x"] == CLOSED_TO_VIEW
    opened = {row["question"]: row for row in shown}
    assert opened["pesan"]["value"] == "Adi sering menangis"
    assert (opened["pesan"]["person_name"], opened["pesan"]["child_nickname"]) == ("Siti", "Adi")


async def test_that_somebody_reported_something_is_seen_only_for_a_reason(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[Row], list[Row]]:
        mbah = a_caregiver(conn)
        for form, answers in (("lapor", {"apa": "tidak_pantas"}), ("sesudah", {"pilihan": "luar"})):
            told = Interview(form, form, forms.shipped()[form].form.hash, started_at=NOW)
            interviews.start(conn, mbah.id, told, form, NOW)
            interviews.finish(conn, form, answers, partial=False, typed_by=mbah.id, now=NOW)
        return taken(conn, What.ANSWERS), taken(conn, What.ANSWERS, "audit KPAI")

    closed, shown = await database.write(unit)

    assert closed == []
    assert [row["value"] for row in shown] == ["tidak_pantas", "luar"]


async def test_answers_of_a_lost_sheet_are_closed_but_still_counted(database: Database) -> None:
    def unit(conn: Connection) -> list[Row]:
        a_checkin(conn, a_caregiver(conn), None, {"sehat": "sehat"}, form="gone")
        return taken(conn, What.ANSWERS)

    [row] = await database.write(unit)

    assert (row["value"], row["label"], row["partial"]) == (CLOSED_TO_VIEW, "", "no")


async def test_several_choices_have_several_labels(database: Database) -> None:
    source = (
        "| survey |\n| | type | name | label::Bahasa Indonesia (id) |\n"
        "| | select_multiple siapa | siapa | Siapa saja di rumah? |\n"
        "| choices |\n| | list_name | name | label::Bahasa Indonesia (id) |\n"
        "| | siapa | nenek | Nenek |\n| | siapa | bibi | Bibi |\n"
        "| settings |\n| | form_id | form_title | version | default_language |\n"
        "| | rumah | Rumah | 1 | Bahasa Indonesia (id) |\n"
    )
    sheet = forms.read(source.encode(), "rumah.md")

    def unit(conn: Connection) -> list[Row]:
        answers = {"siapa": "nenek bibi"}
        a_checkin(conn, a_caregiver(conn), None, answers, form=sheet.form.hash)
        return taken(conn, What.ANSWERS)

    [row] = await database.write(unit)

    assert (row["value"], row["label"]) == ("nenek bibi", "Nenek; Bibi")


async def test_contacts_are_codes_and_with_a_reason_people(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[Row], list[Row]]:
        a_household(conn)
        return taken(conn, What.CONTACTS), taken(conn, What.CONTACTS, "undangan")

    [closed], [shown] = await database.write(unit)

    assert "name" not in closed
    assert (closed["person"], closed["children"]) == ("P-0001", "1")
    assert (closed["salutation"], closed["registered_at"]) == ("Mbah", "2026-11-18 20:15")
    assert (shown["name"], shown["addresses"]) == ("Siti", "telegram 62812")
    assert shown["child_nicknames"] == "Adi"


async def test_concerns_have_hours_and_with_a_reason_words(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[Row], list[Row]]:
        a_household(conn)
        return taken(conn, What.CONCERNS), taken(conn, What.CONCERNS, "rapat kasus")

    [closed], [shown] = await database.write(unit)

    assert (closed["code"], closed["status"]) == ("JBR-26-0001", "accepted")
    assert (closed["hours_to_accept"], closed["hours_to_close"]) == ("0.5", "")
    assert "content" not in closed
    assert shown["content"] == "Adi dipukul tetangga"


async def test_a_concern_about_nobody_known_is_exported_too(database: Database) -> None:
    def unit(conn: Connection) -> list[Row]:
        a_task(conn, None)
        return taken(conn, What.CONCERNS)

    [row] = await database.write(unit)

    assert (row["person"], row["child"], row["village"]) == ("", "", "")


async def test_names_are_taken_out_on_the_record(database: Database) -> None:
    def unit(conn: Connection) -> tuple[audit.Entry, ...]:
        exports.export(conn, What.CONTACTS, actor=audit.COMMAND, now=NOW, reason="  ")
        exports.export(conn, What.ANSWERS, actor=audit.COMMAND, now=NOW, reason=" audit KPAI ")
        return audit.latest(conn, 9)

    [entry] = await database.write(unit)

    assert (entry.actor, entry.action) == ("command", "exported with names")
    assert (entry.subject, entry.reason) == ("answers", "audit KPAI")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r="])
async def test_no_cell_of_a_csv_runs(database: Database, sign: str) -> None:
    def unit(conn: Connection) -> tuple[int, str]:
        a_household(conn, name=f"{sign}1+1")
        return _file(conn, FileFormat.CSV)

    rows, text = await database.write(unit)

    assert rows == 1
    assert text.startswith("\ufeffperson,")
    [row] = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert row["name"] == f"'{sign}1+1"


async def test_no_cell_of_a_workbook_runs(database: Database) -> None:
    def unit(conn: Connection) -> bytes:
        a_household(conn, name=f"{FORMULA}\x01")
        file = io.BytesIO()
        found = exports.export(conn, What.CONTACTS, actor=audit.COMMAND, now=NOW, reason="undangan")
        assert export_files.write(found, FileFormat.XLSX, file) == 1
        return file.getvalue()

    book = await database.write(unit)

    sheet = load_workbook(io.BytesIO(book))["kawan"]
    header, row = sheet.iter_rows()
    name = row[[cell.value for cell in header].index("name")]
    assert (name.value, name.data_type) == (FORMULA, "s")
    assert b"<f>" not in ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml")


async def test_json_lines_keep_every_sign(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, str]:
        a_household(conn, name=FORMULA)
        return _file(conn, FileFormat.JSONL)

    _, text = await database.write(unit)

    assert json.loads(text)["name"] == FORMULA


@pytest.mark.parametrize("what", What)
@pytest.mark.parametrize("file_format", FileFormat)
async def test_an_empty_export_is_a_file_with_nobody_in_it(
    database: Database, what: What, file_format: FileFormat
) -> None:
    def unit(conn: Connection) -> int:
        found = exports.export(conn, what, actor=audit.COMMAND, now=NOW)
        return export_files.write(found, file_format, io.BytesIO())

    assert await database.write(unit) == 0


async def test_a_plain_export_only_reads(database: Database) -> None:
    await database.write(a_household)

    assert len(await database.read(lambda c: taken(c, What.CONTACTS))) == 1


def _file(conn: Connection, file_format: FileFormat) -> tuple[int, str]:
    file = io.BytesIO()
    found = exports.export(conn, What.CONTACTS, actor=audit.COMMAND, now=NOW, reason="undangan")
    rows = export_files.write(found, file_format, file)
    return rows, file.getvalue().decode()


async def test_a_concern_is_exported_with_what_was_added_to_it_later(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        mbah = a_caregiver(conn)
        a_task(conn, mbah, content="Adi dipukul tetangga")
        tasks.extend(conn, "JBR-26-0001", mbah.id, "aman: belum", None, NOW)
        taken = exports.export(conn, What.CONCERNS, actor="command", now=NOW, reason="rujukan")
        return [row["content"] for row in taken.rows]

    assert await database.write(unit) == ["Adi dipukul tetangga\naman: belum"]

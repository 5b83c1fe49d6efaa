"""`kawan duty` and `kawan staff phone`: the roster by command, read back, and what is refused."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import orjson
import pytest
from sqlalchemy import Connection, select
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import Settings
from conversations.dialogue import Role
from storage import audit, schema, shifts, staff
from tests.bot.offices import Office
from tests.bot.offices import office as desk
from tests.bot.typed import kawan, write
from tests.storage.builders import NOW, a_caregiver, a_member, known

__all__ = ["desk"]

WHOLE_DAY = ("--from", "00.00", "--to", "00.00", "--day", "setiap hari")


@pytest.fixture
def office(folder: Settings) -> Settings:
    """A folder with Mas Dimas and Mbak Rina, who have joined, and Bu Baru, who has not."""

    def unit(conn: Connection) -> None:
        for number, name in enumerate(("Mas Dimas", "Mbak Rina")):
            a_member(conn, name, f"80{number}")
        staff.add(conn, "Bu Baru", Role.STAFF, NOW)

    write(folder, unit)
    return folder


def test_a_weekly_duty_is_added_and_listed_by_day(office: Settings) -> None:
    added = kawan(
        "duty", "add", "Mas Dimas", "--day", "jumat-minggu", "--from", "06:00", "--to", "18.00"
    )

    assert added == "Mas Dimas jaga: nomor 1, 2, 3. Lihat jam yang kosong: kawan duty check"
    rows = [re.split(r" {2,}", line) for line in kawan("duty", "list").split("\n")]
    assert rows[1][:6] == ["1", "Mas Dimas", "Jumat", "06.00", "18.00", "1"]
    assert [row[2] for row in rows[1:]] == ["Jumat", "Sabtu", "Minggu"]


def test_a_single_day_is_added(office: Settings) -> None:
    kawan(
        "duty",
        "add",
        "2",
        "--date",
        "2030-12-25",
        "--from",
        "18.00",
        "--to",
        "06.00",
        "--rank",
        "2",
    )

    [listed] = orjson.loads(kawan("duty", "list", "--json"))

    assert (listed["name"], listed["day"], listed["rank"]) == ("Mbak Rina", "2030-12-25", 2)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("Mas Dimas", "--from", "6.00", "--to", "18.00"), "tulis hari"),
        (("Mas Dimas", "--day", "senen", "--from", "06.00", "--to", "18.00"), "senin-jumat"),
        (("Mas Dimas", "--day", "senin", "--from", "25.00", "--to", "18.00"), "belum jelas"),
        (("Bu Siapa", "--day", "senin", "--from", "06.00", "--to", "18.00"), "kawan staff list"),
        (("Bu Baru", "--day", "senin", "--from", "06.00", "--to", "18.00"), "belum dikirim"),
        (
            ("Mas Dimas", "--day", "senin", "--from", "06.00", "--to", "18.00", "--rank", "0"),
            "1 sampai 9",
        ),
        (
            ("Mas Dimas", "--date", "2020-01-01", "--from", "06.00", "--to", "18.00"),
            "sudah lewat",
        ),
        (
            (
                "1",
                "--date",
                "2030-01-01",
                "--until",
                "2031-01-01",
                "--from",
                "06.00",
                "--to",
                "9.00",
            ),
            "--until",
        ),
    ],
)
def test_what_cannot_be_a_duty_is_refused_with_what_would_be_right(
    office: Settings, arguments: tuple[str, ...], answer: str
) -> None:
    assert answer in kawan("duty", "add", *arguments)
    assert kawan("duty", "list").startswith("Belum ada daftar jaga.")


def test_the_same_duty_twice_is_refused_and_nothing_of_it_is_kept(office: Settings) -> None:
    given = ("duty", "add", "Mas Dimas", "--from", "06.00", "--to", "18.00", "--day")
    kawan(*given, "rabu")

    assert "sudah jaga Rabu" in kawan(*given, "senin-jumat")
    assert len(orjson.loads(kawan("duty", "list", "--json"))) == 1


def test_organisers_are_on_no_duty(office: Settings) -> None:
    def organiser(conn: Connection) -> None:
        person = a_caregiver(conn, "900")
        code = staff.add(conn, "Bu Acara", Role.ORGANISER, NOW)
        staff.join(conn, known(staff.by_code(conn, code, NOW)), person.id, NOW)

    write(office, organiser)

    assert "tidak menangani laporan" in kawan("duty", "add", "Bu Acara", *WHOLE_DAY)


def test_without_a_roster_the_check_prints_every_day_and_fails(office: Settings) -> None:
    done = CliRunner().invoke(app, ["duty", "check"], standalone_mode=False)

    lines = done.output.strip().split("\n")
    assert done.return_value == 1
    assert len(lines) == 15
    assert all(line.endswith("jaga 0") for line in lines)
    assert lines[1].split(": ")[1] == "00.00-24.00, jaga 0"


def test_with_two_at_every_hour_the_check_is_content(office: Settings) -> None:
    for name in ("Mas Dimas", "Mbak Rina"):
        kawan("duty", "add", name, *WHOLE_DAY)
    yesterday = (datetime.now(office.zone) - timedelta(days=1)).date()

    def since_yesterday(conn: Connection) -> None:
        conn.execute(schema.duties.update().values(first=yesterday.isoformat()))
        shifts.make(conn, datetime.now(office.zone), office.zone)

    write(office, since_yesterday)

    assert kawan("duty", "check") == "14 hari ke depan selalu ada dua orang yang jaga."


def test_who_is_on_duty_now_is_told_with_siap(office: Settings) -> None:
    assert kawan("duty", "now").startswith("Tidak ada yang jaga")
    kawan("duty", "add", "Mas Dimas", *WHOLE_DAY)

    [first, *_] = orjson.loads(kawan("duty", "now", "--json"))

    assert (first["name"], first["now"], first["ready"]) == ("Mas Dimas", True, False)
    assert "belum" in kawan("duty", "now")


def test_who_is_on_duty_is_told_with_her_telephone(office: Settings) -> None:
    kawan("duty", "add", "Mas Dimas", *WHOLE_DAY)
    kawan("staff", "phone", "Mas Dimas", "0812-3456-7890")

    [first, *_] = orjson.loads(kawan("duty", "now", "--json"))

    assert first["phone"] == "+6281234567890"
    assert "+6281234567890" in kawan("duty", "now")


def test_a_duty_is_removed_whole_or_one_day_of_it(office: Settings) -> None:
    kawan("duty", "add", "Mas Dimas", *WHOLE_DAY)
    day = (datetime.now(office.zone) + timedelta(days=8)).date()
    number = str(day.weekday() + 1)

    assert f"pada {day}" in kawan("duty", "remove", number, "--date", day.isoformat())
    assert "tidak mulai pada" in kawan("duty", "remove", number, "--date", day.isoformat())
    assert "tidak jaga lagi" in kawan("duty", "remove", number)
    assert "tidak ada jaga nomor" in kawan("duty", "remove", number)


def test_a_telephone_is_kept_for_who_has_joined_and_who_has_not(office: Settings) -> None:
    assert kawan("staff", "phone", "Mas Dimas", "0812-3456-7890") == "Mas Dimas: +6281234567890."
    assert "belum" not in kawan("staff", "phone", "Bu Baru", "0812-3456-7891")
    assert "tidak dimengerti" in kawan("staff", "phone", "Mas Dimas", "081")
    assert kawan("staff", "phone", "Mas Dimas", "") == "Mas Dimas: tanpa nomor telepon."
    kawan("staff", "add", "Mas Telepon", "--phone", "0812-3456-7892")

    def with_phone(conn: Connection) -> list[str]:
        names = select(schema.staff.c.name).where(schema.staff.c.phone.is_not(None))
        return sorted(conn.execute(names).scalars())

    assert write(office, with_phone) == ["Bu Baru", "Mas Telepon"]


def test_a_telephone_that_cannot_be_one_adds_nobody(office: Settings) -> None:
    assert "tidak dimengerti" in kawan("staff", "add", "Mas Telepon", "--phone", "abc")
    assert "Mas Telepon" not in kawan("staff", "list")


async def test_what_is_decided_is_recorded_without_a_number_of_a_telephone(desk: Office) -> None:
    await desk.write(lambda conn: a_member(conn))
    given = {"who": "Dimas", "begins": "06.00", "ends": "18.00", "rank": 1, "on": "", "last": ""}

    await desk.ask("duty_add", day="rabu", **given)
    await desk.ask("staff_phone", who="Dimas", number="0812-3456-7890")
    await desk.ask("duty_remove", number=1, on="")

    rows = await desk.write(lambda conn: audit.latest(conn, 3))
    assert [row.action for row in rows] == ["duty removed", "staff phone", "duty added"]
    assert not any("812" in f"{row.subject}{row.reason}" for row in rows)
    assert desk.woken == ["wake", "wake"]

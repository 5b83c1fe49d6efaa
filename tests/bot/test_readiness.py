"""What keeps a programme from serving real families: each thing that is missing, by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, update
from typer.testing import CliRunner

from bot import control, readiness
from bot.cli import app
from bot.settings import Settings
from conversations.concerns.case import Agency
from conversations.dialogue import PersonId
from locales import hotlines
from storage import bodies, directory, hotline_checks, people, schema, shifts, staff
from storage.database import Database
from storage.directory import FRESH, NewOffice
from storage.shifts import NewDuty
from tests.bot.offices import kawan as kawan
from tests.bot.services import TOKEN, running, settings
from tests.storage.builders import DAY, NOW, a_seat

TODAY = NOW.date()


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    return settings(tmp_path, telegram_token=TOKEN, organisation="Yayasan Contoh")


def complete(conn: Connection, now: datetime = NOW) -> None:
    """A programme that lacks nothing at this moment."""
    today = now.date()
    people.add_village(conn, "Ledokombo", "LDK", district="Jember")
    for agency in directory.REQUIRED:
        new = NewOffice(agency, "Kantor", "(0331) 487123", district="Jember", checked=today)
        directory.add(conn, new, now)
    for line in hotlines():
        hotline_checks.record(conn, line.key, today, "Rina")
    roles = {"Dimas": "staff", "Rina": "staff", "Ketua": "coordinator", "Luar": "focal"}
    for number, (name, role) in enumerate(roles.items()):
        person = a_member(conn, name, role, str(800 + number), now)
        if role == "staff":
            for weekday in range(7):
                on_duty(conn, person, weekday, now)


def a_member(conn: Connection, name: str, role: str, address: str, now: datetime) -> PersonId:
    person = a_seat(conn, address).person
    account = staff.by_code(conn, staff.add(conn, name, role, now), now)
    assert account is not None
    staff.join(conn, account, person.id, now)
    staff.set_phone(conn, account, "+6281234567890")
    return person.id


def on_duty(conn: Connection, person: PersonId, weekday: int, now: datetime) -> None:
    whole_day = NewDuty(person, time(0), time(0), now.date() - 7 * DAY, 1, weekday=weekday)
    shifts.add(conn, whole_day, now, settings(Path()).zone)


async def found(
    lite: Database, configured: Settings, *changes: Callable[[Connection], Any]
) -> list[readiness.Missing]:
    """What a complete programme lacks after these changes."""

    def unit(conn: Connection) -> list[readiness.Missing]:
        complete(conn)
        for change in changes:
            change(conn)
        return readiness.production(conn, configured, NOW)

    return await lite.write(unit)


def blocking(missing: list[readiness.Missing]) -> list[str]:
    return [readiness.line(one) for one in missing if one.blocks]


def without(role: str) -> Callable[[Connection], None]:
    """Nobody of this role any more."""

    def change(conn: Connection) -> None:
        leaving = [one.id for one in staff.members(conn) if one.role == role]
        gone = update(schema.staff).where(schema.staff.c.id.in_(leaving)).values(removed_at=NOW)
        conn.execute(gone)

    return change


def offices(**values: Any) -> Callable[[Connection], Any]:
    return lambda conn: conn.execute(update(schema.contacts).values(**values))


async def test_a_complete_programme_lacks_nothing(lite: Database, configured: Settings) -> None:
    assert await found(lite, configured) == []


@pytest.mark.parametrize(
    ("change", "said", "mends"),
    [
        (without("coordinator"), "koordinator", "--role koordinator"),
        (without("focal"), "orang luar program", "--role luar"),
        (without("staff"), "petugas bernama: ada 1, perlu 2", "kawan staff add"),
        (lambda conn: conn.execute(delete(schema.shifts)), "jaga", "kawan duty"),
        (offices(ended_at=NOW), "UPTD PPA belum ada", "kawan directory add uptd_ppa"),
        (offices(checked_on=""), "belum pernah ditelepon", "kawan directory checked 1"),
        (
            offices(checked_on=(TODAY - FRESH - DAY).isoformat()),
            "terakhir ditelepon 2026-05-18",
            "kawan directory checked 3",
        ),
    ],
    ids=["coordinator", "focal", "staff", "duty", "none", "never", "old"],
)
async def test_each_thing_that_is_missing_is_named_with_what_mends_it(
    lite: Database,
    configured: Settings,
    change: Callable[[Connection], Any],
    said: str,
    mends: str,
) -> None:
    lines = blocking(await found(lite, configured, change))

    assert any(said in line and mends in line for line in lines), lines


async def test_every_village_that_lacks_numbers_is_one_line(
    lite: Database, configured: Settings
) -> None:
    def another_district(conn: Connection) -> None:
        people.add_village(conn, "Kenanga", "KNG", district="Indramayu")

    [line] = blocking(await found(lite, configured, another_district))

    assert "Kenanga (KNG)" in line
    assert 'directory add polres_ppa NAMA --phone … --district "Indramayu"' in line
    assert "directory add puskesmas NAMA --phone … --village KNG" in line


async def test_without_any_village_there_is_nobody_to_serve(
    lite: Database, configured: Settings
) -> None:
    missing = await lite.write(lambda conn: readiness.missing(conn, configured, NOW))

    assert any("belum ada desa" in line for line in blocking(missing))


async def test_without_a_responsible_name_nobody_is_served(lite: Database, tmp_path: Path) -> None:
    nameless = settings(tmp_path, telegram_token=TOKEN)

    [line] = blocking(await found(lite, nameless))

    assert "ORGANISATION" in line


async def test_old_national_lines_and_a_pilot_are_pointed_out_and_block_nothing(
    lite: Database, tmp_path: Path
) -> None:
    pilot = settings(tmp_path, telegram_token=TOKEN, organisation="Yayasan", pilot=True)

    missing = await found(lite, pilot, lambda conn: conn.execute(delete(schema.meta)))

    lines = [readiness.line(one) for one in missing]
    assert blocking(missing) == []
    assert any("PILOT" in line for line in lines)
    assert any("119 Ambulans: belum pernah dicocokkan" in line for line in lines)
    assert any("129 SAPA 129: terakhir dicek 2025-10-31" in line for line in lines)


async def test_gaps_after_tomorrow_are_pointed_out_and_block_nothing(
    lite: Database, configured: Settings
) -> None:
    def later(conn: Connection) -> None:
        conn.execute(delete(schema.shifts).where(schema.shifts.c.starts_at > NOW + 3 * DAY))

    missing = await found(lite, configured, later)

    assert blocking(missing) == []
    assert any("kawan duty check" in one.how for one in missing)


async def test_a_programme_that_serves_people_is_not_stopped_by_what_grew_old(
    lite: Database, configured: Settings
) -> None:
    missing = await found(lite, configured, offices(checked_on=""), without("coordinator"))

    assert readiness.refusal(missing)
    assert readiness.refusal(missing, serving=True) == []


async def test_a_programme_that_serves_people_still_needs_a_name(
    lite: Database, tmp_path: Path
) -> None:
    missing = await found(lite, settings(tmp_path, telegram_token=TOKEN))

    assert readiness.refusal(missing, serving=True)


async def test_a_programme_begins_when_nothing_is_missing_and_not_before(
    lite: Database, configured: Settings
) -> None:
    def unit(conn: Connection) -> None:
        assert readiness.begin(conn, configured, NOW)
        complete(conn)
        assert readiness.begin(conn, configured, NOW) == []
        offices(ended_at=NOW)(conn)
        assert readiness.begin(conn, configured, NOW) == []

    await lite.write(unit)


async def test_staff_hear_what_is_missing_in_one_message_however_much_it_is(
    lite: Database, configured: Settings
) -> None:
    def unit(conn: Connection) -> str:
        complete(conn)
        for number in range(30):
            people.add_village(conn, f"Desa Panjang {number}", f"D{chr(65 + number % 26)}{number}")
        missing = readiness.missing(conn, configured, NOW)
        readiness.tell_staff(conn, missing, NOW, None)
        [body, *_] = conn.execute(schema.outbox.select()).all()
        return bodies.opened(conn, body.body).text

    told = await lite.write(unit)

    assert len(told) <= 300
    assert "hal lain" in told


@pytest.fixture
def live(kawan: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Commands of a programme with a token, a name and a village."""
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("ORGANISATION", "Yayasan Contoh")
    kawan("villages", "add", "Ledokombo", "LDK", "--district", "Jember")
    return kawan


def checked(*more: str) -> tuple[int, str]:
    """With which code `kawan check` ends, and what it says."""
    done = CliRunner().invoke(app, ["check", *more])
    return done.exit_code, done.stdout


def test_the_check_refuses_and_names_what_is_missing(live: Callable[..., str]) -> None:
    code, said = checked("--production")

    assert code == 1
    for what in ("koordinator", "perlu 2", "jaga", "UPTD PPA belum ada", "kawan directory add"):
        assert what in said
    assert "Siap melayani" not in said


def test_the_check_without_a_token_says_that_it_looks_at_nothing(kawan: Callable[..., str]) -> None:
    code, said = checked("--production")

    assert code == 1
    assert "TELEGRAM_TOKEN" in said


def test_the_check_of_a_complete_programme_lets_it_begin(
    live: Callable[..., str], tmp_path: Path
) -> None:
    configured = settings(tmp_path, telegram_token=TOKEN, organisation="Yayasan Contoh")

    async def prepare() -> None:
        async with control.desk(configured) as ours:
            await ours.database.write(lambda conn: complete(conn, datetime.now(UTC)))

    asyncio.run(prepare())

    code, said = checked("--production")

    assert "Siap melayani orang." in said
    assert code == 0


async def test_a_service_that_has_begun_starts_again_when_numbers_are_gone(tmp_path: Path) -> None:
    configured = settings(
        tmp_path,
        telegram_token=TOKEN,
        telegram_api_url="http://127.0.0.1:9",
        organisation="Yayasan Contoh",
    )
    async with control.desk(configured) as ours:
        await ours.database.write(lambda conn: complete(conn, datetime.now(UTC)))
    async with running(configured) as service:
        await service.database.write(offices(ended_at=NOW))
    told: list[str] = []

    async with running(configured, tell=told.append):
        said = "\n".join(told)

    assert "UPTD PPA belum ada" in said


def test_the_usual_check_asks_nothing_of_the_programme(kawan: Callable[..., str]) -> None:
    code, said = checked()

    assert code == 0
    assert "TELEGRAM_TOKEN" not in said
    assert "Siap melayani" not in said


def test_agencies_that_are_required_are_agencies() -> None:
    assert set(directory.REQUIRED) == {Agency.UPTD_PPA, Agency.POLRES_PPA, Agency.PUSKESMAS}
    assert timedelta(days=180) < FRESH < timedelta(days=190)

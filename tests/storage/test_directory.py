"""The directory: whom a village can turn to, and which numbers nobody has called for long."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from conversations.concerns.case import Agency, ContactId
from locales import hotlines
from storage import directory, hotline_checks, people
from storage.database import Database
from storage.directory import FRESH, NewOffice, office_number
from storage.people import Village
from tests.storage.builders import NOW, known

TODAY = NOW.date()
CALLED = TODAY - timedelta(days=10)
LONG_AGO = TODAY - FRESH - timedelta(days=1)


def a_village(conn: Connection, code: str = "LDK", district: str = "Jember") -> Village:
    people.add_village(conn, f"Desa {code}", code, district=district)
    return next(one for one in people.all_villages(conn) if one.code == code)


def an_office(conn: Connection, agency: Agency = Agency.UPTD_PPA, **changes: Any) -> ContactId:
    given = {"name": "Kantor contoh", "phone": "(0331) 487123", "checked": CALLED, **changes}
    return directory.add(conn, NewOffice(agency, **given), NOW)


def all_needed(conn: Connection, **changes: Any) -> None:
    for agency in directory.REQUIRED:
        an_office(conn, agency, **changes)


def lacking(conn: Connection, today: date = TODAY) -> list[tuple[str, Agency]]:
    return [(gap.village.code, gap.agency) for gap in directory.gaps(conn, today)]


async def test_a_village_without_offices_lacks_all_three(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_village(conn)

        assert lacking(conn) == [("LDK", agency) for agency in directory.REQUIRED]

    await database.write(unit)


async def test_offices_of_a_district_serve_its_villages_and_no_others(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_village(conn, "LDK", "Jember")
        a_village(conn, "KNG", "Indramayu")

        all_needed(conn, district="JEMBER")

        assert {code for code, _ in lacking(conn)} == {"KNG"}

    await database.write(unit)


async def test_an_office_of_a_village_serves_that_village_alone(database: Database) -> None:
    def unit(conn: Connection) -> None:
        ledok, other = a_village(conn, "LDK"), a_village(conn, "SBS")
        all_needed(conn, village_id=ledok.id, district="Jember")

        assert {code for code, _ in lacking(conn)} == {"SBS"}
        assert directory.offices(conn, other) == ()
        assert len(directory.offices(conn, ledok)) == 3

    await database.write(unit)


async def test_an_office_without_a_place_serves_everybody(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_village(conn, "LDK", "")
        a_village(conn, "KNG", "Indramayu")

        all_needed(conn)

        assert lacking(conn) == []

    await database.write(unit)


@pytest.mark.parametrize("checked", [None, LONG_AGO])
async def test_a_number_that_nobody_called_in_six_months_does_not_count(
    database: Database, checked: date | None
) -> None:
    def unit(conn: Connection) -> None:
        a_village(conn)
        all_needed(conn)
        old = an_office(conn, Agency.PUSKESMAS, village_id=a_village(conn, "SBS").id)
        directory.end(conn, old, NOW)
        puskesmas = next(
            one.contact.id
            for one in directory.offices(conn)
            if one.contact.agency is Agency.PUSKESMAS
        )
        directory.end(conn, puskesmas, NOW)
        late = an_office(conn, Agency.PUSKESMAS, checked=checked)

        found = directory.gaps(conn, TODAY)

        assert [(gap.agency, gap.office, gap.checked) for gap in found] == [
            (Agency.PUSKESMAS, late, checked)
        ] * 2

    await database.write(unit)


async def test_six_months_to_the_day_is_still_fresh(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_village(conn)
        all_needed(conn, checked=TODAY - FRESH)

        assert lacking(conn) == []
        assert len(lacking(conn, TODAY + timedelta(days=1))) == 3

    await database.write(unit)


async def test_the_newest_number_of_a_kind_counts(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_village(conn)
        all_needed(conn, checked=LONG_AGO)
        all_needed(conn, phone="(0331) 487124")

        assert lacking(conn) == []

    await database.write(unit)


async def test_calling_an_office_makes_its_number_fresh_and_may_change_it(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        id_ = an_office(conn, checked=None, officer="Bu Contoh")

        directory.checked(conn, id_, CALLED, "Mbak Rina", phone="(0331) 487199")

        office = known(directory.one(conn, id_))
        assert (office.contact.checked, office.checked_by) == (CALLED, "Mbak Rina")
        assert (office.contact.phone, office.contact.officer) == ("(0331) 487199", "Bu Contoh")

    await database.write(unit)


async def test_an_office_taken_out_is_not_found_any_more(database: Database) -> None:
    def unit(conn: Connection) -> None:
        id_ = an_office(conn)

        directory.end(conn, id_, NOW)

        assert directory.one(conn, id_) is None
        assert directory.offices(conn) == ()

    await database.write(unit)


async def test_the_same_number_for_the_same_place_is_found_again(database: Database) -> None:
    def unit(conn: Connection) -> None:
        id_ = an_office(conn, district="Jember")
        asked = NewOffice(Agency.UPTD_PPA, "Nama lain", "(0331) 487123", district="jember")

        assert directory.same(conn, asked) == id_
        assert directory.same(conn, NewOffice(Agency.UPTD_PPA, "x", "(0331) 487123")) is None

    await database.write(unit)


async def test_numbers_that_grow_old_come_longest_uncalled_first(database: Database) -> None:
    def unit(conn: Connection) -> None:
        soon = an_office(conn, checked=TODAY - FRESH + timedelta(days=20))
        an_office(conn, checked=TODAY)
        never = an_office(conn, checked=None)

        found = directory.growing_old(conn, TODAY + timedelta(days=30))

        assert [one.contact.id for one in found] == [never, soon]

    await database.write(unit)


async def test_a_line_that_staff_called_counts_from_that_day(database: Database) -> None:
    line = next(line for line in hotlines() if line.number == "119")

    def unit(conn: Connection) -> None:
        before = hotline_checks.last_checked(line, hotline_checks.all_(conn))
        hotline_checks.record(conn, line.key, CALLED, "Mbak Rina")
        hotline_checks.record(conn, "sapa", LONG_AGO, "Mbak Rina")

        checks = hotline_checks.all_(conn)

        assert before is None
        assert hotline_checks.last_checked(line, checks) == CALLED
        assert checks["ambulans"].by == "Mbak Rina"

    await database.write(unit)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("081234567890", "0812-3456-7890"),
        ("8123456 7890", "0812-3456-7890"),
        ("+62 331 487123", "(0331) 487123"),
        ("0331-421111 ext 12", "(0331) 421111 ext. 12"),
        ("129", "129"),
        ("0-800-1000", "0-800-1000"),
        ("+65 6123 4567", "+65 6123 4567"),
    ],
)
def test_numbers_are_kept_in_one_way_of_writing(written: str, kept: str) -> None:
    assert office_number(written) == kept


@pytest.mark.parametrize(
    "written", ["", "belum ada", "0813", "12", "0811-1111-1111", "08123", "99999999999999999"]
)
def test_what_cannot_be_a_number_is_none(written: str) -> None:
    assert office_number(written) is None

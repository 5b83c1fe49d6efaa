"""How templates stand: by what Meta tells and lists, and who hears that one has stopped."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from conversations import templates as approved
from conversations.phone.passing import Standing
from locales.templates import templates as declared
from storage import accounts, facts, templates
from storage.database import Database
from storage.facts import TemplateTold
from storage.templates import Found
from tests.storage.builders import DAY, HOUR, NOW

PHONE_ID = "106540352242922"


def listed(status: str = "approved", **changes: str) -> list[Found]:
    """All of ours as Meta lists them, in our words unless told otherwise."""
    return [
        Found(
            name,
            status,
            changes.get("category", "utility"),
            changes.get("digest", one.digest),
            f"t-{name}",
        )
        for name, one in declared().items()
    ]


def told(conn: Connection, name: str, **what: str) -> None:
    facts.apply(conn, [TemplateTold(PHONE_ID, name, "id", **what)], NOW + HOUR)


def troubles(conn: Connection) -> list[str]:
    return [one.trouble for one in accounts.troubles(conn, NOW + DAY)]


async def test_nothing_is_known_of_a_template_that_was_never_pushed(database: Database) -> None:
    def unit(conn: Connection) -> None:
        assert templates.standings(conn, PHONE_ID) == {}
        assert [one.name for one in templates.known(conn, PHONE_ID)] == list(declared())
        assert not any(one.serves for one in templates.known(conn, PHONE_ID))

    await database.write(unit)


async def test_what_meta_lists_is_how_they_stand(database: Database) -> None:
    def unit(conn: Connection) -> None:
        templates.found(conn, PHONE_ID, [*listed(), Found("asing", "approved", "", "")], NOW)

        standings = templates.standings(conn, PHONE_ID)

        assert set(standings) == set(declared())
        assert standings[approved.NEWS] == Standing("approved", "utility", current=True)
        assert all(one.serves for one in templates.known(conn, PHONE_ID))

    await database.write(unit)


async def test_other_words_at_meta_do_not_serve(database: Database) -> None:
    def unit(conn: Connection) -> None:
        templates.found(conn, PHONE_ID, listed(digest="lama"), NOW)

        assert not templates.standings(conn, PHONE_ID)[approved.NEWS].current
        assert not any(one.serves for one in templates.known(conn, PHONE_ID))

    await database.write(unit)


async def test_what_is_not_listed_any_more_is_absent(database: Database) -> None:
    def unit(conn: Connection) -> None:
        templates.found(conn, PHONE_ID, listed(), NOW)
        templates.found(conn, PHONE_ID, [], NOW + HOUR)

        assert {one.status for one in templates.known(conn, PHONE_ID)} == {"absent"}

    await database.write(unit)


async def test_a_webhook_changes_what_it_tells_and_nothing_else(database: Database) -> None:
    def unit(conn: Connection) -> None:
        templates.found(conn, PHONE_ID, listed("pending"), NOW)

        told(conn, approved.NEWS, status="approved")
        told(conn, approved.NEWS, category="marketing")

        one = next(t for t in templates.known(conn, PHONE_ID) if t.name == approved.NEWS)
        assert (one.status, one.category, one.current) == ("approved", "marketing", True)
        assert one.platform_id == f"t-{approved.NEWS}"
        assert one.since == NOW + HOUR

    await database.write(unit)


async def test_a_webhook_about_what_we_never_saw_makes_nothing_usable(database: Database) -> None:
    def unit(conn: Connection) -> None:
        told(conn, approved.NEWS, status="approved")

        assert not templates.standings(conn, PHONE_ID)[approved.NEWS].current

    await database.write(unit)


@pytest.mark.parametrize("what", [{"status": "paused"}, {"status": "rejected"}])
async def test_people_hear_of_one_that_stopped_and_of_its_coming_back_nothing_more(
    database: Database, what: dict[str, str]
) -> None:
    def unit(conn: Connection) -> None:
        templates.found(conn, PHONE_ID, listed(), NOW)
        assert troubles(conn) == []

        told(conn, approved.NEWS, **what)
        assert troubles(conn) == ["template"]

        told(conn, approved.NEWS, status="approved")
        assert troubles(conn) == []

    await database.write(unit)


async def test_an_advertisement_is_trouble_where_it_is_not_paid_for(database: Database) -> None:
    def unit(conn: Connection) -> None:
        templates.found(conn, PHONE_ID, listed(), NOW)

        told(conn, approved.REMINDER, category="marketing")
        assert troubles(conn) == []

        told(conn, approved.CHECKIN, category="marketing")
        assert troubles(conn) == ["template"]

    await database.write(unit)


async def test_one_that_waits_for_its_first_approval_is_no_trouble(database: Database) -> None:
    def unit(conn: Connection) -> None:
        templates.found(conn, PHONE_ID, listed("pending"), NOW)

        assert troubles(conn) == []

    await database.write(unit)


async def test_the_same_listing_again_changes_no_date(database: Database) -> None:
    def unit(conn: Connection) -> None:
        templates.found(conn, PHONE_ID, listed(), NOW)
        templates.found(conn, PHONE_ID, listed(), NOW + DAY)

        assert {one.since for one in templates.known(conn, PHONE_ID)} == {NOW}

    await database.write(unit)

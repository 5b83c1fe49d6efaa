"""`kawan costs` and `kawan unsent` as an operator uses them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, select, update

from bot.settings import Settings
from conversations.message import Message, Priority
from storage import audit, outbox, people, schema, spending
from tests.bot.typed import kawan, with_sample, write
from tests.storage.builders import NOW
from tests.storage.spending_builders import NUMBER, UTILITY, accepted, counted


@pytest.fixture
def office(folder: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """With the sample programme, and a budget for ten messages."""
    monkeypatch.setenv("WHATSAPP_BUDGET", str(10 * UTILITY))
    return with_sample(Settings.load())


def not_sent(conn: Connection) -> None:
    """Something that could not be sent today to somebody of the sample."""
    table = schema.people
    query = select(table.c.id).where(table.c.name == "Siti")
    person = conn.execute(query).scalars().first()
    assert person is not None
    reached = people.reachable(conn, person)
    assert reached is not None
    now = datetime.now(UTC)
    outbox.add(
        conn,
        address_id=reached[0],
        person_id=person,
        message=Message("Mohon datang"),
        dedupe_key="x",
        priority=Priority.REMINDER,
        purpose="invite",
        not_before=now,
        expires_at=None,
        now=now,
    )
    ended = {"status": "excluded", "reason": "window"}
    one = schema.outbox.c.dedupe_key == "x"
    conn.execute(update(schema.outbox).where(one).values(**ended))


def test_a_month_is_told_by_number_and_category_against_the_budget(office: Settings) -> None:
    write(office, lambda conn: counted(conn, 4))
    write(office, lambda conn: spending.count(conn, accepted(conn, 2), NOW))

    shown = kawan("costs", "--month", "2026-11")

    assert f"Nomor {NUMBER}: Rp 1.428 dari anggaran Rp 3.570 (40%)." in shown
    assert "Balasan gratis terpakai 2 dari 1000." in shown
    assert "kalimat resmi (utility)" in shown
    assert "Rp 357 sejak 2025-07-01 (perkiraan, belum diperiksa)" in shown


def test_a_month_for_a_program(office: Settings) -> None:
    write(office, lambda conn: counted(conn, 4))

    [number] = json.loads(kawan("costs", "--month", "2026-11", "--json"))["numbers"]

    assert (number["rupiah"], number["percent"]) == (4 * UTILITY, 40)
    assert number["categories"] == [{"category": "utility", "messages": 4, "rupiah": 4 * UTILITY}]


def test_a_month_without_messages_says_so(office: Settings) -> None:
    assert kawan("costs", "--month", "2026-01").startswith("Belum ada pesan WhatsApp di bulan")


@pytest.mark.parametrize("month", ["11-2026", "2026-13", "November"])
def test_a_month_that_is_none_is_refused(office: Settings, month: str) -> None:
    assert kawan("costs", "--month", month) == f"--month {month}: tulis seperti 2026-11."


def test_what_did_not_arrive_is_listed_without_names(office: Settings) -> None:
    write(office, not_sent)

    shown = kawan("unsent", "--days", "7")

    assert "1 pesan: sudah lebih dari 24 jam tidak menulis di WhatsApp." in shown
    assert "kabar acara" in shown
    assert "P-" in shown
    assert "Siti" not in shown
    assert "Mohon datang" not in shown


def test_names_are_shown_for_a_reason_that_is_recorded(office: Settings) -> None:
    write(office, not_sent)

    shown = kawan("unsent", "--reason", "menelepon yang tidak sampai")

    assert "Siti" in shown
    entries = write(office, lambda conn: audit.latest(conn, 10))
    assert any("menelepon" in one.reason for one in entries)


def test_the_list_for_a_program(office: Settings) -> None:
    write(office, not_sent)

    [one] = json.loads(kawan("unsent", "--json"))

    assert (one["kind"], one["reason"], one["number"]) == ("session", "window", 1)
    assert "name" not in one


def test_when_everything_arrived_it_says_so(office: Settings) -> None:
    assert kawan("unsent") == "Dalam 7 hari terakhir semua pesan sampai."

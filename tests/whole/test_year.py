"""A simulated year: reminders, check-ins and broadcasts once, politely, or with a reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, text

from conversations.message import Priority
from storage.database import Database
from storage.sealing import Vault
from tests.databases import Server, upgrade
from tests.whole.failing import Chance, a_gate, crashing_server
from tests.whole.life import VirtualClock
from tests.whole.year import (
    Life,
    Village,
    live,
    rude,
    settle_in,
)

SEED = 11
WEEKS = 5
FINAL = ("done", "missed", "skipped", "failed")


async def on_sqlite(tmp_path: Path, vault: Vault, days: int, per_village: int) -> None:
    dice, clock, gate = Random(SEED), VirtualClock(), Chance(dice=Random(SEED))
    url = f"sqlite:///{tmp_path}/kawan.db"
    with a_gate(gate):
        async with await Database.open(url, vault=vault) as database:
            village = await settle_in(database, per_village, dice)
            gate.armed = True
            life = Life(database, village, clock, dice, "rumah")
            await live([life], village, clock, dice, days)
            gate.armed = False
            await check(database, village, clock, days)


async def on_two_processes(server: Server, vault: Vault, days: int, per_village: int) -> None:
    server.execute("CREATE DATABASE year")
    url = server.url("year")
    upgrade(url)
    dice, clock = Random(SEED), VirtualClock()
    async with (
        await Database.open(url, vault=vault) as first,
        await Database.open(url, vault=vault) as second,
    ):
        village = await settle_in(first, per_village, dice)
        lives = [
            Life(first, village, clock, dice, "utara"),
            Life(second, village, clock, dice, "selatan"),
        ]
        with crashing_server(Random(SEED)):
            await live(lives, village, clock, dice, days)
        await check(first, village, clock, days)
    server.execute("DROP DATABASE year WITH (FORCE)")


async def check(database: Database, village: Village, clock: VirtualClock, days: int) -> None:
    def read(conn: Connection) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
        due_rows = conn.execute(text("SELECT kind, subject, due_at, outcome FROM due")).all()
        messages = conn.execute(
            text("SELECT id, status, reason, priority, purpose, campaign FROM outbox")
        ).all()
        stages = conn.execute(
            text(
                "SELECT x.id, x.revision, x.status, x.school_id, x.starts_at FROM sessions x"
                " WHERE x.starts_at < :now"
            ),
            {"now": int(clock.at.timestamp() * 1000)},
        ).all()
        reminded = conn.execute(
            text(
                "SELECT d.subject, e.person_id, e.number, i.person_id AS counted FROM due d"
                " JOIN sessions x ON d.subject IN (x.id || '\\:invite', x.id || '\\:h1')"
                " JOIN enrolments e ON e.school_id = x.school_id"
                " LEFT JOIN invitations i ON i.session_id = x.id AND i.person_id = e.person_id"
                " WHERE d.kind = 'session' AND d.outcome = 'done'"
            )
        ).all()
        return list(due_rows), list(messages), list(stages), list(reminded)

    due_rows, messages, sessions, reminded = await database.read(read)
    purposes = Counter(sent.purpose for sent in village.sent)
    outcomes = Counter(row.outcome.split(":")[0] for row in due_rows)
    fates = Counter(row.status for row in messages)
    print(
        f"seed {SEED}: {days} days, {len(village.people)} people, {village.crashes} crashes,"
        f" {village.stops} stops, {len(sessions)} sessions, {len(village.broadcasts)} broadcasts,"
        f" balances looked at {village.looked} times\n"
        f"sent {dict(purposes)}\ndue {dict(outcomes)}\nmessages {dict(fates)}"
    )
    _check_every_due_item_has_its_outcome(due_rows, clock)
    _check_nobody_enrolled_is_passed_over(reminded)
    _check_nothing_twice(village)
    _check_politeness(village)
    _check_every_message_has_its_reason(messages, clock)
    _check_it_was_a_life(village, purposes, sessions, days)


def _check_it_was_a_life(
    village: Village, purposes: Counter[str], sessions: list[Any], days: int
) -> None:
    """What was to be looked at did happen."""
    wanted = ["checkin", "session_reminder", "invite", "broadcast"]
    wanted += ["session_changed", "nudge", "tip", "feedback"] if days > 28 else []
    for purpose in wanted:
        assert purposes[purpose], f"nothing was sent as {purpose}"
    assert len(sessions) >= days // 14
    assert village.crashes
    assert village.stops
    assert village.looked > 100


def _check_every_due_item_has_its_outcome(rows: list[Any], clock: VirtualClock) -> None:
    now = int(clock.at.timestamp() * 1000)
    for row in rows:
        if row.outcome:
            assert row.outcome.startswith(FINAL), row
        else:
            assert row.due_at > now, f"{row.kind} {row.subject} was left open"
    gave_up = [row for row in rows if row.outcome.startswith("failed")]
    assert all("OperationalError" in row.outcome or "MadeToFail" in row.outcome for row in gave_up)
    assert len(gave_up) <= 2, gave_up


def _check_nobody_enrolled_is_passed_over(reminded: list[Any]) -> None:
    """Whoever is on the list of a session that was announced was asked, or is counted as not."""
    assert reminded
    assert [row for row in reminded if row.counted is None] == []


def _check_nothing_twice(village: Village) -> None:
    bulk = Counter(
        sent.outbox_id
        for sent in village.sent
        if sent.priority in (Priority.REMINDER, Priority.BROADCAST)
    )
    assert [one for one, times in bulk.items() if times > 1] == []


def _check_politeness(village: Village) -> None:
    for sent in village.sent:
        person = village.people.get(sent.person_id)
        assert person is not None
        assert not rude(sent, person), sent
        if sent.priority in (Priority.REMINDER, Priority.BROADCAST):
            for begin, end in person.silent:
                asked = sent.at > begin and (end is None or sent.at < end)
                assert not asked, "she had asked for silence"


def _check_every_message_has_its_reason(messages: list[Any], clock: VirtualClock) -> None:
    for row in messages:
        if row.status in ("failed", "excluded", "uncertain", "merged"):
            assert row.reason, row


async def test_weeks_of_stops_and_crashes(tmp_path: Path, vault: Vault) -> None:
    await on_sqlite(tmp_path, vault, days=7 * WEEKS, per_village=4)


async def test_weeks_of_two_processes_on_one_server(postgres_server: Server, vault: Vault) -> None:
    await on_two_processes(postgres_server, vault, days=21, per_village=2)


@pytest.mark.soak
async def test_a_year_of_stops_and_crashes(tmp_path: Path, vault: Vault) -> None:
    await on_sqlite(tmp_path, vault, days=365, per_village=6)


@pytest.mark.soak
async def test_a_year_of_two_processes_on_one_server(postgres_server: Server, vault: Vault) -> None:
    await on_two_processes(postgres_server, vault, days=365, per_village=4)

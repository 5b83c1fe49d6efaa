"""`kawan templates push|status` against the strict fake of the Graph API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.commands import templates as commands
from bot.media import MediaStore
from bot.operations import Desk, OperationRefused
from conversations import templates as names
from locales.templates import templates as declared
from storage import audit, templates
from storage.database import Database
from storage.sealing import Vault
from tests.bot.clocks import FastClock
from tests.bot.offices import Office, office
from tests.bot.services import settings
from tests.fakes.graph import PHONE_ID, FakeGraph
from tests.storage.builders import NOW

__all__ = ["office"]


class Meta:
    """The fake, its clock, and the desk at which commands are done."""

    def __init__(self, fake: FakeGraph, office: Office, database: Database) -> None:
        self.fake = fake
        self.office = office
        self.database = database

    async def push(self) -> dict[str, str]:
        return {one["name"]: one["outcome"] for one in await self.office.ask("templates_push")}

    async def status(self) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in await self.office.ask("templates_status")}


@pytest.fixture
async def meta(lite: Database, vault: Vault, tmp_path: Path) -> AsyncIterator[Meta]:
    async with FakeGraph(clock=lambda: NOW.timestamp()) as fake:
        given = {**fake.environment, "PUBLIC_URL": "https://kawan.example"}
        configured = settings(tmp_path, **{name.lower(): one for name, one in given.items()})
        media = MediaStore(
            tmp_path, lite, vault, channels={}, clock=FastClock(start=NOW), dice=Random(1)
        )
        desk = Desk(configured, lite, vault, media, lambda: NOW, lambda _: None)
        yield Meta(fake, Office(desk), lite)


async def test_what_is_absent_is_created_and_waits_for_approval(meta: Meta) -> None:
    done = await meta.push()

    assert done == dict.fromkeys(declared(), "created")
    assert {one.status for one in meta.fake.templates.stored.values()} == {"PENDING"}
    assert {one["status"] for one in (await meta.status()).values()} == {"pending"}


async def test_pushed_again_nothing_changes(meta: Meta) -> None:
    await meta.push()
    meta.fake.templates.approve()

    assert await meta.push() == dict.fromkeys(declared(), "same")


async def test_once_approved_all_of_them_serve(meta: Meta) -> None:
    await meta.push()
    meta.fake.templates.approve()

    found = await meta.status()

    assert all(one["serves"] and one["current"] for one in found.values())
    standings = await meta.database.read(lambda conn: templates.standings(conn, PHONE_ID))
    assert {one.status for one in standings.values()} == {"approved"}


async def test_other_words_are_changed_where_meta_allows_it(meta: Meta) -> None:
    await meta.push()
    meta.fake.templates.approve()
    news = meta.fake.templates.find(names.NEWS, "id")
    checkin = meta.fake.templates.find(names.CHECKIN, "id")
    assert news is not None
    assert checkin is not None
    for one in (news, checkin):
        one.components = [{"type": "BODY", "text": "Halo, ada sesuatu yang lama."}]
    checkin.status = "PENDING"

    done = await meta.push()

    assert (done[names.NEWS], done[names.CHECKIN]) == ("changed", "later")
    assert news.body == declared()[names.NEWS].body
    assert news.status == "PENDING"


async def test_what_was_changed_today_already_fails_alone_and_says_so(meta: Meta) -> None:
    await meta.push()
    meta.fake.templates.approve()
    for _ in range(2):
        news = meta.fake.templates.find(names.NEWS, "id")
        assert news is not None
        news.components = [{"type": "BODY", "text": "Halo, ada sesuatu yang lama."}]
        done = await meta.office.ask("templates_push")
        meta.fake.templates.approve()

    outcomes = {one["name"]: one for one in done}
    assert outcomes[names.NEWS]["outcome"] == "failed"
    assert outcomes[names.NEWS]["why"]
    assert {one["outcome"] for one in done} == {"failed", "same"}


async def test_what_is_pushed_is_on_record_and_nothing_is_ever_deleted(meta: Meta) -> None:
    meta.fake.templates.create(
        {
            "name": "punya_orang",
            "language": "id",
            "category": "UTILITY",
            "components": [{"type": "BODY", "text": "Halo."}],
        }
    )

    await meta.push()

    assert meta.fake.templates.find("punya_orang", "id") is not None
    entries = await meta.database.read(lambda conn: audit.latest(conn, 10))
    assert [one.action for one in entries] == ["templates pushed"]


async def test_without_whatsapp_the_command_says_what_to_set(office: Office) -> None:
    with pytest.raises(OperationRefused, match="WHATSAPP"):
        await office.ask("templates_status")


async def test_a_platform_that_does_not_answer_is_one_clear_line(meta: Meta) -> None:
    await meta.fake.stop()

    with pytest.raises(OperationRefused, match="tidak dapat dihubungi"):
        await meta.office.ask("templates_status")


async def test_a_refused_token_says_what_to_do(meta: Meta) -> None:
    meta.fake.business.token = "another"

    with pytest.raises(OperationRefused, match="WHATSAPP_TOKEN"):
        await meta.office.ask("templates_push")


def test_every_template_says_what_is_lost_without_it() -> None:
    assert set(commands._LOST) == set(declared())


def test_the_table_names_state_and_what_people_do_not_get(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {
            "name": names.NEWS,
            "status": "paused",
            "category": "utility",
            "reason": "first_pause",
            "current": True,
            "serves": False,
            "since": "2026-11-18T12:15:00+00:00",
        },
        {
            "name": names.CHECKIN,
            "status": "approved",
            "category": "utility",
            "reason": "",
            "current": False,
            "serves": False,
            "since": None,
        },
    ]
    monkeypatch.setattr(commands.office, "ask", lambda _: rows)

    commands.status()

    told = capsys.readouterr().out
    assert "dihentikan sementara (first_pause)" in told
    assert "jawaban petugas" in told
    assert "disetujui, isinya lama" in told
    assert "kawan templates push" in told


def test_a_push_that_fails_ends_with_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"name": names.NEWS, "outcome": "failed", "why": "Edited too often"}]
    monkeypatch.setattr(commands.office, "ask", lambda _: rows)

    with pytest.raises(commands.office.Stop):
        commands.push()

    assert "gagal: Edited too often" in capsys.readouterr().out

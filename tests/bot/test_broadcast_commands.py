"""`kawan broadcast` as an operator uses it, on the sample programme, and SIAR in the simulator."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from bot import control
from bot.settings import Settings
from conversations.broadcasts.broadcast import BroadcastId, State
from storage import audit, broadcasts, due, recipients, schema
from tests.bot import typed
from tests.bot.services import heard, running, settings, settle, write
from tests.bot.test_media import JPEG, OGG
from tests.storage.builders import NOW

MAS_DIMAS, MBAK_RINA = "Mas Dimas", "Mbak Rina"


@pytest.fixture
def office(folder: Settings) -> Settings:
    """With the sample programme."""
    return typed.with_sample(folder)


def kawan(*arguments: str) -> str:
    """What `kawan broadcast …` prints, or the one line with which it ends."""
    return typed.kawan("broadcast", *arguments)


def test_a_draft_is_made_and_told(office: Settings) -> None:
    told = kawan("new", "Besok kumpul, {sapaan}.", "--to", "desa=LDK", "--by", MAS_DIMAS)

    assert told.startswith("Siaran 1 untuk 1 orang: pengasuh, desa LDK.")
    assert "kawan broadcast rehearse 1" in told


def test_a_long_text_gets_a_remark(office: Settings) -> None:
    assert "jarang dibaca sampai habis" in kawan("new", "a" * 301)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["x", "--to", "dusun=LDK"], "“dusun” bukan syarat penerima"),
        (["x", "--to", "desa=XXX"], "Tidak ada yang bernama XXX. Yang ada: LDK, SBS, KNG"),
        (["x", "--to", "desa=KNG"], "tidak ada orang yang cocok dengan: pengasuh, desa KNG."),
        (["Halo {nma}"], "“{nma}” tidak saya kenal"),
        ([""], "Pesannya belum ada"),
        (["x", "--by", "Budi"], "tidak ada petugas bernama Budi"),
        (["x", "--picture", "none.jpg"], "none.jpg tidak dapat dibaca"),
        (["x", "--picture", "a.jpg", "--voice", "a.ogg"], "satu siaran, satu berkas"),
    ],
)
def test_bad_input_gets_what_is_wrong_and_what_would_be_right(
    office: Settings, arguments: list[str], answer: str
) -> None:
    assert answer in kawan("new", *arguments)
    assert kawan("list").startswith("Belum ada siaran.")


def test_a_member_who_has_not_joined_cannot_be_named(office: Settings) -> None:
    asyncio.run(control.ask(office, "staff_add", name="Bu Baru"))

    assert "belum memasukkan kodenya" in kawan("new", "x", "--by", "Bu Baru")


@pytest.mark.parametrize(
    ("option", "content", "answer"),
    [
        ("--picture", bytes(10 * 2**20 + 1), "terlalu besar: paling besar 10 MB"),
        ("--voice", bytes(20 * 2**20 + 1), "terlalu besar: paling besar 20 MB"),
        ("--picture", b"GIF89a", "bukan rekaman suara atau foto"),
        ("--voice", b"ID3 music", "bukan rekaman ogg/opus"),
    ],
)
def test_a_file_that_cannot_be_sent_is_refused(
    office: Settings, tmp_path: Path, option: str, content: bytes, answer: str
) -> None:
    (tmp_path / "file").write_bytes(content)

    assert answer in kawan("new", "x", option, "file")


@pytest.mark.parametrize(("option", "content"), [("--picture", JPEG), ("--voice", OGG)])
def test_a_file_goes_along(office: Settings, tmp_path: Path, option: str, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)

    kawan("new", "", option, "file")
    told = kawan("send", "1")

    assert "mulai dikirim" in told


def test_the_rehearsal_tells_all_of_it_without_names(office: Settings) -> None:
    kawan("new", "Halo {sapaan} {nama}", "--to", "desa=LDK")

    told = kawan("rehearse", "1")

    assert "Akan dikirim ke 1 dari 1 orang." in told
    assert "Saluran: simulator 1." in told
    assert "Halo Mbah (nama)" in told
    assert "belum ada saluran WhatsApp" in told
    assert "Siti" not in told


def test_names_are_shown_for_a_reason_that_is_recorded(office: Settings) -> None:
    kawan("new", "Halo {nama}")

    told = kawan("rehearse", "1", "--reason", "memeriksa sapaan")

    assert "Halo Siti" in told
    [entry, *_] = typed.write(office, lambda conn: audit.latest(conn, 1))
    assert (entry.subject, entry.reason) == ("broadcast 1", "memeriksa sapaan")


def test_a_rehearsal_for_a_program(office: Settings) -> None:
    kawan("new", "Halo {nama}", "--to", "desa=LDK")

    told = json.loads(kawan("rehearse", "1", "--json"))

    assert (told["planned"], told["reached"], told["samples"]) == (1, 1, ["Halo (nama)"])
    assert told["whatsapp_cost"] is None


def test_a_rehearsal_that_reaches_nobody_says_what_to_do(office: Settings) -> None:
    kawan("new", "Halo")
    typed.write(office, lambda conn: conn.execute(update(schema.people).values(consent="refused")))

    assert "buat siaran baru dengan penerima lain" in kawan("rehearse", "1")


def test_a_try_reaches_one_member_only(office: Settings) -> None:
    kawan("new", "Halo {sapaan}")

    assert "Mas Dimas saja" in kawan("test", "1", "--to", MAS_DIMAS)
    assert "belum memasukkan" not in kawan("test", "1", "--to", MBAK_RINA)
    assert "petugas" in kawan("test", "1", "--to", "")
    query = select(schema.outbox.c.purpose, schema.outbox.c.priority)
    sent = typed.write(office, lambda conn: conn.execute(query).all())
    assert sent == [("broadcast_test", 1)] * 2


def test_it_is_sent_watched_and_cancelled(office: Settings) -> None:
    kawan("new", "Halo")

    assert "mulai dikirim" in kawan("send", "1")
    assert kawan("send", "1") == "siaran 1 sudah dijadwalkan, jadi itu tidak bisa"
    assert kawan("cancel", "1") == "Siaran 1 dibatalkan."
    assert "Siaran 1 dibatalkan." in kawan("status", "1")
    assert "Siaran 1 dibatalkan." in kawan("status", "1", "--follow")
    assert "dibatalkan" in kawan("list")


def test_it_is_paused_and_resumed(office: Settings) -> None:
    kawan("new", "Halo")
    table = schema.broadcasts
    typed.write(office, lambda conn: conn.execute(update(table).values(status="running")))

    assert kawan("pause", "1") == "Siaran 1 dijeda."
    assert kawan("pause", "1") == "siaran 1 dijeda, jadi itu tidak bisa"
    assert kawan("resume", "1") == "Siaran 1 sedang dikirim."


def test_one_that_got_stuck_says_how_it_goes_on(office: Settings) -> None:
    kawan("new", "Halo")

    def sticks(conn: Any) -> None:
        conn.execute(update(schema.broadcasts).values(status="running"))
        due.plan(conn, "broadcast", "1", None, NOW, None)
        due.settle(conn, "broadcast", "1", "failed: KeyError")

    typed.write(office, sticks)

    assert "kawan broadcast resume 1" in kawan("status", "1")
    assert kawan("resume", "1") == "Siaran 1 sedang dikirim."
    assert "resume" not in kawan("status", "1")


@pytest.mark.parametrize(
    "arguments",
    [["send", "9"], ["rehearse", "9"], ["status", "9"], ["cancel", "9"], ["who", "9"]],
)
def test_a_number_that_is_none(office: Settings, arguments: list[str]) -> None:
    assert "siaran nomor 9" in kawan(*arguments)


def test_it_is_scheduled_in_local_time(office: Settings) -> None:
    kawan("new", "Halo")

    told = kawan("schedule", "1", "2030-01-02", "09.00")

    assert "Siaran 1 sudah dijadwalkan. Mulai 2030-01-02 09.00." in told
    kept = typed.write(office, lambda conn: broadcasts.one(conn, BroadcastId(1)))
    assert kept is not None
    assert kept.starts_at is not None
    assert kept.starts_at.isoformat() == "2030-01-02T02:00:00+00:00"


def test_of_what_has_not_begun_it_is_said_when_recipients_are_written_down(
    office: Settings,
) -> None:
    kawan("new", "Halo")
    draft = kawan("status", "1")

    scheduled = kawan("schedule", "1", "2030-01-02", "09.00")

    for told in (draft, scheduled, kawan("status", "1")):
        assert "Penerimanya dicatat saat mulai dikirim." in told
        assert "0 orang" not in told


@pytest.mark.parametrize(
    ("day", "hour", "answer"),
    [
        ("31 Februari", "09.00", "tanggal 31 Februari tidak ada"),
        ("2020-01-02", "09.00", "sudah lewat"),
        ("besok", "jam berapa", "belum jelas"),
    ],
)
def test_a_time_that_cannot_be_is_refused(
    office: Settings, day: str, hour: str, answer: str
) -> None:
    kawan("new", "Halo")

    assert answer in kawan("schedule", "1", day, hour)


@pytest.fixture
def small(office: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """More than one person needs a second person's approval."""
    monkeypatch.setenv("BROADCAST_APPROVAL", "1")
    return office


def test_above_the_limit_another_member_approves(small: Settings) -> None:
    kawan("new", "Halo", "--to", "peran=semua", "--by", MAS_DIMAS)

    assert "perlu disetujui petugas lain" in kawan("rehearse", "1")
    assert "menunggu persetujuan petugas lain" in kawan("send", "1")
    assert "tidak menyetujuinya sendiri" in kawan("approve", "1", "--by", MAS_DIMAS)
    assert "misalnya --by Rina" in kawan("approve", "1", "--by", " ")
    assert kawan("approve", "1", "--by", MBAK_RINA) == "Siaran 1 sudah dijadwalkan."


def test_another_member_refuses(small: Settings) -> None:
    kawan("new", "Halo", "--to", "peran=semua", "--by", MAS_DIMAS)
    kawan("send", "1")

    assert kawan("refuse", "1", "--by", MBAK_RINA) == "Siaran 1 tidak disetujui."


def test_without_another_member_it_is_said_how_to_get_one(small: Settings) -> None:
    kawan("new", "Halo", "--to", "peran=semua", "--by", MAS_DIMAS)
    for other in (MBAK_RINA, "Bu Yuni"):
        asyncio.run(control.ask(small, "staff_remove", who=other, force="uji"))

    assert "kawan staff add" in kawan("send", "1")


def test_an_audience_that_is_empty_by_now_is_refused(office: Settings) -> None:
    kawan("new", "Halo", "--to", "desa=LDK")
    typed.write(office, lambda conn: conn.execute(update(schema.people).values(village_id=None)))

    assert "tidak ada penerima lagi" in kawan("send", "1")


def test_an_audience_of_which_nobody_may_be_written_to_is_refused(office: Settings) -> None:
    kawan("new", "Halo", "--to", "sekolah=EYG-SBS")
    typed.write(office, lambda conn: conn.execute(update(schema.people).values(consent="refused")))

    now, later = kawan("send", "1"), kawan("schedule", "1", "2030-01-02", "09.00")

    for told in (now, later):
        assert "tidak ada yang bisa dikirimi" in told
        assert "kawan broadcast rehearse 1" in told
    kept = typed.write(office, lambda conn: broadcasts.one(conn, BroadcastId(1)))
    assert kept is not None
    assert kept.state is State.DRAFT


def test_a_file_that_is_gone_is_not_forgotten(office: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(JPEG)
    kawan("new", "Halo", "--picture", "file")
    typed.write(office, lambda conn: conn.execute(update(schema.media).values(status="erase")))

    assert "berkasnya belum tersimpan" in kawan("send", "1")


def test_who_did_not_get_it_is_listed_by_code_and_with_names_for_a_reason(
    office: Settings,
) -> None:
    kawan("new", "Halo")

    def planned(conn: Connection) -> None:
        [person] = conn.execute(
            select(schema.people.c.id).where(schema.people.c.name == "Siti")
        ).scalars()
        recipients.plan(conn, BroadcastId(1), [(person, "stopped")])

    typed.write(office, planned)

    codes, named = kawan("who", "1"), kawan("who", "1", "--reason", "kunjungan")
    told = json.loads(kawan("who", "1", "--json"))

    assert "minta berhenti dikirimi pesan" in codes
    assert "Siti" not in codes
    assert "Mbah Siti" in named
    assert told[0]["reason"] == "stopped"


def test_nobody_is_said_to_have_what_has_not_begun(office: Settings) -> None:
    kawan("new", "Halo")

    told = kawan("who", "1")

    assert told == "Siaran 1 masih rancangan: belum ada penerima yang dicatat."


def test_everything_can_be_told_to_a_program(office: Settings) -> None:
    made = json.loads(kawan("new", "Halo", "--json"))
    planned = json.loads(kawan("schedule", "1", "2030-01-02", "09.00", "--json"))
    kept, [listed] = json.loads(kawan("status", "1", "--json")), json.loads(kawan("list", "--json"))

    assert (made["id"], planned["state"]) == (1, "scheduled")
    assert kept == listed
    assert kept["account"]["planned"] == 0


async def test_a_broadcast_from_chat_arrives_and_is_accounted_for(tmp_path: Path) -> None:
    """SIAR, a number, a number, the words, the rehearsal, a number; and what becomes of it."""
    async with running(settings(tmp_path, quiet_hours="")) as service:
        for said_ in ("SIAR", "2", "1", "Besok kumpul, {sapaan}."):
            await write(service, "mas-dimas", said_)
        await _until_idle(service)
        rehearsed = await heard(service, "mas-dimas")
        await write(service, "mas-dimas", "1")
        await _until_idle(service)
        got = await heard(service, "mbah-siti")
        for _ in range(3):
            service.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]
            service.ticker.forgive()
            await _until_idle(service)
        told = await heard(service, "mas-dimas")
        kept, account = await service.database.read(
            lambda conn: (
                broadcasts.one(conn, BroadcastId(1)),
                recipients.account(conn, BroadcastId(1)),
            )
        )

    assert any("Akan dikirim ke 1 dari 1 orang." in text for text in rehearsed)
    assert got.count("Besok kumpul, Mbah.") == 1
    assert kept is not None
    assert kept.state is State.DONE
    assert (account.planned, account.sent) == (1, 1)
    assert told[-1].startswith("Siaran 1 selesai.")


async def test_who_approves_in_chat_sees_what_a_command_wants_to_send(tmp_path: Path) -> None:
    configured = settings(tmp_path, quiet_hours="", broadcast_approval=1)
    async with running(configured) as service:
        await control.ask(configured, "broadcast_new", to="peran=semua", text="Halo {sapaan}")
        told = await control.ask(configured, "broadcast_send", id_=1)
        await _until_idle(service)
        asked = await heard(service, "mbak-rina")
        await write(service, "mbak-rina", "1")
        await _until_idle(service)
        got = await heard(service, "mbah-siti")

    assert told["state"] == "asking"
    assert any("Akan dikirim ke 6 dari" in text for text in asked)
    assert any("perintah kawan minta persetujuan" in text for text in asked)
    assert got == ["Halo Mbah"]


async def _until_idle(service: Any) -> None:
    """Everything that is due by now is done, and everything that may leave has left."""
    for _ in range(3):
        await service.ticker.catch_up()
        service.delivery.wake()
        await settle(service)

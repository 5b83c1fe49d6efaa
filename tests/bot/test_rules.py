"""`kawan rules` and `kawan due`: rules written, refused with what would be right, and foreseen."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection

from bot.commands.rules import when
from bot.media import MediaStore
from bot.operations import OPERATIONS, Desk, OperationRefused
from bot.operations.rules import told
from conversations.rule import RuleId
from storage import audit, people, rules
from storage.database import Database
from storage.sealing import Vault
from tests.bot.services import kawan, settings

JEMBER = ZoneInfo("Asia/Jakarta")
MONDAY = datetime(2026, 11, 16, 10, 0, tzinfo=JEMBER)


@pytest.fixture
async def desk(lite: Database, vault: Vault, tmp_path: Path) -> Desk:
    def villages(conn: Connection) -> None:
        people.add_village(conn, "Kenanga", "KNG")
        people.add_village(conn, "Ledokombo", "LDK")

    await lite.write(villages)
    return Desk(
        settings=settings(tmp_path),
        database=lite,
        vault=vault,
        media=cast("MediaStore", None),
        now=lambda: MONDAY,
        take_up=lambda _: None,
    )


async def ask(desk: Desk, operation: str, **said: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", await OPERATIONS[operation](desk, **said))


async def test_a_village_gets_a_day_and_an_hour_of_its_own(desk: Desk) -> None:
    added = await ask(
        desk, "rule_add", name="Kabar Kenanga", weekday="Selasa", hour="18.45", village="kng"
    )

    assert (added["number"], added["what"], when(added)) == (5, "kabar", "setiap selasa")
    assert (added["hour"], added["village"], added["busy"]) == ("18.45", "KNG", "tunggu")


async def test_every_kind_of_rule_can_be_written(desk: Desk) -> None:
    message = await ask(
        desk,
        "rule_add",
        name="Sebulan",
        what="pesan",
        since="pendaftaran",
        days=30,
        hour="09.00",
        audience="umur=0-5 kecuali tanda=uji",
        words="Sudah sebulan, {Sapaan}.",
        busy="lewati",
    )
    before = await ask(
        desk, "rule_add", name="Bawa buku", what="pesan", since="sesi", days=-2, words="Bawa buku."
    )

    assert when(message) == "30 hari sesudah pendaftaran"
    assert message["words"] == "Sudah sebulan, {sapaan}."
    assert "anak umur 0–5 tahun" in message["audience"]
    assert when(before) == "2 hari sebelum sesi"


async def test_what_is_not_told_stays_when_a_rule_changes(desk: Desk) -> None:
    changed = await ask(desk, "rule_change", number=1, hour="18.30", name="Kabar kita")

    assert (changed["name"], changed["hour"], when(changed)) == (
        "Kabar kita",
        "18.30",
        "setiap rabu",
    )


async def test_a_rule_may_change_what_it_counts_from(desk: Desk) -> None:
    changed = await ask(desk, "rule_change", number=3, since="kabar dikirim", days=4)

    assert when(changed) == "4 hari sesudah kabar-dikirim"


async def test_a_weekly_rule_loses_its_weekday_with_its_week(desk: Desk) -> None:
    changed = await ask(
        desk, "rule_change", number=1, what="kiat", since="kabar-selesai", days=3, hour="09.00"
    )

    assert when(changed) == "3 hari sesudah kabar-selesai"


async def test_a_stopped_rule_is_listed_as_such_and_everything_is_recorded(desk: Desk) -> None:
    await ask(desk, "rule_stop", number=4)

    kept = [told(one) for one in await desk.database.read(rules.every)]
    assert [one["active"] for one in kept] == [True, True, True, False]
    [entry] = await desk.database.read(lambda conn: audit.latest(conn, 5))
    assert (entry.actor, entry.action, entry.subject) == ("command", "rule stopped", "rule:4")


async def test_the_clock_is_woken_because_today_may_be_concerned(desk: Desk) -> None:
    woken: list[bool] = []
    awake = Desk(
        settings=desk.settings,
        database=desk.database,
        vault=desk.vault,
        media=desk.media,
        now=desk.now,
        take_up=desk.take_up,
        wake=lambda: woken.append(True),
    )

    await ask(awake, "rule_add", name="Kabar Kenanga", weekday="senin", village="KNG")

    assert woken == [True]


@pytest.mark.parametrize(
    ("said", "wrong", "right"),
    [
        ({"weekday": "kamis"}, "malam Jumat", "sebelum 17.30"),
        ({"weekday": "kamis", "hour": "17.30"}, "malam Jumat", "hari lain"),
        ({"weekday": "jumat", "hour": "11.00"}, "salat Jumat", "13.00"),
        ({"weekday": "selasa", "hour": "20.30"}, "jam tenang", "sebelum 20.30"),
        ({"weekday": "selasa", "hour": "06.29"}, "jam tenang", "mulai 06.30"),
        ({"weekday": "selasa", "hour": "25.00"}, "25.00", "08.00"),
        ({"weekday": "selas"}, "selas", "selasa"),
        ({}, "perlu hari", "--weekday rabu"),
        ({"weekday": "rabu", "days": 2}, "tidak ada jumlah hari", "--days 0"),
        ({"weekday": "rabu"}, "sudah ada kabar mingguan", "rules change 1"),
        ({"weekday": "rabu", "village": "XYZ"}, "XYZ", "KNG, LDK, semua"),
        ({"weekday": "rabu", "audience": "dusun=3"}, "dusun", "desa"),
        ({"weekday": "rabu", "audience": "desa=XYZ"}, "XYZ", "villages list"),
        ({"what": "kabarr"}, "kabarr", "mungkin kabar?"),
        ({"since": "libur"}, "libur", "mingguan"),
        ({"busy": "entah"}, "entah", "tunggu, lewati, sesudahnya"),
        ({"what": "kunjungan", "weekday": "rabu"}, "mingguan", "kabar, kiat, pesan"),
        ({"what": "kiat", "since": "pendaftaran"}, "1 sampai 365", "--days"),
        ({"what": "kiat", "since": "kabar-selesai", "weekday": "rabu"}, "mingguan", "--days"),
        ({"what": "pesan", "since": "pendaftaran", "days": 1}, "perlu isi", "--words"),
        (
            {"what": "pesan", "since": "pendaftaran", "days": 1, "words": "Hai {nma}"},
            "nma",
            "{nama}",
        ),
        ({"weekday": "rabu", "village": "KNG", "words": "Hai"}, "hanya untuk pesan", "--what"),
        ({"name": "kabar MINGGUAN", "weekday": "selasa"}, "sudah dipakai aturan nomor 1", "lain"),
        ({"name": "K", "weekday": "selasa"}, "2 sampai 80", "nama"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_would_be_right(
    desk: Desk, said: dict[str, Any], wrong: str, right: str
) -> None:
    with pytest.raises(OperationRefused) as refused:
        await ask(desk, "rule_add", **{"name": "Aturan baru", **said})

    assert wrong in str(refused.value)
    assert right in str(refused.value)
    known = await desk.database.read(rules.every)
    assert [one.rule.id for one in known] in ([], [1, 2, 3, 4])


@pytest.mark.parametrize("operation", ["rule_change", "rule_stop"])
async def test_a_number_that_is_no_rules_is_refused(desk: Desk, operation: str) -> None:
    with pytest.raises(OperationRefused, match="kawan rules list"):
        await ask(desk, operation, number=99)


async def test_a_part_that_no_rule_has_is_refused(desk: Desk) -> None:
    with pytest.raises(OperationRefused, match="warna bukan bagian"):
        await ask(desk, "rule_add", name="Aturan", warna="merah")


async def test_a_stopped_name_says_why_it_cannot_be_taken(desk: Desk) -> None:
    await ask(desk, "rule_stop", number=1)

    with pytest.raises(OperationRefused, match="sudah dihentikan"):
        await ask(desk, "rule_add", name="Kabar mingguan", weekday="selasa")


def test_the_commands_write_list_and_foresee(tmp_path: Path) -> None:
    added = kawan(
        *("rules", "add", "Kabar Selasa", "--weekday", "selasa", "--what", "kiat"), folder=tmp_path
    )
    listed = kawan("rules", "list", folder=tmp_path)
    as_json = kawan("rules", "list", "--json", "--all", folder=tmp_path)
    changed = kawan("rules", "change", "5", "--hour", "16.00", folder=tmp_path)
    stopped = kawan("rules", "stop", "5", folder=tmp_path)
    foreseen = kawan("due", "--days", "3", folder=tmp_path)
    none = kawan("due", "--json", folder=tmp_path)

    assert "Ditambahkan: aturan nomor 5, Kabar Selasa: kiat, setiap selasa" in text(added)
    assert "setiap rabu" in text(listed)
    assert [one["number"] for one in json.loads(as_json.stdout)] == [1, 2, 3, 4, 5]
    assert "jam 16.00" in text(changed)
    assert "Dihentikan: aturan nomor 5" in text(stopped)
    assert text(foreseen) == "Tidak ada yang direncanakan dalam 3 hari.\n"
    assert json.loads(none.stdout) == []


def text(done: Any) -> str:
    assert done.returncode == 0, done.stderr.decode()
    return str(done.stdout.decode())


def test_a_rule_without_days_is_told_by_what_it_counts_from() -> None:
    assert when({"weekday": "", "days": 0, "from": "bulan-lahir"}) == "bulan-lahir"


async def test_the_sweep_of_a_new_rule_is_due_at_once(desk: Desk) -> None:
    await ask(desk, "rule_add", name="Kabar Kenanga", weekday="senin", village="KNG")

    rule = await desk.database.read(lambda conn: rules.one(conn, RuleId(5)))
    assert rule is not None
    assert rule.since == MONDAY

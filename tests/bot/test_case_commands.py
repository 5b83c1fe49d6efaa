"""`kawan cases`, `kawan audit`, `kawan staff` as an operator uses them, on the sample programme."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import Connection, update

from bot.settings import Settings
from conversations.concerns.case import Outcome
from conversations.concerns.event import CaseKnown, ClosingAsked
from conversations.dialogue import Person, PersonId
from conversations.level import Level
from storage import audit, cases, events, people, schema, staff, tasks
from tests.bot.typed import kawan, with_sample, write
from tests.storage.builders import DAY, NOW, a_task, known

CODE, OTHER = "LDK-26-0001", "LDK-26-0002"
DIMAS, RINA, YUNI, MADE = "Mas Dimas", "Mbak Rina", "Bu Yuni", "Pak Made"
NARRATIVE = "cerita yang tidak boleh bocor"


@pytest.fixture
def office(folder: Settings) -> Settings:
    """With the sample programme."""
    return with_sample(folder)


@pytest.fixture
def case(office: Settings) -> Settings:
    """A MERAH of Mas Dimas, told by Mbah Siti."""
    write(office, lambda conn: opens(conn, CODE))
    return office


def siti(conn: Connection) -> Person:
    return people.at_address(conn, "simulator", "sim", "mbah-siti", NOW).person


def who(conn: Connection, name: str) -> PersonId:
    return known(next(one.person for one in staff.members(conn) if one.name == name))


def opens(conn: Connection, code: str, level: Level = Level.MERAH, owner: str = DIMAS) -> None:
    hers = who(conn, owner)
    a_task(conn, siti(conn), code, level=level, owner=hers, content=NARRATIVE)


def owner(conn: Connection, code: str = CODE) -> str:
    task = known(tasks.by_code(conn, code))
    return next((one.name for one in staff.members(conn) if one.person == task.owner), "")


def record(conn: Connection, code: str = CODE) -> list[tuple[str, str]]:
    return [(one.action, one.channel) for one in audit.latest(conn, 99, subject=code)]


def test_the_list_shows_codes_owner_and_state_and_no_word_of_it(case: Settings) -> None:
    shown = kawan("cases", "list")
    [row] = json.loads(kawan("cases", "list", "--json"))

    assert CODE in shown
    assert "belum diterima, terlambat" in shown
    assert NARRATIVE not in shown
    assert "Siti" not in shown
    assert (row["level"], row["stage"], row["owner"]) == ("merah", "aduan", DIMAS)
    assert kawan("cases", "list", "--owner", "yuni") == "Tidak ada laporan."
    assert kawan("cases", "list", "--closed") == "Tidak ada laporan."


def test_the_clocks_of_the_law_are_shown_where_they_run(case: Settings) -> None:
    def sexual(conn: Connection) -> None:
        opens(conn, OTHER)
        a_task(conn, siti(conn), "LDK-26-0003", kind="erasure")
        change = update(schema.tasks).where(schema.tasks.c.code == OTHER)
        conn.execute(change.values(danger_class="sexual_violence"))

    write(case, sexual)

    rows = {row["code"]: row["clocks"] for row in json.loads(kawan("cases", "list", "--json"))}

    assert [clock["law"] for clock in rows[OTHER]] == ["UU 12/2022 Pasal 41"]
    assert [clock["law"] for clock in rows["LDK-26-0003"]] == ["UU 27/2022 Pasal 40"]
    assert rows[CODE] == []
    shown = kawan("cases", "show", OTHER, "--reason", "rapat", "--by", DIMAS)
    assert "pastikan ke ahli hukum" in shown


def test_content_is_shown_for_a_reason_and_on_record(case: Settings) -> None:
    refused = kawan("cases", "show", CODE, "--reason", " ", "--by", DIMAS)
    shown = kawan("cases", "show", CODE.lower(), "--reason", "rapat kasus", "--by", DIMAS)

    assert "tulis alasan" in refused
    assert NARRATIVE in shown
    assert "siapa yang memegang HP" in shown
    [entry] = write(case, lambda conn: audit.latest(conn, 9, subject=CODE))
    assert (entry.action, entry.reason, entry.channel) == ("case shown", "rapat kasus", "command")
    assert entry.actor.startswith("person:")


@pytest.mark.parametrize(
    ("by", "answer"),
    [("", "tulis petugas yang memutuskan"), ("Budi", "tidak ada"), (MADE, "tidak ada laporan")],
)
def test_nobody_else_reads_it(case: Settings, by: str, answer: str) -> None:
    shown = kawan("cases", "show", CODE, "--reason", "x", "--by", by)

    assert answer in shown
    assert NARRATIVE not in shown
    assert write(case, record) == []


def test_what_is_about_staff_only_the_focal_person_reads(case: Settings) -> None:
    def outside(conn: Connection) -> None:
        one = siti(conn)
        events.apply(conn, one, people.NOWHERE, [CaseKnown(CODE, {"outside": True})], NOW)

    write(case, outside)

    assert "tidak ada laporan" in kawan("cases", "show", CODE, "--reason", "x", "--by", YUNI)
    assert NARRATIVE in kawan("cases", "show", CODE, "--reason", "x", "--by", MADE)
    assert write(case, lambda conn: owner(conn)) == MADE


def test_an_urgent_case_is_closed_by_two_people(case: Settings) -> None:
    asked = kawan("cases", "close", CODE, "aman", "--words", "sudah ditemui", "--by", DIMAS)
    own = kawan("cases", "approve", CODE, "--by", DIMAS)
    approved = kawan("cases", "approve", CODE, "--by", YUNI)

    assert "menunggu persetujuan" in asked
    assert "tidak ada laporan" in own
    assert approved == f"{CODE} ditutup."
    assert "aman" in kawan("cases", "list", "--closed")
    assert write(case, record) == [("closing approved", "command"), ("closing asked", "command")]


def test_a_closing_is_sent_back_with_words_or_was_never_asked_for(case: Settings) -> None:
    never = kawan("cases", "return", CODE, "--words", "x", "--by", YUNI)
    kawan("cases", "close", CODE, "selesai", "--words", "x", "--by", RINA)
    without = kawan("cases", "return", CODE, "--words", " ", "--by", YUNI)
    back = kawan("cases", "return", CODE, "--words", "temui anaknya", "--by", YUNI)

    assert "tidak sedang diminta" in never
    assert "tulis apa yang masih perlu" in without
    assert "tetap terbuka" in back


def test_a_coordinator_closes_what_is_outside_when_there_is_one_focal_person(
    case: Settings,
) -> None:
    def outside(conn: Connection) -> None:
        one, made = siti(conn), Person(who(conn, MADE), channel="simulator")
        told = CaseKnown(CODE, {"outside": True})
        events.apply(conn, one, people.NOWHERE, [told], NOW)
        closing = ClosingAsked(CODE, Outcome.DONE, "x")
        events.apply(conn, made, people.NOWHERE, [closing], NOW)

    write(case, outside)

    assert kawan("cases", "approve", CODE, "--by", YUNI) == f"{CODE} ditutup."


def test_wrong_words_get_what_would_be_right(case: Settings) -> None:
    for arguments, answer in (
        (("close", CODE, "ganda", "--words", "x", "--by", DIMAS), "pilih: selesai"),
        (("close", CODE, "aman", "--words", " ", "--by", DIMAS), "tulis apa yang sudah"),
        (("reopen", CODE, "--words", "x", "--by", DIMAS), "tidak bisa"),
        (("reopen", CODE, "--words", "", "--by", DIMAS), "tulis alasan"),
        (("level", CODE, "ungu", "--by", DIMAS), "merah, oranye"),
        (("level", CODE, "hijau", "--by", DIMAS), "perlu alasan"),
        (("merge", CODE, CODE, "--by", DIMAS), "tidak bisa"),
        (("exclude", CODE, "Budi", "--by", DIMAS), "tidak ada petugas atau kader"),
        (("hand-over", CODE, "Bu Rini", "--by", DIMAS), "tidak bisa memegangnya"),
        (("hand-over", "LDK-26-0404", "--by", DIMAS), "tidak ada laporan LDK-26-0404"),
        (("hand-over", DIMAS, DIMAS, "--by", YUNI), "dua orang yang berbeda"),
    ):
        assert answer in kawan("cases", *arguments)
    assert write(case, record) == []


def test_a_case_is_merged_linked_raised_reopened_and_handed_over(case: Settings) -> None:
    write(case, lambda conn: opens(conn, OTHER, Level.KUNING))

    assert OTHER in kawan("cases", "link", CODE, OTHER, "--by", DIMAS)
    assert kawan("cases", "level", OTHER, "oranye", "--by", DIMAS) == f"{OTHER}: oranye."
    assert kawan("cases", "merge", OTHER, CODE, "--by", DIMAS) == f"{OTHER} digabung ke {CODE}."
    assert "dipanggil" in kawan("cases", "reopen", OTHER, "--words", "lain hal", "--by", YUNI)
    assert RINA in kawan("cases", "hand-over", OTHER, RINA, "--by", YUNI)
    assert RINA in kawan("cases", "hand-over", CODE, "--by", YUNI)


def test_who_is_kept_out_loses_the_case(case: Settings) -> None:
    told = kawan("cases", "exclude", CODE, DIMAS, "--by", YUNI)

    assert "tidak membaca" in told
    assert RINA in told
    assert "tidak ada laporan" in kawan("cases", "show", CODE, "--reason", "x", "--by", DIMAS)


def test_all_of_somebody_who_goes_is_handed_over_in_one_act(case: Settings) -> None:
    write(case, lambda conn: opens(conn, OTHER, Level.KUNING))

    told = kawan("cases", "hand-over", DIMAS, RINA, "--by", YUNI)

    assert told == f"Dari {DIMAS} ke {RINA}: {CODE}, {OTHER}."
    assert write(case, lambda conn: {owner(conn), owner(conn, OTHER)}) == {RINA}
    assert write(case, record) == [("case handed over", "command")]


def test_without_a_name_all_of_somebody_goes_to_others_as_when_she_leaves(case: Settings) -> None:
    told = kawan("cases", "hand-over", DIMAS, "--by", YUNI)

    assert told == f"Dari {DIMAS} ke petugas lain: {CODE}."
    assert write(case, owner) not in (DIMAS, "")


def test_alerts_are_told_step_by_step(case: Settings) -> None:
    kawan("cases", "hand-over", CODE, RINA, "--by", YUNI)

    shown = kawan("cases", "alerts", CODE)
    [step] = json.loads(kawan("cases", "alerts", CODE, "--json"))["alerts"]

    [_, row, *_] = shown.splitlines()
    assert re.fullmatch(rf"\d+ +{RINA} +\d\d/\d\d \d\d\.\d\d\.\d\d +belum", row.strip())
    assert (step["name"], step["answered"]) == (RINA, None)


def test_reading_the_record_is_on_record(case: Settings) -> None:
    kawan("cases", "show", CODE, "--reason", "rapat", "--by", DIMAS)

    shown = kawan("audit", CODE)
    dimas = write(case, lambda conn: who(conn, DIMAS))
    hers = json.loads(kawan("audit", "--person", f"P-{dimas:04}", "--json"))

    assert "case shown" in shown
    assert "rapat" in shown
    assert [one["action"] for one in hers if one["subject"] == CODE] == ["case shown"]
    assert ("audit read", "") in write(case, record)


def test_an_account_gets_a_role_and_the_list_tells_it(office: Settings) -> None:
    added = kawan("staff", "add", "Mas Eko", "--role", "penyelenggara")
    wrong = kawan("staff", "add", "Mas Edi", "--role", "bos")
    other = kawan("staff", "add", "Mas Eko", "--role", "luar")
    rows = {row["name"]: row for row in json.loads(kawan("staff", "list", "--json"))}

    assert "(penyelenggara)" in added
    assert "petugas, koordinator" in wrong
    assert "sudah ditambahkan sebagai penyelenggara" in other
    assert {name: row["role"] for name, row in rows.items()} == {
        DIMAS: "petugas",
        RINA: "petugas",
        YUNI: "koordinator",
        MADE: "luar",
        "Mas Eko": "penyelenggara",
    }
    assert not rows["Mas Eko"]["joined"]


def test_nobody_is_let_go_while_duty_would_be_uncovered_without_a_reason(case: Settings) -> None:
    refused = kawan("staff", "remove", DIMAS)
    done = kawan("staff", "remove", DIMAS, "--force", "melanggar aturan")

    assert "kurang dari dua orang" in refused
    assert "bukan petugas lagi. Tugas yang dipindahkan: 1." in done
    assert "kurang dari dua orang" in done
    assert "kawan keys rotate" in done
    assert "TELEGRAM_TOKEN" not in done
    removed = write(case, lambda conn: audit.latest(conn, 1)[0])
    assert (removed.action, removed.reason) == ("staff removed", "melanggar aturan")
    assert write(case, lambda conn: owner(conn)) == RINA


def test_the_last_coordinator_stays_while_a_closing_waits(case: Settings) -> None:
    kawan("cases", "close", CODE, "aman", "--words", "x", "--by", DIMAS)

    refused = kawan("staff", "remove", YUNI)

    assert "koordinator terakhir" in refused
    assert CODE in refused
    kawan("cases", "approve", CODE, "--by", YUNI)
    assert "bukan petugas lagi" in kawan("staff", "remove", YUNI)


def test_only_secrets_that_are_set_are_to_be_changed(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUTY_PHONE", "0812-3456-7890")

    told = kawan("staff", "remove", MADE)

    assert "Telepon jaga" in told
    assert "0812" not in told
    assert "WHATSAPP" not in told


def test_an_old_case_does_not_hide_a_newer_one_in_the_list_of_the_closed(case: Settings) -> None:
    def close(conn: Connection) -> None:
        opens(conn, OTHER, Level.KUNING)
        for code, at in ((CODE, NOW), (OTHER, NOW + DAY)):
            tasks.change(conn, code, None, tasks.CLOSED, "", at)

    write(case, close)

    assert write(case, lambda conn: [one.code for one in cases.every(conn, True, limit=9)]) == [
        OTHER,
        CODE,
    ]


def test_a_linked_case_that_the_reader_may_not_see_is_not_named(case: Settings) -> None:
    write(case, lambda conn: opens(conn, OTHER, Level.KUNING))
    kawan("cases", "link", CODE, OTHER, "--by", DIMAS)
    show = ("cases", "show", CODE, "--reason", "rapat", "--json", "--by")
    before = kawan(*show, DIMAS)
    kawan("cases", "exclude", OTHER, DIMAS, "--by", YUNI)

    after = kawan(*show, DIMAS)

    assert OTHER in before
    assert OTHER not in after
    assert OTHER in kawan(*show, YUNI)

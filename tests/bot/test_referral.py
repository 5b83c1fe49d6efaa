"""Referrals by command: a decision with a name and a reason, minimum data, what was answered."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, select, update

from bot import control
from bot.operations import OperationRefused
from conversations.concerns.case import Agency
from conversations.dialogue import PersonId
from conversations.level import Level
from storage import audit, case_life, directory, people, schema, staff, tasks
from storage.directory import NewOffice
from tests.bot.offices import Office
from tests.bot.offices import kawan as kawan
from tests.bot.offices import office as office
from tests.bot.services import settings
from tests.storage.builders import HOUR, NOW, a_caregiver, a_child, a_member, a_seat, a_task

CODE, OTHER = "LDK-26-0042", "LDK-26-0043"
SAID = "Saya Siti, tolong, Adi dipukul tetangga"
REASON = "anak belum aman"


@pytest.fixture
async def case(office: Office) -> dict[str, int]:
    """A case of Mbah Siti's in Ledokombo, owned by Mbak Rina; the numbers of all that matters."""
    numbers: dict[str, int] = await office.write(a_case)
    return numbers


def a_case(conn: Connection) -> dict[str, int]:
    people.add_village(conn, "Ledokombo", "LDK", district="Jember")
    [village] = people.all_villages(conn)
    rina = a_member(conn, "Mbak Rina", "801")
    dimas = a_member(conn, "Mas Dimas", "802")
    siti = a_caregiver(conn, "62812", village_id=village.id)
    child = a_child(conn, siti)
    a_task(conn, siti, CODE, level=Level.MERAH, owner=rina.id, child=child, content=SAID)
    tasks.extend(conn, CODE, siti.id, "siapa: Adi anaknya Sri", None, NOW)
    tasks.extend(conn, CODE, siti.id, "waktu: besok jam sembilan", None, NOW)
    conn.execute(update(schema.tasks).values(danger_class="sexual_violence"))
    return {
        "office": an_office(conn),
        "police": an_office(conn, Agency.POLRES_PPA, "(0331) 487124"),
        "rina": rina.id,
        "dimas": dimas.id,
        "siti": siti.id,
    }


def an_office(
    conn: Connection, agency: Agency = Agency.UPTD_PPA, phone: str = "(0331) 487123"
) -> int:
    return directory.add(conn, NewOffice(agency, "Kantor contoh", phone, district="Jember"), NOW)


async def make(office: Office, contact: int, **changes: Any) -> dict[str, Any]:
    given = {"code": CODE, "contact": contact, "reason": REASON, "by": "Mbak Rina", **changes}
    made: dict[str, Any] = await office.ask("referral_sheet", **given)
    return made


async def change(office: Office, **values: Any) -> None:
    await office.write(lambda conn: conn.execute(update(schema.cases).values(**values)))


async def recorded(office: Office) -> list[tuple[str, str, str, str]]:
    entries = await office.write(lambda conn: audit.latest(conn, 20, subject=CODE))
    return [(one.actor, one.action, one.reason, one.channel) for one in entries]


async def test_without_a_decision_there_is_no_sheet(office: Office, case: dict[str, int]) -> None:
    with pytest.raises(OperationRefused, match="--decide"):
        await make(office, case["office"])

    assert await office.ask("referral_list", code=CODE, by="Mbak Rina") == []


async def test_a_decision_is_recorded_with_who_and_why(
    office: Office, case: dict[str, int]
) -> None:
    made = await make(office, case["office"], decide=True)

    [told] = await office.ask("referral_list", code=CODE, by="Mbak Rina")
    who = f"person:{case['rina']}"
    assert (told["id"], told["state"], told["agency"]) == (made["referral"], "diminta", "uptd_ppa")
    assert told["by"] == "Mbak Rina"
    assert ("referral sheet made", REASON) in [one[1:3] for one in await recorded(office)]
    assert {(one[0], one[3]) for one in await recorded(office)} == {(who, "command")}


async def test_a_second_sheet_for_the_same_office_is_no_second_decision(
    office: Office, case: dict[str, int]
) -> None:
    first = await make(office, case["office"], decide=True)

    again = await make(office, case["office"])

    assert again["referral"] == first["referral"]
    assert len(await office.ask("referral_list", code=CODE, by="Mbak Rina")) == 1


async def test_an_office_that_refused_is_asked_again_by_a_new_decision(
    office: Office, case: dict[str, int]
) -> None:
    first = await make(office, case["office"], decide=True)
    await office.ask(
        "referral_answer", id_=first["referral"], state="ditolak", by="Mbak Rina", note="penuh"
    )

    with pytest.raises(OperationRefused, match="--decide"):
        await make(office, case["office"])
    again = await make(office, case["office"], decide=True)

    assert again["referral"] != first["referral"]


async def test_a_reason_is_needed(office: Office, case: dict[str, int]) -> None:
    with pytest.raises(OperationRefused, match="--reason"):
        await make(office, case["office"], decide=True, reason=" ")


async def test_the_sheet_tells_the_child_and_the_words_and_not_the_reporter(
    office: Office, case: dict[str, int]
) -> None:
    sheet = (await make(office, case["office"], decide=True))["sheet"]

    assert (sheet["child"], sheet["age"], sheet["village"]) == (
        "Adi",
        "6 tahun",
        "Ledokombo, Jember",
    )
    assert sheet["reporter"] == ""
    assert sheet["quotes"][0]["words"] == "Saya [nama pelapor], tolong, Adi dipukul tetangga"
    assert sheet["quotes"][0]["when"] == "Rabu, 18 November 2026, 19.15 WIB"
    assert sheet["when_to_call"] == "besok jam sembilan"
    assert (sheet["level"], sheet["supposed"]) == ("merah", "sexual_violence")
    assert sheet["to"] == "UPTD PPA: Kantor contoh"


async def test_the_reporter_is_named_only_when_it_is_asked_for_and_she_did_not_hide(
    office: Office, case: dict[str, int]
) -> None:
    named = (await make(office, case["office"], decide=True, with_reporter=True))["sheet"]
    await change(office, hide_name=True)
    with pytest.raises(OperationRefused, match="tanpa namanya"):
        await make(office, case["office"], with_reporter=True)
    hidden = (await make(office, case["office"]))["sheet"]

    assert named["reporter"] == "Mbah Siti"
    assert named["quotes"][0]["words"] == SAID
    assert hidden["hides"]
    assert "Siti" not in str(hidden)


async def test_a_child_that_nobody_registered_is_called_as_the_reporter_did(
    office: Office, case: dict[str, int]
) -> None:
    await office.write(lambda conn: conn.execute(update(schema.tasks).values(child_id=None)))

    sheet = (await make(office, case["office"], decide=True))["sheet"]

    assert (sheet["child"], sheet["age"]) == ("Adi anaknya Sri", "")


async def test_what_staff_did_is_told_and_their_notes_are_not(
    office: Office, case: dict[str, int]
) -> None:
    def unit(conn: Connection) -> None:
        rina = PersonId(case["rina"])
        tasks.change(conn, CODE, rina, "accepted", "", NOW)
        tasks.change(conn, CODE, rina, "acted", "telepon kader", NOW + HOUR)
        tasks.change(conn, CODE, rina, "noted", "neneknya berutang", NOW + HOUR)

    await office.write(unit)

    sheet = (await make(office, case["office"], decide=True))["sheet"]

    assert [line.partition(": ")[2] for line in sheet["done"]] == [
        "diterima petugas",
        "tindakan telepon kader",
    ]
    assert "berutang" not in str(sheet)


async def test_of_a_very_long_talk_the_first_words_and_the_newest_are_quoted(
    office: Office, case: dict[str, int]
) -> None:
    def unit(conn: Connection) -> None:
        for number in range(50):
            tasks.extend(conn, CODE, PersonId(case["siti"]), f"pesan {number}", None, NOW)

    await office.write(unit)

    quotes = (await make(office, case["office"], decide=True))["sheet"]["quotes"]

    assert len(quotes) == 42
    assert quotes[0]["words"].startswith("Saya")
    assert quotes[1]["words"] == "(12 pesan lain ada pada kami)"
    assert quotes[-1]["words"] == "pesan 49"


async def test_other_offices_that_know_are_told(office: Office, case: dict[str, int]) -> None:
    await make(office, case["police"], decide=True)

    sheet = (await make(office, case["office"], decide=True))["sheet"]

    assert "sudah dirujuk ke Kantor contoh (diminta)" in sheet["done"]


async def test_the_clock_of_the_law_runs_until_the_police_were_told(
    office: Office, case: dict[str, int]
) -> None:
    before = (await make(office, case["office"], decide=True))["sheet"]
    await make(office, case["police"], decide=True)
    after = (await make(office, case["office"]))["sheet"]

    [clock] = before["clocks"]
    assert "Sabtu, 21 November 2026, 19.15 WIB" in clock
    assert "ahli hukum" in clock
    assert after["clocks"] == []


async def test_what_is_asked_follows_from_the_office_unless_it_is_written(
    office: Office, case: dict[str, int]
) -> None:
    usual = (await make(office, case["police"], decide=True))["sheet"]
    own = (await make(office, case["police"], ask="Jemput anak."))["sheet"]

    assert usual["asked"] == "Perlindungan segera dan penanganan menurut hukum."
    assert own["asked"] == "Jemput anak."


async def test_somebody_kept_out_of_a_case_makes_no_sheet_and_sees_no_referral(
    office: Office, case: dict[str, int]
) -> None:
    await office.write(lambda conn: tasks.exclude(conn, CODE, PersonId(case["dimas"]), None, NOW))

    with pytest.raises(OperationRefused, match="yang boleh dikerjakan"):
        await make(office, case["office"], decide=True, by="Mas Dimas")
    with pytest.raises(OperationRefused, match="yang boleh dikerjakan"):
        await office.ask("referral_list", code=CODE, by="Mas Dimas")


async def test_a_case_about_staff_is_for_a_focal_person_alone(
    office: Office, case: dict[str, int]
) -> None:
    def unit(conn: Connection) -> None:
        focal = a_seat(conn, "900").person
        account = staff.by_code(conn, staff.add(conn, "Bu Luar", "focal", NOW), NOW)
        assert account is not None
        staff.join(conn, account, focal.id, NOW)
        conn.execute(update(schema.tasks).values(owner_id=focal.id))
        conn.execute(update(schema.cases).values(outside=True))

    await office.write(unit)

    with pytest.raises(OperationRefused, match="yang boleh dikerjakan"):
        await make(office, case["office"], decide=True, by="Mbak Rina")
    made = await make(office, case["office"], decide=True, by="Bu Luar")

    assert made["sheet"]["sender"] == "Bu Luar"


@pytest.mark.parametrize("code", ["LDK-26-9999", "", "apa saja"])
async def test_an_unknown_case_is_refused_as_one_that_may_not_be_seen(
    office: Office, case: dict[str, int], code: str
) -> None:
    with pytest.raises(OperationRefused, match="yang boleh dikerjakan"):
        await make(office, case["office"], decide=True, code=code)


async def test_a_closed_case_is_not_referred_any_more(office: Office, case: dict[str, int]) -> None:
    rina = PersonId(case["rina"])
    await office.write(lambda conn: tasks.change(conn, CODE, rina, "closed", "aman", NOW))

    with pytest.raises(OperationRefused, match="buka lagi"):
        await make(office, case["office"], decide=True)


async def test_an_office_taken_out_of_the_directory_is_refused(
    office: Office, case: dict[str, int]
) -> None:
    contact = directory.ContactId(case["office"])
    await office.write(lambda conn: directory.end(conn, contact, NOW))

    with pytest.raises(OperationRefused, match="tidak ada lembaga"):
        await make(office, case["office"], decide=True)


@pytest.mark.parametrize("state", ["diterima", "ditolak", "selesai"])
async def test_an_answer_is_kept_with_its_time(
    office: Office, case: dict[str, int], state: str
) -> None:
    made = await make(office, case["office"], decide=True)

    said = await office.ask("referral_answer", id_=made["referral"], state=state, by="Mbak Rina")

    [told] = await office.ask("referral_list", code=CODE, by="Mbak Rina")
    assert said == {"code": CODE, "office": "Kantor contoh", "state": state}
    assert told["state"] == state
    assert "referral answered" in [one[1] for one in await recorded(office)]


@pytest.mark.parametrize(
    ("id_", "state", "said"), [(1, "diminta", "pilih diterima"), (99, "diterima", "nomor 99")]
)
async def test_what_is_no_answer_is_refused(
    office: Office, case: dict[str, int], id_: int, state: str, said: str
) -> None:
    await make(office, case["office"], decide=True)

    with pytest.raises(OperationRefused, match=said):
        await office.ask("referral_answer", id_=id_, state=state, by="Mbak Rina")


async def test_looking_at_referrals_is_recorded(office: Office, case: dict[str, int]) -> None:
    await office.ask("referral_list", code=CODE, by="Mas Dimas")

    assert (await recorded(office))[0][:2] == (f"person:{case['dimas']}", "referrals read")


async def test_the_audit_log_holds_no_word_of_a_report(
    office: Office, case: dict[str, int]
) -> None:
    await make(office, case["office"], decide=True, with_reporter=True)

    log = await office.write(lambda conn: conn.execute(select(schema.audit)).all())

    assert not any("Siti" in str(row) or "dipukul" in str(row) for row in log)


async def test_the_sheet_uses_the_zone_of_the_village(office: Office, case: dict[str, int]) -> None:
    await office.write(
        lambda conn: conn.execute(update(schema.villages).values(zone="Asia/Makassar"))
    )

    sheet = (await make(office, case["office"], decide=True))["sheet"]

    assert sheet["made"] == "Rabu, 18 November 2026, 20.15 WITA"


async def test_without_a_village_the_sheet_says_so(office: Office, case: dict[str, int]) -> None:
    await change(office, village_id=None)

    sheet = (await make(office, case["office"], decide=True))["sheet"]

    assert sheet["village"] == ""
    assert sheet["made"].endswith("WIB")


@pytest.fixture
def typed(kawan: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Commands in a folder that has the case; `contoh` is where data is without a token."""

    on_disk(tmp_path, a_case)
    return kawan


def on_disk(folder: Path, unit: Callable[[Connection], object]) -> None:
    """Write into the database that commands use in this folder."""

    async def write() -> None:
        async with control.desk(settings(folder)) as ours:
            await ours.database.write(unit)

    asyncio.run(write())


def sheet(name: str, *more: str) -> tuple[str, ...]:
    asked = ("--contact", "1", "--reason", "belum aman", "--by", "Mbak Rina")
    return ("referral", "sheet", CODE, *asked, "--output", name, *more)


@pytest.mark.parametrize("name", ["lembar.pdf", "lembar.html"])
def test_a_sheet_is_written_for_its_owner_alone(
    typed: Callable[..., str], tmp_path: Path, name: str
) -> None:
    said = typed(*sheet(name, "--decide"))

    assert "referral answer 1" in said
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert len((tmp_path / name).read_bytes()) > 1_000


def test_whoever_hands_the_sheet_over_is_told_that_the_reporter_hides(
    typed: Callable[..., str], tmp_path: Path
) -> None:
    plain = typed(*sheet("satu.html", "--decide"))
    on_disk(tmp_path, lambda conn: conn.execute(update(schema.cases).values(hide_name=True)))

    hidden = typed(*sheet("dua.html"))

    assert "baca lagi kutipannya" in hidden
    assert "baca lagi kutipannya" not in plain


def test_a_sheet_is_never_written_over_a_file(typed: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "lembar.pdf").write_text("yang lama")

    said = typed(*sheet("lembar.pdf", "--decide"))

    assert "sudah ada" in said
    assert (tmp_path / "lembar.pdf").read_text() == "yang lama"
    assert "Belum dirujuk" in typed("referral", "list", CODE, "--by", "Mbak Rina")


def test_a_sheet_that_is_refused_leaves_no_file(typed: Callable[..., str], tmp_path: Path) -> None:
    said = typed(*sheet("lembar.pdf"))

    assert "--decide" in said
    assert not (tmp_path / "lembar.pdf").exists()


def test_a_sheet_of_another_kind_is_refused(kawan: Callable[..., str]) -> None:
    assert ".pdf atau .html" in kawan(*sheet("lembar.docx"))


def test_the_answer_of_an_office_stands_in_the_list(typed: Callable[..., str]) -> None:
    typed(*sheet("lembar.html", "--decide"))

    said = typed("referral", "answer", "1", "accepted", "--by", "Mbak Rina", "--note", "besok")

    listed = typed("referral", "list", CODE, "--by", "Mbak Rina")
    plain = orjson.loads(typed("referral", "list", CODE, "--by", "Mbak Rina", "--json"))
    assert said == f"{CODE}, Kantor contoh: diterima.\n"
    assert "WIB" in listed
    assert [(one["id"], one["state"], one["by"]) for one in plain] == [(1, "diterima", "Mbak Rina")]


async def test_whoever_told_a_merged_case_is_quoted_as_a_reporter_and_not_named_either(
    office: Office, case: dict[str, int]
) -> None:
    def merged(conn: Connection) -> None:
        tuti = a_caregiver(conn, "62813", salutation="Bu", name="Tuti")
        a_task(conn, tuti, OTHER, owner=PersonId(case["rina"]), content="Saya Tuti, Adi menangis")
        case_life.merge(conn, OTHER, CODE, PersonId(case["rina"]), NOW)

    await office.write(merged)

    plain = (await make(office, case["office"], decide=True))["sheet"]
    named = (await make(office, case["office"], with_reporter=True))["sheet"]

    for sheet in (plain, named):
        [quote] = [one for one in sheet["quotes"] if "menangis" in one["words"]]
        assert quote["words"] == "Saya [nama pelapor], Adi menangis"
        assert quote["who"] == "pelapor"

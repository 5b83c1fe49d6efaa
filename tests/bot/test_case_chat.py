"""A case from its first words to its approved closing, by what people type, over real databases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.turn import Turns
from conversations.concerns.case import Outcome, Stage
from conversations.dialogue import PersonId, Role
from conversations.message import Kind, printed
from storage import cases, inbox, referrals, schema, schools, tasks
from storage.cases import StoredCases
from storage.database import Database
from storage.inbox import Received
from storage.world import Programme
from tests.storage.builders import NOW, a_caregiver, a_member, known
from tests.storage.school_builders import a_mother, a_school

DIMAS, SARI, RINI, SITI = "800", "801", "802", "62812"
STORY = "cucu tetangga saya dipukuli bapaknya sampai berdarah"


@dataclass(slots=True)
class Village:
    """Mbah Siti, Mas Dimas, the coordinator and the cadre, each at her phone."""

    conn: Connection
    now: datetime = NOW
    messages: int = 0

    def says(self, address: str, text: str) -> str:
        """What came back, as it is printed."""
        self.messages += 1
        body = simulator.body_of(Doing(Kind.TEXT, text=text), "n", self.now)
        received = Received("telegram", "bot", f"m{self.messages}", address, body)
        [accepted] = inbox.accept(self.conn, [received], self.now)
        turns = Turns(
            Programme("Program Contoh"),
            parsers={"telegram": simulator.parse},
            owner="o",
            now=lambda: self.now,
        )
        return "\n".join(printed(one.message) for one in turns.take(self.conn, accepted))

    def audited(self, code: str) -> list[tuple[str, str, str]]:
        """Who did what to it, by which channel, oldest first."""
        kept = schema.audit.c
        rows = self.conn.execute(
            select(kept.actor, kept.action, kept.channel)
            .where(kept.subject == code)
            .order_by(kept.id)
        )
        return [(row.actor, row.action, row.channel) for row in rows]

    @property
    def code(self) -> str:
        return str(self.conn.execute(select(schema.cases.c.code)).scalar_one())

    def case(self) -> Any:
        stored = StoredCases(self.conn, self.now, Programme("x").zone)
        return known(stored.case(self.code))


def a_village(conn: Connection) -> Village:
    dimas = a_member(conn, "Mas Dimas", DIMAS)
    a_member(conn, "Mbak Sari", SARI, role=Role.COORDINATOR)
    rini = a_caregiver(conn, RINI, salutation="Bu", name="Rini")
    siti = a_mother(conn, SITI)
    school = a_school(conn, cadre=rini.id)
    schools.enrol(conn, school.id, siti.id, None, NOW)
    schools.enrol(conn, school.id, rini.id, None, NOW)
    assert dimas.id != siti.id
    village = Village(conn)
    village.says(SITI, STORY)
    return village


async def test_a_case_is_led_from_its_first_words_to_an_approved_closing(
    database: Database,
) -> None:
    def unit(conn: Connection) -> dict[str, Any]:
        there = a_village(conn)
        code, number = there.code, str(int(there.code.rpartition("-")[2]))
        seen: dict[str, Any] = {"code": code}
        seen["taken"] = there.says(DIMAS, f"terima {number}")
        seen["read"] = there.says(DIMAS, f"baca {number}")
        there.says(DIMAS, f"tindakan {number} menelepon nenek")
        seen["planned"] = there.says(DIMAS, f"rencana {number} besok jam 9 bertemu guru")
        there.says(DIMAS, f"tahap {number} pendampingan")
        there.says(DIMAS, f"selesai {number} aman")
        seen["asked"] = there.says(DIMAS, "sudah ditemui, anak di rumah bude")
        seen["refused"] = there.says(DIMAS, f"setujui {number}")
        seen["waiting"] = (there.case().closing_by, there.case().stage, there.case().next_at)
        there.says(SARI, "kasus saya")
        seen["approving"] = there.says(SARI, "1")
        there.says(SARI, f"setujui {number}")
        seen["over"] = (there.case().task.closed_at, there.case().outcome)
        there.says(DIMAS, f"buka lagi {code} neneknya menelepon lagi")
        seen["again"] = (there.case().task.closed_at, there.case().stage)
        seen["audit"] = [(action, channel) for _, action, channel in there.audited(code)]
        return seen

    seen = await database.write(unit)

    code = seen["code"]
    assert "60 menit" in seen["taken"]
    assert f"“{STORY}”" in seen["read"]
    assert "Mbah Siti" in seen["read"]
    assert "Kamis" in seen["planned"]
    assert "koordinator" in seen["asked"]
    assert "bukan untuk akun ini" in seen["refused"]
    assert seen["waiting"][0] is not None
    assert seen["waiting"][1] is Stage.PENDAMPINGAN
    assert seen["waiting"][2] is not None
    assert "Setujui penutupan" in seen["approving"]
    assert seen["over"] == (NOW, Outcome.NO_DANGER)
    assert seen["again"] == (None, Stage.ASESMEN)
    actions = [action for action, _ in seen["audit"]]
    for action in (
        "task opened",
        "task accepted",
        "task_read",
        "case acted",
        "case planned",
        "case stage",
        "closing asked",
        "closing approved",
        "case reopened",
    ):
        assert actions.count(action) == (2 if action == "task_read" else 1), (code, action)
    by_staff = [channel for action, channel in seen["audit"] if action != "task opened"]
    assert set(by_staff) == {"telegram"}


async def test_a_cadre_looks_in_and_her_word_reaches_the_owner(database: Database) -> None:
    def unit(conn: Connection) -> dict[str, Any]:
        there = a_village(conn)
        code = there.code
        seen: dict[str, Any] = {"code": code}
        there.says(DIMAS, f"terima {code}")
        there.says(DIMAS, f"kunjungi {code} bu rini besok jam 9")
        there.says(DIMAS, "1")
        asked = select(schema.tasks.c.code).where(schema.tasks.c.kind == "visit")
        visit = seen["visit"] = str(conn.execute(asked).scalar_one())
        seen["hers"] = there.says(RINI, f"baca {visit}")
        seen["not hers"] = there.says(RINI, f"baca {code}")
        there.says(RINI, f"selesai {visit}")
        seen["thanked"] = there.says(RINI, "semua baik, kemarin ada syukuran")
        seen["told"] = there.says(DIMAS, f"baca {code}")
        seen["open"] = [task.code for task in tasks.open_for(conn, None, 10)]
        return seen

    seen = await database.write(unit)

    assert "Mbah Siti" in seen["hers"]
    for hidden in (STORY, seen["code"], "MERAH"):
        assert hidden not in seen["hers"]
    assert STORY not in seen["not hers"]
    assert "Terima kasih" in seen["thanked"]
    assert "kemarin ada syukuran" in seen["told"]
    assert "Rini" in seen["told"]
    assert seen["open"] == [seen["code"]]


async def test_an_office_is_told_by_a_decision_and_its_answer_recorded(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[str, list[tuple[str, str]], list[str]]:
        there = a_village(conn)
        code = there.code
        conn.execute(
            schema.contacts.insert(),
            {
                "agency": "polres_ppa",
                "name": "Unit PPA Contoh",
                "phone": "0000",
                "created_at": NOW,
            },
        )
        there.says(DIMAS, f"terima {code}")
        there.says(DIMAS, f"rujuk {code}")
        weighed = there.says(DIMAS, "1")
        there.says(DIMAS, "1")
        there.says(DIMAS, f"jawaban {code} diterima")
        told = [(one.contact.name, one.state.value) for one in referrals.of_case(conn, code)]
        return weighed, told, [action for _, action, _ in there.audited(code)]

    weighed, told, audited = await database.write(unit)

    assert "timbang dulu" in weighed
    assert told == [("Unit PPA Contoh", "diterima")]
    assert "case referred" in audited
    assert "referral answered" in audited


async def test_two_reports_are_merged_and_somebody_close_is_kept_out(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, str, str, int]:
        there = a_village(conn)
        first = there.code
        a_mother(conn, "62999", "Aminah")
        there.says("62999", "anak sebelah rumah dipukuli terus sama bapaknya")
        codes = [task.code for task in tasks.open_for(conn, None, 10)]
        [second] = [code for code in codes if code != first]
        there.says(DIMAS, f"gabung {second} {first}")
        there.says(DIMAS, "1")
        both = there.says(DIMAS, f"baca {first}")
        there.says(DIMAS, f"kecualikan {first} saya")
        kept_out = there.says(DIMAS, f"baca {first}")
        owner = known(cases.StoredCases(conn, NOW, Programme("x").zone).case(first)).task.owner
        return both, kept_out, second, int(owner or PersonId(0))

    both, kept_out, second, owner = await database.write(unit)

    assert STORY in both
    assert "anak sebelah rumah" in both
    assert f"({second})" in both
    assert STORY not in kept_out
    assert owner > 0

"""Invitations: a village's code sets the village, a cadre's gives nobody a right by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.printing import invitation
from conversations import dialogue as d
from conversations import event as ev
from conversations.helping import inviting
from conversations.level import Level
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver

DOOR = ("1", "1", "1", "4", "6")
"""Of age, heard, agreed, cares for no child; how she is called."""


def happened(phone: Phone, kind: type) -> list[Any]:
    return [event for event in phone.world.events if isinstance(event, kind)]


def comes(phone: Phone, code: str) -> list[str]:
    return [line for said in (f"DAFTAR {code}", *DOOR) for line in phone.says(said)]


def of_staff(world: MemoryWorld, role: d.Role = d.Role.STAFF) -> Phone:
    return Phone(world, id=STAFF, role=role, consent=d.Consent.GIVEN, registered=True)


def asked(phone: Phone, code: str = "KADER-SBS") -> str:
    """She has told her name; the code of the task that waits for staff."""
    comes(phone, code)
    phone.says("Rini Wulandari")
    [task] = phone.world.open_tasks
    return task


@pytest.mark.parametrize("said", ["DAFTAR SBS", "/start SBS", "daftar sbs.", "Daftar SBS 🙏"])
def test_the_code_of_a_village_sets_the_village(said: str) -> None:
    phone = Phone()

    shown = [line for text in (said, *DOOR, "8") for line in phone.says(text)]

    assert phone.person.village_id == 2
    assert phone.person.registered
    assert not any("desa mana" in line for line in shown)
    assert phone.tasks() == []


def test_a_code_of_no_village_is_no_invitation() -> None:
    unknown = Phone().says("DAFTAR KADER-XYZ")
    ordinary = a_caregiver()
    ordinary.says("daftar ulang")

    assert "KADER-XYZ belum ada" in unknown[0]
    assert happened(ordinary, ev.PersonChanged) == []


def test_an_invited_cadre_is_a_caregiver_until_staff_decide() -> None:
    phone = Phone()

    asked(phone)

    assert phone.person.role is d.Role.CAREGIVER
    assert happened(phone, ev.RoleGiven) == []
    assert phone.tasks() == [("role_wanted", Level.KUNING, "reason.role.cadre")]
    assert next(iter(phone.world.open_tasks.values())).content == "Rini Wulandari"


def test_an_invited_cadre_is_asked_for_her_name_and_not_for_her_children() -> None:
    phone = Phone()

    shown = [*comes(phone, "KADER"), *phone.says("Sumbersalak")]

    assert "Siapa nama lengkapnya?" in shown[-1]
    assert phone.running is not None
    assert phone.running.conversation == "undangan"


def test_who_cares_for_no_child_is_not_asked_whose_it_is() -> None:
    cadre, mother = Phone(), Phone()

    shown = comes(cadre, "KADER-SBS")
    asked_too = [line for text in ("DAFTAR SBS", *DOOR) for line in mother.says(text)]

    assert not any("anak yang diasuh" in line for line in shown)
    assert "Siapa nama lengkapnya?" in shown[-1]
    assert cadre.person.relation == "lain"
    assert "anak yang diasuh" in asked_too[-1]


def test_an_invited_cadre_who_cares_for_a_child_is_asked_whose_it_is() -> None:
    phone = Phone()

    shown = [
        line for text in ("DAFTAR KADER-SBS", "1", "1", "1", "3", "6") for line in phone.says(text)
    ]

    assert "Siapanya anak yang diasuh?" in shown[-1]


def test_who_is_registered_already_asks_once() -> None:
    phone = a_caregiver()
    phone.says("/start MITRA-SBS")
    phone.says("Pak Lurah")

    again = phone.says("/start MITRA-SBS")

    assert phone.tasks() == [("role_wanted", Level.KUNING, "reason.role.partner")]
    assert "sudah sampai ke petugas" in again[0]
    assert phone.person.village_id == 1


def test_an_old_request_does_not_silence_a_new_one() -> None:
    phone = a_caregiver()
    phone.says("DAFTAR KADER")
    phone.says("Rini")

    phone.waits(days=91).says("DAFTAR KADER")

    assert phone.running is not None


def test_a_cadre_and_staff_are_asked_nothing() -> None:
    cadre = a_caregiver(role=d.Role.CADRE)
    staff = of_staff(MemoryWorld())

    told = cadre.says("DAFTAR MITRA"), staff.says("DAFTAR KADER-SBS")

    assert "tugas lain" in told[0][0]
    assert "KADER-SBS terbaca" in told[1][0]
    assert cadre.tasks() == staff.tasks() == []


def test_on_a_cadres_phone_an_invitation_is_the_village_alone() -> None:
    phone = Phone()
    phone.world.typist = d.PersonId(77)

    found = inviting.invitation(phone.world, "KADER-SBS")

    assert found == inviting.Invitation("KADER-SBS", d.Role.CAREGIVER, d.VillageId(2))


def test_staff_accept_her_by_a_button_below_what_she_told() -> None:
    phone = Phone()
    code = asked(phone)
    staff = of_staff(phone.world)

    shown = staff.says(f"BACA {code}")
    told = staff.presses("Terima permintaannya")

    assert "Pastikan orangnya dulu" in shown[0]
    assert happened(staff, ev.RoleGiven) == [
        ev.RoleGiven(phone.person.id, d.Role.CADRE, "Rini Wulandari", code)
    ]
    assert happened(staff, ev.TaskChanged)[-1] == ev.TaskChanged(code, "closed", "")
    assert [out.to for out in staff.others] == [phone.person.id]
    assert "sebagai kader" in staff.others[0].message.text
    assert "sekarang kader" in told[-1]


def test_staff_decline_and_nothing_changes() -> None:
    phone = Phone()
    code = asked(phone, "MITRA-SBS")
    staff = of_staff(phone.world)

    staff.says(f"TOLAK {code}")

    assert happened(staff, ev.RoleGiven) == []
    assert "ikut seperti biasa" in staff.others[0].message.text
    assert phone.world.open_tasks[code].closed_at is not None


def test_what_was_decided_is_not_decided_again() -> None:
    phone = Phone()
    code = asked(phone)
    staff = of_staff(phone.world)
    staff.says(f"TOLAK {code}")

    told = staff.says(f"ANGKAT {code}"), staff.says(f"BACA {code}")

    assert happened(staff, ev.RoleGiven) == []
    assert "sudah selesai" in told[0][0]
    assert "Terima permintaannya" not in told[1][-1]


def test_another_task_makes_nobody_a_cadre() -> None:
    phone = a_caregiver()
    phone.says("PETUGAS")
    staff = of_staff(phone.world)
    [code] = phone.world.open_tasks

    told = staff.says(f"ANGKAT {code}")

    assert happened(staff, ev.RoleGiven) == []
    assert "bukan permintaan" in told[0]


@pytest.mark.parametrize("role", [d.Role.CADRE, d.Role.CAREGIVER, d.Role.ORGANISER, d.Role.FOCAL])
def test_nobody_but_staff_may_decide(role: d.Role) -> None:
    phone = Phone()
    code = asked(phone)
    other = of_staff(phone.world, role)

    other.says(f"ANGKAT {code}")
    other.presses_payload(f"t:angkat:{code}")

    assert happened(other, ev.RoleGiven) == []


def test_she_herself_may_not_decide() -> None:
    phone = Phone()
    code = asked(phone)
    phone.person = d.Person(phone.person.id, role=d.Role.STAFF)

    phone.says(f"ANGKAT {code}")

    assert happened(phone, ev.RoleGiven) == []


@pytest.mark.parametrize("code", ["SBS", "BOK-SBS", "KADER-SBS", "MITRA"])
def test_what_a_link_brings_is_heard(code: str) -> None:
    world = MemoryWorld()
    world.schools.a_school(village_id=d.VillageId(2))
    written = parse_qs(urlsplit(invitation.whatsapp_link("6281234567890", f"DAFTAR {code}")).query)

    phone = Phone(world)
    phone.says(written["text"][0])

    assert phone.running is not None
    assert phone.running.conversation == "persetujuan"
    assert code in phone.running.facts.values()


def test_a_request_is_seen_to_within_three_days() -> None:
    phone = Phone()
    code = asked(phone)

    task = phone.world.open_tasks[code]

    assert task.due_at - task.created_at == timedelta(days=3)


def test_who_lives_nowhere_yet_gets_the_village_of_the_invitation() -> None:
    phone = a_caregiver(village_id=None)

    told = phone.says("DAFTAR SBS")

    assert phone.person.village_id == 2
    assert "sudah tersambung" in told[0]


def test_who_became_a_cadre_meanwhile_asks_for_nothing() -> None:
    phone = a_caregiver()
    phone.says("DAFTAR KADER")
    phone.person = replace(phone.person, role=d.Role.CADRE)

    told = phone.says("Rini")

    assert phone.tasks() == []
    assert "tugas lain" in told[0]


def test_who_may_read_but_not_decide_sees_no_such_buttons() -> None:
    phone = Phone()
    code = asked(phone)
    task = phone.world.open_tasks[code]
    phone.world.open_tasks[code] = replace(task, owner=STAFF)
    focal = of_staff(phone.world, d.Role.FOCAL)

    shown = focal.says(f"BACA {code}")

    assert "Rini Wulandari" in " ".join(shown)
    assert "Terima permintaannya" not in shown[-1]

"""Mas Dimas at his desk in chat, with a case in front of him."""

from __future__ import annotations

from conversations import dialogue as d
from conversations.concerns.case import Agency, Case, Contact, ContactId
from conversations.event import TaskExtended
from conversations.level import Level
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver

__all__ = ["Phone", "a_desk", "case", "extended", "rini", "sari", "taken"]

DIMAS, SARI, RINI, LUAR = STAFF, d.PersonId(901), d.PersonId(50), d.PersonId(70)
SECRET = "Tetangga saya bilang anak itu sering dipukuli"

POLICE = Contact(ContactId(3), Agency.POLRES_PPA, "Unit PPA Polres", "0331-000001")
CLINIC = Contact(ContactId(4), Agency.PUSKESMAS, "Puskesmas Ledokombo", "0331-000002")


def a_desk(role: d.Role = d.Role.STAFF, level: Level = Level.MERAH) -> tuple[Phone, str]:
    """Somebody of staff at her phone, and the code of a case that is hers to take."""
    world = MemoryWorld()
    world.duty.coordinators = (SARI,)
    world.cases.colleagues = {"Mas Dimas": DIMAS, "Mbak Sari": SARI, "Bu Rini": RINI}
    world.cases.roles = {
        DIMAS: d.Role.STAFF,
        SARI: d.Role.COORDINATOR,
        RINI: d.Role.CADRE,
        LUAR: d.Role.FOCAL,
    }
    world.cases.near = (RINI,)
    world.cases.offices = {one.id: one for one in (POLICE, CLINIC)}
    a_caregiver(world).says(SECRET)
    code = next(iter(world.open_tasks))
    world.cases._task(code, level=level, owner=DIMAS)
    world.events.clear()
    person = SARI if role is d.Role.COORDINATOR else DIMAS
    return Phone(world, id=person, role=role, salutation="Mas", name="Dimas"), code


def taken(level: Level = Level.MERAH) -> tuple[Phone, str]:
    """The same, and Mas Dimas has taken it and begun."""
    dimas, code = a_desk(level=level)
    dimas.says(f"TERIMA {code}")
    dimas.says(f"TINDAKAN {code} sudah ditelepon")
    dimas.world.events.clear()
    return dimas, code


def sari(dimas: Phone) -> Phone:
    """The coordinator at her own phone, in the same programme."""
    return Phone(dimas.world, id=SARI, role=d.Role.COORDINATOR, salutation="Mbak", name="Sari")


def rini(dimas: Phone) -> Phone:
    """The cadre at hers."""
    return Phone(dimas.world, id=RINI, role=d.Role.CADRE, salutation="Bu", name="Rini")


def extended(code: str, content: str) -> TaskExtended:
    """What the reporter added to her words."""
    return TaskExtended(code, content=content)


def case(phone: Phone, code: str) -> Case:
    found = phone.world.cases.case(code)
    assert found is not None
    return found

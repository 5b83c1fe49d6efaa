"""TIDAK SAMPAI: who sees whom, which kinds of messages, and how a long list is read."""

from __future__ import annotations

import pytest

from conversations import dialogue as d
from conversations.event import Audited
from conversations.unsent import LONGEST, PAGE, Unsent
from tests.conversations.world import WEDNESDAY, MemoryWorld, Phone, a_caregiver

SITI, TUTIK = d.PersonId(1), d.PersonId(2)


def a_reader(role: d.Role, *not_arrived: Unsent) -> Phone:
    world = MemoryWorld()
    world.not_arrived = list(not_arrived)
    world.of_cadre = {SITI}
    return Phone(world, id=d.PersonId(50), role=role, salutation="Bu", name="Rini")


def an_unsent(
    person: d.PersonId = SITI, kind: str = "session", reason: str = "window", number: int = 1
) -> Unsent:
    name = "Mbah Siti" if person == SITI else "Mak Tutik"
    return Unsent(person, name, "Ledokombo", kind, reason, WEDNESDAY, number)


def said(phone: Phone, words: str = "TIDAK SAMPAI") -> str:
    return "\n".join(phone.says(words))


@pytest.mark.parametrize("role", [d.Role.STAFF, d.Role.COORDINATOR, d.Role.ORGANISER])
def test_staff_see_who_what_kind_why_and_since_when(role: d.Role) -> None:
    dimas = a_reader(role, an_unsent(number=3), an_unsent(TUTIK, reason="undeliverable"))

    told = said(dimas)

    assert "2 orang" in told
    assert "3 pesan: sudah lebih dari 24 jam tidak menulis di WhatsApp." in told
    assert "Mbah Siti (Ledokombo): kabar acara 3×, sudah lebih dari 24 jam" in told
    assert "sejak 18/11" in told
    assert "Mak Tutik (Ledokombo): kabar acara, nomornya tidak bisa menerima WhatsApp" in told


def test_a_cadre_sees_the_people_of_her_schools_and_nothing_of_a_talk() -> None:
    rini = a_reader(
        d.Role.CADRE, an_unsent(), an_unsent(TUTIK), an_unsent(kind="reply", reason="cost")
    )

    told = said(rini)

    assert "1 orang" in told
    assert "Mbah Siti" in told
    assert "Mak Tutik" not in told
    assert "jawaban" not in told


def test_somebody_who_only_organises_sees_nothing_of_a_talk_or_of_the_duty() -> None:
    organiser = a_reader(
        d.Role.ORGANISER, an_unsent(kind="reply", reason="cost"), an_unsent(kind="duty")
    )

    assert "semua pesan sampai" in said(organiser)


def test_staff_see_who_could_not_be_answered() -> None:
    dimas = a_reader(d.Role.STAFF, an_unsent(kind="reply", reason="cost"))

    assert "jawaban, anggaran WhatsApp bulan ini sudah terpakai" in said(dimas)


def test_for_a_caregiver_the_words_are_no_order() -> None:
    world = MemoryWorld()
    world.not_arrived = [an_unsent(TUTIK)]
    siti = a_caregiver(world)

    assert "Tutik" not in said(siti)
    assert "Ledokombo" not in said(siti, "tidak sampai")


def test_looking_at_the_list_is_recorded() -> None:
    dimas = a_reader(d.Role.STAFF, an_unsent())

    said(dimas)

    assert Audited("unsent listed", "1") in dimas.world.events


def test_a_sentence_that_begins_like_the_order_is_none() -> None:
    dimas = a_reader(d.Role.STAFF, an_unsent())

    assert "24 jam" not in said(dimas, "tidak sampai sekolah tadi pagi")


def test_a_long_list_is_read_page_by_page_each_line_once() -> None:
    names = [f"Ibu {n:03} {'panjang ' * 6}" for n in range(2 * PAGE + 1)]
    many = [
        Unsent(d.PersonId(n), name, "Ledokombo", "tip", "window", WEDNESDAY)
        for n, name in enumerate(names)
    ]
    dimas = a_reader(d.Role.STAFF, *many)

    pages = [said(dimas)]
    while dimas.dialogue.offer:
        pages.append(said(dimas, "1"))

    assert len(pages) >= 3
    assert all(len(message.text) <= LONGEST for message in dimas.screen)
    lines = [line for page in pages for line in page.splitlines() if line.startswith("•")]
    assert [line[2:9] for line in lines] == [name[:7] for name in names]

"""How a case ends and begins again in chat: an outcome, a coordinator's approval, opened anew."""

from __future__ import annotations

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.concerns import event as ce
from conversations.concerns.case import Outcome
from conversations.level import Level
from tests.conversations.desks import DIMAS, LUAR, SECRET, case, sari, taken
from tests.conversations.world import Phone


def of(phone: Phone, kind: type[d.Event]) -> list[d.Event]:
    return [event for event in phone.world.events if isinstance(event, kind)]


def asked(level: Level = Level.MERAH) -> tuple[Phone, str]:
    """Mas Dimas has asked to close his case."""
    dimas, code = taken(level)
    dimas.says(f"selesai {code} aman sudah ditemui, anak di rumah bude")
    return dimas, code


def test_an_urgent_case_waits_for_a_coordinator() -> None:
    dimas, code = asked()

    assert of(dimas, ce.ClosingAsked) == [
        ce.ClosingAsked(code, Outcome.NO_DANGER, "sudah ditemui, anak di rumah bude")
    ]
    assert case(dimas, code).task.closed_at is None


def test_what_was_lowered_from_urgent_is_not_said_to_be_closed() -> None:
    dimas, code = taken(Level.HIJAU)
    dimas.world.cases._case(code, was_urgent=True)

    shown = " ".join(dimas.says(f"selesai {code} aman sudah ditemui"))

    assert "koordinator" in shown.casefold()
    assert "Buka lagi" not in shown


def test_what_is_less_urgent_is_closed_at_once_and_can_be_opened_again() -> None:
    dimas, code = taken(Level.KUNING)

    [shown] = dimas.says(f"selesai {code} selesai sudah diantar ke sekolah")

    assert case(dimas, code).task.closed_at is not None
    assert "1. Buka lagi" in shown


def test_outcome_and_words_are_asked_for_one_after_the_other() -> None:
    dimas, code = taken()

    first = dimas.says(f"SELESAI {code}")
    second = dimas.says("2")
    dimas.says("UPTD yang meneruskan")

    assert "Ditutup karena apa" in " ".join(first)
    assert "hasilnya" in " ".join(second)
    assert of(dimas, ce.ClosingAsked) == [
        ce.ClosingAsked(code, Outcome.REFERRED, "UPTD yang meneruskan")
    ]


def test_words_said_before_the_outcome_are_kept() -> None:
    dimas, code = taken()

    dimas.says(f"selesai {code} sudah dikunjungi tiga kali")
    dimas.says("1")

    assert of(dimas, ce.ClosingAsked) == [
        ce.ClosingAsked(code, Outcome.DONE, "sudah dikunjungi tiga kali")
    ]


def test_that_it_was_a_prank_is_for_a_human_being_to_say() -> None:
    dimas, code = taken(Level.KUNING)
    dimas.says(f"selesai {code}")
    dimas.presses("Iseng")

    dimas.says("sudah ditelepon, anak-anak bermain HP")

    [closing] = of(dimas, ce.ClosingAsked)
    assert isinstance(closing, ce.ClosingAsked)
    assert closing.outcome is Outcome.PRANK


def test_a_duplicate_is_not_closed_as_one_without_saying_of_what() -> None:
    dimas, code = taken()

    shown = dimas.says(f"selesai {code} ganda")

    assert "Ditutup karena apa" in " ".join(shown)
    assert of(dimas, ce.ClosingAsked) == []


def test_closing_ends_the_talk_that_was_held() -> None:
    dimas, _ = asked()

    assert ev.TalkHeld(d.PersonId(7), None) in dimas.world.events


def test_the_coordinator_finds_what_waits_for_her_and_approves() -> None:
    dimas, code = asked()
    mbak = sari(dimas)

    [listed] = mbak.says("kasus saya")
    shown = mbak.says("1")
    mbak.presses("Setujui")

    assert "menunggu persetujuan" in listed
    assert "Menunggu persetujuan penutupan, diminta Mas Dimas" in " ".join(shown)
    assert of(mbak, ce.ClosingDecided) == [ce.ClosingDecided(code, True)]
    assert case(dimas, code).task.closed_at is not None


def test_she_sends_it_back_with_what_is_still_to_be_done() -> None:
    dimas, code = asked()
    mbak = sari(dimas)

    question = mbak.says(f"KEMBALIKAN {code}")
    [shown] = mbak.says("temui gurunya dulu")

    assert "apa yang masih perlu" in " ".join(question)
    assert of(mbak, ce.ClosingDecided) == [ce.ClosingDecided(code, False, "temui gurunya dulu")]
    assert "Mas Dimas" in shown
    assert case(dimas, code).closing_by is None


@pytest.mark.parametrize("order", ["setujui", "kembalikan"])
def test_nobody_decides_on_her_own_request(order: str) -> None:
    dimas, code = taken()
    mbak = sari(dimas)
    mbak.says(f"selesai {code} aman sudah dilihat")

    [shown] = mbak.says(f"{order} {code} begitu")

    assert "orang lain yang menyetujui" in shown
    assert of(mbak, ce.ClosingDecided) == []


@pytest.mark.parametrize("order", ["setujui", "kembalikan"])
def test_staff_do_not_decide_on_a_closing(order: str) -> None:
    dimas, code = taken()
    dimas.world.cases._case(code, closing_by=d.PersonId(902), outcome=Outcome.DONE)

    [shown] = dimas.says(f"{order} {code} begitu")

    assert "bukan untuk akun ini" in shown
    assert of(dimas, ce.ClosingDecided) == []


def test_what_nobody_asked_to_close_is_not_approved() -> None:
    dimas, code = taken()

    [shown] = sari(dimas).says(f"setujui {code}")

    assert "belum diminta" in shown
    assert of(dimas, ce.ClosingDecided) == []


def test_asking_twice_does_not_ask_twice() -> None:
    dimas, code = asked()

    [shown] = dimas.says(f"selesai {code} aman sekali lagi")

    assert "sudah menunggu" in shown
    assert len(of(dimas, ce.ClosingAsked)) == 1


def test_a_closed_case_is_opened_again_with_a_word_why() -> None:
    dimas, code = taken(Level.KUNING)
    dimas.says(f"selesai {code} selesai beres")

    question = dimas.presses("Buka lagi")
    [shown] = dimas.says("neneknya menelepon lagi")

    assert "karena apa" in " ".join(question)
    assert of(dimas, ce.CaseReopened) == [ce.CaseReopened(code, "neneknya menelepon lagi")]
    assert "1. SAYA TERIMA" in shown


def test_buka_lagi_is_an_order_too_and_an_open_case_needs_none() -> None:
    dimas, code = taken()

    [shown] = dimas.says(f"buka lagi {code} karena apa saja")

    assert "masih terbuka" in shown
    assert of(dimas, ce.CaseReopened) == []


def test_what_was_merged_wrongly_is_opened_again_as_a_case_of_its_own() -> None:
    dimas, code = taken()
    dimas.world.cases._task(code, closed_at=dimas.world.now)
    dimas.world.cases._case(code, merged_into="LDK-26-0099")

    [told, _] = dimas.says(f"buka lagi {code}")
    dimas.says("ternyata anak lain")

    assert "digabung ke LDK-26-0099" in told
    assert of(dimas, ce.CaseReopened) == [ce.CaseReopened(code, "ternyata anak lain")]


def test_a_focal_person_may_approve_what_another_asked_of_outside() -> None:
    dimas, code = taken()
    dimas.world.cases._task(code, outside=True, owner=LUAR)
    dimas.world.cases._case(code, closing_by=LUAR, outcome=Outcome.DONE)
    other = Phone(dimas.world, id=71, role=d.Role.FOCAL)
    mbak = sari(dimas)

    refused = mbak.says(f"setujui {code}")
    other.says(f"setujui {code}")

    assert "bukan untuk akun ini" in refused[0]
    assert SECRET not in refused[0]
    assert of(other, ce.ClosingDecided) == [ce.ClosingDecided(code, True)]
    assert case(dimas, code).task.owner != DIMAS

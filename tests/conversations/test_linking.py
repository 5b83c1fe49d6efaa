"""SAMBUNG and LEPAS: one person, several chats."""

from __future__ import annotations

import pytest

from conversations import dialogue as d
from conversations import event as ev
from tests.conversations.world import Phone, a_caregiver


def happened(phone: Phone, kind: type) -> list[object]:
    return [event for event in phone.world.events if isinstance(event, kind)]


@pytest.mark.parametrize("said", ["SAMBUNG", "sambungkan hp", "/sambung"])
def test_who_is_known_gets_a_code_for_her_other_chat(said: str) -> None:
    phone = a_caregiver()

    shown = phone.says(said)

    assert "HJKM-CDFG" in shown[0]
    assert "15 menit" in shown[0]
    assert phone.screen[-1].discreet
    assert happened(phone, ev.LinkOpened) == [ev.LinkOpened("HJKMCDFG")]


def test_the_settings_offer_it_with_a_number() -> None:
    phone = a_caregiver()
    asked = phone.says("data saya")

    shown = phone.says("7")

    assert "7. Sambungkan HP lain" in asked[-1]
    assert "HJKM-CDFG" in shown[0]


def test_staff_link_too() -> None:
    phone = Phone(role=d.Role.STAFF)

    assert "HJKM-CDFG" in phone.says("SAMBUNG")[0]


def test_a_newcomer_comes_through_the_door_first() -> None:
    phone = Phone()

    shown = phone.says("SAMBUNG")

    assert "kenalan dulu" in shown[0]
    assert happened(phone, ev.LinkOpened) == []


def test_an_open_question_comes_again_after_the_code() -> None:
    phone = a_caregiver()
    phone.says("JEDA")

    shown = phone.says("SAMBUNG")

    assert len(shown) == 2
    assert phone.running is not None


def test_nobody_links_for_another() -> None:
    phone = a_caregiver()
    phone.world.typist = d.PersonId(50)
    phone.world.helping.helpers[d.PersonId(50)] = d.Person(d.PersonId(50), role=d.Role.CADRE)

    phone.says("SAMBUNG")
    phone.presses_payload("link:lepas")

    assert happened(phone, ev.LinkOpened) == happened(phone, ev.ChatLeft) == []


def test_who_has_another_chat_may_leave_this_one_after_a_question() -> None:
    phone = a_caregiver()
    phone.world.helping.reached_at = 2

    asked = phone.says("LEPAS")
    before = happened(phone, ev.ChatLeft)
    shown = phone.says("1")

    assert "1. Ya, lepaskan\n2. Tidak jadi" in asked[0]
    assert before == []
    assert "sudah dilepas" in shown[0]
    assert happened(phone, ev.ChatLeft) == [ev.ChatLeft()]


def test_she_may_stay() -> None:
    phone = a_caregiver(shares_phone=True)
    phone.says("LEPAS")

    phone.says("2")

    assert happened(phone, ev.ChatLeft) == []


def test_the_only_way_to_her_is_not_left() -> None:
    phone = a_caregiver()

    shown = phone.says("LEPAS")
    phone.presses_payload("link:lepas")

    assert "BERHENTI" in shown[0]
    assert happened(phone, ev.ChatLeft) == []

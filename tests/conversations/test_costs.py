"""What a rehearsal says of money, and what is never stopped for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conversations import dialogue as d
from conversations.broadcasts.audience import Audience
from conversations.broadcasts.broadcast import (
    Broadcast,
    BroadcastId,
    Rehearsal,
    State,
    reason_key,
    why_text,
)
from conversations.broadcasts.texts import rehearsal_text
from conversations.costs import DANGER, Tariff, is_never_stopped
from conversations.message import Inbound, Kind, Outgoing, Priority
from conversations.router import respond
from tests.conversations.desks import SECRET
from tests.conversations.world import WEDNESDAY, MemoryWorld, Phone, a_caregiver

MANY = Rehearsal(120, {"whatsapp": 80, "telegram": 20}, {"id": 100}, {"window": 20})
TARIFF = Tariff(357, estimated=True, free_left=10, spent=0, budget=3_000_000)
RATES = {"telegram": 30.0, "whatsapp": 60.0}
DRAFT = Broadcast(BroadcastId(3), State.DRAFT, Audience(), "Halo", None, d.PersonId(900), WEDNESDAY)


def test_a_rehearsal_tells_what_it_costs_at_most_and_what_is_left() -> None:
    told = rehearsal_text(DRAFT, MANY, RATES, TARIFF)

    assert "Akan dikirim ke 100 dari 120 orang." in told
    assert "WhatsApp 80, Telegram 20" in told
    assert "paling banyak Rp 28.560 (perkiraan: 80 pesan, Rp 357 tiap pesan" in told
    assert "masih ada 10 pesan gratis" in told
    assert "Rp 2.400.000 dari Rp 3.000.000" in told
    assert "20: sudah lebih dari 24 jam" in told or "20" in told.splitlines()[-1]


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ({"whatsapp": 9_000, "telegram": 900}, "sekitar 15 menit"),
        ({"whatsapp": 300, "telegram": 3_600}, "sekitar 2 menit"),
        ({"whatsapp": 500, "telegram": 20}, "kurang dari 1 menit"),
    ],
)
def test_it_takes_as_long_as_the_slower_of_two_channels(
    channels: dict[str, int], said: str
) -> None:
    """Nine thousand at ten a second on a number that may no more, whatever Telegram could."""
    counted = Rehearsal(sum(channels.values()), channels, {"id": 1})

    told = rehearsal_text(DRAFT, counted, {"telegram": 30.0, "whatsapp": 10.0}, None)

    assert said in told


def test_a_price_that_somebody_checked_is_no_estimate() -> None:
    told = rehearsal_text(DRAFT, MANY, RATES, replace(TARIFF, estimated=False))

    assert "perkiraan" not in told
    assert "Rp 28.560" in told


def test_whoever_the_budget_has_no_room_for_is_counted_as_left_out() -> None:
    poor = replace(TARIFF, budget=10_000, spent=8_000 - 5 * 357)

    within = MANY.within(poor)

    assert within.channels == {"whatsapp": 15, "telegram": 20}
    assert within.reasons == {"window": 20, "cost": 65}
    assert within.reached == 35
    assert "anggaran WhatsApp bulan ini sudah terpakai" in rehearsal_text(DRAFT, MANY, RATES, poor)


def test_without_money_only_the_free_channel_is_left() -> None:
    none = replace(TARIFF, free_left=0, budget=0)

    assert MANY.within(none).channels == {"telegram": 20}


def test_nobody_on_whatsapp_costs_nothing() -> None:
    free = replace(MANY, channels={"telegram": 100})

    assert free.within(TARIFF) == free
    assert "tidak ada yang lewat WhatsApp" in rehearsal_text(DRAFT, free, RATES, TARIFF)


def test_without_whatsapp_there_is_no_price() -> None:
    assert "belum ada saluran WhatsApp" in rehearsal_text(DRAFT, MANY, RATES, None)


@pytest.mark.parametrize("purpose", ["danger", "alert", "answer", "task LDK-26-0042"])
def test_what_is_about_danger_is_never_stopped(purpose: str) -> None:
    assert is_never_stopped(Priority.REPLY, purpose)


def test_an_alarm_is_never_stopped_and_an_answer_may_be() -> None:
    assert is_never_stopped(Priority.ALARM, "drinking")
    assert not is_never_stopped(Priority.REPLY, "reply")
    assert not is_never_stopped(Priority.REMINDER, "checkin")


def test_all_of_a_turn_about_danger_is_marked_and_keeps_its_place() -> None:
    siti = a_caregiver()

    hers = answers(siti, SECRET)

    assert hers
    assert {one.purpose for one in hers} == {DANGER}
    assert {one.priority for one in hers} == {Priority.REPLY}


def test_the_talk_that_follows_an_alarm_is_marked_until_it_ends() -> None:
    siti = a_caregiver()
    siti.says(SECRET)

    assert {one.purpose for one in answers(siti, "1")} == {DANGER}


def test_an_ordinary_answer_is_not_marked() -> None:
    assert {one.purpose for one in answers(a_caregiver(), "MENU")} == {"reply"}


def test_staff_who_answer_for_children_are_always_answered() -> None:
    dimas = Phone(MemoryWorld(), id=d.PersonId(900), role=d.Role.STAFF, name="Dimas")

    assert {one.purpose for one in answers(dimas, "TUGAS")} == {DANGER}


@pytest.mark.parametrize(
    ("reason", "key"),
    [
        ("undeliverable", "undeliverable"),
        ("window closed", "window"),
        ("withheld by platform: spam limit", "withheld"),
        ("template: paused", "template"),
        ("identity changed", "unconfirmed"),
        ("not hers", "not_hers"),
        ("payment", "account"),
        ("token refused", "account"),
        ("platform down", "unreachable"),
        ("cost", "cost"),
        ("budget", "budget"),
    ],
)
def test_every_reason_of_whatsapp_has_plain_words(reason: str, key: str) -> None:
    assert reason_key("failed", reason) == key
    assert why_text(key)


def answers(phone: Phone, words: str) -> list[Outgoing]:
    """What she herself is answered, as the outbox gets it."""
    said = Inbound(Kind.TEXT, phone.world.now, text=words)
    turn = respond(phone.person, phone.dialogue, said, phone.world)
    return [one for one in turn.outgoing if one.to is None]

"""Who holds the phone: what is asked, how an answer is read, and what passes without one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from conversations.dialogue import Dialogue, Interview, PersonId
from conversations.message import Inbound, Kind, Media, printed
from conversations.phone import holding
from conversations.phone.holding import Closed, Holder, Way
from conversations.phone.phone import LOCKS_AFTER, SILENT, Phone
from tests.conversations.world import WEDNESDAY as NOW
from tests.conversations.world import a_caregiver

SITI, TINI = Holder(PersonId(1), "Mbah Siti", "nenek"), Holder(PersonId(2), "Mbah Tini", "nenek")


def text(said: str) -> Inbound:
    return Inbound(Kind.TEXT, NOW, text=said)


def press(payload: str) -> Inbound:
    return Inbound(Kind.BUTTON, NOW, button=payload)


def closed(*, shared: bool = True, minutes: int = 1, **changes: Any) -> Closed:
    """It was asked once, a minute ago."""
    phone = Phone("telegram", NOW - timedelta(minutes=minutes), shared=shared)
    holders = (SITI, TINI) if shared else (SITI,)
    told = {"dialogue": Dialogue(), "asked": True, "times": 1, **changes}
    return Closed(phone, NOW, told.pop("holders", holders), **told)


def ways(of: Closed, *said: str) -> list[str]:
    return [holding.decide(of, text(one)).way.value for one in said]


@pytest.mark.parametrize(
    ("phone", "asked", "is_closed"),
    [
        (Phone("telegram", NOW), False, False),
        (Phone("telegram", NOW), True, True),
        (Phone("telegram", NOW - LOCKS_AFTER, shared=True), False, True),
        (Phone("telegram", NOW - LOCKS_AFTER), False, False),
        (Phone("whatsapp", NOW - SILENT), False, True),
        (Phone("telegram", NOW - SILENT), False, False),
        (Phone("whatsapp", NOW, doubted=True), False, True),
    ],
)
def test_only_a_shared_or_doubtful_phone_is_closed(
    phone: Phone, asked: bool, is_closed: bool
) -> None:
    assert holding.is_closed(phone, NOW, asked=asked) == is_closed


def test_everybody_is_named_and_numbered_and_somebody_else_comes_last() -> None:
    shown = printed(holding.question((SITI, Holder(PersonId(3), ""), TINI), shared=True))

    assert shown.endswith("1. Mbah Siti\n2. Mbah Tini\n3. Orang lain")


def test_of_one_it_is_asked_whether_it_is_still_hers() -> None:
    assert printed(holding.question((SITI,), shared=False)) == (
        "Apakah ini HP Mbah Siti?\n\n1. Ya, benar\n2. Bukan"
    )


def test_who_has_no_name_is_not_named() -> None:
    shown = holding.question((Holder(PersonId(1), ""),), shared=False)

    assert "masih orang yang sama" in shown.text


def test_a_knock_is_said_before_the_question() -> None:
    assert holding.question((SITI, TINI), shared=True, opening="Ada kabar.").text.startswith(
        "Ada kabar. Siapa"
    )


def test_no_question_is_longer_than_a_message_may_be() -> None:
    many = [Holder(PersonId(n), f"Mbah {'i' * 70}{n}") for n in range(20)]

    for tries in range(6):
        asked = holding.question(many, shared=True, tries=tries)
        assert len(asked.text) <= 300
        assert len(asked.choices) <= 10


def test_people_of_the_same_name_are_told_apart() -> None:
    same = [Holder(PersonId(n), "Mbah", "nenek") for n in (1, 2)]

    assert holding.called([*same, TINI]) == ["Mbah (nenek) 1", "Mbah (nenek) 2", "Mbah Tini"]


@pytest.mark.parametrize(
    ("said", "person"),
    [("1", 1), ("nomer 2", 2), ("Siti", 1), ("mbah tini", 2), ("saya Siti", 1), ("yang kedua", 2)],
)
def test_a_number_or_a_name_answers(said: str, person: int) -> None:
    assert holding.decide(closed(), text(said)) == holding.Decision(Way.HELD, PersonId(person))


@pytest.mark.parametrize("said", ["3", "orang lain", "bukan mereka, orang lain"])
def test_somebody_else_answers(said: str) -> None:
    known = holding.decide(closed(), text(said)).way

    assert known in (Way.ANOTHER, Way.ASK)
    assert known is Way.ANOTHER or len(said.split()) > 2


@pytest.mark.parametrize("said", ["ya", "iya benar", "nggih", "1"])
def test_yes_means_it_is_hers(said: str) -> None:
    assert ways(closed(shared=False), said) == ["held"]


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ("2", "another"),
        ("bukan", "another"),
        ("mboten", "another"),
        ("tidak mau makan", "ask"),
        ("adik saya yang pegang HP sekarang", "ask"),
        ("halo", "ask"),
    ],
)
def test_a_number_is_not_lost_by_words_about_something_else(said: str, way: str) -> None:
    assert ways(closed(shared=False), said) == [way]


@pytest.mark.parametrize(
    ("payload", "way"),
    [("h:1", "held"), ("h:2", "held"), ("h:0", "another"), ("h:9", "ask"), ("q.1", "ask")],
)
def test_a_button_answers_if_it_names_somebody_who_uses_the_phone(payload: str, way: str) -> None:
    assert holding.decide(closed(), press(payload)).way.value == way


def test_a_number_means_nothing_before_it_was_asked() -> None:
    assert ways(closed(asked=False, minutes=40), "1") == ["ask"]


def test_an_answer_holds_however_late_it_comes() -> None:
    assert ways(closed(minutes=5000), "1") == ["held"]


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ("tolong bahaya", "through"),
        ("anak saya dipukuli bapaknya sampai berdarah", "through"),
        ("MELATI", "through"),
        ("PETUGAS", "through"),
        ("BANTUAN", "apart"),
        ("BERHENTI", "apart"),
        ("saya mau berhenti", "apart"),
        ("hapus jejak", "apart"),
        ("hapus data saya", "ask"),
        ("LAPOR", "ask"),
    ],
)
@pytest.mark.parametrize("minutes", [1, 45])
def test_danger_and_what_holds_for_everybody_pass(said: str, way: str, minutes: int) -> None:
    assert ways(closed(minutes=minutes), said) == [way]


def test_the_safe_word_is_a_name_too_where_somebody_is_called_so() -> None:
    melati = closed(holders=(SITI, Holder(PersonId(4), "Bu Melati")))

    assert ways(melati, "melati", "MELATI") == ["held", "through"]


@pytest.mark.parametrize(("minutes", "way"), [(5, "on"), (30, "ask")])
def test_a_talk_about_danger_goes_on_until_the_phone_is_put_down(minutes: int, way: str) -> None:
    telling = Dialogue((Interview("i", "bahaya", "f"),))

    assert ways(closed(minutes=minutes, dialogue=telling), "ya, di rumah") == [way]


def test_another_question_does_not_go_on() -> None:
    asked = Dialogue((Interview("i", "checkin", "f"),))

    assert ways(closed(dialogue=asked), "halo") == ["ask"]


def test_what_goes_from_the_phone_is_chosen_without_asking_who_holds_it() -> None:
    offered = closed(dialogue=Dialogue(offer=("traces:1790000000", "traces:all")))

    assert ways(offered, "1", "halo") == ["on", "ask"]
    assert holding.decide(offered, press("traces:all")).way is Way.ON


def test_after_four_failures_staff_are_called_once() -> None:
    assert [ways(closed(times=times), "eh") for times in range(1, 7)] == [
        ["ask"],
        ["ask"],
        ["ask"],
        ["staff"],
        ["ask"],
        ["ask"],
    ]


def test_staff_are_chosen_by_the_number_that_was_offered() -> None:
    assert ways(closed(times=3), "4") == ["ask"]
    assert ways(closed(times=4), "4") == ["staff"]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (["halo"], ["halo"]),
        (["halo", "eh", "2 eh"], ["halo"]),
        (["1", "anak saya tidak mau sekolah"], ["1", "anak saya tidak mau sekolah"]),
        (["halo", "anak saya tidak mau sekolah"], ["anak saya tidak mau sekolah"]),
        (["BANTUAN", "tolong bahaya", "menu"], ["menu"]),
        ([], []),
    ],
)
def test_of_what_was_written_meanwhile_stories_are_heard_or_the_first_word(
    said: list[str], heard: list[str]
) -> None:
    assert [one.text for one in holding.worth_hearing([text(one) for one in said])] == heard


def test_recordings_are_heard() -> None:
    voice = Inbound(Kind.VOICE, NOW, media=Media("r"))

    assert holding.worth_hearing([text("halo"), voice]) == [voice]


def test_nothing_about_a_report_is_told_on_a_shared_phone() -> None:
    phone = a_caregiver(shares_phone=True)
    phone.says("LAPOR anak tetangga jarang masuk sekolah")

    shown = phone.says("kabar laporan saya")

    assert "dipakai bersama" in shown[0]


def test_a_report_is_not_reminded_of_on_a_shared_phone() -> None:
    phone = a_caregiver(shares_phone=True)
    phone.says("LAPOR")
    assert phone.running is not None

    shown = phone.waits(days=1).wakes("nudge", phone.running.id)

    assert shown == []
    assert phone.running is None

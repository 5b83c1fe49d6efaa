"""Whom a concern is about learns nothing of it, nothing urgent is silent, and hostile orders harm
nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.concerns.event import CaseKnown
from conversations.duty.opening import MOST_IN_A_FLOOD
from conversations.level import Level
from conversations.message import Inbound, Kind, Media
from tests.conversations.desks import a_desk
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver

BEATEN = "cucu saya dipukuli bapaknya sampai lebam semua"
AYU, FOCAL = d.PersonId(911), d.PersonId(920)


def two_of_staff() -> MemoryWorld:
    world = MemoryWorld()
    world.staff_people = (STAFF, AYU)
    world.duty.on_duty = (STAFF, AYU)
    world.duty.names = {"dimas": STAFF}
    return world


def kept_out(phone: Phone) -> set[d.PersonId]:
    return {
        person
        for event in phone.world.events
        if isinstance(event, ev.TaskExtended | ev.TaskOpened)
        for person in event.excluded
    }


def opened(phone: Phone) -> list[ev.TaskOpened]:
    return [event for event in phone.world.events if isinstance(event, ev.TaskOpened)]


# --- later words ----------------------------------------------------------------------------------


def test_whoever_is_named_in_the_next_message_is_kept_out_from_then_on() -> None:
    phone = a_caregiver(two_of_staff())
    phone.says(BEATEN)

    phone.says("yang memukul dimas petugas itu")

    assert kept_out(phone) == {STAFF}


def test_a_name_in_the_answer_who_it_is_about_keeps_her_out() -> None:
    phone = a_caregiver(two_of_staff())
    phone.says("lapor rumah sebelah ramai terus setiap malam")

    phone.says("anaknya mas dimas")

    assert kept_out(phone) == {STAFF}


def test_a_colleague_who_knows_of_it_already_is_not_kept_out() -> None:
    phone = a_caregiver(two_of_staff())
    phone.says("lapor rumah sebelah ramai terus setiap malam")
    while phone.dialogue.stack[-1].at != "tahu":
        phone.says("lewati")

    phone.says("mas dimas")

    assert kept_out(phone) == set()


def test_the_caption_of_a_picture_in_a_report_is_kept_and_heard_for_names() -> None:
    phone = a_caregiver(two_of_staff())
    phone.says(BEATEN)
    [code] = phone.world.open_tasks
    picture = Inbound(Kind.IMAGE, phone.world.now, text="ini mas dimas", media=Media("f"))

    phone.sends(picture)

    assert "ini mas dimas" in phone.world.open_tasks[code].content
    assert kept_out(phone) == {STAFF}


def test_in_a_flood_a_name_is_still_heard_and_what_is_about_us_goes_outside() -> None:
    phone = a_caregiver(two_of_staff())
    phone.world.duty.focal = (FOCAL,)
    many = tuple(f"JBR-26-{number:04d}" for number in range(1, MOST_IN_A_FLOOD + 1))
    a_case = replace(_task(phone), accepted=True, owner=AYU)
    phone.world.open_tasks = {code: replace(a_case, code=code) for code in many}
    phone.world.events.clear()

    phone.says("cucu saya dipukul kader, mas dimas tahu, sampai lebam")

    assert opened(phone) == []
    assert kept_out(phone) == {STAFF}
    assert any(
        isinstance(event, CaseKnown) and event.changes == {"outside": True}
        for event in phone.world.events
    )


def test_what_a_flood_adds_to_a_taken_case_rings_for_whoever_took_it() -> None:
    phone = a_caregiver(two_of_staff())
    many = tuple(f"JBR-26-{number:04d}" for number in range(1, MOST_IN_A_FLOOD + 1))
    a_case = replace(_task(phone), accepted=True, owner=AYU)
    phone.world.open_tasks = {code: replace(a_case, code=code) for code in many}
    phone.others.clear()

    phone.says(BEATEN)

    assert [one.to for one in phone.others] == [AYU]


def _task(phone: Phone) -> d.Task:
    phone.says(BEATEN)
    phone.dialogue = d.Dialogue()
    [task] = phone.world.open_tasks.values()
    return task


# --- nothing urgent is silent ---------------------------------------------------------------------


def test_a_yes_to_danger_after_the_case_was_closed_calls_people_again() -> None:
    phone = a_caregiver(two_of_staff())
    phone.says(BEATEN)
    [code] = phone.world.open_tasks
    closed = replace(phone.world.open_tasks[code], closed_at=phone.world.now, outside=False)
    phone.world.open_tasks[code] = replace(closed, excluded=frozenset({STAFF}))
    phone.others.clear()

    phone.says("ya")

    again = opened(phone)[-1]
    assert (again.level, again.content) == (Level.MERAH, f"lihat {code}")
    assert again.excluded == (STAFF,)
    assert {one.to for one in phone.others} == {AYU}


def test_what_goes_on_from_a_closed_case_about_us_stays_outside() -> None:
    phone = a_caregiver(two_of_staff())
    phone.world.duty.focal = (FOCAL,)
    phone.says("cucu saya dipukul kader sampai lebam")
    [code] = phone.world.open_tasks
    phone.world.open_tasks[code] = replace(phone.world.open_tasks[code], closed_at=phone.world.now)

    phone.says("ya")

    assert [one.outside for one in opened(phone)] == [True, True]


def test_more_danger_in_a_taken_case_rings_elsewhere_when_its_owner_is_out_of_reach() -> None:
    phone = a_caregiver(two_of_staff())
    phone.says(BEATEN)
    [code] = phone.world.open_tasks
    gone = d.PersonId(999)
    phone.world.open_tasks[code] = replace(
        phone.world.open_tasks[code], level=Level.MERAH, accepted=True, owner=gone
    )
    phone.others.clear()

    phone.says("sekarang bapaknya bawa celurit mau membunuh")

    assert {one.to for one in phone.others} == {STAFF, AYU}


def test_that_nobody_has_answered_yet_does_not_show_on_a_caregivers_lock_screen() -> None:
    phone = a_caregiver(two_of_staff())
    phone.says(BEATEN)
    [code] = phone.world.open_tasks
    phone.screen.clear()

    phone.wakes("unanswered", code)

    assert "belum menjawab" in phone.screen[0].text
    assert phone.screen[0].discreet


# --- what stands beside a case --------------------------------------------------------------------


def test_a_linked_case_that_she_may_not_see_is_not_named() -> None:
    dimas, code = a_desk()
    other = "JBR-26-0777"
    dimas.world.open_tasks[other] = replace(
        dimas.world.open_tasks[code], code=other, outside=True, owner=FOCAL
    )
    dimas.world.cases._case(code, links=(other,))

    shown = "\n".join(dimas.says(f"baca {code}"))

    assert code in shown
    assert other not in shown


# --- hostile orders -------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["serahkan", "kecualikan", "rujuk", "kunjungi", "gabung", "level"])
@pytest.mark.parametrize(
    "words",
    [
        "#" + "9" * 30,
        "#" + "9" * 5000,
        "+" + "9" * 5000,
        "@" + "9" * 12,
        "#50 @" + "9" * 5000,
        "#50 @99999999999",
        "#٣٣٣",
        "'; DROP TABLE tasks; --",
        "\u202e\u202efdp.exe",
        "😢" * 500,
        "x" * 20_000,
    ],
)
def test_no_order_about_a_case_fails_at_what_follows_it(word: str, words: str) -> None:
    dimas, code = a_desk()

    shown = dimas.says(f"{word} {code} {words}")

    assert shown


@pytest.mark.parametrize("payload", ["siap:" + "9" * 5000, "t:kasus:" + "9" * 5000, "siap:٣"])
def test_no_forged_button_fails(payload: str) -> None:
    dimas, _ = a_desk()

    assert dimas.presses_payload(payload) is not None


# --- a number typed under an alert ----------------------------------------------------------------


def test_a_number_typed_under_a_newer_alert_does_nothing_to_what_was_listed_before() -> None:
    dimas, code = a_desk()
    dimas.says("kasus saya")
    dimas.waits(minutes=1)
    siti = a_caregiver(dimas.world)
    siti.says("tolong anak saya mau bunuh diri sekarang")
    new = next(one for one in dimas.world.open_tasks if one != code)
    dimas.world.events.clear()

    shown = dimas.says("1")

    assert dimas.world.events == []
    assert new in shown[-1]
    dimas.says("1")
    assert ev.TaskChanged(new, "accepted") in dimas.world.events


def test_the_older_list_can_still_be_meant() -> None:
    dimas, code = a_desk()
    dimas.says("kasus saya")
    dimas.waits(minutes=1)
    a_caregiver(dimas.world).says("tolong anak saya mau bunuh diri sekarang")
    dimas.says("1")
    dimas.world.events.clear()

    dimas.says("2")

    assert ev.Audited("task_read", code) in dimas.world.events


# --- what is no report ----------------------------------------------------------------------------


def test_a_message_that_names_a_colleague_is_not_read_by_her() -> None:
    phone = a_caregiver(two_of_staff())
    phone.says("mas dimas kemarin ke rumah lagi terus saya bingung")

    phone.presses("Teruskan")

    [task] = opened(phone)
    assert (task.kind, task.excluded, task.owner) == ("message", (STAFF,), AYU)


def test_a_message_about_one_of_us_becomes_a_report_for_those_outside() -> None:
    phone = a_caregiver(two_of_staff())
    phone.world.duty.focal = (FOCAL,)
    phone.dialogue = d.Dialogue()
    _is_asked_what_to_do(phone, "bu kader itu sering bentak anak-anak di posyandu")

    phone.presses("Teruskan")

    assert [(task.kind, task.outside) for task in opened(phone)] == [("concern", True)]


def _is_asked_what_to_do(phone: Phone, words: str) -> None:
    phone.says(words)
    if phone.running is None or phone.running.conversation != "bingung":
        raise AssertionError("these words are understood already")


def test_words_that_raise_a_report_and_name_somebody_do_not_call_her() -> None:
    phone = a_caregiver(two_of_staff())
    phone.says("lapor rumah sebelah ramai terus setiap malam")
    phone.others.clear()

    phone.says("anak itu dipukuli mas dimas sampai lebam semua")

    assert {one.to for one in phone.others} == {AYU}


def test_words_that_raise_a_report_and_are_about_us_call_only_those_outside() -> None:
    phone = a_caregiver(two_of_staff())
    phone.world.duty.focal = (FOCAL,)
    phone.says("lapor rumah sebelah ramai terus setiap malam")
    phone.others.clear()

    phone.says("anak itu dipukuli kader sampai lebam semua")

    assert {one.to for one in phone.others} == {FOCAL}


def test_a_picture_that_begins_a_report_does_not_call_whom_its_caption_names() -> None:
    phone = a_caregiver(two_of_staff())
    phone.says("lapor")
    picture = Inbound(Kind.IMAGE, phone.world.now, text="ini mas dimas", media=Media("f"))

    phone.sends(picture)

    assert STAFF not in {one.to for one in phone.others}
    assert kept_out(phone) == {STAFF}


def test_more_words_about_us_in_a_taken_case_do_not_ring_for_staff() -> None:
    phone = a_caregiver(two_of_staff())
    phone.world.duty.focal = (FOCAL,)
    phone.says(BEATEN)
    [code] = phone.world.open_tasks
    phone.world.open_tasks[code] = replace(
        phone.world.open_tasks[code], level=Level.MERAH, accepted=True, owner=AYU
    )
    phone.others.clear()

    phone.says("anak itu dipukuli kader sampai lebam semua")

    assert {one.to for one in phone.others} == {FOCAL}

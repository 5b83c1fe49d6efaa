"""SIAP and JAGA in chat, the morning's and the week's lists, and what the reporter is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from conversations.concerns.event import AlertAnswered, ReadinessAsked, Ready
from conversations.dialogue import PersonId, Role, Task
from conversations.duty.team import Shift, ShiftId
from conversations.duty.watch import next_review
from conversations.event import Remind
from conversations.level import Level
from conversations.message import Priority
from tests.conversations.world import STAFF, WEDNESDAY, MemoryWorld, Phone, a_caregiver

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENING = WEDNESDAY + 8 * HOUR
"""18:00 in Jember."""


def _dimas(role: Role = Role.STAFF, **shift: Any) -> Phone:
    """He is on duty this evening."""
    world = MemoryWorld(EVENING - HOUR)
    phone = Phone(world, id=STAFF, role=role, salutation="Mas")
    given = {"starts_at": EVENING, "ends_at": EVENING + 12 * HOUR, "name": "Mas Dimas", **shift}
    world.duty.roster[ShiftId(12)] = Shift(ShiftId(12), STAFF, rank=1, **given)
    return phone


def _task(phone: Phone, code: str, level: Level = Level.MERAH, **more: Any) -> Task:
    now = phone.world.now
    given = {"due_at": now - HOUR, "created_at": now - DAY, "owner": STAFF, **more}
    about = given.pop("about", PersonId(7))
    task = Task(code, "concern", level, about, None, reason="reason.words", **given)
    phone.world.open_tasks[code] = task
    return task


def _facts(phone: Phone, kind: type[Any]) -> list[Any]:
    return [event for event in phone.world.events if isinstance(event, kind)]


def test_an_hour_before_her_shift_she_is_asked_with_its_hours() -> None:
    dimas = _dimas()

    [asked] = dimas.wakes("siap", "12")

    assert asked.startswith("Giliran jaga: Rabu jam 18.00 sampai 06.00.")
    assert asked.endswith("\n\n1. SIAP")
    assert _facts(dimas, ReadinessAsked) == [ReadinessAsked(ShiftId(12))]
    assert dimas.world.reminders["siap", "12"].due_at == EVENING - 40 * timedelta(minutes=1)


def test_she_is_reminded_once() -> None:
    dimas = _dimas()
    dimas.wakes("siap", "12")
    dimas.world.reminders.clear()

    [again] = dimas.waits(minutes=20).wakes("siap", "12")

    assert "belum dijawab" in again
    assert dimas.world.reminders == {}


def test_who_said_siap_is_not_asked_any_more() -> None:
    dimas = _dimas(ready_at=EVENING - 2 * HOUR)

    assert dimas.wakes("siap", "12") == []
    assert dimas.outcome.startswith("skipped")


@pytest.mark.parametrize("said", ["1", "SIAP", "siap", "Siap jaga!", "siapp"])
def test_siap_is_heard_as_number_and_as_word(said: str) -> None:
    dimas = _dimas()
    dimas.wakes("siap", "12")

    heard = dimas.says(said)

    assert heard == ["SIAP dicatat. Jaga Rabu jam 18.00 sampai 06.00. Terima kasih."]
    assert _facts(dimas, Ready) == [Ready(ShiftId(12))]


def test_siap_is_heard_by_button_also_after_the_shift_began() -> None:
    dimas = _dimas()
    dimas.wakes("siap", "12")

    dimas.waits(hours=2).presses("SIAP")

    assert _facts(dimas, Ready) == [Ready(ShiftId(12))]


def test_siap_for_a_shift_that_is_over_is_answered_and_changes_nothing() -> None:
    dimas = _dimas()
    dimas.wakes("siap", "12")

    [heard] = dimas.waits(hours=14).presses("SIAP")

    assert "sudah lewat" in heard
    assert _facts(dimas, Ready) == []


def test_nobody_says_siap_for_somebody_else() -> None:
    dimas = _dimas()
    rina = Phone(dimas.world, id=901, role=Role.STAFF)

    rina.presses_payload("siap:12")

    assert _facts(dimas, Ready) == []


@pytest.mark.parametrize("role", [Role.CAREGIVER, Role.CADRE, Role.ORGANISER, Role.FOCAL])
def test_siap_of_who_is_never_on_duty_means_something_else(role: Role) -> None:
    dimas = _dimas(role)

    dimas.says("siap")
    dimas.presses_payload("siap:12")

    assert _facts(dimas, Ready) == []


def test_a_broken_button_is_answered_and_breaks_nothing() -> None:
    dimas = _dimas()

    assert dimas.presses_payload("siap:") != []
    assert dimas.presses_payload("siap:abc") != []
    assert _facts(dimas, Ready) == []


def test_who_begins_her_shift_learns_what_nobody_has_taken() -> None:
    dimas = _dimas()
    _task(dimas, "LDK-26-0042")
    _task(dimas, "LDK-26-0043", accepted=True)

    [heard] = dimas.says("siap")

    assert heard.endswith("Yang belum diterima: LDK-26-0042. Balas TERIMA LDK-26-0042.")


def test_jaga_tells_who_is_on_duty_now_and_next_and_who_said_siap() -> None:
    dimas = _dimas(ready_at=EVENING - HOUR)
    world = dimas.world
    first = world.duty.roster[ShiftId(12)]
    world.duty.roster[ShiftId(13)] = replace(
        first,
        id=ShiftId(13),
        name="Mbak Rina",
        starts_at=EVENING + 12 * HOUR,
        ends_at=EVENING + 24 * HOUR,
        ready_at=None,
    )

    [heard] = dimas.waits(hours=2).says("Siapa yang jaga?")

    assert heard.split("\n") == [
        "Jaga sekarang:",
        "- Mas Dimas, Rabu jam 18.00 sampai 06.00, sudah SIAP",
        "Jaga berikutnya:",
        "- Mbak Rina, Kamis jam 06.00 sampai 18.00, belum SIAP",
    ]


@pytest.mark.parametrize(
    ("role", "told"),
    [(Role.STAFF, True), (Role.COORDINATOR, True), (Role.ORGANISER, False)],
)
def test_jaga_tells_the_telephone_to_those_who_may_have_to_call(role: Role, told: bool) -> None:
    dimas = _dimas(role, phone="+6281234567890")

    [heard] = dimas.waits(hours=2).says("JAGA")

    assert ("belum SIAP, HP +6281234567890" in heard) is told


def test_jaga_with_an_empty_roster_says_whom_to_ask() -> None:
    dimas = _dimas()
    dimas.world.duty.roster.clear()

    assert dimas.says("JAGA") == [
        "Sekarang tidak ada yang jaga. Mohon bicarakan dengan koordinator."
    ]


@pytest.mark.parametrize("role", [Role.CAREGIVER, Role.CADRE, Role.FOCAL, Role.PARTNER])
def test_who_is_on_duty_is_told_to_the_office_alone(role: Role) -> None:
    dimas = _dimas(role, name="Mas Dimas")

    assert "Mas Dimas" not in "".join(dimas.says("jaga"))


def test_who_takes_it_answers_her_call_and_the_others_hear_a_name_and_no_words() -> None:
    dimas = _dimas()
    _task(dimas, "LDK-26-0042", content="Adi dipukul tetangga")
    dimas.world.cases.colleagues["Mas Dimas"] = STAFF
    dimas.world.duty.calls["LDK-26-0042"] = (STAFF, PersonId(901), PersonId(902))

    dimas.says("terima LDK-26-0042")

    assert [(one.to, one.message.text) for one in dimas.others] == [
        (901, "LDK-26-0042 sudah diterima Mas Dimas."),
        (902, "LDK-26-0042 sudah diterima Mas Dimas."),
    ]
    assert _facts(dimas, AlertAnswered) == [AlertAnswered("LDK-26-0042")]


def test_reading_answers_the_call_and_tells_nobody() -> None:
    dimas = _dimas()
    _task(dimas, "LDK-26-0042")
    dimas.world.duty.calls["LDK-26-0042"] = (STAFF, PersonId(901))

    dimas.says("baca LDK-26-0042")

    assert _facts(dimas, AlertAnswered) == [AlertAnswered("LDK-26-0042")]
    assert dimas.others == []


def _reporter(role: Role = Role.CAREGIVER, **more: Any) -> Phone:
    siti = a_caregiver(role=role)
    _task(siti, "LDK-26-0042", about=siti.person.id, content="Adi dipukul", **more)
    return siti


def test_a_caregiver_learns_that_nobody_answers_neutrally_with_numbers_first() -> None:
    [heard] = _reporter().wakes("unanswered", "LDK-26-0042")

    assert heard.index("110") < heard.index("129")
    assert not any(word in heard.casefold() for word in ("ldk", "kasus", "dipukul", "lapor"))
    assert len(heard) <= 300


def test_a_cadre_learns_it_with_code_and_the_telephone_of_duty() -> None:
    rini = _reporter(Role.CADRE)
    rini.world.duty.phone = "0812-3456-7890"

    [heard] = rini.wakes("unanswered", "LDK-26-0042")

    assert "LDK-26-0042" in heard
    assert heard.endswith("HP petugas jaga: 0812-3456-7890.")
    assert len(heard) <= 300


@pytest.mark.parametrize("role", [Role.CAREGIVER, Role.CADRE])
def test_whoever_told_of_staff_is_not_sent_back_to_staff(role: Role) -> None:
    phone = _reporter(role, outside=True)
    phone.world.duty.phone = "0812-3456-7890"

    [heard] = phone.wakes("unanswered", "LDK-26-0042")

    assert "110" in heard
    assert "petugas" not in heard
    assert "0812" not in heard
    assert ("LDK-26-0042" in heard) is (role is Role.CADRE)
    assert len(heard) <= 300


def test_on_a_shared_phone_a_cadre_is_told_as_any_caregiver_without_a_code() -> None:
    phone = a_caregiver(role=Role.CADRE, shares_phone=True)
    _task(phone, "LDK-26-0042", about=phone.person.id, content="Adi dipukul")

    [heard] = phone.wakes("unanswered", "LDK-26-0042")

    assert "LDK" not in heard
    assert "110" in heard


def test_without_a_telephone_of_duty_a_cadre_is_told_none() -> None:
    [heard] = _reporter(Role.CADRE).wakes("unanswered", "LDK-26-0042")

    assert "HP petugas jaga" not in heard


@pytest.mark.parametrize("done", [{"accepted": True}, {"closed_at": WEDNESDAY}])
def test_who_has_been_answered_is_not_told_otherwise(done: dict[str, Any]) -> None:
    siti = _reporter(**done)

    assert siti.wakes("unanswered", "LDK-26-0042") == []
    assert siti.outcome.startswith("skipped")


def test_the_question_that_was_open_comes_again_after_the_news() -> None:
    siti = _reporter()
    siti.says("menu")

    heard = siti.wakes("unanswered", "LDK-26-0042")

    assert "110" in heard[0]
    assert siti.running is not None


def test_in_the_morning_her_own_late_ones_come_in_one_list() -> None:
    dimas = _dimas()
    _task(dimas, "LDK-26-0042")
    _task(dimas, "LDK-26-0043", due_at=dimas.world.now + HOUR)
    _task(dimas, "LDK-26-0044", owner=PersonId(901))

    [heard] = dimas.wakes("overdue")

    assert heard.startswith("Lewat waktunya: 1.")
    assert "LDK-26-0042" in heard
    assert "LDK-26-0043" not in heard
    assert "LDK-26-0044" not in heard


def test_a_cadre_hears_of_a_visit_of_hers() -> None:
    rini = _dimas(Role.CADRE)
    _task(rini, "LDK-26-0042", Level.KUNING)
    _task(rini, "LDK-26-0044", Level.KUNING, owner=PersonId(901))

    [heard] = rini.wakes("overdue")

    assert "Lewat waktunya: 1." in heard


def test_a_coordinator_hears_of_everybodys() -> None:
    ani = _dimas(Role.COORDINATOR)
    for number in range(11):
        _task(ani, f"LDK-26-{number:04}", owner=PersonId(901))

    [heard] = ani.wakes("overdue")

    assert "Lewat waktunya: 11." in heard
    assert "masih ada 3 lagi" in heard


def test_nothing_late_any_more_is_no_message() -> None:
    assert _dimas().wakes("overdue") == []


def test_the_list_of_the_week_counts_the_levels_and_names_what_is_late_first() -> None:
    dimas = _dimas()
    _task(dimas, "LDK-26-0042", Level.HIJAU, content="rahasia besar")
    _task(dimas, "LDK-26-0043", due_at=dimas.world.now + HOUR)

    first, codes = dimas.wakes("review")

    assert "MERAH 1, ORANYE 0, KUNING 0, HIJAU 1. Lewat waktunya: 1." in first
    assert [line.split()[1] for line in codes.split("\n")] == ["LDK-26-0042", "LDK-26-0043"]
    assert "rahasia" not in codes


def test_a_long_list_of_the_week_comes_in_parts() -> None:
    dimas = _dimas()
    for number in range(31):
        _task(dimas, f"LDK-26-{number:04}")

    heard = dimas.wakes("review")

    assert [len(part.split("\n")) for part in heard[1:]] == [15, 15, 1]


def test_the_list_of_the_week_plans_the_next_one() -> None:
    dimas = _dimas()

    dimas.wakes("review")

    planned = dimas.world.reminders["review", str(STAFF)]
    assert planned.due_at == next_review(dimas.world.now, "Asia/Jakarta")
    assert isinstance(planned, Remind)


@pytest.mark.parametrize("role", [Role.CAREGIVER, Role.CADRE, Role.ORGANISER])
def test_who_works_on_no_concerns_any_more_gets_no_list(role: Role) -> None:
    phone = _dimas(role)
    _task(phone, "LDK-26-0042")

    assert phone.wakes("review") == []
    assert role is Role.CADRE or phone.wakes("overdue") == []
    assert ("review", str(STAFF)) not in phone.world.reminders


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-11-16 08:29", "16 08:30"),
        ("2026-11-16 08:30", "23 08:30"),
        ("2026-11-22 23:00", "23 08:30"),
    ],
)
def test_the_list_of_the_week_is_mondays(now: str, monday: str) -> None:
    at = datetime.fromisoformat(f"{now}+07:00")

    assert f"{next_review(at, 'Asia/Jakarta'):%d %H:%M}" == monday


@pytest.mark.parametrize("kind", ["unanswered", "siap", "overdue"])
def test_what_must_be_known_waits_for_no_decent_hour(kind: str) -> None:
    from conversations.waking import _PRIORITIES

    assert _PRIORITIES[kind] is Priority.REPLY

"""What a rule brings about for one person: asked, told, reminded, or left in peace."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from conversations import dialogue as d
from conversations.rule import Action, Anchor, Rule, RuleId, ToHelp, WhenBusy
from tests.conversations.memory_rules import MemoryRules
from tests.conversations.world import MemoryWorld, Phone, a_caregiver

WEEKLY = "week:2026-W47:7"
NUDGE, TIP = "2:2026-11-18:7", "3:2026-11-18:7"


def with_busy(when_busy: WhenBusy) -> Phone:
    """Mbah Siti in the menu; the check-in's rule does this about it."""
    phone = a_caregiver()
    rules = phone.world.rules
    rules.active = [replace(rule, when_busy=when_busy) for rule in rules.active]
    phone.says("menu")
    return phone


def useful_until(phone: Phone, **time_left: float) -> dict[str, object]:
    return {"expires_at": phone.world.now + timedelta(**time_left)}


def test_a_check_in_looks_again_an_hour_later_while_something_else_is_asked() -> None:
    phone = with_busy(WhenBusy.WAIT)
    until = phone.world.now + timedelta(hours=12)

    assert phone.wakes("checkin", WEEKLY, until) == []

    again = phone.world.reminders["checkin", WEEKLY]
    assert (again.due_at - phone.world.now, again.expires_at) == (timedelta(hours=1), until)


def test_a_question_left_alone_for_hours_holds_up_no_check_in_and_comes_again() -> None:
    phone = with_busy(WhenBusy.WAIT).waits(hours=2)

    assert "Adi sehat" in phone.wakes("checkin", WEEKLY)[-1]
    for reply in ("sehat", "biasa", "masuk terus", "sudah", "biasa", "tidak", "kirim", "ya"):
        shown = phone.says(reply)

    assert "Mau apa hari ini" in shown[-1]


@pytest.mark.parametrize("words", ["cucu saya dipukul bapaknya sampai berdarah", "lapor"])
def test_nothing_comes_between_danger_or_a_worry_however_long_it_takes(words: str) -> None:
    phone = a_caregiver()
    phone.says("menu")
    phone.says("1") if words == "lapor" else phone.says(words)
    phone.waits(hours=9)

    assert phone.wakes("checkin", WEEKLY) == []
    assert phone.wakes("tip", TIP) == []


def test_a_check_in_that_she_began_herself_is_not_begun_anew() -> None:
    phone = a_caregiver()
    for reply in ("menu", "2", "sehat"):
        phone.says(reply)
    phone.waits(hours=5)

    assert phone.wakes("checkin", WEEKLY) == []

    assert phone.outcome == "skipped: she is being asked already"
    assert phone.running is not None
    assert phone.running.answers == {"sehat": "sehat"}


def test_waiting_ends_when_it_would_be_too_late() -> None:
    phone = with_busy(WhenBusy.WAIT)

    phone.wakes("checkin", WEEKLY, phone.world.now + timedelta(minutes=50))

    assert phone.outcome == "skipped: busy until it was too late"
    assert ("checkin", WEEKLY) not in phone.world.reminders


def test_a_rule_may_leave_out_whoever_is_busy() -> None:
    phone = with_busy(WhenBusy.SKIP)

    assert phone.wakes("checkin", WEEKLY) == []

    assert phone.outcome == "skipped: busy"
    assert ("checkin", WEEKLY) not in phone.world.reminders


def test_a_rule_may_begin_as_soon_as_the_other_thing_is_finished() -> None:
    phone = with_busy(WhenBusy.AFTER)
    phone.wakes("checkin", WEEKLY, phone.world.now + timedelta(hours=12))

    phone.waits(minutes=5).says("7")

    assert phone.running is None
    assert phone.world.reminders["checkin", WEEKLY].due_at == phone.world.now
    assert "Adi sehat" in phone.wakes("checkin", WEEKLY)[-1]
    assert phone.dialogue.after == ()


def test_what_waited_for_the_end_is_not_begun_when_it_is_of_no_use_any_more() -> None:
    phone = with_busy(WhenBusy.AFTER)
    phone.wakes("checkin", WEEKLY, phone.world.now + timedelta(hours=2))
    planned = phone.world.reminders["checkin", WEEKLY]

    phone.waits(hours=3).says("7")

    assert phone.world.reminders["checkin", WEEKLY] == planned


def test_what_waits_for_the_end_is_remembered_once() -> None:
    phone = with_busy(WhenBusy.AFTER)

    phone.wakes("checkin", WEEKLY)
    phone.waits(hours=1).wakes("checkin", WEEKLY)

    assert len(phone.dialogue.after) == 1


def test_a_talk_with_staff_is_not_interrupted() -> None:
    phone = a_caregiver()
    until = phone.world.now + timedelta(minutes=40)
    phone.person = replace(phone.person, talk_until=until)

    assert phone.wakes("checkin", WEEKLY) == []

    assert phone.world.reminders["checkin", WEEKLY].due_at == until
    assert "Adi sehat" in phone.waits(minutes=40).wakes("checkin", WEEKLY)[-1]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stopped": True}, "stopped"),
        ({"consent": d.Consent.WITHDRAWN}, "no_consent"),
        ({"registered": False}, "no_consent"),
        ({"paused_until": MemoryWorld().now + timedelta(hours=1)}, "resting"),
    ],
)
@pytest.mark.parametrize("kind", ["checkin", "tip", "nudge", "message"])
def test_the_reason_for_silence_is_recorded(
    kind: str, changes: dict[str, object], reason: str
) -> None:
    phone = a_caregiver(**changes)
    phone.world.rules.active.append(a_message())

    assert phone.wakes(kind, {"checkin": WEEKLY, "message": "9:2026:7"}.get(kind, NUDGE)) == []

    assert phone.outcome == f"skipped: {reason}"


def test_what_a_rule_planned_before_it_ended_is_skipped() -> None:
    phone = a_caregiver()
    phone.world.rules.active = []

    assert phone.wakes("checkin", WEEKLY) == []
    assert phone.outcome == "skipped: the rule has ended"
    assert phone.wakes("tip", TIP) == []
    assert phone.outcome == "skipped: the rule has ended"


def unanswered() -> Phone:
    """Mbah Siti was asked, and answered one question."""
    phone = a_caregiver()
    phone.wakes("checkin", WEEKLY)
    phone.says("sehat")
    return phone


def test_a_check_in_without_an_answer_is_remembered_once_after_two_days() -> None:
    phone = unanswered()
    phone.waits(hours=48)

    [shown] = phone.wakes("nudge", NUDGE)

    assert "belum sempat" in shown
    assert "Perasaan Adi" in shown
    assert phone.wakes("nudge", NUDGE) == []
    assert phone.outcome == "skipped: reminded before"


def test_a_reminder_counts_from_her_last_answer() -> None:
    phone = unanswered().waits(hours=20)
    phone.says("biasa")
    phone.waits(hours=28)

    assert phone.wakes("nudge", NUDGE) == []

    again = phone.world.reminders["nudge", NUDGE]
    assert again.due_at - phone.world.now == timedelta(hours=20)


def test_who_has_answered_is_not_reminded() -> None:
    phone = a_caregiver()

    assert phone.wakes("nudge", NUDGE) == []
    assert phone.outcome == "skipped: answered"


def test_a_reminder_waits_while_something_else_is_asked() -> None:
    phone = unanswered().waits(hours=48)
    phone.says("menu")

    assert phone.wakes("nudge", NUDGE) == []
    assert ("nudge", NUDGE) in phone.world.reminders


def test_two_days_later_comes_another_tip() -> None:
    phone = a_caregiver()

    shown = phone.wakes("tip", TIP)

    assert "satu kiat kecil" in shown[0]
    assert "Kiat ini bermanfaat?" in shown[-1]


def test_without_a_tip_left_nothing_is_said_that_nobody_asked_for() -> None:
    phone = a_caregiver()
    for _ in range(100):
        phone.wakes("tip", TIP)
        if phone.running is not None:
            phone.says("ya")

    assert phone.wakes("tip", TIP) == []
    assert phone.outcome == "skipped: no tip is left"


def a_message(words: str = "{sapaan}, sebulan sudah {anak} kita temani di {desa}.") -> Rule:
    return Rule(
        RuleId(9), "Sebulan", Anchor.REGISTERED, Action.MESSAGE, time(9), days=30, words=words
    )


def test_a_message_by_rule_has_her_own_words_in_its_places() -> None:
    phone = a_caregiver()
    phone.world.rules.active.append(a_message())

    assert phone.wakes("message", "9:2026-10-19:7") == [
        "Mbah, sebulan sudah Adi kita temani di Ledokombo."
    ]
    phone.world.family.append(d.Child(d.ChildId(2), "Sari"))
    assert phone.wakes("message", "9:2026-10-20:7") == [
        "Mbah, sebulan sudah putra-putri kita temani di Ledokombo."
    ]


def test_a_cadre_hears_whom_she_may_ask_by_number_and_without_names() -> None:
    phone = a_caregiver(role=d.Role.CADRE, salutation="Ibu")
    phone.world.rules.helpless[phone.person.id] = (ToHelp("Sekolah Yang-eyang", (3, 7, 12)),)

    [shown] = phone.wakes("assisted", "2026-W47:7")

    assert "nomor 3, 7, 12" in shown
    assert "BANTU 3" in shown
    assert len(shown) <= 300


def test_a_long_list_of_a_school_with_a_long_name_still_fits_into_a_message() -> None:
    phone = a_caregiver(role=d.Role.CADRE, salutation="Ibu")
    numbers = tuple(range(301, 341))
    phone.world.rules.helpless[phone.person.id] = (ToHelp("S" * 80, numbers),)

    [shown] = phone.wakes("assisted", "2026-W47:7")

    assert "315, dan 25 lagi" in shown
    assert len(shown) <= 300


def test_a_cadre_with_nobody_left_to_ask_hears_nothing() -> None:
    phone = a_caregiver(role=d.Role.CADRE)

    assert phone.wakes("assisted", "2026-W47:7") == []
    assert phone.outcome == "skipped: nobody to help"


def test_a_cadre_who_rests_is_not_asked_to_help() -> None:
    phone = a_caregiver(role=d.Role.CADRE, paused_until=MemoryWorld().now + timedelta(days=1))
    phone.world.rules.helpless[phone.person.id] = (ToHelp("Sekolah Yang-eyang", (3,)),)

    assert phone.wakes("assisted", "2026-W47:7") == []
    assert phone.outcome == "skipped: resting"


def test_the_day_and_hour_of_her_own_village_are_promised() -> None:
    phone = a_caregiver()
    rules: MemoryRules = phone.world.rules
    of_village = replace(rules.active[0], weekday=1, hour=time(18, 45), village_id=d.VillageId(2))
    rules.active.append(of_village)

    assert settled_in(phone, "Ledokombo") == "hari Rabu jam 19:15"
    assert settled_in(phone, "Sumbersalak") == "hari Selasa jam 18:45"


def test_without_a_weekly_rule_no_day_is_promised() -> None:
    phone = a_caregiver()
    phone.world.rules.active = []

    assert "Sudah cukup" in family_told(phone)
    assert "hari" not in family_told(phone).replace("hari ini", "")


def settled_in(phone: Phone, village: str) -> str:
    number = next(id_ for id_, name in phone.world.villages() if name == village)
    phone.person = replace(phone.person, village_id=number, hour="")
    words = family_told(phone)
    return words[words.index("hari") : words.index(", saya")]


def family_told(phone: Phone) -> str:
    from conversations import registration
    from conversations.router import CONVERSATIONS
    from conversations.talk import Talk

    talk = Talk(phone.person, d.Dialogue(), phone.world, CONVERSATIONS)
    registration.family_finished(talk, d.Interview("i", "keluarga", "f"), {})
    return talk.turn().outgoing[-1].message.text

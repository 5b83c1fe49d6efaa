"""A report: one message is enough, the receipt is honest, one report is one case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.concerns.event import CaseKnown, LevelRaised
from conversations.level import Level
from conversations.message import Inbound, Kind, Media, printed
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver

BEATEN = "cucu saya dipukuli bapaknya sampai lebam semua"
QUIET = "rumah sebelah ramai terus setiap malam sampai larut"
COORDINATOR, FOCAL = d.PersonId(910), d.PersonId(920)


def told(phone: Phone, *replies: str) -> Phone:
    for reply in replies:
        phone.says(reply)
    return phone


def on_duty() -> MemoryWorld:
    world = MemoryWorld()
    world.duty.on_duty = (STAFF,)
    world.duty.phone = "0800-11"
    return world


def a_cadre(world: MemoryWorld | None = None) -> Phone:
    return a_caregiver(world, role=d.Role.CADRE, salutation="Bu")


def known(phone: Phone) -> dict[str, object]:
    """What the case has learned, in one."""
    found: dict[str, object] = {}
    for event in phone.world.events:
        if isinstance(event, CaseKnown):
            found |= event.changes
    return found


def the_task(phone: Phone) -> d.Task:
    [task] = phone.world.open_tasks.values()
    return task


def a_file(phone: Phone, kind: Kind, seconds: int = 5) -> Inbound:
    return Inbound(kind, phone.world.now, media=Media("f", seconds=seconds))


# --- one message is enough --------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        f"Lapor. {QUIET}",
        f"saya mau lapor, {QUIET}",
        f"LAPOR: {QUIET}",
        f"mbak kulo bade laporan {QUIET}",
    ],
)
def test_one_message_is_a_report(before: str) -> None:
    phone = a_caregiver()

    phone.says(before)

    assert the_task(phone).kind == "concern"
    assert the_task(phone).content == before


@pytest.mark.parametrize("words", ["lapor", "LAPOR!", "saya mau lapor", "lapor bu"])
def test_the_word_alone_opens_the_short_form(words: str) -> None:
    phone = a_caregiver()

    assert "Silakan sampaikan" in phone.says(words)[-1]
    assert phone.world.open_tasks == {}


def test_a_story_is_a_report_after_one_touch() -> None:
    phone = told(a_caregiver(), QUIET)

    phone.presses("anak yang perlu dibantu")

    assert (the_task(phone).kind, the_task(phone).content) == ("concern", QUIET)


def test_a_recording_out_of_the_blue_is_a_report_after_one_touch() -> None:
    phone = a_caregiver()
    phone.sends(a_file(phone, Kind.VOICE, seconds=600))
    [recorded] = phone.world.open_tasks

    phone.says("1")

    report = phone.world.open_tasks[
        next(code for code in phone.world.open_tasks if code != recorded)
    ]
    assert report.kind == "concern"
    assert report.media == phone.world.open_tasks[recorded].media
    assert report.code in phone.world.open_tasks[recorded].content


def test_somebody_elses_recording_becomes_no_report() -> None:
    phone = a_caregiver()
    phone.sends(a_file(phone, Kind.VOICE))
    [recorded] = phone.world.open_tasks
    stranger = Phone(phone.world, id=8)

    shown = stranger.presses_payload(f"l:anak:{recorded}")

    assert list(phone.world.open_tasks) == [recorded]
    assert "Silakan sampaikan" in shown[-1]


def test_a_picture_in_a_report_belongs_to_it_and_is_asked_to_be_deleted() -> None:
    phone = told(a_caregiver(), "lapor")

    shown = phone.sends(a_file(phone, Kind.IMAGE))
    phone.says(QUIET)

    assert "dihapus dari HP" in shown[0]
    assert len(the_task(phone).media) == 1
    assert QUIET in the_task(phone).content


@pytest.mark.parametrize("kind", [Kind.STICKER, Kind.REACTION, Kind.LOCATION, Kind.OTHER])
def test_a_report_that_is_only_a_sticker_gets_a_kind_answer_and_the_question_stays(
    kind: Kind,
) -> None:
    phone = told(a_caregiver(), "lapor")

    shown = phone.sends(Inbound(kind, phone.world.now))

    assert "Silakan sampaikan" in shown[-1]
    assert phone.world.open_tasks == {}


@pytest.mark.parametrize("empty", ["", "   ", "LEWATI", "..."])
def test_an_empty_report_is_no_error(empty: str) -> None:
    phone = told(a_caregiver(), "lapor")

    assert phone.says(empty)


@pytest.mark.parametrize("words", ["cuma bercanda kok hehe", "dasar bot goblok"])
def test_a_prank_or_an_insult_closes_nothing(words: str) -> None:
    phone = told(a_caregiver(), BEATEN)

    shown = phone.says(words)

    assert "bahaya" in shown[-1]
    assert words in the_task(phone).content
    assert (the_task(phone).level, the_task(phone).closed_at) == (Level.MERAH, None)


@pytest.mark.parametrize(
    "person",
    [
        {"consent": d.Consent.UNASKED, "registered": False},
        {"consent": d.Consent.REFUSED, "registered": False},
        {"consent": d.Consent.WITHDRAWN},
        {"stopped": True},
        {"role": d.Role.PARTNER},
        {"role": d.Role.ORGANISER},
    ],
)
def test_a_report_is_accepted_from_anybody(person: dict[str, Any]) -> None:
    phone = a_caregiver(**person)

    phone.says(f"lapor {QUIET}")

    assert the_task(phone).kind == "concern"
    assert "tentang siapa" in phone.screen[-1].text


# --- the receipt ------------------------------------------------------------------------------


def test_a_cadre_gets_the_code_by_when_and_the_numbers_at_once() -> None:
    phone = a_cadre(on_duty())

    receipt = phone.says(f"lapor {QUIET}")[0]

    assert the_task(phone).code in receipt
    assert "hari Sabtu Pahing, 21 November" in receipt
    assert "129" in receipt
    assert "0800-11" in receipt


def test_a_caregivers_receipt_names_no_code_and_no_case() -> None:
    phone = a_caregiver(on_duty())

    shown = [*phone.says(f"lapor {QUIET}"), *phone.says("Rafi"), *phone.says("belum aman")]

    everything = " ".join(shown)
    assert "129" in shown[0]
    assert the_task(phone).code not in everything
    assert "kasus" not in everything.casefold()
    assert "0800-11" not in everything


@pytest.mark.parametrize("words", [BEATEN, f"lapor {QUIET}", "MELATI", "lapor"])
def test_what_was_told_is_never_shown_again(words: str) -> None:
    phone = a_caregiver()

    shown = [*phone.says(words), *phone.says(QUIET), *phone.says("1"), *phone.says("laporan saya")]

    assert not any("lebam" in text or "sampai larut" in text for text in shown)


def test_with_nobody_on_duty_the_police_come_first_and_nobody_is_promised() -> None:
    shown = a_caregiver().says(BEATEN)[0]

    assert "Belum tentu ada yang langsung membaca" in shown
    assert shown.index("110") < shown.index("129")


def test_with_somebody_on_duty_the_children_line_comes_first() -> None:
    shown = a_caregiver(on_duty()).says(BEATEN)[0]

    assert "Belum tentu" not in shown
    assert shown.index("129") < shown.index("110")


def test_red_that_is_confirmed_says_by_when_it_shall_be_read() -> None:
    phone = told(a_caregiver(on_duty()), BEATEN)

    assert "paling lambat hari ini jam 11.00" in phone.says("ya")[0]


@pytest.mark.parametrize("reply", ["ya", "bukan"])
def test_a_late_answer_moves_no_deadline(reply: str) -> None:
    phone = told(a_caregiver(on_duty()), BEATEN)
    phone.world.now += timedelta(minutes=30)

    assert "paling lambat hari ini jam 11.00" in phone.says(reply)[0]


def test_nobody_at_all_can_be_reached() -> None:
    world = MemoryWorld()
    world.staff_people = ()
    phone = a_caregiver(world)

    shown = " ".join(phone.says(f"lapor {QUIET}"))

    assert "Petugas belum bisa dihubungi sekarang" in shown
    assert "diminta membaca" not in shown


# --- one report is one case -------------------------------------------------------------------


def test_danger_words_go_on_into_the_report_and_nothing_is_asked_twice() -> None:
    phone = told(a_caregiver(), BEATEN)
    asked = phone.says("ya")[-1]

    shown = [
        asked,
        *(phone.says(reply)[-1] for reply in ("Adi", "boleh", "sore", "tadi", "ibunya")),
    ]

    questions = (
        "tentang siapa",
        "menghubungi",
        "aman untuk bicara",
        "Kapan itu",
        "yang sudah tahu",
    )
    assert all(question in text for question, text in zip(questions, shown, strict=False))
    assert not any("Apa yang terjadi" in text or "keadaannya aman" in text for text in shown)
    assert "Hapus jejak" in shown[-1]
    assert known(phone) == {"safe": "belum", "may_call": "boleh"}


def test_a_report_inside_a_check_in_leads_back_to_the_check_in() -> None:
    phone = a_caregiver()
    phone.wakes("checkin")
    told(phone, BEATEN, "bukan", "lewati", "lewati", "lewati", "lewati", "lewati")

    shown = phone.says("sudah, terima kasih")

    assert "Adi sehat" in shown[-1]


def test_not_danger_lowers_nothing_and_a_human_sees_both() -> None:
    phone = told(a_caregiver(), BEATEN)

    phone.says("bukan bahaya")

    assert the_task(phone).level is Level.MERAH
    assert the_task(phone).content.splitlines() == [BEATEN, "bahaya: bukan"]


@pytest.mark.parametrize("reply", ["lewati", "3"])
def test_whether_it_is_danger_may_be_left_open_and_lowers_nothing(reply: str) -> None:
    phone = told(a_caregiver(on_duty()), BEATEN)

    shown = phone.says(reply)

    assert the_task(phone).level is Level.MERAH
    assert the_task(phone).content == BEATEN
    assert "Syukurlah" not in shown[0]
    assert "paling lambat hari ini jam 11.00" in shown[0]
    assert "tentang siapa" in shown[-1]


@pytest.mark.parametrize("reply", ["belum aman", "masih ndak aman mbak", "bahaya", "ya"])
def test_not_safe_is_a_yes_to_whether_it_is_danger(reply: str) -> None:
    phone = told(a_caregiver(), "cucu saya digebuki bapaknya")
    before = the_task(phone).level

    phone.says(reply)

    assert (before, the_task(phone).level) == (Level.ORANYE, Level.MERAH)
    assert known(phone)["safe"] == "belum"


def test_a_chosen_class_raises_the_level_and_calls_people() -> None:
    phone = told(a_caregiver(), f"lapor {QUIET}", "Rafi", "aman", "jangan dulu")

    shown = phone.says("Hilang, dibawa orang")

    assert (the_task(phone).level, the_task(phone).danger_class) == (Level.MERAH, "missing")
    assert phone.others[-1].message.text.startswith("MERAH")
    assert "110" in shown[0]


def test_a_milder_class_lowers_nothing() -> None:
    phone = told(a_caregiver(), f"lapor {QUIET}", "Rafi", "belum aman", "jangan dulu")

    phone.says("Murung, takut")

    assert (the_task(phone).level, the_task(phone).danger_class) == (Level.MERAH, "psychosocial")
    raised = [event for event in phone.world.events if isinstance(event, LevelRaised)]
    assert {event.level for event in raised} == {Level.MERAH}


def test_own_words_instead_of_a_choice_are_kept_and_the_form_goes_on() -> None:
    phone = told(a_caregiver(), f"lapor {QUIET}", "Rafi", "aman", "jangan dulu")

    shown = phone.says("anaknya diam saja sejak ibunya berangkat")

    assert "anaknya diam saja sejak ibunya berangkat" in the_task(phone).content
    assert "Kapan itu terjadi" in shown[-1]


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ((BEATEN,), "tidak mbak, dia sekarang di rumah bude di Kalisat"),
        ((BEATEN, "bukan", "Rafi"), "belum, masih di rumah pakde yang itu"),
        ((f"lapor {QUIET}", "Rafi", "aman"), "boleh, di rumah tetangga saja"),
    ],
)
def test_what_is_told_besides_an_answer_is_kept(before: tuple[str, ...], words: str) -> None:
    phone = told(a_caregiver(), *before)
    asked = phone.running

    phone.says(words)

    assert words in the_task(phone).content
    assert (phone.running.conversation, phone.running.at) != (asked.conversation, asked.at)


def test_an_answer_word_for_word_is_no_story() -> None:
    phone = told(a_caregiver(), f"lapor {QUIET}", "Rafi", "aman", "jangan dulu")

    phone.says("Hilang, dibawa orang")

    assert the_task(phone).content.splitlines()[-1] == "apa: hilang"


def test_a_colleague_who_shall_call_is_not_kept_out() -> None:
    world = on_duty()
    world.duty.names = {"rina": STAFF}
    phone = told(a_caregiver(world), f"lapor {QUIET}", "Adi", "aman")

    phone.says("boleh, sama mbak Rina saja")

    assert not the_task(phone).excluded


def test_a_story_at_another_question_is_kept_and_the_question_stays() -> None:
    phone = told(a_caregiver(), f"lapor {QUIET}", "Rafi")

    shown = phone.says("neneknya sendiri juga sakit sakitan")

    assert "neneknya sendiri juga sakit sakitan" in the_task(phone).content
    assert "juga sudah kami terima" in shown[0]
    assert "aman?" in shown[0]


def test_danger_words_later_in_a_report_raise_the_same_case() -> None:
    phone = told(a_caregiver(), f"lapor {QUIET}")

    phone.says(BEATEN)

    assert the_task(phone).level is Level.MERAH
    assert the_task(phone).content.count(BEATEN) == 1


def test_danger_words_after_it_was_closed_are_a_new_case() -> None:
    phone = told(a_caregiver(), f"lapor {QUIET}")
    first = the_task(phone)
    phone.world.open_tasks[first.code] = replace(first, closed_at=phone.world.now)

    phone.says(BEATEN)

    assert len(phone.world.open_tasks) == 2
    assert phone.world.open_tasks[first.code].level is Level.KUNING


def test_not_safe_after_it_was_closed_is_a_new_case() -> None:
    phone = told(a_caregiver(), f"lapor {QUIET}", "Rafi")
    first = the_task(phone)
    phone.world.open_tasks[first.code] = replace(first, closed_at=phone.world.now)

    phone.says("belum aman")

    assert ("concern", Level.MERAH, "reason.unsafe") in phone.tasks()


def test_the_owner_hears_of_more_danger_once_in_a_quarter_of_an_hour() -> None:
    phone = told(a_caregiver(on_duty()), BEATEN)
    staff = d.Person(STAFF, role=d.Role.STAFF)
    phone.world.apply(staff, ev.TaskChanged(the_task(phone).code, "accepted"))

    told(phone, "dia dipukul lagi sampai berdarah", "dia dipukul lagi pakai kayu")

    again = [call.dedupe_key for call in phone.others if "more" in call.dedupe_key]
    assert len(again) == 2
    assert len(set(again)) == 1
    assert {call.to for call in phone.others} == {STAFF}


def test_the_person_herself_is_never_called_about_it() -> None:
    world = MemoryWorld()
    world.staff_people = (STAFF, d.PersonId(7))
    phone = told(a_caregiver(world), f"lapor {QUIET}", "Rafi")

    phone.says("belum aman")

    assert {call.to for call in phone.others} == {STAFF}


# --- what may be wished afterwards ------------------------------------------------------------


def a_finished_report(world: MemoryWorld | None = None) -> Phone:
    skipped = ("lewati",) * 6
    return told(a_caregiver(world), f"lapor {QUIET}", *skipped)


def test_the_name_may_stay_hidden_as_far_as_the_law_allows() -> None:
    phone = a_finished_report()

    shown = phone.says("1")

    assert known(phone)["hide_name"] is True
    assert "hukum mewajibkan" in shown[0]
    assert "Hapus jejak" in shown[-1]


@pytest.mark.parametrize(
    ("focal", "coordinators", "said", "outside"),
    [
        ((FOCAL,), (COORDINATOR,), "orang di luar program", True),
        ((), (COORDINATOR,), "hanya koordinator", True),
        ((), (), "tetap petugas", None),
    ],
)
def test_about_a_cadre_or_staff_it_goes_to_those_outside(
    focal: tuple[d.PersonId, ...],
    coordinators: tuple[d.PersonId, ...],
    said: str,
    outside: bool | None,
) -> None:
    world = MemoryWorld()
    world.duty.focal, world.duty.coordinators = focal, coordinators
    phone = a_finished_report(world)

    shown = phone.says("Ini tentang kader atau petugas")

    assert said in shown[0]
    assert known(phone).get("outside") is outside


def test_traces_are_offered_to_be_erased() -> None:
    phone = a_finished_report()

    assert "Hapus yang mana" in phone.says("3")[-1]


def test_enough_is_enough() -> None:
    phone = a_finished_report()

    phone.says("sudah, terima kasih")

    assert phone.running is None


@pytest.mark.parametrize(
    "words",
    [
        "cucu saya dilecehkan pak kader",
        "anak itu dipukul sama bu petugas",
        "pendamping itu sering meraba anak perempuan saya",
        "Pak kader Budi memukul cucu saya sampai lebam",
        "cucu saya diperkosa oleh relawan",
        "cucu saya dipukul sama Mbak Yanti petugas itu sampai memar",
        "cucu saya dipukul mbak yanti yang jadi kader sampai memar",
    ],
)
def test_who_is_named_as_the_one_who_did_it_is_not_told(words: str) -> None:
    world = on_duty()
    world.duty.focal = (FOCAL,)
    phone = a_caregiver(world)

    shown = phone.says(words)

    assert the_task(phone).outside
    assert {call.to for call in phone.others} == {FOCAL}
    assert "ke petugas" not in shown[0]


@pytest.mark.parametrize("words", ["cucu saya dilecehkan pak kader", "lapor kader mencubit Rafi"])
def test_the_receipt_of_what_is_about_us_sends_nobody_to_the_telephone_of_staff(words: str) -> None:
    world = on_duty()
    world.duty.focal, world.duty.phone = (FOCAL,), "0812-3456-7890"
    phone = a_caregiver(world, role=d.Role.CADRE)

    shown = " ".join(phone.says(words))

    assert the_task(phone).outside
    assert "129" in shown
    assert "0812" not in shown
    assert "Petugas diminta" not in shown


@pytest.mark.parametrize(
    "words",
    [
        "bu kader, cucu saya dipukuli bapaknya",
        "cucu saya dipukuli bapaknya, sudah lapor petugas",
        "cucu saya dipukuli bapaknya, tadi dibantu kader",
        "sudah bilang kader kalau bapaknya mukul cucu saya sampai lebam",
        "kader bilang cucu saya dipukuli bapaknya",
        "cucu saya dipukul sama bapaknya petugas sudah tahu",
        "cucu saya dipukul Joko, petugas sudah tahu",
        "cucu saya diajar kader membaca, di rumah dipukuli bapaknya",
    ],
)
def test_who_helps_or_is_spoken_to_is_not_accused(words: str) -> None:
    world = on_duty()
    world.duty.focal = (FOCAL,)
    phone = a_caregiver(world)

    phone.says(words)

    assert not the_task(phone).outside
    assert {call.to for call in phone.others} == {STAFF}


def test_without_anybody_outside_it_stays_with_staff_rather_than_with_nobody() -> None:
    phone = a_caregiver(on_duty())

    phone.says("cucu saya dilecehkan pak kader")

    assert not the_task(phone).outside
    assert {call.to for call in phone.others} == {STAFF}


def test_an_accusation_told_later_goes_outside_too() -> None:
    world = on_duty()
    world.duty.focal = (FOCAL,)
    phone = told(a_caregiver(world), f"lapor {QUIET}")

    phone.says("namanya Rafi, dia dicubit kader")

    assert known(phone)["outside"] is True


# --- discreet ---------------------------------------------------------------------------------


def test_the_safe_word_says_what_she_allows_to_the_case() -> None:
    phone = told(a_caregiver(), "MELATI")

    shown = phone.says("jangan")

    assert known(phone) == {"may_call": "jangan"}
    assert "bahaya" not in " ".join(shown).casefold()


def test_a_cadre_who_types_for_somebody_else_sees_the_duty_telephone_and_no_code() -> None:
    world = on_duty()
    phone = a_caregiver(world)
    world.typist = d.PersonId(50)
    world.helping.helpers[world.typist] = d.Person(world.typist, role=d.Role.CADRE)

    shown = phone.says(BEATEN)

    assert "0800-11" in shown[0]
    assert the_task(phone).code not in " ".join(shown)


@pytest.mark.parametrize("duty", [True, False])
@pytest.mark.parametrize("role", [d.Role.CADRE, d.Role.CAREGIVER, d.Role.COORDINATOR])
@pytest.mark.parametrize(
    "first", [BEATEN, f"lapor {QUIET}", "cucu saya dilecehkan pak kader", "aku takut bapak"]
)
def test_every_message_of_a_report_is_short_enough_to_read(
    first: str, role: d.Role, duty: bool
) -> None:
    world = on_duty() if duty else MemoryWorld()
    world.duty.phone = "+62 812-3456-7890"
    world.duty.focal = (FOCAL,)
    phone = a_caregiver(world, role=role, salutation="Bapak/Ibu")

    replies = ("ya", "Rafi", "belum aman", "boleh", "besok", "hilang", "tadi", "ibunya", "1", "2")
    told(phone, first, *replies, "3", "3", "laporan saya")

    assert [printed(one) for one in phone.screen if len(printed(one)) > 300] == []


def test_recorded_parts_go_along_and_another_recording_too() -> None:
    phone = told(a_caregiver(), f"lapor {QUIET}")

    phone.sends(a_file(phone, Kind.VOICE))
    phone.sends(a_file(phone, Kind.VOICE))

    assert len(the_task(phone).media) == 2


def test_a_recording_of_ten_minutes_is_a_report_in_the_short_form() -> None:
    phone = told(a_caregiver(), "lapor")

    shown = phone.sends(a_file(phone, Kind.VOICE, seconds=600))

    assert len(the_task(phone).media) == 1
    assert "sudah kami terima" in shown[0]
    assert "tentang siapa" in shown[-1]


def test_enough_is_said_to_a_recording_that_is_no_report() -> None:
    phone = a_caregiver()
    phone.sends(a_file(phone, Kind.VOICE))

    phone.says("2")

    assert [kind for kind, *_ in phone.tasks()] == ["voice"]


def test_the_word_in_a_story_of_a_check_in_stays_in_the_story() -> None:
    phone = told(a_caregiver(), *("menu", "2", "sehat", "biasa"))
    told(phone, "masuk terus", "sudah", "biasa", "ada")

    phone.says("lapor mbak kemarin panen ramai sekali")

    assert [one.conversation for one in phone.dialogue.stack] == ["checkin"]


def test_quiet_words_of_danger_are_a_report_with_its_receipt() -> None:
    phone = a_cadre(on_duty())

    shown = phone.says("cucu saya sudah berhenti sekolah")

    assert the_task(phone).level is Level.KUNING
    assert the_task(phone).code in shown[0]
    assert "tentang siapa" in shown[-1]


def test_the_choice_about_traces_stands_alone_although_a_check_in_waits() -> None:
    phone = a_caregiver()
    phone.wakes("checkin")
    told(phone, BEATEN, "bukan", *["lewati"] * 5)

    shown = phone.says("3")

    assert len(shown) == 1
    assert "Hapus yang mana" in shown[0]

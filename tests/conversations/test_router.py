"""Which conversation takes a message; and that no interruption loses anybody's place."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations import dialogue as d
from conversations import event as ev
from conversations import router
from conversations.level import Level
from conversations.message import Inbound, Kind, Media, Priority, printed
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver


def asked_about_adi() -> Phone:
    """Mbah Siti in the middle of the check-in, at its second question."""
    phone = a_caregiver()
    phone.wakes("checkin")
    phone.says("sehat")
    return phone


def test_a_stranger_is_greeted_with_who_we_are() -> None:
    phone = Phone()

    assert "Saya Kawan Asuh dari Program Contoh" in phone.says("halo")[0]


def test_hello_to_somebody_registered_shows_the_menu() -> None:
    assert "Mau apa hari ini, Mbah?" in a_caregiver().says("assalamualaikum")[0]


@pytest.mark.parametrize(
    "interruption", ["BANTUAN", "menu", "JEDA", "PETUGAS", "data saya", "MELATI", "BERHENTI"]
)
def test_no_interruption_loses_the_place(interruption: str) -> None:
    phone = asked_about_adi()

    phone.says(interruption)

    waiting = [one for one in phone.dialogue.stack if one.conversation == "checkin"]
    assert [(one.at, one.answers) for one in waiting] == [("rasa", {"sehat": "sehat"})]


def test_after_the_menu_is_closed_the_question_comes_again() -> None:
    phone = asked_about_adi()
    phone.says("menu")

    shown = phone.says("7")

    assert "Perasaan Adi" in shown[-1]


def test_stop_is_at_once_and_starting_again_resumes_the_question() -> None:
    phone = asked_about_adi()

    assert "berhenti mengirim" in phone.says("BERHENTI")[0]
    assert phone.person.stopped
    shown = phone.says("MULAI")

    assert not phone.person.stopped
    assert "Perasaan Adi" in shown[-1]


def test_after_a_stop_the_planned_check_in_is_skipped() -> None:
    phone = a_caregiver()

    phone.says("jangan kirim pesan lagi")

    assert phone.wakes("checkin") == []
    assert phone.outcome == "skipped: stopped"


def test_zero_goes_back() -> None:
    phone = asked_about_adi()

    assert "Minggu ini Adi sehat" in phone.says("0")[0]


def test_a_story_is_no_command_but_an_answer() -> None:
    phone = a_caregiver()
    phone.says("menu")
    phone.says("1")

    phone.says("saya mau berhenti jualan supaya bisa jaga cucu, tolong bantu saya")

    assert not phone.person.stopped
    [task] = phone.world.open_tasks.values()
    assert "berhenti jualan" in task.content


def test_danger_words_reach_every_member_of_staff_before_anything_is_confirmed() -> None:
    world = MemoryWorld()
    world.staff_people = (STAFF, d.PersonId(901))
    phone = a_caregiver(world)

    shown = phone.says("tolong, cucu saya dipukuli bapaknya sampai lebam semua")

    assert {one.to for one in phone.others} == {STAFF, 901}
    assert all(one.priority is Priority.ALARM for one in phone.others)
    [task] = world.open_tasks.values()
    assert task.level is Level.MERAH
    assert "129" in shown[0]
    assert "110" in shown[0]
    assert "keadaan bahaya" in shown[-1]


def test_an_alert_says_code_and_level_and_nothing_of_what_was_said() -> None:
    phone = a_caregiver()

    phone.says("cucu saya dipukuli bapaknya sampai lebam semua")

    text = printed(phone.others[0].message)
    assert "LDK-26-" in text
    assert "MERAH" in text
    assert not any(word in text.casefold() for word in ("pukul", "lebam", "cucu", "mbah"))


def test_saying_it_is_no_danger_withdraws_nothing() -> None:
    phone = a_caregiver()
    phone.says("cucu saya dipukuli bapaknya sampai lebam semua")

    phone.says("bukan")

    [task] = phone.world.open_tasks.values()
    assert task.level is Level.MERAH
    assert task.closed_at is None


def test_danger_in_the_middle_of_a_check_in_returns_to_the_question() -> None:
    phone = asked_about_adi()
    phone.says("dia bilang pengen mati saja")
    for reply in ("2", *["lewati"] * 5):
        phone.says(reply)

    shown = phone.says("sudah, terima kasih")

    assert "Perasaan Adi" in shown[-1]
    assert phone.running is not None
    assert phone.running.tries == 0


@pytest.mark.parametrize("consent", [d.Consent.UNASKED, d.Consent.REFUSED, d.Consent.WITHDRAWN])
def test_a_worry_is_taken_from_anybody(consent: d.Consent) -> None:
    phone = Phone(consent=consent)

    phone.says("anak tetangga dirantai di kamar")

    [task] = phone.world.open_tasks.values()
    assert task.level is Level.MERAH


def test_a_worry_is_taken_after_stop() -> None:
    phone = a_caregiver(stopped=True)

    phone.says("di sebelah rumah ada anak baru datang")
    phone.says("teruskan")

    assert [task.content for task in phone.world.open_tasks.values()] == [
        "di sebelah rumah ada anak baru datang"
    ]


def test_a_strangers_story_is_not_lost_behind_the_notice() -> None:
    phone = Phone()
    phone.says("anak di sebelah rumah sering main sendiri sampai sore")

    shown = phone.says("1")

    assert [task.content for task in phone.world.open_tasks.values()] == [
        "anak di sebelah rumah sering main sendiri sampai sore"
    ]
    assert "Saya Kawan Asuh" in shown[-1]


def test_the_receipt_tells_a_stranger_on_the_phone_nothing() -> None:
    phone = a_caregiver()
    phone.says("menu")
    phone.says("1")
    phone.says("Tetangga saya sering tidak pulang, anaknya makan di rumah saya")
    seen = [text for _ in range(4) for text in phone.says("lewati")]

    assert not any("LDK-" in text or "kasus" in text.casefold() for text in seen)
    assert not any("tidak pulang" in text for text in seen)


def test_what_is_not_understood_may_be_passed_on_to_staff() -> None:
    phone = a_caregiver()
    assert "belum paham" in phone.says("kemarin panen tembakau ramai sekali di sawah")[0]

    phone.says("1")

    [task] = phone.world.open_tasks.values()
    assert task.content == "kemarin panen tembakau ramai sekali di sawah"


@pytest.mark.parametrize(
    "kind",
    [
        Kind.STICKER,
        Kind.LOCATION,
        Kind.CONTACT,
        Kind.VIDEO,
        Kind.DOCUMENT,
        Kind.REACTION,
        Kind.OTHER,
    ],
)
def test_whatever_else_is_sent_gets_a_kind_answer_and_the_question_again(kind: Kind) -> None:
    phone = asked_about_adi()

    shown = phone.sends(Inbound(kind, phone.world.now, media=Media("f")))

    assert "Terima kasih" in shown[0]
    assert "Perasaan Adi" in shown[-1]
    assert not any(isinstance(event, ev.MediaKept) for event in phone.world.events)


@pytest.mark.parametrize("kind", [Kind.VOICE, Kind.IMAGE])
def test_voice_notes_and_photos_are_kept_for_staff(kind: Kind) -> None:
    phone = a_caregiver()

    phone.sends(Inbound(kind, phone.world.now, media=Media("f")))

    [task] = phone.world.open_tasks.values()
    kept = next(event for event in phone.world.events if isinstance(event, ev.MediaKept))
    assert (task.kind, kept.task) == (kind, task.code)
    assert phone.others[0].to == STAFF


def test_a_photo_is_answered_with_how_to_protect_the_child() -> None:
    phone = a_caregiver()

    shown = phone.sends(Inbound(Kind.IMAGE, phone.world.now, media=Media("f")))

    assert "dihapus dari HP" in shown[0]


def test_a_thank_you_is_answered_and_asks_nothing() -> None:
    phone = a_caregiver()

    assert phone.says("matur nuwun mbak 🙏") == ["Sama-sama, Mbah. 🙏"]
    assert phone.running is None


def test_an_edited_message_changes_nothing_but_is_read_for_danger() -> None:
    phone = asked_about_adi()

    shown = phone.says("sakit", edited=True)
    assert "KEMBALI" in shown[0]
    assert phone.running is not None
    assert phone.running.answers == {"sehat": "sehat"}
    phone.says("cucu saya dipukuli bapaknya sampai lebam semua", edited=True)

    assert phone.tasks()[0][1] is Level.MERAH


def test_somebody_who_left_is_marked_and_not_answered() -> None:
    phone = a_caregiver()

    assert phone.sends(Inbound(Kind.LEFT, phone.world.now)) == []
    assert any(isinstance(event, ev.AddressLost) for event in phone.world.events)


def test_somebody_who_came_back_is_welcomed() -> None:
    phone = a_caregiver()

    assert phone.sends(Inbound(Kind.CAME_BACK, phone.world.now))


def test_a_group_is_told_that_talks_are_one_to_one() -> None:
    assert "berdua saja" in Phone().sends(Inbound(Kind.GROUP, MemoryWorld().now))[0]


def test_erasure_stops_messages_at_once_and_is_a_task_of_72_hours() -> None:
    phone = a_caregiver()

    phone.says("HAPUS DATA SAYA")

    [task] = phone.world.open_tasks.values()
    assert phone.person.stopped
    assert task.kind == "erasure"
    assert (task.due_at - phone.world.now).total_seconds() == 72 * 3600


def test_a_child_who_writes_gets_a_safe_answer_and_no_profile() -> None:
    phone = Phone()
    phone.says("halo")

    shown = phone.says("belum")

    assert "129" in shown[0]
    assert not phone.person.registered
    assert phone.person.consent is d.Consent.REFUSED


def test_consent_is_recorded_with_words_version_and_capacity() -> None:
    phone = Phone()
    for reply in ("halo", "sudah", "lanjut", "boleh", "3"):
        phone.says(reply)

    [decided] = [e for e in phone.world.events if isinstance(e, ev.ConsentDecided)]
    assert decided.consent is d.Consent.GIVEN
    assert decided.capacity == "pengasuh"
    assert decided.text_version.startswith("persetujuan 1 ")
    assert "Program Contoh" in decided.text
    assert "90 hari" in decided.text


def test_refusing_consent_still_leads_to_a_person() -> None:
    phone = Phone()
    for reply in ("halo", "sudah", "LANJUT"):
        phone.says(reply)

    shown = phone.says("tidak boleh")

    assert "petugas tetap bisa dihubungi" in shown[-1]
    assert phone.person.consent is d.Consent.REFUSED


def test_the_door_asks_three_questions_and_registers() -> None:
    phone = Phone(consent=d.Consent.GIVEN)
    phone.says("halo")
    phone.says("Mbah")
    phone.says("sumbersalak")

    phone.says("nenek")

    assert phone.person.registered
    assert (phone.person.salutation, phone.person.relation) == ("Mbah", "nenek")
    assert phone.person.village_id == 2


def test_a_village_that_is_not_on_the_list_is_a_note_for_staff() -> None:
    phone = Phone(consent=d.Consent.GIVEN)
    for reply in ("halo", "Mbah", "Karang Tengah", "nenek"):
        phone.says(reply)

    assert phone.person.registered
    assert ("correction", Level.HIJAU, "reason.village") in phone.tasks()


def test_two_children_are_told_in_one_go() -> None:
    phone = Phone(consent=d.Consent.GIVEN, registered=True, salutation="Mbah")
    phone.says("data saya")
    phone.says("2")
    for reply in ("sekarang", "Adi", "2018", "laki", "nenek", "luar negeri", "rumah", "ada lagi"):
        phone.says(reply)
    for reply in ("Sari", "lewati", "perempuan", "lewati", "wafat", "lewati", "cukup", "2", "1"):
        phone.says(reply)

    adi, sari = phone.world.family
    assert (adi.nickname, adi.birth_year, adi.mother, adi.parent_away) == (
        "Adi",
        2018,
        "luar_negeri",
        True,
    )
    assert (sari.nickname, sari.birth_year, sari.mother, sari.parent_away) == (
        "Sari",
        None,
        "wafat",
        False,
    )
    assert phone.person.hour == "09:00"


def test_a_nudge_comes_once_and_only_for_the_open_interview() -> None:
    phone = asked_about_adi()
    interview_id = phone.running.id if phone.running else ""
    phone.waits(hours=21)

    assert "belum sempat" in phone.wakes("nudge", interview_id)[0]
    assert phone.wakes("nudge", interview_id) == []


def test_expiry_ends_the_interview_quietly() -> None:
    phone = asked_about_adi()
    interview_id = phone.running.id if phone.running else ""

    assert phone.wakes("expire", interview_id) == []
    assert phone.running is None
    _, partial, answers, _ = phone.world.finished[-1]
    assert partial
    assert answers["sehat"] == "sehat"


def test_an_unknown_kind_of_due_work_is_an_error_not_silence() -> None:
    with pytest.raises(ValueError, match="no conversation wakes"):
        a_caregiver().wakes("nonsense")


anything = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "1",
            "2",
            "3",
            "0",
            "menu",
            "bantuan",
            "berhenti",
            "mulai",
            "kembali",
            "lewati",
            "halo",
            "PETUGAS",
            "MELATI",
            "jeda",
            "/start",
            "ya",
            "hapus data saya",
            "data saya",
            "tidak",
            "saya dipukul suami",
            "dia ingin mati",
            "terima kasih",
            "Adi",
            "2018",
            "7 tahun",
        ]
    ),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(anything, max_size=30), st.booleans())
def test_no_conversation_ever_raises_falls_silent_or_grows_without_end(
    texts: list[str], known: bool
) -> None:
    phone = a_caregiver() if known else Phone()

    for text in texts:
        shown = phone.says(text)
        assert shown
        assert all(0 < len(message) <= 4096 for message in shown)
        assert len(phone.dialogue.stack) <= 4
        assert len(d.dump(phone.dialogue)) < 64_000


def test_every_conversation_that_is_started_exists() -> None:
    world = MemoryWorld()

    assert set(router.CONVERSATIONS) - set(world.forms) == {"checkin"}

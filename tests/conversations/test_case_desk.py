"""A case worked on in chat: read, taken, noted, planned, led on, told to offices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.concerns import event as ce
from conversations.concerns.case import Agency, Contact, ContactId, Outcome, ReferralState, Stage
from conversations.concerns.case import Phone as Held
from conversations.level import Level
from conversations.message import Inbound, Kind, Media
from tests.conversations.desks import CLINIC, LUAR, POLICE, RINI, SARI, SECRET, a_desk, case, taken
from tests.conversations.desks import rini as rini_of
from tests.conversations.world import MemoryWorld, Phone, a_caregiver

Event = d.Event


def of(phone: Phone, kind: type[Event]) -> list[Event]:
    return [event for event in phone.world.events if isinstance(event, kind)]


# --- reading --------------------------------------------------------------------------------------


def test_baca_shows_what_was_said_word_for_word_with_time_and_voice() -> None:
    dimas, code = a_desk()

    shown = "\n".join(dimas.says(f"BACA {code}"))

    assert f"“{SECRET}”" in shown
    assert "18/11 10:00 Mbah" in shown
    assert "Dugaan: kekerasan fisik" in shown
    assert "tahap aduan" in shown
    assert "Penanggung jawab: Mas Dimas" in shown
    assert "Pelapor: Mbah" in shown


def test_every_message_of_baca_is_discreet_and_the_reading_is_recorded_once() -> None:
    dimas, code = a_desk()
    dimas.screen.clear()

    dimas.says(f"BACA {code}")

    assert dimas.screen
    assert all(message.discreet for message in dimas.screen)
    assert of(dimas, ev.Audited) == [ev.Audited("task_read", code)]


def test_baca_shows_the_wishes_and_the_notes_too() -> None:
    dimas, code = taken()
    dimas.says(f"catat {code} tetangga sudah ditemui")
    dimas.world.cases._case(code, hide_name=True, safe="belum", may_call="jangan")

    shown = "\n".join(dimas.says(f"baca {code}"))

    assert "namanya tidak disebut" in shown
    assert "BELUM aman" in shown
    assert "JANGAN dihubungi" in shown
    assert "tetangga sudah ditemui" in shown
    assert "sudah ditelepon" in shown


def test_a_long_story_comes_in_several_messages_and_no_word_is_lost() -> None:
    dimas, code = a_desk()
    words = [f"kata{number}" for number in range(600)]
    siti = Phone(dimas.world, id=7, salutation="Mbah")
    dimas.world.apply(siti.person, ev.TaskExtended(code, " ".join(words)))
    dimas.screen.clear()

    dimas.says(f"baca {code}")

    shown = " ".join(message.text for message in dimas.screen)
    assert [word for word in words if word not in shown] == []
    assert max(len(message.text) for message in dimas.screen) <= 900


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (Held.OWN, "dipakai sendiri"),
        (Held.SHARED, "dipakai bersama"),
        (Held.HELPER, "diketikkan kader"),
        (Held.NONE, "belum diketahui"),
    ],
)
@pytest.mark.parametrize("order", ["BACA", "TERIMA"])
def test_it_is_weighed_who_holds_the_phone_before_anybody_calls(
    held: Held, words: str, order: str
) -> None:
    dimas, code = a_desk()
    dimas.world.cases.phones[d.PersonId(7)] = held
    siti = Phone(dimas.world, id=7, salutation="Mbah")
    dimas.world.apply(siti.person, ev.TaskExtended(code, "waktu: besok pagi jam 9"))

    shown = "\n".join(dimas.says(f"{order} {code}"))

    assert words in shown
    assert "Waktu aman bicara: besok pagi jam 9" in shown
    assert "timbang dulu siapa yang memegang HP" in shown


def test_the_clock_of_the_law_is_shown_where_it_runs() -> None:
    dimas, code = a_desk()
    assert "Pasal 41" not in "\n".join(dimas.says(f"baca {code}"))
    dimas.world.cases._task(code, danger_class="sexual_violence")

    shown = "\n".join(dimas.says(f"baca {code}"))

    assert "UU 12/2022 Pasal 41" in shown
    assert "sisa 72 jam" in shown
    assert "ahli hukum" in shown


@pytest.mark.parametrize("order", ["BACA", "TERIMA"])
def test_who_reads_or_takes_it_has_answered_her_calls(order: str) -> None:
    dimas, code = a_desk()

    dimas.says(f"{order} {code}")

    assert of(dimas, ce.AlertAnswered) == [ce.AlertAnswered(code)]


# --- lists ----------------------------------------------------------------------------------------


def test_kasus_saya_lists_code_level_stage_and_deadline_but_nothing_that_was_said() -> None:
    dimas, code = taken()
    dimas.world.now += timedelta(hours=30)

    [shown] = dimas.says("kasus saya")

    assert f"MERAH {code}" in shown
    assert "aduan" in shown
    assert "TERLAMBAT" in shown
    assert "dipukuli" not in shown


def test_a_long_list_goes_on_behind_a_button() -> None:
    dimas, _ = a_desk()
    for _ in range(19):
        a_caregiver(dimas.world, id=1000).says("anak tetangga tidak sekolah dan sering dipukul")
        dimas.world.now += timedelta(hours=2)
    codes = list(dimas.world.open_tasks)
    seen = dimas.says("semua")[0]

    for _ in range(2):
        seen += dimas.presses("Lanjut")[0]

    assert len(codes) == 20
    assert [code for code in codes if code not in seen] == []


def test_without_cases_the_way_to_all_tasks_is_shown() -> None:
    world = MemoryWorld()
    dimas = Phone(world, id=900, role=d.Role.STAFF)

    [shown] = dimas.says("KASUS SAYA")

    assert "1. Semua tugas" in shown


# --- forgiving reading ----------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["{code}", "{bare}", "{spaced}", "{number}", "{zeros}"])
def test_a_code_is_understood_however_it_is_written(said: str) -> None:
    dimas, code = a_desk()
    number = code.rpartition("-")[2]
    written = said.format(
        code=code.lower(),
        bare=code.replace("-", "").lower(),
        spaced=code.replace("-", " "),
        number=int(number),
        zeros=number,
    )

    dimas.says(f"terima {written}")

    assert of(dimas, ev.TaskChanged) == [ev.TaskChanged(code, "accepted")]


def test_last_digits_of_two_villages_are_asked_again_unless_one_is_hers() -> None:
    dimas, code = a_desk()
    number = code.rpartition("-")[2]
    other = f"JBR-26-{number}"
    dimas.world.open_tasks[other] = d.Task(
        **{
            name: getattr(dimas.world.open_tasks[code], name)
            for name in d.Task.__dataclass_fields__
        }
        | {"code": other}
    )

    [asked] = dimas.says(f"terima {int(number)}")

    assert code in asked
    assert other in asked
    assert not of(dimas, ev.TaskChanged)
    dimas.world.open_tasks[other] = d.Task(
        **{
            name: getattr(dimas.world.open_tasks[other], name)
            for name in d.Task.__dataclass_fields__
        }
        | {"owner": SARI}
    )
    dimas.says(f"terima {int(number)}")
    assert of(dimas, ev.TaskChanged) == [ev.TaskChanged(code, "accepted")]


def test_an_order_without_a_code_offers_her_own() -> None:
    dimas, code = a_desk()

    [asked] = dimas.says("rujuk")
    shown = dimas.says("1")

    assert f"1. MERAH {code}" in asked
    assert "Unit PPA Polres" in shown[0]


# --- taking and working ---------------------------------------------------------------------------


def test_who_takes_a_merah_hears_of_the_hour_and_what_comes_next() -> None:
    dimas, code = a_desk()

    *_, shown = dimas.says(f"TERIMA {code}")

    assert "60 menit" in shown
    assert "1. Catat tindakan" in shown
    assert case(dimas, code).task.accepted


def test_taking_it_twice_is_no_second_taking() -> None:
    dimas, code = a_desk()
    dimas.says(f"TERIMA {code}")

    dimas.says(f"TERIMA {code}")

    assert of(dimas, ev.TaskChanged) == [ev.TaskChanged(code, "accepted")]


def test_what_somebody_else_has_taken_stays_hers() -> None:
    dimas, code = taken()
    other = Phone(dimas.world, id=902, role=d.Role.STAFF)

    [shown] = other.says(f"TERIMA {code}")

    assert "petugas lain" in shown
    assert case(dimas, code).task.owner == dimas.person.id


def test_an_action_is_recorded_and_the_next_steps_are_numbered() -> None:
    dimas, code = a_desk()
    dimas.says(f"TERIMA {code}")

    [shown] = dimas.says(f"TINDAKAN {code} sudah menelepon nenek")

    assert ce.Acted(code, "sudah menelepon nenek") in dimas.world.events
    assert "1. Tahap asesmen" in shown
    assert "nenek" not in shown


def test_missing_words_are_asked_for_and_taken_as_a_voice_note_too() -> None:
    dimas, code = taken()
    [asked] = dimas.says(f"catat {code}")

    dimas.sends(Inbound(Kind.VOICE, dimas.world.now, media=Media("f", seconds=12)))

    kept = next(event for event in dimas.world.events if isinstance(event, ev.MediaKept))
    assert "catatannya" in asked
    assert ev.TaskExtended(code, media=kept.id) in dimas.world.events
    assert ev.TaskChanged(code, "noted", "(pesan suara)") in dimas.world.events
    assert dimas.running is None


def test_words_that_are_asked_for_can_be_left_out() -> None:
    dimas, code = taken()
    dimas.says(f"catat {code}")

    [shown] = dimas.says("lewati")

    assert "tidak jadi" in shown
    assert not of(dimas, ev.TaskChanged)


def test_what_staff_write_about_a_case_is_no_new_alarm() -> None:
    dimas, code = taken()
    dimas.says(f"catat {code}")

    dimas.says("neneknya bilang anak itu dipukuli sampai berdarah tadi malam")
    dimas.says(f"tindakan {code} anak dipukuli lagi, sudah dibawa ke puskesmas")

    assert not of(dimas, ev.TaskOpened)


def test_a_plan_is_read_with_its_time_and_shown_as_it_was_understood() -> None:
    dimas, code = taken()

    [shown] = dimas.says(f"rencana {code} besok jam 9 telepon nenek")

    at = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
    assert of(dimas, ce.NextAction) == [ce.NextAction(code, "telepon nenek", at)]
    assert "Kamis" in shown
    assert "19 November, jam 09.00 WIB" in shown
    assert "nenek" not in shown


@pytest.mark.parametrize(
    ("said", "asked", "answer", "note"),
    [
        ("telepon nenek", "kapan?", "besok jam 9", "telepon nenek"),
        ("besok jam 9", "apa yang akan dilakukan", "telepon nenek", "telepon nenek"),
        ("besok jam 4 telepon", "jam berapa", "besok jam 9", "telepon"),
        ("kemarin telepon", "sudah lewat", "besok jam 9", "telepon"),
        ("", "apa berikutnya", "besok jam 9 telepon", "telepon"),
    ],
)
def test_what_a_plan_lacks_is_asked_for(said: str, asked: str, answer: str, note: str) -> None:
    dimas, code = taken()

    shown = " ".join(dimas.says(f"rencana {code} {said}".strip()))
    dimas.says(answer)

    at = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
    assert asked in shown
    assert of(dimas, ce.NextAction) == [ce.NextAction(code, note, at)]


def test_the_stages_are_reached_in_chat_but_the_last_one_only_by_closing() -> None:
    dimas, code = taken()

    dimas.says(f"tahap {code} asesmen")
    dimas.presses("rencana layanan")
    shown = dimas.says(f"tahap {code} penutupan")

    assert of(dimas, ce.StageReached) == [
        ce.StageReached(code, Stage.ASESMEN),
        ce.StageReached(code, Stage.RENCANA),
    ]
    assert "Ditutup karena apa" in " ".join(shown)


def test_a_stage_that_is_not_named_is_chosen_by_number() -> None:
    dimas, code = taken()
    dimas.says(f"tahap {code}")

    dimas.says("3")

    assert of(dimas, ce.StageReached) == [ce.StageReached(code, Stage.PENDAMPINGAN)]


def test_a_level_is_raised_at_once_and_lowered_only_with_words() -> None:
    dimas, code = taken(Level.ORANYE)

    dimas.says(f"level {code} merah")
    asked = dimas.says(f"level {code} kuning")
    raised = list(of(dimas, ce.LevelSet))
    dimas.says("sudah dilihat, anaknya di rumah bude")

    assert raised == [ce.LevelSet(code, Level.MERAH)]
    assert "alasannya" in " ".join(asked)
    lowered = ce.LevelSet(code, Level.KUNING, "sudah dilihat, anaknya di rumah bude")
    assert of(dimas, ce.LevelSet)[-1] == lowered


def test_the_other_steps_are_all_a_button_away() -> None:
    dimas, code = taken()
    dimas.says(f"tindakan {code} ditelepon lagi")

    [shown] = dimas.presses("Langkah lain")

    for label in ("Ubah level", "Serahkan", "Kecualikan", "Kaitkan", "Gabung", "kader menengok"):
        assert label in shown


def test_every_button_of_the_desk_is_small_enough_for_the_platform() -> None:
    dimas, code = taken()
    for said in (f"baca {code}", f"rujuk {code}", f"level {code}", f"serahkan {code}", "kasus"):
        dimas.says(said)
    dimas.presses_payload(f"t:kunjungi:{code}:#{RINI}")
    dimas.presses_payload(f"t:rujuk:{code}:#3")

    payloads = [choice.payload for message in dimas.screen for choice in message.choices]

    assert max(len(payload.encode()) for payload in payloads) <= 64


# --- referral -------------------------------------------------------------------------------------


def test_an_office_is_told_only_after_it_was_weighed_and_decided() -> None:
    dimas, code = taken()
    dimas.says(f"rujuk {code}")

    weighed = " ".join(dimas.presses("Unit PPA Polres"))
    before = of(dimas, ce.Referred)
    [shown] = dimas.presses("Ya, rujuk")

    assert "timbang dulu siapa yang memegang HP" in weighed
    assert "keputusan petugas dan dicatat" in weighed
    assert before == []
    assert of(dimas, ce.Referred) == [ce.Referred(code, POLICE.id)]
    assert f"kawan referral sheet {code} --contact 3" in shown


def test_the_wish_to_stay_unnamed_is_shown_before_a_referral() -> None:
    dimas, code = taken()
    dimas.world.cases._case(code, hide_name=True)

    weighed = " ".join(dimas.presses_payload(f"t:rujuk:{code}:#{CLINIC.id}"))

    assert "namanya tidak disebut" in weighed


@pytest.mark.parametrize("step", ["t:terima:{code}", "t:rujuk:{code}:#{office}"])
def test_when_it_is_safe_to_call_is_never_shown_without_a_record(step: str) -> None:
    dimas, code = taken()
    before = len(of(dimas, ev.Audited))

    dimas.presses_payload(step.format(code=code, office=CLINIC.id))

    assert of(dimas, ev.Audited)[before:] == [ev.Audited("task_read", code)]


def test_an_office_that_is_not_in_the_directory_is_never_told() -> None:
    dimas, code = taken()

    dimas.presses_payload(f"t:rujuk:{code}:#99 ya")

    assert of(dimas, ce.Referred) == []


def test_an_empty_directory_says_how_it_is_filled() -> None:
    dimas, code = taken()
    dimas.world.cases.offices = {}

    [shown] = dimas.says(f"rujuk {code}")

    assert "kawan directory add" in shown
    assert "1. " in shown


def test_the_answer_of_an_office_is_recorded() -> None:
    dimas, code = taken()
    dimas.presses_payload(f"t:rujuk:{code}:#3 ya")

    [asked] = dimas.says(f"jawaban {code}")
    [shown] = dimas.says("2")

    assert "1. diterima\n2. ditolak\n3. selesai" in asked
    [answered] = of(dimas, ce.ReferralAnswered)
    assert answered == ce.ReferralAnswered(dimas.world.cases.told[0].id, ReferralState.REFUSED, "")
    assert "Coba rujuk ke layanan lain" in shown


def test_of_two_offices_it_is_asked_which_one_answered() -> None:
    dimas, code = taken()
    dimas.presses_payload(f"t:rujuk:{code}:#3 ya")
    dimas.presses_payload(f"t:rujuk:{code}:#4 ya")

    dimas.says(f"jawaban {code} diterima")
    dimas.presses("Puskesmas")

    [answered] = of(dimas, ce.ReferralAnswered)
    assert answered == ce.ReferralAnswered(dimas.world.cases.told[1].id, ReferralState.ACCEPTED, "")


def test_without_a_referral_there_is_no_answer_to_record() -> None:
    dimas, code = taken()

    [shown] = dimas.says(f"jawaban {code} diterima")

    assert "belum punya rujukan" in shown
    assert of(dimas, ce.ReferralAnswered) == []


# --- closed, and others ---------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["catat", "tindakan", "rencana", "tahap", "level", "rujuk"])
def test_on_a_closed_case_nothing_is_done_but_the_way_back_is_shown(order: str) -> None:
    dimas, code = taken()
    dimas.world.cases._task(code, closed_at=dimas.world.now)

    [shown] = dimas.says(f"{order} {code} besok jam 9 sesuatu")

    assert "sudah selesai" in shown
    assert "1. Buka lagi" in shown
    assert dimas.world.events == []


def test_a_focal_person_works_on_what_is_about_staff_and_sees_nothing_else() -> None:
    dimas, code = taken()
    luar = Phone(dimas.world, id=LUAR, role=d.Role.FOCAL)
    assert SECRET not in " ".join(luar.says(f"baca {code}"))
    dimas.world.cases._task(code, outside=True, owner=LUAR)

    assert SECRET in " ".join(luar.says(f"baca {code}"))
    assert SECRET not in " ".join(dimas.says(f"baca {code}"))
    luar.says(f"tindakan {code} sudah bicara dengan pelapor")
    assert ce.Acted(code, "sudah bicara dengan pelapor") in dimas.world.events


def test_an_organiser_has_no_orders_about_cases() -> None:
    dimas, code = taken()
    organiser = Phone(dimas.world, id=80, role=d.Role.ORGANISER)

    shown = " ".join(organiser.says(f"BACA {code}"))

    assert SECRET not in shown
    assert "SIAR" in shown
    assert "BACA" not in shown


def test_a_cry_of_an_organiser_is_an_alarm_as_anybodys() -> None:
    dimas, _ = taken()
    organiser = Phone(dimas.world, id=80, role=d.Role.ORGANISER)

    organiser.says("catat anak tetangga dipukuli bapaknya sampai pingsan")

    assert [event.level for event in of(dimas, ev.TaskOpened)] == [Level.MERAH]  # type: ignore[attr-defined]


def test_help_names_the_orders_in_short_messages() -> None:
    dimas, _ = a_desk(d.Role.COORDINATOR)

    dimas.says("halo semuanya di kantor")
    shown = dimas.presses("Semua perintah")

    assert all(len(text) <= 300 for text in shown)
    said = " ".join(shown)
    for word in ("RENCANA", "RUJUK", "KUNJUNGI", "GABUNG", "BUKA LAGI", "SETUJUI", "SIAR"):
        assert word in said


def test_the_next_steps_offer_nothing_that_she_may_not_do() -> None:
    dimas, code = taken()
    dimas.world.cases._case(code, closing_by=SARI)
    dimas.screen.clear()

    dimas.says(f"baca {code}")

    labels = [choice.label for choice in dimas.screen[-1].choices]
    assert labels == ["Baca"]


def test_a_cadre_has_no_order_without_a_code() -> None:
    dimas, _ = a_desk()
    rini = rini_of(dimas)

    rini.says("catat ya mbak besok saya ke posyandu")
    rini.says("selesai")

    assert not of(dimas, ev.TaskChanged)


def test_a_number_of_a_cadre_that_is_no_code_of_hers_means_something_else() -> None:
    dimas, code = a_desk()
    number = int(code.rpartition("-")[2])

    shown = " ".join(rini_of(dimas).says(f"baca {number}"))

    assert SECRET not in shown
    assert code not in shown


def test_a_level_that_is_not_named_is_chosen_and_the_same_one_changes_nothing() -> None:
    dimas, code = taken()

    [asked] = dimas.says(f"level {code}")
    dimas.says("1")

    assert "1. MERAH\n2. ORANYE\n3. KUNING\n4. HIJAU" in asked
    assert of(dimas, ce.LevelSet) == []


def test_the_stage_it_is_in_is_not_reached_again() -> None:
    dimas, code = taken()
    dimas.says(f"tahap {code} asesmen")

    dimas.says(f"tahap {code} asesmen")

    assert of(dimas, ce.StageReached) == [ce.StageReached(code, Stage.ASESMEN)]


def test_an_office_may_be_named_and_a_long_directory_goes_on() -> None:
    dimas, code = taken()
    for number in range(5, 16):
        office = Contact(ContactId(number), Agency.DINSOS, f"Kantor {number}", "0331-000003")
        dimas.world.cases.offices[office.id] = office

    named = dimas.says(f"rujuk {code} puskesmas")
    dimas.says(f"rujuk {code}")
    further = dimas.presses("Lanjut")

    assert "Kantor" not in named[0]
    assert "1. Puskesmas" in named[0]
    assert "Kantor 15" in further[0]


def test_what_an_older_version_stored_is_shown_as_it_is() -> None:
    dimas, code = a_desk()
    siti = Phone(dimas.world, id=7, salutation="Mbah")
    dimas.world.apply(siti.person, ev.TaskChanged(code, "telaah", "dibahas di rapat"))

    shown = "\n".join(dimas.says(f"baca {code}"))

    assert "telaah: dibahas di rapat" in shown


def test_where_the_case_stands_is_all_shown() -> None:
    dimas, code = taken()
    dimas.says(f"rencana {code} besok jam 9 telepon nenek")
    dimas.presses_payload(f"t:rujuk:{code}:#3 ya")
    open_ = "\n".join(dimas.says(f"baca {code}"))
    dimas.world.cases._task(code, closed_at=dimas.world.now, outside=True, owner=dimas.person.id)
    dimas.world.cases._case(code, outcome=Outcome.PRANK, merged_into="LDK-26-0099")

    closed = "\n".join(dimas.says(f"baca {code}"))

    assert "Rencana: Kamis Kliwon, 19 November, jam 09.00 WIB: telepon nenek" in open_
    assert "Rujukan: Unit PPA Polres, diminta 18/11 10:00" in open_
    assert "hasil: iseng" in closed
    assert "hanya untuk orang luar program" in closed
    assert "Digabung ke LDK-26-0099" in closed


def test_whoever_does_something_about_an_untaken_case_has_taken_it() -> None:
    dimas, code = a_desk()

    shown = dimas.says(f"TINDAKAN {code} sudah ditelepon")

    assert ev.TaskChanged(code, "accepted") in dimas.world.events
    assert not any("SAYA TERIMA" in choice.label for choice in dimas.screen[-1].choices)
    assert "sudah dicatat" in shown[-1]

"""Traces on the phone: asked for in many words, explained honestly, taken away since a moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from conversations import danger
from conversations.concerns.case import Case, Stage
from conversations.concerns.event import TracesErased
from conversations.concerns.traces import is_wish
from conversations.dialogue import PersonId, Task
from conversations.level import Level
from conversations.message import Inbound, Kind
from conversations.router import CONVERSATIONS
from conversations.talk import Talk
from tests.conversations.world import MemoryWorld, Phone, a_caregiver

HERE = ZoneInfo("Asia/Jakarta")
LONGEST = 300
WISHES = (
    "hapus jejak",
    "HAPUS PERCAKAPAN",
    "tolong hapusin chat ini dong mbak",
    "apus semua chatnya",
    "gimana cara hapus chat",
    "hapus chat wa di hp saya",
    "chatnya dihapus ya bu",
    "tlg bersihkan pesan2 ini",
    "hps chat",
    "hapus jejak di hp ini",
    "minta tolong dihapus pesan-pesannya",
    "tidak bisa hapus pesan",
    "busak kabeh chate",
    "hapusen percakapane",
)
OTHER_WORDS = (
    "hapus data saya",
    "hapus semua data dan chat",
    "hapus nomor saya",
    "hapus",
    "jangan hapus pesan",
    "sudah saya hapus chatnya",
    "tadi hapus chat",
    "dia hapus chat saya",
    "bapaknya hapus chat di hp anak",
    "anak saya suka hapus chat",
    "pesan dari ibu guru",
    "chat",
)


def erased(phone: Phone) -> list[TracesErased]:
    return [event for event in phone.world.events if isinstance(event, TracesErased)]


def reported(phone: Phone, ago: timedelta) -> datetime:
    """A report of hers, so long ago."""
    at = phone.world.now - ago
    code = f"LDK-26-00{len(phone.world.cases.known):02}"
    task = Task(code, "concern", Level.KUNING, phone.person.id, None, None, at, at, "reason.told")
    phone.world.cases.known[code] = Case(task, Stage.ADUAN)
    return at


@pytest.mark.parametrize("text", WISHES)
def test_the_wish_is_heard_in_the_words_people_use(text: str) -> None:
    assert is_wish(text)


@pytest.mark.parametrize("text", OTHER_WORDS)
def test_a_story_or_another_wish_is_not_taken_for_it(text: str) -> None:
    assert not is_wish(text)


@pytest.mark.parametrize("text", WISHES)
def test_it_is_never_taken_for_the_erasure_of_her_data(text: str) -> None:
    phone = a_caregiver()

    phone.says(text)

    assert phone.tasks() == []
    assert phone.running is None


def test_the_wish_is_no_alarm_whatever_the_danger_words_say_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = danger.assess("cucu saya dipukuli bapaknya sampai lebam")
    monkeypatch.setattr(danger, "assess", lambda _: found)
    phone = a_caregiver()

    phone.says("hapus jejak")

    assert phone.tasks() == []


def test_her_data_are_still_erased_by_their_own_words() -> None:
    phone = a_caregiver()

    phone.says("hapus data saya")

    assert not any("traces" in choice.payload for choice in phone.screen[-1].choices)


def test_before_anything_goes_it_is_said_what_goes_and_what_stays() -> None:
    phone = a_caregiver(salutation="Bapak/Ibu")
    reported(phone, timedelta(hours=12))

    [said] = phone.says("hapus jejak")

    assert erased(phone) == []
    assert "dua hari" in said
    assert "galeri" in said
    assert "tetap ada pada petugas" in said
    assert len(said) <= LONGEST


def test_what_belongs_to_the_report_goes_from_its_beginning_on() -> None:
    phone = a_caregiver()
    earlier = reported(phone, timedelta(minutes=40))
    reported(phone, timedelta(minutes=5))

    phone.says("hapus jejak")
    left = phone.says("1")

    [event] = erased(phone)
    assert timedelta(0) < earlier - event.since <= timedelta(minutes=2)
    assert left == ["Halo, Mbah. Balas MENU kalau ada perlu."]


def test_the_label_tells_the_hour_and_never_that_there_was_a_report() -> None:
    phone = a_caregiver()
    reported(phone, timedelta(minutes=40))

    phone.says("hapus jejak")

    assert [choice.label for choice in phone.screen[-1].choices] == [
        "Sejak jam 09.19",
        "Dua hari terakhir",
        "Tidak usah",
    ]


def test_a_report_of_yesterday_is_named_so() -> None:
    phone = a_caregiver()
    reported(phone, timedelta(hours=14))

    phone.says("hapus jejak")

    assert phone.screen[-1].choices[0].label == "Sejak kemarin jam 19.59"


def test_a_report_of_the_day_before_leaves_the_two_days_only() -> None:
    phone = a_caregiver()
    reported(phone, timedelta(hours=40))

    phone.says("hapus jejak")

    assert [choice.label for choice in phone.screen[-1].choices] == [
        "Dua hari terakhir",
        "Tidak usah",
    ]


def test_without_a_report_she_chooses_today_or_two_days() -> None:
    phone = a_caregiver()

    phone.says("hapus chat")
    phone.says("1")

    [event] = erased(phone)
    assert event.since == datetime(2026, 11, 18, tzinfo=HERE)


def test_two_days_are_the_most_that_is_asked_for() -> None:
    phone = a_caregiver()
    phone.says("hapus chat")
    old_button = next(one.payload for one in phone.screen[-1].choices if "hari ini" in one.label)
    phone.waits(days=5)

    phone.presses_payload(old_button)
    phone.presses_payload("traces:all")

    oldest = phone.world.now - timedelta(hours=48)
    assert [event.since for event in erased(phone)] == [oldest, oldest]


@pytest.mark.parametrize("payload", ["traces:no", "traces:", "traces:x", "traces:99999999999999"])
def test_no_and_what_is_no_time_take_nothing_away(payload: str) -> None:
    phone = a_caregiver()

    answered = phone.presses_payload(payload)

    assert erased(phone) == []
    assert answered == ["Baik, Mbah."]


def test_a_report_that_is_being_told_ends_with_what_was_told() -> None:
    """Its next question would stand on the phone again."""
    phone = a_caregiver()
    began = phone.world.now
    phone.says("MENU")
    phone.presses("Bicara ke petugas")
    phone.waits(minutes=3)

    phone.says("hapus jejak")
    left = phone.says("1")

    [event] = erased(phone)
    assert began - timedelta(minutes=2) <= event.since <= began
    assert phone.running is None
    assert left == ["Halo, Mbah. Balas MENU kalau ada perlu."]


def test_another_question_is_asked_anew_and_nothing_is_said_after_it() -> None:
    phone = a_caregiver()
    phone.says("MENU")
    phone.presses("Cerita kabar")
    question = phone.screen[-1].text

    phone.says("hapus jejak")
    left = phone.says("1")

    [event] = erased(phone)
    assert question in left[-1]
    assert event.said == ""
    assert "Belum semua" in event.otherwise


def test_a_question_keeps_its_place_when_she_decides_otherwise() -> None:
    phone = a_caregiver()
    phone.says("MENU")
    phone.presses("Cerita kabar")
    question = phone.screen[-1].text

    phone.says("hapus jejak")
    answered = phone.says("3")

    assert question in answered[-1]


def test_after_a_report_the_choice_comes_before_the_question_that_waits() -> None:
    """A number typed now must not be taken for the answer to another message."""
    phone = a_caregiver()
    phone.says("MENU")
    phone.presses("Cerita kabar")
    question = phone.screen[-1].text
    talk = Talk(phone.person, phone.dialogue, phone.world, CONVERSATIONS)
    talk.start("sesudah", facts={"tugas.kode": "LDK-26-0001"})
    phone._take(talk.turn())

    offered = phone.says("3")
    answered = phone.says("3")

    assert "Hapus yang mana?" in offered[-1]
    assert not any(question in text for text in offered)
    assert question in answered[-1]


def test_where_the_channel_cannot_it_is_shown_how_to_do_it_by_hand() -> None:
    world = MemoryWorld()
    world.removes = False
    phone = a_caregiver(world)

    said = phone.says("hapus jejak")

    assert erased(phone) == []
    assert 1 <= len(said) <= 2
    assert "tekan lama" in said[0]
    assert all(len(text) <= LONGEST for text in said)


def test_an_old_button_on_a_channel_that_cannot_shows_how_too() -> None:
    world = MemoryWorld()
    world.removes = False
    phone = a_caregiver(world)

    said = phone.presses_payload("traces:all")

    assert erased(phone) == []
    assert "tekan lama" in said[0]


def test_an_edited_message_takes_nothing_away() -> None:
    phone = a_caregiver()

    phone.sends(Inbound(Kind.TEXT, phone.world.now, text="hapus jejak", edited=True))

    assert not any("traces" in choice.payload for choice in phone.screen[-1].choices)


def test_a_cadre_who_types_for_somebody_clears_the_phone_that_she_holds() -> None:
    """The event names no person: storage takes the address that wrote."""
    world = MemoryWorld()
    world.typist = PersonId(50)
    phone = a_caregiver(world)

    phone.says("hapus jejak")
    phone.presses("Dua hari")

    assert len(erased(phone)) == 1


def test_nobody_is_ever_told_that_it_is_gone() -> None:
    phone = a_caregiver()
    reported(phone, timedelta(minutes=5))

    said = [*phone.says("hapus jejak"), *phone.says("1")]
    said += [event.otherwise for event in erased(phone)]

    claims = (
        "sudah dihapus",
        "sudah terhapus",
        "telah dihapus",
        "sudah kami hapus",
        "sudah hilang",
    )
    assert not any(claim in text.casefold() for text in said for claim in claims)

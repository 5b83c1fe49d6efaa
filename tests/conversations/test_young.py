"""A child who writes herself: a safe answer, SAPA 129, a human being, and no profile."""

from __future__ import annotations

from time import perf_counter

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.concerns.young import is_child
from conversations.level import Level
from tests.conversations.world import MemoryWorld, Phone, a_caregiver


@pytest.mark.parametrize(
    "words",
    [
        "saya 12 tahun",
        "aku umur 9 thn",
        "halo kak, aku masih 15 tahun",
        "umurku 13",
        "nama saya Rina, saya 11 tahun",
        "aku kelas 5",
        "saya masih kelas 2 smp",
        "aku anak sd",
        "aku takut bapak",
        "aku takut sama om",
        "aku wedi karo bapakku",
    ],
)
def test_a_child_is_heard(words: str) -> None:
    assert is_child(words)


@pytest.mark.parametrize(
    "words",
    [
        "cucu saya 12 tahun",
        "saya 67 tahun",
        "anak saya kelas 5",
        "saya ibu dari anak 12 tahun",
        "cucu saya takut bapaknya",
        "anak saya bilang aku takut bapak",
        "saya sudah 12 tahun di Taiwan",
        "saya 12 tahun di Taiwan",
        "saya 5 tahun jadi kader",
        "saya kerja 5 tahun di Malaysia",
        "saya takut ular",
        "saya punya anak kelas 3",
    ],
)
def test_an_adult_is_no_child(words: str) -> None:
    assert not is_child(words)


@pytest.mark.parametrize("before", [(), ("halo",), ("halo", "1"), ("lapor",)])
def test_a_child_gets_a_safe_answer_and_no_registration(before: tuple[str, ...]) -> None:
    phone = Phone(MemoryWorld())
    for words in before:
        phone.says(words)

    shown = phone.says("aku 12 tahun, aku takut bapak")

    [task] = phone.world.open_tasks.values()
    assert (task.kind, task.level, task.content) == (
        "concern",
        Level.ORANYE,
        "aku 12 tahun, aku takut bapak",
    )
    assert "129" in shown[0]
    assert "Boleh petugas menghubungi" in shown[-1]
    assert phone.person.consent is d.Consent.REFUSED
    assert [one.conversation for one in phone.dialogue.stack] == ["sandi"]


def test_what_the_child_goes_on_to_tell_is_with_the_same_report() -> None:
    phone = Phone(MemoryWorld())
    phone.says("aku 12 tahun, aku takut bapak")

    phone.says("tadi malam bapak pulang marah marah")

    [task] = phone.world.open_tasks.values()
    assert "tadi malam bapak pulang marah marah" in task.content


def test_a_child_in_danger_is_asked_nothing_about_it() -> None:
    phone = Phone(MemoryWorld())

    shown = phone.says("aku dipukuli bapak sampai berdarah, aku masih kelas 5")

    [task] = phone.world.open_tasks.values()
    assert task.level is Level.MERAH
    assert not any("keadaan bahaya" in text for text in shown)
    assert "bukan salah" in shown[0]


def test_on_a_grandmothers_phone_her_own_place_stays() -> None:
    phone = a_caregiver()
    phone.wakes("checkin")

    phone.says("aku takut bapak")
    phone.says("jangan")

    assert phone.person.consent is d.Consent.GIVEN
    assert phone.running is not None
    assert phone.running.conversation == "checkin"
    assert not any(isinstance(event, ev.ConsentDecided) for event in phone.world.events)


def test_an_age_at_the_door_is_an_answer() -> None:
    phone = Phone(MemoryWorld())
    phone.says("halo")

    phone.says("saya 12 tahun")

    assert phone.tasks() == [("person_wanted", Level.KUNING, "reason.young")]


def test_a_cadre_tells_of_somebody_else() -> None:
    phone = a_caregiver(role=d.Role.CADRE)

    phone.says("saya 12 tahun")

    assert phone.tasks() == []


def test_in_a_report_that_a_child_is_telling_it_is_the_same_case() -> None:
    phone = Phone(MemoryWorld())
    phone.says("lapor")
    phone.says("rumah ramai terus tiap malam")

    phone.says("saya masih kelas 5")

    [task] = phone.world.open_tasks.values()
    assert task.content.splitlines() == ["rumah ramai terus tiap malam", "saya masih kelas 5"]


def test_what_she_wrote_before_she_told_her_age_is_not_lost() -> None:
    phone = Phone(MemoryWorld())
    phone.says("di rumah ramai terus tiap malam")

    phone.says("aku masih kelas 5")

    [task] = phone.world.open_tasks.values()
    assert "di rumah ramai terus tiap malam" in task.content


def test_said_twice_it_is_answered_once() -> None:
    phone = Phone(MemoryWorld())
    phone.says("aku masih kelas 5")

    shown = phone.says("saya 12 tahun")

    assert len(phone.world.open_tasks) == 1
    assert not any("bukan salah" in text for text in shown)


@pytest.mark.parametrize(
    "text", ["\n" * 20_000, ". " * 10_000, "saya masih " * 1_800, "bu, " * 5_000]
)
def test_the_longest_text_is_read_in_a_moment(text: str) -> None:
    before = perf_counter()

    found = is_child(text)

    assert not found
    assert perf_counter() - before < 1


def test_a_child_who_goes_on_to_tell_of_danger_is_not_questioned_and_is_no_bapak() -> None:
    phone = Phone(MemoryWorld())
    phone.says("halo")
    phone.says("aku umur 12 tahun kak")

    shown = phone.says("aku takut pulang, paman suka pegang pegang aku")
    phone.says("boleh")
    phone.says("besok siang")
    later = phone.says("tadi malam paman pegang pegang aku lagi")

    assert not any("keadaan bahaya" in text or "tentang siapa" in text for text in (*shown, *later))
    assert "Boleh petugas menghubungi" in shown[-1]
    assert not any("Bapak/Ibu" in text for text in (*later, *phone.says("apa kabar laporan saya")))


def test_who_is_too_young_at_the_door_is_not_questioned_either() -> None:
    phone = Phone(MemoryWorld())
    phone.says("halo")
    phone.says("2")

    shown = phone.says("aku dipukuli paman sampai berdarah")

    assert "bukan salah" in shown[0]
    assert not any("keadaan bahaya" in text for text in shown)


@pytest.mark.parametrize(
    "wish", ["jangan bilang bapak ya", "ojo ngomong bapak yo", "jgn kasih tau om"]
)
def test_whom_she_wants_not_to_be_told_is_kept_and_is_no_answer(wish: str) -> None:
    world = MemoryWorld()
    phone = Phone(world)
    phone.says("aku 12 tahun, aku takut bapak")

    heard = phone.says(wish)

    [task] = world.open_tasks.values()
    assert wish in task.content
    assert "hubungi: jangan" not in task.content
    assert "Boleh petugas menghubungi" in heard[-1]

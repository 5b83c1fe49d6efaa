"""A worry told in parts: each part is with staff the moment it is told."""

from __future__ import annotations

import pytest

from conversations import event as ev
from conversations.message import Inbound, Kind, Media
from tests.conversations.world import Phone, a_caregiver


def a_voice_note(phone: Phone) -> Inbound:
    return Inbound(Kind.VOICE, phone.world.now, media=Media("f", "audio/ogg"))


@pytest.mark.parametrize("begun_by", [("menu", "1"), ("PETUGAS",)])
def test_a_recorded_part_goes_to_the_task_to_be_heard(begun_by: tuple[str, ...]) -> None:
    phone = a_caregiver()
    for said in begun_by:
        phone.says(said)

    phone.sends(a_voice_note(phone))

    [code] = phone.world.open_tasks
    kept = next(event for event in phone.world.events if isinstance(event, ev.MediaKept))
    told = [
        event for event in phone.world.events if isinstance(event, ev.TaskOpened | ev.TaskExtended)
    ]
    assert any(event.code == code and event.media == kept.id for event in told)
    assert not any(kept.id in event.content for event in told)


def test_the_short_form_is_with_staff_part_by_part() -> None:
    phone = a_caregiver()
    said = ("Tetangga saya sering bertengkar", "Adi, Sumbersalak", "aman", "boleh", "besok")
    for words in ("menu", "1", *said, "lainnya", "tetangga juga dengar", "kemarin", "belum ada"):
        phone.says(words)

    [task] = phone.world.open_tasks.values()
    assert task.content.splitlines() == [
        "Tetangga saya sering bertengkar",
        "siapa: Adi, Sumbersalak",
        "aman: aman",
        "hubungi: boleh",
        "waktu: besok",
        "apa: lain",
        "cerita: tetangga juga dengar",
        "kapan: kemarin",
        "tahu: belum ada",
    ]

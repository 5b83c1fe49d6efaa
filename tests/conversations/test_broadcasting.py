"""Staff send one message to many, in chat: every step, and everything that may go wrong in it."""

from __future__ import annotations

import pytest

from conversations.broadcasts import broadcast as b
from conversations.costs import Tariff
from conversations.event import MediaKept, TaskOpened
from conversations.message import Inbound, Kind, Media
from tests.conversations.broadcast_phones import (
    a_member,
    drafts,
    steps,
)
from tests.conversations.world import Phone, a_caregiver


@pytest.mark.parametrize("said", ["/siar", "SIAR", "siar"])
def test_others_are_told_kindly_that_it_is_for_staff(said: str) -> None:
    phone = a_caregiver()

    [answer] = phone.says(said)

    assert "hanya untuk petugas" in answer
    assert drafts(phone) == []


def test_a_button_of_a_broadcast_does_nothing_for_others() -> None:
    phone = a_caregiver()

    [answer] = phone.presses_payload("siar:batal:1")

    assert "hanya untuk petugas" in answer


def test_a_village_is_chosen_by_numbers_and_the_message_is_rehearsed() -> None:
    phone = a_member()

    [whom] = phone.says("/siar")
    [where] = phone.says("2")
    asked = phone.says("1")
    [counting] = phone.says("Besok kumpul, {sapaan}.")
    shown = phone.wakes("siar", "1:gladi")

    assert "1. Satu sekolah" in whom
    assert "1. Ledokombo (LDK)" in where
    assert "desa LDK" in asked[0]
    assert "gladi" in counting
    assert drafts(phone)[0].audience.villages == {"LDK"}
    assert "Akan dikirim ke 2 dari 3 orang." in shown[0]
    assert "Saluran: Telegram 2." in shown[0]
    assert "Bahasa: Bahasa Indonesia 2." in shown[0]
    assert "- 1 orang: minta berhenti dikirimi pesan" in shown[0]
    assert "kurang dari 1 menit" in shown[0]
    assert "belum ada saluran WhatsApp" in shown[0]
    assert "Besok kumpul, Mbah." in shown[1]
    assert "1. Kirim sekarang\n2. Jadwalkan\n3. Coba ke saya\n4. Ubah\n5. Batalkan" in shown[2]
    assert all(message.discreet for message in phone.screen[-2:-1])


def test_where_the_money_of_the_month_reaches_nobody_it_cannot_be_sent() -> None:
    phone = a_member()
    phone.world.broadcasts.counted = b.Rehearsal(3, {"whatsapp": 3}, {"id": 3}, {})
    phone.world.broadcasts.priced = Tariff(357, estimated=True, spent=9_000, budget=10_000)
    for said in ("SIAR", "2", "1", "Besok kumpul, {sapaan}."):
        phone.says(said)

    shown = phone.wakes("siar", "1:gladi")
    phone.presses_payload("siar:kirim:1")

    assert "Akan dikirim ke 0 dari 3 orang." in shown[0]
    assert "- 3 orang: anggaran WhatsApp bulan ini sudah terpakai" in shown[0]
    assert "Kirim sekarang" not in shown[-1]
    assert steps(phone) == []


def test_many_schools_are_offered_in_pages_and_there_is_a_way_back() -> None:
    phone = a_member()
    phone.says("SIAR")

    [first] = phone.presses("Satu sekolah")
    [second] = phone.presses("Lainnya")
    [again] = phone.presses("Kembali")

    assert "8. Bok-Ebok 8" in first
    assert "1. Bok-Ebok 9" in second
    assert "Untuk siapa" in again


def test_a_page_that_does_not_exist_is_the_first() -> None:
    assert "Bok-Ebok 1" in a_member().presses_payload("siar:sekolah:999")[0]


def test_where_there_are_no_schools_another_way_is_offered() -> None:
    phone = a_member()
    phone.world.broadcasts.schools = lambda: ()

    [answer] = phone.presses_payload("siar:sekolah:0")

    assert "Belum ada di daftar" in answer
    assert "1. Kembali" in answer


def test_a_role_is_chosen() -> None:
    phone = a_member()
    phone.says("SIAR")
    phone.presses("Menurut peran")
    phone.presses("Kader")
    phone.says("Rapat besok.")

    assert drafts(phone)[0].audience.roles == {"cadre"}


def test_an_audience_is_written_and_what_is_wrong_is_named_until_it_is_right() -> None:
    phone = a_member()
    phone.says("SIAR")
    phone.presses("Tulis sendiri")

    misspelt = phone.says("dusun=LDK")
    unknown = phone.says("desa=XXX kecuali sekolah=PAK")
    right = phone.says("desa=SBS umur=0-5 kecuali sekolah=BOK-1")
    phone.says("Besok kumpul.")

    assert "bukan syarat penerima" in misspelt[0]
    assert "Tidak ada yang bernama XXX. Yang ada: LDK, SBS." in unknown[0]
    assert "anak umur 0–5 tahun" in right[0]
    assert drafts(phone)[0].audience.without[0].schools == {"BOK-1"}


def test_an_unknown_placeholder_is_refused_with_those_that_are_known() -> None:
    phone = a_member()
    phone.says("SIAR")
    phone.presses("Menurut peran")
    phone.presses("Pengasuh")

    refused = phone.says("Halo {nama_anak}")
    phone.says("Halo {anak}")

    assert "{nama_anak}" in refused[0]
    assert "{sapaan}, {nama}, {desa}, {anak}" in refused[0]
    assert [draft.text for draft in drafts(phone)] == ["Halo {anak}"]


def test_a_long_text_gets_a_remark_and_one_too_long_is_refused() -> None:
    phone = a_member()
    phone.presses_payload("siar:untuk:peran=kader")

    refused = phone.says("a" * 1_001)
    [remark] = phone.says("a" * 301)

    assert "1001 huruf, paling banyak 1000" in refused[0]
    assert "jarang dibaca sampai habis" in remark
    assert len(drafts(phone)) == 1


def test_danger_words_in_a_broadcast_alarm_nobody() -> None:
    phone = a_member()
    phone.presses_payload("siar:untuk:peran=kader")

    phone.says("Materi besok: kalau anak dipukul sampai berdarah, ke mana kita lapor?")

    assert not any(isinstance(event, TaskOpened) for event in phone.world.events)
    assert len(drafts(phone)) == 1


def test_danger_words_of_staff_elsewhere_still_do() -> None:
    phone = a_member()

    phone.says("tolong, anak dipukul bapaknya sampai berdarah")

    assert any(isinstance(event, TaskOpened) for event in phone.world.events)


def sends(phone: Phone, kind: Kind, size: int = 1_000, text: str = "") -> list[str]:
    media = Media("ref", "image/jpeg", size)
    return phone.sends(Inbound(kind, phone.world.now, text=text, media=media))


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.VOICE])
def test_a_file_goes_along_and_makes_no_task(kind: Kind) -> None:
    phone = a_member()
    phone.presses_payload("siar:untuk:peran=kader")

    sends(phone, kind, text="Undangan untuk {sapaan}")

    [kept] = [event for event in phone.world.events if isinstance(event, MediaKept)]
    assert (drafts(phone)[0].text, drafts(phone)[0].media) == ("Undangan untuk {sapaan}", kept.id)
    assert kept.kind == kind
    assert not any(isinstance(event, TaskOpened) for event in phone.world.events)


def test_a_file_without_words_is_enough() -> None:
    phone = a_member()
    phone.presses_payload("siar:untuk:peran=kader")

    sends(phone, Kind.VOICE)

    assert (drafts(phone)[0].text, bool(drafts(phone)[0].media)) == ("", True)


@pytest.mark.parametrize(("kind", "size"), [(Kind.IMAGE, 10), (Kind.VOICE, 20)])
def test_a_file_that_is_too_large_is_refused_with_what_would_do(kind: Kind, size: int) -> None:
    phone = a_member()
    phone.presses_payload("siar:untuk:peran=kader")

    refused = sends(phone, kind, size * 2**20 + 1)

    assert f"paling besar {size} MB" in refused[0]
    assert "Apa pesannya" in " ".join(refused)
    assert drafts(phone) == []


def test_a_file_of_somebody_who_writes_no_broadcast_is_for_staff_to_look_at() -> None:
    phone = a_caregiver()

    sends(phone, Kind.IMAGE)

    assert any(isinstance(event, TaskOpened) for event in phone.world.events)


def test_it_starts_only_when_its_file_is_here() -> None:
    phone = a_member()
    phone.presses_payload("siar:untuk:peran=kader")
    sends(phone, Kind.IMAGE, text="Undangan")
    phone.wakes("siar", "1:gladi")

    waiting = phone.says("1")
    media = drafts(phone)[0].media
    assert media is not None
    phone.world.broadcasts.files[media] = "stored"
    phone.says("1")

    assert "belum siap" in waiting[0]
    assert steps(phone) == [(1, b.Step.START)]


def test_the_picture_is_shown_once_with_the_first_sample() -> None:
    phone = a_member()
    phone.presses_payload("siar:untuk:peran=kader")
    sends(phone, Kind.IMAGE, text="Undangan")
    media = drafts(phone)[0].media
    assert media is not None
    phone.world.broadcasts.files[media] = "stored"

    phone.wakes("siar", "1:gladi")

    assert [message.media for message in phone.screen[-3:]] == [None, media, None]

"""Answers to an invitation as people write them, and what looks like one and is none."""

from __future__ import annotations

import pytest

from conversations.reading.coming import coming

YES = """ya|iya bu|nggih|inggih mbak kulo saged rawuh|insya Allah bisa|insya allah hadir
datang|DATANG|hadir kok bu|siap hadir|saya ikut bu|rawuh|kulo dugi|bade dongkap
abdi tiasa dongkap|engghi deteng|iyeh deteng|reang teka|sido teko|jadi|jadi bu|mau|mau datang
👍|1|satu|nomer 1|datang bu insya allah|insya allah besok jam 8 hadir|nanti saya datang
datang ke sekolah bok ebok|datang tapi telat|sengko' bakal dateng|saya bisa hari senin jam 9
siap mbak otw|enggi bu kaule deteng|ngireng bu, deteng|iya isun pan teka|iyo mbak budal
kulo nderek|hadir bersama cucu|iya datang sama cucu boleh ya|budhal mbak
Wa'alaikumsalam. Nggih mbak, kulo rawuh|saya berangkat bu|kulo badhe rawuh bu"""

NO = """tidak|mboten|mboten saged mbak|nggih mboten saged|ya ndak bisa mbak|TIDAK BISA|2
nomor dua|maaf tidak bisa hadir|mohon izin tidak bisa hadir|izin bu|izin tidak hadir
absen dulu|berhalangan|gak jadi ikut|tidak jadi|tidak jadi, hujan deras|jadi tidak bisa
lo' bisa|ta' bisa deteng|ora teka|moal tiasa sumping|punten teu tiasa
ngapunten mboten saged dugi|belum bisa|ndak mau|batal|lagi sakit mbak, tidak bisa datang
ga bs ikut bu anak sakit|tidak bisa mbak, cucu sakit|gak bisa datang ada tahlilan
ada acara jadi ndak bisa datang|ibu tidak bisa datang|sepurane gak iso
kaule ta' bisa deteng|maaf bu saya ada hajatan|ngapunten mbak kulo wonten acara|absen dlu ya bu
saya tidak bisa karena nganter cucu ke puskesmas|blm bisa bu lg panen|mboten rumiyin mbak"""

UNSURE = """insya Allah|semoga bisa datang|mungkin datang|belum tentu|belum tentu bisa datang
lihat nanti|beli bisa teka|enten|liat nanti ya mbak|delok sesuk mbak|kyknya gak bisa bu
kalau ada yang nganter saya datang|nanti saya kabari|wa alaikum salam bu, insya allah"""

NOT_AN_ANSWER = """sudah|ada|belum|salah kirim bu maaf|terima kasih|🙏|jam berapa?
apa saya boleh ikut?|suami tidak datang|bapaknya datang kemarin
bapaknya sudah datang dari malaysia|dia tidak datang|kemarin saya datang
tolong datang ke rumah|tolong datang|ikut lomba makan kerupuk|datang bulan
mau ikut ibunya ke pasar|tidak mau ikut ibunya|tidak mau sekolah|tidak mau makan
saya tidak bisa tidur|tidak bisa kerja|absen lima hari|setiap minggu ikut bapak
Iya. Cucu saya tidak mau sekolah|anak saya tidak datang ke sekolah
ora tau tak pukul, tak tuturi alus|no saya 081398765432|3|1 2
nggih, putune kula mboten purun nedha|datang sama bapaknya kemarin|sakit|kerja|maaf anak sakit
ikut sama ibunya|kalau bapaknya datang saya takut|tidak sekolah karena sakit
maaf, saya takut|1 orang|semua sehat|saya bingung|lupa"""


def replies(written: str) -> list[str]:
    return [reply for line in written.splitlines() for reply in line.split("|")]


@pytest.mark.parametrize("reply", replies(YES))
def test_she_comes(reply: str) -> None:
    said = coming(reply)

    assert said is not None
    assert said.answer == "yes"


@pytest.mark.parametrize("reply", replies(NO))
def test_she_cannot_come(reply: str) -> None:
    said = coming(reply)

    assert said is not None
    assert said.answer == "no"


@pytest.mark.parametrize("reply", replies(UNSURE))
def test_she_does_not_know_yet(reply: str) -> None:
    said = coming(reply)

    assert said is not None
    assert said.answer is None


@pytest.mark.parametrize("reply", replies(NOT_AN_ANSWER))
def test_it_is_no_answer_to_an_invitation(reply: str) -> None:
    assert coming(reply) is None


@pytest.mark.parametrize("reply", ["iya", "insya Allah bisa", "2", "mboten", "jadi"])
def test_a_bare_answer_may_be_for_something_else(reply: str) -> None:
    said = coming(reply)

    assert said is not None
    assert not said.named


@pytest.mark.parametrize("reply", ["datang", "izin", "tidak hadir", "mboten saged rawuh"])
def test_a_word_of_coming_is_for_the_invitation(reply: str) -> None:
    said = coming(reply)

    assert said is not None
    assert said.named


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("iya bu rini saya datang", "yes"),
        ("insya allah bisa bu rini", "yes"),
        ("saya mbah siti insyaallah hadir", "yes"),
        ("maaf mbak rina tidak bisa hadir", "no"),
        ("ngapunten bu rini kulo mboten saged", "no"),
        ("ini mbah siti, tidak bisa datang", "no"),
    ],
)
def test_a_name_behind_a_salutation_is_no_riddle(reply: str, answer: str) -> None:
    said = coming(reply)

    assert said is not None
    assert said.answer == answer


@pytest.mark.parametrize(
    "reply", ["bu rini datang", "besok bu rini datang", "mbah kakung tidak bisa", "iya bu takut"]
)
def test_what_is_told_of_somebody_with_a_name_is_no_answer(reply: str) -> None:
    assert coming(reply) is None


def test_a_long_story_is_left_to_a_human_being() -> None:
    assert coming("saya datang " + "dan cucu ikut " * 12) is None


def test_a_very_long_text_is_cheap() -> None:
    assert coming("datang " * 100_000) is None

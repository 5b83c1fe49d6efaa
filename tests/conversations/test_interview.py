# ruff: noqa: E501
"""Asking, reading, asking again, going back, skipping, pausing: whatever a person types."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations import dialogue as d
from conversations import event as ev
from conversations import interview
from conversations.form import read_form
from conversations.form.model import Form
from conversations.message import Inbound, Kind, Media, printed
from tests.conversations.world import MemoryWorld, a_caregiver, shipped

SIX = b"""\
| survey |
| | type | name | label::Bahasa Indonesia (id) | label::Basa Jawa (jv) | simpler::Bahasa Indonesia (id) | required | relevant | constraint | constraint_message::Bahasa Indonesia (id) |
| | note | pembuka | Selamat datang. | | | | | | |
| | select_one rasa | rasa | Bagaimana rasanya? | Kados pundi raosipun? | Sedih atau senang? | yes | | | |
| | integer | umur | Berapa umurnya? | | Tulis angkanya, misalnya 7. | | | . <= 17 | Umur anak paling banyak 17. |
| | text | cerita | Ada cerita apa? | | | | | | |
| | select_multiple makan | makan | Makan apa saja? | | | | ${rasa} = 'senang' | | |
| | date | hari | Hari apa? | | | | | | |
| | image | foto | Boleh lihat gambarnya? | | | | | | |
| choices |
| | list_name | name | label::Bahasa Indonesia (id) | label::Basa Jawa (jv) |
| | rasa | sedih | Sedih | Sedhih |
| | rasa | senang | Senang | Seneng |
| | makan | nasi | Nasi | Sekul |
| | makan | telur | Telur | Tigan |
| settings |
| | form_id | form_title | version | default_language | review |
| | bingung | Enam | 1 | Bahasa Indonesia (id) | yes |
"""


class Asked:
    """An interview over one form, driven directly."""

    def __init__(self, form: Form | None = None, **person: object) -> None:
        self.form = form or read_form(SIX, "enam.md")
        self.world = MemoryWorld(forms={"enam": self.form})
        self.person = a_caregiver(self.world, **person).person
        self.heard = interview.begin("bingung", self.form, self.person, self.world)

    def says(self, text: str) -> list[str]:
        return self.hears(Inbound(Kind.TEXT, self.world.now, text=text))

    def presses(self, number: int) -> list[str]:
        choice = self.heard.messages[-1].choices[number - 1]
        return self.hears(Inbound(Kind.BUTTON, self.world.now, button=choice.payload))

    def hears(self, inbound: Inbound) -> list[str]:
        self.heard = interview.hear(self.now, inbound, self.person, self.world)
        return self.shown

    @property
    def now(self) -> d.Interview:
        return self.heard.interview

    @property
    def shown(self) -> list[str]:
        return [printed(message) for message in self.heard.messages]


def test_a_note_is_said_before_the_first_question() -> None:
    asked = Asked()

    assert asked.shown == [
        "Selamat datang.",
        "(1 dari 5) Bagaimana rasanya?\n\n1. Sedih\n2. Senang",
    ]


def test_a_number_a_word_and_a_button_mean_the_same_choice() -> None:
    by_number, by_word, by_button = Asked(), Asked(), Asked()

    by_number.says("2")
    by_word.says("seneng banget")
    by_button.presses(2)

    assert (
        by_number.now.answers == by_word.now.answers == by_button.now.answers == {"rasa": "senang"}
    )


def test_progress_counts_the_questions_that_apply() -> None:
    asked = Asked()

    assert asked.says("senang")[0].startswith("(2 dari 6)")


def test_a_question_missing_in_her_language_is_asked_in_indonesian() -> None:
    asked = Asked(language="jv")

    assert "Kados pundi raosipun?" in asked.shown[-1]
    assert "Berapa umurnya?" in asked.says("seneng")[-1]


def test_what_is_not_understood_is_asked_in_simpler_words() -> None:
    asked = Asked()

    shown = asked.says("entahlah mbak bingung")

    assert shown == [
        "Maaf, saya belum paham.\n\n(1 dari 5) Sedih atau senang?\n\n1. Sedih\n2. Senang"
    ]


def test_the_third_time_a_person_is_offered_and_accepting_hands_over() -> None:
    asked = Asked()
    for _ in range(3):
        asked.says("xyzzy")

    assert "Boleh petugas menghubungi" in asked.shown[-1]
    asked.says("boleh")

    assert asked.heard.ending is interview.Ending.HANDOVER


def test_an_answer_at_the_offer_of_a_person_is_still_an_answer() -> None:
    asked = Asked()
    for _ in range(3):
        asked.says("xyzzy")

    asked.says("senang")

    assert asked.now.answers == {"rasa": "senang"}
    assert asked.now.at == "umur"


def test_trying_again_begins_with_the_question_as_it_was() -> None:
    asked = Asked()
    for _ in range(3):
        asked.says("xyzzy")

    assert asked.says("2")[-1].startswith("(1 dari 5)")


def test_a_constraint_answers_with_the_message_of_the_sheet() -> None:
    asked = Asked()
    asked.says("sedih")

    shown = asked.says("70")

    assert shown[0].startswith("Umur anak paling banyak 17.")
    assert "umur" not in asked.now.answers


def test_a_question_that_is_not_required_may_be_skipped() -> None:
    asked = Asked()
    asked.says("sedih")

    asked.heard = interview.skip(asked.now, asked.person, asked.world)

    assert asked.now.answers["umur"] == ""
    assert asked.now.at == "cerita"


def test_a_required_question_says_so_and_stays() -> None:
    asked = Asked()

    asked.heard = interview.skip(asked.now, asked.person, asked.world)

    assert asked.now.at == "rasa"
    assert "perlu dijawab" in asked.shown[0]


def test_a_skipped_question_takes_the_default_of_the_sheet() -> None:
    sheet = b"""\
| survey |
| | type | name | label | default |
| | integer | orang | Berapa orang di rumah? | 4 |
| | text | pesan | Ada pesan? | |
"""
    asked = Asked(read_form(sheet, "rumah.md"))

    asked.heard = interview.skip(asked.now, asked.person, asked.world)

    assert asked.now.answers == {"orang": "4"}


def test_back_leads_to_the_question_before_and_stops_at_the_first() -> None:
    asked = Asked()
    asked.says("sedih")

    asked.heard = interview.back(asked.now, asked.person, asked.world)
    assert asked.now.at == "rasa"
    asked.heard = interview.back(asked.now, asked.person, asked.world)

    assert asked.now.at == "rasa"
    assert "pertama" in asked.shown[0]


def test_a_stale_button_is_answered_kindly_and_changes_nothing() -> None:
    asked = Asked()
    old = asked.heard.messages[-1].choices[0].payload
    asked.says("senang")
    before = asked.now

    shown = asked.hears(Inbound(Kind.BUTTON, asked.world.now, button=old))

    assert "pertanyaan sebelumnya" in shown[0]
    assert asked.now.answers == before.answers
    assert asked.now.at == before.at


def test_a_voice_note_is_an_answer_to_an_open_question() -> None:
    asked = Asked()
    asked.says("sedih")
    asked.says("7")

    asked.hears(Inbound(Kind.VOICE, asked.world.now, media=Media("file1", "audio/ogg")))

    kept = next(event for event in asked.heard.events if isinstance(event, ev.MediaKept))
    assert asked.now.answers["cerita"] == f"voice:{kept.id}"


def test_several_are_chosen_in_one_reply() -> None:
    asked = Asked()
    for reply in ("senang", "7", "main bola", "1 dan 2"):
        asked.says(reply)

    assert asked.now.answers["makan"] == "nasi telur"


def walked_to_the_review() -> Asked:
    asked = Asked()
    for reply in ("senang", "7", "main bola", "nasi"):
        asked.says(reply)
    for _ in range(2):
        asked.heard = interview.skip(asked.now, asked.person, asked.world)
    return asked


def test_the_review_shows_the_answers_before_they_are_sent() -> None:
    asked = walked_to_the_review()

    assert "rasa: Senang" in asked.shown[-1]
    assert asked.heard.ending is None
    asked.says("kirim")

    assert asked.heard.ending is interview.Ending.FINISHED


def test_an_answer_changed_at_the_review_leads_back_to_the_review() -> None:
    asked = walked_to_the_review()
    asked.says("2")
    assert "Jawaban mana" in asked.shown[-1]
    asked.says("umur")

    asked.says("9")

    assert "umur: 9" in asked.shown[-1]
    assert asked.now.at == "@review"


def test_a_change_that_makes_a_question_needless_leaves_its_answer_out() -> None:
    asked = walked_to_the_review()
    asked.says("2")
    asked.says("1")
    asked.says("sedih")
    asked.says("1")

    finished = next(e for e in asked.heard.events if isinstance(e, ev.InterviewFinished))
    assert finished.answers["rasa"] == "sedih"
    assert "makan" not in finished.answers


def test_after_days_of_silence_a_greeting_is_no_answer_but_a_friendly_start() -> None:
    asked = Asked()
    asked.world.now = asked.world.now.replace(day=28)

    shown = asked.says("halo mbak")

    assert shown[0].startswith("Senang ketemu lagi, Mbah.")
    assert asked.now.tries == 0


def test_after_days_of_silence_an_answer_is_an_answer() -> None:
    asked = Asked()
    asked.world.now = asked.world.now.replace(day=28)

    asked.says("senang")

    assert asked.now.answers == {"rasa": "senang"}


def test_expiry_keeps_what_was_answered_and_marks_it_partial() -> None:
    asked = Asked()
    asked.says("senang")

    ended = interview.expire(asked.now, asked.world)

    finished = next(e for e in ended.events if isinstance(e, ev.InterviewFinished))
    assert finished.partial
    assert finished.answers == {"rasa": "senang"}


typed = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["1", "2", "3", "0", "ya", "tidak", "halo", "senang", "12", "lewati", "besok"]),
    st.from_regex(r"[0-9]{1,4}( tahun)?", fullmatch=True),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(shipped())), replies=st.lists(typed, max_size=25))
def test_whatever_is_typed_the_next_message_is_a_question_a_handover_or_an_end(
    name: str, replies: list[str]
) -> None:
    form = shipped()[name]
    world = MemoryWorld()
    person = a_caregiver(world).person
    heard = interview.begin("bingung", form, person, world, facts={"anak.panggilan": "Adi"})

    for reply in replies:
        if heard.ending is not None:
            break
        heard = interview.hear(
            heard.interview, Inbound(Kind.TEXT, world.now, text=reply), person, world
        )
        for message in heard.messages:
            assert message.text.strip()
            assert all(len(choice.payload.encode()) <= 64 for choice in message.choices)
            assert len(printed(message)) <= 4096
        assert heard.ending is not None or heard.messages[-1].text


@pytest.mark.parametrize("name", sorted(shipped()))
def test_nothing_but_nonsense_ends_every_form_within_a_bounded_number_of_replies(name: str) -> None:
    form = shipped()[name]
    world = MemoryWorld()
    person = a_caregiver(world).person
    heard = interview.begin("bingung", form, person, world, facts={"anak.panggilan": "Adi"})

    for _ in range(60):
        if heard.ending is not None:
            break
        heard = interview.hear(
            heard.interview, Inbound(Kind.TEXT, world.now, text="qqq zzz?"), person, world
        )

    assert heard.ending is not None


KINDS = b"""\
| survey |
| | type | name | label | appearance |
| | decimal | berat | Berapa kilo beratnya? | |
| | date | kontrol | Hari apa kontrolnya? | |
| | time | jam | Jam berapa? | |
| | integer | umur | Umurnya? | umur |
| | integer | anak | Berapa anaknya? | jumlah_anak |
| | audio | suara | Rekam suaranya. | |
| | acknowledge | paham | Sudah jelas? | |
"""


def test_each_kind_of_question_reads_what_people_really_write() -> None:
    asked = Asked(read_form(KINDS, "macam.md"))
    for reply in ("7,5 kilo", "besok", "jam 9 pagi", "3 tahun 8 bulan", "dua anak"):
        asked.says(reply)

    asked.hears(Inbound(Kind.VOICE, asked.world.now, media=Media("f")))
    asked.says("ya")

    answers = dict(asked.now.answers)
    assert answers.pop("suara").startswith("voice:")
    assert answers == {
        "berat": "7.5",
        "kontrol": "2026-11-19",
        "jam": "09:00",
        "umur": "3",
        "anak": "2",
        "paham": "OK",
    }
    assert asked.heard.ending is interview.Ending.FINISHED


def test_words_are_no_recording() -> None:
    asked = Asked(read_form(KINDS.replace(b"audio", b"image"), "macam.md"))
    for reply in ("7,5", "besok", "jam 9 pagi", "3", "2"):
        asked.says(reply)

    asked.says("nanti saya kirim")

    assert asked.now.at == "suara"
    assert asked.now.tries == 1

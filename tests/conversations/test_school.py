"""What is said about a session: day, hour and place, briefly and fitly, for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import dialogue as d
from conversations.message import printed
from conversations.schools.announcing import LONGEST, message_about, shortened
from conversations.schools.session import School, SchoolId, Session, SessionId, Stage
from tests.conversations.memory_schools import TUESDAY

SAID = (
    Stage.INVITE,
    Stage.DAY_BEFORE,
    Stage.EVENING_BEFORE,
    Stage.HOURS_BEFORE,
    Stage.CHANGED,
)
SCHOOL = School(
    SchoolId(1), "Sekolah Bok-Ebok", "bok_ebok", "BOK-SBS", "Asia/Jakarta", place="balai desa"
)
SESSION = Session(
    SessionId(12),
    SCHOOL,
    "Cucu yang membantah",
    TUESDAY,
    TUESDAY + timedelta(hours=2),
    bring="buku dan bekal",
)


def a_person(role: d.Role = d.Role.CAREGIVER, **changes: str) -> d.Person:
    return d.Person(d.PersonId(1), **{"role": role, "salutation": "Mbah", **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("stage", SAID)
def test_every_message_says_school_day_hour_and_place_with_both_answers(stage: Stage) -> None:
    shown = printed(message_about(SESSION, a_person(), stage))

    assert "Mbah, " in shown
    assert "Sekolah Bok-Ebok" in shown
    assert "Selasa Kliwon, 24 November, jam 08.00 WIB" in shown
    assert "Tempat: balai desa" in shown
    assert "1. Datang\n2. Tidak bisa" in shown


def test_an_invitation_says_what_it_is_about_and_what_to_bring() -> None:
    shown = message_about(SESSION, a_person(), Stage.INVITE).text

    assert "Tentang: Cucu yang membantah" in shown
    assert "Bawa: buku dan bekal" in shown


def test_what_nobody_has_said_is_left_out() -> None:
    bare = replace(SESSION, school=replace(SCHOOL, place=""), topic="", bring="")

    shown = message_about(bare, a_person(), Stage.INVITE).text

    assert "Tempat" not in shown
    assert "Tentang" not in shown
    assert "Bawa" not in shown


def test_the_place_of_a_session_comes_before_that_of_its_school() -> None:
    elsewhere = replace(SESSION, place="rumah Bu Rini")

    assert "Tempat: rumah Bu Rini" in message_about(elsewhere, a_person(), Stage.INVITE).text


def test_the_choices_name_the_session() -> None:
    message = message_about(SESSION, a_person(), Stage.INVITE)

    assert [choice.payload for choice in message.choices] == ["s:12:yes", "s:12:no"]


@pytest.mark.parametrize(
    ("zone", "hour"), [("Asia/Makassar", "09.00 WITA"), ("Asia/Jayapura", "10.00 WIT")]
)
def test_the_hour_is_that_of_the_school(zone: str, hour: str) -> None:
    there = replace(SESSION, school=replace(SCHOOL, zone=zone))

    assert f"jam {hour}\n" in message_about(there, a_person(), Stage.INVITE).text


def test_a_move_shows_both_times() -> None:
    was = replace(SESSION, starts_at=TUESDAY - timedelta(days=1))

    shown = message_about(SESSION, a_person(), Stage.CHANGED, was=was).text

    assert "Semula: Senin Wage, 23 November, jam 08.00 WIB" in shown
    assert "Menjadi: Selasa Kliwon, 24 November, jam 08.00 WIB" in shown


def test_a_cancellation_asks_nothing() -> None:
    message = message_about(replace(SESSION, cancelled=True), a_person(), Stage.CHANGED)

    assert "tidak jadi" in message.text
    assert "Selasa Kliwon" in message.text
    assert message.choices == ()


@pytest.mark.parametrize("role", [d.Role.CADRE, d.Role.STAFF, d.Role.PARTNER])
def test_who_has_a_task_is_called_by_name(role: d.Role) -> None:
    shown = message_about(SESSION, a_person(role, salutation="Ibu", name="Rini"), Stage.INVITE)

    assert shown.text.startswith("Ibu Rini")


def test_a_guest_is_invited_with_respect() -> None:
    shown = message_about(SESSION, a_person(d.Role.PARTNER), Stage.INVITE).text

    assert "kami hormati" in shown
    assert "mari datang" not in shown


def test_a_caregivers_name_is_not_written_on_a_shared_phone() -> None:
    assert "Siti" not in message_about(SESSION, a_person(name="Siti"), Stage.INVITE).text


def test_javanese_is_spoken_to_who_chose_it() -> None:
    shown = printed(message_about(SESSION, a_person(language="jv"), Stage.INVITE))

    assert "2. Mboten saged" in shown


def test_nothing_is_said_at_attendance() -> None:
    with pytest.raises(ValueError, match="attendance"):
        message_about(SESSION, a_person(), Stage.ATTENDANCE)


def words(longest: int) -> st.SearchStrategy[str]:
    letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
    return st.one_of(
        st.text(letters, max_size=longest),
        st.just("Bermain bersama cucu "[:longest] * 12).map(lambda text: text[:longest]),
    )


@given(
    name=words(80),
    topic=words(120),
    place=words(120),
    bring=words(200),
    salutation=words(20),
    own=words(80),
    role=st.sampled_from(list(d.Role)),
    stage=st.sampled_from(SAID),
    cancelled=st.booleans(),
    moved=st.booleans(),
    language=st.sampled_from(["id", "jv"]),
)
def test_no_message_is_longer_than_people_read(
    name: str,
    topic: str,
    place: str,
    bring: str,
    salutation: str,
    own: str,
    role: d.Role,
    stage: Stage,
    cancelled: bool,
    moved: bool,
    language: str,
) -> None:
    school = replace(SCHOOL, name=name)
    session = replace(
        SESSION, school=school, topic=topic, place=place, bring=bring, cancelled=cancelled
    )
    person = a_person(role, salutation=salutation, name=own, language=language)

    message = message_about(session, person, stage, was=SESSION if moved else None)

    assert len(printed(message)) <= LONGEST
    assert "24 November, jam 08.00 WIB" in message.text


def test_a_long_text_is_cut_between_words() -> None:
    shown = message_about(replace(SESSION, bring="buku tulis " * 18), a_person(), Stage.INVITE)

    assert "buku tulis buku…" in shown.text or "buku tulis…" in shown.text
    assert shortened("satu dua", 8) == "satu dua"

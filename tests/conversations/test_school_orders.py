"""A cadre moves and cancels her sessions in one message; nobody else does, nothing by chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations import mourning, router
from conversations.broadcasts.broadcasting import WORDS
from conversations.form import read_form
from conversations.message import Inbound, Kind
from conversations.permission import Act, may
from conversations.schools import attendance, rsvp
from conversations.schools import orders as school_orders
from conversations.schools.session import School, Session
from conversations.talk import Talk
from tests.conversations.memory_schools import TUESDAY
from tests.conversations.world import STAFF, MemoryWorld, Phone, a_caregiver

OLD = "Selasa Kliwon, 24 November, jam 08.00 WIB"
RINI = d.PersonId(20)
FORMS = Path(router.__file__).parent / "forms"


def a_cadre(world: MemoryWorld | None = None) -> Phone:
    """Bu Rini at her phone."""
    return a_caregiver(world, id=RINI, role=d.Role.CADRE, salutation="Bu", name="Rini")


def a_cadre_with_a_session(**changes: Any) -> tuple[Phone, Session]:
    """Her school has forty people, two without a phone, and meets next Tuesday at eight."""
    rini = a_cadre()
    schools = rini.world.schools
    school = schools.a_school(cadre=RINI)
    schools.enrols(school, "Mbah Siti", "Bok Sum", "Mbah Karti")
    schools.enrols(school, "Nyai Halimah", first=4, reachable=False)
    return rini, schools.a_session(school, **changes)


def now_is(phone: Phone, session: Session) -> Session:
    found = phone.world.schools.sessions[session.id]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("words", "said"),
    [("BATAL Kamis", "Kamis Kliwon, 19 November"), ("BATAL 31/02", "31 Februari")],
)
def test_a_day_without_a_session_is_named_and_nothing_is_cancelled(words: str, said: str) -> None:
    rini, session = a_cadre_with_a_session()

    [shown] = rini.says(words)
    rini.says("ya")

    assert said in shown
    assert OLD in shown
    assert "BATAL 24/11" in shown
    assert not now_is(rini, session).cancelled


def test_a_weekday_means_the_session_of_that_weekday_also_a_week_later() -> None:
    rini, _ = a_cadre_with_a_session(starts_at=TUESDAY + timedelta(days=7))

    [shown] = rini.says("BATAL Selasa")

    assert "1 Desember" in shown
    assert "1. Ya, batalkan" in shown


@pytest.mark.parametrize(
    "words", ["diundur rabu jam 9", "GESER ke Rabu 09.00", "ditunda rabu jam 9"]
)
def test_other_words_for_it_with_a_time_move_it_too(words: str) -> None:
    rini, _ = a_cadre_with_a_session()

    [shown] = rini.says(words)

    assert "Menjadi: Rabu Legi, 25 November, jam 09.00 WIB" in shown


@pytest.mark.parametrize("words", ["geser kursinya berat sekali", "diundur terus gajinya"])
def test_without_a_time_they_are_a_story(words: str) -> None:
    rini, _ = a_cadre_with_a_session()

    rini.says(words)

    assert rini.running is not None


def test_with_two_schools_the_example_names_the_school() -> None:
    rini, _ = a_cadre_with_a_session()
    rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)

    [moved] = rini.says("TUNDA BOK-SBS 31/02 08.00")
    [cancelled] = rini.says("BATAL BOK-SBS 31/02")

    assert "TUNDA BOK-SBS 25/11 08.00" in moved
    assert "BATAL BOK-SBS 24/11" in cancelled


def test_a_move_is_shown_old_beside_new_before_it_is_done() -> None:
    rini, session = a_cadre_with_a_session()

    [shown] = rini.says("TUNDA Rabu 09.00")

    assert f"Semula: {OLD}" in shown
    assert "Menjadi: Rabu Legi, 25 November, jam 09.00 WIB" in shown
    assert "1. Ya, pindahkan\n2. Bukan" in shown
    assert now_is(rini, session).starts_at == TUESDAY


@pytest.mark.parametrize("agreed", ["1", "ya", "betul bu"])
def test_agreeing_moves_it_and_keeps_its_length(agreed: str) -> None:
    rini, session = a_cadre_with_a_session()
    rini.says("TUNDA Rabu 09.00")

    [shown] = rini.says(agreed)

    moved = now_is(rini, session)
    assert moved.starts_at == TUESDAY + timedelta(days=1, hours=1)
    assert moved.ends_at - moved.starts_at == timedelta(hours=2)
    assert "3 orang dikabari" in shown


@pytest.mark.parametrize("refused", ["2", "bukan", "batal", "tidak jadi"])
def test_not_agreeing_leaves_it_as_it_was(refused: str) -> None:
    rini, session = a_cadre_with_a_session()
    rini.says("TUNDA Rabu 09.00")

    [shown] = rini.says(refused)

    assert "tetap seperti semula" in shown
    assert now_is(rini, session) == session


@pytest.mark.parametrize(
    ("words", "new"),
    [
        ("TUNDA Selasa 08.00", "Selasa Pahing, 1 Desember, jam 08.00"),
        ("TUNDA BOK-SBS Selasa 24/11 10.00", "Selasa Kliwon, 24 November, jam 10.00"),
        ("tunda besok jam 9", "Kamis Kliwon, 19 November, jam 09.00"),
        ("/tunda jam 10", "Selasa Kliwon, 24 November, jam 10.00"),
        ("tunda ke kamis", "Kamis Pahing, 26 November, jam 08.00"),
    ],
)
def test_a_time_is_read_as_a_cadre_means_it(words: str, new: str) -> None:
    rini, _ = a_cadre_with_a_session()

    [shown] = rini.says(words)

    assert f"Menjadi: {new}" in shown


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("TUNDA", "Dipindah ke kapan?"),
        ("TUNDA 31 Februari 08.00", "31 Februari tidak ada"),
        ("TUNDA 10/11 08.00", "sudah lewat"),
        ("TUNDA hari ini jam 6 pagi", "sudah lewat"),
        ("TUNDA Senin 24/11 08.00", "tidak cocok"),
        ("TUNDA besok jam 4", "Jamnya belum jelas"),
        ("TUNDA senin atau rabu", "Harinya belum jelas"),
        ("TUNDA 24/11 08.00", "memang"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(words: str, wrong: str) -> None:
    rini, session = a_cadre_with_a_session()

    [shown] = rini.says(words)

    assert wrong in shown
    assert "TUNDA 25/11 08.00" in shown
    assert now_is(rini, session) == session


def test_what_is_said_to_be_right_is_right() -> None:
    rini, _ = a_cadre_with_a_session()

    [shown] = rini.says("TUNDA 25/11 08.00")

    assert "Menjadi: Rabu Legi, 25 November, jam 08.00" in shown


def test_an_overlapping_session_is_named_with_when_the_time_is_free() -> None:
    rini, session = a_cadre_with_a_session()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.a_session(other, starts_at=TUESDAY + timedelta(days=1))

    [shown] = rini.says("TUNDA BOK-SBS Rabu 09.00")

    assert "Pak-Bapak" in shown
    assert "mulai Rabu Legi, 25 November, jam 10.00" in shown
    assert now_is(rini, session) == session


def test_a_time_taken_while_she_thinks_is_refused() -> None:
    rini, session = a_cadre_with_a_session()
    rini.says("TUNDA Rabu 09.00")
    rini.world.schools.a_session(session.school, starts_at=TUESDAY + timedelta(days=1))

    [shown] = rini.says("1")

    assert "sudah ada" in shown
    assert now_is(rini, session) == session


def test_of_several_sessions_the_soonest_is_meant() -> None:
    rini, first = a_cadre_with_a_session()
    second = rini.world.schools.a_session(first.school, starts_at=TUESDAY + timedelta(days=7))

    [shown] = rini.says("TUNDA Rabu 08.00")
    rini.says("ya")

    assert f"Semula: {OLD}" in shown
    assert "3. Acara yang lain" in shown
    assert now_is(rini, first).revision == 2
    assert now_is(rini, second) == second


def test_another_session_is_a_choice_away() -> None:
    rini, first = a_cadre_with_a_session()
    second = rini.world.schools.a_session(first.school, starts_at=TUESDAY + timedelta(days=7))

    rini.says("TUNDA 3 desember 08.00")
    [asked] = rini.says("3")
    [shown] = rini.says("2")
    rini.says("1")

    assert "Acara yang mana?" in asked
    assert "Semula: Selasa Pahing, 1 Desember" in shown
    assert now_is(rini, first) == first
    assert now_is(rini, second).revision == 2


def test_with_two_schools_the_choices_name_them() -> None:
    rini, _ = a_cadre_with_a_session()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.a_session(other, starts_at=TUESDAY + timedelta(days=1))

    [asked] = rini.says("BATAL")

    assert f"1. {OLD}, Sekolah Bok-Ebok" in asked
    assert "Pak-Bapak" in asked


def test_words_too_long_for_a_button_are_asked_for_again() -> None:
    rini, _ = a_cadre_with_a_session()
    other = rini.world.schools.a_school(name="Pak-Bapak", code="PAK-SBS", cadre=RINI)
    rini.world.schools.a_session(other, starts_at=TUESDAY + timedelta(days=7))

    [shown] = rini.says("TUNDA ke hari kamis pahing tanggal 26 november jam setengah 9 pagi")

    assert "TUNDA BOK-SBS 25/11 08.00" in shown


def test_a_cancellation_is_asked_about_and_done() -> None:
    rini, session = a_cadre_with_a_session()

    [asked] = rini.says("BATAL")
    [shown] = rini.says("ya")

    assert f"Batalkan Sekolah Bok-Ebok, {OLD}?" in asked
    assert now_is(rini, session).cancelled
    assert "3 orang dikabari" in shown


def test_the_session_of_a_day_is_cancelled() -> None:
    rini, first = a_cadre_with_a_session()
    second = rini.world.schools.a_session(first.school, starts_at=TUESDAY + timedelta(days=8))

    [shown] = rini.says("batal rabu depan 2/12")
    rini.says("1")

    assert "2 Desember" in shown
    assert now_is(rini, second).cancelled
    assert not now_is(rini, first).cancelled


def test_one_of_several_is_picked_and_cancelled() -> None:
    rini, first = a_cadre_with_a_session()
    second = rini.world.schools.a_session(first.school, starts_at=TUESDAY + timedelta(days=7))
    rini.says("BATAL")
    rini.says("3")
    rini.says("2")

    rini.says("1")

    assert now_is(rini, second).cancelled


def test_another_order_instead_of_a_yes_is_that_order() -> None:
    rini, session = a_cadre_with_a_session()
    rini.says("TUNDA Rabu 09.00")

    [moved] = rini.says("TUNDA Kamis 10.00")
    [cancelled] = rini.says("BATAL BOK-SBS")

    assert "26 November, jam 10.00" in moved
    assert "Batalkan" in cancelled
    assert now_is(rini, session) == session


def test_an_old_yes_is_asked_about_once_more() -> None:
    rini, session = a_cadre_with_a_session()
    rini.says("TUNDA Rabu 09.00")

    [shown] = rini.waits(hours=20).says("1")

    assert "Semula" in shown
    assert now_is(rini, session) == session


def test_an_old_yes_to_a_cancellation_is_asked_about_once_more() -> None:
    rini, session = a_cadre_with_a_session()
    rini.says("BATAL")

    [shown] = rini.waits(hours=20).says("1")

    assert "Batalkan" in shown
    assert not now_is(rini, session).cancelled


def test_pressing_yes_twice_moves_it_once() -> None:
    rini, session = a_cadre_with_a_session()
    rini.says("TUNDA Rabu 09.00")
    rini.presses("Ya, pindahkan")

    [shown] = rini.presses("Ya, pindahkan")

    assert "sudah berubah" in shown
    assert now_is(rini, session).revision == 2


def test_a_yes_after_the_new_time_has_passed_is_refused() -> None:
    rini, session = a_cadre_with_a_session()
    rini.says("TUNDA hari ini jam 10.30")

    [shown] = rini.waits(minutes=40).says("1")

    assert "sudah lewat" in shown
    assert now_is(rini, session) == session


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [({"cancelled": True}, "sudah dibatalkan"), ({"starts_at": TUESDAY}, "sudah mulai")],
)
def test_what_is_over_cannot_be_changed(changes: dict[str, Any], wrong: str) -> None:
    rini, session = a_cadre_with_a_session()
    rini.says("BATAL")
    rini.world.schools.sessions[session.id] = replace(session, **changes)
    rini.world.now = TUESDAY if "starts_at" in changes else rini.world.now

    [shown] = rini.says("1")

    assert wrong in shown


def test_without_a_coming_session_there_is_nothing_to_change() -> None:
    rini, _ = a_cadre_with_a_session(starts_at=TUESDAY - timedelta(days=14))

    [to_move] = rini.says("TUNDA Rabu 09.00")
    [to_cancel] = rini.says("BATAL")

    assert "Tidak ada acara" in to_move
    assert "Tidak ada acara" in to_cancel


def test_a_cadre_without_a_school_learns_whom_to_ask() -> None:
    rini = a_cadre()

    for words in ("TUNDA Rabu 09.00", "BATAL", "PESERTA", "BERDUKA 7"):
        [shown] = rini.says(words)
        assert "PETUGAS" in shown


def test_a_wrong_code_is_answered_with_the_right_ones() -> None:
    rini, _ = a_cadre_with_a_session()

    [shown] = rini.says("TUNDA BOK-XYZ Rabu 09.00")

    assert "BOK-XYZ" in shown
    assert "BOK-SBS" in shown


@pytest.mark.parametrize("words", ["TUNDA Selasa 08.00", "/batal", "/tunda"])
def test_anybody_else_gets_a_kind_answer(words: str) -> None:
    siti = a_caregiver()
    siti.world.schools.a_session(siti.world.schools.a_school(cadre=RINI))

    [shown] = siti.says(words)

    assert "TIDAK BISA" in shown
    assert not siti.world.events


def test_another_cadres_session_is_not_hers() -> None:
    world = MemoryWorld()
    session = world.schools.a_session(world.schools.a_school(cadre=d.PersonId(21)))
    rini = a_cadre(world)

    [shown] = rini.presses_payload(f"s:o:c:{session.id}:1:29999999")

    assert "kader dan petugas" in shown
    assert not world.schools.sessions[session.id].cancelled


def test_staff_may_change_any_session() -> None:
    world = MemoryWorld()
    session = world.schools.a_session(world.schools.a_school(cadre=RINI))
    dimas = Phone(world, id=STAFF, role=d.Role.STAFF, salutation="Mas")

    dimas.says("BATAL BOK-SBS")
    dimas.says("1")

    assert world.schools.sessions[session.id].cancelled


def test_staff_with_many_schools_are_asked_for_the_code() -> None:
    world = MemoryWorld()
    for number in range(9):
        world.schools.a_school(code=f"BOK-{number}A")
    dimas = Phone(world, id=STAFF, role=d.Role.STAFF, salutation="Mas")

    assert "TUNDA BOK-0A" in dimas.says("TUNDA Rabu 09.00")[0]


@pytest.mark.parametrize("words", ["batal", "tunda dulu ya bu", "acara di rumah tetangga"])
def test_in_an_interview_such_words_are_an_answer(words: str) -> None:
    rini, _ = a_cadre_with_a_session()
    rini.says("menu")
    rini.says("1")

    rini.says(words)

    assert [list(answers.values()) for answers in rini.world.answers.values()] == [
        ["lapor"],
        [words],
    ]


@pytest.mark.parametrize("words", ["BATAL", "TUNDA Rabu 09.00", "hadir semua", "BERDUKA"])
def test_the_words_of_a_broadcast_are_no_orders(words: str) -> None:
    world = MemoryWorld()
    session = world.schools.a_session(world.schools.a_school(cadre=RINI))
    world.schools.invites(d.Person(STAFF), session)
    dimas = Phone(world, id=STAFF, role=d.Role.STAFF, salutation="Mas")
    with_words = world.newest_form("siar_isi")
    running = d.Interview("i1", WORDS, with_words.hash, at="isi", asked_at=world.now)
    dimas.dialogue = d.Dialogue((running,))
    orders = (attendance.respond, school_orders.respond, mourning.respond, rsvp.heard)
    talk = Talk(dimas.person, dimas.dialogue, world, router.CONVERSATIONS)

    heard = [order(talk, Inbound(Kind.TEXT, world.now, text=words)) for order in orders]

    assert heard == [False] * 4


def test_a_word_that_is_printed_as_a_choice_is_that_choice() -> None:
    rini, session = a_cadre_with_a_session()
    rest = (FORMS / "jeda.md").read_text(encoding="utf-8").replace("Tidak jadi", "BATAL")
    rini.world.forms["jeda"] = read_form(rest.encode(), "jeda.md")
    rini.says("jeda")

    [shown] = rini.says("BATAL")

    assert "Batalkan" not in shown
    assert now_is(rini, session) == session


def test_in_an_interview_a_clear_order_is_one_and_the_question_comes_again() -> None:
    rini, _ = a_cadre_with_a_session()
    rini.says("menu")
    rini.says("TUNDA Rabu 09.00")

    shown = rini.says("2")

    assert "tetap seperti semula" in shown[0]
    assert rini.running is not None


@pytest.mark.parametrize(
    "button", ["s:o:m:12", "s:o:m:11:1:999999999:1", "s:o:t:99:x", "s:o:z:1", "s:o:c:11:x:y"]
)
def test_a_button_nobody_made_changes_nothing(button: str) -> None:
    rini, session = a_cadre_with_a_session()

    [_] = rini.presses_payload(button)

    assert now_is(rini, session) == session
    assert not rini.world.events


def test_an_example_is_never_longer_than_people_read() -> None:
    rini, _ = a_cadre_with_a_session()
    school: School = replace(rini.world.schools.all()[0], name="Sekolah " * 10)
    rini.world.schools.schools[school.id] = school
    session = rini.world.schools.sessions.popitem()[1]
    rini.world.schools.sessions[session.id] = replace(session, school=school, topic="t" * 120)

    for words in ("TUNDA Rabu 09.00", "1", "BATAL", "1", "ACARA"):
        assert all(len(text) <= 300 for text in rini.says(words))


def test_a_cadre_may_act_on_her_own_schools_only() -> None:
    world = MemoryWorld()
    own, other = world.schools.a_school(cadre=RINI), world.schools.a_school(cadre=STAFF)
    rini = a_cadre(world).person

    for act in (Act.CHANGE_SESSION, Act.TAKE_ATTENDANCE, Act.LIST_MEMBERS, Act.PAUSE_HOUSEHOLD):
        assert may(rini, act, school=own)
        assert not may(rini, act, school=other)
        assert not may(d.Person(RINI), act, school=own)


def test_a_cadre_who_asks_for_help_hears_her_orders() -> None:
    rini = a_cadre()

    shown = "\n".join(rini.says("bantuan"))

    for order in ("TUNDA", "BATAL", "HADIR", "PESERTA", "ACARA", "BERDUKA"):
        assert order in shown


def test_each_move_is_one_fact() -> None:
    rini, session = a_cadre_with_a_session()
    rini.says("TUNDA Rabu 09.00")
    rini.says("1")

    moves = [event for event in rini.world.events if isinstance(event, ev.SessionMoved)]

    assert [move.session for move in moves] == [session.id]

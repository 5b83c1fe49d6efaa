"""Withheld words: what a first word means while they are unseen, and which of them follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from conversations import router, waking
from conversations.dialogue import Dialogue, Role, Turn, Wake
from conversations.level import Level
from conversations.message import Choice, Inbound, Kind, Media, Message, Priority, printed
from conversations.phone import letters
from conversations.phone.letters import Letter, Post
from conversations.schools.session import Rsvp, SessionId
from conversations.templates import OPEN
from locales import say
from tests.conversations.world import Phone, a_caregiver

ANSWER = "Besok kami telepon, ya Mbah."


class Knocked:
    """A phone on which words are withheld; what she writes next is heard with that in mind."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.letters: list[Letter] = []
        self.post = Post(Turn(Dialogue()))

    def wakes(self, kind: str, expires_at: datetime | None = None) -> Knocked:
        """Due work whose words are withheld."""
        person, world = self.phone.person, self.phone.world
        due = Wake(kind, str(person.id), world.now, expires_at)
        turn = waking.wake(person, self.phone.dialogue, due, world)
        self.phone._take(replace(turn, outgoing=()))
        for one in turn.outgoing:
            self.withhold(one.message, kind, Priority.REMINDER, expires_at)
        return self

    def withhold(
        self,
        message: Message,
        purpose: str = "answer",
        priority: Priority = Priority.REPLY,
        expires_at: datetime | None = None,
        *,
        knocked: bool = True,
    ) -> Knocked:
        number, now = len(self.letters) + 1, self.phone.world.now
        self.letters.append(
            Letter(number, message, purpose, priority, now, expires_at, knocked=knocked)
        )
        return self

    def says(self, text: str) -> list[str]:
        return self.sends(Inbound(Kind.TEXT, self.phone.world.now, text=text))

    def sends(self, inbound: Inbound) -> list[str]:
        phone, now = self.phone, self.phone.world.now
        useful = letters.of_use(self.letters, phone.dialogue, phone.person, now)
        if useful:
            inbound = replace(inbound, unseen=max(one.said_at for one in self.letters))
        turn = router.respond(phone.person, phone.dialogue, inbound, phone.world)
        self.post = letters.follow(self.letters, useful, phone.dialogue, turn, now)
        following = tuple(parcel.outgoing for parcel in self.post.parcels)
        own = self.post.turn.outgoing
        said = (*following, *own) if letters.come_first(turn) else (*own, *following)
        self.letters = []
        return phone._take(replace(self.post.turn, outgoing=said))


def asked(phone: Phone | None = None) -> Knocked:
    """The weekly check-in began, and she was only told that there is something."""
    return Knocked(phone or a_caregiver()).wakes("checkin")


def invited(phone: Phone) -> SessionId:
    schools = phone.world.schools
    session = schools.a_session(schools.a_school())
    schools.invites(phone.person, session)
    return session.id


def two_hours_later(knocked: Knocked) -> Knocked:
    knocked.phone.waits(hours=2)
    return knocked


@pytest.mark.parametrize(
    "said", ["Mulai", "ya", "nggih", "1", "assalamualaikum bu", "🙏", "ada kabar apa?", "Lihat"]
)
def test_a_first_word_only_opens_and_the_question_follows_once(said: str) -> None:
    knocked = two_hours_later(asked())
    question = printed(knocked.letters[-1].message)

    heard = knocked.says(said)

    assert heard == [question]
    assert knocked.phone.world.answers == {}
    assert knocked.phone.tasks() == []


@pytest.mark.parametrize(
    "inbound",
    [
        Inbound(Kind.BUTTON, datetime.min, button=OPEN),
        Inbound(Kind.STICKER, datetime.min),
        Inbound(Kind.REACTION, datetime.min),
    ],
)
def test_the_button_and_a_sticker_open_too(inbound: Inbound) -> None:
    knocked = asked()
    question = printed(knocked.letters[-1].message)

    assert knocked.sends(inbound) == [question]


def test_the_answer_after_that_is_the_answer() -> None:
    knocked = two_hours_later(asked())
    knocked.says("mulai")

    knocked.says("1")

    [answers] = knocked.phone.world.answers.values()
    assert len(answers) == 1


def test_the_time_of_a_question_is_when_it_was_seen() -> None:
    knocked = asked()
    knocked.phone.waits(hours=23)

    knocked.says("mulai")

    assert knocked.phone.running is not None
    assert knocked.phone.running.asked_at == knocked.phone.world.now


def test_a_longer_text_is_kept_for_staff_and_the_words_follow_in_the_same_message() -> None:
    knocked = asked()
    question = printed(knocked.letters[-1].message)

    heard = knocked.says("bu maaf minggu lalu saya ke sawah terus jadi belum sempat membalas")

    assert knocked.phone.tasks() == [("message", Level.KUNING, "reason.unseen")]
    assert knocked.phone.world.answers == {}
    assert heard == [f"{say('unseen.kept', sapaan='Mbah')}\n\n{question}"]


def test_a_voice_note_is_kept_for_staff() -> None:
    knocked = asked()

    heard = knocked.sends(
        Inbound(Kind.VOICE, knocked.phone.world.now, media=Media("ref", "audio/ogg"))
    )

    assert knocked.phone.tasks() == [("voice", Level.KUNING, "reason.voice")]
    assert knocked.phone.world.answers == {}
    assert len(heard) == 1


def test_words_of_danger_are_heard_at_once_and_the_check_in_comes_back_by_itself() -> None:
    knocked = asked()

    heard = knocked.says("cucu saya dipukuli sampai berdarah")

    assert knocked.phone.tasks()[0][1] is Level.MERAH
    assert any("129" in text for text in heard)
    assert knocked.post.parcels == ()
    assert knocked.phone.dialogue.stack[0].conversation == "checkin"


def test_of_danger_only_peoples_own_words_follow_and_a_tip_comes_later() -> None:
    knocked = Knocked(a_caregiver())
    knocked.withhold(Message(ANSWER))
    knocked.withhold(Message("Kiat"), "tip", Priority.REMINDER, knocked=False)

    heard = knocked.says("cucu saya dipukuli sampai berdarah")

    assert heard[-1] == ANSWER
    assert "129" in heard[0]
    assert knocked.post.later == (2,)


def test_berhenti_is_heard_and_nothing_withheld_follows() -> None:
    knocked = asked().withhold(Message(ANSWER))

    heard = knocked.says("BERHENTI")

    assert knocked.phone.person.stopped
    assert len(heard) == 1
    assert set(knocked.post.stopped) == {1, 2}


def test_help_is_heard_and_asks_the_open_question_itself_once() -> None:
    knocked = two_hours_later(asked())
    question = knocked.letters[-1].message

    heard = knocked.says("BANTUAN")

    options = [text for text in heard if question.choices[0].label in text]
    assert len(options) == 1
    assert knocked.post.late == (1,)


def test_what_staff_said_stands_before_the_menu_that_she_asked_for() -> None:
    knocked = Knocked(a_caregiver()).withhold(Message(ANSWER))

    heard = knocked.says("MENU")

    assert heard[0] == ANSWER
    assert "1." in heard[-1]


def test_a_number_picks_nothing_that_she_has_not_seen() -> None:
    phone = a_caregiver()
    knocked = Knocked(phone)
    choices = (Choice("Ya", "s:7:yes"), Choice("Tidak", "s:7:no"))
    phone.dialogue = replace(phone.dialogue, offer=("s:7:yes", "s:7:no"))
    knocked.withhold(Message("Datang?", choices))

    heard = knocked.says("1")

    assert heard == ["Datang?\n\n1. Ya\n2. Tidak"]
    assert phone.dialogue.offer == ("s:7:yes", "s:7:no")


def test_an_expired_check_in_is_not_asked_any_more() -> None:
    knocked = asked()
    running = knocked.phone.running
    assert running is not None
    knocked.phone.waits(days=4).wakes("expire", running.id)

    knocked.sends(Inbound(Kind.BUTTON, knocked.phone.world.now, button=OPEN))

    assert knocked.post.parcels == ()
    assert knocked.post.late == (1,)


def test_a_question_that_is_still_open_outlives_the_evening_for_which_it_was_planned() -> None:
    phone = a_caregiver()
    knocked = Knocked(phone).wakes("checkin", phone.world.now + timedelta(hours=1))
    phone.waits(days=1)

    assert len(knocked.says("mulai")) == 1


def test_other_words_follow_while_they_are_of_use() -> None:
    phone = a_caregiver()
    knocked = Knocked(phone)
    knocked.withhold(Message("lama"), expires_at=phone.world.now + timedelta(hours=1))
    knocked.withhold(Message("baru"), expires_at=phone.world.now + timedelta(hours=3))
    two_hours_later(knocked)

    assert knocked.says("ya") == ["baru"]
    assert knocked.post.late == (1,)


def test_a_reminder_of_a_question_that_nobody_saw_is_not_said() -> None:
    knocked = asked()
    question = printed(knocked.letters[0].message)
    knocked.withhold(replace(knocked.letters[0].message, text="Masih ditunggu."), "nudge")

    assert knocked.says("mulai") == [question]


def test_several_letters_are_one_message_with_the_question_last() -> None:
    knocked = asked().withhold(Message(ANSWER))
    question = printed(knocked.letters[0].message)

    assert knocked.says("ya") == [f"{ANSWER}\n\n{question}"]


def test_a_session_of_which_she_was_reminded_after_the_knock_is_answered_by_a_number() -> None:
    phone = a_caregiver()
    knocked = asked(phone)
    phone.waits(hours=1)
    session = invited(phone)
    phone.waits(hours=1)

    knocked.says("1")

    assert phone.world.schools.invitations[phone.person.id, session].rsvp is Rsvp.YES
    assert phone.world.answers == {}


def test_a_session_of_which_she_was_reminded_before_is_not_answered_by_a_first_word() -> None:
    phone = a_caregiver()
    session = invited(phone)
    phone.waits(hours=1)
    knocked = Knocked(phone).withhold(Message(ANSWER))
    phone.waits(hours=1)

    assert knocked.says("ya") == [ANSWER]
    assert phone.world.schools.invitations[phone.person.id, session].rsvp is Rsvp.NOTHING


def test_the_button_of_an_old_knock_says_kindly_that_it_is_over_or_goes_on() -> None:
    idle, busy = a_caregiver(), a_caregiver(id=8)
    busy.wakes("checkin")

    over = idle.presses_payload(OPEN)
    goes_on = busy.presses_payload(OPEN)

    assert over == [say("unseen.opened", sapaan="Mbah")]
    assert goes_on[0].startswith(say("unseen.opened", sapaan="Mbah"))
    assert "1." in goes_on[0]


def test_who_stopped_gets_what_people_said_and_nothing_unasked() -> None:
    phone = a_caregiver(stopped=True)
    knocked = Knocked(phone).withhold(Message("Kiat"), "tip", Priority.REMINDER)
    knocked.withhold(Message(ANSWER))

    assert knocked.says("ya") == [ANSWER]


def test_mulai_of_somebody_who_stopped_begins_again() -> None:
    knocked = Knocked(a_caregiver(stopped=True)).withhold(Message(ANSWER))

    knocked.says("MULAI")

    assert not knocked.phone.person.stopped


def test_staff_are_not_made_a_task_of() -> None:
    phone = Phone(id=900, role=Role.STAFF, salutation="Mas", registered=True)
    knocked = Knocked(phone).withhold(Message("12 tugas"), "day_list")

    heard = knocked.says("saya baru sampai kantor pak sebentar lagi")

    assert phone.tasks() == []
    assert heard[0] == "12 tugas"


def test_a_word_too_many_for_one_message_goes_before_the_letter() -> None:
    long = "Kabar. " * 140
    knocked = Knocked(a_caregiver()).withhold(Message(long))

    heard = knocked.says("cucu saya sekarang sudah rajin berangkat sekolah setiap pagi")

    assert heard == [say("unseen.kept", sapaan="Mbah"), long]


def test_a_number_under_an_alert_that_came_after_the_knock_takes_the_alert() -> None:
    phone = Phone(id=900, role=Role.STAFF, salutation="Mas", registered=True)
    knocked = Knocked(phone).withhold(Message("12 tugas"), "day_list")
    phone.waits(hours=1)
    caller = a_caregiver(phone.world, id=7)
    caller.says("cucu saya dipukuli sampai berdarah")
    phone.world.duty.last_call[phone.person.id] = phone.world.now
    phone.waits(minutes=5)

    knocked.says("1")

    assert any(task.accepted for task in phone.world.open_tasks.values())


def test_a_place_that_she_sends_is_thanked_for_and_the_words_follow() -> None:
    knocked = Knocked(a_caregiver()).withhold(Message(ANSWER))

    heard = knocked.sends(Inbound(Kind.LOCATION, knocked.phone.world.now))

    assert heard == [f"{say('kind.location', sapaan='Mbah')}\n\n{ANSWER}"]


def in_two(knocked: Knocked) -> Knocked:
    """A tip so long that the question about it is a message of its own."""
    *before, tip = knocked.letters
    words, _, question = tip.message.text.rpartition("\n\n")
    asking = replace(tip, id=tip.id + 1, message=replace(tip.message, text=question))
    knocked.letters = [*before, replace(tip, message=Message(words)), asking]
    return knocked


def test_of_a_long_tip_whose_question_has_ended_the_words_alone_follow() -> None:
    phone = a_caregiver()
    knocked = in_two(Knocked(phone).wakes("tip"))
    words = knocked.letters[-2].message.text
    phone.waits(days=3).wakes("expire", phone.dialogue.stack[0].id)

    heard = knocked.says("halo")

    assert words in heard[0]
    assert not any("bermanfaat" in text or text != text.strip() for text in heard)
    assert 3 not in {id_ for parcel in knocked.post.parcels for id_ in parcel.ids}


def test_of_a_long_tip_the_question_does_not_follow_another_one() -> None:
    knocked = in_two(Knocked(a_caregiver()).wakes("tip"))
    words = knocked.letters[-2].message.text

    heard = knocked.says("MENU")

    assert words in heard[0]
    assert not any("bermanfaat" in text or text != text.strip() for text in heard)
    assert 3 not in {id_ for parcel in knocked.post.parcels for id_ in parcel.ids}

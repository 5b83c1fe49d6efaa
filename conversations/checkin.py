"""The weekly check-in: the child and the form for its age, and what its answers ask of us.

The table of DOMAIN 3.3 is here: what alarms at once while the form still runs, what becomes a
follow-up when it is sent off, and the praise and tip that close it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from conversations import tips
from conversations.dialogue import Child, Interview, Person, Wake
from conversations.event import (
    Forget,
    Remind,
    TaskExtended,
    TipRated,
    TipSent,
)
from conversations.level import Level
from conversations.message import MediaId
from conversations.talk import Conversation, Talk
from conversations.world import World
from locales.tips import Topic
from locales.tips import tips as all_tips

UNDER_FIVE = 5
DRINKING = timedelta(minutes=10)
"""An under-five who will not eat and of whom nobody says that she drinks, is MERAH."""

WEEKS_WITHOUT_CALL = 4
SAD_IN_A_ROW = 2


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What one finished check-in asks of staff."""

    level: Level
    reason: str


def form_for(age: int | None) -> str:
    """The check-in for a child of this age in completed years (unknown: school age).

    >>> form_for(1), form_for(5), form_for(12), form_for(13), form_for(None)
    ('cek_0_2', 'cek_3_5', 'cek_6_12', 'cek_13_17', 'cek_6_12')
    """
    if age is None:
        return "cek_6_12"
    if age < 3:
        return "cek_0_2"
    if age <= UNDER_FIVE:
        return "cek_3_5"
    return "cek_6_12" if age <= 12 else "cek_13_17"


def child_to_ask_about(person: Person, world: World) -> Child | None:
    """One child a week, in rotation: whoever was asked after longest ago, never before first."""
    today = world.now.astimezone(person.tz)
    asked = world.last_checkins(person.id)
    candidates = [
        child for child in world.children(person.id) if (child.age(today) or 0) < _GROWN_UP
    ]
    return min(
        candidates,
        key=lambda child: (child.id in asked, asked.get(child.id, world.now), child.id),
        default=None,
    )


def start(talk: Talk, *, opening: str = "") -> bool:
    """Begins a check-in about one child; False when no child is known."""
    child = child_to_ask_about(talk.person, talk.world)
    if child is None:
        return False
    today = talk.world.now.astimezone(talk.person.tz)
    age = child.age(today)
    facts = {
        "anak.panggilan": child.nickname,
        "anak.umur": "" if age is None else str(age),
        "anak.balita": "ya" if _may_be_under_five(child, age) else "tidak",
        "anak.tanya_telepon": "ya" if child.parent_away and child.ask_calls else "tidak",
        "orang.mau_mencoba": "ya" if talk.world.wants_to_try(talk.person.id) else "tidak",
    }
    talk.start("checkin", form=form_for(age), facts=facts, child=child.id, opening=opening)
    return True


def answered(talk: Talk, interview: Interview, path: str, value: str) -> None:
    """What cannot wait until the form is sent off."""
    match path, value:
        case "sehat", "sakit_berat" if _under_five(interview):
            _red(talk, interview, "reason.very_ill")
        case "sehat", "sakit_berat":
            if _first_time(talk, interview, "reason.very_ill"):
                talk.open_task("followup", Level.ORANYE, "reason.very_ill", child=interview.child)
        case "makan", "tidak_mau":
            talk.add(Remind("drinking", interview.id, talk.world.now + DRINKING))
        case "makan", _:
            talk.add(Forget("drinking", interview.id))
        case "minum", "tidak":
            talk.add(Forget("drinking", interview.id))
            _red(talk, interview, "reason.not_drinking")
        case "minum", "ya":
            talk.add(Forget("drinking", interview.id))
        case "takut", "ada":
            talk.open_task("followup", Level.ORANYE, "reason.afraid", child=interview.child)
        case "pesan", words if words:
            _message(talk, interview, words)
        case _:
            pass


def finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Sent off: follow-ups for staff, one line of praise, and the tip that fits."""
    for follow_up in triage(answers, interview, talk.person, talk.world):
        talk.open_task("followup", follow_up.level, follow_up.reason, child=interview.child)
    sad = "sedih" in (answers.get("rasa"), answers.get("kabar_sendiri"))
    thanks = talk.text("checkin.thanks_sad" if sad else "checkin.thanks")
    offer_tip(talk, wanted=_topic(answers), child=interview.child, opening=thanks)


def left_open(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Never sent off: what the answers ask of staff is asked all the same."""
    talk.add(Forget("drinking", interview.id))
    if answers.get("makan") == "tidak_mau" and not answers.get("minum"):
        _red(talk, interview, "reason.not_drinking")
    for follow_up in triage(answers, interview, talk.person, talk.world):
        talk.open_task("followup", follow_up.level, follow_up.reason, child=interview.child)


def triage(
    answers: Mapping[str, str], interview: Interview, person: Person, world: World
) -> list[FollowUp]:
    """What staff must do about one finished check-in, most urgent first (DOMAIN 3.3).

    What was MERAH or ORANYE has been raised when it was answered.
    """
    found: list[FollowUp] = []
    if answers.get("minum") == "ya":
        found.append(FollowUp(Level.KUNING, "reason.not_eating"))
    if answers.get("sekolah") in ("tiga_hari", "berhenti"):
        found.append(FollowUp(Level.KUNING, "reason.absent"))
    if interview.child is not None:
        child = interview.child
        earlier = world.recent_answers
        if answers.get("rasa") == "sedih" and earlier(child, "rasa", 1) == ("sedih",):
            found.append(FollowUp(Level.KUNING, "reason.child_sad"))
        if answers.get("telepon") == "tidak":
            before = earlier(child, "telepon", WEEKS_WITHOUT_CALL - 1)
            if before == ("tidak",) * (WEEKS_WITHOUT_CALL - 1):
                found.append(FollowUp(Level.KUNING, "reason.no_calls"))
        if answers.get("posyandu") == "tidak" and _no_posyandu_for_two_months(
            earlier(child, "posyandu", 8)
        ):
            found.append(FollowUp(Level.HIJAU, "reason.no_posyandu"))
    if answers.get("kabar_sendiri") == "sedih":
        own = world.recent_own_answers(person.id, "kabar_sendiri", 1)
        if own == ("sedih",):
            found.append(FollowUp(Level.KUNING, "reason.caregiver_sad"))
    return sorted(found, key=lambda follow_up: follow_up.level, reverse=True)


def drinking_unanswered(talk: Talk, wake: Wake) -> None:
    """Ten minutes without an answer to "masih mau minum?"."""
    asked = talk.waiting(wake.subject)
    if asked is None or asked.answers.get("makan") != "tidak_mau" or asked.answers.get("minum"):
        return
    _red(talk, asked, "reason.not_drinking", tell=not talk.person.stopped)
    if talk.running is not None and talk.running.id == asked.id and not talk.person.stopped:
        talk.ask_again()


def weekly(talk: Talk) -> None:
    """This week's check-in; who has told of no child under 18 hears a tip instead."""
    opening = talk.text("checkin.opening")
    if not start(talk, opening=opening):
        offer_tip(talk, opening=opening)


def may_be_written_to(person: Person, now: datetime) -> bool:
    """Whether anything unasked may be sent: consent given, not stopped, not resting."""
    resting = person.paused_until is not None and person.paused_until > now
    return person.consent == "given" and person.registered and not person.stopped and not resting


def offer_tip(
    talk: Talk,
    *,
    wanted: Topic | None = None,
    child: int | None = None,
    opening: str = "",
    apologise: bool = True,
) -> bool:
    """The next tip that she has not had, and whether it helped; False when there is none.

    Then she is told so, unless she did not ask for one.
    """
    world, person = talk.world, talk.person
    about = next(
        (one for one in world.children(person.id) if child is None or one.id == child), None
    )
    today = world.now.astimezone(person.tz)
    listener = tips.Listener(
        relation=person.relation,
        child_age=about.age(today) if about else None,
        parent_away=about.parent_away if about else False,
    )
    tip = tips.next_tip(
        all_tips(person.language, drafts=world.simulated),
        listener,
        world.tips_sent(person.id),
        unreviewed_allowed=world.simulated,
        wanted=wanted,
    )
    if tip is None:
        if apologise:
            talk.send_text("\n\n".join(part for part in (opening, talk.text("tip.none")) if part))
        return False
    if opening:
        talk.send_text(opening)
    words = tips.tip_messages(tip, person.salutation, about.nickname if about else None)
    for part in words[:-1]:
        talk.send_text(part)
    talk.add(TipSent(tip.id, about.id if about else None))
    talk.start("kiat", facts={"kiat.id": tip.id}, opening=words[-1])
    return True


def tip_rated(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    helpful = answers.get("pilihan") == "ya"
    talk.add(TipRated(interview.facts["kiat.id"], helpful))
    talk.say("tip.helpful" if helpful else "tip.not_helpful")


def _red(talk: Talk, interview: Interview, reason: str, *, tell: bool = True) -> None:
    """A small child in danger: the signs, where to go now, and staff at once."""
    if not _first_time(talk, interview, reason):
        return
    talk.open_task("concern", Level.MERAH, reason, child=interview.child, danger_class=_HEALTH)
    if tell:
        talk.say("danger.child_ill")


def _message(talk: Talk, interview: Interview, words: str) -> None:
    kind, _, file = words.partition(":")
    is_file = kind == "voice"
    if talk.alarm is not None:
        if is_file:
            talk.add(TaskExtended(talk.alarm, media=MediaId(file)))
        return
    talk.open_task(
        "concern",
        Level.KUNING,
        "reason.told",
        content="" if is_file else words,
        media=MediaId(file) if is_file else None,
        child=interview.child,
    )


def _topic(answers: Mapping[str, str]) -> Topic | None:
    if answers.get("kabar_sendiri") == "sedih":
        return Topic.CAREGIVER_WELLBEING
    if answers.get("rasa") == "sedih":
        return Topic.FEELINGS
    if answers.get("makan") in ("kurang", "tidak_mau"):
        return Topic.FOOD
    if answers.get("sekolah") in ("dua_hari", "tiga_hari", "berhenti"):
        return Topic.SCHOOL
    return None


def _under_five(interview: Interview) -> bool:
    return interview.facts.get("anak.balita") == "ya"


def _may_be_under_five(child: Child, age: int | None) -> bool:
    """With the year of birth alone she may be a year younger than it tells."""
    if age is None:
        return False
    return age - (child.birth_month is None) < UNDER_FIVE


def _first_time(talk: Talk, interview: Interview, reason: str) -> bool:
    """Whether this interview has not raised this before; from now on it has."""
    name = f"sudah.{reason}"
    known = talk.waiting(interview.id) or interview
    talk.set_fact(interview.id, name, "ya")
    return name not in known.facts


def _no_posyandu_for_two_months(earlier: tuple[str, ...]) -> bool:
    return len(earlier) >= _TWO_MONTHS and all(one == "tidak" for one in earlier[:_TWO_MONTHS])


_GROWN_UP = 18
_TWO_MONTHS = 7
"""Weekly check-ins before this one: eight in all are two months."""
_HEALTH = "health_nutrition"

CONVERSATIONS = (
    Conversation("checkin", finished, answered=answered, ended_early=left_open, owns_files=True),
    Conversation("kiat", tip_rated),
)

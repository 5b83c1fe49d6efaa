"""Getting to know one another: consent, three questions at the door, the family, the settings.

UU 27/2022 asks for a notice and a recorded yes before anything is kept; who says no, or is under
18, is answered kindly and can still reach a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from conversations.dialogue import (
    Child,
    ChildId,
    Consent,
    Interview,
    Person,
    VillageId,
)
from conversations.event import (
    ChildAdded,
    ChildChanged,
    ConsentDecided,
    ErasureAsked,
    Forget,
    PersonChanged,
    Remind,
)
from conversations.form.model import Question
from conversations.level import Level
from conversations.talk import Conversation, Talk
from locales import hotlines, languages

CHECKIN_DAY = 2
"""Wednesday (Monday is 0): not Thursday, which is malam Jumat."""

CHECKIN_HOUR = time(19, 15)
ERASURE = timedelta(hours=72)
"""UU 27/2022 art. 40: processing ends within 3 × 24 h."""


def consent_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Records the decision with the words that were shown; leads to the door or to a person."""
    form = talk.world.form(interview.form)
    version = f"{form.name} {form.version} {form.hash[:12]}"
    if answers.get("usia") == "belum":
        talk.add(ConsentDecided(Consent.REFUSED, version, capacity="di_bawah_18"))
        talk.say("too_young", sapa=_number("sapa"))
        talk.open_task("person_wanted", Level.KUNING, "reason.young")
        return
    given = answers.get("setuju") == "boleh"
    decided = ConsentDecided(
        Consent.GIVEN if given else Consent.REFUSED,
        text_version=version,
        capacity=answers.get("sebagai", ""),
        text=_words_shown(form.body, talk),
    )
    talk.add(decided)
    if given:
        if talk.person.stopped:
            talk.add(PersonChanged({"stopped": False}))
        talk.start("daftar")
        return
    if answers.get("setuju") == "tanya":
        talk.open_task("person_wanted", Level.KUNING, "reason.question")
        talk.say("person_will_write")
        return
    talk.start("belum_setuju")


def not_agreed_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Without consent: a person, the notice once more, or nothing."""
    match answers.get("pilihan"):
        case "lapor":
            talk.start("lapor")
        case "setuju":
            talk.start("persetujuan")
        case _:
            talk.say("goodbye_for_now")


def door_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Salutation, village, relation are known: she is registered; the rest may wait."""
    village = _village(talk, answers.get("desa", ""))
    salutation = answers.get("sapaan_lain") or answers.get("sapaan", "")
    changes: dict[str, object] = {
        "salutation": " ".join(salutation.split())[:20],
        "relation": answers.get("hubungan", ""),
        "registered": True,
    }
    if village is not None:
        changes["village_id"] = village
    talk.add(PersonChanged(changes))
    if village is None:
        talk.open_task("correction", Level.HIJAU, "reason.village", content=answers.get("desa", ""))
    talk.add(Remind("checkin", str(talk.person.id), next_checkin(talk.person, talk.world.now)))
    talk.start("keluarga", opening=talk.text("registered"))


def family_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """The children of the repeat, and hour and language; and when the bot will write."""
    _keep_family(talk, answers)
    if talk.person.stopped:
        talk.say("all_right")
        return
    talk.say("ready", day=talk.text("weekday.2"), hour=talk.person.hour or f"{CHECKIN_HOUR:%H:%M}")


def family_left_open(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """What was told so far is kept without a word: perhaps nobody is listening any more."""
    if talk.person.consent is Consent.GIVEN:
        _keep_family(talk, answers)


def _keep_family(talk: Talk, answers: Mapping[str, str]) -> None:
    known = {child.nickname.casefold(): child for child in talk.world.children(talk.person.id)}
    for child in children_in(answers):
        before = known.get(child.nickname.casefold())
        if before is None:
            talk.add(ChildAdded(child))
        elif news := _told_anew(before, child):
            talk.add(ChildChanged(before.id, news))
    changes = {
        column: answers[name]
        for name, column in (("jam", "hour"), ("bahasa", "language"))
        if answers.get(name) and (name != "bahasa" or answers[name] in languages())
    }
    if changes:
        talk.add(PersonChanged(changes))
    if not talk.person.stopped:
        next_time = next_checkin(talk.person, talk.world.now)
        talk.add(Remind("checkin", str(talk.person.id), next_time))


def settings_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """What she wants to change about herself."""
    match answers.get("pilihan"):
        case "sapaan":
            talk.start("daftar")
        case "anak":
            talk.start("keluarga")
        case "telepon":
            talk.start("telepon")
        case "betulkan":
            talk.open_task("correction", Level.KUNING, "reason.correction", due_in=ERASURE)
            talk.say("person_will_write")
        case "hapus":
            ask_for_erasure(talk)
        case _:
            talk.say("all_right")


def calls_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Whether the check-in may ask if a parent telephoned."""
    allowed = answers.get("pilihan") == "boleh"
    for child in talk.world.children(talk.person.id):
        talk.add(ChildChanged(child.id, {"ask_calls": allowed}))
    talk.say("all_right")


def ask_for_erasure(talk: Talk) -> None:
    """HAPUS DATA SAYA: silence at once; staff confirm by another route within 72 hours.

    Her consent ends with it, and so does whatever was being asked on that ground.
    """
    talk.give_up_all(*_BY_CONSENT)
    if talk.person.consent is Consent.GIVEN:
        talk.add(ConsentDecided(Consent.WITHDRAWN, "hapus data saya"))
    code = talk.open_task("erasure", Level.ORANYE, "reason.erasure", due_in=ERASURE)
    talk.add(PersonChanged({"stopped": True}), ErasureAsked(code))
    talk.add(Forget("checkin", str(talk.person.id)))
    talk.say("erasure")


def show_settings(talk: Talk) -> None:
    """What is kept about her, in short, and what she may change."""
    names = dict(talk.world.villages())
    children = ", ".join(child.nickname for child in talk.world.children(talk.person.id))
    person = talk.person
    village = names.get(person.village_id, "-") if person.village_id is not None else "-"
    opening = talk.text(
        "profile",
        village=village,
        children=children or "-",
        language=languages().get(person.language, person.language),
        hour=person.hour or f"{CHECKIN_HOUR:%H:%M}",
    )
    talk.start("setelan", opening=opening)


def next_checkin(person: Person, now: datetime) -> datetime:
    """The next Wednesday at her hour, at least a day ahead (aware, UTC).

    >>> from conversations.dialogue import PersonId
    >>> siti = Person(PersonId(1), hour="09:00")
    >>> next_checkin(siti, datetime.fromisoformat("2026-11-18T00:00+00:00")).isoformat()
    '2026-11-25T02:00:00+00:00'
    """
    local = now.astimezone(person.tz)
    hour = time.fromisoformat(person.hour) if person.hour else CHECKIN_HOUR
    days = (CHECKIN_DAY - local.weekday()) % 7
    slot = datetime.combine(local.date() + timedelta(days=days), hour, person.tz)
    if slot - local < timedelta(days=1):
        slot = datetime.combine(slot.date() + timedelta(days=7), hour, person.tz)
    return slot.astimezone(now.tzinfo)


def children_in(answers: Mapping[str, str]) -> list[Child]:
    """The children that a filled family form names."""
    found: list[Child] = []
    turn = 1
    while nickname := answers.get(f"anak[{turn}]/panggilan", "").strip():
        about = {
            name: answers.get(f"anak[{turn}]/{name}", "")
            for name in ("lahir", "kelamin", "tinggal", "ibu", "bapak")
        }
        found.append(
            Child(
                ChildId(0),
                nickname=nickname[:40],
                birth_year=int(about["lahir"]) if about["lahir"] else None,
                sex=about["kelamin"],
                lives_with=about["tinggal"],
                mother=about["ibu"],
                father=about["bapak"],
            )
        )
        turn += 1
    return found


_BY_CONSENT = (
    *("persetujuan", "daftar", "keluarga", "setelan", "telepon", "checkin", "kiat", "menu", "jeda"),
    "berhenti",
)
"""Conversations that need her consent; a worry, an alarm and a wish for a person do not."""


def _told_anew(before: Child, told: Child) -> dict[str, object]:
    """What was told about a child that is known already, where it says something else."""
    told_of = ("birth_year", "sex", "lives_with", "mother", "father")
    return {
        name: getattr(told, name)
        for name in told_of
        if getattr(told, name) and getattr(told, name) != getattr(before, name)
    }


def _village(talk: Talk, name: str) -> VillageId | None:
    wanted = name.casefold().removeprefix("desa ").strip()
    for village, known in talk.world.villages():
        if known.casefold() == wanted:
            return village
    return None


def _words_shown(body: tuple[object, ...], talk: Talk) -> str:
    """Every sentence of the notice in her language, as proof of what was agreed to."""
    language = talk.person.language
    lines = [
        question.labels.get(language) or question.labels.get("id", "")
        for question in body
        if isinstance(question, Question)
    ]
    shown = "\n".join(line for line in lines if line)
    return shown.replace("${organisasi}", talk.world.organisation)


def _number(key: str) -> str:
    return next(line.number for line in hotlines() if line.key == key)


CONVERSATIONS = (
    Conversation("persetujuan", consent_finished),
    Conversation("belum_setuju", not_agreed_finished),
    Conversation("daftar", door_finished),
    Conversation("keluarga", family_finished, ended_early=family_left_open),
    Conversation("setelan", settings_finished),
    Conversation("telepon", calls_finished),
)

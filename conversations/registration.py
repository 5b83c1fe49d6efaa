"""Getting to know one another: consent, three questions at the door, the family, the settings.

UU 27/2022 asks for a notice and a recorded yes before anything is kept; who says no, or is under
18, is answered kindly and can still reach a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from conversations import quiet
from conversations.concerns import young
from conversations.dialogue import (
    Child,
    ChildId,
    Consent,
    Interview,
    Role,
    VillageId,
)
from conversations.event import (
    ChildAdded,
    ChildChanged,
    ConsentDecided,
    ErasureAsked,
    PersonChanged,
    SchoolJoined,
)
from conversations.form.model import Question
from conversations.helping import inviting
from conversations.level import Level
from conversations.phone import linking
from conversations.rule import Rule
from conversations.schools.session import School
from conversations.talk import Conversation, Talk
from locales import hotlines, languages

HOW, SCHOOL = "bantu.cara", "sekolah.kode"
"""Facts that go along from the notice to the door: how it was read, for which school she came."""

_NOT_OF_A_CHILD = "lain"
"""The answer, in two forms, of who cares for no child."""

ERASURE = timedelta(hours=72)
"""UU 27/2022 art. 40: processing ends within 3 × 24 h."""


def consent_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Records the decision with the words that were shown; leads to the door or to a person."""
    form = talk.world.form(interview.form)
    version = f"{form.name} {form.version} {form.hash[:12]}"
    if answers.get("usia") == "belum":
        talk.add(ConsentDecided(Consent.REFUSED, version, capacity="di_bawah_18"))
        young.called(talk)
        talk.say("too_young", sapa=_number("sapa"))
        talk.open_task("person_wanted", Level.KUNING, "reason.young")
        return
    given = answers.get("setuju") == "boleh"
    decided = ConsentDecided(
        Consent.GIVEN if given else Consent.REFUSED,
        text_version=version,
        capacity=answers.get("sebagai", ""),
        text=_words_shown(form.body, talk),
        how=_how(talk, interview),
    )
    talk.add(decided)
    if given:
        if talk.person.stopped:
            talk.add(PersonChanged({"stopped": False}))
        open_door(talk, _carried(interview), answers.get("sebagai", ""))
        return
    if answers.get("setuju") == "tanya":
        talk.open_task("person_wanted", Level.KUNING, "reason.question")
        talk.say("person_will_write")
        return
    talk.start("belum_setuju", facts=_carried(interview))


def not_agreed_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Without consent: a person, the notice once more, or nothing."""
    match answers.get("pilihan"):
        case "lapor":
            talk.start("lapor")
        case "setuju":
            talk.start("persetujuan", facts=_carried(interview))
        case _:
            talk.say("goodbye_for_now")


def open_door(
    talk: Talk, carried: Mapping[str, str] | None = None, capacity: str = _NOT_OF_A_CHILD
) -> None:
    """The questions at the door; what the roster or the school's village tells is not asked.

    `carried` is what is remembered from one form to the next: the school she came for. `capacity`
    is what of a child she agreed as: whoever comes for a task and cares for none is not asked
    whose it is.
    """
    person, facts = talk.person, dict(carried or {})
    village = person.village_id or _village_of_school(talk, facts) or _village_invited(talk, facts)
    facts["orang.panggilan"] = person.salutation
    facts["orang.desa"] = dict(talk.world.villages()).get(village, "") if village else ""
    facts["orang.hubungan"] = person.relation
    if not person.relation and capacity == _NOT_OF_A_CHILD and _comes_to_work(talk, facts):
        facts["orang.hubungan"] = _NOT_OF_A_CHILD
    talk.start("daftar", facts=facts)


def door_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Salutation, village, relation are known: she is registered; the rest may wait."""
    known = interview.facts
    named = answers.get("desa") or known.get("orang.desa", "")
    village = _village(talk, named)
    salutation = answers.get("sapaan_lain") or answers.get("sapaan") or talk.person.salutation
    changes: dict[str, object] = {
        "salutation": " ".join(salutation.split())[:20],
        "relation": answers.get("hubungan") or known.get("orang.hubungan", talk.person.relation),
        "registered": True,
    }
    if village is not None:
        changes["village_id"] = village
    talk.add(PersonChanged(changes))
    if village is None:
        talk.open_task("correction", Level.HIJAU, "reason.village", content=named)
    school = _school(talk, known)
    if school is not None:
        talk.add(SchoolJoined(school.id))
    welcome = talk.text("enrol.registered", school=school.name) if school else ""
    invited = inviting.carried(talk, known)
    if invited is not None and _comes_to_work(talk, known):
        inviting.ask_name(talk, invited)
        return
    if talk.world.typist is not None:
        talk.send_text(welcome or talk.text("helping.registered"))
        return
    if talk.world.children(talk.person.id):
        talk.send_text(welcome or talk.text("registered"))
        _say_ready(talk)
        return
    talk.start("keluarga", opening=welcome or talk.text("registered"))


def family_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """The children of the repeat, and hour and language; and when the bot will write."""
    _keep_family(talk, answers)
    if talk.person.stopped:
        talk.say("all_right")
        return
    _say_ready(talk)


def _say_ready(talk: Talk) -> None:
    """When she will be asked; of somebody helped along her cadre asks."""
    if talk.world.typist is not None:
        talk.say("helping.kept")
        return
    rule = talk.world.rules.weekly_checkin(talk.person)
    if rule is None or rule.weekday is None:
        talk.say("ready.without_checkin")
        return
    talk.say("ready", day=talk.text(f"weekday.{rule.weekday}"), hour=_hour(talk, rule))


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


def settings_finished(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """What she wants to change about herself."""
    match answers.get("pilihan"):
        case "sapaan":
            talk.start("daftar")
        case "anak":
            talk.start("keluarga")
        case "telepon":
            talk.start("telepon")
        case "tenang":
            quiet.ask(talk)
        case "sambung":
            linking.give_code(talk)
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
        hour=_hour(talk, talk.world.rules.weekly_checkin(person)),
    )
    talk.start("setelan", opening=opening)


def _hour(talk: Talk, rule: Rule | None) -> str:
    """When she is asked: the hour she chose, else her rule's; a dash when neither is there."""
    return talk.person.hour or (f"{rule.hour:%H:%M}" if rule is not None else "-")


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
    "tenang",
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


def _how(talk: Talk, interview: Interview) -> str:
    """By herself; through another's phone it is read aloud, unless a recording was played."""
    return "read" if talk.world.typist is None else interview.facts.get(HOW, "read_aloud")


def _carried(interview: Interview) -> dict[str, str]:
    kept = (HOW, SCHOOL, inviting.FACT)
    return {name: interview.facts[name] for name in kept if name in interview.facts}


def _school(talk: Talk, facts: Mapping[str, str]) -> School | None:
    code = facts.get(SCHOOL, "")
    return talk.world.schools.by_code(code) if code else None


def _village_of_school(talk: Talk, facts: Mapping[str, str]) -> VillageId | None:
    school = _school(talk, facts)
    return school.village_id if school is not None else None


def _village_invited(talk: Talk, facts: Mapping[str, str]) -> VillageId | None:
    found = inviting.carried(talk, facts)
    return found.village if found is not None else None


def _comes_to_work(talk: Talk, facts: Mapping[str, str]) -> bool:
    found = inviting.carried(talk, facts)
    return found is not None and found.role is not Role.CAREGIVER


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

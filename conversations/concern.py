"""A worry on its way to a human being: told in one message, by the short form, or by its words.

Accepted from anybody at any time. The receipt is neutral: whoever reads the phone learns nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from conversations import danger
from conversations.dialogue import Consent, Interview
from conversations.event import TaskChanged, TaskExtended
from conversations.level import Level
from conversations.message import MediaId
from conversations.talk import Conversation, Talk
from locales import hotlines


def raise_alarm(talk: Talk, text: str) -> None:
    """Words that must reach a human being: staff are told before the person has confirmed.

    MERAH and ORANYE are answered with the numbers that help now and one question; a lower level
    becomes a quiet task, and the talk goes on.
    """
    found = danger.assess(text)
    if found.level is None or found.cls is None:
        return
    talk.alarm = talk.open_task(
        "concern", found.level, "reason.words", content=text, danger_class=found.cls
    )


def is_cry(text: str) -> bool:
    """Whether a message is nothing but a cry for help, too short for the danger words.

    >>> is_cry("tolong, bahaya!!"), is_cry("SOS"), is_cry("apa itu keadaan bahaya")
    (True, True, False)
    """
    words = text.casefold().replace(",", " ").split()
    said = {word.strip("!.?") for word in words}
    return len(words) <= _LONGEST_CRY and bool(said & _CRIES) and said <= _CRIES | _PLEAS


_LONGEST_CRY = 5
_CRIES = frozenset({"bahaya", "darurat", "sos", "emergency"})
_PLEAS = frozenset({"tolong", "gawat", "help", "ada", "ini", "saya", "aku", "cepat", "mbak", "bu"})


def cry(talk: Talk, text: str) -> None:
    """Somebody cries for help and says no more: nobody waits for what it is about."""
    talk.alarm = talk.open_task("concern", Level.MERAH, "reason.words", content=text)


def help_now(talk: Talk) -> None:
    """The numbers that help now, and one question whose answer never lowers the alarm.

    Whoever tells more while that question is open is not shown everything again.
    """
    running = talk.running
    if running is not None and running.conversation == "bahaya":
        talk.set_fact(running.id, "tugas.kode", talk.alarm or "")
        talk.ask_again(talk.text("danger.more"))
        return
    heard = f"{talk.text('danger.heard')} " if talk.world.staff() else ""
    opening = f"{heard}{numbers(talk)}"
    talk.start("bahaya", facts={"tugas.kode": talk.alarm or ""}, opening=opening)


def numbers(talk: Talk) -> str:
    """The national lines in one calm sentence, which claims nobody's ear that is not there."""
    lines = ", ".join(f"{line.number} ({line.name})" for line in hotlines()[:3])
    return talk.text("numbers" if talk.world.staff() else "numbers.nobody", lines=lines)


def confirmed(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Her own view is added to the task; a "no" withdraws nothing (another hand may hold it)."""
    code = interview.facts.get("tugas.kode", "")
    is_danger = answers.get("pilihan") == "ya"
    talk.add(TaskChanged(code, "noted", f"bahaya: {answers.get('pilihan', '')}"))
    if is_danger:
        talk.say("danger.yes" if talk.world.staff() else "danger.yes.nobody")
        talk.start("hubungi", facts={"tugas.kode": code})
        return
    talk.say("danger.no")


def told(talk: Talk, interview: Interview, path: str, value: str) -> None:
    """Each part is with staff the moment it is told, also when the rest never comes."""
    if path == "isi" and value:
        kind, _, file = value.partition(":")
        is_file = kind in ("voice", "image") and bool(file)
        code = talk.alarm
        if code is None:
            code = talk.open_task(
                "concern",
                Level.KUNING,
                "reason.told",
                content="" if is_file else value,
                media=MediaId(file) if is_file else None,
                child=interview.child,
            )
        elif is_file:
            talk.add(TaskExtended(code, media=MediaId(file)))
        _remember(talk, interview, code)
        return
    code = interview.facts.get("tugas.kode", "")
    if code and value:
        _add_part(talk, code, path, value)
    if path == "aman" and value == "belum" and "aman.alarm" not in interview.facts:
        talk.open_task("concern", Level.MERAH, "reason.unsafe", content=f"lihat {code}")
        talk.set_fact(interview.id, "aman.alarm", "ya")
        talk.send_text(numbers(talk))


def reported(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """A neutral receipt."""
    talk.say("receipt")


def left_open(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """What was told so far is with staff already; the rest was not told."""


def call_me(talk: Talk, interview: Interview, path: str, value: str) -> None:
    """When she may be called."""
    code = interview.facts.get("tugas.kode", "")
    if code and value:
        _add_part(talk, code, "waktu", value)


def will_be_called(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    talk.say("person_will_call")


def passed_on(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """What nobody understood is read by staff, if she wishes."""
    match answers.get("pilihan"):
        case "teruskan":
            talk.open_task(
                "message", Level.KUNING, "reason.passed_on", content=interview.facts["pesan.isi"]
            )
            talk.say("receipt")
            if talk.person.consent is Consent.UNASKED:
                talk.start("persetujuan")
        case "menu":
            talk.start("menu" if talk.person.registered else "persetujuan")
        case _:
            talk.say("all_right")


def want_person(talk: Talk) -> None:
    """PETUGAS: a task, and when it suits her; asked twice in a row it is one task."""
    if talk.running is not None and talk.running.conversation == "hubungi":
        talk.ask_again(talk.text("handover.thanks"))
        return
    code = talk.open_task("person_wanted", Level.KUNING, "reason.person")
    talk.start("hubungi", facts={"tugas.kode": code}, opening=talk.text("handover.thanks"))


def safe_word(talk: Talk) -> None:
    """The discreet word: numbers without the word "danger", and a quiet task for staff."""
    code = talk.open_task("safe_word", Level.ORANYE, "reason.safe_word")
    talk.start("sandi", facts={"tugas.kode": code}, opening=numbers(talk))


def safe_word_answered(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    code = interview.facts.get("tugas.kode", "")
    talk.add(TaskChanged(code, "noted", f"hubungi: {answers.get('pilihan', '')}"))
    if answers.get("pilihan") == "boleh":
        talk.start("hubungi", facts={"tugas.kode": code})
    else:
        talk.say("all_right")


def _add_part(talk: Talk, code: str, name: str, value: str) -> None:
    """One more thing she said about a task; a recording goes along to be heard."""
    kind, _, file = value.partition(":")
    if kind in ("voice", "image") and file:
        said = f"{name}: {talk.text('review.file')}"
        talk.add(TaskExtended(code, content=said, media=MediaId(file)))
    else:
        talk.add(TaskExtended(code, content=f"{name}: {value}"))


def _remember(talk: Talk, interview: Interview, code: str) -> None:
    talk.set_fact(interview.id, "tugas.kode", code)


CONVERSATIONS = (
    Conversation("lapor", reported, answered=told, ended_early=left_open, owns_files=True),
    Conversation("bahaya", confirmed),
    Conversation(
        "hubungi", will_be_called, answered=call_me, ended_early=left_open, owns_files=True
    ),
    Conversation("bingung", passed_on),
    Conversation("sandi", safe_word_answered),
)

"""A report on its way to a human being: in one message, in one recording, or by the short form.

Accepted from anybody at any time; every part is with staff the moment it is told, and nothing of it
is shown again. Danger words are in `alarm.py`, what is said back at once in `receipt.py`, what may
be wished afterwards in `wishes.py`, a wish for a person in `calling.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from conversations import danger, interview
from conversations.concerns import about_us, raising
from conversations.concerns.case import CONCERN
from conversations.concerns.cry import is_cry
from conversations.concerns.event import CaseKnown
from conversations.concerns.receipt import numbers, received
from conversations.danger import DangerClass
from conversations.dialogue import Consent, Interview, Task
from conversations.event import TaskExtended
from conversations.level import Level
from conversations.message import Choice, Inbound, Kind, MediaId
from conversations.talk import Conversation, Talk

CODE, TOLD, SAFE, CLASS = "tugas.kode", "lapor.sudah", "lapor.aman", "lapor.kelas"
"""What the short form knows already, so that it is not asked again."""

A_REPORT = 3
"""Words after LAPOR from which on they are the report itself."""

REPORTS = ("lapor", "bahaya", "sandi", "hubungi", "sesudah")
"""Conversations in which more words belong to the report that they are about."""

_OF_HELPERS = frozenset({"tahu", "waktu", "hubungi"})
"""Questions at which a colleague is named because she helps: who knows of it, who calls, when."""

_ORDER = re.compile(
    r"^/?(?:(?:saya|aku|kulo|kula|mau|ingin|pengin|pingin|bade|badhe|arep|izin|ijin|mohon|tolong|"
    r"bu|pak|mbak|mas|kak|permisi|assalamualaikum|assalamu'alaikum)[\s,]+)*"
    r"(?:me|nge?|ng)?lapor(?:kan|an|aken|no)?\b[\s:,.!-]*(.*)$",
    re.IGNORECASE | re.DOTALL,
)
_A_REQUEST = re.compile(
    r"\b(?:jangan|jgn|jng|ojo|aja|ampon)\s+(?:di)?(?:bilang|kasih|kasi|beri|sampai|cerita|ngomong|"
    r"ngandani|lapor|omong)\w*\s+(?:tahu\s+|tau\s+|ke\s+|sama\s+|ambek\s+|karo\s+|pada\s+)*\w+",
    re.IGNORECASE,
)
"""Whom something should not be told: a wish for staff to read, and no answer to what is asked."""

_OF_A_CHILD = "l:anak:"
_ENOUGH = "l:cukup"


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears LAPOR, alone or with the report behind it, and a file that is about a child."""
    if inbound.kind is Kind.BUTTON:
        return _file_is_about(talk, inbound.button)
    match = _ORDER.match(inbound.text.strip()) if inbound.kind is Kind.TEXT else None
    running = talk.running
    if match is None or (running is not None and running.conversation == "lapor"):
        return False
    words = match[1].strip()
    if running is not None and words and interview.takes_free_text(running, talk.world):
        return False
    if len(words.split()) < A_REPORT:
        talk.start("lapor")
    else:
        tell(talk, inbound.text.strip())
    return True


def tell(talk: Talk, words: str) -> None:
    """A report in one message; the rest is asked, and may be left out."""
    code = talk.alarm or _open(talk, words)
    known = {CODE: code, CLASS: danger.assess(words).cls or ""}
    outside = about_us.goes_outside(talk, words)
    talk.send_text(received(talk, code, Level.KUNING, outside=outside))
    ask_more(talk, known, "")


def offer_report(talk: Talk, text: str, code: str) -> None:
    """A recording or a picture out of the blue may be a report: one touch makes it one."""
    about_a_child = Choice(talk.text("report.child"), f"{_OF_A_CHILD}{code}")
    talk.offer(text, (about_a_child, Choice(talk.text("report.enough"), _ENOUGH)))


def own_words(talk: Talk, inbound: Inbound) -> bool:
    """Words beside a question of a report are with staff too; they may tell what happened.

    False where the question itself has to hear them; what they say besides its answer is kept.
    """
    running = talk.running
    if running is None or running.conversation not in REPORTS or inbound.kind is not Kind.TEXT:
        return False
    code = running.facts.get(CODE, "")
    words = [word for word in inbound.text.split() if any(map(str.isalpha, word))]
    if not code or not words or interview.takes_free_text(running, talk.world):
        return False
    if _A_REQUEST.search(inbound.text):
        if talk.alarm != code:
            extend(talk, code, inbound.text)
        talk.ask_again(talk.text("danger.more"))
        return True
    if interview.understands(running, inbound.text, talk.person, talk.world):
        label = interview.is_label(running, inbound.text, talk.person, talk.world)
        if len(words) >= A_REPORT and not label and talk.alarm != code:
            extend(talk, code, inbound.text, tells=running.at not in _OF_HELPERS)
        return False
    if talk.alarm != code:
        extend(talk, code, inbound.text)
    if running.at == "apa":
        talk.hear(interview.skip(running, talk.person, talk.world))
    elif len(words) >= A_REPORT:
        talk.ask_again(talk.text("danger.more"))
    else:
        return False
    return True


def running_task(talk: Talk) -> Task | None:
    """The open concern that she is telling of just now."""
    running = talk.running
    if running is None or running.conversation not in REPORTS:
        return None
    task = talk.world.task(running.facts.get(CODE, ""))
    still_open = task is not None and task.kind == CONCERN and task.closed_at is None
    return task if still_open else None


def code_of_file(talk: Talk, caption: str) -> str:
    """The report that a recording or a picture belongs to, and now its caption too; empty where
    none is being told."""
    running = talk.running
    if (task := running_task(talk)) is not None:
        if caption:
            extend(talk, task.code, caption)
        return task.code
    if running is None or running.conversation != "lapor" or running.facts.get(CODE):
        return ""
    code = _open(talk, caption)
    talk.set_fact(running.id, CODE, code)
    return code


def told(talk: Talk, interview: Interview, path: str, value: str) -> None:
    """Each part is with staff the moment it is told, also when the rest never comes."""
    if not value:
        return
    if path == "isi":
        _told_first(talk, interview, value)
        return
    code = interview.facts.get(CODE, "")
    if not code:
        return
    if talk.alarm != code:
        add_part(talk, code, path, value)
    match path:
        case "aman":
            talk.add(CaseKnown(code, {"safe": value}))
            if value == "belum":
                _at_least(talk, interview, Level.MERAH, "")
        case "hubungi":
            talk.add(CaseKnown(code, {"may_call": value}))
        case "apa" if value in _HAPPENED:
            danger_class, level = _HAPPENED[value]
            _at_least(talk, interview, level, danger_class)
        case _:
            pass


_HAPPENED: Mapping[str, tuple[DangerClass, Level]] = {
    "disakiti": (DangerClass.PHYSICAL_VIOLENCE, Level.ORANYE),
    "tidak_pantas": (DangerClass.SEXUAL_VIOLENCE, Level.MERAH),
    "dinikahkan": (DangerClass.SEXUAL_VIOLENCE, Level.ORANYE),
    "tidak_diurus": (DangerClass.NEGLECT, Level.ORANYE),
    "bekerja": (DangerClass.EXPLOITATION, Level.ORANYE),
    "hilang": (DangerClass.MISSING, Level.MERAH),
    "sakit": (DangerClass.HEALTH_NUTRITION, Level.MERAH),
    "putus_asa": (DangerClass.SELF_HARM, Level.MERAH),
    "murung": (DangerClass.PSYCHOSOCIAL, Level.KUNING),
}
"""What she chooses in plain words, as a class and a level of DOMAIN 4.1."""


def _told_first(talk: Talk, interview: Interview, value: str) -> None:
    media = _file(value)
    code = interview.facts.get(CODE) or talk.alarm
    if not code:
        code = _open(talk, "" if media else value, media, interview)
    elif media:
        talk.add(TaskExtended(code, media=media))
    elif code != talk.alarm:
        extend(talk, code, value)
    talk.set_fact(interview.id, CODE, code)
    found = danger.assess("" if media else value)
    talk.set_fact(interview.id, CLASS, found.cls or "")
    asked_first = talk.alarm is not None and (found.urgent or is_cry(value))
    if not asked_first:
        outside = about_us.goes_outside(talk, value)
        talk.send_text(received(talk, code, Level.KUNING, outside=outside))


def _open(
    talk: Talk, words: str, media: MediaId | None = None, interview: Interview | None = None
) -> str:
    return talk.open_task(
        CONCERN,
        Level.KUNING,
        "reason.told",
        content=words,
        media=media,
        child=interview.child if interview else None,
        outside=about_us.goes_outside(talk, words),
    )


def _at_least(talk: Talk, interview: Interview, level: Level, danger_class: str) -> None:
    """A choice that makes the report more urgent: people are called, the numbers shown."""
    code = interview.facts.get(CODE, "")
    task = talk.world.task(code)
    if task is None or task.closed_at is not None:
        talk.set_fact(interview.id, CODE, raising.anew(talk, code, task, level))
        talk.send_text(numbers(talk))
    elif raising.raise_to(talk, task, level, danger_class):
        talk.send_text(numbers(talk, outside=task.outside))


def ask_more(talk: Talk, known: Mapping[str, str], opening: str) -> None:
    more = f"{opening} {talk.text('report.more')}".strip()
    talk.start("lapor", facts={TOLD: "ya", **known}, opening=more)


def reported(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Everything was asked; what may still be wished is offered."""
    facts = {CODE: interview.facts.get(CODE, "")}
    talk.start("sesudah", facts=facts, opening=talk.text("report.done"))


def left_open(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """What was told so far is with staff already; the rest was not told."""


def passed_on(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """What nobody understood is read by staff, if she wishes; it may be a report."""
    match answers.get("pilihan"):
        case "anak":
            tell(talk, interview.facts["pesan.isi"])
        case "teruskan" if about_us.goes_outside(talk, interview.facts["pesan.isi"]):
            tell(talk, interview.facts["pesan.isi"])
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


def _file_is_about(talk: Talk, button: str) -> bool:
    """What was recorded or photographed is a report of its own from now on."""
    if button == _ENOUGH:
        talk.ask_again(talk.text("all_right"))
        return True
    if not button.startswith(_OF_A_CHILD):
        return False
    task = talk.world.task(button.removeprefix(_OF_A_CHILD))
    if task is None or task.about != talk.person.id or not task.media:
        talk.start("lapor")
        return True
    code = talk.open_task(
        CONCERN, Level.KUNING, "reason.told", content=f"lihat {task.code}", media=task.media[0]
    )
    talk.add(TaskExtended(task.code, content=f"lihat {code}"))
    talk.send_text(received(talk, code, Level.KUNING))
    ask_more(talk, {CODE: code}, "")
    return True


def add_part(talk: Talk, code: str, name: str, value: str) -> None:
    """One more thing she said about a task; a recording goes along to be heard."""
    media = _file(value)
    if media is None:
        extend(talk, code, f"{name}: {value}", tells=name not in _OF_HELPERS)
    else:
        said = f"{name}: {talk.text('review.file')}"
        talk.add(TaskExtended(code, content=said, media=media))


def extend(talk: Talk, code: str, said: str, *, tells: bool = True) -> None:
    """Her words go along; where they say that one of us did it, it is for those outside.

    Who is named where it `tells` what happened is kept out of it from now on.
    """
    named = talk.world.duty.mentioned(said) if tells else ()
    talk.add(TaskExtended(code, content=said, excluded=named))
    if about_us.goes_outside(talk, said):
        talk.add(CaseKnown(code, {"outside": True}))


def _file(value: str) -> MediaId | None:
    kind, _, file = value.partition(":")
    return MediaId(file) if kind in ("voice", "image") and file else None


CONVERSATIONS = (
    Conversation(
        "lapor",
        reported,
        answered=told,
        ended_early=left_open,
        owns_files=True,
        urgent=True,
    ),
    Conversation("bingung", passed_on),
)

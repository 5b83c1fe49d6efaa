"""A human being who calls: wished for by PETUGAS, or discreetly by the safe word; and when.

The safe word shows the numbers that help without the word "danger".
"""

from __future__ import annotations

from collections.abc import Mapping

from conversations.concerns.event import CaseKnown
from conversations.concerns.receipt import numbers
from conversations.concerns.reporting import CODE, add_part, left_open
from conversations.dialogue import Interview
from conversations.event import TaskExtended
from conversations.level import Level
from conversations.talk import Conversation, Talk


def want_person(talk: Talk) -> None:
    """PETUGAS: a task, and when it suits her; asked twice in a row it is one task."""
    if talk.running is not None and talk.running.conversation == "hubungi":
        talk.ask_again(talk.text("handover.thanks"))
        return
    code = talk.open_task("person_wanted", Level.KUNING, "reason.person")
    talk.start("hubungi", facts={CODE: code}, opening=talk.text("handover.thanks"))


def safe_word(talk: Talk) -> None:
    """The discreet word: numbers without the word "danger", and a quiet task for staff."""
    code = talk.open_task("safe_word", Level.ORANYE, "reason.safe_word")
    talk.start("sandi", facts={CODE: code}, opening=numbers(talk))


def safe_word_answered(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Whether staff may write or call; the answer is theirs, and nothing is asked about it."""
    code = interview.facts.get(CODE, "")
    may_call = answers.get("pilihan", "")
    talk.add(
        TaskExtended(code, content=f"hubungi: {may_call}"),
        CaseKnown(code, {"may_call": may_call}),
    )
    if may_call == "boleh":
        talk.start("hubungi", facts={CODE: code})
    else:
        talk.say("goodbye_for_now")


def call_me(talk: Talk, interview: Interview, path: str, value: str) -> None:
    """When she may be called."""
    code = interview.facts.get(CODE, "")
    if code and value and talk.alarm != code:
        add_part(talk, code, "waktu", value)


def will_be_called(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    talk.say("person_will_call")


CONVERSATIONS = (
    Conversation(
        "hubungi",
        will_be_called,
        answered=call_me,
        ended_early=left_open,
        owns_files=True,
        urgent=True,
    ),
    Conversation("sandi", safe_word_answered, urgent=True),
)

"""Every sheet we ship, walked to its end in every language, by buttons and by typing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import conversations
from conversations import interview
from conversations.form import check_source
from conversations.form.model import Form, Type
from conversations.message import Inbound, Kind, Message, printed
from locales import languages
from tests.conversations.world import MemoryWorld, a_caregiver, shipped

FORBIDDEN = re.compile(r"\b(kamu|anda|tkw|tki|yatim|korban)\b", re.IGNORECASE)
SHEETS = sorted((Path(conversations.__file__).parent / "forms").glob("*.md"))
FACTS = {"anak.panggilan": "Muhammad Adi", "anak.tanya_telepon": "ya", "anak.umur": "2"}
TYPED = {
    Type.TEXT: "cerita biasa",
    Type.INTEGER: "2018",
    Type.DATE: "besok",
    Type.TIME: "jam 9 pagi",
}

WALKS = [(name, language) for name in sorted(shipped()) for language in sorted(languages())]


def walk(form: Form, language: str, pick: int) -> list[Message]:
    """To the end by the `pick`-th choice of every question; returns every message shown."""
    world = MemoryWorld()
    person = a_caregiver(world, language=language).person
    heard = interview.begin("bingung", form, person, world, facts=FACTS)
    shown = list(heard.messages)
    for _ in range(80):
        if heard.ending is not None:
            return shown
        asked = heard.messages[-1]
        at = heard.interview.at or ""
        if asked.choices:
            last = len(asked.choices) - 1
            index = last if at.endswith("+") else 0 if at == "@review" else min(pick, last)
            answer = Inbound(Kind.BUTTON, world.now, button=asked.choices[index].payload)
        else:
            kind = form_question(form, at)
            answer = Inbound(Kind.TEXT, world.now, text=TYPED[kind])
        heard = interview.hear(heard.interview, answer, person, world)
        shown += heard.messages
    raise AssertionError(f"{form.name} did not end: {heard.interview.at}")


def form_question(form: Form, path: str) -> Type:
    name = path.rsplit("/", 1)[-1]
    return next(question.type for question in form.questions() if question.name == name)


@pytest.mark.parametrize(("name", "language"), WALKS)
@pytest.mark.parametrize("pick", [0, 1, 2])
def test_every_form_is_walked_to_its_end(name: str, language: str, pick: int) -> None:
    for message in walk(shipped()[name], language, pick):
        text = printed(message)
        assert 0 < len(text) <= 300, text
        assert not FORBIDDEN.search(text)
        assert "${" not in text
        for number, choice in enumerate(message.choices, 1):
            assert f"{number}. {choice.label}" in text


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_every_sheet_is_accepted_without_a_remark(sheet: Path) -> None:
    assert check_source(sheet.read_bytes(), sheet.name) == ()


@pytest.mark.parametrize("name", sorted(name for name in shipped() if name.startswith("cek_")))
def test_a_check_in_is_short_and_every_answer_may_be_changed(name: str) -> None:
    form = shipped()[name]
    asked = [question for question in form.questions() if question.type is Type.SELECT_ONE]

    assert len(asked) <= 8, "two of them only where something calls for them"
    assert form.review
    assert form.nudge_after is None, "by rule, for every village its own"
    assert form.expires_after
    assert set(form.languages) >= {"id", "jv"}

"""The approved words against what Meta demands of a template, and against our own rules."""

from __future__ import annotations

import re

import pytest

from conversations import templates as names
from conversations.message import Message
from conversations.schools.announcing import rsvp_choices
from conversations.schools.session import SessionId
from locales import say
from locales.templates import Declared, templates

ALL = tuple(templates().values())


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_template_keeps_metas_rules(one: Declared) -> None:
    places, bare = one.places, re.sub(r"\{\{\d+\}\}", " ", one.body)

    assert re.fullmatch(r"[a-z0-9_]{1,60}", one.name)
    assert len(one.body) <= 1_024
    assert list(places) == list(range(1, len(places) + 1))
    assert len(one.values) == len(one.examples) == len(places)
    assert not one.body.startswith("{{")
    assert not one.body.endswith("}}")
    assert len(bare.split()) > 3 * len(places)
    assert len(one.buttons) <= 3
    assert all(0 < len(label) <= 20 for label in one.buttons)
    assert len(set(one.buttons)) == len(one.buttons)
    assert not any("\n" in value or "\t" in value for value in one.examples)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_template_keeps_our_rules(one: Declared) -> None:
    said = one.filled(one.examples).casefold()

    assert len(one.filled(one.examples)) <= 300
    for number, label in enumerate(one.buttons, 1):
        assert f"\n{number}. {label}" in one.body
    assert not re.search(r"\b(anak|cucu|kasus|laporan|kamu|anda|mengapa|kenapa|migran|tki)\b", said)
    assert one.as_marketing in ("send", "exclude")


def test_every_template_is_used_under_its_name() -> None:
    used = {
        names.CHECKIN,
        names.NEWS,
        names.ALERT,
        names.URGENT_NEWS,
        names.REMINDER,
        names.MOVED,
        names.CANCELLED,
    }

    assert used == set(templates())


def test_the_buttons_are_the_answers_that_the_messages_offer() -> None:
    rsvp = tuple(choice.label for choice in rsvp_choices(SessionId(1), "id"))
    duty = (say("staff.accept"), say("staff.read"))

    assert templates()[names.REMINDER].buttons == templates()[names.MOVED].buttons == rsvp
    assert templates()[names.ALERT].buttons == duty


def test_whatever_only_opens_has_one_button() -> None:
    opening = [one for one in ALL if not one.whole]

    assert {one.name for one in opening} == {names.CHECKIN, names.NEWS, names.URGENT_NEWS}
    assert all(len(one.buttons) == 1 for one in opening)


def test_a_long_place_is_cut_and_a_missing_one_is_told_later() -> None:
    long = names.session(names.REMINDER, "Mbah", "Sekolah", "Selasa", "balai desa " * 30, "id")
    none = names.session(names.REMINDER, "Mbah", "Sekolah", "Selasa", "", "id")

    assert len(long.values[3]) <= 60
    assert none.values[3] == say("template.place")


def test_a_message_keeps_its_template_where_it_is_stored() -> None:
    message = Message("Halo", template=names.opening(names.NEWS, "Mbah\nSiti"))

    kept = Message.from_json(message.to_json())

    assert kept == message
    assert kept.template is not None
    assert kept.template.values == ("Mbah Siti",)

"""A picture of a task opens to its owner alone, and each opening is recorded; a voice to all."""

from __future__ import annotations

import pytest

from conversations.casework import files
from conversations.dialogue import Dialogue, Person, PersonId, Role, Task, Turn
from conversations.event import Audited
from conversations.level import Level
from conversations.message import MediaId, Message
from conversations.router import CONVERSATIONS
from conversations.talk import Talk
from tests.conversations.world import STAFF, MemoryWorld

CODE = "LDK-26-0042"
REPORTER = PersonId(7)


def a_task(world: MemoryWorld, *kinds: str, owner: PersonId | None, accepted: bool) -> Task:
    """A concern with a file of each kind."""
    names = tuple(MediaId(f"m{number}") for number, _ in enumerate(kinds))
    world.file_kinds.update(zip(names, kinds, strict=True))
    now = world.now
    return Task(
        CODE,
        "concern",
        Level.ORANYE,
        REPORTER,
        None,
        owner,
        now,
        now,
        "reason.told",
        media=names,
        accepted=accepted,
    )


def shown(
    world: MemoryWorld, task: Task, person: PersonId = STAFF, role: Role = Role.STAFF
) -> Turn:
    talk = Talk(Person(person, role=role), Dialogue(), world, CONVERSATIONS)
    files.show(talk, task, "task")
    return talk.turn()


def messages(turn: Turn) -> list[Message]:
    return [outgoing.message for outgoing in turn.outgoing]


def test_the_owner_sees_the_picture_hidden_and_not_to_be_passed_on() -> None:
    world = MemoryWorld()
    task = a_task(world, "image", owner=STAFF, accepted=True)

    turn = shown(world, task)

    [message] = messages(turn)
    assert (message.media, message.discreet) == ("m0", True)
    assert turn.outgoing[0].purpose == "task"


def test_each_opened_picture_is_recorded() -> None:
    world = MemoryWorld()
    task = a_task(world, "image", "image", owner=STAFF, accepted=True)

    turn = shown(world, task)

    assert turn.events == (Audited("image_opened", CODE), Audited("image_opened", CODE))


@pytest.mark.parametrize("role", [Role.STAFF, Role.COORDINATOR, Role.FOCAL, Role.CADRE])
def test_nobody_else_sees_it_and_nothing_is_recorded_as_opened(role: Role) -> None:
    world = MemoryWorld()
    task = a_task(world, "image", owner=PersonId(901), accepted=True)

    turn = shown(world, task, role=role)

    [message] = messages(turn)
    assert message.media is None
    assert "hanya dibuka oleh pemilik laporan" in message.text
    assert turn.events == ()


def test_whoever_may_still_take_it_is_told_how() -> None:
    world = MemoryWorld()
    task = a_task(world, "image", owner=PersonId(901), accepted=False)

    [message] = messages(shown(world, task))

    assert f"TERIMA {CODE}" in message.text


def test_a_voice_note_is_heard_by_whoever_may_read() -> None:
    world = MemoryWorld()
    task = a_task(world, "voice", "image", owner=PersonId(901), accepted=True)

    heard, told = messages(shown(world, task))

    assert heard.media == "m0"
    assert told.media is None


def test_a_file_of_which_nothing_is_known_counts_as_a_picture() -> None:
    world = MemoryWorld()
    task = a_task(world, "", owner=PersonId(901), accepted=True)

    [message] = messages(shown(world, task))

    assert message.media is None


def test_not_even_the_owner_sees_a_picture_of_what_concerns_herself() -> None:
    world = MemoryWorld()
    task = a_task(world, "image", owner=REPORTER, accepted=True)

    [message] = messages(shown(world, task, person=REPORTER))

    assert message.media is None

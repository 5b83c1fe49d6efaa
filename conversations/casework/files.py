"""Recordings and pictures of a task, shown to whoever reads it; a picture to its owner alone."""

from __future__ import annotations

from conversations.dialogue import Task
from conversations.event import Audited
from conversations.message import Kind, Message
from conversations.permission import Act, may
from conversations.talk import Talk


def show(talk: Talk, task: Task, purpose: str) -> None:
    """Sends what may be heard or seen, hidden on the lock screen, not to be passed on.

    A picture may be intimate: only the owner opens it, and each opening is recorded. A file of
    which nothing is known counts as a picture.
    """
    kept_back = False
    for media in task.media:
        if talk.world.file_kind(media) != Kind.VOICE:
            if not may(talk.person, Act.OPEN_IMAGE, task):
                kept_back = True
                continue
            talk.add(Audited("image_opened", task.code))
        text = talk.text("staff.file", code=task.code)
        talk.send(Message(text, media=media, discreet=True), purpose=purpose)
    if kept_back:
        key = "staff.image_of_owner" if task.accepted else "staff.image_take_first"
        talk.send(Message(talk.text(key, code=task.code), discreet=True), purpose=purpose)

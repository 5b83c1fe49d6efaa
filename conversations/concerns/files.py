"""Recordings and pictures out of the blue: kept for staff, with the alarm or report they belong to.

Files that answer a question of a form are the interview's.
"""

from __future__ import annotations

from typing import Final

from conversations.concerns import reporting
from conversations.event import MediaKept, TaskExtended
from conversations.level import Level
from conversations.message import Inbound, Kind, MediaId
from conversations.talk import Talk

KEPT: Final = (Kind.VOICE, Kind.IMAGE)


def keep(talk: Talk, inbound: Inbound) -> str:
    """Part of the alarm its words raised or of the report that is being told, else a task of its
    own; the code of that, empty for anything that is not kept.
    """
    if inbound.kind not in KEPT or inbound.media is None:
        return ""
    media = MediaId(talk.world.fresh_id())
    code = talk.alarm or reporting.code_of_file(talk, inbound.text)
    if not code:
        reason = f"reason.{inbound.kind}"
        code = talk.open_task(inbound.kind, Level.KUNING, reason, content=inbound.text, media=media)
    else:
        talk.add(TaskExtended(code, media=media))
    talk.add(MediaKept(media, inbound.kind, inbound.media, task=code))
    return code

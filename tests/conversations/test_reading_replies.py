"""Every reply of `replies.tsv`, read as the person who labelled it would read it."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from conversations import reading

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
Labelled = tuple[str, str | int | None, str]


def labelled_replies() -> list[Labelled]:
    """(kind, value, reply) of every line that is no remark."""
    lines = Path(__file__).with_name("replies.tsv").read_text("utf-8").splitlines()
    fields = (line.split("\t") for line in lines if not line.startswith("# "))
    return [(kind, json.loads(value), reply) for _, kind, value, reply in fields]


@pytest.mark.parametrize("kind", reading.KINDS)
def test_replies_are_read_as_a_careful_fieldworker_reads_them(kind: str) -> None:
    replies = [(value, reply) for of_kind, value, reply in labelled_replies() if of_kind == kind]

    misread = {
        reply: (wanted, got)
        for wanted, reply in replies
        if (got := reading.read(kind, reply, NOW)) != wanted
    }

    assert len(replies) >= 120
    assert misread == {}


def test_no_reply_to_a_question_about_something_else_stops_the_messages() -> None:
    others = [reply for kind, _, reply in labelled_replies() if kind not in ("intent", "yes_no")]

    stopped = [reply for reply in others if reading.intent(reply) in ("stop", "erase")]

    assert stopped == []

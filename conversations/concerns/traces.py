"""Traces on the phone: what was written to and fro is taken away where the channel can do that.

Asked for at any time and offered with a receipt. Nothing is taken from staff: what was told stays
with them. It is never said that something is gone; whoever looks at the phone sees it herself.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from conversations.concerns.event import TracesErased
from conversations.message import Choice, Inbound, Kind
from conversations.reading.words import words_of
from conversations.talk import Talk
from locales.words import words

DELETABLE = timedelta(hours=48)
"""Younger messages can be taken away on both sides (Telegram's Bot API, deleteMessage)."""

REPORTS = ("lapor", "bahaya", "hubungi", "sandi", "sesudah", "bingung")
"""Conversations in which something is told that nobody else should find on the phone."""

_BUTTON = "traces:"
_ALL, _NO = "all", "no"
_A_MOMENT = timedelta(minutes=1)
"""Her first message came in a little before the conversation that it began."""
_LONGEST_ORDER = 9
_MOST_REPORTS = 10


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears the wish to clear this phone; False when the message means something else."""
    if inbound.kind is Kind.BUTTON:
        if not inbound.button.startswith(_BUTTON):
            return False
        _chosen(talk, inbound.button.removeprefix(_BUTTON))
        return True
    if inbound.kind is not Kind.TEXT or not is_wish(inbound.text):
        return False
    offer_erasing(talk)
    return True


def is_wish(text: str) -> bool:
    """Whether a text asks to clear the conversation, and nothing else; data are another matter.

    >>> is_wish("tolong hapus chat ini mbak"), is_wish("HAPUS JEJAK"), is_wish("busak kabeh chate")
    (True, True, True)
    >>> is_wish("hapus data saya"), is_wish("jangan hapus pesan"), is_wish("dia hapus chat saya")
    (False, False, False)
    """
    spoken = tuple(word for word in words_of(text) if word[0].isalnum())
    if not 1 < len(spoken) <= _LONGEST_ORDER:
        return False
    table, courtesy = words()["traces"], words()["courtesy"]
    said, place = set(), 0
    while place < len(spoken):
        found = table.at(spoken, place)
        if found is None and (spoken[place] not in courtesy or spoken[place] in _SOMEBODY):
            return False
        said.add(found[0] if found else "")
        place += found[1] if found else 1
    return {"wipe", "chat"} <= said


_SOMEBODY = frozenset({"dia", "beliau", "baru", "tadi", "kemarin", "semalam"})
"""Polite around an order, but here they tell what somebody else did, or what has happened."""


def offer_erasing(talk: Talk) -> None:
    """What can be taken away from this phone and what not, and the choice; or how to do it.

    A running question waits meanwhile.
    """
    if not talk.world.removes:
        talk.send_text(talk.text("traces.by_hand"))
        talk.ask_again(talk.text("traces.by_hand_too"))
        return
    everything = Choice(talk.text("traces.two_days"), f"{_BUTTON}{_ALL}")
    nothing = Choice(talk.text("traces.no"), f"{_BUTTON}{_NO}")
    latest = _latest(talk)
    choices = (everything, nothing) if latest is None else (latest, everything, nothing)
    talk.offer(talk.text("traces.offer"), choices)


def _latest(talk: Talk) -> Choice | None:
    """What belongs to her report; without one, what was written today."""
    now, zone = talk.world.now, talk.person.tz
    began = _report_began(talk)
    midnight = datetime.combine(now.astimezone(zone).date(), time(0), zone)
    since = began or max(midnight, now - DELETABLE)
    local = since.astimezone(zone)
    days = (now.astimezone(zone).date() - local.date()).days
    if days > 1:
        return None
    key = "traces.today" if began is None else f"traces.since{'_yesterday' if days else ''}"
    label = talk.text(key, at=f"{local:%H.%M}")
    return Choice(label, f"{_BUTTON}{int(since.timestamp())}")


def _report_began(talk: Talk) -> datetime | None:
    """When the earliest report began that she is still in, or that she made these two days; on a
    phone that several people use it is not shown that there is one."""
    if talk.person.shares_phone:
        return None
    running = [one for one in map(talk.begun, REPORTS) if one is not None]
    oldest = talk.world.now - DELETABLE
    told = talk.world.cases.reported_by(talk.person.id, oldest, _MOST_REPORTS)
    began = [one.started_at for one in running if one.started_at is not None]
    began += [one.task.created_at for one in told]
    return max(min(began) - _A_MOMENT, oldest) if began else None


def _chosen(talk: Talk, word: str) -> None:
    now = talk.world.now
    if word == _ALL:
        _erase(talk, now - DELETABLE)
    elif word.isdecimal() and int(word) <= now.timestamp():
        since = datetime.fromtimestamp(int(word), now.tzinfo)
        _erase(talk, max(since, now - DELETABLE))
    else:
        talk.ask_again(talk.text("all_right"))


def _erase(talk: Talk, since: datetime) -> None:
    """A report ends with what was told, which is with staff; another question is asked anew.

    The wish may come from an old button on a channel that cannot do it.
    """
    if not talk.world.removes:
        offer_erasing(talk)
        return
    talk.give_up_all(*REPORTS)
    said = "" if talk.running is not None else talk.text("traces.left")
    talk.add(TracesErased(since, said, talk.text("traces.not_all")))
    talk.ask_again()

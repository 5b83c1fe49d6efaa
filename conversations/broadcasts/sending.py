"""A broadcast in chat after its rehearsal: now, later, approved, watched, paused, ended.

Every step is decided again where it is stored: here somebody only hears whether it is possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from conversations import reading
from conversations.broadcasts.audience import written
from conversations.broadcasts.broadcast import OPEN, Broadcast, Rehearsal, State, Step
from conversations.broadcasts.drafting import WHOM, ask_words, numbered
from conversations.broadcasts.texts import account_lines, rehearsal_text, standing_lines
from conversations.dialogue import Interview, Wake
from conversations.event import BroadcastStep, Remind
from conversations.message import Choice, Message
from conversations.permission import Act, may
from conversations.talk import Talk

WHEN = "siar_jadwal"
NEWS = "siar"
"""The due work that tells staff about a broadcast: "12:gladi", "12:maju:25"."""

_BETWEEN_NEWS = timedelta(minutes=1)
_NEARLY_DONE = timedelta(seconds=5)
_WHILE_IT_RESTS = timedelta(minutes=10)
_NEWS_HOLDS = timedelta(hours=12)


def _rehearsed(talk: Talk, broadcast: Broadcast, rest: str) -> None:
    if broadcast.state is State.DRAFT:
        _show_rehearsal(talk, broadcast)
        _offer_next(talk, broadcast)


def _show_rehearsal(talk: Talk, broadcast: Broadcast) -> None:
    asked = talk.world.broadcasts
    counted = _counted(talk, broadcast)
    if counted is None:
        return
    talk.send_text(rehearsal_text(broadcast, counted, asked.rates, asked.tariff()))
    file = broadcast.media if _is_stored(talk, broadcast) else None
    for number, sample in enumerate(asked.samples(broadcast.id), 1):
        words = talk.text("broadcast.sample", n=number, words=sample)
        talk.send(Message(words, media=file if number == 1 else None, discreet=True))


def _offer_next(talk: Talk, broadcast: Broadcast) -> None:
    counted = _counted(talk, broadcast)
    if counted is not None and counted.reached == 0:
        talk.offer(
            talk.text("broadcast.nobody"),
            (
                Choice(talk.text("broadcast.change_whom"), f"siar:siapa:{broadcast.id}"),
                Choice(talk.text("broadcast.cancel"), f"siar:batal:{broadcast.id}"),
            ),
        )
        return
    talk.offer(
        talk.text("broadcast.what_next", id=broadcast.id),
        tuple(
            Choice(talk.text(f"broadcast.{label}"), f"siar:{act}:{broadcast.id}")
            for label, act in (
                ("send_now", "kirim"),
                ("schedule", "jadwal"),
                ("try", "coba"),
                ("change", "ubah"),
                ("cancel", "batal"),
            )
        ),
    )


def send_now(talk: Talk, number: str) -> None:
    if (draft := _own_draft(talk, number)) is not None:
        _submit(talk, draft, None)


def schedule(talk: Talk, number: str) -> None:
    if _own_draft(talk, number) is not None:
        talk.start(WHEN, facts={"siar.nomor": number})


def when_written(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """A day and an hour to send it at, in the local time of whoever wrote it."""
    number = interview.facts.get("siar.nomor", "")
    draft = _own_draft(talk, number)
    if draft is None:
        return
    local = talk.world.now.astimezone(talk.person.tz)
    when = reading.weekday_time(answers.get("kapan", ""), local)
    if not isinstance(when, datetime):
        key = "broadcast.when_unclear" if when is None else "broadcast.which_hour"
        talk.start(WHEN, facts={"siar.nomor": number}, opening=talk.text(key))
        return
    _submit(talk, draft, when.astimezone(talk.world.now.tzinfo))


def _submit(talk: Talk, draft: Broadcast, starts_at: datetime | None) -> None:
    asked = talk.world.broadcasts
    counted = _counted(talk, draft)
    if counted is None or counted.reached == 0 or not _is_stored(talk, draft):
        talk.say("broadcast.nobody" if counted and not counted.reached else "broadcast.not_yet")
        _offer_next(talk, draft)
        return
    local = (starts_at or talk.world.now).astimezone(talk.person.tz)
    at = f"{local:%d/%m %H:%M}"
    if counted.planned > asked.alone_up_to:
        if not any(member != talk.person.id for member in talk.world.staff()):
            talk.say("broadcast.no_approver", most=asked.alone_up_to)
            _offer_next(talk, draft)
            return
        talk.add(BroadcastStep(draft.id, Step.ASK, starts_at))
        talk.say("broadcast.asking", id=draft.id, most=asked.alone_up_to)
        return
    talk.add(BroadcastStep(draft.id, Step.START, starts_at))
    talk.say("broadcast.scheduled" if starts_at else "broadcast.started", id=draft.id, at=at)


def try_out(talk: Talk, number: str) -> None:
    """The message as it would be, to whoever asks; nobody else gets it."""
    broadcast = numbered(talk, number)
    if broadcast is None:
        talk.say("broadcast.no_such")
        return
    words = talk.world.broadcasts.own_words(broadcast.id, talk.person.id)
    file = broadcast.media if _is_stored(talk, broadcast) else None
    talk.send(Message(words, media=file))
    if broadcast.state is State.DRAFT:
        _offer_next(talk, broadcast)
    else:
        _offer_steps(talk, broadcast, talk.text("broadcast.was_a_try"))


def change(talk: Talk, number: str) -> None:
    if (draft := _own_draft(talk, number)) is not None:
        talk.offer(
            talk.text("broadcast.change_what"),
            (
                Choice(talk.text("broadcast.change_whom"), f"siar:siapa:{draft.id}"),
                Choice(talk.text("broadcast.change_words"), f"siar:isi:{draft.id}"),
            ),
        )


def change_whom(talk: Talk, number: str) -> None:
    if (draft := _own_draft(talk, number)) is not None:
        now = talk.text("broadcast.now_for", whom=written(draft.audience) or "peran=pengasuh")
        talk.start(WHOM, facts={"siar.nomor": number}, opening=now)


def change_words(talk: Talk, number: str) -> None:
    if (draft := _own_draft(talk, number)) is not None:
        talk.add(BroadcastStep(draft.id, Step.CANCEL))
        ask_words(talk, draft.audience)


# --- while it is sent -----------------------------------------------------------------------------


def step_button(step: Step) -> Callable[[Talk, str], None]:
    """The button that takes this step."""

    def take(talk: Talk, number: str) -> None:
        broadcast = numbered(talk, number)
        if broadcast is None:
            talk.say("broadcast.no_such")
        elif broadcast.state not in _FROM[step]:
            talk.say("broadcast.too_late", id=broadcast.id, state=_state(talk, broadcast))
        elif step in (Step.APPROVE, Step.REFUSE) and not _may_approve(talk, broadcast):
            talk.say("broadcast.own")
        else:
            talk.add(BroadcastStep(broadcast.id, step))
            talk.say(f"broadcast.done.{step}", id=broadcast.id)

    return take


_FROM = {
    Step.APPROVE: (State.ASKING,),
    Step.REFUSE: (State.ASKING,),
    Step.PAUSE: (State.RUNNING,),
    Step.RESUME: (State.PAUSED, State.RUNNING),
    Step.CANCEL: (State.DRAFT, *OPEN),
}


def _may_approve(talk: Talk, broadcast: Broadcast) -> bool:
    return may(talk.person, Act.APPROVE_BROADCAST) and broadcast.by != talk.person.id


def show(talk: Talk, broadcast: Broadcast) -> None:
    """How far it is, and what can be done with it."""
    account = talk.world.broadcasts.account(broadcast.id)
    heading = talk.text("broadcast.heading", id=broadcast.id, state=_state(talk, broadcast))
    _offer_steps(talk, broadcast, "\n".join([heading, *standing_lines(broadcast, account)]))


def _offer_steps(talk: Talk, broadcast: Broadcast, text: str) -> None:
    acts = [("pause", "jeda")] if broadcast.state is State.RUNNING else []
    if broadcast.state is State.PAUSED or broadcast.stalled:
        acts = [("resume", "lanjut")]
    if broadcast.state is State.ASKING and _may_approve(talk, broadcast):
        acts += [("approve", "setuju"), ("refuse", "tolak"), ("try", "coba")]
    if broadcast.state in OPEN:
        acts.append(("cancel", "batal"))
    choices = [
        Choice(talk.text(f"broadcast.{label}"), f"siar:{act}:{broadcast.id}") for label, act in acts
    ]
    talk.offer(text, (*choices, Choice(talk.text("broadcast.new"), "siar:baru")))


def newest_open(talk: Talk) -> Broadcast | None:
    newest = talk.world.broadcasts.latest()
    return next((one for one in newest if one.state in OPEN), None)


def _state(talk: Talk, broadcast: Broadcast) -> str:
    return talk.text(f"broadcast.state.{broadcast.state}")


def _own_draft(talk: Talk, number: str) -> Broadcast | None:
    """The draft of this number; who asks is told when it is no draft of hers (any more)."""
    broadcast = numbered(talk, number)
    if broadcast is None or broadcast.by != talk.person.id:
        talk.say("broadcast.no_such")
        return None
    if broadcast.state is not State.DRAFT:
        talk.say("broadcast.too_late", id=broadcast.id, state=_state(talk, broadcast))
        return None
    return broadcast


def _counted(talk: Talk, broadcast: Broadcast) -> Rehearsal | None:
    """What its rehearsal counted, as far as this month's money goes now."""
    counted = talk.world.broadcasts.rehearsal(broadcast.id)
    return None if counted is None else counted.within(talk.world.broadcasts.tariff())


def _is_stored(talk: Talk, broadcast: Broadcast) -> bool:
    return broadcast.media is None or talk.world.broadcasts.file(broadcast.media) == "stored"


# --- what staff are told --------------------------------------------------------------------------


def tell(talk: Talk, wake: Wake) -> None:
    """Something about a broadcast that a member of staff must know, in a turn of her own."""
    number, _, rest = wake.subject.partition(":")
    what, _, rest = rest.partition(":")
    broadcast = numbered(talk, number)
    if broadcast is not None and may(talk.person, Act.BROADCAST):
        _NEWS[what](talk, broadcast, rest)


def _ask_approval(talk: Talk, broadcast: Broadcast, rest: str) -> None:
    """A second person sees the same rehearsal, and decides."""
    if broadcast.state is not State.ASKING or not _may_approve(talk, broadcast):
        return
    _show_rehearsal(talk, broadcast)
    name = broadcast.by_name or talk.text("broadcast.by_command")
    _offer_steps(talk, broadcast, talk.text("broadcast.approve_this", id=broadcast.id, name=name))


def _decided(talk: Talk, broadcast: Broadcast, rest: str) -> None:
    talk.say("broadcast.decided", id=broadcast.id, state=_state(talk, broadcast))


def _file_lost(talk: Talk, broadcast: Broadcast, rest: str) -> None:
    talk.say("broadcast.file_lost", id=broadcast.id)


def _progress(talk: Talk, broadcast: Broadcast, told: str) -> None:
    """A quarter at a time, a minute apart at least; at the end what became of everybody."""
    if broadcast.state not in (State.RUNNING, State.DONE):
        return
    account = talk.world.broadcasts.account(broadcast.id)
    if broadcast.stalled:
        stalled = talk.text("broadcast.stalled", id=broadcast.id, waiting=account.waiting)
        _offer_steps(talk, broadcast, stalled)
        return
    if broadcast.state is State.DONE:
        heading = talk.text("broadcast.is_done", id=broadcast.id)
        talk.send_text("\n".join([heading, *account_lines(account)]))
        return
    quarter = min(account.quarter, 75)
    further = quarter > int(told) and account.waiting > 0
    if further:
        talk.say("broadcast.progress", id=broadcast.id, percent=quarter, waiting=account.waiting)
    rests = account.sent > 0 and not further
    pause = _WHILE_IT_RESTS if rests else _BETWEEN_NEWS
    at = talk.world.now + (pause if account.waiting else _NEARLY_DONE)
    subject = f"{broadcast.id}:maju:{max(quarter, int(told))}"
    talk.add(Remind(NEWS, subject, at, at + _NEWS_HOLDS))


_NEWS: dict[str, Callable[[Talk, Broadcast, str], None]] = {
    "gladi": _rehearsed,
    "setuju": _ask_approval,
    "putusan": _decided,
    "berkas": _file_lost,
    "maju": _progress,
}

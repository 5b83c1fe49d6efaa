"""BACA: one task shown to whoever may read it, as it was said and as it was worked on.

Every message of it is hidden on the lock screen and cannot be forwarded; whoever reads is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conversations.casework import desk, files
from conversations.concerns.case import Case, Noted
from conversations.dialogue import Role, Task
from conversations.duty import watch
from conversations.event import Audited
from conversations.helping import inviting
from conversations.message import Choice, Message
from conversations.permission import Act, may
from conversations.talk import Talk
from locales import UnknownTextError, say

LONGEST = 900
"""Characters of one message of it: staff asked for it, and a phone still shows it at once."""

_LINKED = "linked"
"""The note whose words are the code of another report of the same child."""

_SAID = frozenset({"told", "added"})
"""What was said by whoever reported, or added by her; the rest was done by staff."""


def read(talk: Talk, task: Task, words: str) -> None:
    """Everything that is known of a task; a cadre on her visit learns a name and no reason."""
    talk.add(Audited("task_read", task.code))
    if talk.person.role is Role.CADRE:
        _show_visit(talk, task)
        return
    watch.seen(talk, task)
    purpose = shown_to_staff(task.code)
    files.show(talk, task, purpose)
    case = desk.case_of(talk, task)
    head = _about_task(talk, task) if case is None else _about_case(talk, case)
    noted = talk.world.cases.history(task.code)
    *before, last = _packed([head, *_quoted(talk, task, noted)])
    for text in before:
        talk.send(Message(text, discreet=True), purpose=purpose)
    choices = _task_steps(talk, task) if case is None else desk.next_steps(talk, case)
    talk.offer(last, choices, discreet=True, purpose=purpose)


def shown_to_staff(code: str) -> str:
    """The purpose of a message that shows what was said in a task, so that erasure finds it.

    >>> shown_to_staff("LDK-26-0042")
    'task LDK-26-0042'
    """
    return f"task {code}"[:24]


def _show_visit(talk: Talk, task: Task) -> None:
    """Whom to look in on; nothing that was said, and nothing of why."""
    taken = () if task.accepted else (Choice(say("staff.accept"), f"t:terima:{task.code}"),)
    talk.offer(
        talk.text(
            "visit.about",
            code=task.code,
            who=(task.content if task.about is None else task.about_name) or "-",
            due=desk.when(talk, task.due_at),
        ),
        (
            *taken,
            Choice(say("case.step.catat"), f"t:catat:{task.code}"),
            Choice(say("visit.been_there"), f"t:selesai:{task.code}"),
        ),
        discreet=True,
        purpose=shown_to_staff(task.code),
    )


def _about_task(talk: Talk, task: Task) -> str:
    return talk.text(
        "staff.about",
        code=task.code,
        level=task.level.upper(),
        kind=_text(talk, f"staff.kind.{task.kind}", task.kind),
        reason=_text(talk, task.reason, task.reason),
        who=task.about_name or "-",
        at=f"{task.created_at.astimezone(talk.person.tz):%d/%m %H:%M}",
    )


def _about_case(talk: Talk, case: Case) -> str:
    return "\n".join(filter(None, _case_lines(talk, case)))


def _case_lines(talk: Talk, case: Case) -> Iterator[str]:
    task = case.task
    late = task.closed_at is None and task.due_at < talk.world.now
    yield talk.text(
        "case.head",
        code=case.code,
        level=task.level.upper(),
        stage=talk.text(f"case.stage.{case.stage}"),
    )
    guess = task.danger_class or "unknown"
    yield talk.text("case.class", cls=_text(talk, f"case.class.{guess}", guess))
    yield talk.text("case.reason", reason=_text(talk, task.reason, task.reason))
    yield talk.text("case.owner", name=desk.name_of(talk, task.owner))
    if task.closed_at is not None:
        outcome = talk.text(f"case.outcome.{case.outcome}") if case.outcome else "-"
        yield talk.text("case.closed_since", when=desk.when(talk, task.closed_at), outcome=outcome)
    else:
        mark = talk.text("staff.late") if late else ""
        yield talk.text("case.due", when=desk.when(talk, task.due_at), late=mark).strip()
    yield from desk.clock_lines(talk, case)
    role = _text(talk, f"case.role.{case.reporter_role}", case.reporter_role)
    yield talk.text("case.reporter", who=task.about_name or "-", role=role or "-")
    if case.hide_name:
        yield talk.text("case.hide_name")
    if task.outside:
        yield talk.text("case.outside")
    if case.safe:
        yield _text(talk, f"case.safe.{case.safe}", case.safe)
    yield desk.weigh(talk, case)
    if case.next_at is not None:
        yield talk.text("case.next", when=desk.when(talk, case.next_at), note=case.next_action)
    for referral in talk.world.cases.referrals(case.code):
        yield talk.text(
            "case.referral",
            office=referral.contact.name,
            state=talk.text(f"case.referral.{referral.state}"),
            at=f"{referral.state_at.astimezone(talk.person.tz):%d/%m %H:%M}",
        )
    if case.closing_by is not None:
        yield talk.text("case.waits", name=desk.name_of(talk, case.closing_by))
    if links := [code for code in case.links if _sees(talk, code)]:
        yield talk.text("case.links", codes=", ".join(links))
    if case.merged_into:
        yield talk.text("case.merged_into", code=case.merged_into)


def _quoted(talk: Talk, task: Task, noted: Iterable[Noted]) -> Iterator[str]:
    """Word for word what was said, with when and by whom; then what staff did, in one order."""
    for one in noted:
        at = f"{one.at.astimezone(talk.person.tz):%d/%m %H:%M}"
        name = one.name or "-"
        if one.code and one.code != task.code:
            name = f"{name} ({one.code})"
        if one.action == _LINKED and not _sees(talk, one.text):
            continue
        words = one.text or (talk.text("case.file") if one.media else "")
        if one.action in _SAID:
            if words:
                yield talk.text("case.said", at=at, name=name, words=words)
            continue
        did = _text(talk, f"case.did.{one.action}", one.action)
        yield talk.text("case.did", at=at, name=name, did=did, words=words).rstrip(" :")


def _sees(talk: Talk, code: str) -> bool:
    """Whether she may know of another case at all."""
    other = talk.world.task(code)
    return other is not None and may(talk.person, Act.READ_TASK, other)


def _packed(blocks: Iterable[str]) -> list[str]:
    """Blocks together as long as a message has room; a long one goes on in the next message."""
    messages: list[str] = []
    for part in (part for block in blocks for part in _parts(block)):
        if messages and len(messages[-1]) + len(part) + 2 <= LONGEST:
            messages[-1] = f"{messages[-1]}\n\n{part}"
        else:
            messages.append(part)
    return messages


def _parts(block: str) -> Iterator[str]:
    while len(block) > LONGEST:
        room = block.rfind(" ", LONGEST // 2, LONGEST)
        cut = room if room > 0 else LONGEST
        yield block[:cut]
        block = block[cut:].lstrip()
    if block:
        yield block


def _task_steps(talk: Talk, task: Task) -> tuple[Choice, ...]:
    if task.closed_at is not None:
        return ()
    note = Choice(say("case.step.catat"), f"t:catat:{task.code}")
    close = Choice(say("staff.close"), f"t:selesai:{task.code}")
    take = () if task.accepted else (Choice(say("staff.accept"), f"t:terima:{task.code}"),)
    asked = inviting.steps(task) if may(talk.person, Act.GIVE_ROLE, task) else ()
    return (*asked, *take, note, close)


def _text(talk: Talk, key: str, otherwise: str) -> str:
    """The text of a key that is made of a stored word, which an older version may have written."""
    try:
        return talk.text(key)
    except UnknownTextError:
        return otherwise

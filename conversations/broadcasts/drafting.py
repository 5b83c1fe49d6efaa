"""Writing a broadcast in chat: to whom, and what; until its dress rehearsal begins.

What follows the rehearsal is in `sending.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from conversations import interview as interviews
from conversations.broadcasts.audience import (
    ROLES,
    Audience,
    AudienceError,
    describe,
    parse,
    written,
)
from conversations.broadcasts.broadcast import (
    Broadcast,
    BroadcastId,
    DraftRefused,
    State,
    Step,
    check_text,
    remark,
)
from conversations.dialogue import Interview
from conversations.event import BroadcastDrafted, BroadcastStep, MediaKept
from conversations.message import Choice, Inbound, Kind, MediaId
from conversations.talk import Talk

WHOM, WORDS = "siar_untuk", "siar_isi"

LARGEST = {Kind.IMAGE: 10 * 2**20, Kind.VOICE: 20 * 2**20}
"""Bytes of a picture and of a recording that may be sent to many."""

NO_WORDS = "-"
"""What stands for the text where somebody sends only a file."""

_PAGE = 8


def is_writing(talk: Talk) -> bool:
    """Whether what comes now are the words of a broadcast, and no words of one's own."""
    running = talk.running
    return talk.person.role.in_office and running is not None and running.conversation == WORDS


def numbered(talk: Talk, number: str) -> Broadcast | None:
    """The broadcast of a number on a button."""
    if not number.isdecimal() or len(number) > 15:
        return None
    return talk.world.broadcasts.one(BroadcastId(int(number)))


# --- to whom --------------------------------------------------------------------------------------


def ask_whom(talk: Talk, _: str) -> None:
    talk.offer(
        talk.text("broadcast.to_whom"),
        (
            Choice(talk.text("broadcast.one_school"), "siar:sekolah:0"),
            Choice(talk.text("broadcast.one_village"), "siar:desa:0"),
            Choice(talk.text("broadcast.one_role"), "siar:peran"),
            Choice(talk.text("broadcast.write_whom"), "siar:tulis"),
        ),
    )


def offer_schools(talk: Talk, begin: str) -> None:
    _offer_places(talk, "sekolah", talk.world.broadcasts.schools(), begin)


def offer_villages(talk: Talk, begin: str) -> None:
    _offer_places(talk, "desa", talk.world.broadcasts.villages(), begin)


def _offer_places(
    talk: Talk, condition: str, places: tuple[tuple[str, str], ...], begin: str
) -> None:
    first = int(begin) if begin.isdecimal() and int(begin) < len(places) else 0
    choices = [
        Choice(f"{name} ({code})", f"siar:untuk:{condition}={code}")
        for code, name in places[first : first + _PAGE]
    ]
    if len(places) > first + _PAGE:
        choices.append(Choice(talk.text("broadcast.more"), f"siar:{condition}:{first + _PAGE}"))
    choices.append(Choice(talk.text("broadcast.back"), "siar:baru"))
    talk.offer(talk.text("broadcast.which" if places else "broadcast.none_yet"), tuple(choices))


def offer_roles(talk: Talk, _: str) -> None:
    choices = tuple(Choice(name.capitalize(), f"siar:untuk:peran={name}") for name in ROLES)
    talk.offer(talk.text("broadcast.which"), choices)


def write_whom(talk: Talk, _: str) -> None:
    talk.start(WHOM)


def whom_is(talk: Talk, said: str) -> None:
    """A school, a village or a role was chosen."""
    try:
        ask_words(talk, parse(said))
    except AudienceError:  # a button of an older version
        ask_whom(talk, "")


def whom_written(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """An audience in staff's own words; what cannot be read is asked again."""
    earlier = interview.facts.get("siar.nomor", "")
    facts = {"siar.nomor": earlier} if earlier else {}
    try:
        audience = parse(answers.get("penerima", ""))
    except AudienceError as error:
        talk.start(WHOM, facts=facts, opening=str(error))
        return
    if wrong := _unknown_places(talk, audience):
        talk.start(WHOM, facts=facts, opening=wrong)
        return
    draft = numbered(talk, earlier) if earlier else None
    if draft is None or draft.state is not State.DRAFT:
        ask_words(talk, audience)
        return
    talk.add(BroadcastDrafted(audience, draft.text, draft.media))
    talk.add(BroadcastStep(draft.id, Step.CANCEL))
    talk.say("broadcast.counting")


def _unknown_places(talk: Talk, audience: Audience) -> str:
    known = talk.world.broadcasts
    parts = (audience, *audience.without)
    for places, attribute in ((known.villages(), "villages"), (known.schools(), "schools")):
        codes = {code for code, _ in places}
        wrong = {code for part in parts for code in getattr(part, attribute)} - codes
        if wrong:
            listed = ", ".join(sorted(codes)[:20]) or "-"
            return talk.text("broadcast.whom.no_such", names=", ".join(sorted(wrong)), known=listed)
    return ""


# --- the words ------------------------------------------------------------------------------------


def ask_words(talk: Talk, audience: Audience, opening: str = "") -> None:
    opening = opening or talk.text("broadcast.for", whom=describe(audience))
    talk.start(WORDS, facts={"siar.penerima": written(audience)}, opening=opening)


def hear_file(talk: Talk, inbound: Inbound) -> bool:
    """A picture or a recording for everybody; its caption is the text."""
    running, media = talk.running, inbound.media
    assert running is not None
    assert media is not None
    if media.size > LARGEST[inbound.kind]:
        most = LARGEST[inbound.kind] // 2**20
        talk.ask_again(talk.text("broadcast.file_too_large", most=most))
        return True
    kept = MediaId(talk.world.fresh_id())
    talk.add(MediaKept(kept, inbound.kind, media))
    talk.set_fact(running.id, "siar.media", kept)
    typed = replace(inbound, kind=Kind.TEXT, text=inbound.text or NO_WORDS, media=None)
    current = talk.running
    assert current is not None
    talk.hear(interviews.hear(current, typed, talk.person, talk.world))
    return True


def words_written(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """The message is there: it is checked, and its rehearsal begins."""
    facts = {name: value for name, value in interview.facts.items() if name.startswith("siar.")}
    media = facts.get("siar.media", "")
    said = answers.get("isi", "")
    try:
        words = check_text("" if media and said == NO_WORDS else said, with_media=bool(media))
    except DraftRefused as error:
        talk.start(WORDS, facts=facts, opening=str(error))
        return
    audience = parse(facts.get("siar.penerima", ""))
    talk.add(BroadcastDrafted(audience, words, MediaId(media) if media else None))
    talk.send_text(" ".join(filter(None, (remark(words), talk.text("broadcast.counting")))))

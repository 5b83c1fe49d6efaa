"""Which tip a person hears next, and its words for her: pure functions over the tips of `locales`.

When a tip is sent (after a check-in, after a session, when asked for), and that it was sent, is
decided elsewhere; so is which tips exist.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from locales.tips import MESSAGE_LIMIT, OLDEST, YOUNGEST, Audience, Need, Tip, Topic

_ADDRESSED_AS = {
    "nenek": Audience.GRANDPARENTS,
    "kakek": Audience.GRANDPARENTS,
    "bapak": Audience.FATHERS,
    "ibu": Audience.MOTHERS,
}
_DEFAULT_SALUTATION = "Bapak/Ibu"
_OLDEST_LITTLE_ONE = 5


@dataclass(frozen=True, slots=True)
class Listener:
    """What the choice of a tip needs to know about a caregiver and the child it is about."""

    relation: str
    """`nenek`, `kakek`, `bapak`, `ibu`; all others (bibi, tetangga …) hear tips for everyone."""
    child_age: int | None
    """Completed years; None (no child on record) leaves the tips that hold at every age."""
    parent_away: bool = False


def next_tip(
    tips: Iterable[Tip],
    listener: Listener,
    sent: Sequence[str],
    *,
    unreviewed_allowed: bool,
    wanted: Topic | None = None,
) -> Tip | None:
    """The tip to send now, or None when all that fit have been sent.

    `sent` holds the ids she has had, oldest first: none comes twice. A tip of the `wanted` topic
    goes first, even after one of the same topic; otherwise a topic is not taken twice in a row
    while another is left, numbered tips (`order`) come first, then the topic heard least.
    Health and protection tips that nobody has reviewed are only for the simulator
    (`unreviewed_allowed`).

    >>> from locales.tips import tips
    >>> siti = Listener("nenek", child_age=7)
    >>> next_tip(tips(), siti, [], unreviewed_allowed=False).id
    'tidak-menurut'
    >>> next_tip(tips(), siti, ["tidak-menurut"], unreviewed_allowed=False).id
    'memaksa-minta'
    >>> next_tip(tips(), siti, [], unreviewed_allowed=False, wanted=Topic.FEELINGS).id
    'anak-membantah'
    """
    tips = tuple(tips)
    topic_of = {tip.id: tip.topic for tip in tips}
    heard = [topic_of[identifier] for identifier in sent if identifier in topic_of]
    times_heard = Counter(heard)
    last = heard[-1] if heard else None

    def turn(tip: Tip) -> tuple[bool, bool, int, int, int, str]:
        return (
            tip.topic is not wanted,
            tip.topic is last,
            tip.order,
            times_heard[tip.topic],
            tip.topic.number,
            tip.id,
        )

    left = (
        tip
        for tip in tips
        if tip.id not in sent
        and fits(tip, listener)
        and (unreviewed_allowed or not tip.awaits_review)
    )
    return min(left, key=turn, default=None)


def fits(tip: Tip, listener: Listener) -> bool:
    """Whether a tip speaks to this caregiver about a child of this age.

    >>> from locales.tips import tips
    >>> calls = next(tip for tip in tips() if tip.topic is Topic.PARENT_CALLS)
    >>> fits(calls, Listener("nenek", 7)), fits(calls, Listener("nenek", 7, parent_away=True))
    (False, True)
    """
    addressed = {Audience.EVERYONE, _ADDRESSED_AS.get(listener.relation, Audience.EVERYONE)}
    if not tip.audience & addressed:
        return False
    if tip.needs is Need.PARENT_AWAY and not listener.parent_away:
        return False
    if listener.child_age is None:
        return (tip.youngest, tip.oldest) == (YOUNGEST, OLDEST)
    return tip.youngest <= listener.child_age <= tip.oldest


def tip_messages(tip: Tip, sapaan: str, anak: str | None) -> tuple[str, ...]:
    """The messages of a tip with the person's salutation and the child's nickname in their places.

    Without a nickname a general word stands there; names so long that a message would outgrow its
    limit give way to the general words.

    >>> from locales.tips import tips
    >>> tip = next(tip for tip in tips() if tip.id == "sebut-kebaikan")
    >>> tip_messages(tip, "Mbah", "Rizki")[0][:63]
    'Mbah, coba hari ini cari satu perbuatan baik Rizki, yang kecil '
    >>> tip_messages(tip, "", None)[0][:64]
    'Bapak/Ibu, coba hari ini cari satu perbuatan baik putra-putri, y'
    """
    general = _general_word(tip)
    messages = _filled(tip, sapaan.strip() or _DEFAULT_SALUTATION, (anak or "").strip() or general)
    if any(len(message) > MESSAGE_LIMIT for message in messages):
        return _filled(tip, _DEFAULT_SALUTATION, general)
    return messages


def _general_word(tip: Tip) -> str:
    return "si kecil" if tip.oldest <= _OLDEST_LITTLE_ONE else "putra-putri"


def _filled(tip: Tip, sapaan: str, anak: str) -> tuple[str, ...]:
    return tuple(message.format(sapaan=sapaan, anak=anak) for message in tip.messages)

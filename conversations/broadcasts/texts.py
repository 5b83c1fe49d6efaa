"""How a rehearsal and an account are put into words, the same in chat and by command."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.broadcasts.audience import describe
from conversations.broadcasts.broadcast import Account, Broadcast, Rehearsal, State, why_text
from conversations.costs import Tariff, cost_lines
from locales import languages, say

CHANNELS = {"telegram": "Telegram", "whatsapp": "WhatsApp", "simulator": "simulator"}

PLACES = ("sent", "waiting", "merged", "excluded", "failed", "uncertain", "expired")
"""Where somebody may be, in the order in which it is told."""


def rehearsal_text(
    broadcast: Broadcast,
    all_counted: Rehearsal,
    rates: Mapping[str, float],
    tariff: Tariff | None,
) -> str:
    """What would happen if it were sent now: how many, where, who not and why, how long, and what
    it would cost."""
    counted = all_counted.within(tariff)
    lines = [
        say("broadcast.rehearsal", id=broadcast.id, whom=describe(broadcast.audience)),
        say("broadcast.reaches", reached=counted.reached, planned=counted.planned),
    ]
    if counted.reached:
        channels = {CHANNELS.get(name, name): n for name, n in counted.channels.items()}
        spoken = {languages().get(code, code): n for code, n in counted.languages.items()}
        lines += [
            say("broadcast.by_channel", counts=_counts(channels)),
            say("broadcast.by_language", counts=_counts(spoken)),
            say("broadcast.takes", time=duration(counted.seconds(rates))),
        ]
    lines += cost_lines(counted.paid, tariff)
    return "\n".join([*lines, *reason_lines(counted.reasons)])


def account_lines(account: Account) -> list[str]:
    """Where everybody is, one line each that holds somebody, and why some will not get it."""
    lines = [say("broadcast.planned", n=account.planned)]
    lines += [
        say(f"broadcast.account.{place}", n=number)
        for place in PLACES
        if (number := getattr(account, place))
    ]
    return [*lines, *reason_lines(account.reasons)]


def standing_lines(broadcast: Broadcast, account: Account) -> list[str]:
    """The account; before it begins, when its recipients will be written down."""
    if not account.planned and broadcast.state in (State.DRAFT, State.ASKING, State.SCHEDULED):
        return [say("broadcast.not_begun")]
    return account_lines(account)


def reason_lines(reasons: Mapping[str, int]) -> list[str]:
    """How many are not written to for which reason, the most frequent first."""
    if not reasons:
        return []
    often = sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    return [
        say("broadcast.not_to"),
        *(say("broadcast.why", n=number, why=why_text(key)) for key, number in often),
    ]


def duration(seconds: int) -> str:
    """About how long, for people.

    >>> duration(20), duration(90), duration(7200)
    ('kurang dari 1 menit', 'sekitar 2 menit', 'sekitar 2 jam')
    """
    if seconds < 60:
        return say("broadcast.under_a_minute")
    minutes = -(-seconds // 60)
    if minutes <= 90:
        return say("broadcast.minutes", n=minutes)
    return say("broadcast.hours", n=round(minutes / 60))


def _counts(numbers: Mapping[str, int]) -> str:
    often = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number}" for name, number in often)

"""Makes durable what a turn decided about concerns: one small function for each kind of event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conversations.concerns.case import Outcome
from conversations.concerns.event import (
    Acted,
    AlertAnswered,
    Alerted,
    CaseKnown,
    CaseLinked,
    CaseMerged,
    CaseReopened,
    ClosingAsked,
    ClosingDecided,
    Excluded,
    HandedOver,
    LevelRaised,
    LevelSet,
    NextAction,
    ReadinessAsked,
    Ready,
    ReferralAnswered,
    Referred,
    StageReached,
    TracesErased,
    VisitAsked,
)
from conversations.dialogue import Event
from storage import alerts, audit, case_life, handing, shifts, traces
from storage.moment import Moment


def _alerted(at: Moment, event: Alerted) -> None:
    alerts.record(at.conn, event.code, event.person, event.step, at.now)


def _traces_erased(at: Moment, event: TracesErased) -> None:
    traces.plan(at, event.since, event.said, event.otherwise)


def _case_known(at: Moment, event: CaseKnown) -> None:
    case_life.known(at.conn, event.code, event.changes, at.person.id, at.now)
    at.audit("case known", event.code, " ".join(sorted(event.changes)))
    together = " ".join(name for name in ("hide_name", "outside") if event.changes.get(name))
    if together:
        for other in set(handing.merged(at.conn, event.code)) - {event.code}:
            at.audit("case known", other, together)


def _acted(at: Moment, event: Acted) -> None:
    case_life.act(at.conn, event.code, event.note, at.person.id, at.now)
    at.audit("case acted", event.code)


def _stage_reached(at: Moment, event: StageReached) -> None:
    case_life.reach(at.conn, event.code, event.stage, at.person.id, at.now)
    at.audit("case stage", event.code, event.stage)


def _next_action(at: Moment, event: NextAction) -> None:
    case_life.plan(at.conn, event.code, event.note, event.at, at.person.id, at.now)
    at.audit("case planned", event.code)


def close(at: Moment, code: str, outcome: Outcome, note: str) -> None:
    """Whoever follows it up wishes to close a case; what is urgent waits for approval."""
    closed = case_life.ask_closing(at.conn, code, outcome, note, at.person.id, at.now)
    at.audit("case closed" if closed else "closing asked", code, outcome)


def _closing_asked(at: Moment, event: ClosingAsked) -> None:
    close(at, event.code, event.outcome, event.note)


def _closing_decided(at: Moment, event: ClosingDecided) -> None:
    case_life.decide_closing(at.conn, event.code, event.approved, event.note, at.person.id, at.now)
    at.audit("closing approved" if event.approved else "closing returned", event.code)


def _case_reopened(at: Moment, event: CaseReopened) -> None:
    case_life.reopen(at.conn, event.code, event.note, at.person.id, at.now)
    at.audit("case reopened", event.code)


def _case_merged(at: Moment, event: CaseMerged) -> None:
    case_life.merge(at.conn, event.code, event.into, at.person.id, at.now)
    at.audit("case merged", event.code, event.into)
    at.audit("case merged", event.into, event.code)


def _case_linked(at: Moment, event: CaseLinked) -> None:
    case_life.link(at.conn, event.code, event.other, at.person.id, at.now)
    at.audit("case linked", event.code, event.other)
    at.audit("case linked", event.other, event.code)


def _handed_over(at: Moment, event: HandedOver) -> None:
    heir = handing.hand_over(at.conn, event.code, event.to, event.note, at.person.id, at.now)
    at.audit("case handed over", event.code, audit.person(heir))


def _excluded(at: Moment, event: Excluded) -> None:
    handing.exclude(at.conn, event.code, event.person, at.person.id, at.now)
    at.audit("kept out", event.code, audit.person(event.person))


def _level_raised(at: Moment, event: LevelRaised) -> None:
    by, cls = at.person.id, event.danger_class
    if case_life.raise_level(at.conn, event.code, event.level, by, at.now, cls):
        at.audit("level raised", event.code, event.level)


def _level_set(at: Moment, event: LevelSet) -> None:
    case_life.set_level(at.conn, event.code, event.level, event.note, at.person.id, at.now)
    at.audit("level set", event.code, event.level)


def _referred(at: Moment, event: Referred) -> None:
    case_life.refer(at.conn, event.code, event.contact, event.note, at.person.id, at.now)
    at.audit("case referred", event.code, f"contact:{event.contact}")


def _referral_answered(at: Moment, event: ReferralAnswered) -> None:
    code = case_life.answer_referral(
        at.conn, event.referral, event.state, event.note, at.person.id, at.now
    )
    at.audit("referral answered", code, f"{event.referral} {event.state}")


def _visit_asked(at: Moment, event: VisitAsked) -> None:
    case_life.ask_visit(
        at.conn,
        event.code,
        event.visit,
        event.cadre,
        event.due_at,
        event.whom,
        at.person.id,
        at.now,
    )
    at.audit("visit asked", event.code, audit.person(event.cadre))
    at.audit("task opened", event.visit, "reason.visit")


def _alert_answered(at: Moment, event: AlertAnswered) -> None:
    alerts.answered(at.conn, event.code, at.person.id, at.now)


def _readiness_asked(at: Moment, event: ReadinessAsked) -> None:
    shifts.asked(at.conn, event.shift, at.now)


def _ready(at: Moment, event: Ready) -> None:
    if shifts.ready(at.conn, event.shift, at.person.id, at.now):
        at.audit("duty ready", f"shift:{event.shift}")


APPLY: Mapping[type[Event], Callable[[Moment, Any], None]] = {
    Alerted: _alerted,
    AlertAnswered: _alert_answered,
    ReadinessAsked: _readiness_asked,
    Ready: _ready,
    TracesErased: _traces_erased,
    Acted: _acted,
    CaseKnown: _case_known,
    CaseLinked: _case_linked,
    CaseMerged: _case_merged,
    CaseReopened: _case_reopened,
    ClosingAsked: _closing_asked,
    ClosingDecided: _closing_decided,
    Excluded: _excluded,
    HandedOver: _handed_over,
    LevelRaised: _level_raised,
    LevelSet: _level_set,
    NextAction: _next_action,
    ReferralAnswered: _referral_answered,
    Referred: _referred,
    StageReached: _stage_reached,
    VisitAsked: _visit_asked,
}

"""The programme's rules in memory: `conversations.rule.Rules` for tests without a database."""

from __future__ import annotations

from dataclasses import replace

from conversations.dialogue import Person, PersonId
from conversations.rule import DEFAULTS, Rule, RuleId, ToHelp


class MemoryRules:
    """The default rules, numbered from 1; tests put others into `active`."""

    def __init__(self) -> None:
        self.active = [replace(rule, id=RuleId(n)) for n, rule in enumerate(DEFAULTS, 1)]
        self.helpless: dict[PersonId, tuple[ToHelp, ...]] = {}

    def one(self, rule: RuleId) -> Rule | None:
        return next((one for one in self.active if one.id == rule), None)

    def weekly_checkin(self, person: Person) -> Rule | None:
        weekly = [one for one in self.active if one.is_weekly_checkin]
        of_village = [one for one in weekly if one.village_id == person.village_id]
        everybody = [one for one in weekly if one.village_id is None]
        return next(iter((*of_village, *everybody)), None)

    def to_help(self, cadre: PersonId) -> tuple[ToHelp, ...]:
        return self.helpless.get(cadre, ())

"""A case: what is known of a concern while people follow it up, as values; nothing is decided here.

Every case is a task (code, level, owner, deadline) and lives as in SIMFONI PPA: aduan, asesmen,
rencana layanan, pendampingan, penutupan. What was said stays in the task, sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType, Protocol

from conversations.dialogue import PersonId, Role, Task, VillageId
from conversations.level import Level
from conversations.message import MediaId

ContactId = NewType("ContactId", int)
ReferralId = NewType("ReferralId", int)

CONCERN = "concern"
_CASES = frozenset({CONCERN, "safe_word"})


def is_case(kind: str, level: Level) -> bool:
    """Whether a task is a case with a life of its own, and not something to be done once.

    >>> is_case("concern", Level.KUNING), is_case("followup", Level.ORANYE)
    (True, True)
    >>> is_case("followup", Level.KUNING), is_case("erasure", Level.ORANYE)
    (False, False)
    """
    return kind in _CASES or (kind == "followup" and level >= Level.ORANYE)


class Stage(StrEnum):
    """Where a case is, in SIMFONI's words and order."""

    ADUAN = "aduan"
    ASESMEN = "asesmen"
    RENCANA = "rencana"
    PENDAMPINGAN = "pendampingan"
    PENUTUPAN = "penutupan"


class Outcome(StrEnum):
    """Why a case is closed; a human being decides it, never the bot."""

    DONE = "selesai"
    REFERRED = "dirujuk"
    MOVED = "pindah"
    NO_DANGER = "aman"
    """Looked into: nobody is in danger."""
    PRANK = "iseng"
    DUPLICATE = "ganda"
    """Merged into another case, which goes on."""


class Agency(StrEnum):
    """Whom a case may be told to, by a recorded human decision."""

    UPTD_PPA = "uptd_ppa"
    POLRES_PPA = "polres_ppa"
    PUSKESMAS = "puskesmas"
    DINSOS = "dinsos"
    SCHOOL = "sekolah"
    VILLAGE = "desa"
    CADRE = "kader"
    MANPOWER = "disnaker"
    MIGRANTS = "bp3mi"
    RELIGION = "kua"
    FAMILY_CENTRE = "puspaga"
    HOSPITAL = "rumah_sakit"


class ReferralState(StrEnum):
    """What became of a referral."""

    ASKED = "diminta"
    ACCEPTED = "diterima"
    REFUSED = "ditolak"
    DONE = "selesai"


@dataclass(frozen=True, slots=True)
class Contact:
    """An office that helps, as staff entered it. `checked` is the local day it was last called."""

    id: ContactId
    agency: Agency
    name: str
    phone: str
    officer: str = ""
    district: str = ""
    village_id: VillageId | None = None
    checked: date | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """A case told to an office: by whom, when (aware, UTC), and what it answered."""

    id: ReferralId
    code: str
    contact: Contact
    by: PersonId | None
    at: datetime
    state: ReferralState
    state_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A case without what was said. Times aware, UTC."""

    task: Task
    stage: Stage
    village_id: VillageId | None = None
    reporter_role: str = ""
    hide_name: bool = False
    """The reporter asks that village and family do not learn her name."""
    safe: str = ""
    """aman, belum, tidak_tahu; empty when not told."""
    may_call: str = ""
    """boleh, jangan; empty when not told."""
    next_action: str = ""
    next_at: datetime | None = None
    closing_by: PersonId | None = None
    """Who asks a coordinator to close it."""
    outcome: Outcome | None = None
    merged_into: str = ""
    links: tuple[str, ...] = ()
    """Other reports of the same child, by code."""
    was_urgent: bool = False
    """It was lowered from MERAH or ORANYE: a coordinator approves its closing all the same."""

    @property
    def code(self) -> str:
        """Its code, the only thing that leaves."""
        return self.task.code


class Phone(StrEnum):
    """Whose telephone the reporter writes from, as far as it is known: weighed before a call."""

    OWN = "sendiri"
    SHARED = "bersama"
    """Others of the programme have it too."""
    DOUBTED = "ragu"
    """It may be a stranger's by now."""
    HELPER = "kader"
    """She has none; a cadre typed for her."""
    NONE = "tidak_ada"


@dataclass(frozen=True, slots=True)
class Noted:
    """Something said or done about a task, as it was recorded. `at` aware, UTC."""

    at: datetime
    by: PersonId | None
    name: str
    """What whoever said or did it is called; empty for nobody known."""
    action: str
    """told (the first words), added, accepted, noted, acted, closed, handed_over …"""
    text: str = ""
    media: MediaId | None = None
    code: str = ""
    """Where it was recorded: another code than the one asked for after two cases were merged."""


class Cases(Protocol):
    """What a conversation may ask about cases: bounded point queries, read-only."""

    def case(self, code: str) -> Case | None:
        """One case in any state, without what was said."""

    def owned(self, owner: PersonId, limit: int) -> tuple[Case, ...]:
        """Open cases of one owner, most urgent first."""

    def to_approve(self, limit: int) -> tuple[Case, ...]:
        """Cases whose closing waits for a coordinator."""

    def reported_by(self, person: PersonId, since: datetime, limit: int) -> tuple[Case, ...]:
        """What she reported since then, open or closed, newest first."""

    def contacts(self, code: str, limit: int) -> tuple[Contact, ...]:
        """Offices for the village and district of a case, nearest first."""

    def contact(self, id_: ContactId) -> Contact | None:
        """One office."""

    def referrals(self, code: str) -> tuple[Referral, ...]:
        """Whom a case was told to, oldest first."""

    def colleague(self, name: str) -> tuple[PersonId, ...]:
        """Members of staff and cadres of this name, for handing over and for excluding."""

    def name_of(self, person: PersonId) -> str:
        """What a colleague is called."""

    def role_of(self, person: PersonId) -> Role:
        """What a colleague is in the programme."""

    def history(self, code: str, limit: int = 200) -> tuple[Noted, ...]:
        """What was said and done about any task, oldest first, also in cases merged into it; of a
        long one the first words and the newest notes. Showing it is to be audited."""

    def may_own(self, code: str, person: PersonId) -> bool:
        """Whether a task can be handed over to this person."""

    def phone(self, person: PersonId) -> Phone:
        """Whose telephone reaches this person."""

    def cadres(self, code: str, limit: int) -> tuple[PersonId, ...]:
        """Cadres of the village of a case and of the schools of whoever told it, reachable in
        chat, without those who are kept out of it."""

    def visited_for(self, code: str) -> str:
        """The case for which a cadre was asked for this visit; empty when there is none."""

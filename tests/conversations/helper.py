"""A cadre's phone for tests: it speaks for herself, or for whom she helps."""

from __future__ import annotations

from dataclasses import replace

from conversations import dialogue as d
from conversations import event as ev
from conversations import router
from conversations.helping.helped import Helped
from conversations.message import Inbound, Kind, Message, printed
from conversations.schools.session import School, SchoolId
from tests.conversations.world import MemoryWorld

SCHOOL = School(SchoolId(1), "Sekolah Bok-Ebok", "bok_ebok", "BOK-SBS", "Asia/Jakarta")


OTHER = School(SchoolId(2), "Sekolah Yang-eyang", "yang_eyang", "EYG-SBS", "Asia/Jakarta")


RINI = d.Person(
    d.PersonId(50), role=d.Role.CADRE, salutation="Bu", name="Rini", channel="simulator"
)


SITI = d.PersonId(7)


TINI = d.PersonId(8)


class Helper:
    """A cadre's phone, and the people it speaks for: one dialogue each, as storage keeps them."""

    def __init__(self, cadre: d.Person = RINI, **siti: object) -> None:
        self.world = MemoryWorld()
        self.world.schools.schools = {SCHOOL.id: SCHOOL, OTHER.id: OTHER}
        self.world.schools.members = {SCHOOL.id: [], OTHER.id: []}
        self.world.helping.helpers[cadre.id] = cadre
        self.world.helping.of[cadre.id] = (SCHOOL,)
        self.world.helping.lists[SCHOOL.id] = [
            Helped(SITI, 7, "Mbah Siti", "BOK-SBS"),
            Helped(TINI, 8, "Mbah Tini", "BOK-SBS"),
            Helped(d.PersonId(9), 9, "Ibu Ani", "BOK-SBS", has_phone=True),
            Helped(d.PersonId(10), 10, "Ibu Wati", "BOK-SBS", helper="Bu Ani"),
            Helped(cadre.id, 11, "Bu Rini", "BOK-SBS"),
        ]
        mbah = d.Person(
            SITI,
            salutation="Mbah",
            name="Siti",
            relation="nenek",
            village_id=d.VillageId(2),
            channel="simulator",
        )
        tini = replace(mbah, id=TINI, name="Tini")
        self.people = {cadre.id: cadre, SITI: replace(mbah, **siti), TINI: tini}  # type: ignore[arg-type]
        self.dialogues: dict[d.PersonId, d.Dialogue] = {}
        self.cadre = cadre.id
        self.speaks_for = cadre.id
        self.typed = 0
        self.screen: list[Message] = []
        self.others: list[str] = []

    def says(self, text: str) -> list[str]:
        self.typed += 1
        return self.sends(Inbound(Kind.TEXT, self.world.now, text=text))

    def presses(self, button: str) -> list[str]:
        return self.sends(Inbound(Kind.BUTTON, self.world.now, button=button))

    def sends(self, inbound: Inbound) -> list[str]:
        person = self._person()
        turn = router.respond(person, self._dialogue(), inbound, self.world)
        shown = self._take(turn)
        handed = [one for one in turn.events if isinstance(one, ev.HelpBegun | ev.HelpEnded)]
        for one in handed:
            self.speaks_for = one.person if isinstance(one, ev.HelpBegun) else self.cadre
            self.world.helping.ended = None
        self.world.typist = None if self.speaks_for == self.cadre else self.cadre
        if handed:
            again = router.take_over(self._person(), self._dialogue(), handed[-1], self.world)
            shown += self._take(again)
        return shown

    def lapses(self) -> None:
        """Half an hour goes by without a word."""
        self.world.helping.ended = self._person().name
        self.speaks_for = self.cadre
        self.world.typist = None

    def _person(self) -> d.Person:
        return self.people[self.speaks_for]

    def _dialogue(self) -> d.Dialogue:
        return self.dialogues.get(self.speaks_for, d.Dialogue())

    def _take(self, turn: d.Turn) -> list[str]:
        self.dialogues[self.speaks_for] = d.load(d.dump(turn.dialogue))
        for event in turn.events:
            self.people[self.speaks_for] = self.world.apply(self._person(), event)
        mine = [one.message for one in turn.outgoing if one.to is None]
        self.others += [printed(one.message) for one in turn.outgoing if one.to is not None]
        self.screen += mine
        return [printed(message) for message in mine]


def enrolled(**siti: object) -> Helper:
    """A cadre, and a grandmother who has agreed and come through the door."""
    return Helper(consent=d.Consent.GIVEN, registered=True, **siti)


def of_kind(helper: Helper, kind: type) -> list[d.Event]:
    return [event for event in helper.world.events if isinstance(event, kind)]

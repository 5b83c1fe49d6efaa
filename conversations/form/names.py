"""The names in a form, and the one rule for using them: may this place read that answer?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from conversations.form.columns import Faults, suggestion
from conversations.form.model import Group, Question, Type

_ASKED_BEFORE_ITS_ANSWER = ("label", "hint", "simpler", "required", "default")


@dataclass(frozen=True, slots=True)
class Item:
    """A question or group and the groups around it, the nearest last."""

    of: Question | Group
    around: tuple[Group, ...]

    @property
    def repeat(self) -> str:
        """The repeat it is asked in; for a repeat's own expressions, the one around it."""
        return next((group.name for group in reversed(self.around) if group.repeat), "")


@dataclass(slots=True)
class Names:
    """Every name of a form, and what was wrong with using one."""

    items: Mapping[str, Item]
    faults: Faults = field(default_factory=Faults)

    def check(self, reader: Item, column: str, name: str, *, gathered: bool = False) -> None:
        fault = self._fault(reader, column, name, gathered)
        if fault:
            self.faults.add("survey", reader.of.row, column, f"${{{name}}} {fault}")

    def _fault(self, reader: Item, column: str, name: str, gathered: bool) -> str:
        read = self.items.get(name)
        if read is None:
            return f"tidak ada dalam lembar ini{suggestion(name, self.items)}"
        if isinstance(read.of, Group):
            if not read.of.repeat:
                return "adalah kelompok, bukan pertanyaan"
            return "" if gathered else "adalah repeat; pakai di dalam count() atau sejenisnya"
        if read.of.type is Type.NOTE:
            return "adalah note, yang tidak punya jawaban"
        if gathered:
            return ""
        if read.of is reader.of and column.startswith(_ASKED_BEFORE_ITS_ANSWER):
            return "adalah pertanyaan ini sendiri, yang belum dijawab"
        if read.repeat and read.repeat != reader.repeat:
            return f"hanya dapat dibaca di dalam repeat {read.repeat}, atau lewat sum(), join() …"
        later = read.of.row > reader.of.row and read.of.type is not Type.CALCULATE
        if later and column != "calculation":
            return f"baru ditanyakan sesudahnya, di baris {read.of.row}"
        return ""


def items_of(body: Sequence[Question | Group], around: tuple[Group, ...] = ()) -> Iterator[Item]:
    """Questions and groups in the order of the sheet."""
    for one in body:
        yield Item(one, around)
        if isinstance(one, Group):
            yield from items_of(one.body, (*around, one))

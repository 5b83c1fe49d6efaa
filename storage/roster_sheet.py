"""A roster as a cadre has it, .xlsx or .csv, read into people; and every row that cannot be read.

Pure: bytes in, values out. What becomes of the people is in `roster.py`. Telephone numbers are not
read at all: nobody is written to by number, and what is not needed is not kept (UU 27/2022).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from zipfile import BadZipFile, ZipFile

from conversations.broadcasts.audience import is_tag, normal_tag
from conversations.dialogue import Role
from conversations.helping.helped import SALUTATIONS

LARGEST = 2_000_000
LARGEST_UNPACKED = 30_000_000
MOST_ROWS = 1_000
MOST_COLUMNS = 60

_HEADS: Mapping[str, tuple[str, ...]] = {
    "sapaan": ("sapaan", "panggilan"),
    "nama": ("nama", "nama lengkap"),
    "hubungan": ("hubungan", "hubungan dengan anak"),
    "desa": ("desa",),
    "peran": ("peran",),
    "anak": ("anak", "nama anak", "panggilan anak"),
    "lahir": ("lahir", "tahun lahir", "lahir anak", "tahun lahir anak"),
    "tanda": ("tanda", "label", "kelompok"),
}
_NOT_READ = frozenset(
    {"telepon", "no telepon", "nomor telepon", "hp", "no hp", "nomor hp", "wa", "no wa"}
    | {"nik", "alamat", "no", "nomor", "keterangan", "tanda tangan", "ttd"}
)
_RELATIONS: Mapping[str, str] = {
    "nenek": "nenek", "mbah putri": "nenek", "eyang putri": "nenek",
    "kakek": "kakek", "mbah kakung": "kakek", "eyang kakung": "kakek",
    "ibu": "ibu", "ebok": "ibu", "bapak": "bapak", "ayah": "bapak",
    "bibi": "bibi_paman", "paman": "bibi_paman", "bibi atau paman": "bibi_paman",
    "bibi/paman": "bibi_paman", "bude": "bibi_paman", "pakde": "bibi_paman",
    "bulik": "bibi_paman", "paklik": "bibi_paman", "tante": "bibi_paman", "om": "bibi_paman",
    "kakak": "kakak", "tetangga": "tetangga", "lain": "lain", "lainnya": "lain",
}  # fmt: skip
_ROLES: Mapping[str, Role] = {
    "pengasuh": Role.CAREGIVER, "peserta": Role.CAREGIVER, "kader": Role.CADRE,
    "mitra": Role.PARTNER,
}  # fmt: skip
_NAME = re.compile(r"[^\W\d_]+(?:[ .,'’()/-]+[^\W_]+)*[.)]?")
_OLDEST_CHILD = 19
_ALL_IN_CASE = ("pengasuh", "kader", "mitra")

Wrong = Callable[[str, str, str], None]
"""How a cell's reader says what is wrong: column, what, and what would be right."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one row, where, and what would be right. The header is row 1."""

    row: int
    column: str
    wrong: str
    right: str

    def __str__(self) -> str:
        return f"baris {self.row}, kolom {self.column}: {self.wrong}. {self.right}"


@dataclass(frozen=True, slots=True)
class Listed:
    """One person as the roster has her; `children` are nicknames with years of birth."""

    row: int
    name: str
    salutation: str = ""
    relation: str = ""
    village: str = ""
    role: Role = Role.CAREGIVER
    children: tuple[tuple[str, int | None], ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Who she is in one school: her name and what she is to the children."""
        return self.name.casefold(), self.relation


@dataclass(frozen=True, slots=True)
class Roster:
    """What a file holds; `unread` names its columns that are not read."""

    people: tuple[Listed, ...]
    problems: tuple[Problem, ...]
    unread: tuple[str, ...] = ()


class NoRoster(ValueError):
    """The file cannot be read at all; one line that says why and what to do."""


def read(source: bytes, filename: str, this_year: int) -> Roster:
    """The people of a roster. Raises NoRoster when there is no table with a column `nama`."""
    grid = rows_of(source, filename)
    top = next(grid, None)
    if top is None:
        raise NoRoster("berkas ini kosong")
    columns, unread = _columns(top[1])
    people, problems = [], []
    for number, cells in grid:
        if number > MOST_ROWS + 1:
            raise NoRoster(f"lebih dari {MOST_ROWS} baris: bagi per sekolah")
        named = {name: cells[at] for name, at in columns.items() if at < len(cells) and cells[at]}
        if not named:
            continue
        person, wrong = _person(number, named, this_year)
        problems += wrong
        if person is not None:
            people.append(person)
    people, twice = _told_apart(people)
    return Roster(tuple(people), tuple(sorted([*problems, *twice], key=_by_row)), tuple(unread))


def rows_of(source: bytes, filename: str) -> Rows:
    """The rows of a table that hold anything, numbered from 1; raises NoRoster."""
    if len(source) > LARGEST:
        raise NoRoster(f"berkas lebih besar dari {LARGEST // 1_000_000} MB: bagi per sekolah")
    ending = PurePath(filename).suffix.lower()
    if ending not in _READERS:
        raise NoRoster(f"{filename}: simpan dahulu sebagai .xlsx atau .csv")
    return ((number, cells) for number, cells in _READERS[ending](source) if any(cells))


def _by_row(problem: Problem) -> tuple[int, str]:
    return problem.row, problem.column


def _columns(heads: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Which column is where, in any order; the names of those that are not read."""
    found: dict[str, int] = {}
    unread: list[str] = []
    for at, head in enumerate(heads):
        plain = " ".join(re.sub(r"[^\w/ ]+", " ", head.casefold()).split())
        name = next((name for name, known in _HEADS.items() if plain in known), None)
        if name is not None and name in found:
            raise NoRoster(f"kolom {head} ada dua kali: hapus salah satu")
        if name is not None:
            found[name] = at
        elif plain:
            unread.append(head[:40])
    if "nama" not in found:
        raise NoRoster("tidak ada kolom nama: baris pertama berisi judul kolom, misalnya nama")
    return found, unread


def _person(
    row: int, cells: Mapping[str, str], this_year: int
) -> tuple[Listed | None, list[Problem]]:
    problems: list[Problem] = []

    def wrong(column: str, what: str, right: str) -> None:
        problems.append(Problem(row, column, what, right))

    for column, cell in cells.items():
        if cell.startswith(("=", "@", "+")):
            wrong(column, f"“{_short(cell)}” seperti rumus", "Tulis isinya saja")
    name = " ".join(cells.get("nama", "").split())
    if not name:
        wrong("nama", "kosong", "Tulis nama panggilan atau nama lengkap")
    elif not problems and (not _NAME.fullmatch(name) or len(name) > 80):
        wrong("nama", f"“{_short(name)}” bukan nama", "Tulis dengan huruf, paling panjang 80")
    salutation = " ".join(cells.get("sapaan", "").split())
    if len(salutation) > 20 or (salutation and not _NAME.fullmatch(salutation)):
        wrong("sapaan", f"“{_short(salutation)}” bukan sapaan", "Contoh: Mbah, Ibu, Pak")
    relation = _RELATIONS.get(_plain(cells.get("hubungan", "")), "")
    if cells.get("hubungan") and not relation:
        known = "nenek, kakek, ibu, bapak, bibi, paman, kakak, tetangga, lain"
        wrong("hubungan", f"“{_short(cells['hubungan'])}” tidak dikenal", f"Pilih: {known}")
    role = _ROLES.get(_plain(cells.get("peran", "")))
    if cells.get("peran") and role is None:
        known = ", ".join(_ALL_IN_CASE)
        wrong("peran", f"“{_short(cells['peran'])}” tidak dikenal", f"Pilih: {known}")
    children = _children(cells, this_year, wrong)
    tags = tuple(dict.fromkeys(filter(None, map(normal_tag, cells.get("tanda", "").split(",")))))
    for tag in tags:
        if not is_tag(tag):
            wrong("tanda", f"“{_short(tag)}” bukan tanda", "Huruf dan angka, paling panjang 40")
    if problems:
        return None, problems
    listed = Listed(
        row=row,
        name=name,
        salutation=salutation or _salutation_in(name),
        relation=relation,
        village=" ".join(cells.get("desa", "").split()),
        role=role or Role.CAREGIVER,
        children=children,
        tags=tags,
    )
    return _without_salutation(listed), []


def _children(
    cells: Mapping[str, str], this_year: int, wrong: Wrong
) -> tuple[tuple[str, int | None], ...]:
    nicknames = [" ".join(part.split()) for part in cells.get("anak", "").split(",")]
    nicknames = [nickname for nickname in nicknames if nickname]
    years = [part.strip() for part in re.split(r"[,;]", cells.get("lahir", "")) if part.strip()]
    for nickname in nicknames:
        if not _NAME.fullmatch(nickname) or len(nickname) > 40:
            wrong("anak", f"“{_short(nickname)}” bukan nama panggilan", "Contoh: Adi, Sari")
    if years and len(years) != len(nicknames):
        told = f"{len(years)} tahun lahir untuk {len(nicknames)} anak"
        wrong("lahir", told, "Tulis satu tahun untuk tiap anak, misalnya 2018, 2021")
        return ()
    found: list[tuple[str, int | None]] = []
    for nickname, written in zip(nicknames, years or [""] * len(nicknames), strict=True):
        year = int(written) if re.fullmatch(r"\d{4}", written, re.ASCII) else None
        if written and (year is None or not this_year - _OLDEST_CHILD < year <= this_year):
            right = f"Tulis tahunnya, dari {this_year - _OLDEST_CHILD + 1} sampai {this_year}"
            wrong("lahir", f"“{_short(written)}” bukan tahun lahir anak", right)
        found.append((nickname, year))
    return tuple(found)


def _told_apart(people: Iterable[Listed]) -> tuple[list[Listed], list[Problem]]:
    """Two of one name in one file: whoever calls one of them would get the other."""
    kept: list[Listed] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str], int] = {}
    for one in people:
        keys = {("name", f"{one.salutation} {one.name}".casefold()), one.key}
        earlier = [seen[key] for key in keys if key in seen]
        if earlier:
            wrong = f"“{_short(one.name)}” sama dengan baris {min(earlier)}"
            right = "Bedakan keduanya, misalnya Siti Aminah, atau hapus kalau orangnya sama"
            problems.append(Problem(one.row, "nama", wrong, right))
            continue
        seen.update(dict.fromkeys(keys, one.row))
        kept.append(one)
    return kept, problems


def _salutation_in(name: str) -> str:
    first, _, rest = name.partition(" ")
    return first if rest and first.casefold() in SALUTATIONS else ""


def _without_salutation(one: Listed) -> Listed:
    """ "Mbah Siti" in the column `nama` is Siti, called Mbah."""
    first, _, rest = one.name.partition(" ")
    if not rest or first.casefold() != one.salutation.casefold():
        return one
    return Listed(
        one.row, rest, one.salutation, one.relation, one.village, one.role, one.children, one.tags
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _short(text: str) -> str:
    """As much of a cell as a line of complaint needs, without what no eye can see."""
    seen = "".join(sign if sign.isprintable() else "?" for sign in text)
    return seen if len(seen) <= 30 else f"{seen[:29]}…"


Rows = Iterator[tuple[int, list[str]]]


def _comma_separated(source: bytes) -> Rows:
    """Rows of a .csv as office programs here write it: ; or , or tabs, UTF-8 or Windows letters."""
    text = _decoded(source)
    first = text.lstrip().split("\n", 1)[0]
    separator = max(";,\t", key=first.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        for cells in rows:
            yield rows.line_num, [_cell(cell) for cell in cells[:MOST_COLUMNS]]
    except csv.Error:
        raise NoRoster("berkas .csv rusak: simpan ulang sebagai .xlsx") from None


def _decoded(source: bytes) -> str:
    if b"\x00" in source:
        raise NoRoster("berkas ini bukan tabel: simpan ulang sebagai .xlsx")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError:
        return source.decode("cp1252", errors="replace")


def _workbook(source: bytes) -> Rows:
    """Rows of the first sheet of an .xlsx; a formula comes as its text and is refused later."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        _unpacks_small(source)
        book = openpyxl.load_workbook(io.BytesIO(source), read_only=True, data_only=False)
        rows = book.worksheets[0].iter_rows(
            max_row=2 * MOST_ROWS, max_col=MOST_COLUMNS, values_only=True
        )
        for number, values in enumerate(rows, start=1):
            yield number, [_cell(value) for value in values]
    except NoRoster:
        raise
    except (*_BROKEN, InvalidFileException):
        raise NoRoster("berkas .xlsx rusak atau terkunci kata sandi") from None


def _unpacks_small(source: bytes) -> None:
    with ZipFile(io.BytesIO(source)) as packed:
        unpacked = sum(part.file_size for part in packed.infolist())
    if unpacked > LARGEST_UNPACKED:
        raise NoRoster(f"isi berkas lebih besar dari {LARGEST_UNPACKED // 1_000_000} MB")


_BROKEN = (
    BadZipFile,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
)


def _cell(value: object) -> str:
    """A cell as somebody reads it: 2018.0 is 2018.

    >>> _cell(2018.0), _cell(None), _cell("  Siti ")
    ('2018', '', 'Siti')
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    return str(value).strip()[:300]


_READERS: Mapping[str, Callable[[bytes], Rows]] = {".csv": _comma_separated, ".xlsx": _workbook}

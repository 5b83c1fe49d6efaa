"""An order of staff in chat, read forgivingly: its word, which task it means, and the rest.

What each order brings about is in `staff.py` and the files beside this one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from conversations.permission import Act, may
from conversations.talk import Talk

OPEN_TASKS = 300
"""Open tasks among which the last digits of a code are looked for."""

_SPELLED = {
    "kasus saya": "kasus",
    "kasus": "kasus",
    "tugas saya": "tugas",
    "tugas": "tugas",
    "semua": "semua",
    "baca": "baca",
    "buka lagi": "bukalagi",
    "buka kembali": "bukalagi",
    "saya terima": "terima",
    "terima": "terima",
    "ambil": "terima",
    "balas": "balas",
    "catatan": "catat",
    "catat": "catat",
    "tindakan": "tindakan",
    "rencana": "rencana",
    "tahap": "tahap",
    "rujuk": "rujuk",
    "jawaban": "jawaban",
    "kunjungi": "kunjungi",
    "serahkan": "serahkan",
    "kecualikan": "kecualikan",
    "kaitkan": "kaitkan",
    "gabungkan": "gabung",
    "gabung": "gabung",
    "level": "level",
    "selesai": "selesai",
    "tutup": "selesai",
    "setujui": "setujui",
    "setuju": "setujui",
    "kembalikan": "kembalikan",
    "hapus": "hapus",
    "angkat": "angkat",
    "tolak": "tolak",
    "lainnya": "lainnya",
}
LISTS = frozenset({"kasus", "tugas", "semua"})
WITH_WORDS = frozenset({"baca", "balas", "catat", "rencana", "rujuk", "kunjungi"})
"""Orders that are recognised, and answered, without the code they need."""

_FULL = r"[A-Za-z]{2,4}[\s.-]*\d\d[\s.-]*\d{3,6}"
_WORDS = "|".join(word.replace(" ", "[ ]+") for word in _SPELLED)
_ORDER = re.compile(
    rf"^/?({_WORDS})(?![^\W_])[\s:,]*"
    rf"({_FULL}(?!\w)|\d{{1,6}}(?![\w.:]))?[\s:,]*(.*)$",
    re.IGNORECASE | re.DOTALL,
)
_CODE = re.compile(r"([A-Za-z]{2,4})[\s.-]*(\d\d)[\s.-]*(\d{3,6})")
_SECOND = re.compile(rf"^(?:ke|dengan|dan|sama)?\s*({_FULL}(?!\w)|\d{{1,6}}(?!\w))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """`word` is the order by its one name, `code` as it was said (empty for none)."""

    word: str
    code: str
    words: str


def read(text: str, *, writing: bool = False) -> Order | None:
    """The order that a text is; "terima kasih" and "semua sehat" are none.

    With `writing` an open question waits for words: then only a code makes an order of a sentence.

    >>> read("Rencana LDK-26-0042 besok jam 9 telepon nenek")
    Order(word='rencana', code='LDK-26-0042', words='besok jam 9 telepon nenek')
    >>> read("terima 42"), read("baca ldk260042")
    (Order(word='terima', code='42', words=''), Order(word='baca', code='ldk260042', words=''))
    >>> read("terima kasih"), read("catat besok ke sana", writing=True)
    (None, None)
    """
    match = _ORDER.match(text.strip())
    if match is None:
        return None
    word = _SPELLED[" ".join(match[1].lower().split())]
    code, words = match[2] or "", match[3].strip()
    if word in LISTS and (code or words):
        return None
    if not code and words and (writing or word not in WITH_WORDS):
        return None
    return Order(word, code, words)


def whole(said: str) -> str:
    """A code as it is stored; empty where only its last digits were said.

    >>> whole("ldk260042"), whole("Ldk 26 42"), whole("LDK-26-0042"), whole("42")
    ('LDK-26-0042', '', 'LDK-26-0042', '')
    """
    match = _CODE.fullmatch(said.strip())
    return "" if match is None else f"{match[1].upper()}-{match[2]}-{int(match[3]):04d}"


def meant(talk: Talk, said: str) -> tuple[str, ...]:
    """Codes that may be meant: a whole code itself, of last digits every open task she may see.

    Of several her own one is meant, where exactly one of them is hers.
    """
    if code := whole(said):
        return (code,)
    if not said.isdecimal():
        return ()
    ending = [
        task
        for task in talk.world.tasks(None, limit=OPEN_TASKS)
        if int(task.code.rpartition("-")[2]) == int(said) and may(talk.person, Act.READ_TASK, task)
    ]
    hers = [task for task in ending if task.owner == talk.person.id]
    return tuple(task.code for task in (hers if len(hers) == 1 else ending))


def second(talk: Talk, words: str) -> tuple[str, ...]:
    """The other code of an order about two: "LDK-26-0042 ke 43"."""
    match = _SECOND.match(words.strip())
    return () if match is None else meant(talk, match[1])

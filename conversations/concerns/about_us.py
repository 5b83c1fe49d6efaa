"""Whether words say that a cadre or somebody of the programme did it: then staff are not told.

Such a report goes to the focal person outside the programme. That a cadre helped, was told, or is
spoken to is no such thing.
"""

from __future__ import annotations

import re

from conversations.talk import Talk

_US = (
    r"(?:kader|petugas|staf|staff|pendamping|relawan|fasilitator|koordinator)"
    r"(?:nya|ku|mu|e|ne|ipun)?"
)
_HARMS = (
    r"(?:pukul|gebuk|gepuk|tampar|tendang|jewer|cubit|raba|gerayang|grepe|pegang2|pegang-pegang|"
    r"cium|leceh|perkosa|setubuh|cabul|ancam|siksa|aniaya|sakiti|bentak|maki|jual|peras|apa-apa|"
    r"apa2|kerjai|sentuh|telanjang|pokol|tempeleng|antem|hajar)"
)
_TITLES = (
    r"(?:(?:oleh|sama|karo|dening|ambek|ambi|ikut|salah satu|seorang|oknum|orang|si|"
    r"pak|bu|bapak|ibu|mas|mbak|mantan)\s+)*"
)
_NAMED = r"(?:(?:(?:pak|bu|mas|mbak)\s+\w+|(?-i:[A-Z][a-z]+))\s+(?:yang\s+)?(?:jadi\s+)?)?"
"""A name before what she is: "Mbak Rina petugas itu"; not "bapaknya", whom a petugas may help."""
_DONE_BY = re.compile(
    rf"\b(?:di|dipa|ke|e)\s?{_HARMS}\w*\s+(?:(?:oleh|sama|karo|dening|ambek|ambi)\s+)?"
    rf"(?:{_NAMED}|{_TITLES}){_US}\b",
    re.IGNORECASE,
)
_DOES = re.compile(
    rf"\b{_US}\b(?:\s+(?:itu|tersebut|desa|kami|sini|yang|sering|suka|pernah|tadi|malah|juga|mau|"
    rf"sudah|dusun|posyandu|(?-i:[A-Z][a-z]+)))*"
    rf"\s+(?:me|mem|men|meng|ng|nge|n|m|ny|nyi|nga)?-?"
    rf"(?:{_HARMS}|ukul|ggebuk|nggepuk|ampar|nampar|menampar|endang|ncium|nyium|menyium|emegang|"
    rf"megang-megang|yiksa|nyakiti|menyakiti|emperkosa|ngancam|mengancam|ngraba)\w*",
    re.IGNORECASE,
)


def names_us(text: str) -> bool:
    """Whether a cadre or staff is said to have hurt, touched or threatened somebody.

    >>> names_us("anak itu dipukul sama bu kader"), names_us("petugas itu sering meraba anak saya")
    (True, True)
    >>> names_us("cucu saya dipukul bapaknya, sudah lapor kader"), names_us("dibantu bu kader")
    (False, False)
    """
    said = " ".join(text.split())
    return bool(_DONE_BY.search(said) or _DOES.search(said))


def goes_outside(talk: Talk, text: str) -> bool:
    """Whether a report goes to those outside; never where nobody there could be told."""
    if not names_us(text):
        return False
    team = talk.world.duty.team()
    return bool(team.focal or team.coordinators)

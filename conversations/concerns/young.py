"""A child who writes herself: a safe answer, SAPA 129, a human being; nothing is registered.

The programme is for adults, and this phone may be a grandmother's: what runs on it for her stays.
"""

from __future__ import annotations

import re

from conversations import interview
from conversations.concerns.receipt import number
from conversations.concerns.reporting import CODE, extend, running_task
from conversations.dialogue import Consent, Role
from conversations.event import ConsentDecided, PersonChanged
from conversations.level import Level
from conversations.message import READ_FOR_MEANING, Inbound, Kind
from conversations.talk import Talk
from locales import say

ADULT = 18

_REASON = "reason.young"
_WITH_STAFF = ("sandi", "hubungi")
"""Conversations in which more words go to the report that she has made already."""

_AN_AGE = 4
"""Words of a reply that tells an age and nothing else."""

_BEFORE = (
    r"(?:^|[.,!?;:\n]|\b(?:halo|hai|hallo|kak|kakak|bu|pak|mbak|mas|min|admin|permisi|tolong|nama|"
    r"perkenalkan|assalamualaikum|assalamu'alaikum|dan|karena|soalnya|tapi)\b)\s*"
)
_ME = r"(?:saya|sy|aku|aq|ak|gue|gua|kulo|kula|enyong|nyong|engko'?|kuring|abdi)"
_STILL = r"(?:ini|masih|baru|umur|umurku|umure|usia|usiaku|berumur|berusia|sek|msh|br|anak|tu)"
_LASTING = r"di|jadi|kerja|bekerja|ikut|tinggal|nikah|menikah|merawat|mengasuh|lalu|lebih|yang|ini"
_AGE = re.compile(
    rf"{_BEFORE}(?:nama\s*(?:ku|saya)?\s+\w+\s*,?\s*)?{_ME}\s+(?:{_STILL}\s+)*"
    rf"(\d{{1,2}})\s*(?:tahun|thn|th|taun)\b(?!\s+(?:{_LASTING})\b)"
    rf"|\b(?:umurku|usiaku|umur saya|usia saya|umur aku|umurnya saya)\s+(?:masih\s+|baru\s+)?"
    rf"(\d{{1,2}})\b",
    re.IGNORECASE,
)
_CLASS = re.compile(
    rf"{_BEFORE}{_ME}\s+(?:{_STILL}\s+|sekolah\s+|duduk\s+di\s+)*"
    r"(?:kelas\s+(?:[1-9]|1[0-2]|satu|dua|tiga|empat|lima|enam)\b|(?:anak|siswa|murid)\s+"
    r"(?:sd|smp|mts|mi|sma|smk|ma)\b)",
    re.IGNORECASE,
)
_AFRAID = re.compile(
    r"\b(?:aku|aq|saya|sy|kulo|enyong)\s+(?:\w+\s+){0,2}?(?:takut|wedi|ajrih|tako'?)\s+"
    r"(?:sama\s+|karo\s+|ambek\s+|pada\s+|ke\s+|dengan\s+|mbek\s+)?"
    r"(?:bapak|bapakku|ayah|ayahku|papa|abi|ibu|ibuku|mama|mamak|om|paman|pakde|paklik|"
    r"bapak tiri|ayah tiri|kakek|embah|mbah|simbah|abang|kakak|pak guru|guru|ustad|ustaz)\b",
    re.IGNORECASE,
)
_OWN_FAMILY = re.compile(
    r"\b(?:cucu|anak|anake|putu|putune|keponakan|suami|mantu)\b", re.IGNORECASE
)


def is_child(text: str) -> bool:
    """Whether whoever writes says that she is under 18, or is afraid of who cares for her.

    >>> [is_child(said) for said in ("saya 12 tahun", "kak, aku masih kelas 5", "aku takut bapak")]
    [True, True, True]
    >>> [is_child(said) for said in ("cucu saya 12 tahun", "saya 67 tahun", "anak saya kelas 5")]
    [False, False, False]
    """
    said = _read(text)
    ages = (int(found[1] or found[2]) for found in _AGE.finditer(said))
    return any(0 < age < ADULT for age in ages) or bool(_CLASS.search(said)) or is_afraid(text)


def is_afraid(text: str) -> bool:
    """Whether she tells of fear of somebody at home or at school, and of no child of her own."""
    said = _read(text)
    return bool(_AFRAID.search(said)) and not _OWN_FAMILY.search(said)


def _read(text: str) -> str:
    """Its beginning, lines as sentences, one blank between words: patterns stay linear in it."""
    lines = (" ".join(line.split()) for line in text[:READ_FOR_MEANING].splitlines())
    return ". ".join(line for line in lines if line)


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears that a child writes; False when somebody else does, or the words answer a question."""
    if inbound.kind is not Kind.TEXT or not is_child(inbound.text):
        return False
    if not (inbound.unproven or _may_be_a_child(talk)):
        return False
    if len(inbound.text.split()) <= _AN_AGE and _is_answer(talk, inbound.text):
        return False
    running = talk.running
    if running is not None and running.conversation in _WITH_STAFF:
        return False
    code, known = talk.alarm, running_task(talk)
    if code is None and known is not None:
        code = known.code
        extend(talk, code, inbound.text)
    elif code is None:
        level = Level.ORANYE if is_afraid(inbound.text) else Level.KUNING
        before = running.facts.get("pesan.isi", "") if running is not None else ""
        content = f"{before}\n{inbound.text}".strip()
        code = talk.open_task("concern", level, _REASON, content=content)
    answer(talk, code)
    return True


def writes(talk: Talk, text: str) -> bool:
    """Whether these words, which have raised an alarm, are a child's own: she says so, or did."""
    if not _may_be_a_child(talk):
        return False
    known = running_task(talk)
    told = known is not None and known.reason == _REASON
    return told or is_child(text) or talk.person.salutation == _called(talk)


def called(talk: Talk) -> None:
    """A child of whom nothing is known is no Bapak or Ibu from now on; a grandmother stays Mbah."""
    if not talk.person.registered and not talk.person.salutation:
        talk.add(PersonChanged({"salutation": _called(talk)}))


def _called(talk: Talk) -> str:
    return say("someone.young", talk.person.language)


def answer(talk: Talk, code: str) -> None:
    """Kind words, a number, a human being; the only question is whether staff may write."""
    running = talk.running
    if running is not None and running.conversation in _WITH_STAFF:
        talk.ask_again(talk.text("danger.more"))
        return
    talk.give_up_all("persetujuan", "daftar", "belum_setuju", "bingung", "lapor", "bahaya")
    called(talk)
    if not talk.person.registered and talk.person.consent is Consent.UNASKED:
        talk.add(ConsentDecided(Consent.REFUSED, "anak menulis sendiri", capacity="di_bawah_18"))
    talk.start(
        "sandi",
        facts={CODE: code},
        opening=talk.text("young", sapa=number("sapa"), police=number("polisi")),
    )


def _is_answer(talk: Talk, text: str) -> bool:
    """Whether the open question wants just that: her age, at the door."""
    running = talk.running
    if running is None or interview.takes_free_text(running, talk.world):
        return False
    return interview.understands(running, text, talk.person, talk.world)


def _may_be_a_child(talk: Talk) -> bool:
    return talk.world.typist is None and talk.person.role in (Role.CAREGIVER, Role.PARTNER)

"""Whom a broadcast or a rule is for, as a value: read from what staff write, and written back.

Who fits an audience is a question for storage; why one of them must not be written to is answered
in `politeness.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from locales import say

ROLES = {"pengasuh": "caregiver", "kader": "cadre", "mitra": "partner", "petugas": "staff"}
"""What staff call the roles."""

EVERY_ROLE = "semua"
RELATIONS = ("nenek", "kakek", "ibu", "bapak", "bibi_paman", "kakak", "tetangga", "lain")
OLDEST = 25
"""Completed years; nobody older is a child in anybody's care."""

UNANSWERED = "belum-jawab"
EXCEPT = "kecuali"

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,11}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_TAG = re.compile(r"[^\W_]\w{0,39}")
_AGES = re.compile(r"(\d{1,3})(?:\s*[-–]\s*(\d{1,3}))?")


class AudienceError(ValueError):
    """What was written names no audience; the message says what is wrong and what would be right,
    in the language of whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody who has one of the values of each condition that is not empty.

    Villages and schools are named by their codes; ages are of a child in completed years, both
    ends included. `unanswered` means: the last check-in she was sent is still open or has expired.
    """

    roles: frozenset[str] = frozenset({"caregiver"})
    villages: frozenset[str] = frozenset()
    schools: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    relations: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    youngest: int | None = None
    oldest: int | None = None
    unanswered: bool = False
    without: tuple[Audience, ...] = field(default=())
    """Whoever fits one of these is not in it."""


ANYBODY = Audience(roles=frozenset())
"""No condition at all: where an exclusion begins."""


def normal_tag(written: str) -> str:
    """A tag as it is kept and asked for; raises nothing, `is_tag` says whether it is one.

    >>> normal_tag(" Purna PMI "), normal_tag("purna-pmi")
    ('purna_pmi', 'purna_pmi')
    """
    return "_".join(written.casefold().replace("-", " ").replace("_", " ").split())


def is_tag(tag: str) -> bool:
    """Whether it is a tag: letters, digits and _, at most 40."""
    return _TAG.fullmatch(tag) is not None


def parse(written: str) -> Audience:
    """The audience that somebody wrote; nothing at all means every caregiver.

    >>> sorted(parse("peran=kader desa=ldk,SBS umur=0-5 kecuali tanda=uji").villages)
    ['LDK', 'SBS']
    >>> parse("desa=LDK kecuali sekolah=PAK-SBS").without[0].schools
    frozenset({'PAK-SBS'})
    >>> parse("dusun=LDK")
    Traceback (most recent call last):
    conversations.broadcasts.audience.AudienceError: “dusun” bukan syarat penerima. Yang bisa: \
peran, desa, sekolah, umur, bahasa, hubungan, tanda, belum-jawab, kecuali.
    """
    words = _words(written)
    parts: list[list[str]] = [[]]
    for word in words:
        if word.casefold() == EXCEPT:
            parts.append([])
        else:
            parts[-1].append(word)
    audience = _conditions(parts[0], Audience())
    without = tuple(_exclusion(part) for part in parts[1:])
    return replace(audience, without=without)


def written(audience: Audience) -> str:
    """The audience as staff would write it: the inverse of `parse`.

    >>> written(parse("umur=0-5 desa=SBS,LDK peran=pengasuh"))
    'desa=LDK,SBS umur=0-5'
    >>> written(parse("peran=semua kecuali tanda=uji"))
    'peran=semua kecuali tanda=uji'
    """
    said = []
    if audience.roles != Audience().roles:
        said.append(f"peran={_role_words(audience.roles) or EVERY_ROLE}")
    said += _said(audience)
    for excluded in audience.without:
        roles = [f"peran={_role_words(excluded.roles)}"] if excluded.roles else []
        said += [EXCEPT, *roles, *_said(excluded)]
    return " ".join(said)


def describe(audience: Audience) -> str:
    """The audience in a sentence for people.

    >>> describe(parse("desa=LDK umur=0-5 kecuali tanda=uji"))
    'pengasuh, desa LDK, anak umur 0–5 tahun; kecuali yang bertanda uji'
    """
    roles = [name for name, role in ROLES.items() if role in audience.roles]
    told = [_listed(roles) if roles else say("broadcast.whom.everybody"), *_told(audience)]
    sentence = ", ".join(told)
    for excluded in audience.without:
        of_roles = [name for name, role in ROLES.items() if role in excluded.roles]
        whom = ", ".join([*([_listed(of_roles)] if of_roles else []), *_told(excluded)])
        sentence += say("broadcast.whom.except", whom=whom)
    return sentence


def _words(written_: str) -> list[str]:
    """Words, with what belongs together joined: "desa = LDK, SBS" is one condition."""
    tight = re.sub(r"\s*=\s*", "=", written_.strip())
    tight = re.sub(r"\s*,\s*", ",", tight)
    return re.sub(r"\bbelum jawab\b", UNANSWERED, tight, flags=re.IGNORECASE).split()


def _conditions(words: Iterable[str], audience: Audience) -> Audience:
    for word in words:
        name, equals, values = word.partition("=")
        name = name.casefold()
        if name == UNANSWERED and not equals:
            audience = replace(audience, unanswered=True)
        elif name not in _READ:
            raise AudienceError(_unknown(name))
        elif not equals or not values.strip(","):
            raise AudienceError(say("broadcast.whom.no_value", name=name, example=_EXAMPLES[name]))
        else:
            audience = _READ[name](audience, [one for one in values.split(",") if one])
    return audience


def _exclusion(words: list[str]) -> Audience:
    if not words:
        raise AudienceError(say("broadcast.whom.empty_except"))
    return _conditions(words, ANYBODY)


def _unknown(name: str) -> str:
    near = get_close_matches(name, [*_READ, UNANSWERED], 1, 0.7)
    if near:
        return say("broadcast.whom.near", name=name, near=near[0])
    known = ", ".join([*_READ, UNANSWERED, EXCEPT])
    return say("broadcast.whom.unknown", name=name, known=known)


def _read_roles(audience: Audience, values: list[str]) -> Audience:
    said = [value.casefold() for value in values]
    if said == [EVERY_ROLE]:
        return replace(audience, roles=frozenset())
    _known("peran", said, (*ROLES, EVERY_ROLE))
    return replace(audience, roles=frozenset(ROLES[one] for one in said if one in ROLES))


def _read_relations(audience: Audience, values: list[str]) -> Audience:
    said = [value.casefold() for value in values]
    _known("hubungan", said, RELATIONS)
    return replace(audience, relations=frozenset(said))


def _read_ages(audience: Audience, values: list[str]) -> Audience:
    match = _AGES.fullmatch(values[0]) if len(values) == 1 else None
    youngest = int(match[1]) if match else 1
    oldest = int(match[2] or match[1]) if match else 0
    if not youngest <= oldest <= OLDEST:
        raise AudienceError(say("broadcast.whom.ages", said=",".join(values), oldest=OLDEST))
    return replace(audience, youngest=youngest, oldest=oldest)


def _reader(
    name: str, attribute: str, pattern: re.Pattern[str], tidy: Callable[[str], str]
) -> Callable[[Audience, list[str]], Audience]:
    def read(audience: Audience, values: list[str]) -> Audience:
        said = [tidy(value) for value in values]
        for one in said:
            if not pattern.fullmatch(one):
                example = _EXAMPLES[name]
                raise AudienceError(say("broadcast.whom.bad", name=name, said=one, example=example))
        changes: dict[str, Any] = {attribute: frozenset(said)}
        return replace(audience, **changes)

    return read


def _known(name: str, said: list[str], possible: tuple[str, ...]) -> None:
    for one in said:
        if one not in possible or (one == EVERY_ROLE and len(said) > 1):
            known = ", ".join(possible)
            raise AudienceError(say("broadcast.whom.not_one", name=name, said=one, known=known))


_READ: dict[str, Callable[[Audience, list[str]], Audience]] = {
    "peran": _read_roles,
    "desa": _reader("desa", "villages", _CODE, str.upper),
    "sekolah": _reader("sekolah", "schools", _CODE, str.upper),
    "umur": _read_ages,
    "bahasa": _reader("bahasa", "languages", _LANGUAGE, str.casefold),
    "hubungan": _read_relations,
    "tanda": _reader("tanda", "tags", _TAG, normal_tag),
}
_EXAMPLES = {
    "peran": "peran=kader",
    "desa": "desa=LDK",
    "sekolah": "sekolah=BOK-SBS",
    "umur": "umur=0-5",
    "bahasa": "bahasa=jv",
    "hubungan": "hubungan=nenek",
    "tanda": "tanda=purna_pmi",
}


def _said(audience: Audience) -> list[str]:
    """Every condition but the role, as it is written."""
    said = [
        f"{name}={','.join(sorted(getattr(audience, attribute)))}"
        for name, attribute in _NAMED
        if getattr(audience, attribute)
    ]
    if audience.youngest is not None:
        said.append(f"umur={audience.youngest}-{audience.oldest}")
    return [*said, UNANSWERED] if audience.unanswered else said


def _told(audience: Audience) -> list[str]:
    """Every condition but the role, for people."""
    told = [
        say(f"broadcast.whom.{attribute}", values=_listed(sorted(getattr(audience, attribute))))
        for _, attribute in _NAMED
        if getattr(audience, attribute)
    ]
    if audience.youngest is not None:
        ages = {"youngest": audience.youngest, "oldest": audience.oldest}
        told.append(say("broadcast.whom.children", **ages))
    return [*told, say("broadcast.whom.unanswered")] if audience.unanswered else told


def _role_words(roles: frozenset[str]) -> str:
    return ",".join(name for name, role in ROLES.items() if role in roles)


def _listed(names: list[str]) -> str:
    """Names in a sentence: a, b dan c."""
    *first, last = (name.replace("_", " ") for name in names)
    return f"{', '.join(first)} dan {last}" if first else last


_NAMED = (
    ("desa", "villages"),
    ("sekolah", "schools"),
    ("bahasa", "languages"),
    ("hubungan", "relations"),
    ("tanda", "tags"),
)

"""Whom a broadcast is for: read from what staff write, written back, told to people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.broadcasts.audience import (
    OLDEST,
    RELATIONS,
    ROLES,
    Audience,
    AudienceError,
    describe,
    normal_tag,
    parse,
    written,
)

CODES = st.from_regex(r"[A-Z0-9][A-Z0-9-]{0,11}", fullmatch=True)
NAMED = st.frozensets(CODES, max_size=3)


@st.composite
def parts(draw: st.DrawFn, *, whole: bool) -> Audience:
    """An audience without exclusions; one that excludes has a condition at least."""
    youngest = draw(st.none() | st.integers(0, OLDEST))
    part = Audience(
        roles=draw(st.frozensets(st.sampled_from(sorted(ROLES.values())))),
        villages=draw(NAMED),
        schools=draw(NAMED),
        languages=draw(st.frozensets(st.from_regex(r"[a-z]{2,3}", fullmatch=True), max_size=2)),
        relations=draw(st.frozensets(st.sampled_from(RELATIONS))),
        tags=draw(
            st.frozensets(
                st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True).map(normal_tag)
            )
        ),
        youngest=youngest,
        oldest=None if youngest is None else draw(st.integers(youngest, OLDEST)),
        unanswered=draw(st.booleans()),
    )
    empty = Audience(roles=frozenset())
    return part if whole or part != empty else Audience(frozenset({"cadre"}))


@st.composite
def audiences(draw: st.DrawFn) -> Audience:
    """Any audience that can be written."""
    whole = draw(parts(whole=True))
    without = tuple(draw(st.lists(parts(whole=False), max_size=2)))
    return Audience(
        whole.roles,
        whole.villages,
        whole.schools,
        whole.languages,
        whole.relations,
        whole.tags,
        whole.youngest,
        whole.oldest,
        whole.unanswered,
        without,
    )


@given(audiences())
def test_what_is_written_is_read_as_it_was(audience: Audience) -> None:
    assert parse(written(audience)) == audience


@given(audiences())
def test_every_audience_can_be_told_to_people(audience: Audience) -> None:
    assert describe(audience)


@given(st.text(max_size=60))
def test_whatever_is_written_is_read_or_refused_with_a_sentence(text: str) -> None:
    refusal = "."
    try:
        parse(text)
    except AudienceError as error:
        refusal = str(error)

    assert refusal.endswith((".", "?"))


def test_nothing_means_every_caregiver() -> None:
    assert parse("  ") == Audience()
    assert describe(Audience()) == "pengasuh"


def test_every_condition_is_read() -> None:
    audience = parse(
        "peran=kader,mitra desa=LDK,SBS sekolah=BOK-SBS umur=0-5 bahasa=jv hubungan=nenek"
        " tanda=purna_pmi belum-jawab kecuali tanda=uji kecuali sekolah=PAK-SBS"
    )

    assert audience == Audience(
        roles=frozenset({"cadre", "partner"}),
        villages=frozenset({"LDK", "SBS"}),
        schools=frozenset({"BOK-SBS"}),
        languages=frozenset({"jv"}),
        relations=frozenset({"nenek"}),
        tags=frozenset({"purna_pmi"}),
        youngest=0,
        oldest=5,
        unanswered=True,
        without=(
            Audience(roles=frozenset(), tags=frozenset({"uji"})),
            Audience(roles=frozenset(), schools=frozenset({"PAK-SBS"})),
        ),
    )


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Desa = ldk , sbs", "desa=LDK,SBS"),
        ("umur=5", "umur=5-5"),
        ("umur=0–5", "umur=0-5"),
        ("BELUM JAWAB", "belum-jawab"),
        ("Peran=Semua", "peran=semua"),
        ("desa=LDK Kecuali Tanda=UJI", "desa=LDK kecuali tanda=uji"),
    ],
)
def test_it_may_be_written_as_people_write(said: str, meant: str) -> None:
    assert written(parse(said)) == meant


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("dusun=LDK", "“dusun” bukan syarat penerima. Yang bisa: peran, desa,"),
        ("sekolahan=LDK", "Maksudnya sekolah?"),
        ("semua", "“semua” bukan syarat penerima"),
        ("desa=", "“desa” belum diisi. Tulis misalnya desa=LDK."),
        ("desa", "“desa” belum diisi"),
        ("desa=L/K", "“L/K” tidak bisa dipakai untuk desa"),
        ("umur=9-5", "Umur “9-5” tidak bisa dipakai"),
        ("umur=99", "0 sampai 25"),
        ("umur=balita", "misalnya umur=0-5"),
        ("umur=1,2", "Umur “1,2”"),
        ("peran=guru", "“guru” bukan peran. Yang bisa: pengasuh, kader, mitra, petugas, semua."),
        ("peran=kader,semua", "“semua” bukan peran"),
        ("hubungan=mertua", "Yang bisa: nenek, kakek"),
        ("bahasa=jawa", "misalnya bahasa=jv"),
        ("tanda=_", "misalnya tanda=purna_pmi"),
        ("desa=LDK kecuali", "Sesudah “kecuali” tulis siapa"),
        ("belum-jawab=ya", "“belum-jawab” bukan syarat"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(said: str, answer: str) -> None:
    with pytest.raises(AudienceError) as refused:
        parse(said)

    assert answer in str(refused.value)


def test_an_audience_is_told_in_a_sentence() -> None:
    audience = parse("peran=semua desa=LDK,SBS belum-jawab kecuali peran=kader tanda=uji")

    assert describe(audience) == (
        "semua orang, desa LDK dan SBS, yang belum menjawab pertanyaan mingguan terakhir;"
        " kecuali kader, yang bertanda uji"
    )

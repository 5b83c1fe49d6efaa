"""What one person reads of a message to many, and why somebody does not get it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.broadcasts.broadcast import (
    FILLED_IN,
    LONGEST,
    Account,
    DraftRefused,
    Rehearsal,
    check_text,
    reason_key,
    render,
    why_text,
)
from conversations.broadcasts.texts import account_lines, duration, reason_lines
from conversations.dialogue import Person, PersonId

MBAH = Person(PersonId(1), salutation="Mbah", name="Siti", channel="telegram")


def test_placeholders_are_filled_in_for_each() -> None:
    text = check_text("{Sapaan} { nama } dari {desa}, ajak {anak}.")

    assert render(text, MBAH, "Ledokombo", "Adi") == "Mbah Siti dari Ledokombo, ajak Adi."


def test_what_is_not_known_gives_way_to_a_general_word() -> None:
    stranger = Person(PersonId(2))

    read = render("Halo {sapaan}  {nama}, warga {desa}: {nama} dan {anak}.", stranger)

    assert read == "Halo Bapak/Ibu, warga kita: Bapak/Ibu dan putra-putri."


def test_a_name_with_braces_is_only_a_name() -> None:
    odd = Person(PersonId(3), salutation="{nama}", name="{desa}")

    assert render("{sapaan}!", odd) == "{nama}!"


def test_no_name_grows_a_message_without_end() -> None:
    long = Person(PersonId(4), salutation="M", name="x" * 500)

    assert len(render("{nama}", long)) == FILLED_IN


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "Pesannya belum ada"),
        ("  ", "Pesannya belum ada"),
        ("Halo {}", "“{}” tidak saya kenal"),
        ("Halo {cucu}", "{sapaan}, {nama}, {desa}, {anak}"),
        ("Halo {nama", "{sapaan}"),
        ("Halo nama}", "tidak berpasangan"),
        ("a" * (LONGEST + 1), f"{LONGEST + 1} huruf, paling banyak {LONGEST}"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused_with_the_reason(text: str, answer: str) -> None:
    with pytest.raises(DraftRefused) as refused:
        check_text(text)

    assert answer in str(refused.value)


def test_a_picture_needs_no_words() -> None:
    assert check_text("", with_media=True) == ""


@given(st.text(max_size=200))
def test_whatever_is_accepted_can_be_rendered(text: str) -> None:
    try:
        accepted = check_text(text)
    except DraftRefused:
        return

    assert render(accepted, MBAH)


@pytest.mark.parametrize(
    ("status", "noted", "key"),
    [
        ("excluded", "no_consent", "no_consent"),
        ("excluded", "budget", "budget"),
        ("failed", "unreachable: http 401", "unreachable"),
        ("failed", "400 refused", "refused"),
        ("failed", "chat not found", "blocked"),
        ("uncertain", "interrupted while sending", "interrupted"),
        ("uncertain", "unanswered: timeout", "unanswered"),
        ("uncertain", "TypeError", "unanswered"),
        ("expired", "", "late"),
        ("waiting", "", "waiting"),
    ],
)
def test_every_reason_has_a_key_and_the_key_a_text(status: str, noted: str, key: str) -> None:
    assert reason_key(status, noted) == key
    assert why_text(key)


def test_a_rehearsal_counts_everybody_once() -> None:
    other = Person(PersonId(2), language="jv", channel="simulator")

    counted = Rehearsal().with_people([(MBAH, ""), (other, "stopped")])
    counted = counted.with_people([(other, "")])

    assert (counted.planned, counted.reached) == (3, 2)
    assert counted.channels == {"telegram": 1, "simulator": 1}
    assert counted.languages == {"id": 1, "jv": 1}
    assert counted.reasons == {"stopped": 1}
    assert Rehearsal(**counted.to_json()) == counted


def test_the_quarter_is_whole_only_when_nobody_waits() -> None:
    def account(planned: int, waiting: int) -> Account:
        return Account(planned, waiting, planned - waiting, 0, 0, 0, 0, 0, {})

    assert [account(1000, left).quarter for left in (1000, 751, 750, 1, 0)] == [0, 0, 25, 75, 100]
    assert account(0, 0).quarter == 100


def test_an_account_names_only_places_where_somebody_is() -> None:
    lines = account_lines(Account(4, 0, 2, 0, 1, 1, 0, 0, {"stopped": 1, "unanswered": 1}))

    assert lines[:4] == [
        "Penerima: 4 orang.",
        "Terkirim: 2.",
        "Tidak dikirim: 1.",
        "Tidak pasti sampai: 1.",
    ]
    assert lines[5] == "- 1 orang: minta berhenti dikirimi pesan"


def test_the_most_frequent_reason_comes_first() -> None:
    assert [line[:3] for line in reason_lines({"late": 1, "stopped": 9})[1:]] == ["- 9", "- 1"]


def test_a_duration_is_told_roundly() -> None:
    assert [duration(seconds) for seconds in (0, 59, 60, 5400, 20_000)] == [
        "kurang dari 1 menit",
        "kurang dari 1 menit",
        "sekitar 1 menit",
        "sekitar 90 menit",
        "sekitar 6 jam",
    ]

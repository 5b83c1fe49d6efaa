"""Who has a case, in chat: handed over, kept from somebody close to it, merged and linked."""

from __future__ import annotations

import pytest

from conversations import dialogue as d
from conversations.concerns import event as ce
from conversations.level import Level
from tests.conversations.desks import DIMAS, LUAR, RINI, SARI, SECRET, case, taken
from tests.conversations.world import Phone, a_caregiver


def of(phone: Phone, kind: type[d.Event]) -> list[d.Event]:
    return [event for event in phone.world.events if isinstance(event, kind)]


def two_cases() -> tuple[Phone, str, str]:
    """A second report, of a neighbour, about the same child perhaps."""
    dimas, code = taken()
    before = set(dimas.world.open_tasks)
    a_caregiver(dimas.world, id=8).says("anak sebelah rumah dipukuli terus sama bapaknya")
    [other] = set(dimas.world.open_tasks) - before
    dimas.world.events.clear()
    return dimas, code, other


def test_a_case_is_handed_over_by_name() -> None:
    dimas, code = taken()

    [shown] = dimas.says(f"serahkan {code} Pak Joko")

    assert of(dimas, ce.HandedOver) == []
    assert "tidak ada di daftar" in shown
    dimas.says("Mbak Sari")
    assert of(dimas, ce.HandedOver) == [ce.HandedOver(code, SARI)]


def test_without_a_name_the_team_is_offered_and_whoever_is_on_duty() -> None:
    dimas, code = taken()

    [shown] = dimas.says(f"serahkan {code}")
    dimas.presses("Yang sedang jaga")

    assert "1. Mbak Sari" in shown
    assert "Mas Dimas" not in shown
    assert of(dimas, ce.HandedOver) == [ce.HandedOver(code, None)]


def test_a_case_is_never_handed_to_a_cadre() -> None:
    dimas, code = taken()

    [shown] = dimas.says(f"serahkan {code} Bu Rini")

    assert "tidak bisa dipegang" in shown
    assert of(dimas, ce.HandedOver) == []


def test_nobody_who_is_kept_out_is_offered_or_given_it() -> None:
    dimas, code = taken()
    dimas.says(f"kecualikan {code} Mbak Sari")

    offered = dimas.says(f"serahkan {code}")
    dimas.presses_payload(f"t:serahkan:{code}:#{SARI}")

    assert "1. Mbak Sari" not in " ".join(offered)
    assert of(dimas, ce.HandedOver) == []


def test_what_is_about_staff_is_handed_to_focal_persons() -> None:
    dimas, code = taken()
    dimas.world.duty.focal = (LUAR, d.PersonId(71))
    dimas.world.cases.colleagues |= {"Bu Nur": d.PersonId(71)}
    dimas.world.cases.roles[d.PersonId(71)] = d.Role.FOCAL
    dimas.world.cases._task(code, outside=True, owner=LUAR)
    luar = Phone(dimas.world, id=LUAR, role=d.Role.FOCAL)

    [shown] = luar.says(f"serahkan {code}")

    assert "1. Bu Nur" in shown
    assert "Sari" not in shown


def test_a_conflict_of_interest_is_recorded_by_name() -> None:
    dimas, code = taken()

    asked = dimas.says(f"kecualikan {code}")
    dimas.says("Bu Rini")

    assert "terlalu dekat" in " ".join(asked)
    assert of(dimas, ce.Excluded) == [ce.Excluded(code, RINI)]


def test_one_may_say_it_of_oneself_and_sees_it_no_more() -> None:
    dimas, code = taken()

    dimas.says(f"kecualikan {code} saya")

    assert of(dimas, ce.Excluded) == [ce.Excluded(code, DIMAS)]
    assert SECRET not in " ".join(dimas.says(f"baca {code}"))


@pytest.mark.parametrize("order", ["kecualikan {} saya", "serahkan {} jaga"])
def test_a_case_is_never_left_to_nobody(order: str) -> None:
    dimas, code = taken()
    dimas.world.duty.coordinators = ()

    [shown] = dimas.says(order.format(code))

    assert "Belum ada orang lain" in shown
    assert dimas.world.events == []


def test_a_name_that_two_have_is_asked_again() -> None:
    dimas, code = taken()
    dimas.world.cases.colleagues |= {"Bu Rini Wati": d.PersonId(51)}

    [shown] = dimas.says(f"kecualikan {code} Bu Rini")
    dimas.says("2")

    assert "1. Bu Rini" in shown
    assert of(dimas, ce.Excluded) == [ce.Excluded(code, d.PersonId(51))]


def test_merging_is_asked_first_and_may_go_either_way() -> None:
    dimas, code, other = two_cases()

    [asked] = dimas.says(f"gabung {code} {other}")
    before = of(dimas, ce.CaseMerged)
    dimas.says("2")

    assert f"1. Sama, teruskan {other}\n2. Sama, teruskan {code}" in asked
    assert before == []
    assert of(dimas, ce.CaseMerged) == [ce.CaseMerged(other, code)]
    assert case(dimas, code).task.closed_at is None


def test_the_words_of_both_are_read_in_the_one_that_goes_on() -> None:
    dimas, code, other = two_cases()
    dimas.presses_payload(f"t:gabung:{other}:{code} ya")

    shown = "\n".join(dimas.says(f"baca {code}"))

    assert SECRET in shown
    assert "anak sebelah rumah" in shown
    assert f"({other})" in shown


def test_the_second_code_may_be_its_last_digits() -> None:
    dimas, code, other = two_cases()

    dimas.says(f"kaitkan {code} dengan {int(other.rpartition('-')[2])}")

    assert of(dimas, ce.CaseLinked) == [ce.CaseLinked(code, other)]


def test_two_linked_cases_name_each_other() -> None:
    dimas, code, other = two_cases()
    dimas.says(f"kaitkan {code} {other}")

    shown = "\n".join(dimas.says(f"baca {code}"))

    assert f"anak yang sama: {other}" in shown


@pytest.mark.parametrize("order", ["gabung", "kaitkan"])
def test_nothing_is_joined_with_itself_or_with_what_she_may_not_see(order: str) -> None:
    dimas, code, other = two_cases()
    dimas.world.cases._task(other, excluded=frozenset({DIMAS}))

    itself = dimas.says(f"{order} {code} {code}")
    hidden = dimas.says(f"{order} {code} {other}")

    assert "tidak ketemu" in itself[0]
    assert "tidak ketemu" in hidden[0]
    assert of(dimas, ce.CaseMerged) + of(dimas, ce.CaseLinked) == []


def test_what_is_about_staff_is_never_merged_with_what_is_not() -> None:
    dimas, code, other = two_cases()
    dimas.world.cases._task(other, outside=True, owner=DIMAS)

    dimas.says(f"gabung {code} {other}")
    dimas.presses_payload(f"t:gabung:{code}:{other} ya")

    assert of(dimas, ce.CaseMerged) == []


def test_a_task_that_is_no_case_can_be_handed_over_but_not_referred() -> None:
    dimas, _ = taken(Level.KUNING)
    before = set(dimas.world.open_tasks)
    a_caregiver(dimas.world, id=9).says("PETUGAS")
    [code] = set(dimas.world.open_tasks) - before

    [referred] = dimas.says(f"rujuk {code}")
    dimas.says(f"serahkan {code} Mbak Sari")

    assert "bukan kasus" in referred
    assert of(dimas, ce.HandedOver) == [ce.HandedOver(code, SARI)]

"""A cadre is asked to look in on a family: she learns a name, no reason, and tells how it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from conversations import dialogue as d
from conversations import event as ev
from conversations.concerns import event as ce
from conversations.level import Level
from tests.conversations.desks import DIMAS, RINI, SECRET, rini, taken
from tests.conversations.world import Phone

DUE = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
"""Two days after the order."""


def of(phone: Phone, kind: type[d.Event]) -> list[d.Event]:
    return [event for event in phone.world.events if isinstance(event, kind)]


def sent(role: str = "caregiver") -> tuple[Phone, str, str]:
    """Mas Dimas has asked Bu Rini to look in; his case, and the code of her visit."""
    dimas, code = taken()
    siti = dimas.world.open_tasks[code]
    dimas.world.cases._task(code, about_name="Mbah Siti")
    dimas.world.cases._case(code, reporter_role=role)
    assert siti.about is not None
    dimas.says(f"kunjungi {code} Bu Rini")
    dimas.presses("Ya, minta menengok")
    if role != "caregiver":
        dimas.says("Bu Tin di RT dua")
    [asked] = of(dimas, ce.VisitAsked)
    assert isinstance(asked, ce.VisitAsked)
    return dimas, code, asked.visit


def test_a_visit_is_weighed_first_and_then_asked_of_a_cadre() -> None:
    dimas, code = taken()
    dimas.world.cases._case(code, reporter_role="caregiver", hide_name=True)
    dimas.world.cases._task(code, about_name="Mbah Siti")

    weighed = " ".join(dimas.says(f"kunjungi {code} Bu Rini"))
    before = of(dimas, ce.VisitAsked)
    [shown] = dimas.presses("Ya, minta menengok")

    [asked] = of(dimas, ce.VisitAsked)
    assert isinstance(asked, ce.VisitAsked)
    assert before == []
    assert "tanpa alasan" in weighed
    assert "namanya tidak disebut" in weighed
    assert (asked.code, asked.cadre, asked.due_at, asked.whom) == (code, RINI, DUE, "")
    assert "Bu Rini diminta menengok" in shown


def test_a_time_may_be_said_with_it() -> None:
    dimas, code = taken()
    dimas.world.cases._case(code, reporter_role="caregiver")
    dimas.world.cases._task(code, about_name="Mbah Siti")

    dimas.says(f"kunjungi {code} Bu Rini besok jam 9")
    dimas.presses("Ya, minta menengok")

    [asked] = of(dimas, ce.VisitAsked)
    assert isinstance(asked, ce.VisitAsked)
    assert asked.due_at == datetime(2026, 11, 19, 2, 0, tzinfo=UTC)


def test_without_a_name_the_cadres_near_are_offered() -> None:
    dimas, code = taken()

    [shown] = dimas.says(f"kunjungi {code}")

    assert "1. Bu Rini" in shown


def test_where_a_cadre_reported_it_the_family_is_asked_for() -> None:
    dimas, _, visit = sent("cadre")

    assert dimas.world.open_tasks[visit].content == "Bu Tin di RT dua"
    assert dimas.world.open_tasks[visit].about is None


def test_what_reaches_the_cadre_names_neither_case_nor_level_nor_reason() -> None:
    dimas, code, visit = sent()
    [outgoing] = [one for one in dimas.others if one.to == RINI]

    assert outgoing.message.discreet
    assert "sekadar menengok" in outgoing.message.text
    for hidden in (code, "MERAH", "Mbah Siti", "dipukuli"):
        assert hidden not in outgoing.message.text
    assert f"t:baca:{visit}" in [choice.payload for choice in outgoing.message.choices]


def test_the_cadre_reads_a_name_and_nothing_of_the_concern() -> None:
    dimas, code, visit = sent()
    cadre = rini(dimas)
    cadre.screen.clear()

    shown = "\n".join(cadre.presses_payload(f"t:baca:{visit}"))

    assert "Mbah Siti" in shown
    assert "sekadar menengok" in shown.casefold()
    for hidden in (SECRET, code, "MERAH", "KUNING", "Dugaan", "kekerasan"):
        assert hidden not in shown
    assert all(message.discreet for message in cadre.screen)
    assert ev.Audited("task_read", visit) in dimas.world.events


@pytest.mark.parametrize("said", ["BACA", "baca"])
def test_the_bare_word_that_the_message_names_opens_her_visit(said: str) -> None:
    dimas, _, visit = sent()

    shown = " ".join(rini(dimas).says(said))

    assert "Mbah Siti" in shown
    assert ev.Audited("task_read", visit) in dimas.world.events


def test_a_bare_word_of_every_day_ends_no_visit() -> None:
    dimas, _, visit = sent()

    rini(dimas).says("selesai")

    assert rini(dimas).running is None
    assert dimas.world.open_tasks[visit].closed_at is None


@pytest.mark.parametrize("said", ["baca", "terima", "selesai", "rujuk"])
def test_a_bare_word_of_a_cadre_without_a_visit_is_no_order(said: str) -> None:
    dimas, code = taken()

    shown = " ".join(rini(dimas).says(said))

    assert code not in shown
    assert "Tulis dengan kodenya" not in shown


def test_the_cadre_cannot_open_the_case_itself() -> None:
    dimas, code, _ = sent()

    for said in (f"BACA {code}", f"CATAT {code} sesuatu", f"SELESAI {code} sudah"):
        assert SECRET not in " ".join(rini(dimas).says(said))
        assert SECRET not in " ".join(rini(dimas).presses_payload(f"t:baca:{code}"))

    assert dimas.world.open_tasks[code].closed_at is None
    assert ev.Audited("task_read", code) not in dimas.world.events


def test_what_she_tells_is_kept_with_the_case_and_its_owner_hears() -> None:
    dimas, code, visit = sent()
    cadre = rini(dimas)

    asked = cadre.says(f"selesai {visit}")
    [shown] = cadre.says("semua baik, kemarin ada syukuran")

    [news] = [one for one in cadre.others if one.to == DIMAS]
    assert "bagaimana keadaannya" in " ".join(asked)
    assert "Terima kasih" in shown
    assert dimas.world.open_tasks[visit].closed_at is not None
    assert news.message.text == f"Ada kabar kunjungan untuk {code}."
    assert "semua baik, kemarin ada syukuran" in "\n".join(dimas.says(f"baca {code}"))


def test_a_note_leaves_the_visit_open() -> None:
    dimas, code, visit = sent()

    rini(dimas).says(f"catat {visit} belum ketemu, besok ke sana lagi")

    assert dimas.world.open_tasks[visit].closed_at is None
    assert "belum ketemu" in "\n".join(dimas.says(f"baca {code}"))


def test_danger_in_what_a_cadre_tells_is_an_alarm() -> None:
    dimas, _, visit = sent()
    dimas.world.events.clear()

    rini(dimas).says(f"catat {visit} anaknya dipukuli lagi sampai berdarah")

    opened = of(dimas, ev.TaskOpened)
    assert [one.level for one in opened if isinstance(one, ev.TaskOpened)] == [Level.MERAH]


def test_danger_in_her_answer_to_the_question_is_an_alarm_too() -> None:
    dimas, _, visit = sent()
    cadre = rini(dimas)
    cadre.says(f"selesai {visit}")
    dimas.world.events.clear()

    cadre.says("anaknya dipukuli lagi sampai berdarah")

    opened = of(dimas, ev.TaskOpened)
    assert [one.level for one in opened if isinstance(one, ev.TaskOpened)] == [Level.MERAH]


def test_her_list_shows_visits_without_level_or_reason() -> None:
    dimas, _, visit = sent()

    shown = "\n".join(rini(dimas).says("kasus saya"))

    assert visit in shown
    for hidden in ("KUNING", "MERAH", "kunjungan kader perlu", SECRET):
        assert hidden not in shown


def test_a_finished_visit_is_not_told_of_again() -> None:
    dimas, _, visit = sent()
    cadre = rini(dimas)
    cadre.says(f"selesai {visit} sudah, baik-baik saja")
    dimas.world.events.clear()

    [shown] = cadre.says(f"selesai {visit} sekali lagi")

    assert "sudah selesai" in shown
    assert not of(dimas, ev.TaskChanged)


@pytest.mark.parametrize("why", ["outside", "kept out", "reported it", "nobody near"])
def test_nobody_is_sent_who_must_not_know(why: str) -> None:
    dimas, code = taken()
    match why:
        case "outside":
            dimas.world.cases._task(code, outside=True, owner=DIMAS)
        case "kept out":
            dimas.world.cases._task(code, excluded=frozenset({RINI}))
        case "reported it":
            dimas.world.cases._task(code, about=RINI)
        case _:
            dimas.world.cases.near = ()

    [shown] = dimas.says(f"kunjungi {code} Bu Rini")
    dimas.presses_payload(f"t:kunjungi:{code}:#{RINI} @29400000 ya")

    assert "Petugas sendiri yang menengok" in shown
    assert of(dimas, ce.VisitAsked) == []


def test_a_visit_from_the_list_of_the_silent_can_be_given_to_a_cadre() -> None:
    dimas, code = taken()
    dimas.world.cases._task(code, kind="visit", level=Level.HIJAU)
    del dimas.world.cases.known[code]

    [shown] = dimas.says(f"serahkan {code}")
    dimas.says("1")

    assert "1. Bu Rini" in shown
    assert of(dimas, ce.HandedOver) == [ce.HandedOver(code, RINI)]
    assert dimas.world.now + timedelta(days=2) == DUE

"""A broadcast in chat after its rehearsal: now, later, approved, watched, paused, ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from conversations.broadcasts import broadcast as b
from conversations.dialogue import Role, Wake
from conversations.event import BroadcastStep
from conversations.message import Priority
from conversations.waking import wake
from tests.conversations.broadcast_phones import (
    COLLEAGUE,
    a_draft,
    a_member,
    drafts,
    news,
    steps,
)
from tests.conversations.world import STAFF, MemoryWorld, Phone


def test_send_now() -> None:
    phone = a_draft(a_member())

    [answer] = phone.says("1")

    assert "mulai dikirim" in answer
    assert steps(phone) == [(1, b.Step.START)]


def test_schedule_by_words_of_the_day() -> None:
    phone = a_draft(a_member())

    phone.says("2")
    unclear = phone.says("nanti saja")
    no_hour = phone.says("besok")
    [planned] = phone.says("besok jam 9 pagi")

    assert "belum paham waktunya" in unclear[0]
    assert "Jam berapa" in no_hour[0]
    assert "dijadwalkan 19/11 09:00" in planned
    [step] = [event for event in phone.world.events if isinstance(event, BroadcastStep)]
    assert step.starts_at is not None
    assert step.starts_at.isoformat() == "2026-11-19T02:00:00+00:00"


def test_a_try_goes_to_oneself_and_the_choices_stay() -> None:
    phone = a_draft(a_member())

    tried, again = phone.says("3")

    assert tried == "Besok kumpul, Mas."
    assert "1. Kirim sekarang" in again
    assert steps(phone) == []


def test_the_words_are_changed_and_the_old_draft_goes() -> None:
    phone = a_draft(a_member())

    phone.says("4")
    phone.says("2")
    phone.says("Lusa kumpul.")

    assert steps(phone) == [(1, b.Step.CANCEL)]
    assert [draft.text for draft in drafts(phone)][-1] == "Lusa kumpul."
    assert drafts(phone)[-1].audience.villages == {"LDK"}


def test_the_audience_is_changed_and_the_words_stay() -> None:
    phone = a_draft(a_member())

    phone.says("4")
    shown = phone.says("1")
    phone.says("desa=XXX")
    phone.says("desa=SBS")

    assert "desa=LDK" in shown[0]
    assert drafts(phone)[-1].audience.villages == {"SBS"}
    assert drafts(phone)[-1].text == "Besok kumpul, {sapaan}."
    assert steps(phone) == [(1, b.Step.CANCEL)]


def test_the_audience_of_what_is_sent_already_is_not_changed() -> None:
    phone = a_draft(a_member())
    phone.says("4")
    phone.says("1")
    phone.world.broadcasts.becomes(1, b.State.RUNNING)

    phone.says("desa=SBS")

    assert steps(phone) == []
    assert phone.running is not None


def test_a_cancelled_draft_is_not_sent_by_an_old_button() -> None:
    phone = a_draft(a_member())

    phone.says("5")
    [late] = phone.presses_payload("siar:kirim:1")

    assert steps(phone) == [(1, b.Step.CANCEL)]
    assert "dibatalkan, jadi itu tidak bisa lagi" in late


def test_an_empty_audience_is_refused_with_what_to_change() -> None:
    phone = a_member()
    phone.world.broadcasts.counted = b.Rehearsal(1, reasons={"stopped": 1})
    a_draft(phone)

    shown = phone.screen[-1]
    refused = phone.presses_payload("siar:kirim:1")

    assert "Tidak ada yang bisa dikirimi" in shown.text
    assert [choice.label for choice in shown.choices] == ["Penerimanya", "Batalkan"]
    assert "Tidak ada yang bisa dikirimi" in refused[0]
    assert steps(phone) == []


def many(world: MemoryWorld) -> None:
    world.broadcasts.counted = b.Rehearsal(101, {"telegram": 101}, {"id": 101}, {})


def test_above_the_limit_a_second_person_is_asked() -> None:
    phone = a_member()
    many(phone.world)
    a_draft(phone)

    [answer] = phone.says("1")

    assert "menunggu persetujuan petugas lain" in answer
    assert steps(phone) == [(1, b.Step.ASK)]


def test_up_to_the_limit_nobody_is_asked() -> None:
    phone = a_member()
    phone.world.broadcasts.counted = b.Rehearsal(100, {"telegram": 100}, {"id": 100}, {})
    a_draft(phone)

    phone.says("1")

    assert steps(phone) == [(1, b.Step.START)]


def test_without_a_second_person_it_is_said_how_to_get_one() -> None:
    phone = a_member()
    many(phone.world)
    a_draft(phone)
    phone.world.staff_people = (STAFF,)

    answer = phone.says("1")

    assert "kawan staff add" in answer[0]
    assert steps(phone) == []


def test_the_approver_sees_the_same_rehearsal_and_decides() -> None:
    author = a_member()
    many(author.world)
    a_draft(author).says("1")
    colleague = a_member(author.world, id=COLLEAGUE)

    shown = colleague.wakes("siar", f"1:setuju:{COLLEAGUE}")
    [answer] = colleague.says("1")

    assert "101 dari 101" in shown[0]
    assert "1. Setujui\n2. Tolak\n3. Coba ke saya" in shown[-1]
    assert "disetujui" in answer
    assert steps(author)[-1] == (1, b.Step.APPROVE)


def test_the_author_does_not_approve_her_own() -> None:
    author = a_member()
    many(author.world)
    a_draft(author).says("1")

    asked = author.wakes("siar", f"1:setuju:{STAFF}")
    [answer] = author.presses_payload("siar:setuju:1")

    assert asked == []
    assert "tidak menyetujuinya sendiri" in answer
    assert steps(author) == [(1, b.Step.ASK)]


def test_a_second_decision_comes_too_late() -> None:
    author = a_member()
    many(author.world)
    a_draft(author).says("1")
    colleague = a_member(author.world, id=COLLEAGUE)
    colleague.presses_payload("siar:tolak:1")

    [answer] = colleague.presses_payload("siar:setuju:1")
    asked = colleague.wakes("siar", f"1:setuju:{COLLEAGUE}")
    told = author.wakes("siar", "1:putusan")

    assert "tidak disetujui, jadi itu tidak bisa lagi" in answer
    assert asked == []
    assert told == ["Siaran 1 tidak disetujui."]


def test_a_colleague_does_not_send_somebody_elses_draft() -> None:
    author = a_draft(a_member())
    colleague = a_member(author.world, id=COLLEAGUE)

    [answer] = colleague.presses_payload("siar:kirim:1")

    assert "rancangan petugas lain" in answer
    assert steps(author) == []


@pytest.mark.parametrize("act", ["kirim", "jeda", "coba", "ubah", "isi", "siapa", "jadwal"])
@pytest.mark.parametrize("number", ["77", "x", "9" * 30])
def test_a_broadcast_that_is_none_is_no_dead_end(act: str, number: str) -> None:
    [answer] = a_member().presses_payload(f"siar:{act}:{number}")

    assert "Balas SIAR" in answer


def running(state: b.State = b.State.RUNNING) -> Phone:
    phone = a_draft(a_member())
    phone.says("1")
    phone.world.broadcasts.becomes(1, state)
    phone.world.broadcasts.now_at = b.Account(10, 6, 3, 0, 0, 1, 0, 0, {"stopped": 1})
    return phone


def test_siar_shows_the_newest_with_what_can_be_done() -> None:
    phone = running()

    [shown] = phone.says("SIAR")

    assert "Siaran 1 sedang dikirim." in shown
    assert "Penerima: 10 orang.\nTerkirim: 3.\nMenunggu: 6.\nTidak dikirim: 1." in shown
    assert "1. Jeda\n2. Batalkan\n3. Siaran baru" in shown


@pytest.mark.parametrize("state", [b.State.ASKING, b.State.SCHEDULED])
def test_of_what_has_not_begun_it_is_said_when_recipients_are_written_down(
    state: b.State,
) -> None:
    phone = running(state)
    phone.world.broadcasts.now_at = b.Account(0, 0, 0, 0, 0, 0, 0, 0, {})

    [shown] = phone.says("SIAR")

    assert "Penerimanya dicatat saat mulai dikirim." in shown
    assert "0 orang" not in shown


def test_it_is_paused_resumed_and_cancelled_by_words_or_buttons() -> None:
    phone = running()

    phone.says("SIAR JEDA")
    [paused] = phone.says("SIAR")
    phone.says("1")
    phone.world.broadcasts.becomes(1, b.State.RUNNING)
    phone.says("SIAR BATALKAN")

    assert "1. Lanjut\n2. Batalkan" in paused
    assert [step for _, step in steps(phone)][1:] == [b.Step.PAUSE, b.Step.RESUME, b.Step.CANCEL]


def test_a_new_one_begins_while_another_runs() -> None:
    phone = running()

    assert "Untuk siapa" in phone.says("SIAR BARU")[0]


def test_a_try_of_what_runs_shows_its_steps() -> None:
    phone = running()

    _, after = phone.presses_payload("siar:coba:1")

    assert "1. Jeda" in after


def test_progress_is_told_by_quarters_a_minute_apart_at_least() -> None:
    phone = running()

    told = phone.wakes("siar", "1:maju:0")
    again = phone.wakes("siar", "1:maju:25")

    assert told == ["Siaran 1: 25% selesai, 6 orang masih menunggu. Balas SIAR untuk melihat."]
    assert again == []
    first, second = news(phone)
    assert (first.subject, first.due_at - phone.world.now) == ("1:maju:25", timedelta(minutes=1))
    assert second.due_at > first.due_at


def test_a_broadcast_that_got_stuck_is_told_and_goes_on_when_somebody_says_so() -> None:
    phone = running()
    stored = phone.world.broadcasts
    stored.kept[b.BroadcastId(1)] = replace(stored.kept[b.BroadcastId(1)], stalled=True)

    [told] = phone.wakes("siar", "1:maju:0")
    phone.says("1")

    assert "gangguan" in told
    assert "6 orang" in told
    assert "1. Lanjut" in told
    assert "Jeda" not in told
    assert news(phone) == []
    assert steps(phone)[-1] == (1, b.Step.RESUME)


def test_the_end_is_told_once_with_the_account() -> None:
    phone = running(b.State.DONE)

    [told] = phone.wakes("siar", "1:maju:75")

    assert told.startswith("Siaran 1 selesai.\nPenerima: 10 orang.")
    assert news(phone) == []


def test_nobody_waits_and_more_may_come_so_nothing_is_told_yet() -> None:
    phone = running()
    phone.world.broadcasts.now_at = b.Account(10, 0, 10, 0, 0, 0, 0, 0, {})

    assert phone.wakes("siar", "1:maju:0") == []
    [planned] = news(phone)
    assert planned.due_at - phone.world.now == timedelta(seconds=5)


@pytest.mark.parametrize("state", [b.State.PAUSED, b.State.CANCELLED])
def test_nothing_is_told_of_what_rests(state: b.State) -> None:
    phone = running(state)

    assert phone.wakes("siar", "1:maju:0") == []


def test_news_goes_out_at_once_as_what_was_asked_for() -> None:
    phone = running()

    turn = wake(
        phone.person, phone.dialogue, Wake("siar", "1:maju:0", phone.world.now), phone.world
    )

    assert [outgoing.priority for outgoing in turn.outgoing] == [Priority.REPLY]


def test_a_lost_file_is_told() -> None:
    assert "tidak ada lagi" in running().wakes("siar", "1:berkas")[0]


def test_who_is_no_member_any_more_is_told_nothing() -> None:
    phone = running()
    former = Phone(phone.world, id=STAFF, role=Role.CAREGIVER)

    assert former.wakes("siar", "1:maju:0") == []
    assert phone.wakes("siar", "77:maju:0") == []


def test_a_rehearsal_of_what_was_cancelled_meanwhile_is_not_shown() -> None:
    phone = a_draft(a_member())
    phone.says("5")

    assert phone.wakes("siar", "1:gladi") == []


def test_nothing_is_shown_before_it_was_counted() -> None:
    phone = a_member()
    phone.world.broadcasts.counted = None

    a_draft(phone)
    answer = phone.says("1")

    assert "belum siap" in answer[0]
    assert steps(phone) == []


def test_a_button_of_another_time_leads_on() -> None:
    phone = a_member()

    [stale] = phone.presses_payload("siar:nothing:1")
    [again] = phone.presses_payload("siar:untuk:dusun=LDK")

    assert "tombol dari pertanyaan sebelumnya" in stale
    assert "Untuk siapa" in again


def test_a_schedule_for_what_was_cancelled_meanwhile_is_refused() -> None:
    phone = a_draft(a_member())
    phone.says("2")
    phone.world.broadcasts.becomes(1, b.State.CANCELLED)

    [answer] = phone.says("besok jam 9 pagi")

    assert "dibatalkan, jadi itu tidak bisa lagi" in answer
    assert steps(phone) == []


def test_an_order_about_nothing_begins_a_new_one() -> None:
    assert "Untuk siapa" in a_member().says("SIAR JEDA")[0]

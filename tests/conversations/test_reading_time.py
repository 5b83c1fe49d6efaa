"""Days and times as people say them, read on Wednesday 18 November 2026, 10:00 WIB."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import reading
from conversations.reading.time import pasaran
from locales.words import words

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo("Asia/Jakarta"))

REPLIES: dict[str | None, str] = {
    "2026-11-18 16:00": """
        Rabu jam 4 sore | hari ini jam 4 sore | hr ini jm 4 sore | jam 4 sore | nanti sore jam 4
        rabu ini jam 16.00""",
    "2026-11-18 19:00": """
        hari ini jam 7 malam | nanti malam jam 7 | nnti mlm jm 7 | malam ini jam 7
        dinten niki jam 7 malem | ntar malem jam 7""",
    "2026-11-19 09:00": """
        besok jam 9 | bsk jam 9 | besok pagi jam 9 | sesuk jam 9 isuk | kamis jam 9 pagi
        besok jam sembilan ya mbak | Kamis jam 9 | besok pukul 09.00 | jam 9 besok | bsk jm9
        benjing jam 9""",
    "2026-11-19 07:30": """
        besok jam setengah 8 pagi | besok jam setengah delapan | besok jam 7.30
        besok jam 07:30 | besok jam 7 lewat 30 pagi | besok jam tujuh tiga puluh pagi""",
    "2026-11-20 13:00": """
        lusa jam 1 siang | jumat jam 1 siang | Jum'at jam 13.00 | lusa jam satu siang
        20 november jam 1 siang | jumat siang jam 1""",
    "2026-11-20 06:45": """
        jumat jam 7 kurang seperempat pagi | jum'at jam 7 kurang 15 pagi
        jumat pagi jam tujuh kurang seperempat""",
    "2026-11-22 16:00": """
        hari minggu jam 4 sore | Ahad jam 4 sore | hari Minggu pukul 16.00 | ahad sore jam 4
        minggu jam 4 sore""",
    "2026-11-25 16:00": """
        rabu depan jam 4 sore | minggu depan hari rabu jam 4 sore | 25 november jam 16.00
        tgl 25 jam 4 sore | 25/11 jam 16:00""",
    "2026-11-25 09:00": """
        Rabu jam 9 pagi | tgl 25 jam 9 | tanggal 25 november jam 9 | rabu jam 9
        25-11-2026 jam 9 pagi | hari rabu jam 09.00 wib""",
    "2026-11-23 10:00": """
        senin jam 10 | senen jam 10 | Senin depan jam 10 pagi | hari senin pukul 10.00
        23/11 jam 10 | snn jam 10""",
    "2026-11-21 20:00": """
        sabtu jam 8 malam | malam minggu jam 8 | sabtu malam jam 8 | setu jam 8 bengi
        sabtu pukul 20.00 | saptu jam 20""",
    "2026-11-18 12:00": """
        hari ini jam 12 siang | jam 12 siang | nanti siang jam 12 | rabu jam 12 siang""",
    "2026-11-19 22:00": "besok jam 10 malam | besok malam jam 10 | kamis jam 22.00",
    "2026-11-19 19:15": """
        besok jam 19.15 | besok jam 7 seperempat malam | besok jam 7 lewat 15 malam
        besok malam jam 7 lebih 15 menit""",
    "2026-11-20": """
        jumat | lusa | jumat aja mbak | hari jumat | jumat sore | 20 november
        habis maghrib hari jumat | jumat ba'da isya | 20/11/2026 | jemuah""",
    "2026-11-19": """
        besok | besok sore | besok pagi mbak | sesuk | besok habis isya | Kamis | malam jumat
        kemis""",
    "2026-11-18": "hari ini | nanti malam | sore ini | hari ini aja | dina iki",
    "2026-11-24": "selasa | tgl 24 | hari selasa saja | sls | slasa depan",
    "2026-11-25": "rabu depan | 25 november | rabu minggu depan",
    "2026-12-03": "3 desember | tgl 3 | tanggal 3 desember 2026 | 03/12",
    None: """
        minggu depan | jam 12 malam | tadi | kemarin | terserah | kapan saja | 31 februari
        30/02 | tgl 32 | jam 25
        besok jam 25 | jam 4 | besok jam 4 | besok jam 6 | isuk | habis maghrib | ba'da isya
        | ya | 2 | senin atau selasa | besok atau lusa | kapan?
        jumat kemarin | tidak bisa | bulan depan | jam 9.75 | bukan besok | mungkin minggu depan
        akhir bulan | 17 november 2026
        hari ini jam 8 pagi | jam 9 pagi tadi | antara jam 9 dan jam 10
        besok jam 9 atau jam 10 | minggu ini""",
}


def test_days_and_times_are_read_as_a_kind_person_would() -> None:
    replies = [
        (wanted, reply.strip())
        for wanted, block in REPLIES.items()
        for line in block.strip().splitlines()
        for reply in line.split("|")
    ]

    misread = {
        reply: (wanted, got)
        for wanted, reply in replies
        if (got := reading.read("weekday_time", reply, NOW)) != wanted
    }

    assert misread == {}


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        ("Jumat Legi", "2026-11-20"),
        ("jumat pon jam 9 pagi", "2026-11-27 09:00"),
        ("Rabu Pahing", "2026-12-16"),
        ("rabu wage jam 9 pagi", "2026-12-23 09:00"),
        ("20 november pon", None),
    ],
)
def test_a_market_day_must_fit_the_weekday(reply: str, wanted: str | None) -> None:
    assert reading.read("weekday_time", reply, NOW) == wanted


@pytest.mark.parametrize(
    ("day", "market_day"),
    [
        (date(1633, 7, 8), "legi"),
        (date(1901, 6, 6), "pon"),
        (date(1921, 6, 8), "kliwon"),
        (date(1945, 8, 17), "legi"),
    ],
    ids=["1 Sura 1555", "Sukarno born", "Suharto born", "Proklamasi"],
)
def test_market_days_agree_with_days_that_history_recorded(day: date, market_day: str) -> None:
    assert pasaran(day) == market_day


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        ("pasaran legi", "2026-11-20"),
        ("pahing jam 9 pagi", "2026-11-21 09:00"),
        ("hari pon", "2026-11-22"),
        ("enggi pon", None),
        ("anaknya manis", None),
        ("wage", None),
    ],
)
def test_a_market_day_alone_is_its_coming_day_unless_it_is_today(
    reply: str, wanted: str | None
) -> None:
    assert reading.read("weekday_time", reply, NOW) == wanted


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [("rabu", None), ("rabu ini", "2026-11-18"), ("hari ini", "2026-11-18"), ("rabu pagi", None)],
)
def test_the_bare_name_of_today_is_asked_again(reply: str, wanted: str | None) -> None:
    assert reading.read("weekday_time", reply, NOW) == wanted


@pytest.mark.parametrize("reply", ["2-3", "4/5", "besok atau kamis depan", "setelah tanggal 25"])
def test_what_only_looks_like_a_day_is_asked_again(reply: str) -> None:
    assert reading.read("weekday_time", reply, NOW) is None


def test_weekday_and_market_day_come_round_together_after_35_days() -> None:
    coming = [date.fromordinal(NOW.toordinal() + offset) for offset in range(70)]

    fridays_pon = [day for day in coming if day.weekday() == 4 and pasaran(day) == "pon"]

    assert fridays_pon == [date(2026, 11, 27), date(2027, 1, 1)]


def test_a_correction_keeps_what_it_does_not_replace() -> None:
    assert reading.read("weekday_time", "jumat jam 9 eh sabtu", NOW) == "2026-11-21 09:00"
    assert reading.read("weekday_time", "jumat jam 4 sore eh jam 5 sore", NOW) == "2026-11-20 17:00"


def test_a_time_that_has_passed_today_moves_a_weekday_but_not_today() -> None:
    assert reading.read("weekday_time", "rabu jam 9 pagi", NOW) == "2026-11-25 09:00"
    assert reading.read("weekday_time", "hari ini jam 9 pagi", NOW) is None


def test_the_answer_stays_in_the_zone_of_now() -> None:
    when = reading.weekday_time("besok jam 9", NOW)

    assert isinstance(when, datetime)
    assert when.tzinfo is NOW.tzinfo


@pytest.mark.parametrize(
    ("reply", "wanted"), [("jam 4 sore", time(16)), ("jam 4", None), ("habis isya", None)]
)
def test_a_clock_time_needs_its_part_of_the_day(reply: str, wanted: time | None) -> None:
    assert reading.clock_time(reply) == wanted


def test_weekday_time_without_now_is_refused() -> None:
    with pytest.raises(ValueError, match="now"):
        reading.read("weekday_time", "besok")


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_no_text_makes_it_fail(text: str) -> None:
    reading.weekday_time(text, NOW)
    reading.day(text, NOW.date())


TIME_TABLES = ("days", "relative", "dayparts", "clock", "months", "pasaran", "numbers", "units")
PIECES = sorted(word for name in TIME_TABLES for word in words()[name].meanings)


@given(st.lists(st.sampled_from([*PIECES, "tanggal", "eh", "31", "2026", *"/-.:5"]), max_size=12))
def test_what_is_understood_is_never_in_the_past(pieces: list[str]) -> None:
    when = reading.weekday_time(" ".join(pieces), NOW)

    if isinstance(when, datetime):
        assert when > NOW
    elif when is not None:
        assert when >= NOW.date()

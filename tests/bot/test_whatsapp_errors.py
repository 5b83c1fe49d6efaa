"""Every error of the platform has one meaning for us, found by its number."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pywa import errors as pywa_errors

from bot.channels.channel import (
    Blocked,
    ChannelError,
    Refused,
    SlowDown,
    Unanswered,
    Unreachable,
    WindowClosed,
)
from bot.channels.whatsapp_errors import (
    TROUBLES,
    GraphError,
    failure,
    reason_of,
    refuses_media,
    trouble_of,
    verdict,
)

ERRORS_OF_SENDING = (
    pywa_errors.AuthorizationError,
    pywa_errors.ThrottlingError,
    pywa_errors.IntegrityError,
    pywa_errors.SendMessageError,
)


def an_answer(code: object, status: int = 400, **more: object) -> ChannelError:
    error = {"message": "words of theirs", "type": "OAuthException", "code": code, **more}
    return failure(status, orjson.dumps({"error": error}))


def the_verdict(code: int, status: int = 400, **more: object) -> ChannelError:
    error = an_answer(code, status, **more)
    assert isinstance(error, GraphError)
    return verdict(error)


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (131026, Blocked, "undeliverable"),
        (131047, WindowClosed, "window closed"),
        (131048, Refused, "withheld by platform: spam limit"),
        (131049, Refused, "withheld by platform: too many messages to this person"),
        (130472, Refused, "withheld by platform: experiment"),
        (131051, Refused, "message type not supported"),
        (131062, Refused, "needs a telephone number"),
        (100, Refused, "invalid parameter"),
        (131008, Refused, "parameter missing"),
        (131009, Refused, "invalid parameter"),
        (132000, Refused, "template: wrong number of values"),
        (132001, Refused, "template: missing or not approved"),
        (132015, Refused, "template: paused"),
        (132016, Refused, "template: disabled"),
        (131000, Unreachable, "platform error"),
        (131016, Unreachable, "platform down"),
        (1, Unreachable, "platform error"),
        (2, Unreachable, "platform down"),
        (999_999, Refused, "error 999999"),
    ],
)
def test_the_number_decides(code: int, kind: type[ChannelError], reason: str) -> None:
    told = the_verdict(code)

    assert type(told) is kind
    assert told.reason == reason == reason_of(code)


@pytest.mark.parametrize(
    ("code", "everybody"), [(131056, False), (130429, True), (80007, True), (4, True)]
)
def test_too_fast_is_a_pause_for_this_person_or_for_all(code: int, everybody: bool) -> None:
    told = the_verdict(code)

    assert isinstance(told, SlowDown)
    assert told.everybody is everybody
    assert 1 <= told.retry_after <= 60


@pytest.mark.parametrize("code", [*TROUBLES, 230])
def test_what_only_people_can_mend_stops_everything_and_says_what_to_do(code: int) -> None:
    error = an_answer(code, 500)
    assert isinstance(error, GraphError)

    told = verdict(error)

    assert isinstance(told, SlowDown)
    assert told.everybody
    assert told.retry_after >= 60
    assert trouble_of(error).startswith("WhatsApp: ")


def test_a_wrong_number_of_ours_is_told_from_a_wrong_parameter() -> None:
    wrong_number = an_answer(100, error_subcode=33)
    wrong_parameter = an_answer(100)

    assert isinstance(wrong_number, GraphError)
    assert isinstance(wrong_parameter, GraphError)
    assert "WHATSAPP_PHONE_ID" in trouble_of(wrong_number)
    assert wrong_number.not_found
    assert trouble_of(wrong_parameter) == ""
    assert not wrong_parameter.not_found


def test_an_unknown_token_error_is_told_by_its_status() -> None:
    error = an_answer(463_999, 401)

    assert isinstance(error, GraphError)
    assert "WHATSAPP_TOKEN" in trouble_of(error)


def test_every_number_that_pywa_knows_of_sending_has_a_reason() -> None:
    kinds = [kind for family in ERRORS_OF_SENDING for kind in family.__subclasses__()]
    codes = set[int]().union(*(kind.__error_codes__ or () for kind in kinds))
    flows_calls_and_registering = {132068, 132069, 131044, 133016}

    nameless = {code for code in codes if reason_of(code) == f"error {code}"}

    assert len(codes) > 100
    assert nameless == flows_calls_and_registering


def test_a_number_in_quotes_is_a_number() -> None:
    error = an_answer("131026")

    assert isinstance(error, GraphError)
    assert error.code == 131026


def test_what_the_platform_calls_passing_is_tried_again() -> None:
    assert isinstance(the_verdict(135000, is_transient=True), Unreachable)
    assert isinstance(the_verdict(135000), Refused)


def test_an_unknown_error_of_the_platforms_own_fault_is_tried_again() -> None:
    assert isinstance(the_verdict(999_999, 500), Unreachable)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, Unanswered),
        (502, Unanswered),
        (504, Unanswered),
        (400, Unanswered),
        (401, Unreachable),
        (404, Unreachable),
        (413, Refused),
        (429, SlowDown),
    ],
)
def test_a_page_of_a_proxy_says_only_what_its_status_says(
    status: int, kind: type[ChannelError]
) -> None:
    assert type(failure(status, b"<html>")) is kind


def test_no_reason_quotes_what_was_sent() -> None:
    error = an_answer(131009, error_data={"details": "Param text: anaknya dipukul 0812"})

    assert "dipukul" not in f"{error} {error.reason} {verdict(error)}"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "said", "media"),
    [
        (131053, "", True),
        (131052, "", True),
        (131009, "Media ID 12 does not exist", True),
        (131009, "Button title is too long", False),
        (131026, "media", False),
    ],
)
def test_a_refused_file_is_told_from_a_refused_message(code: int, said: str, media: bool) -> None:
    error = an_answer(code, error_data={"details": said})

    assert isinstance(error, GraphError)
    assert refuses_media(error) is media


@given(
    st.integers(200, 599),
    st.dictionaries(
        st.sampled_from(["code", "error_subcode", "error_data", "message", "is_transient"]),
        st.none() | st.booleans() | st.integers(-9, 2**40) | st.text(max_size=9) | st.just({}),
    )
    | st.none()
    | st.text(),
)
def test_whatever_the_error_looks_like_it_has_a_verdict(status: int, error: object) -> None:
    told = failure(status, orjson.dumps({"error": error}))

    if isinstance(told, GraphError):
        assert isinstance(verdict(told), ChannelError)
        assert told.reason
    else:
        assert isinstance(told, ChannelError)

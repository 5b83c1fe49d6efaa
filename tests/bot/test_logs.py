"""Logs tell what happened and never what somebody wrote or is called."""

from __future__ import annotations

import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import logs

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "critical"}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    file = io.StringIO()
    logs.configure("info", file)
    yield file
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(file: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_numbers_and_kinds_are_written(written: io.StringIO) -> None:
    structlog.get_logger().info("sendings were interrupted", again=3, error="KeyError")

    [line] = lines(written)

    assert (line["event"], line["again"], line["error"], line["level"]) == (
        "sendings were interrupted",
        3,
        "KeyError",
        "info",
    )


@pytest.mark.parametrize("field", ["text", "name", "message", "address", "exc_info", "body"])
def test_any_other_field_is_dropped_and_named(written: io.StringIO, field: str) -> None:
    structlog.get_logger().error("something", **{field: "cucu saya sakit"})

    assert "cucu" not in written.getvalue()
    assert lines(written)[0]["dropped"] == field


def test_a_field_with_more_than_a_plain_value_is_dropped(written: io.StringIO) -> None:
    structlog.get_logger().info("something", number={"text": "cucu saya sakit"})

    assert "cucu" not in written.getvalue()


def test_a_library_is_named_but_not_quoted(written: io.StringIO) -> None:
    logging.getLogger("somelib").warning("got %s", "cucu saya", exc_info=KeyError("sakit"))

    [line] = lines(written)

    assert (line["logger"], line["error"]) == ("somelib", "KeyError")
    assert "cucu" not in written.getvalue()
    assert "sakit" not in written.getvalue()


def test_what_is_below_the_level_is_not_written(written: io.StringIO) -> None:
    structlog.get_logger().debug("too much")

    assert written.getvalue() == ""


def log_calls() -> list[tuple[str, ast.Call]]:
    found = []
    for file in (*ROOT.glob("bot/**/*.py"), *ROOT.glob("storage/*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "_log"
            ):
                found.append((f"{file.relative_to(ROOT)}:{node.lineno}", node))
    return found


def test_every_log_line_in_the_code_is_a_fixed_sentence_with_known_fields() -> None:
    calls = log_calls()

    faults = [
        place
        for place, call in calls
        if len(call.args) != 1
        or not isinstance(call.args[0], ast.Constant)
        or not {keyword.arg for keyword in call.keywords} <= logs.FIELDS
    ]

    assert len(calls) > 10
    assert faults == []

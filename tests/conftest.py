"""What every test may ask for."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

pytest_plugins = ["tests.databases"]


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A command called inside a test configures the logs of this process, to a file soon closed."""
    root, configured = logging.getLogger(), structlog.get_config()
    level = root.level
    yield
    structlog.configure(**configured)
    root.setLevel(level)
    root.handlers[:] = [
        handler for handler in root.handlers if not type(handler).__module__.startswith("bot")
    ]

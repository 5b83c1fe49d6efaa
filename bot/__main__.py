"""`python -m bot` is the command `kawan`."""

from __future__ import annotations

import sys

OLDEST_PYTHON = (3, 11)


def main() -> None:
    """Run a command; a Python that is too old is told so in one line."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("Kawan Asuh memerlukan Python 3.11 atau lebih baru.")
    from bot.cli import main as run

    run()


if __name__ == "__main__":
    main()

"""The command `kawan`: every command by name, and one clear line when something is wrong.

What a command does is in `commands/`, one file a group; nothing heavy is imported before a command
is really called, so that `kawan --help` answers at once.
"""

from __future__ import annotations

import os
import sys

import typer

from bot.commands import (
    broadcast,
    cases,
    checking,
    costs,
    data,
    directory,
    duty,
    enrolment,
    office,
    programme,
    referral,
    report,
    rules,
    running,
    schools,
    sessions,
    staff,
    tags,
    templates,
    whatsapp,
)

app = typer.Typer(
    name="kawan",
    help="Kawan Asuh: teman ngobrol soal mengasuh anak, di Telegram dan di peramban.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    running,
    staff,
    programme,
    rules,
    schools,
    sessions,
    enrolment,
    tags,
    templates,
    broadcast,
    costs,
    report,
    checking,
    data,
    directory,
    duty,
    referral,
    cases,
    whatsapp,
):
    group.register(app)


def main() -> None:
    """Run the command of this process; any failure is one line on standard error."""
    os.umask(0o077)
    try:
        code = app(prog_name="kawan", standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        office.complain(error)
        sys.exit(getattr(error, "exit_code", 1))
    sys.exit(code if isinstance(code, int) else 0)

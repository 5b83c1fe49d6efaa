"""The pages cannot lie: what they name exists, what exists is documented, what they show happens.

A console block marked `run` is run, and its output compared; `…` in it stands for anything within a
line, and alone on a line for any lines. What the pages say in sentences only a reader can judge.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import orjson
import pytest
import typer.main

from bot.cli import app
from bot.settings import Settings
from conversations.reading.appointment import Unclear, moved_to
from conversations.reading.present import present
from tests.whole.process import READY, ROOT, free_port

PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
ROOMS = ("bot", "conversations", "locales", "storage", "tests", "docs", ".ci")
OPERATING = ROOT / "docs" / "operating.md"
SHOWING = tuple(
    ROOT / "docs" / f"{name}.md"
    for name in ("operating", "schools", "programmes", "broadcasts", "enrolment", "referral")
)
"""Pages whose commands are run, each in a folder of its own; the README's are, by `pilot`."""


NOT_SETTINGS = {"KAWAN_DOCS"}
"""Variables that the pages set and that do not belong to the programme's configuration."""

PATIENCE = 30.0

MADE_BY_TESTS = {"tests/artifacts", "tests/artifacts/"}
"""Not in a fresh checkout, and never in git."""

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_PLACED = re.compile(r"`([A-Za-z_][\w.]*)`\s*(?:\(|,\s)`([\w/]+\.py)`")
_KAWAN = re.compile(r"(?<!-u )(?<!exec )(?<![\w-])kawan ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?")
_ASSIGNED = re.compile(r"(?<![\w$])([A-Z][A-Z0-9_]{2,})=")
_FILE = re.compile(r"<!-- file: (\S+) -->\n```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_RUN = re.compile(r"<!-- run(?: with (.+?))? -->\n```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OF_A_MACHINE = re.compile(r"/(?:root|home|work|tmp|Users)/|\bpypi\b", re.IGNORECASE)

_pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@_pages
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text("utf-8")) if "://" not in link]

    lost = [link for link in links if not _leads_somewhere(page, link)]

    assert not lost


@_pages
def test_every_path_that_is_named_exists(page: Path) -> None:
    named = {path for path in _SPAN.findall(page.read_text("utf-8")) if _is_path(path)}

    kept = named - MADE_BY_TESTS
    lost = [path for path in sorted(kept) if not any(ROOT.glob(path.rstrip("/")))]

    assert not lost


@_pages
def test_every_function_is_in_the_file_it_is_said_to_be_in(page: Path) -> None:
    placed = set(_PLACED.findall(page.read_text("utf-8")))

    lost = [f"{name} in {file}" for name, file in sorted(placed) if name not in defined_in(file)]

    assert not lost


def test_the_architecture_names_functions_at_all() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")

    assert len(set(_PLACED.findall(text))) > 30


@_pages
def test_every_command_and_setting_that_is_used_exists(page: Path) -> None:
    code = "\n".join(_code_of(page))
    known = {name.upper() for name in Settings.model_fields} | NOT_SETTINGS

    unknown = [words for words in _KAWAN.findall(code) if not _is_command(*words)]
    unset = set(_ASSIGNED.findall(code)) - known

    assert not unknown
    assert not unset


@_pages
def test_no_page_speaks_of_somebodys_machine(page: Path) -> None:
    found = _OF_A_MACHINE.findall(page.read_text("utf-8"))

    assert not found


def test_every_setting_is_documented_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    defaults = Settings.load(env_file=None).shown()

    rows = {_code(name): default for name, default, _ in _table("settings")}

    assert rows.keys() == defaults.keys()
    for name, default in defaults.items():
        assert _code(rows[name]) == _as_written(default), name


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, _, meaning in _table("settings") if not meaning] == []


def test_every_command_is_documented_as_its_help_says() -> None:
    rows = {_command_in(usage): (usage, said) for usage, said, _ in _table("commands")}

    assert rows.keys() == commands().keys()
    for name, command in commands().items():
        usage, said = rows[name]
        assert said == command.help, name
        assert set(re.findall(r"--[a-z-]+", usage)) == command.options, name
        assert len(_arguments(usage, name)) == command.arguments, name


@pytest.mark.parametrize("page", SHOWING, ids=lambda page: page.name)
def test_what_a_page_shows_on_the_console_is_what_happens(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")

    shown = run_as_shown(text, tmp_path)

    assert len(shown) > 4


def test_every_order_that_a_page_shows_is_understood() -> None:
    page = (ROOT / "docs" / "schools.md").read_text("utf-8")
    now, meeting = datetime(2026, 11, 18, 10), datetime(2026, 11, 23, 9)
    orders = re.findall(r"`TUNDA (?:BOK-SBS )?([^`]+)`", page)
    lists = re.findall(r"`((?:hadir|semua|tidak ada)[^`]*)`", page)

    unclear = [one for one in orders if isinstance(moved_to(one, now, meeting), Unclear)]
    unread = [one for one in lists if present(one) is None]

    assert min(len(orders), len(lists)) > 3
    assert not unclear + unread


def test_a_bot_connected_as_the_readme_says_answers_its_staff(pilot: Pilot) -> None:
    codes = re.findall(r"kode ([A-Z0-9]{4}-[A-Z0-9]{4})", pilot.added)

    for number, code in enumerate(codes, 1):
        pilot.writes(6_200_000_000 + number, code)

    assert len(codes) == 2
    _until(lambda: pilot.sent().count("Selamat bergabung") == 2)
    assert pilot.kawan("staff", "list").count("bergabung") == 2


def test_every_metric_is_documented(pilot: Pilot) -> None:
    page = _asked(f"{pilot.url}/metrics").decode()
    names = set(re.findall(r"^# TYPE (\S+) ", page, re.MULTILINE))

    documented = {_code(name) for name, _ in _table("metrics")}

    assert documented == {name for name in names if not name.endswith("_created")}


@dataclass(frozen=True, slots=True)
class Pilot:
    """The README's three steps taken in a folder, with the strict fake in Telegram's place."""

    folder: Path
    platform: str
    url: str
    added: str

    def kawan(self, *arguments: str) -> str:
        """What a command says in this folder."""
        return _shown(shlex.join(["kawan", *arguments]), self.folder, {})

    def writes(self, person: int, text: str) -> None:
        """Somebody writes to the bot."""
        body = orjson.dumps({"user": person, "says": text})
        _asked(f"{self.platform}/sim/push", body)

    def sent(self) -> str:
        """All that the bot has sent."""
        answer = orjson.loads(_asked(f"{self.platform}/sim/sent"))
        return "\n".join(message["text"] for message in answer["sent"])


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pilot]:
    """Everything running, stopped at the end."""
    folder = tmp_path_factory.mktemp("pilot")
    readme = (ROOT / "README.md").read_text("utf-8")
    with ExitStack() as stack:
        fake, platform = _started([sys.executable, "-m", "tests.fakes.telegram"], ROOT, {})
        stack.callback(_end, fake)
        given = dict(line.split("=", 1) for line in platform.splitlines())
        url = given["TELEGRAM_API_URL"]
        for name, content in _FILE.findall(readme):
            (folder / name).write_text(content, "utf-8")
        written = (folder / ".env").read_text("utf-8")
        told = re.sub(r"(?<=TELEGRAM_TOKEN=).*", given["TELEGRAM_TOKEN"], written)
        (folder / ".env").write_text(f"{told}TELEGRAM_API_URL={url}\n", "utf-8")
        added = "".join(run_as_shown(readme, folder))
        port = free_port()
        settings = {"PILOT": "1", "PORT": str(port)}
        service, _ = _started([sys.executable, "-m", "bot", "run"], folder, settings)
        stack.callback(_end, service)
        yield Pilot(folder, url, f"http://127.0.0.1:{port}", added)


@dataclass(frozen=True, slots=True)
class Command:
    """A command as typer knows it."""

    help: str
    options: frozenset[str]
    arguments: int


@cache
def commands() -> Mapping[str, Command]:
    """Every command by its words, such as "staff add"."""
    return dict(_walked(typer.main.get_command(app)))


def _walked(group: object, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Command]]:
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            yield from _walked(command, (*words, name))
            continue
        options = [one.opts[0] for one in command.params if one.param_type_name == "option"]
        arguments = len(command.params) - len(options)
        described = Command(" ".join(command.help.split()), frozenset(options), arguments)
        yield " ".join((*words, name)), described


def _is_command(first: str, second: str) -> bool:
    return first in commands() or f"{first} {second}".strip() in commands()


def defined_in(file: str) -> set[str]:
    """What a file defines at its top, and the methods of its classes as Class.method."""
    path = ROOT / file
    if not path.is_file():
        return set()
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name, body=body):
                functions = (ast.FunctionDef, ast.AsyncFunctionDef)
                methods = {f"{name}.{one.name}" for one in body if isinstance(one, functions)}
                found |= {name, *methods}
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return found


def _leads_somewhere(page: Path, link: str) -> bool:
    file, _, heading = link.partition("#")
    target = page.parent / file if file else page
    if not target.exists():
        return False
    return not heading or heading in _anchors(target)


def _anchors(page: Path) -> set[str]:
    """The headings of a page as a browser addresses them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def _is_path(span: str) -> bool:
    room, slash, _ = span.partition("/")
    return bool(slash) and room in ROOMS and re.fullmatch(r"[\w./*-]+", span) is not None


def _code_of(page: Path) -> Iterator[str]:
    text = page.read_text("utf-8")
    yield from _FENCE.findall(text)
    yield from _SPAN.findall(_FENCE.sub("", text))


def _table(name: str) -> list[list[str]]:
    """The rows of a marked table of the operating guide, without its head."""
    text = OPERATING.read_text("utf-8")
    [inside] = re.findall(rf"<!-- {name} -->\n(.*?)\n<!-- end {name} -->", text, re.DOTALL)
    lines = inside.splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _as_written(default: str) -> str:
    return re.sub(r"^(\d+)\.0$", r"\1", default).replace("False", "false")


def _code(cell: str) -> str:
    """What a cell holds as code, and nothing else; empty where it says it in words."""
    found = re.fullmatch(r"`([^`]*)`", cell)
    return found[1] if found else ""


def _command_in(usage: str) -> str:
    words = _code(usage).removeprefix("kawan ").split()
    return " ".join(word for word in words if re.fullmatch(r"[a-z]+(?:-[a-z]+)*", word))


def _arguments(usage: str, name: str) -> list[str]:
    """The words in capitals that no option takes."""
    rest = _code(usage).removeprefix(f"kawan {name}")
    return re.findall(r"[A-Z]+", re.sub(r"--[a-z-]+ [A-Z]+", "", rest))


def run_as_shown(text: str, folder: Path) -> list[str]:
    """Run every console block marked `run`; what each command said, which must be as shown."""
    said = []
    for given, block in _RUN.findall(text):
        settings = dict(pair.split("=", 1) for pair in shlex.split(given))
        for command, expected in _steps(block):
            said.append(_shown(command, folder, settings))
            assert _pattern(expected).fullmatch(said[-1]), f"$ {command}\n{said[-1]}"
    return said


def _steps(block: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block with what it shows."""
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = step.partition("\n")
        yield command, shown


def _pattern(expected: str) -> re.Pattern[str]:
    lines = (
        r"(?:.*\n)*" if line == "…\n" else re.escape(line) for line in expected.splitlines(True)
    )
    return re.compile("".join(lines).replace(re.escape("…"), ".*"))


def _shown(command: str, folder: Path, settings: Mapping[str, str]) -> str:
    """What a shell shows for this command, errors too."""
    script = f'kawan() {{ {shlex.quote(sys.executable)} -m bot "$@"; }}\n{command}'
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env=_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout.decode()


def _started(
    arguments: list[str], folder: Path, settings: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], str]:
    """A process, and what it said before it was ready to be asked."""
    running = subprocess.Popen(
        arguments,
        cwd=folder,
        env=_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert running.stdout is not None
    said = b""
    for line in running.stdout:
        said += line
        if line.startswith((READY, b"TELEGRAM_TOKEN")):
            return running, said.decode()
    raise AssertionError(f"{arguments} did not start: {running.wait()}")


def _end(running: subprocess.Popen[bytes]) -> None:
    assert running.stdout is not None
    with closing(running.stdout):
        running.terminate()
        running.wait(PATIENCE)


def _asked(url: str, body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(url, body) as answer:
        given: bytes = answer.read()
    return given


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        **settings,
    }


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)

"""The Caddyfile that we ship: what goes through it, and what stays inside."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.bot.services import free_port

CADDYFILE = Path(__file__).parents[1] / "docs" / "deploy" / "Caddyfile"
CADDY = shutil.which("caddy")

needs_caddy = pytest.mark.skipif(CADDY is None, reason="caddy is not installed")


def test_only_what_the_platforms_call_is_let_through() -> None:
    lines = [line.strip() for line in CADDYFILE.read_text("utf-8").splitlines()]

    assert [line for line in lines if line.startswith("path ")] == [
        "path /whatsapp",
        "path /telegram",
    ]
    assert lines.count("reverse_proxy 127.0.0.1:8080") == 2
    assert "respond 404" in lines


@needs_caddy
def test_caddy_reads_it_as_it_is(tmp_path: Path) -> None:
    assert CADDY is not None

    done = subprocess.run(
        [CADDY, "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[str]:
    """Caddy before something that answers every path; without https, which needs a public name."""
    assert CADDY is not None
    heard = web.Application(client_max_size=2**23)
    heard.router.add_route("*", "/{rest:.*}", _echo)
    runner = web.AppRunner(heard)
    await runner.setup()
    inside, outside = free_port(), free_port()
    await web.TCPSite(runner, "127.0.0.1", inside).start()
    text = CADDYFILE.read_text("utf-8")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{inside}")
    text = text.replace("kawan.example.org {", f"http://127.0.0.1:{outside} {{")
    config = tmp_path / "Caddyfile"
    config.write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{text}", "utf-8")
    running = await asyncio.create_subprocess_exec(
        *(CADDY, "run", "--config", str(config), "--adapter", "caddyfile"),
        env={"HOME": str(tmp_path)},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _listening(outside)
        yield f"http://127.0.0.1:{outside}"
    finally:
        running.terminate()
        await running.wait()
        await runner.cleanup()


@needs_caddy
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/whatsapp?hub.mode=subscribe&hub.challenge=1", 200),
        ("POST", "/whatsapp", 200),
        ("DELETE", "/whatsapp", 404),
        ("POST", "/telegram", 200),
        ("GET", "/telegram", 404),
        ("GET", "/", 404),
        ("GET", "/metrics", 404),
        ("GET", "/healthz", 404),
        ("GET", "/chat/siti", 404),
        ("GET", "/whatsapp/../metrics", 404),
        ("GET", "/whatsapp%2f..%2fmetrics", 404),
    ],
)
async def test_what_goes_through(proxy: str, method: str, path: str, status: int) -> None:
    from yarl import URL

    async with (
        aiohttp.ClientSession() as session,
        session.request(method, URL(f"{proxy}{path}", encoded=True)) as answer,
    ):
        assert answer.status == status


@needs_caddy
async def test_a_signed_body_goes_through_byte_by_byte(proxy: str) -> None:
    body = b'{"entry":[ ]}\n' + "ñ".encode() * 1_500_000

    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{proxy}/whatsapp", data=body, headers={"X-Hub-Signature-256": "sha256=ab"}
        ) as answer,
    ):
        heard = await answer.read()

    assert heard == body
    assert answer.headers["X-Heard"] == "sha256=ab"
    assert "Server" not in answer.headers
    assert answer.headers["Strict-Transport-Security"]


@needs_caddy
async def test_what_is_far_too_large_stays_outside(proxy: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{proxy}/whatsapp", data=b"x" * 5_000_000) as answer,
    ):
        assert answer.status >= 400


async def _echo(request: web.Request) -> web.Response:
    signed = request.headers.get("X-Hub-Signature-256", "")
    return web.Response(body=await request.read(), headers={"X-Heard": signed})


async def _listening(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return

"""Our own address, asked from outside as Meta asks it: who answers, and what is refused or shut."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from bot.preparing.steps import ADDRESS, State, Step
from bot.settings import Settings

CLOSED: Final = ("/metrics", "/healthz", "/")
"""Pages of ours without a password."""

_PATIENCE: Final = 10.0


Ask = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Asks our own address from outside: method, path with query, headers, body; status and body."""


class OutOfReach(Exception):
    """Our own address does not answer; one line that says how."""


class Address:
    """PUBLIC_URL, with the secrets that whoever answers there must know."""

    def __init__(self, settings: Settings, ask: Ask) -> None:
        self._settings = settings
        self._ask = ask

    async def look(self) -> list[Step]:
        """From outside: the handshake, a wrong signature, a right one, and closed pages."""
        what, verify = "Alamat https", self._settings.whatsapp_verify_token.get_secret_value()
        if not self._settings.public_url.startswith("https://"):
            said = "PUBLIC_URL belum diawali https://"
            return [Step(what, ADDRESS, State.MISSING, said, "pasang Caddy, isi PUBLIC_URL")]
        try:
            wrong = await self._handshake(verify)
            if not wrong:
                wrong = await self._signatures()
            opened = [path for path in CLOSED if (await self._ask("GET", path, {}, b""))[0] == 200]
        except OutOfReach as error:
            how = "jalankan layanan dan Caddy, periksa nama domain dan port 443"
            return [Step(what, ADDRESS, State.MISSING, str(error), how)]
        if wrong:
            how = "jalankan layanan dengan pengaturan ini, pakai docs/deploy/Caddyfile"
            return [Step(what, ADDRESS, State.MISSING, wrong, how)]
        if opened:
            said = f"{', '.join(opened)} terbuka untuk semua orang"
            return [Step(what, ADDRESS, State.MISSING, said, "pakai docs/deploy/Caddyfile")]
        return [Step(what, ADDRESS, State.DONE, "menjawab, menolak tanda tangan palsu")]

    async def _handshake(self, verify: str) -> str:
        challenge = secrets.token_hex(8)

        def path(token: str) -> str:
            mode = {"hub.mode": "subscribe", "hub.verify_token": token}
            return f"/whatsapp?{urlencode({**mode, 'hub.challenge': challenge})}"

        status, body = await self._ask("GET", path(verify), {}, b"")
        if status != 200 or body != challenge.encode():
            return f"/whatsapp menjawab {status}, bukan sapaan Meta"
        status, _ = await self._ask("GET", path(f"{verify}x"), {}, b"")
        return "" if status == 403 else f"verify token yang salah dijawab {status}, bukan 403"

    async def _signatures(self) -> str:
        """An empty delivery, once with a wrong signature and once with ours."""
        body = b'{"object":"whatsapp_business_account","entry":[]}'
        key = self._settings.whatsapp_app_secret.get_secret_value().encode()
        ours = hmac.new(key, body, hashlib.sha256).hexdigest()
        for signature, wanted in ((hashlib.sha256(body).hexdigest(), 401), (ours, 200)):
            headers = {
                "Content-Type": "application/json",
                "X-Hub-Signature-256": f"sha256={signature}",
            }
            status, _ = await self._ask("POST", "/whatsapp", headers, body)
            if status != wanted:
                right = "yang benar" if wanted == 200 else "palsu"
                return f"kiriman dengan tanda tangan {right} dijawab {status}, bukan {wanted}"
        return ""


def ask_outside(public_url: str) -> Ask:
    """Asks through the public address, as Meta does; redirections are not followed."""
    import aiohttp

    async def ask(
        method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(
                    method,
                    f"{public_url}{path}",
                    headers=dict(headers),
                    data=body or None,
                    allow_redirects=False,
                ) as answer,
            ):
                return answer.status, await answer.content.read(4_096)
        except aiohttp.ClientSSLError:
            raise OutOfReach("sertifikat https-nya tidak sah") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise OutOfReach("tidak menjawab dari luar") from None

    return ask

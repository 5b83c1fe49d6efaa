"""A bot without a library: it says exactly what a test wants, at the hour that the test wants."""

from typing import Any

import aiohttp

from tests.fakes.telegram import FakeTelegram


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


class RawBot:
    """Calls methods with a JSON body and returns the answer as it came."""

    def __init__(self, fake: FakeTelegram, session: aiohttp.ClientSession) -> None:
        self._url = f"{fake.url}/bot{fake.world.token}"
        self._session = session

    async def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        async with self._session.post(f"{self._url}/{method}", json=parameters) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == answer.get("error_code", 200)
            return answer

    async def updates(self, **parameters: Any) -> list[Any]:
        return list((await self("getUpdates", **parameters))["result"])

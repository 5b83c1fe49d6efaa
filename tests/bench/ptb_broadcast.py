"""The peer of the broadcast benchmark: what people write first with python-telegram-bot.

    python -m tests.bench.ptb_broadcast one 300 30

One message after another with a pause between, or thirty at once by `gather` with a pause between.
Nothing is stored, nothing is repeated. It prints its wall time and its own CPU time in seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import time

from telegram import Bot

from tests.bench.seeding import FIRST_ID, WORDS

TOGETHER = 30


async def one_by_one(bot: Bot, people: range, rate: float) -> None:
    """A loop and a pause."""
    for person in people:
        await bot.send_message(person, WORDS)
        await asyncio.sleep(1 / rate)


async def gathered(bot: Bot, people: range, rate: float) -> None:
    """Thirty at once and a pause."""
    for first in range(0, len(people), TOGETHER):
        some = people[first : first + TOGETHER]
        await asyncio.gather(*(bot.send_message(person, WORDS) for person in some))
        await asyncio.sleep(len(some) / rate)


async def run(how: str, number: int, rate: float) -> None:
    """Send, and print what it took."""
    url = os.environ["TELEGRAM_API_URL"]
    async with Bot(os.environ["TELEGRAM_TOKEN"], base_url=f"{url}/bot") as bot:
        people = range(FIRST_ID, FIRST_ID + number)
        began, used = time.perf_counter(), _cpu()
        await (one_by_one if how == "one" else gathered)(bot, people, rate)
        took = {"wall": time.perf_counter() - began, "cpu": _cpu() - used}
    print(json.dumps(took))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("how", choices=["one", "gather"])
    parser.add_argument("number", type=int)
    parser.add_argument("rate", type=float)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.how, arguments.number, arguments.rate))


if __name__ == "__main__":
    main()

"""What a browser posts, read within a limit and without touching the disk.

Starlette would put larger files into a temporary file in the clear; here they stay in memory until
they are sealed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

LARGEST_FORM: Final = 256 * 1024
"""Bytes of a form without a file: 20,000 letters, each written as %XX%XX%XX%XX."""

_FRAME: Final = 16 * 1024
_MOST_FIELDS: Final = 20


class TooMuch(Exception):
    """More was posted than is taken."""


class Unreadable(Exception):
    """What was posted is no form."""


async def fields(request: Request) -> dict[str, str]:
    """The fields of a form without files."""
    kind = _kind(request)
    if kind != "application/x-www-form-urlencoded":
        raise Unreadable
    stream = _limited(request, LARGEST_FORM)
    try:
        form = await FormParser(request.headers, stream, max_fields=_MOST_FIELDS).parse()
    except (ValueError, MultiPartException) as error:
        raise Unreadable from error
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def file(request: Request, name: str, largest: int) -> bytes:
    """One uploaded file; empty when none was chosen. Raises TooMuch and Unreadable."""
    if _kind(request) != "multipart/form-data":
        raise Unreadable
    stream = _limited(request, largest + _FRAME)
    parser = MultiPartParser(request.headers, stream, max_files=1, max_fields=_MOST_FIELDS)
    parser.spool_max_size = largest + _FRAME
    try:
        form: FormData = await parser.parse()
    except (KeyError, ValueError, MultiPartException) as error:
        raise Unreadable from error
    try:
        found = form.get(name)
        if not isinstance(found, UploadFile):
            return b""
        content = await found.read()
    finally:
        await form.close()
    if len(content) > largest:
        raise TooMuch
    return content


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body, piece by piece; raises TooMuch as soon as it is more than `most`."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise TooMuch
    seen = 0
    async for piece in request.stream():
        seen += len(piece)
        if seen > most:
            raise TooMuch
        yield piece

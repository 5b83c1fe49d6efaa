"""Pictures of pages, packed small: browsers pack in a hurry, and pages are mostly flat colour."""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB = 3


def flat(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour."""
    row = b"\0" + bytes(colour) * width
    return _png(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), row * height)


def repacked(png: bytes) -> bytes:
    """The same RGB picture with unfiltered rows, which suits text on flat colour.

    >>> picture = flat(3, 2, (1, 2, 3))
    >>> repacked(picture) == picture
    True
    """
    head, pixels, at = b"", b"", len(_SIGNATURE)
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + length]
        head = content if name == b"IHDR" else head
        pixels += content if name == b"IDAT" else b""
        at += length + 12
    width, height, *form = struct.unpack(">IIBBBBB", head)
    if form != [8, 2, 0, 0, 0]:
        raise ValueError(f"not a plain RGB picture: {form}")
    rows = _unfiltered(zlib.decompress(pixels), width * _RGB, height)
    return _png(head, b"".join(b"\0" + row for row in rows))


def _unfiltered(raw: bytes, width: int, height: int) -> list[bytes]:
    rows: list[bytes] = []
    above = bytearray(width)
    for y in range(height):
        start = y * (width + 1)
        kind, row = raw[start], bytearray(raw[start + 1 : start + 1 + width])
        if kind == 2:
            row = bytearray((a + b) & 255 for a, b in zip(row, above, strict=True))
        elif kind:
            for x in range(width):
                left = row[x - _RGB] if x >= _RGB else 0
                corner = above[x - _RGB] if x >= _RGB else 0
                row[x] = (row[x] + _predicted(kind, left, above[x], corner)) & 255
        rows.append(bytes(row))
        above = row
    return rows


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 1:
        return left
    if kind == 3:
        return (left + up) // 2
    guess = left + up - corner
    return min((left, up, corner), key=lambda near: abs(guess - near))


def _png(head: bytes, rows: bytes) -> bytes:
    return b"".join(
        (_SIGNATURE, _chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(rows, 9)))
    ) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

"""Pictures as rows of colours, small enough for a terminal: PNG by the standard library alone.

Source: Portable Network Graphics (PNG) Specification, third edition, sections 5 (chunks), 9 (filters), 11 (IHDR, PLTE).
"""

from __future__ import annotations

import zlib

from .records import dataclass

LARGEST = 24_000_000
"""Bytes of raw pixels that are decoded: some 0.1 us each."""
Colour = tuple[int, int, int]
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel by colour type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """A picture made smaller; what was transparent is white."""

    width: int
    """Of the original."""
    height: int
    rows: tuple[tuple[Colour, ...], ...]
    """At most `MOST` a side."""


MOST = 160
"""Pixels a side that are kept: a terminal of 160 columns shows no more."""


def png_pixels(data: bytes) -> Pixels:
    """Return the pixels of a PNG file.

    Raises:
        ValueError: it is damaged, interlaced, or too large.
    """
    header, palette, packed = _chunks(data)
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    depth, kind, interlaced = header[8], header[9], header[12]
    if kind not in _CHANNELS or interlaced or depth not in (1, 2, 4, 8, 16) or not width or not height:
        raise ValueError("this kind of PNG is not shown")
    bits = depth * _CHANNELS[kind]
    stride = (width * bits + 7) // 8
    if (stride + 1) * height > LARGEST:
        raise ValueError("the picture is too large to be shown")
    raw = zlib.decompressobj().decompress(packed, (stride + 1) * height)
    if len(raw) < (stride + 1) * height:
        raise ValueError("the picture is cut")
    step = max(1, -(-max(width, height) // MOST))
    rows: list[tuple[Colour, ...]] = []
    line = bytearray(stride)
    for y in range(height):
        at = y * (stride + 1)
        line = _unfiltered(raw[at], raw[at + 1 : at + 1 + stride], line, max(1, bits // 8))
        if y % step == 0:
            rows.append(tuple(_colour(line, x, depth, kind, palette) for x in range(0, width, step)))
    return Pixels(width=width, height=height, rows=tuple(rows))


def _chunks(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the contents of IHDR, PLTE and of all IDAT together."""
    at, header, palette, packed = 8, b"", b"", bytearray()
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            header = body
        elif kind == b"PLTE":
            palette = body
        elif kind == b"IDAT":
            packed += body
        at += size + 12
    if len(header) < 13:
        raise ValueError("no header")
    return header, palette, bytes(packed)


def _unfiltered(kind: int, line: bytes, above: bytearray, back: int) -> bytearray:
    found = bytearray(line)
    if kind == 0:
        return found
    for at in range(len(found)):
        left = found[at - back] if at >= back else 0
        up = above[at]
        if kind == 1:
            add = left
        elif kind == 2:
            add = up
        elif kind == 3:
            add = (left + up) // 2
        elif kind == 4:
            add = _paeth(left, up, above[at - back] if at >= back else 0)
        else:
            raise ValueError("unknown filter")
        found[at] = (found[at] + add) & 255
    return found


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    far = abs(guess - left), abs(guess - up), abs(guess - corner)
    return left if far[0] <= far[1] and far[0] <= far[2] else up if far[1] <= far[2] else corner


def _colour(line: bytearray, x: int, depth: int, kind: int, palette: bytes) -> Colour:
    if depth < 8:
        per = 8 // depth
        value = (line[x // per] >> (8 - depth * (x % per + 1))) & ((1 << depth) - 1)
        if kind == 3:
            return palette[3 * value], palette[3 * value + 1], palette[3 * value + 2]
        grey = value * 255 // ((1 << depth) - 1)
        return grey, grey, grey
    size = depth // 8
    at = x * _CHANNELS[kind] * size
    samples = [line[at + channel * size] for channel in range(_CHANNELS[kind])]
    if kind == 3:
        return palette[3 * samples[0]], palette[3 * samples[0] + 1], palette[3 * samples[0] + 2]
    red, green, blue = samples[:3] if kind in (2, 6) else (samples[0],) * 3
    if kind in (4, 6):
        alpha = samples[-1]
        red, green, blue = ((each * alpha + 255 * (255 - alpha)) // 255 for each in (red, green, blue))
    return red, green, blue

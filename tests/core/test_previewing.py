"""What is in a stored value, from its bytes alone: foreign bytes break nothing, and no pickle is opened."""

from __future__ import annotations

import json
import pickle
import struct
import sys
import zlib
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graftline.core.artifacts import ArtifactRef
from graftline.core.pixels import png_pixels
from graftline.core.previewing import LINES, Preview, preview
from graftline.core.text import clean


def shown(data: bytes, serializer: str, name: str = "out") -> Preview:
    return preview(ArtifactRef(sha256(data).hexdigest(), len(data), serializer, None), data, name)


def png(rows: list[list[tuple[int, int, int]]], filters: int = 0) -> bytes:
    """Return rows of colours as a PNG file; with `filters` 1, each byte less the one of the pixel before."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = []
    for row in rows:
        flat = [sample for colour in row for sample in colour]
        if filters:
            flat = [value if at < 3 else (value - flat[at - 3]) % 256 for at, value in enumerate(flat)]
        lines.append(bytes([filters, *flat]))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(lines))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_objects_of_equal_names_are_a_table() -> None:
    found = shown(json.dumps([{"a": 1, "b": "x"}, {"a": 2}]).encode(), "json")

    assert found.what == "list of 2 objects"
    assert [line.split() for line in found.lines] == [["a", "b"], ["----"], ["1", "x"], ["2"]]


def test_other_json_is_indented_and_cut() -> None:
    found = shown(json.dumps({"rows": list(range(1000))}).encode(), "json")

    assert found.lines[:2] == ("{", '  "rows": [')
    assert len(found.lines) == LINES
    assert found.note == "604 more lines"


def test_separated_values_are_a_table_and_control_sequences_are_gone() -> None:
    found = shown(b"name,n\n\x1b[31mada\x1b[0m,1\n", "file", "people.csv")

    assert found.lines[0].split() == ["name", "n"]
    assert found.lines[2].split() == ["ada", "1"]


def test_an_array_tells_its_shape_and_first_values() -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<6d", *range(6))

    found = shown(data, "npy")

    assert found.what == "array <f8 (2, 3)"
    assert [line.split() for line in found.lines] == [["0", "1", "2"], ["3", "4", "5"]]


class Trap:
    """Pickled so that to load it would run code."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return (sys.exit, ("it was unpickled",))


@pytest.mark.parametrize("protocol", [2, 5])
def test_a_pickle_is_never_loaded_and_tells_what_it_is_made_of(protocol: int) -> None:
    found = shown(pickle.dumps([Trap(), {"x": 1.5}], protocol), "pickle")

    assert any("sys.exit" in line for line in found.lines)
    assert "never unpickled" in found.note


def test_a_picture_has_its_colours() -> None:
    rows = [[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (9, 8, 7)]]

    for filters in (0, 1):
        found = shown(png(rows, filters), "file", "plot.png")

        assert found.pixels is not None
        assert [list(row) for row in found.pixels.rows] == rows


@pytest.mark.parametrize("damage", [lambda data: data[:50], lambda data: data[:40] + b"\0\0" + data[42:]])
def test_a_damaged_picture_is_shown_as_bytes(damage: object) -> None:
    data = damage(png([[(1, 2, 3)] * 40] * 40))  # type: ignore[operator] # one of the lambdas above

    found = shown(data, "file", "plot.png")

    assert found.pixels is None
    assert found.lines[0].startswith("000000  89 50 4e 47")


def test_a_picture_that_claims_to_be_huge_is_refused_before_it_is_unpacked() -> None:
    data = png([[(1, 2, 3)]])
    huge = data.replace(struct.pack(">II", 1, 1), struct.pack(">II", 60_000, 60_000))

    with pytest.raises(ValueError, match="too large"):
        png_pixels(huge)


@example(b"\xee\x80\x80", "file")  # of a private area: no font need have it, but no terminal obeys it
@given(st.binary(max_size=400), st.sampled_from(["json", "npy", "pickle", "dill", "file", "text", "arrow:polars", "x"]))
def test_no_bytes_break_it_and_all_lines_are_harmless(data: bytes, serializer: str) -> None:
    for name in ("a", "a.csv", "a.json", "a.png", "a.pkl"):
        found = shown(data, serializer, name)

        assert found.what
        assert all(clean(line) == line for line in found.lines)


@given(st.binary(max_size=200))
def test_no_bytes_after_the_head_of_a_picture_or_an_array_break_it(data: bytes) -> None:
    assert shown(b"\x89PNG\r\n\x1a\n" + data, "file").what
    assert shown(b"\x93NUMPY\x01\x00" + data, "npy").what

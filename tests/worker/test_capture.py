"""Markers in the output of workers, and the streams steps print to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graftline.worker.capture import Marker, encode_marker, new_nonce, parse_marker, split_at_markers

NONCE = b"0123456789abcdef"


@given(st.integers(1, 10**6), st.text())
@settings(max_examples=200, deadline=None)
def test_a_marker_is_one_line_and_comes_back(attempt: int, node: str) -> None:
    line = encode_marker(NONCE, Marker(attempt, node))

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert parse_marker(line) == Marker(attempt, node)


def test_a_marker_is_laid_out_as_documented() -> None:
    assert encode_marker(NONCE, Marker(2, "a/b\nc\\n")) == b"\x1e0123456789abcdef 2 a/b\\nc\\\\n\n"
    assert len(new_nonce()) == 16
    with pytest.raises(ValueError, match="not a marker"):
        parse_marker(b"x 1 y\n")


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_stream_cut_anywhere_gives_the_same_pieces(data: st.DataObject) -> None:
    pieces = data.draw(
        st.lists(
            st.builds(Marker, st.integers(1, 9), st.text(max_size=5))
            | st.binary(min_size=1, max_size=8)
            | st.sampled_from([b"\x1e", b"\x1e0123", b"\x1effffffffffffffff 1 n\n", b"line\n"]),
            max_size=8,
        )
    )
    whole = b"".join(encode_marker(NONCE, each) if isinstance(each, Marker) else each for each in pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))

    found: list[bytes | Marker] = []
    rest = b""
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        more, rest = split_at_markers(rest + whole[start:end], NONCE)
        found += more
    found.append(rest)

    assert _joined(found) == _joined(pieces)


def _joined(pieces: list[bytes | Marker]) -> list[bytes | Marker]:
    joined: list[bytes | Marker] = []
    for piece in pieces:
        if isinstance(piece, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += piece
        elif piece:
            joined.append(piece)
    return joined


def test_output_without_a_marker_passes_at_once() -> None:
    assert split_at_markers(b"no newline yet", NONCE) == ([b"no newline yet"], b"")
    assert split_at_markers(b"text\x1e01", NONCE) == ([b"text"], b"\x1e01")

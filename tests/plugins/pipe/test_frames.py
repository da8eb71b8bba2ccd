"""Frames through a pipe: exact, after any noise, and never for ever."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from local_runs import DEADLINE_S, until

from graftline.core.errors import PluginError
from graftline.plugins.pipe.frames import Closed, Frame, FrameReader, FrameWriter, Silent, encode, magic_of


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Return the reading and the writing end of a pipe."""
    ends = os.pipe()
    yield ends
    for each in ends:
        try:
            os.close(each)
        except OSError:
            continue


def test_frames_come_out_as_they_went_in_small_ones_and_large_ones(pipe: tuple[int, int]) -> None:
    sent = [Frame("a", {"n": 1, "text": "é"}), Frame("b", {}, os.urandom(3_000_000)), *[Frame("c")] * 100]
    reader, writer = FrameReader(pipe[0]), FrameWriter(pipe[1])

    for frame in sent[:1]:
        writer.put(frame)
    writer.put(lambda: sent[1])  # made when its turn comes
    for frame in sent[2:]:
        writer.put(frame)
    found = [reader.read(DEADLINE_S) for _ in sent]
    writer.close(1.0)

    assert found == sent
    assert writer.pending == 0


def test_noise_before_the_magic_is_skipped_and_kept(pipe: tuple[int, int]) -> None:
    reader = FrameReader(pipe[0])
    noise = b"Welcome!\n" + magic_of("other") + b"GF no end of line"
    os.write(pipe[1], noise + magic_of("mine") + encode(Frame("hello")))

    assert reader.skip_to(magic_of("mine"), 1.0) == noise
    assert reader.read(1.0) == Frame("hello")


def test_what_is_no_frame_is_said_to_come_from_something_else(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"a line that a program printed between two frames\n")

    with pytest.raises(PluginError, match="something else writes into the connection: b'a line that"):
        FrameReader(pipe[0]).read(1.0)


def test_an_end_and_a_silence_are_told_apart(pipe: tuple[int, int]) -> None:
    reader = FrameReader(pipe[0])
    os.write(pipe[1], encode(Frame("half", {}, b"x" * 100))[:50])

    with pytest.raises(Silent):
        reader.read(0.05)
    os.close(pipe[1])
    with pytest.raises(Closed):
        reader.read(0.05)


def test_who_has_nothing_to_say_says_that_it_is_there(pipe: tuple[int, int]) -> None:
    writer = FrameWriter(pipe[1], beat_s=0.02)

    assert FrameReader(pipe[0]).read(DEADLINE_S) == Frame("beat")
    writer.close(1.0)


def test_a_writer_whose_reader_is_gone_ends(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    writer = FrameWriter(pipe[1])
    writer.put(Frame("lost"))

    assert until(lambda: not writer._thread.is_alive())
    writer.close(1.0)

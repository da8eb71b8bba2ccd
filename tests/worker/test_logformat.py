"""Records of captured output survive any bytes, any tear, and the loss of their index."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graftline.worker.logformat import (
    LogEntry,
    encode_index,
    encode_record,
    iter_entries,
    iter_records,
    read_index,
    rebuild_index,
)

NODES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
RECORDS = st.lists(
    st.tuples(NODES, st.integers(1, 99), st.sampled_from(["stdout", "stderr", "system"]), st.binary(max_size=200)),
    max_size=12,
)


def written(path: Path, records: list[tuple[str, int, str, bytes]]) -> bytes:
    content = b"".join(
        encode_record(node, attempt, stream, 1e9 + i, data) for i, (node, attempt, stream, data) in enumerate(records)
    )
    path.write_bytes(content)
    return content


def contents(file: BinaryIO) -> list[tuple[str, int, str, bytes]]:
    found = []
    for entry in iter_records(file):
        file.seek(entry.offset)
        found.append((entry.node, entry.attempt, entry.stream, file.read(entry.length)))
    return found


@given(records=RECORDS)
def test_any_bytes_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, int, str, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("log") / "w1.log"
    written(path, records)

    with path.open("rb") as file:
        assert contents(file) == records


@given(records=RECORDS, cut=st.integers(0, 10_000))
def test_a_torn_file_gives_its_whole_records_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, int, str, bytes]], cut: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "w1.log"
    content = written(path, records)
    path.write_bytes(content[: min(cut, len(content))])

    with path.open("rb") as file:
        found = contents(file)

    assert found == records[: len(found)]
    assert len(content) <= cut or len(found) < len(records) or not records


def test_reading_goes_on_after_a_tear_that_was_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "w1.log"
    torn = encode_record("fit", 1, "stdout", 1.0, b"x" * 50)[:-20]
    path.write_bytes(
        torn + encode_record("a", 1, "stdout", 2.0, b"y" * 60) + encode_record("b", 2, "stderr", 3.0, b"z")
    )

    with path.open("rb") as file:
        found = contents(file)

    assert found[-1] == ("b", 2, "stderr", b"z")


def test_a_later_version_may_add_fields(tmp_path: Path) -> None:
    path = tmp_path / "w1.log"
    path.write_bytes(b"\x1efit:1\tstdout\t5.000000\t2\tnew=1\nhi")

    with path.open("rb") as file:
        assert contents(file) == [("fit", 1, "stdout", b"hi")]


def test_the_index_is_rebuilt_from_the_log(tmp_path: Path) -> None:
    path = tmp_path / "w1.log"
    written(path, [("a/b c", 1, "stdout", b"one\n"), ("a/b c", 2, "stderr", b"\x1e\n\x00")])

    assert rebuild_index(path) == 2

    with path.with_suffix(".idx").open("rb") as index, path.open("rb") as log:
        assert list(read_index(index)) == list(iter_records(log))
    assert path.with_suffix(".idx").stat().st_mode & 0o077 == 0


def test_a_torn_index_line_is_left_out() -> None:
    entry = LogEntry("fit", 1, "stdout", 5.25, 30, 4)
    line = encode_index(entry)

    assert list(read_index(io.BytesIO(line + line[:-2] + line + line[:-1]))) == [entry]


@pytest.mark.parametrize("kept", [[], [0], [1], [3], [0, 3], [1, 2], [0, 1, 2, 3]])
def test_holes_in_the_index_hide_nothing(tmp_path: Path, kept: list[int]) -> None:
    path = tmp_path / "w1.log"
    written(path, [(f"step {i}", 1, "stdout", b"x" * i) for i in range(4)])
    rebuild_index(path)
    index = path.with_suffix(".idx")
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(b"".join(lines[i] for i in kept))

    with path.open("rb") as file:
        assert list(iter_entries(path)) == list(iter_records(file))


def test_an_index_that_is_ahead_of_its_log_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "w1.log"
    content = written(path, [("a", 1, "stdout", b"one"), ("b", 1, "stdout", b"two")])
    rebuild_index(path)
    path.write_bytes(content[:-1])

    assert [entry.node for entry in iter_entries(path)] == ["a"]


def test_a_control_character_in_a_path_is_refused() -> None:
    with pytest.raises(ValueError, match="control"):
        encode_record("a\tb", 1, "stdout", 1.0, b"")

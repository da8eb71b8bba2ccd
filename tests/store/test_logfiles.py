"""What several workers wrote is read as one stream by time, whole records only."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_specs import spec

from graftline.core.errors import StoreError
from graftline.core.ids import RunId
from graftline.store.layout import Layout
from graftline.store.logfiles import PIECE, LogFiles
from graftline.worker.logformat import encode_record, rebuild_index

RUN = spec().id


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    found = Layout(tmp_path).logs(RUN)
    found.mkdir(parents=True)
    return found


def text(tmp_path: Path, node: str | None = None, attempt: int | None = None) -> list[str]:
    return [f"{chunk.node}:{chunk.data.decode()}" for chunk in LogFiles(Layout(tmp_path)).read(RUN, node, attempt)]


@pytest.mark.parametrize("is_indexed", [False, True])
def test_files_are_merged_by_time_and_filtered(tmp_path: Path, directory: Path, is_indexed: bool) -> None:
    one, two = directory / "w1.log", directory / "w2.log"
    one.write_bytes(encode_record("a", 1, "stdout", 1.0, b"1") + encode_record("b", 1, "stdout", 4.0, b"4"))
    two.write_bytes(encode_record("c", 1, "stderr", 2.0, b"2") + encode_record("a", 2, "stdout", 3.0, b"3"))
    for path in (one, two) if is_indexed else ():
        rebuild_index(path)

    assert text(tmp_path) == ["a:1", "c:2", "a:3", "b:4"]
    assert text(tmp_path, "a") == ["a:1", "a:3"]
    assert text(tmp_path, "a", 2) == ["a:3"]
    assert text(tmp_path, "nobody") == []


def test_a_torn_record_is_left_out_until_it_is_whole(tmp_path: Path, directory: Path) -> None:
    whole = encode_record("a", 1, "stdout", 1.0, b"1") + encode_record("a", 1, "stdout", 2.0, b"22")
    path = directory / "w1.log"
    path.write_bytes(whole[:-1])

    assert text(tmp_path) == ["a:1"]

    path.write_bytes(whole)
    assert text(tmp_path) == ["a:1", "a:22"]


def test_a_long_record_comes_in_pieces(tmp_path: Path, directory: Path) -> None:
    data = bytes(range(256)) * (PIECE // 256 * 2) + b"end"
    (directory / "w1.log").write_bytes(encode_record("a", 1, "stdout", 1.0, data))

    chunks = list(LogFiles(Layout(tmp_path)).read(RUN))

    assert [len(chunk.data) for chunk in chunks] == [PIECE, PIECE, 3]
    assert b"".join(chunk.data for chunk in chunks) == data


def test_a_huge_file_is_jumped_through(tmp_path: Path, directory: Path) -> None:
    path = directory / "w1.log"
    path.write_bytes(encode_record("a", 1, "stdout", 1.0, b"x"))
    with path.open("ab") as file:  # 4 GB that take no room on the disk
        file.write(b"\x1eb:1\tstdout\t2.000000\t%d\n" % (4 << 30))
        file.truncate(file.tell() + (4 << 30))
    with path.open("ab") as file:
        file.write(encode_record("a", 2, "stdout", 3.0, b"z"))

    assert text(tmp_path, "a") == ["a:x", "a:z"]


def test_a_run_without_logs_has_none_and_no_name_leaves_the_store(tmp_path: Path) -> None:
    assert text(tmp_path) == []
    with pytest.raises(StoreError, match="run id"):
        list(LogFiles(Layout(tmp_path)).read(RunId("../../etc")))


def test_a_followed_log_yields_everything_once(tmp_path: Path, directory: Path) -> None:
    one, two = directory / "w1.log", directory / "w2.log"
    one.write_bytes(encode_record("a", 1, "stdout", 1.0, b"1") + encode_record("b", 1, "stdout", 3.0, b"3"))
    tail = LogFiles(Layout(tmp_path)).follow(RUN)

    def fresh() -> list[bytes]:
        return [chunk.data for chunk in tail.fresh()]

    assert fresh() == [b"1", b"3"]
    assert fresh() == []

    torn = encode_record("a", 1, "stdout", 6.0, b"66")
    with one.open("ab") as file:
        file.write(encode_record("a", 1, "stdout", 5.0, b"5") + torn[:-1])
    two.write_bytes(encode_record("c", 1, "stdout", 4.0, b"4"))
    assert fresh() == [b"4", b"5"]

    with one.open("ab") as file:
        file.write(torn[-1:])
    assert fresh() == [b"66"]


def test_a_followed_log_of_one_attempt_leaves_out_the_others(tmp_path: Path, directory: Path) -> None:
    tail = LogFiles(Layout(tmp_path)).follow(RUN, "a", 2)
    records = [encode_record("a", n, "stdout", float(n), str(n).encode()) for n in (1, 2, 3)]
    (directory / "w1.log").write_bytes(b"".join(records) + encode_record("b", 2, "stdout", 9.0, b"b"))

    assert [chunk.data for chunk in tail.fresh()] == [b"2"]
    assert list(tail.fresh()) == []

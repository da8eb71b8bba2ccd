"""What a search reads: the same bytes as any reader, in large blocks, by the time they begin."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from run_specs import spec

from graftline.core.errors import StoreError
from graftline.store import logblocks
from graftline.store.layout import Layout
from graftline.store.logfiles import LogFiles
from graftline.worker.logformat import encode_record

RUN = spec().id


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    found = Layout(tmp_path).logs(RUN)
    found.mkdir(parents=True)
    return found


def streams(tmp_path: Path, node: str | None = None, attempt: int | None = None) -> dict[tuple[str, int, str], bytes]:
    found: dict[tuple[str, int, str], bytes] = {}
    for block in LogFiles(Layout(tmp_path)).blocks(RUN, node, attempt):
        source = (block.node, block.attempt, block.stream)
        found[source] = found.get(source, b"") + block.data
    return found


def read(tmp_path: Path, node: str | None = None, attempt: int | None = None) -> dict[tuple[str, int, str], bytes]:
    found: dict[tuple[str, int, str], bytes] = {}
    for chunk in LogFiles(Layout(tmp_path)).read(RUN, node, attempt):
        source = (chunk.node, chunk.attempt, chunk.stream)
        found[source] = found.get(source, b"") + chunk.data
    return found


@pytest.mark.parametrize("size", [60, 300, 1 << 20])
def test_blocks_hold_what_readers_read(
    tmp_path: Path, directory: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: records of two workers, some larger than a block, a torn one that was appended to, and one not whole yet
    monkeypatch.setattr(logblocks, "BLOCK", size)
    chance = random.Random(1)
    for name in ("w1", "w2"):
        parts = []
        for number in range(60):
            data = bytes(chance.choices(b"ab\n\x1e\t", k=chance.choice([0, 3, 40, 400])))
            node, stream = chance.choice("ab") + name, chance.choice(["stdout", "stderr"])
            parts.append(encode_record(node, 1 + number // 40, stream, 10.0 + number, data))
        parts.insert(30, encode_record(f"a{name}", 1, "stdout", 30.0, b"torn away")[:-4])
        (directory / f"{name}.log").write_bytes(
            b"".join(parts) + encode_record(f"a{name}", 1, "stdout", 99.0, b"later")[:-1]
        )

    assert streams(tmp_path) == read(tmp_path)
    assert streams(tmp_path, "aw1", 2) == read(tmp_path, "aw1", 2) != {}
    assert streams(tmp_path, "nobody") == {}


def test_blocks_come_by_time_and_say_when_each_piece_came(tmp_path: Path, directory: Path) -> None:
    one = [encode_record("a", 1, "stdout", at, b"x\n") for at in (1.0, 5.0)]
    (directory / "w2.log").write_bytes(b"".join(one))
    (directory / "w1.log").write_bytes(encode_record("b", 1, "stdout", 3.0, b"y\n"))

    found = list(LogFiles(Layout(tmp_path)).blocks(RUN))

    assert [(each.node, list(each.starts), list(each.times)) for each in found] == [
        ("a", [0, 2], [1.0, 5.0]),
        ("b", [0], [3.0]),
    ]


def test_a_run_without_logs_has_no_blocks_and_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, directory: Path
) -> None:
    assert list(LogFiles(Layout(tmp_path)).blocks(spec().id)) == []
    (directory / "w1.log").mkdir()
    with pytest.raises(StoreError):
        list(LogFiles(Layout(tmp_path)).blocks(RUN))

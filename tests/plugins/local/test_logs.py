"""What steps write is kept, attempt by attempt, whatever becomes of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from local_runs import context, logged, operation, order, run_all

from graftline.core.graph import Operation
from graftline.core.orders import Order
from graftline.plugins.local import logfile
from graftline.plugins.local.executor import LocalExecutor
from graftline.plugins.local.pump import Source
from graftline.worker.capture import Marker, encode_marker, new_nonce

SECRET = "correct-horse-battery"


def execute(
    folder: Path, operations: list[Operation], orders: list[Order], secrets: Mapping[str, str] | None = None
) -> dict[tuple[str, int, str], bytes]:
    executor = LocalExecutor(context(folder, operations, secrets=secrets))
    try:
        run_all(executor, orders)
    finally:
        executor.close()
    return logged(folder)


def test_output_belongs_to_the_attempt_that_wrote_it(tmp_path: Path) -> None:
    orders = [order(f"train/s{number}", attempt=number + 1, text=f"word {number}") for number in range(30)]

    found = execute(tmp_path, [operation("speak")], orders)

    for number in range(30):
        assert found[f"train/s{number}", number + 1, "stdout"] == f"word {number}\n".encode()
        assert found[f"train/s{number}", number + 1, "stderr"] == f"WORD {number}\n".encode()


def test_output_of_a_step_s_children_is_kept(tmp_path: Path) -> None:
    found = execute(tmp_path, [operation("speak_below")], [order("shell", text="from below")])

    assert found["shell", 1, "stdout"] == b"from below\n"


def test_a_megabyte_comes_through_whole(tmp_path: Path) -> None:
    found = execute(tmp_path, [operation("print_much")], [order("loud", size=1_000_000)])

    assert found["loud", 1, "stdout"] == b"x" * 1_000_000 + b"\n"


def test_what_was_printed_before_a_hard_exit_is_kept(tmp_path: Path) -> None:
    found = execute(tmp_path, [operation("print_then_leave")], [order("last", text="famous words")])

    assert found["last", 1, "stdout"] == b"famous words"


def test_a_crash_leaves_the_line_it_happened_at(tmp_path: Path) -> None:
    found = execute(tmp_path, [operation("segfault")], [order("crash")])

    assert b"Segmentation fault" in found["crash", 1, "stderr"]
    assert b"local_steps.py" in found["crash", 1, "stderr"]


def test_a_secret_is_masked_even_when_it_comes_in_two_writes(tmp_path: Path) -> None:
    found = execute(tmp_path, [operation("leak")], [order("leak", secret=SECRET)], {"PASSWORD": SECRET})

    assert found["leak", 1, "stdout"] == b"***\n"
    assert not any(SECRET.encode() in log.read_bytes() for log in (tmp_path / "logs").iterdir())


class Feed:
    """A pump's source fed by hand."""

    def __init__(self, folder: Path, *, cap_bytes: int) -> None:
        self.folder = folder
        self.warnings: list[str] = []
        self.nonce = new_nonce()
        (folder / "logs").mkdir()
        self.source = Source(
            path=str(folder / "logs" / "w1.log"),
            nonce=self.nonce,
            secrets={},
            cap_bytes=cap_bytes,
            warn=self.warnings.append,
        )

    def begin(self, node: str, attempt: int = 1) -> None:
        for index in (0, 1):
            self.write(encode_marker(self.nonce, Marker(attempt, node)), index)

    def write(self, data: bytes, index: int = 0) -> None:
        self.source.streams[index].feed(data)
        self.source.settle()

    def end(self) -> dict[tuple[str, int, str], bytes]:
        for stream in self.source.streams:
            stream.end()
        self.source.settle()
        return logged(self.folder)


def test_an_attempt_over_its_cap_keeps_head_and_tail_and_says_so(tmp_path: Path) -> None:
    feed = Feed(tmp_path, cap_bytes=10_000)
    feed.begin("loud")
    for number in range(10_000):
        feed.write(b"%06d\n" % number)
    feed.begin("next")
    feed.write(b"quiet\n")

    found = feed.end()

    kept = found["loud", 1, "stdout"]
    assert kept.startswith(b"000000\n000001\n")
    assert kept.endswith(b"009998\n009999\n")
    assert 9_000 < len(kept) <= 10_010
    assert b"%d bytes cut here" % (70_000 - len(kept)) in found["loud", 1, "system"]
    assert found["next", 1, "stdout"] == b"quiet\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_markers_and_output_may_be_cut_anywhere_by_reads(tmp_path: Path, size: int) -> None:
    feed = Feed(tmp_path, cap_bytes=10_000)
    parts = []
    for number in range(5):
        parts.append(encode_marker(feed.nonce, Marker(1, f"s{number}")))
        parts.append(b"" if number == 2 else b"\x1e%d\x1e%b" % (number, b"\x1e" + feed.nonce[:5]))
    data = b"".join(parts)

    for at in range(0, len(data), size):
        feed.write(data[at : at + size])
    found = feed.end()

    for number in (0, 1, 3, 4):
        assert found[f"s{number}", 1, "stdout"] == b"\x1e%d\x1e%b" % (number, b"\x1e" + feed.nonce[:5])
    assert ("s2", 1, "stdout") not in found


def test_a_deleted_log_is_begun_anew_with_one_warning(tmp_path: Path) -> None:
    feed = Feed(tmp_path, cap_bytes=10_000)
    feed.begin("step")
    feed.write(b"lost\n")
    (tmp_path / "logs" / "w1.log").unlink()
    feed.write(b"kept\n")
    feed.write(b"too\n")

    found = feed.end()

    assert found["step", 1, "stdout"] == b"kept\ntoo\n"
    assert len(feed.warnings) == 1


def test_a_full_disk_costs_output_and_one_warning_and_is_told_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(tmp_path, cap_bytes=10_000)
    feed.begin("step")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(logfile, "_write_all", refuse)
        feed.write(b"one\n")
        feed.write(b"two\n")
    feed.write(b"three\n")
    found = feed.end()

    assert found["step", 1, "stdout"] == b"three\n"
    assert b"8 bytes of output lost" in found["step", 1, "system"]
    assert len(feed.warnings) == 1
    assert "No space left" in feed.warnings[0]


def test_a_silent_attempt_costs_the_pump_next_to_nothing(tmp_path: Path) -> None:
    feed = Feed(tmp_path, cap_bytes=10_000)
    markers = b"".join(encode_marker(feed.nonce, Marker(1, f"node/{number}")) for number in range(500))

    began = time.process_time()
    for _ in range(20):
        feed.write(markers)
        feed.write(markers, 1)
    seconds = time.process_time() - began

    assert seconds / 10_000 < 20e-6  # 0.5 us on a quiet machine; the limit only tells linear from quadratic
    assert feed.end() == {}

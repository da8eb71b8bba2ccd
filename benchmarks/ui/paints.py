"""Measure the terminal UI on a store of many runs, as a process on a pty: `python benchmarks/ui/paints.py`.

What is measured and the targets are those of docs/tui.md. First paints are the median of several starts. A key is
pressed when the screen is at rest, and the time ends with the first bytes that come.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from filled import fill, graft, make_project
from terminal import Terminal

SIZES = ((80, 24), (120, 40), (160, 50))
STARTS = 5
PRESSES = 20
ROW = b"4/4"
"""The progress of a run: rows are there."""
KEYS = (("down", b"j"), ("page down", b"\x1b[6~"), ("end", b"G"), ("home", b"\x1b[H"))
IDLE_S = 10.0
NAP_S = 0.05
"""What a step of the live run takes."""


class Figure(NamedTuple):
    """One thing that was measured."""

    name: str
    value: float
    unit: str
    most: float
    """The target."""

    @property
    def is_met(self) -> bool:
        """Tell whether the target is met."""
        return self.value <= self.most


def main() -> int:
    """Measure, print a table; the exit code is 1 when a target is missed and `--check` was given."""
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(exist_ok=True)
        os.environ["GRAFTLINE_HOME"] = str(folder / "home")
        # As installed: an editable install under PYTHONDONTWRITEBYTECODE is compiled anew at each start, 150 ms.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        database = folder / "home" / "v1" / "graft.db"
        if not database.exists():
            make_project(folder, steps=options.steps, nap_s=NAP_S)
            graft(folder, "ls")
            fill(folder, database, options.runs)
        figures = list(_figures(folder, options))
    print(f"{options.runs:,} runs, a live run of {options.steps:,} steps; {time.strftime('%Y-%m-%d')}\n")
    print("| what | measured | target |")
    print("|---|---|---|")
    for each in figures:
        sign = "" if each.is_met else "  MISSED"
        print(f"| {each.name} | {each.value:.3g} {each.unit} | {each.most:g} {each.unit}{sign} |")
    return 1 if options.check and not all(each.is_met for each in figures) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="paints.py", description="Measure the terminal UI.")
    parser.add_argument("--runs", type=int, default=100_000, help="runs in the store")
    parser.add_argument("--steps", type=int, default=2_000, help="steps of the live run")
    parser.add_argument("--folder", type=Path, help="keep the store here, and use the one that is there")
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    return parser.parse_args()


def _figures(folder: Path, options: argparse.Namespace) -> Iterator[Figure]:
    _forget(folder)
    with Terminal(folder, SIZES[0]) as terminal:  # what is compiled now is not measured
        terminal.quiet(1.0)
    for size in SIZES:
        yield from _at_rest(folder, size)
    yield from _failure(folder)
    _forget(folder)
    graft(folder, "run", "-d", "--force", "pipeline.py:long")
    try:
        yield from _live(folder)
    finally:
        graft(folder, "cancel", "@last", "--kill", code=None)


def _forget(folder: Path) -> None:
    """Let the next start show every run: a view is kept from one to the next."""
    (folder / "home" / "ui.json").unlink(missing_ok=True)


def _at_rest(folder: Path, size: tuple[int, int]) -> Iterator[Figure]:
    paints, costs = [], []
    for _ in range(STARTS):
        with Terminal(folder, size) as terminal:
            paints.append(terminal.seconds_until(ROW, terminal.begun))
            costs.append(terminal.cpu_s())
    at = f"{size[0]}x{size[1]}"
    yield Figure(f"{at}: first paint", statistics.median(paints) * 1e3, "ms", 400)
    yield Figure(f"{at}: CPU until then", statistics.median(costs) * 1e3, "ms", 400)
    with Terminal(folder, size) as terminal:
        terminal.quiet(1.0)
        for name, key in KEYS:
            yield Figure(f"{at}: {name} to paint", _pressed(terminal, key), "ms", 50)
        yield Figure(f"{at}: idle", terminal.idle(IDLE_S) * 100, "% CPU", 1)
        yield Figure(f"{at}: memory", terminal.memory_mb(), "MB", 80)


def _pressed(terminal: Terminal, key: bytes) -> float:
    """Return the median milliseconds from a key to what it paints; between them others that move back."""
    taken: list[float] = []
    back = {b"\x1b[6~": b"\x1b[5~", b"G": b"\x1b[H", b"\x1b[H": b"G"}.get(key, b"")
    for _ in range(PRESSES if not back else PRESSES // 2):
        if key == b"\x1b[H":
            terminal.press(back)
            terminal.quiet(0.15, 1.0)
        taken.append(terminal.press(key))
        terminal.quiet(0.15, 1.0)
        if back and key != b"\x1b[H":
            terminal.press(back)
            terminal.quiet(0.15, 1.0)
    return float(statistics.median(taken)) * 1e3


def _failure(folder: Path) -> Iterator[Figure]:
    """From a red row to the line of source that failed: two times enter."""
    with Terminal(folder, (120, 40)) as terminal:
        terminal.quiet(1.0)
        begun = time.perf_counter()
        terminal.type(b"3")
        terminal.seconds_until(b"in fit", begun)  # the sheet of a run that failed
        terminal.quiet(0.5)
        begun = time.perf_counter()
        terminal.type(b"\r")
        terminal.seconds_until(b"RESULT", begun)
        terminal.quiet(0.3)
        begun = time.perf_counter()
        terminal.type(b"\r")
        line = terminal.seconds_until(b"raise KeyError", begun)
        yield Figure("enter on a step that failed, to its line of source", line * 1e3, "ms", 150)


def _live(folder: Path) -> Iterator[Figure]:
    time.sleep(2.0)
    with Terminal(folder, (120, 40)) as terminal:
        yield Figure("live: first paint", terminal.seconds_until(ROW, terminal.begun) * 1e3, "ms", 400)
        terminal.quiet(0.5, 2.0)
        yield Figure("live: the list", terminal.idle(IDLE_S) * 100, "% CPU", 5)
        yield Figure("live: down to paint", _pressed(terminal, b"j"), "ms", 50)
        terminal.type(b"\x1b[H")
        terminal.quiet(0.3, 1.0)
        terminal.type(b"\r")
        terminal.quiet(0.5, 2.0)
        yield Figure("live: the run's steps", terminal.idle(IDLE_S) * 100, "% CPU", 5)
        for number, part in ((2, "graph"), (3, "gantt"), (4, "logs")):
            terminal.type(str(number).encode())
            terminal.quiet(0.5, 2.0)
            yield Figure(f"live: {part}", terminal.idle(IDLE_S) * 100, "% CPU", 5)
        yield Figure("live: memory", terminal.memory_mb(), "MB", 80)


if __name__ == "__main__":
    sys.exit(main())

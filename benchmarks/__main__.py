"""Measure graftline, its peers and the raw limit in the same run: `make bench`, or `python benchmarks`.

Every measurement is a process of its own in a scratch folder of its own, with a store of its own. Contestants take
turns, round after round, so that a busy moment of a shared machine meets all of them; the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from installed import install
from measure import WORKS
from table import markdown
from work import CONTESTANTS, Work

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"
DEADLINE_S = 600.0
SLOW_S = 20.0
"""A measurement that takes longer, start of its cluster included, is not repeated."""


def main() -> int:
    """Measure, print the table, write it when asked; return the exit code."""
    options = _options()
    chosen = [work for work in WORKS.values() if not options.only or work.name in options.only]
    present, absent = _present(options.contestants)
    with tempfile.TemporaryDirectory(prefix="graft-bench-", ignore_cleanup_errors=True) as folder:
        python = install(Path(folder, "installed"))
        seconds, notes, failures = _measure(python, chosen, present, rounds=options.rounds, is_small=options.small)

    titles = {contestant: importlib.import_module(contestant).NAME for contestant in present}
    named: dict[tuple[str, str], float | str] = {
        (work, titles[contestant]): statistics.median(values) for (work, contestant), values in seconds.items()
    }
    named |= {(work, titles[contestant]): "failed" for work, contestant in failures}
    reference = titles["ours" if "ours" in titles else "limit"] if {"ours", "limit"} & set(titles) else ""
    table = markdown(chosen, list(titles.values()), named, reference=reference, is_small=options.small)
    block = "\n".join([table, "", *_circumstances(present, absent, notes, reference)])
    print(block)
    for (work, contestant), text in failures.items():
        print(f"\n{work}, {contestant} failed:\n{text}", file=sys.stderr)
    if options.write:
        _write(block)
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure graftline, its peers and the raw limit.")
    parser.add_argument("--small", action="store_true", help="small sizes, one round: does everything still work?")
    parser.add_argument("--rounds", type=int, help="measurements of each (default 3; 1 with --small)")
    parser.add_argument("--only", nargs="+", choices=sorted(WORKS), help="these works alone")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=CONTESTANTS)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.small else 3)
    return options


def _present(contestants: list[str]) -> tuple[list[str], list[str]]:
    reasons = {contestant: importlib.import_module(contestant).missing() for contestant in contestants}
    return [name for name in contestants if not reasons[name]], [reason for reason in reasons.values() if reason]


def _measure(
    python: Path, works: list[Work], contestants: list[str], *, rounds: int, is_small: bool
) -> tuple[dict[tuple[str, str], list[float]], dict[str, str], dict[tuple[str, str], str]]:
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    notes: dict[str, str] = {}
    failures: dict[tuple[str, str], str] = {}
    slow: set[tuple[str, str]] = set()
    for work in works:
        for turn in range(rounds):
            for contestant in contestants:
                pair = work.name, contestant
                if pair in failures or pair in slow or not _can_do(contestant, work):
                    continue
                print(f"{work.name}: {contestant}, round {turn + 1}", file=sys.stderr)
                outcome = _measure_once(python, work, contestant, work.size(is_small=is_small))
                if isinstance(outcome, str):
                    failures[pair] = outcome
                    continue
                seconds[pair].append(outcome["seconds"])
                if outcome["note"]:
                    notes[f"{work.name}, {contestant}"] = outcome["note"]
                if outcome["process_s"] > SLOW_S:
                    slow.add(pair)
    return seconds, notes, failures


def _can_do(contestant: str, work: Work) -> bool:
    return hasattr(importlib.import_module(contestant), work.function)


def _measure_once(python: Path, work: Work, contestant: str, size: int) -> dict[str, Any] | str:
    """Return the outcome, or the end of what it printed when it failed."""
    with tempfile.TemporaryDirectory(prefix="graft-bench-", ignore_cleanup_errors=True) as folder:
        # Bytecode is written as on a person's machine: compiling anew at each start doubles the time of short commands.
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environ |= {"PYTHONPATH": str(HERE), "GRAFTLINE_HOME": str(Path(folder, "store")), "TMPDIR": folder}
        before = time.perf_counter()
        try:
            done = subprocess.run(
                [str(python), str(HERE / "measure.py"), work.name, contestant, str(size)],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=DEADLINE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"not done within {DEADLINE_S:g} s"
        if done.returncode:
            return done.stderr[-3000:]
        outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return outcome | {"process_s": time.perf_counter() - before}


def _circumstances(present: list[str], absent: list[str], notes: dict[str, str], reference: str) -> list[str]:
    modules = [importlib.import_module(contestant) for contestant in present]
    releases = [f"{module.NAME} {module.release()}" for module in modules if hasattr(module, "release")]
    lines = [
        f"Command: `{' '.join(['python benchmarks', *sys.argv[1:]])}`"
        + f"; {datetime.datetime.now(datetime.UTC):%Y-%m-%d}; {os.cpu_count()} cores, {_processor()},"
        + f" {platform.system()} {platform.release().partition('-')[0]}, Python {platform.python_version()}.",
        f"In brackets: time as a multiple of {reference}'s. A dash: it cannot do this work.",
    ]
    lines += [f"Measured: {', '.join(releases)}."] if releases else []
    lines += [f"Not measured: {', '.join(absent)}."] if absent else []
    return lines + [f"- {where}: {note}" for where, note in notes.items()]


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _write(block: str) -> None:
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{block}\n\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())

"""What tests cost in CPU time, their processes included: `make slow`. Wall time tells nothing on a busy machine."""

from __future__ import annotations

import resource
from collections import defaultdict
from collections.abc import Generator
from typing import Any

import forked_nurseries
import pytest

_KEY = "cpu_s"
_SHOWN = 40


def _spent_s() -> float:
    """Return the CPU seconds of this process and of all below it that have ended."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usage) + forked_nurseries.spent_s()


class Costs:
    """A plugin that measures each test and lists the dearest ones, and the dearest modules."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Measure the fixtures; the first test of a module pays for what the module shares."""
        return (yield from _measured(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Measure the test."""
        return (yield from _measured(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Measure what ends with it."""
        return (yield from _measured(item))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """List them, in the process that has all reports."""
        tests: dict[str, float] = defaultdict(float)
        for reports in terminalreporter.stats.values():
            for report in reports:
                for key, value in getattr(report, "user_properties", ()):
                    if key == f"{_KEY} {report.when}":
                        tests[report.nodeid] += value
        modules: dict[str, float] = defaultdict(float)
        for name, seconds in tests.items():
            modules[name.partition("::")[0]] += seconds
        for title, costs in (("tests", tests), ("modules", modules)):
            terminalreporter.section(f"dearest {title}, of {sum(costs.values()):.0f} s of CPU time")
            for name, seconds in sorted(costs.items(), key=lambda each: -each[1])[:_SHOWN]:
                terminalreporter.write_line(f"{seconds:6.2f} s  {name}")


def _measured(item: pytest.Item) -> Generator[None, Any, Any]:
    began = _spent_s()
    try:
        return (yield)
    finally:
        phase = ("setup", "call", "teardown")[sum(key.startswith(_KEY) for key, _ in item.user_properties)]
        item.user_properties.append((f"{_KEY} {phase}", _spent_s() - began))

"""The suite that any runner can be held to, on those that come with graftline."""

from __future__ import annotations

from graftline.testing import RunnerConformance


class TestLocal(RunnerConformance):
    """Claims everything."""

    runner = "local"


class TestPyfunc(RunnerConformance):
    """Calls functions, and no more."""

    runner = "pyfunc"
    composes = retries = reuses = False


class TestMock(RunnerConformance):
    """Makes everything up."""

    runner = "mock"
    executes = False

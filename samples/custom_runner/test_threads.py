"""The runner is held to what graftline promises of every runner: `python -m pytest`, with graftline installed."""

from graftline.testing import RunnerConformance


class TestThreads(RunnerConformance):
    """Claims everything."""

    runner = "threads"


class TestOneThread(RunnerConformance):
    """Options come from the configuration."""

    runner = "one-by-one"
    config = '[runner.one-by-one]\nprovider = "threads"\nthreads = 1\n'

"""What every test gets: this checkout's code, a home and a store of its own, and one locale, clock zone and width."""

from __future__ import annotations

import compileall
import gc
import itertools
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from costs import Costs
from forked_nurseries import forked_nurseries

import graftline

pytest.register_assert_rewrite("link_contract")

TREE = Path(__file__).resolve().parent.parent
ROOMS = ("cli", "core", "plugins", "store", "tui", "worker")

SETTINGS = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "NO_COLOR": "1",
    "TERM": "xterm-256color",
    "COLUMNS": "100",
    "LINES": "40",
    "MPLBACKEND": "Agg",
    # What dask's processes look at 50 and 100 times a second, for pages nobody opens: two thirds of what an idle
    # cluster costs, 6 % of a core with two workers.
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
}
"""The same on every machine; what programs print and cost depends on them."""

REMOVED = ("FORCE_COLOR", "VIRTUAL_ENV", "PYTHONWARNINGS")
"""VIRTUAL_ENV: graft would re-execute itself in an environment other than the one under test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make slow` asks for."""
    parser.addoption("--costs", action="store_true", help="list the dearest tests by CPU time, processes included")


def pytest_configure(config: pytest.Config) -> None:
    """Stop when another checkout would be tested: an editable install of one shadows its worktrees silently."""
    found = Path(graftline.__file__).resolve().parent
    if found != TREE:
        pytest.exit(f"graftline is imported from {found}, not from {TREE}: run `make setup` here", returncode=4)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell has what it starts with `&` ignore Ctrl+C, and so would every program that a test starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("costs"):
        config.pluginmanager.register(Costs())
    if sys.dont_write_bytecode and not hasattr(config, "workerinput"):
        for room in ROOMS:  # 60 ms when it is there; each process that a test starts would compile what it imports
            compileall.compile_dir(TREE / room, quiet=2)
    # Where PYTHONDONTWRITEBYTECODE is set, each worker would rewrite and compile all tests: 6 of the 11 s that
    # collecting them takes. Only while they are collected: what tests import is as the setting has it.
    sys.dont_write_bytecode = False
    config.pluginmanager.import_plugin("graftline.testing")  # a checkout that is merely on the path has no entry point
    # What is collected stays: looking through it for garbage took 4 of the 13 s of CPU that collecting all tests takes.
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, of 10 s and more each: taken last, one kept a worker when the others were done."""
    items.sort(key=lambda item: not item.path.stem.endswith("_read_well"))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Collect garbage again, though not among the tests; and write bytecode where it is wanted."""
    sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a module's tests in one worker where xdist's default, `load`, would deal them out.

    What modules share (a run of a sample) is then built once; near the end a worker takes half of what another has.
    """
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def _isolate(patch: pytest.MonkeyPatch, home: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("GRAFTLINE_", "GRAFT_"))]:
        patch.delenv(name)
    for name in REMOVED:
        patch.delenv(name, raising=False)
    for name, value in SETTINGS.items():
        patch.setenv(name, value)
    patch.setenv("HOME", str(home))
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        patch.setenv(f"XDG_{name}_HOME", str(home / f".{name.lower()}"))
    runtime = home / ".runtime"
    runtime.mkdir(mode=0o700)
    patch.setenv("XDG_RUNTIME_DIR", str(runtime))
    patch.setenv("GRAFTLINE_HOME", str(home / "store"))
    time.tzset()


@pytest.fixture(scope="session", autouse=True)
def _isolated_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the developer's home from fixtures of a module or session too."""
    with pytest.MonkeyPatch.context() as patch:
        _isolate(patch, tmp_path_factory.mktemp("session"))
        # matplotlib builds its font cache in 3 s; once for all workers (the parent folder is theirs) is enough.
        base = tmp_path_factory.getbasetemp()
        shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "matplotlib"
        shared.mkdir(exist_ok=True)
        patch.setenv("MPLCONFIGDIR", str(shared))
        yield
    time.tzset()


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give names of directories; `mktemp` looks through all that are there for each, 2 ms after 2,000 tests."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _isolated_test(_isolated_session: None, _homes: Iterator[Path]) -> Iterator[None]:
    """Give each test a home and a store of its own, apart from its tmp_path."""
    with pytest.MonkeyPatch.context() as patch:
        home = next(_homes)
        home.mkdir(mode=0o700)
        _isolate(patch, home)
        yield


@pytest.fixture(scope="session", autouse=True)
def _forked_nurseries(_isolated_session: None) -> Iterator[None]:
    """Spare each run in this process two starts of Python."""
    with forked_nurseries():
        yield


@pytest.fixture(scope="module", autouse=True)
def _no_nursery_left() -> Iterator[None]:
    """End the processes that a load in this process keeps for a run that no test began."""
    yield
    warm = sys.modules.get("graftline.plugins.local.warm")
    if warm is not None and (kept := warm.take(())) is not None:
        kept.close()


@pytest.fixture
def store_dir() -> Path:
    """Return the store directory of this test (GRAFTLINE_HOME); it does not exist yet."""
    return Path(os.environ["GRAFTLINE_HOME"])

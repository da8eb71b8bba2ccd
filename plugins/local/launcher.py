"""First code below the runner: one interpreter that becomes two processes, the guardian and its forkserver.

One start serves both, as starting an interpreter costs 15 ms and what both import 10: whatever runs user code pays that
once. The guardian is the one that was started, the forkserver its child.

The tree: runner > guardian (this process) > forkserver > workers. Only an ancestor of the workers can find what they
leave behind; a sibling cleans nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings

from . import rights as rights  # sockets, for both
from .descent import MARK, be_guardian, be_marked

_IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT)


def main() -> None:
    """Run the guardian, and the forkserver in a fork.

    Command line: RUNNER_PID LINK_FD SERVER_FD.
    """
    runner, link, server = map(int, sys.argv[1:])
    sys.argv[:] = [""]
    for descriptor in (link, server):
        os.set_inheritable(descriptor, False)
    guard(runner, link, server)
    os._exit(0)  # to take an interpreter apart takes 10 ms, which the runner would wait for


def guard(runner: int, link: int, server: int) -> None:
    """Be the guardian of a runner until it is gone, with a forkserver as its fork; two descriptors are theirs."""
    for each in _IGNORED:
        # A terminal's Ctrl+C, or `kill` of the whole group, must not take away the one who cleans up.
        signal.signal(each, signal.SIG_IGN)
    be_guardian()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns of threads, which a sitecustomize may start
        child = os.fork()
    if child == 0:
        os.close(link)
        _serve(server)
    os.close(server)
    from .guardian import Guardian  # what only it begins with

    Guardian(runner=runner, link=link, server=child).watch()


def _serve(server: int) -> None:
    """Be the forkserver, and never return: its atexit functions are those of packages, not of this start."""
    be_marked(os.environ[MARK])
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the thread that started us may have blocked signals
    for each in _IGNORED:
        signal.signal(each, signal.default_int_handler if each == signal.SIGINT else signal.SIG_DFL)
    from .forkserver import run

    run(server)

"""First code of the guardian process: start the forkserver, then watch over it.

Apart from guardian.py so that the forkserver's interpreter is already starting (on the other core) while the guardian
imports sockets and ctypes. Runs under `python -I -S`: the standard library and this package only.

The tree: runner > guardian (this process) > forkserver > workers. Only an ancestor of the workers can find what they
leave behind; a sibling cleans nothing.
"""

from __future__ import annotations

import os
import signal
import sys

from .descent import MARK

_IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT)


def main() -> None:
    """Run the guardian.

    Command line: RUNNER_PID MARK LINK_FD SERVER_FD, then the forkserver's command, which gets SERVER_FD appended.
    """
    runner, mark, link, server, *command = sys.argv[1:]
    for each in _IGNORED:
        # A terminal's Ctrl+C, or `kill` of the whole group, must not take away the one who cleans up.
        signal.signal(each, signal.SIG_IGN)
    os.set_inheritable(int(link), False)
    child = os.posix_spawn(
        command[0],
        [*command, server],
        {**os.environ, MARK: mark},
        setsigmask=[],  # the thread that started us may have blocked signals
        setsigdef=_IGNORED,
    )
    os.close(int(server))
    from .guardian import Guardian  # 25 ms that the forkserver need not wait for

    Guardian(runner=int(runner), link=int(link), server=child).watch()

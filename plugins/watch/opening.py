"""Puts a watch together: files of the project, warm processes, and the driver. The one door `wiring` uses."""

from __future__ import annotations

from collections.abc import Callable

from ...core.contents import Files
from ...core.watchnews import Listener, WatchRequest
from ...core.workspace import Workspace
from ..local.warm import stay_warm
from .changes import WatchedTree
from .driver import WatchDriver


def open_watch(
    request: WatchRequest,
    listener: Listener,
    *,
    root: str,
    files: Files,
    store: str,
    reopen: Callable[[], Workspace],
) -> WatchDriver:
    """Make a watch; nothing happens before its `run`.

    Args:
        request: what to watch.
        listener: is told.
        root: absolute project root.
        files: contents of files.
        store: absolute directory of the store, whose files do not count.
        reopen: opens the workspace by the configuration as it is then.
    """
    return WatchDriver(
        root=root,
        request=request,
        listener=listener,
        open_workspace=reopen,
        open_changes=lambda: WatchedTree(root, files, [store]),
        stay_warm=stay_warm,
    )

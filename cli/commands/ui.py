"""`graft ui`: open the terminal UI."""

from __future__ import annotations

from ..options import Options


def ui(options: Options) -> int:
    """Open the terminal UI."""
    from ...tui.app import run  # the UI's library costs 170 ms, for this command alone

    return run()

"""Where a user's configuration and data are: what `platformdirs` says, without it on Linux, as it takes 4 ms to import.

Its answer is a rule of two lines there; whatever is odd (no home, a relative one, another system) is left to it.
"""

from __future__ import annotations

import os
import sys

_APP = "graftline"


def user_config_dir() -> str:
    """Return the absolute directory of this user's configuration; it need not exist."""
    return _xdg("XDG_CONFIG_HOME", "~/.config") or _asked("user_config_dir")


def user_data_dir() -> str:
    """Return the absolute directory of what graftline keeps for this user; it need not exist."""
    return _xdg("XDG_DATA_HOME", "~/.local/share") or _asked("user_data_dir")


def _xdg(variable: str, default: str) -> str | None:
    """Return a directory by its variable, else below the home; None where that is not all there is to it."""
    if sys.platform != "linux" or "ANDROID_DATA" in os.environ or hasattr(sys, "getandroidapilevel"):
        return None
    place = os.environ.get(variable, "")
    if not os.path.isabs(place):
        if not os.path.isabs(os.environ.get("HOME", "")):
            return None
        place = os.path.expanduser(default)
    return os.path.join(place, _APP)


def _asked(name: str) -> str:
    import platformdirs

    found: str = getattr(platformdirs, name)(_APP)
    return found

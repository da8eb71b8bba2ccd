"""Running under the project's own Python: user code needs the packages of its environment, not of ours."""

from __future__ import annotations

import os
import sys

from ..core.errors import PluginError

_ENTERED = "_GRAFT_ENTERED"
"""Set across the change of interpreter, so that a wrong guess cannot become a loop."""
_CHECK = "import importlib.util, sys; sys.exit(importlib.util.find_spec('graftline') is None)"


def enter(python: str) -> None:
    """Continue this command under another Python, unless it is the one that runs already.

    Raises:
        PluginError: graftline is not installed there.
    """
    if is_current(python) or os.environ.get(_ENTERED) == python:
        return
    import subprocess  # 3 ms, of who is here already

    done = subprocess.run([python, "-c", _CHECK], capture_output=True, check=False)
    if done.returncode != 0:
        raise PluginError(
            f"the project runs under {python}, where graftline is not installed",
            f"{python} -m pip install graftline; or set [project] python",
        )
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ[_ENTERED] = python
    os.execv(python, [python, "-m", "graftline", *sys.argv[1:]])


def is_current(python: str) -> bool:
    """Tell whether a program is the Python of this environment.

    Virtual environments link to one program, so where it leads says nothing: the environment's directory decides.
    """
    environment = os.path.dirname(os.path.dirname(os.path.abspath(python)))
    if os.path.exists(os.path.join(environment, "pyvenv.cfg")):
        return os.path.realpath(environment) == os.path.realpath(sys.prefix)
    return sys.prefix == sys.base_prefix and os.path.realpath(python) == os.path.realpath(sys.executable)

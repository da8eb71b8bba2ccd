"""The command line of our helper processes: the same interpreter and the same graftline as this process.

A helper must not find another copy of the package (a second checkout, an older wheel), nor take a project's
`queue.py` for the standard library's: so it is told where this package lies instead of searching sys.path.
"""

from __future__ import annotations

import os
import sys

from ...core.errors import PluginError

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

_START = """\
import sys, importlib.util as u
root = sys.argv.pop(1)
spec = u.spec_from_file_location("graftline", root + "/__init__.py", submodule_search_locations=[root])
sys.modules["graftline"] = package = u.module_from_spec(spec)
spec.loader.exec_module(package)
from graftline.plugins.local.launcher import main
main()
"""


def launch_command() -> list[str]:
    """Return the command that starts a guardian with its forkserver; the launcher's arguments follow.

    The interpreter's own options (-O, -W, -X) are kept, since steps must run as they would run here.

    Raises:
        PluginError: this process does not know its interpreter.
    """
    if not sys.executable:
        raise PluginError("the local runner cannot find its Python interpreter", "start graftline with `python`")
    options = ["-O"] * sys.flags.optimize + ["-B"] * sys.flags.dont_write_bytecode
    options += [f"-W{each}" for each in sys.warnoptions]
    options += [f"-X{name}" if value is True else f"-X{name}={value}" for name, value in sys._xoptions.items()]
    # -P: the current directory is not code. -u: what a step printed before it died is kept.
    return [sys.executable, *options, "-P", "-u", "-c", _START, _ROOT]

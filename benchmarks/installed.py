"""graftline as its users have it: in an environment of its own, without the finder of an editable install.

That finder imports pathlib, urllib and more at each start of Python: 12 ms of CPU, of 100 that a short command takes.
The packages beside graftline, peers among them, are those of the environment that runs the benchmarks.
"""

from __future__ import annotations

import compileall
import shutil
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SCRIPT = """#!{python}
import sys
from graftline.__main__ import main
if __name__ == "__main__":
    sys.exit(main())
"""


def install(folder: Path) -> Path:
    """Make an environment in a folder that does not exist yet, install graftline there, and return its Python."""
    venv.EnvBuilder(symlinks=True).create(folder)
    python = folder / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    _copy_package(site)
    # A line of a .pth file is a place to look for packages; the .pth files that lie there are not read.
    beside = dict.fromkeys(sysconfig.get_path(scheme) for scheme in ("purelib", "platlib"))
    (site / "beside.pth").write_text("".join(f"{place}\n" for place in beside))
    compileall.compile_dir(site, quiet=2)
    script = folder / "bin" / "graft"
    script.write_text(_SCRIPT.format(python=python))
    script.chmod(0o755)
    return python


def _copy_package(site: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    for package in settings["packages"]:
        folder = ROOT.joinpath(*package.split(".")[1:])
        # The bytecode that is there holds for the copies, whose times are the same: a second less to compile.
        for pattern in ("*.py", "__pycache__/*.pyc", *settings["package-data"].get(package, ())):
            for source in folder.glob(pattern):
                target = site / "graftline" / source.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)


if __name__ == "__main__":
    print(install(Path(sys.argv[1])))

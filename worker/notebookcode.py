"""The fingerprint of a notebook: its code cells, not their outputs nor metadata, and what they import."""

from __future__ import annotations

import ast
import re

from ..core.fingerprints.trace import CodePrint, Tracer
from ..core.notebooks import read_notebook
from ..core.place import relative_to
from .prints import dynamic, merged, part_of

_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun"})
"""Cell magics around Python; the cell of any other is no Python (`%%bash`)."""
_LINE_MAGIC = re.compile(r"^(?P<indent>\s*)(?:[\w.,\s]+=\s*)?(?P<sign>[%!])(?P<rest>.*)$")


def notebook_print(tracer: Tracer, text: str, file: str, root: str) -> CodePrint:
    """Return what a notebook's code is made of.

    Args:
        tracer: with the notebook's own directory first.
        text: of the file.
        file: absolute path.
        root: of the project.

    Raises:
        InvalidError: it is no notebook, or a module it imports is no Python.
    """
    shown = relative_to(root, file)
    lines: list[str] = []
    found: list[CodePrint] = []
    magics: list[str] = []
    for number, cell in enumerate(read_notebook(text, shown).cells, start=1):
        python, special = _parted(cell)
        magics += special
        if _is_python(python):
            lines.append(python)
        else:
            found += [part_of(f"{shown}:cell {number}", cell), dynamic(f"{shown}, cell {number}", "what is no Python")]
    if magics:
        found.append(part_of(f"{shown}:<magics>", "\n".join(magics)))
    for magic in magics:
        if re.match(r"%\s*run\b", magic):
            found.append(dynamic(shown, magic))
    return merged([tracer.trace_text("\n".join(lines), file), *found])


def _parted(cell: str) -> tuple[str, list[str]]:
    """Return a cell as Python, with as many lines, and its magics and shell escapes."""
    lines = cell.splitlines()
    if lines and lines[0].startswith("%%"):
        words = lines[0][2:].split()
        if not words or words[0] not in _PYTHON_MAGICS:
            return "", [cell]
    python, magics = [], []
    for line in lines:
        match = _LINE_MAGIC.match(line)
        if match is None or _is_python(line.strip()):
            python.append(line)
        else:
            python.append(f"{match['indent']}pass")
            magics.append(line.strip())
    return "\n".join(python), magics


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True

"""Finding and reading the files that `graft init --from` is given."""

from __future__ import annotations

import os
import tokenize
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from ...core.errors import InvalidError, nearest
from ...core.proposals import ScriptText, SourceKind

KINDS = {".py": SourceKind.SCRIPT, ".ipynb": SourceKind.NOTEBOOK, ".sh": SourceKind.SHELL, ".bash": SourceKind.SHELL}
_NOT_STEPS = frozenset({"pipeline.py", "setup.py", "conftest.py", "__init__.py", "__main__.py"})


def scripts(words: Sequence[str], root: Path) -> list[ScriptText]:
    """Return the files that words name, directories as the scripts in them.

    Args:
        words: as typed, relative to the current directory.
        root: absolute root of the project.

    Raises:
        InvalidError: a file is not there, is none that can be read, or is outside the project; or there is none.
    """
    found: dict[Path, None] = {}
    for word in words:
        found |= dict.fromkeys(_named(Path(word)))
    if not found:
        raise InvalidError("there is no script to read", "name them: graft init --from prep.py train.py report.ipynb")
    return [_text(path, root) for path in found]


def _named(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for each in sorted(path.iterdir()):
            is_test = each.name.startswith(("test_", ".")) or each.name in _NOT_STEPS
            if each.is_file() and each.suffix in KINDS and not is_test:
                yield each.absolute()
    elif not path.is_file():
        there = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InvalidError(f"there is no file '{path}'{nearest(path.name, there)}")
    elif path.suffix not in KINDS:
        raise InvalidError(f"'{path}' is no script", f"it reads {', '.join(KINDS)}")
    else:
        yield path.absolute()


def _text(path: Path, root: Path) -> ScriptText:
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    if relative.startswith("../"):
        raise InvalidError(f"'{path}' is outside the project {root}", "call graft in a directory above all scripts")
    try:
        data = path.read_bytes()
        encoding = tokenize.detect_encoding(BytesIO(data).readline)[0] if path.suffix == ".py" else "utf-8"
        text = data.decode(encoding)
    except (OSError, UnicodeDecodeError, SyntaxError, LookupError) as problem:
        raise InvalidError(f"'{path}' cannot be read: {problem}") from problem
    return ScriptText(path=relative, kind=KINDS[path.suffix], text=text)

"""The rules of CONTRIBUTING.md that can be counted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from source_tree import ROOMS, name_of, package_files, python_files

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
DRAWERS = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
"""Names that say nothing about what is inside."""

ANY_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


class _Facts(NamedTuple):
    """What the rules ask of one file, read once for all of them: parsing the project takes 1.3 s."""

    lines: int
    has_docstring: bool
    long: dict[str, int]
    """`line name` of functions beyond the wall -> lines."""
    bare: list[int]
    """Lines that import a room by its bare name."""
    silent: list[str]
    """`line name` of public definitions without a docstring."""


@cache
def _facts() -> dict[Path, _Facts]:
    return {path: _facts_of(path.read_text(), str(path)) for path in python_files()}


def _facts_of(text: str, name: str) -> _Facts:
    tree = ast.parse(text, name)
    lengths = {
        f"{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, ANY_FUNCTION)
    }
    silent = [
        f"{node.lineno} {node.name}"
        for node in tree.body
        if isinstance(node, (*ANY_FUNCTION, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not any(ast.unparse(each) == "overload" for each in node.decorator_list)
    ]
    return _Facts(
        lines=len(text.splitlines()),
        has_docstring=bool(ast.get_docstring(tree)),
        long={function: length for function, length in lengths.items() if length > MAX_FUNCTION_LINES},
        bare=list(_bare_imports(tree)),
        silent=silent,
    )


def _bare_imports(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        if any(name.partition(".")[0] in ROOMS for name in names):
            yield node.lineno


def test_no_file_is_longer_than_the_wall() -> None:
    assert {name_of(path): each.lines for path, each in _facts().items() if each.lines > MAX_FILE_LINES} == {}


def test_no_function_is_longer_than_the_wall() -> None:
    assert {name_of(path): each.long for path, each in _facts().items() if each.long} == {}


def test_no_module_is_a_drawer() -> None:
    assert [name_of(path) for path in package_files() if path.stem in DRAWERS] == []


def test_rooms_are_imported_by_their_full_name() -> None:
    # `import core` works by accident when Python starts in the root, and gives a second copy of every class.
    bare = [f"{name_of(path)}:{line}" for path, each in _facts().items() for line in each.bare]

    assert bare == []


@pytest.mark.parametrize("source", ["import core", "import store.database", "from worker.call import call"])
def test_a_bare_import_of_a_room_is_seen(source: str) -> None:
    assert list(_bare_imports(ast.parse(source))) == [1]


@pytest.mark.parametrize("source", ["from ..core import graph", "import graftline.core", "import corekit"])
def test_other_imports_are_let_through(source: str) -> None:
    assert list(_bare_imports(ast.parse(source))) == []


def test_every_module_says_what_it_is() -> None:
    silent = [name_of(path) for path, each in _facts().items() if not each.has_docstring]

    assert silent == []


def test_every_public_name_of_the_package_has_a_docstring() -> None:
    silent = [f"{name_of(path)}:{name}" for path in package_files() for name in _facts()[path].silent]

    assert silent == []


def test_records_are_those_of_core() -> None:
    # The standard decorator takes 0.6 to 1 ms a class, of which a command imports a hundred.
    standard = re.compile(r"^from dataclasses import .*\b(dataclass|field|replace)\b", re.MULTILINE)
    found = {name_of(path) for path in package_files() if standard.search(path.read_text())}

    assert found == {"worker/vault.py"}  # which has a field that is not shown

"""The rules of CONTRIBUTING.md that can be counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from source_tree import ROOMS, name_of, package_files, python_files

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
DRAWERS = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
"""Names that say nothing about what is inside."""

ANY_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def _parsed(paths: list[Path]) -> Iterator[tuple[Path, ast.Module]]:
    for path in paths:
        yield path, ast.parse(path.read_text(), str(path))


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
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in python_files()}

    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_no_function_is_longer_than_the_wall() -> None:
    long = {
        f"{name_of(path)}:{node.lineno} {node.name}": length
        for path, tree in _parsed(python_files())
        for node in ast.walk(tree)
        if isinstance(node, ANY_FUNCTION)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    }

    assert long == {}


def test_no_module_is_a_drawer() -> None:
    assert [name_of(path) for path in package_files() if path.stem in DRAWERS] == []


def test_rooms_are_imported_by_their_full_name() -> None:
    # `import core` works by accident when Python starts in the root, and gives a second copy of every class.
    bare = [f"{name_of(path)}:{line}" for path, tree in _parsed(python_files()) for line in _bare_imports(tree)]

    assert bare == []


@pytest.mark.parametrize("source", ["import core", "import store.database", "from worker.call import call"])
def test_a_bare_import_of_a_room_is_seen(source: str) -> None:
    assert list(_bare_imports(ast.parse(source))) == [1]


@pytest.mark.parametrize("source", ["from ..core import graph", "import graftline.core", "import corekit"])
def test_other_imports_are_let_through(source: str) -> None:
    assert list(_bare_imports(ast.parse(source))) == []


def test_every_module_says_what_it_is() -> None:
    silent = [name_of(path) for path, tree in _parsed(python_files()) if not ast.get_docstring(tree)]

    assert silent == []


def test_every_public_name_of_the_package_has_a_docstring() -> None:
    silent = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path, tree in _parsed(package_files())
        for node in tree.body
        if isinstance(node, (*ANY_FUNCTION, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not any(ast.unparse(each) == "overload" for each in node.decorator_list)
    ]

    assert silent == []


def test_records_are_those_of_core() -> None:
    # The standard decorator takes 0.6 to 1 ms a class, of which a command imports a hundred.
    exceptions = {"core/records.py", "worker/vault.py"}  # the second has a field that is not shown
    standard = {
        f"{name_of(path)}:{node.lineno}"
        for path, tree in _parsed(package_files())
        for node in ast.walk(tree)
        if name_of(path) not in exceptions
        and isinstance(node, ast.ImportFrom)
        and node.module == "dataclasses"
        and {"dataclass", "field", "replace"} & {alias.name for alias in node.names}
    }

    assert standard == set(), "import them from graftline.core.records"

"""Discovery cannot rename, so packages are listed by hand; what is forgotten works here and is missing in the wheel."""

from __future__ import annotations

import ast
import re
import sys
from fnmatch import fnmatch

from source_tree import BESIDE, ROOMS, ROOT, ROOT_MODULES, name_of, project

from graftline.core.kinds import BUNDLED_KINDS
from graftline.core.runners import BUNDLED_RUNNERS
from graftline.plugins.projects.templates import TEMPLATES


def test_every_package_folder_is_listed_and_every_listed_package_exists() -> None:
    found = {"graftline", "graftline.samples"}  # the samples ship as package data, and are no package
    for folder in ROOT.iterdir():
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in (*BESIDE, "build", "dist"):
            found |= {
                "graftline." + ".".join(init.parent.relative_to(ROOT).parts) for init in folder.rglob("__init__.py")
            }

    listed = project()["tool"]["setuptools"]["packages"]

    assert sorted(found) == listed


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")}

    bare = [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()]

    assert bare == []


def test_every_file_that_is_no_module_ships_as_package_data() -> None:
    data = project()["tool"]["setuptools"]["package-data"]
    forgotten = []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.is_dir() or path.suffix in (".py", ".pyc", ".md"):
                continue
            inside = str(path.relative_to(ROOT / room))
            if not any(fnmatch(inside, pattern) for pattern in data.get(f"graftline.{room}", [])):
                forgotten.append(name_of(path))

    assert forgotten == []
    assert "py.typed" in data["graftline"]


def test_every_file_of_every_template_ships() -> None:
    patterns = project()["tool"]["setuptools"]["package-data"]["graftline.samples"]
    files = [f"{each.name}/{file}" for each in TEMPLATES.values() for file in each.files]

    assert [file for file in files if not (ROOT / "samples" / file).is_file()] == []
    assert [file for file in files if not any(fnmatch(file, pattern) for pattern in patterns)] == []


def test_the_root_holds_no_stray_module() -> None:
    strays = {path.stem for path in ROOT.glob("*.py")} - set(ROOT_MODULES)

    assert strays == set()


def test_what_stands_beside_the_package_is_no_package() -> None:
    inits = [name_of(path) for folder in BESIDE for path in (ROOT / folder).rglob("__init__.py")]

    # A tests/__init__.py would make every test module `graftline.tests...` in an editable install.
    assert [path for path in inits if path.count("/") == 1] == []


IMPORTED_AS = {"yaml": "pyyaml"}
"""Packages that are imported under another name than they are installed under."""


def test_what_is_installed_is_imported_and_what_is_imported_is_installed() -> None:
    listed = {re.split(r"[^\w-]", each)[0] for each in project()["project"]["dependencies"]}
    optional = {
        "cloudpickle",
        "distributed",
        "duckdb",
        "pandas",
        "keyring",
        "celery",
        "kombu",
        "textual_serve",
        "pygraphviz",
        "numpy",
        "graftline",
        "hera",
        "ibis",
        "nbclient",
        "jupyter_client",
        "pytest",
    }
    imported = {
        name
        for path in [*ROOT.glob("*.py"), *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imports(node)
        if name not in sys.stdlib_module_names
    }

    assert {IMPORTED_AS.get(name, name) for name in imported} - optional == listed


def _imports(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        return {node.module.partition(".")[0]}
    return set()


def test_the_version_has_an_entry_in_the_changelog() -> None:
    version = project()["project"]["version"]

    assert version in (ROOT / "CHANGELOG.md").read_text()


def test_the_bundled_kinds_are_those_that_are_registered() -> None:
    assert project()["project"]["entry-points"]["graftline.kinds"] == BUNDLED_KINDS


def test_the_bundled_runners_are_those_that_are_registered() -> None:
    assert project()["project"]["entry-points"]["graftline.runners"] == BUNDLED_RUNNERS

"""The lazy map of the root package is the list of public names, and importing it costs next to nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import graftline

SOURCE = Path(graftline.__file__).read_text()


def _names_for_type_checkers() -> dict[str, set[str]]:
    block = next(node for node in ast.parse(SOURCE).body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {node.module or "": {alias.name for alias in node.names} for node in imports}


def _public() -> dict[str, set[str]]:
    return {home: set(names) for home, names in graftline._HOMES.items()} | {"": set(graftline._MODULES)}


def test_the_three_lists_of_public_names_agree() -> None:
    assert _public() == _names_for_type_checkers()
    assert sorted([*graftline._HOME_OF, *graftline._MODULES]) == graftline.__all__


def test_importing_graftline_loads_nothing_but_the_facade() -> None:
    heavy = "sqlite3 sqlmodel textual typer asyncio dataclasses dill multiprocess"
    code = (
        f"import sys, graftline; print([m for m in sys.modules if m in {heavy.split()} or m.startswith('graftline.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"


def test_naming_a_pipeline_loads_neither_store_nor_screen() -> None:
    code = (
        "import sys\nfrom graftline import Pipeline, PythonTask, pickled\n"
        "heavy = 'sqlite3 sqlmodel textual typer asyncio dill pydantic'.split()\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"

"""The public face: what is exported, what type checkers see and what is loaded on demand are one list."""

from __future__ import annotations

import ast

import pytest
from source_tree import ROOT

import graftline


def _type_checking_names() -> set[str]:
    tree = ast.parse((ROOT / "__init__.py").read_text())
    return {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }


def test_type_checkers_see_what_is_exported() -> None:
    assert _type_checking_names() - {"__version__"} == set(graftline.__all__) - {"__version__"}


def test_every_exported_name_can_be_had() -> None:
    missing = [name for name in graftline.__all__ if not hasattr(graftline, name)]

    assert missing == []
    assert set(graftline.__all__) <= set(dir(graftline))


def test_the_names_of_the_samples_are_exported() -> None:
    used = {"Catalog", "Pipeline", "PythonTask", "ScriptTask", "ShellTask", "Stub", "json", "metric", "pickled"}

    assert used <= set(graftline.__all__)


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    name = "pipe_line"

    with pytest.raises(AttributeError, match=name):
        getattr(graftline, name)

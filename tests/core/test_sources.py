"""Source files: what they import, and what returns a value, without running them."""

from __future__ import annotations

import ast

import pytest

from graftline import InvalidError
from graftline.core.sources import Reached, reach, returning_functions, returns_value


def _reach(files: dict[str, str], start: str = "/p/main.py", search: tuple[str, ...] = ("/p",)) -> Reached:
    return reach(start, search, files.get)


def test_every_form_of_import_is_followed() -> None:
    reached = _reach(
        {
            "/p/main.py": "import plain\nimport pkg.sub.mod\nfrom pkg2 import leaf\nfrom star import *\n"
            "import os, numpy.linalg\n"
            "def f():\n    from lazy import x\n    import pandas as pd\n",
            "/p/plain.py": "import importlib\nimportlib.import_module('dynamic')\n__import__('late')\n",
            "/p/pkg/__init__.py": "",
            "/p/pkg/sub/__init__.py": "from . import sibling\nfrom .. import up\n",
            "/p/pkg/sub/mod.py": "from .deep import thing\nfrom ..up import other\n",
            "/p/pkg/sub/deep.py": "",
            "/p/pkg/sub/sibling.py": "import requests",
            "/p/pkg/up.py": "",
            "/p/pkg2/leaf.py": "",
            "/p/star/__init__.py": "__all__ = ['inner', 'name']",
            "/p/star/inner.py": "",
            "/p/lazy.py": "from main import f",
            "/p/dynamic.py": "",
            "/p/late.py": "",
            "/p/unused.py": "import torch",
        }
    )
    assert {file.removeprefix("/p/") for file in reached.files} == {
        "main.py",
        "plain.py",
        "pkg/__init__.py",
        "pkg/sub/__init__.py",
        "pkg/sub/mod.py",
        "pkg/sub/deep.py",
        "pkg/sub/sibling.py",
        "pkg/up.py",
        "pkg2/leaf.py",
        "star/__init__.py",
        "star/inner.py",
        "lazy.py",
        "dynamic.py",
        "late.py",
    }
    assert reached.packages == ("numpy", "pandas", "requests")


def test_imports_for_type_checkers_are_not_followed() -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\nelse:\n    import numpy\n"
    assert _reach({"/p/main.py": text}).packages == ("numpy",)


def test_the_first_directory_with_the_module_wins() -> None:
    files = {"/p/main.py": "import a", "/p/a.py": "", "/q/a.py": ""}
    assert _reach(files, search=("/q", "/p")).files == ("/p/main.py", "/q/a.py")


@pytest.mark.parametrize(
    ("files", "uses"),
    [
        ({"/p/main.py": "from graftline import Pipeline"}, True),
        ({"/p/main.py": "import graftline as gl\np = gl.PythonJob(len)"}, True),
        ({"/p/main.py": "import flows", "/p/flows.py": "from graftline import Pipeline"}, True),
        ({"/p/main.py": "from graftline import log_metric\nlog_metric('a', 1)"}, False),
        ({"/p/main.py": "from sklearn.pipeline import Pipeline"}, False),
    ],
)
def test_it_is_seen_whether_a_pipeline_can_come_out(files: dict[str, str], uses: bool) -> None:
    assert _reach(files).uses_pipelines is uses


def test_graftline_is_no_package_of_the_project() -> None:
    assert _reach({"/p/main.py": "import graftline, numpy"}).packages == ("numpy",)


def test_a_syntax_error_names_file_and_line() -> None:
    with pytest.raises(InvalidError) as caught:
        _reach({"/p/main.py": "import a", "/p/a.py": "x = 1\ndef f(:\n"})
    assert (caught.value.file, caught.value.line) == ("/p/a.py", 2)


@pytest.mark.parametrize(
    ("text", "returns"),
    [
        ("def f(): return 1", True),
        ("async def f():\n    return x", True),
        ("def f():\n    if a:\n        for x in y:\n            return x", True),
        ("def f():\n    try:\n        pass\n    finally:\n        return 0", True),
        ("def f(): print(1)", False),
        ("def f(): return", False),
        ("def f():\n    return None", False),
        ("def f():\n    def g():\n        return 1\n    g()", False),
        ("def f():\n    class A:\n        def g(self):\n            return 1", False),
        ("def f(): x = lambda: 1", False),
        ("def f(): yield 1", False),
    ],
)
def test_a_value_is_returned_only_by_the_function_itself(text: str, returns: bool) -> None:
    assert returns_value(ast.parse(text).body[0]) is returns


def test_functions_are_found_by_their_first_line_decorators_included() -> None:
    text = "@a\n@b\ndef f():\n    return 1\n\nclass C:\n    def f(self):\n        pass\n\ng = lambda: 2\n"
    assert returning_functions(text) == {("f", 1): True, ("f", 7): False, ("<lambda>", 10): True}


def test_a_text_that_is_no_python_tells_nothing() -> None:
    assert returning_functions("def (") == {}

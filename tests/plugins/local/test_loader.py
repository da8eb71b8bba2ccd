"""User code is imported in a process of its own, and whatever it does there becomes one message."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graftline.core.errors import InvalidError
from graftline.core.ports import LoadRequest
from graftline.core.runs import Target
from graftline.plugins.local.loader import LocalLoader
from graftline.plugins.local.nursery import Nursery

PIPELINE = """
from graftline import Pipeline, PythonTask
def load() -> int:
    return 1
pipeline = Pipeline([PythonTask(load, returns=["n"])])
"""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def request(folder: Path, text: str) -> LoadRequest:
    (folder / "pipeline.py").write_text(text)
    target = Target(text="pipeline.py", root=str(folder), cwd=str(folder), sys_path=(str(folder),))
    return LoadRequest(target=target, params={}, values={})


def test_a_pipeline_comes_back_compiled(nursery: Nursery, tmp_path: Path) -> None:
    loaded = LocalLoader(nursery).load(request(tmp_path, PIPELINE))

    assert [node.path for node in loaded.graph.nodes] == ["load"]


def test_what_a_module_prints_is_not_shown_when_it_loads(
    nursery: Nursery, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    LocalLoader(nursery).load(request(tmp_path, "print('noise')\n" + PIPELINE))

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("1 / 0\n", "ZeroDivisionError", 1),
        ("import sys\nsys.exit('bye')\n", "bye", 2),
        ("import no_such_module\n", "no_such_module", 1),
        ("def broken(:\n", "(?i)syntax", 1),
    ],
)
def test_an_import_that_fails_is_one_message_with_file_and_line(
    nursery: Nursery, tmp_path: Path, text: str, words: str, line: int
) -> None:
    with pytest.raises(InvalidError, match=words) as caught:
        LocalLoader(nursery).load(request(tmp_path, "from graftline import Pipeline\n" + text))

    assert caught.value.file is not None
    assert caught.value.file.endswith("pipeline.py")
    assert caught.value.line == line + 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import os; print('last words', flush=True); os._exit(4)", "exit code 4"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    ],
)
def test_an_import_that_ends_its_process_is_one_message(
    nursery: Nursery, tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(InvalidError, match=words) as caught:
        LocalLoader(nursery).load(request(tmp_path, f"from graftline import Pipeline\n{text}\n"))

    assert "pipeline.py" in str(caught.value)
    assert ("last words" in (caught.value.hint or "")) == ("_exit" in text)


def test_an_import_that_hangs_is_told_and_ended(nursery: Nursery, tmp_path: Path) -> None:
    began = time.monotonic()

    with pytest.raises(InvalidError, match=r"pipeline\.py hangs"):
        LocalLoader(nursery, limit_s=0.5).load(
            request(tmp_path, "from graftline import Pipeline\nimport time; time.sleep(60)\n")
        )

    assert time.monotonic() - began < 4

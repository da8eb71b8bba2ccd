"""What a plain Python file is run as, decided by its text."""

from __future__ import annotations

import ast
from inspect import Parameter
from pathlib import Path

import pytest

from graftline import InvalidError, Pipeline, ScriptTask
from graftline.core.given import Given
from graftline.core.graph import Graph
from graftline.core.programs import annotation_of, entry_named, own_entry
from graftline.core.supply import Constant
from graftline.worker.workshop import compile_in

RUN = "def run(day: str, n: int = 3, *, fast=False):\n    return n\n"


@pytest.mark.parametrize(
    "rest",
    [
        "",
        '"""Text."""\nimport logging\nlogging.basicConfig()\nLOG = logging.getLogger(__name__)\n',
        "from dotenv import load_dotenv\nload_dotenv()\n",
        "import sys\nsys.path.insert(0, '.')\n",
        "class Config:\n    pass\nCONFIG = Config()\n",
        "try:\n    import fast\nexcept ImportError:\n    fast = None\n",
        "import os\nif os.environ.get('X'):\n    LEVEL = int('2')\n",
        "def helper():\n    for n in range(3):\n        print(n)\n",
    ],
)
def test_a_file_that_only_defines_things_is_called_through_its_run(rest: str) -> None:
    entry = own_entry(RUN + rest, "etl.py")

    assert entry is not None
    assert (entry.name, entry.line, entry.returns_value) == ("run", 1, True)


@pytest.mark.parametrize(
    "rest",
    [
        'if __name__ == "__main__":\n    run("x")\n',
        'if __name__ == "__main__":\n    pass\n',
        'def main():\n    run("x")\nif "__main__" == __name__:\n    main()\n',
        'run("x")\n',
        'result = run("x")\n',
        "def main():\n    pass\nmain()\n",
        "import atexit\natexit.register(run)\n",
        "import typer\napp = typer.Typer()\napp()\n",
        'print("hello")\n',
        "for n in range(3):\n    pass\n",
        'with open("x") as f:\n    pass\n',
        'try:\n    run("x")\nexcept ValueError:\n    pass\n',
        "import sys\nif sys.argv:\n    run(*sys.argv)\n",
    ],
)
def test_a_file_that_does_more_stays_a_program(rest: str) -> None:
    assert own_entry(RUN + rest, "etl.py") is None


@pytest.mark.parametrize("text", ["", "def main(): ...\n", "class A:\n    def run(self): ...\n", "run = print\n"])
def test_a_file_without_a_run_function_is_a_program(text: str) -> None:
    assert own_entry(text, "etl.py") is None


def test_what_an_entry_takes_is_read_from_its_signature() -> None:
    takes = entry_named(RUN, "etl.py", "run").takes

    assert [(take.name, take.is_required, take.annotation) for take in takes.items] == [
        ("day", True, str),
        ("n", False, int),
        ("fast", False, Parameter.empty),
    ]
    assert entry_named("def f(a, /, b, *c, **d): ...", "x.py", "f").takes.takes_rest


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("int", int),
        ("str | None", str | None),
        ("Optional[int]", int | None),
        ("list[int]", list[int]),
        ("dict[str, float]", dict[str, float]),
        ("Path", Parameter.empty),
        ("__import__('os').system('x')", Parameter.empty),
        ("'int'", Parameter.empty),
        ("int[str]", Parameter.empty),
        ("[int for int in int]", Parameter.empty),
    ],
)
def test_annotations_of_builtin_types_are_known_without_running_the_file(text: str, wanted: object) -> None:
    assert annotation_of(ast.parse(text, mode="eval").body) == wanted


def graph(root: Path, *steps: ScriptTask, **typed: str) -> Graph:
    return compile_in(str(root), Pipeline(list(steps)), Given(typed=typed), name="demo").graph


def test_a_script_with_an_entry_binds_like_a_function(tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text(RUN)

    compiled = graph(tmp_path, ScriptTask("etl.py", entry="run"), day="2026")

    call = compiled.operation_of("etl").call
    assert (call.script, call.qualname, call.line) == ("etl.py", "run", 1)
    assert [(each.name, each.source) for each in compiled.node("etl").arguments] == [("day", Constant("2026", "cli"))]
    assert [each.name for each in compiled.operation_of("etl").returns] == ["etl"]


def test_a_script_task_without_entry_stays_a_program(tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text(RUN)

    compiled = graph(tmp_path, ScriptTask("etl.py"))

    assert compiled.operation_of("etl").call.qualname is None
    assert compiled.operation_of("etl").returns == ()


def test_an_entry_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text(RUN)

    with pytest.raises(InvalidError) as caught:
        graph(tmp_path, ScriptTask("etl.py", entry="rum"))

    assert "step 'etl': 'etl.py' has no function 'rum'; did you mean 'run'?" in str(caught.value)
    with pytest.raises(InvalidError, match="needs 'day'"):
        graph(tmp_path, ScriptTask("etl.py", entry="run"))
    with pytest.raises(InvalidError, match="'dey', which it does not take; did you mean 'day'"):
        graph(tmp_path, ScriptTask("etl.py", entry="run", params={"dey": 1, "day": "x"}))


@pytest.mark.parametrize(("given", "words"), [("a b", "entry= takes"), (3, "entry= takes")])
def test_an_entry_is_a_name(given: object, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        ScriptTask("etl.py", entry=given)  # type: ignore[arg-type]


def test_an_entry_has_no_command_line() -> None:
    with pytest.raises(InvalidError, match="args= is a command line"):
        ScriptTask("etl.py", entry="run", args=["--x"])

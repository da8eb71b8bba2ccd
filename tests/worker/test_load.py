"""Loading a target: real project folders, each in a loader process of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from loading import load, loaded, write
from notebooks import code, notebook

from graftline import InvalidError
from graftline.core.graph import CallKind
from graftline.core.supply import Constant

STEPS = """
import math
from helpers import double

def load():
    return double(2)

def fit(x, C: float = 1.0):
    import lazy
    print(x, C)
"""
PIPELINE = """
from graftline import Pipeline, PythonTask
from steps import load, fit

iris = Pipeline(description="flowers", steps=[
    PythonTask(load, returns=["x"]),
    fit,
])
"""
PROJECT = {
    "pipeline.py": PIPELINE,
    "steps.py": STEPS,
    "helpers.py": "def double(x): return 2 * x\n",
    "lazy.py": "",
    "notes.txt": "not code",
    "unused.py": "",
}


def test_a_file_is_imported_and_compiled(tmp_path: Path) -> None:
    answer = loaded(write(tmp_path, PROJECT), params={"C": "2"})
    assert answer.graph.name == "iris"
    assert answer.description == "flowers"
    assert [node.path for node in answer.graph.nodes] == ["load", "fit"]
    call = answer.graph.operation_of("load").call
    assert (call.module, call.qualname, call.file, call.line) == ("steps", "load", "steps.py", 5)
    assert dict(answer.params) == {"C": 2.0}


def test_the_snapshot_is_the_code_reached_imported_or_not(tmp_path: Path) -> None:
    answer = loaded(write(tmp_path, PROJECT))
    assert set(answer.snapshot.files) == {"pipeline.py", "steps.py", "helpers.py", "lazy.py"}
    for name, sha256 in answer.snapshot.files.items():
        assert answer.snapshot.contents[sha256] == (tmp_path / name).read_bytes()
        assert hashlib.sha256(answer.snapshot.contents[sha256]).hexdigest() == sha256


def test_installed_packages_are_recorded_with_their_versions_and_preloaded(tmp_path: Path) -> None:
    files = {
        "pipeline.py": "from graftline import Pipeline\nimport numpy\ndef f():\n    import sklearn\np = Pipeline([f])\n"
    }
    answer = loaded(write(tmp_path, files))
    assert answer.preload == ("numpy", "sklearn")
    packages = answer.environment["packages"]
    assert isinstance(packages, dict)
    import importlib.metadata

    assert packages["numpy"] == importlib.metadata.version("numpy")
    assert packages["scikit_learn"] == importlib.metadata.version("scikit-learn")
    assert "pytest" not in packages


def test_a_virtual_environment_in_the_root_is_not_project_code(tmp_path: Path) -> None:
    files = {
        "pipeline.py": "import sys\nsys.path.append('.venv/lib/python3/site-packages')\nimport dep\n"
        "from graftline import Pipeline\np = Pipeline([dep.f])\n",
        ".venv/lib/python3/site-packages/dep.py": "def f(): pass\n",
    }
    assert set(loaded(write(tmp_path, files)).snapshot.files) == {"pipeline.py"}


def test_a_module_below_a_package_has_a_dotted_name(tmp_path: Path) -> None:
    files = {
        "src/flows/__init__.py": "",
        "src/flows/daily.py": "from .parts import step\nfrom graftline import Pipeline\ndaily = Pipeline([step])\n",
        "src/flows/parts.py": "def step(): return 1\n",
    }
    answer = loaded(write(tmp_path, files), "src/flows/daily.py")
    assert answer.graph.operations[0].call.module == "flows.parts"
    assert set(answer.snapshot.files) == set(files)


def test_a_target_can_be_an_import_name(tmp_path: Path) -> None:
    files = {
        "flows/__init__.py": "",
        "flows/daily.py": "from graftline import Pipeline\ndef a(): return 1\np = Pipeline([a])\n",
    }
    assert loaded(write(tmp_path, files), "flows.daily:p").graph.name == "p"
    assert loaded(tmp_path, "flows.daily").graph.name == "p"


def test_a_name_can_be_a_function_that_returns_a_pipeline(tmp_path: Path) -> None:
    files = {"pipeline.py": "from graftline import Pipeline\ndef a(): return 1\ndef make(): return Pipeline([a])\n"}
    assert [node.path for node in loaded(write(tmp_path, files), "pipeline.py:make").graph.nodes] == ["a"]


def test_main_is_called_and_what_it_executes_is_captured(tmp_path: Path) -> None:
    code = """
from graftline import Pipeline
def a(C=1): return C
def main():
    try:
        result = Pipeline([a], name="inner").execute(C=5)
    except Exception:
        raise SystemExit("must not get here")
    print(result.metrics)
if __name__ == "__main__":
    main()
"""
    answer = loaded(write(tmp_path, {"pipeline.py": code}), values={})
    assert answer.graph.name == "inner"
    assert answer.graph.nodes[0].arguments[0].source == Constant(5, "file")
    stronger = loaded(tmp_path, params={"C": "7"})
    assert stronger.graph.nodes[0].arguments[0].source == Constant(7, "cli")


def test_the_pipeline_written_in_the_file_is_taken_before_an_imported_one(tmp_path: Path) -> None:
    files = {
        "other.py": "from graftline import Pipeline\ndef a(): return 1\nother = Pipeline([a])\n",
        "pipeline.py": "from graftline import Pipeline\nfrom other import other, a\nmine = Pipeline([a])\n",
    }
    assert loaded(write(tmp_path, files)).graph.name == "mine"


def test_a_plain_script_is_a_pipeline_of_one_step_and_is_not_run(tmp_path: Path) -> None:
    files = {"train.py": "import helpers\nopen('ran', 'w')\ndef main(): pass\nmain()\n", "helpers.py": ""}
    answer = loaded(write(tmp_path, files), "train.py")
    assert not (tmp_path / "ran").exists()
    assert answer.graph.operations[0].call.kind is CallKind.SCRIPT
    assert answer.graph.operations[0].call.script == "train.py"
    assert set(answer.snapshot.files) == {"train.py", "helpers.py"}


def test_a_script_that_only_logs_metrics_is_a_script(tmp_path: Path) -> None:
    write(tmp_path, {"train.py": "import graftline\nopen('ran', 'w')\ngraftline.log_metric('auc', 1)\n"})
    assert loaded(tmp_path, "train.py").graph.operations[0].call.kind is CallKind.SCRIPT
    assert not (tmp_path / "ran").exists()


def test_a_shell_script_is_run_by_the_program_it_names(tmp_path: Path) -> None:
    write(tmp_path, {"etl/run it.sh": "#!/usr/bin/env bash\nls\n"})
    answer = loaded(tmp_path, "etl/run it.sh")
    assert answer.graph.operations[0].call.command == "/usr/bin/env bash 'etl/run it.sh'"
    assert answer.graph.name == "run it"


def test_code_named_in_a_shell_command_is_recorded_and_data_is_not(tmp_path: Path) -> None:
    command = "python tools/cut.py < data.csv"
    code = f"from graftline import Pipeline, ShellTask\np = Pipeline([ShellTask('{command}', name='cut')])\n"
    write(tmp_path, {"pipeline.py": code, "tools/cut.py": "print(1)\n", "data.csv": "1,2\n"})
    assert set(loaded(tmp_path).snapshot.files) == {"pipeline.py", "tools/cut.py"}


def test_environment_variables_give_parameters(tmp_path: Path) -> None:
    answer = loaded(write(tmp_path, PROJECT), environ={"GRAFTLINE_PRM_C": "4"})
    assert answer.graph.node("fit").arguments[-1].source == Constant(4.0, "env")


def test_it_is_loaded_in_the_project_root(tmp_path: Path) -> None:
    read = "n = int(open('n.txt').read())"
    code = f"from graftline import Pipeline\n{read}\ndef a(): return n\np = Pipeline([a], name=f'p{{n}}')\n"
    write(tmp_path, {"sub/pipeline.py": code, "n.txt": "3"})
    assert loaded(tmp_path, "sub/pipeline.py").graph.name == "p3"


def test_loading_twice_gives_the_same_graph_and_snapshot(tmp_path: Path) -> None:
    one, two = loaded(write(tmp_path, PROJECT)), loaded(tmp_path)
    assert one == two


BAD = {
    "missing import": (
        "import nowhere_at_all\nfrom graftline import Pipeline\n",
        1,
        "ModuleNotFoundError: No module named 'nowhere_at_all'",
    ),
    "syntax": ("from graftline import Pipeline\ndef f(:\n", 2, "syntax error: invalid syntax"),
    "exception": (
        "from graftline import Pipeline\ndef f():\n    return 1 / 0\nf()\n",
        3,
        "ZeroDivisionError: division by zero",
    ),
    "library exception": ("import json\nfrom graftline import Pipeline\njson.loads('{')\n", 3, "JSONDecodeError"),
    "exit": (
        "import sys\nfrom graftline import Pipeline\nsys.exit(3)\n",
        3,
        "it ends the process when imported: sys.exit(3)",
    ),
    "executes": (
        "from graftline import Pipeline\ndef a(): return 1\nPipeline([a]).execute()\n",
        3,
        "the file executes a pipeline when it is imported",
    ),
    "bad step": (
        "from graftline import Pipeline, PythonTask\nPythonTask(len, retires=1)\n",
        2,
        "did you mean 'retries'?",
    ),
    "bad return": (
        "from graftline import Pipeline, metric\nshown = metric('m/x')\n",
        2,
        "the return 'm/x' is no name",
    ),
    "bad pipeline": (
        "from graftline import Pipeline\ndef a(x): return 1\np = Pipeline([a])\n",
        3,
        "step 'a': needs 'x'",
    ),
    "none": ("from graftline import Pipeline\nx = 3\n", None, "it holds no pipeline and no main()"),
    "several": (
        "from graftline import Pipeline\ndef a(): return 1\np = Pipeline([a])\nq = Pipeline([a])\n",
        None,
        "it holds 2 pipelines: p, q",
    ),
    "main does nothing": (
        "from graftline import Pipeline\ndef main(): pass\n",
        2,
        "neither returns a Pipeline nor executes one",
    ),
    "main fails": ("from graftline import Pipeline\ndef main():\n    raise KeyError('x')\n", 3, "KeyError: 'x'"),
    "main takes arguments": ("from graftline import Pipeline\ndef main(x): pass\n", 2, "'main' takes x"),
}


@pytest.mark.parametrize(("code", "line", "text"), BAD.values(), ids=BAD.keys())
def test_wrong_code_is_one_message_at_the_user_s_line(tmp_path: Path, code: str, line: int | None, text: str) -> None:
    answer = load(write(tmp_path, {"pipeline.py": code}))
    assert isinstance(answer, InvalidError)
    assert text in answer.message
    assert (answer.file, answer.line) == ("pipeline.py", line)
    assert "problems:" not in str(answer)


def test_an_error_deeper_in_the_project_is_told_where_it_is(tmp_path: Path) -> None:
    files = {"pipeline.py": "from graftline import Pipeline\nimport parts\n", "parts.py": "\n\nx = {}['k']\n"}
    answer = load(write(tmp_path, files))
    assert (answer.file, answer.line, answer.message) == ("parts.py", 3, "KeyError: 'k'")


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("pipeline.py:irsi", "there is no 'irsi' in it; did you mean 'iris'?"),
        ("pipeline.py:load", "'load' neither returns a Pipeline nor executes one"),
        ("pipeline.py:fit", "'fit' takes x"),
        ("pipeline.py:PythonTask", "'PythonTask' is a class, no pipeline"),
        ("pipelin:iris", "there is no module 'pipelin'; did you mean 'pipeline'?"),
        ("steps.missing", "there is no module 'steps.missing'"),
    ],
)
def test_a_wrong_name_is_answered_with_what_is_there(tmp_path: Path, target: str, text: str) -> None:
    answer = load(write(tmp_path, PROJECT), target)
    assert isinstance(answer, InvalidError)
    assert text in answer.message


def test_a_file_named_like_a_module_of_python_is_refused(tmp_path: Path) -> None:
    code = "from graftline import Pipeline\ndef a(): return 1\np = Pipeline([a])\n"
    answer = load(write(tmp_path, {"json.py": code}), "json.py")
    assert isinstance(answer, InvalidError)
    assert "not this file" in answer.message
    assert answer.hint == "rename the file"


def test_a_script_that_only_defines_run_is_called_through_it(tmp_path: Path) -> None:
    write(tmp_path, {"etl.py": "def run(day: str, n: int = 3):\n    return n\n\n\ndef other():\n    pass\n"})

    call = loaded(tmp_path, "etl.py", params={"day": "7"}).graph.operations[0].call
    named = loaded(tmp_path, "etl.py:other").graph.operations[0]

    assert (call.kind, call.script, call.qualname) == (CallKind.SCRIPT, "etl.py", "run")
    assert (named.call.qualname, named.returns) == ("other", ())
    missing = load(tmp_path, "etl.py")
    assert isinstance(missing, InvalidError)
    assert "step 'etl': needs 'day'" in missing.message
    assert (missing.file, missing.line) == ("etl.py", 1)


def test_a_script_with_a_main_block_stays_a_program(tmp_path: Path) -> None:
    write(tmp_path, {"etl.py": "def run():\n    return 1\n\n\nif __name__ == '__main__':\n    run()\n"})

    assert loaded(tmp_path, "etl.py").graph.operations[0].call.qualname is None


def test_a_notebook_is_loaded_and_recorded(tmp_path: Path) -> None:
    write(tmp_path, {"a/report.ipynb": notebook(code("C = 1", "parameters"))})

    answer = loaded(tmp_path, "a/report.ipynb", params={"C": "2"})

    assert answer.graph.name == "report"
    assert answer.graph.operations[0].call.kind is CallKind.NOTEBOOK
    assert answer.graph.nodes[0].arguments[0].source == Constant(2, "cli")
    assert list(answer.snapshot.files) == ["a/report.ipynb"]

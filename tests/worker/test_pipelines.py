"""Which pipelines a project has is read from its sources, and nothing is imported for it."""

from __future__ import annotations

from pathlib import Path

from loading import load_request, write

from graftline.core.ports import LoadRequest
from graftline.worker.pipelines import pipelines_below
from graftline.worker.workplace import open_workplace, target_of


def test_pipelines_are_found_by_their_sources(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pipeline.py": "from graftline import Pipeline\nmain = Pipeline(steps=[])\n1 / 0\n",
            "more.py": "import graftline\na = graftline.Pipeline([])\nb: object = graftline.Pipeline([])\n",
            "deep/called.py": "from graftline import pipeline\n\n@pipeline\ndef score(x: int):\n    pass\n",
            "deep/flow.yaml": "name: flow\nsteps:\n  - sh: make\n",
            "plain.py": "Pipeline = print\nx = Pipeline(1)\n",
            "settings.yaml": "a: 1\n",
            "tests/pipeline.py": "from graftline import Pipeline\nmain = Pipeline(steps=[])\n",
            ".venv/x.py": "from graftline import Pipeline\nmain = Pipeline(steps=[])\n",
            "bad.py": "from graftline import \udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
        },
    )

    found = pipelines_below(str(tmp_path))

    assert found == ["pipeline.py", "more.py:a", "more.py:b", "deep/called.py", "deep/flow.yaml"]
    assert pipelines_below(str(tmp_path / "nowhere")) == []


def test_a_form_tells_types_choices_and_defaults_and_asks_for_what_is_missing(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "steps.py": "from typing import Literal, Optional\n"
            "def load(path: str, n: int = 10): return [n]\n"
            "def fit(X, C: float = 1.0, kind: Literal['svm', 'tree'] = 'svm', seed: Optional[int] = None): return C\n",
            "pipeline.py": "from graftline import Pipeline, PythonTask\nfrom steps import fit, load\n"
            "main = Pipeline([PythonTask(load, returns=['X']), PythonTask(fit, params={'C': 2.0}, returns=['m'])],"
            " params={'n': 5})\n",
            "called.py": "from graftline import pipeline, task\n@task\ndef add(a: int, b: int): return a + b\n"
            "@pipeline\ndef calc(x: int, y: bool = True):\n    return add(x, y)\n",
        },
    )

    steps, fields = _form(tmp_path, "pipeline.py")
    assert steps == ["load", "fit"]
    assert fields == {
        "path": ("str", (), None, ""),
        "n": ("int", (), "5", "pipeline"),
        "kind": ("choice", ("svm", "tree"), "svm", "default"),
        "seed": ("int or none", (), "null", "default"),
    }
    _, fields = _form(tmp_path, "called.py")
    assert fields == {"x": ("int", (), None, ""), "y": ("bool", ("true", "false"), "true", "default")}


def _form(folder: Path, target: str) -> tuple[list[str], dict[str, tuple[object, ...]]]:
    place = open_workplace(target, cwd=str(folder), environ={}, project=str(folder))
    loaded = load_request(LoadRequest(target=target_of(place), params={}, values={}, wants_form=True))
    fields: dict[str, tuple[object, ...]] = {
        str(each.key): (each.kind, each.choices, each.default, each.where) for each in loaded.form
    }
    return [node.path for node in loaded.graph.nodes], fields

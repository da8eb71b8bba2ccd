"""The runner that draws: a file, and nothing else."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from argo_worlds import sheet_of
from command_line import call
from sample_runs import Sample

from graftline.core.errors import InvalidError, PluginError
from graftline.core.graph import Graph
from graftline.core.records import replace
from graftline.core.runner import Runner
from graftline.core.translating import Sheet, Translation
from graftline.plugins.graphviz.runner import GraphvizRunner

PIPELINE = """\
from graftline import Pipeline, PythonTask, Source, state

def fit(X, y):
    return 1

def predict(X, model):
    return X

plain = Pipeline(
    name="plain",
    steps=[PythonTask(fit, returns=[state("model")]), PythonTask(predict, returns=["prediction"])],
    source=Source("rows.csv", labels={"y": "y"}),
)
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project that trains, on a machine without Graphviz."""
    monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "store"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    made = tmp_path / "project"
    made.mkdir()
    (made / "graftline.toml").write_text("")
    (made / "rows.csv").write_text("X,y\n1,2\n")
    (made / "pipeline.py").write_text(PIPELINE)
    return made


def test_without_graphviz_the_text_is_written_and_said_so(root: Path) -> None:
    ended = call(root, "train", "-R", "graphviz")

    assert ended.code == 0
    assert ended.out.startswith("wrote plain.dot (")
    assert "svg needs Graphviz, which is not installed: the DOT text is written instead" in ended.err
    assert "pip install 'graftline[svg]'" in ended.err
    text = (root / "plain.dot").read_text()
    assert 'label="fit", style=""' in text  # only trains: a box
    assert 'label="predict"]' in text
    assert text.count("[style=dotted]") == 1  # the state, from fit to predict
    assert call(root, "--json", "runs").document["runs"] == []
    assert "fit" not in call(root, "list").out  # and no lineage was published


def test_it_draws_as_graft_graph_does(root: Path) -> None:
    drawn, graph = (
        call(root, "train", "-R", "graphviz", "-n"),
        call(root, "graph", "--mode", "train", "--format", "dot"),
    )
    assert drawn.out == graph.out


def test_a_picture_goes_where_the_configuration_says(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graftline.plugins.graphviz.runner.rendered", lambda source, form: form.encode())
    (root / "graftline.toml").write_text('[runner.picture]\nprovider = "graphviz"\npath = "pictures/plain.png"\n')
    (root / "pictures").mkdir()

    ended = call(root, "--json", "train", "-R", "picture")

    assert (root / "pictures" / "plain.png").read_bytes() == b"png"
    assert ended.document == {
        "schema": 1,
        "runner": "picture",
        "form": "png",
        "file": str(root / "pictures" / "plain.png"),
        "bytes": 3,
        "notes": [],
    }


def test_a_picture_that_cannot_be_drawn_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(source: str, form: str) -> bytes:
        raise PluginError("Graphviz could not draw the graph: no")

    monkeypatch.setattr("graftline.plugins.graphviz.runner.rendered", broken)
    ended = call(root, "train", "-R", "graphviz")
    assert (ended.code, [*root.glob("plain.*")]) == (4, [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "gif"}, "format: 'gif' is no picture; did you mean 'pdf'|format: 'gif' is no picture"),
        ({"path": "a.jpg"}, "the ending of path: 'jpg' is no picture"),
        ({"path": 3}, "path = 3 is no file"),
        ({"fromat": "svg"}, "no option 'fromat'; did you mean 'format'"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        GraphvizRunner.translate(sheet_of(Graph(name="x", nodes=(), operations=())), is_dry=False, **options)


def test_a_selection_draws_a_part(tmp_path: Path) -> None:
    sample = Sample("etl", tmp_path)
    done = sample.graft("run", "-R", "graphviz", "-n", "--only", "select,count")
    assert [name for name in ("select", "count", "publish") if f'label="{name}"' in done.stdout] == ["select", "count"]


def test_a_runner_says_whether_it_executes() -> None:
    with pytest.raises(TypeError, match="must set `executes = False` and override `translate`, or neither"):
        type("Half", (Runner,), {"executes": False, "executor": classmethod(lambda cls, context: None)})
    with pytest.raises(TypeError, match="must set `executes = False`"):
        type("Other", (Runner,), {"translate": classmethod(lambda cls, sheet, *, is_dry: None)})


def live(root: Path) -> Any:
    """Return the pipeline of the project, as a program has it."""
    return runpy.run_path(str(root / "pipeline.py"))["plain"]


def test_in_programs_what_was_written_is_returned(root: Path) -> None:
    plain = live(root)
    (root / "pictures").mkdir()

    drawn = GraphvizRunner("pictures/plain.dot").job(plain)
    trained = GraphvizRunner(format="dot").train(plain)

    assert (drawn.form, drawn.file) == ("dot", str(root / "pictures" / "plain.dot"))
    assert (root / "pictures" / "plain.dot").read_bytes() == drawn.data
    assert "predict" in drawn.data.decode()
    assert trained.file == str(root / "plain.dot")
    assert "Translation(form='dot'" in repr(trained)
    assert call(root, "--json", "ls").document["runs"] == []


def test_a_notebook_shows_what_is_svg() -> None:
    svg = Translation(form="svg", data=b"<svg/>", file=None)

    assert svg._repr_svg_() == "<svg/>"
    assert replace(svg, form="dot")._repr_svg_() is None


@pytest.mark.parametrize(
    ("action", "options", "said"),
    [
        ("job", {"jobs": 2}, r"GraphvizRunner.job\(\) takes no 'jobs'"),
        ("train", {"uper": 2}, r"GraphvizRunner.train\(\) takes no 'uper'; did you mean 'upper'"),
        ("tune", {}, "GraphvizRunner only writes pipelines down, and a search is many runs"),
    ],
)
def test_what_needs_a_run_is_refused_with_what_to_do(
    root: Path, action: str, options: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidError, match=said) as refused:
        getattr(GraphvizRunner(), action)(live(root), **options)

    assert refused.value.hint
    assert list(root.glob("plain.*")) == []


def test_a_runner_that_is_merely_marked_writes_too(root: Path) -> None:
    class Names(Runner):
        executes = False

        @classmethod
        def translate(cls, sheet: Sheet, *, is_dry: bool, **kwargs: Any) -> Translation:
            return Translation(form="txt", data=sheet.graph.name.encode(), file=None)

    found: Any = Names().job(live(root))

    assert found.data == b"plain"

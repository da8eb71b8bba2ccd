"""Jobs, YAML files and registered functions from the command line to real workers and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from graftline import Function, MissingError, Pipeline
from graftline.cli.main import main
from graftline.wiring import load_run

STEPS = """
import helper

class Box:
    def __init__(self, value):
        self.value = value

def scale(xs: list, factor: int = 2):
    return [x * factor for x in xs]

def box(n: int):
    return Box(n + helper.MORE)

def opened(box):
    return box.value
"""


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Graft = Callable[..., Said]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "graftline.toml").write_text("")
    (folder / "steps.py").write_text(STEPS)
    (folder / "helper.py").write_text("MORE = 1\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def graft(project: Path, capsys: pytest.CaptureFixture[str]) -> Graft:
    """Run one command line in this process; its steps run in workers."""

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(arguments)
        told = capsys.readouterr()
        return Said(code, told.out, told.err)

    return run


class TestJobs:
    def test_a_function_is_run_recorded_and_run_again(self, graft: Graft, project: Path) -> None:
        first = graft("--json", "job", "fn", "steps.py:scale", "-p", "xs=[1,2]", "--tag", "t", "--label", "default")
        value = graft("output", "@last", "scale")
        again = graft("--json", "rerun", "--code", "current")

        assert (first.code, again.code) == (0, 0)
        document = first.document
        assert [document[key] for key in ("project", "pipeline", "tags", "params")] == [
            "demo",
            "scale",
            ["t"],
            {"xs": [1, 2]},
        ]
        assert value.out.split() == ["[", "2,", "4", "]"] or json.loads(value.out) == [2, 4]
        assert again.document["parent"] == document["run"]
        assert again.document["params"] == {"xs": [1, 2]}

    def test_a_failed_one_is_retried_with_the_code_as_it_is_now(self, graft: Graft, project: Path) -> None:
        (project / "helper.py").write_text("raise RuntimeError('not yet')\n")
        broken = graft("job", "fn", "steps.py:box", "-p", "n=1")
        (project / "helper.py").write_text("MORE = 5\n")
        failed = graft("job", "sh", "test -e ready", "--retries", "1", "--name", "wait")
        (project / "ready").write_text("")
        mended = graft("--json", "retry")

        assert broken.code == 2
        assert "RuntimeError: not yet" in broken.err
        assert failed.code == 1
        assert (mended.code, mended.document["steps"][0]["attempts"]) == (0, 3)

    def test_a_script_has_its_own_command_line(self, graft: Graft, project: Path) -> None:
        (project / "train.py").write_text("import sys\nacc = len(sys.argv) - 1\nlast = sys.argv[-1]\n")

        said = graft(
            "--json", "job", "script", "train.py", "-p", "c=7", "--returns", "metric:acc,last", "--", "-C", "{c}"
        )

        assert said.document["metrics"] == {"acc": 2}
        assert json.loads(graft("output", "@last", "last").out) == "7"

    def test_from_elsewhere_it_belongs_to_the_project_of_its_file(
        self, graft: Graft, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(project.parent)

        said = graft("--json", "job", "fn", "demo/steps.py:box", "-p", "n=1")

        assert (said.code, said.document["project"]) == (0, "demo")

    def test_without_a_project_it_runs_too(self, graft: Graft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        bare = tmp_path / "bare"
        bare.mkdir()
        monkeypatch.chdir(bare)
        failed = graft("job", "sh", "test -e ready")
        (bare / "ready").write_text("")

        assert (failed.code, graft("retry").code) == (1, 0)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("fn", "steps.py:scal"), "steps has no function 'scal'; did you mean 'scale'?"),
            (("fn", "step.py:scale"), "step.py: there is no such file; did you mean 'steps.py'?"),
            (("fn", "steps.py"), "'steps.py' names no function"),
            (("fn", "steps.py:scale"), "step 'scale': needs 'xs'"),
            (("fn", "steps.py:scale", "-p", "factr=1"), "did you mean 'factor'"),
            (("fn", "steps.py:scale", "--name", "a/b"), "name: a name may not contain '/'"),
            (("fn", "steps.py:scale", "--returns", "metrik:a"), "there is no kind of return 'metrik'"),
            (("fn", "steps.py:box", "-p", "n=1", "--label", "moon"), "label 'moon'"),
            (("sh", " "), "takes a command line"),
            (("script", "steps.txt"), "'steps.txt' is no Python file"),
            (("nb", "steps.py"), "'steps.py' is no notebook"),
            (("scrip", "x"), "'job' has no command 'scrip'; did you mean 'script'?"),
        ],
    )
    def test_what_is_wrong_is_told_before_anything_runs(
        self, graft: Graft, arguments: tuple[str, ...], said: str
    ) -> None:
        told = graft("job", *arguments)

        assert told.code == 2
        assert said in told.err
        assert graft("--json", "ls").document["runs"] == []

    def test_without_a_command_it_lists_them(self, graft: Graft) -> None:
        said = graft("job")

        assert said.code == 0
        assert all(verb in said.out for verb in ("fn", "sh", "nb", "script"))


class TestYaml:
    TEXT = """
params: {n: 3}
steps:
  - steps.py:box
  - python: steps:opened
    returns: [value]
  - shell: test $value = 4
    name: check
"""

    def test_a_file_is_run_shown_and_written_again(self, graft: Graft, project: Path) -> None:
        (project / "flow.yaml").write_text(self.TEXT)

        ran = graft("--json", "run", "flow.yaml", "-p", "n=3")
        shown = graft("show", "--yaml")
        (project / "again.yaml").write_text(shown.out)
        again = graft("--json", "run", "again.yaml")

        assert (ran.code, ran.document["counts"]) == (0, {"SUCCESS": 3})
        assert (again.code, again.document["pipeline"]) == (0, "flow")
        drawn = [graft("--json", "graph", name).document for name in ("flow.yaml", "again.yaml")]
        places = [{node["path"]: node.pop("line") and node.pop("file") for node in each["nodes"]} for each in drawn]
        assert drawn[0] == drawn[1]
        assert set(places[0]) == {"box", "opened", "check"}

    def test_show_writes_the_code_of_then(self, graft: Graft, project: Path) -> None:
        (project / "flow.yaml").write_text(self.TEXT)
        graft("run", "flow.yaml")
        (project / "flow.yaml").write_text("steps: [{shell: 'true', name: other}]\n")

        assert "opened" in graft("show", "--yaml").out
        assert "other" in graft("graph", "flow.yaml", "--format", "yaml").out

    def test_from_python_it_is_the_same(self, graft: Graft, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (project / "flow.yaml").write_text("name: py\nsteps: [{shell: 'echo 1', name: one}]\n")

        pipeline = Pipeline.from_yaml("flow.yaml")

        assert pipeline.execute().steps[0].path == "one"
        assert Pipeline.from_yaml(str(project / "flow.yaml")).to_yaml() == pipeline.to_yaml()
        assert graft("rerun", "--code", "current").code == 0

    def test_what_does_not_go_together_is_told(self, graft: Graft, project: Path) -> None:
        (project / "flow.yaml").write_text(self.TEXT)

        assert graft("graph", "flow.yaml", "--format", "yaml", "--only", "box").code == 2
        assert graft("run", "flow.yaml:other", "-n").code == 0
        assert graft("run", "flow.yml").err.strip().endswith("there is no such file; did you mean 'flow.yaml'?")

    def test_a_lambda_has_no_name_to_write(self, graft: Graft, project: Path) -> None:
        (project / "odd.py").write_text(
            "from graftline import Pipeline, PythonTask\np = Pipeline([PythonTask(lambda: 1, name='odd')])\n"
        )

        said = graft("graph", "odd.py", "--format", "yaml")

        assert said.code == 2
        assert "odd.py:2: step 'odd': its function '<lambda>' cannot be written" in said.err


class TestFunctions:
    def test_a_version_goes_on_running_when_its_files_are_gone(self, graft: Graft, project: Path) -> None:
        assert graft("function", "add", "box", "steps.py:box").code == 0
        (project / "helper.py").write_text("MORE = 100\n")
        second = graft("--json", "function", "add", "box", "steps.py:box").document
        same = graft("--json", "function", "add", "box", "steps.py:box").document
        graft("function", "add", "opened", "steps.py:opened")
        (project / "steps.py").unlink()
        (project / "helper.py").unlink()
        (project / "pipe.py").write_text(
            "from graftline import Function, Pipeline\n"
            "p = Pipeline([Function('box', version=1, name='old', returns='a'), Function('box', returns='b'),\n"
            "    Function('opened', name='first', inputs={'box': 'a'}), Function('opened', inputs={'box': 'b'})],\n"
            "    name='p', params={'n': 1})\n"
        )

        ran = graft("--json", "run", "pipe.py")
        found = load_run()

        assert (second["version"], second["is_new"], same["version"], same["is_new"]) == (2, True, 2, False)
        assert ran.code == 0, ran.err
        assert ran.document["functions"] == {
            "old": "box@1",
            "box": "box@2",
            "first": "opened@1",
            "opened": "opened@1",
        }
        assert (found.value("first"), found.value("opened")) == (2, 101)
        assert type(found.value("a")).__name__ == "Box"
        assert found.to_dict()["functions"] == ran.document["functions"]
        assert graft("rerun").code == 0

    def test_it_runs_as_a_pipeline_of_one_step(self, graft: Graft, project: Path) -> None:
        graft("function", "add", "sq", "--code", "def sq(x: int) -> int:\n    return x * x\n", "--returns", "y")

        said = graft("--json", "function", "run", "sq", "-p", "x=5", "--tag", "t")

        assert (said.document["pipeline"], said.document["functions"]) == ("sq", {"sq": "sq@1"})
        assert json.loads(graft("output", "@last", "y").out) == 25
        assert graft("--json", "show").document["functions"] == {"sq": "sq@1"}
        assert "function: sq" in graft("show", "--yaml").out

    def test_a_retry_with_current_code_takes_the_newest_version(self, graft: Graft, project: Path) -> None:
        graft("function", "add", "f", "--code", "def f():\n    raise ValueError('v1')\n")
        failed = graft("function", "run", "f")
        graft("function", "add", "f", "--code", "def f():\n    return 2\n")
        mended = graft("--json", "retry")

        assert (failed.code, mended.code) == (1, 0)
        assert "ValueError: v1" in failed.out
        assert mended.document["functions"] == {"f": "f@2"}

    def test_other_kinds_run_too(self, graft: Graft, project: Path) -> None:
        (project / "flow.yaml").write_text("params: {n: 3}\nsteps:\n  - steps.py:box\n  - steps:opened\n")
        (project / "hi.shout").write_text("hello\n")
        graft("function", "add", "flow", "flow.yaml")
        graft("function", "add", "hi", "--kind", "shell", "--code", "echo hello $who", "--set", 'takes=["who"]')
        graft("function", "add", "shout", "hi.shout", "--kind", "odd_kinds:ShoutKind", "--set", "times=2")
        for gone in ("flow.yaml", "steps.py", "hi.shout"):
            (project / gone).unlink()

        flow = graft("--json", "function", "run", "flow")
        said = graft("--json", "function", "run", "hi", "-p", "who=you")
        shout = graft("--json", "function", "run", "shout")

        assert (flow.code, flow.document["counts"], flow.document["pipeline"]) == (0, {"SUCCESS": 2}, "flow"), flow.err
        assert (said.code, shout.code) == (0, 0)
        assert json.loads(graft("output", "@last", "said").out) == "HELLO HELLO"
        assert graft("--json", "function", "show", "shout").document["actions"] == ["job", "serve"]

    def test_from_python_they_are_found_in_the_project(self, graft: Graft, project: Path) -> None:
        graft("function", "add", "sq", "--code", "def sq(x: int) -> int:\n    return x * x\n")
        (project / "made.py").write_text(
            "from graftline import Function, Pipeline\np = Pipeline([Function('sq'), Function('sqq')], name='p')\n"
        )
        pipeline = Pipeline([Function("sq", name="step", params={"x": 3})], name="live")

        with pytest.raises(MissingError, match="there is no function 'sq'"):  # of the project this test lies in
            pipeline.compile()
        told = graft("run", "made.py")

        assert told.code == 3
        assert "step 'sqq': there is no function 'sqq'; did you mean 'sq'?" in told.err

    def test_they_are_listed_shown_and_removed(self, graft: Graft, project: Path) -> None:
        graft("function", "add", "box", "steps.py:box")
        graft("function", "add", "scale", "steps.py:scale", "--returns", "metric:m", "--retries", "2")
        (project / "helper.py").write_text("MORE = 2\n")
        graft("function", "add", "box", "steps.py:box")

        listed = graft("functions").out
        shown = graft("--json", "function", "show", "box@1").document
        assert [line.split()[:3] for line in listed.splitlines()[1:]] == [
            ["box", "2", "python"],
            ["scale", "1", "python"],
        ]
        assert (shown["version"], shown["versions"], shown["origin"]) == (1, [1, 2], "steps.py:box")
        spec = graft("--json", "function", "show", "scale").document["spec"]
        assert (spec["returns"], spec["options"]) == ([{"metric": "m"}], {"retries": 2})
        assert "box@2" in graft("function", "show", "box").out
        assert graft("--json", "function", "rm", "box").document["removed"] == 2
        assert [each["name"] for each in graft("--json", "functions").document["functions"]] == ["scale"]

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (("run", "nope"), 3, "there is no function 'nope'"),
            (("run", "sqr"), 3, "did you mean 'sq'"),
            (("run", "sq@7"), 3, "the function 'sq' has no version 7"),
            (("run", "sq@x"), 2, "'sq@x' names no version"),
            (("show", "nope"), 3, "there is no function 'nope'"),
            (("rm", "nope"), 3, "there is no function 'nope'"),
            (("add", "a@b", "steps.py:box"), 2, "may not contain '@'"),
            (("add", "a"), 2, "a source or --code, one of them"),
            (("add", "a", "steps.py:box", "--code", "x"), 2, "a source or --code, one of them"),
            (("add", "a", "steps.py"), 2, "needs a name after the file"),
            (("add", "a", "data.csv"), 2, "does not say its kind"),
            (("add", "a", "steps.py:box", "--kind", "pyton"), 2, "did you mean 'python'"),
            (("add", "a", "steps.py:box", "--set", "x"), 2, "is no KEY=VALUE"),
            (("add", "a", "steps.py:box", "--set", "tims=1"), 2, "has no 'tims'"),
            (("add", "a", "steps.py:box", "--backoff", "soon"), 2, "'soon' is not a duration"),
            (("add", "a", "steps.py:box", "--kind", "odd_kinds:shouted"), 4, "no subclass of graftline.Kind"),
        ],
    )
    def test_what_is_wrong_is_told(self, graft: Graft, arguments: tuple[str, ...], code: int, said: str) -> None:
        graft("function", "add", "sq", "--code", "def sq(x: int) -> int:\n    return x * x\n")

        told = graft("function", *arguments)

        assert (told.code, said in told.err) == (code, True), told.err
        assert [each["name"] for each in graft("--json", "functions").document["functions"]] == ["sq"]


class TestFunctionStep:
    @pytest.mark.parametrize(
        ("arguments", "given", "said"),
        [
            ((len,), {}, r"Function\(\) takes the name of a registered function"),
            (("a/b",), {}, "step 'a/b': 'a/b' names no function"),
            (("a@0",), {}, "step 'a@0': 'a@0' names no version"),
            (("a", 0), {}, "step 'a': version= takes 1, 2, 3"),
            (("a@1", 2), {}, "step 'a@1': version= says 2"),
            (("a",), {"retires": 1}, "step 'a': Function has no option 'retires'; did you mean 'retries'"),
        ],
    )
    def test_a_mistake_is_told_where_it_is_made(
        self, arguments: tuple[Any, ...], given: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(Exception, match=said) as caught:
            Function(*arguments, **given)

        assert str(getattr(caught.value, "file", "")).endswith("test_functions.py")

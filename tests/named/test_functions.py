"""Registered functions from the command line to real workers and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import Graft

from graftline import Function, MissingError, Pipeline
from graftline.programs import load_run


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

    def test_a_pipeline_is_a_step_of_others_to_any_depth(self, graft: Graft, project: Path) -> None:
        (project / "flow.yaml").write_text("params: {n: 3}\nsteps:\n  - steps.py:box\n  - steps:opened\n")
        graft("function", "add", "flow", "flow.yaml")
        graft("function", "add", "scale", "steps.py:scale", "--returns", "scaled")
        (project / "outer.yaml").write_text(
            "steps:\n  - function: flow\n    name: inner\n    params: {n: 4}\n  - function: scale\n"
            "    inputs: {xs: [opened, {step: inner, output: opened}]}\n"
        )
        graft("function", "add", "outer", "outer.yaml")
        (project / "flow.yaml").unlink()
        (project / "maps.py").write_text(
            "from graftline import Function, Map, Pipeline\n"
            "p = Pipeline([Map(Function('outer'), iterate_on='ns', iterate_as='k'),\n"
            "    Function('flow', name='after', on_failure=Function('scale', params={'xs': []}))],\n"
            "    name='maps', params={'ns': [1, 2]})\n"
        )

        said = graft("--json", "run", "maps.py")
        states = {each["path"]: each["state"] for each in said.document["steps"]}

        assert said.code == 0, said.err
        assert states["map/1/outer/inner/box"] == "SUCCESS"
        assert states["after/on_failure/scale"] == "SKIPPED"
        assert set(said.document["functions"].values()) == {"flow@1", "scale@1", "outer@1"}
        assert load_run().value("scaled") == [[10, 10], [10, 10]]

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

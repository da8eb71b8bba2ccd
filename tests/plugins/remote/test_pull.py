"""A run whose steps were executed one by one from a directory, as pods do, comes home and goes on here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import Said, call
from dask_places import context_elsewhere
from local_runs import SUPPORT, operation

from graftline.core.debugging import DebugRequest
from graftline.core.graph import Argument, Graph, Node
from graftline.core.ids import RunId
from graftline.core.supply import Constant, Upstream
from graftline.plugins.remote.artifacts import ArtifactFolder
from graftline.plugins.remote.deposit import ArtifactDeposit
from graftline.plugins.remote.single import execute_node, lay_out
from graftline.wiring import Given, open_workspace
from graftline.worker.blobs import object_path
from graftline.worker.bundles import pack


class Place:
    """A directory with a run of `a -> b -> broken`, executed up to its failure; and a project with an empty store."""

    def __init__(self, folder: Path) -> None:
        operations = [operation(name, returns=True) for name in ("large", "doubled")]
        operations += [operation("say"), operation("fail")]
        no = Argument("text", Constant("no", "fixed"))
        graph = Graph(
            name="demo",
            operations=tuple(operations),
            nodes=(
                Node(path="a", operation=0),
                Node(path="b", operation=1, arguments=(Argument("data", Upstream("a", "value")),), needs=("a",)),
                Node(path="said", operation=2, arguments=(Argument("text", Constant("hello", "fixed")),)),
                Node(path="broken", operation=3, needs=("b",)),
                Node(path="after", operation=2, arguments=(no,), needs=("broken",)),
            ),
        )
        context = context_elsewhere(made(folder / "there"), operations)
        self.run = str(context.run)
        self.folder = folder / "shared"
        lay_out(str(self.folder), context, pack(context, requirements={}, graph=graph))
        for node in ("a", "b", "said", "broken"):
            execute_node(str(self.folder), self.run, node)
        self.project = folder / "home"
        self.project.mkdir()
        self.store = folder / "store"

    def text(self, *arguments: str) -> Said:
        return call(self.project, "--store", str(self.store), *arguments)

    def graft(self, *arguments: str, code: int = 0) -> Any:
        said = call(self.project, "--store", str(self.store), "--json", *arguments)
        assert said.code == code, said.out + said.err
        return json.loads(said.out)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_failure_of_pods_is_brought_home_and_goes_on_here(place: Place) -> None:
    found = place.graft("pull", place.run[:6], "--from", str(place.folder))

    steps = {step["path"]: step for step in found["steps"]}
    assert (found["run"], found["state"]) == (place.run, "FAILURE")
    assert {path: step["state"] for path, step in steps.items()} == {
        "a": "SUCCESS",
        "b": "SUCCESS",
        "said": "SUCCESS",
        "broken": "FAILURE",
        "after": "SKIPPED",
    }
    assert steps["broken"]["error"]["message"] == "no such luck"
    assert (found["pulled"]["is_new"], found["pulled"]["values"], found["pulled"]["lacking"]) == (True, 2, [])
    assert "hello" in place.text("logs", place.run, "said").out
    assert place.text("output", place.run, "b:value").code == 0

    retried = place.graft("retry", place.run, "-R", "local", code=1)

    assert {step["path"]: step["attempts"] for step in retried["steps"] if step["attempts"] > 1} == {"broken": 2}


def test_what_is_at_home_can_be_debugged_with_the_code_that_ran(place: Place) -> None:
    place.graft("pull", place.run, "--from", str(place.folder))
    space = open_workspace(Given(store=str(place.store), project=str(place.project)))

    replay = space.debugging.prepare(DebugRequest(run=RunId(place.run), step="broken"))

    assert replay.is_recorded
    assert Path(replay.context.root, "local_steps.py").read_bytes() == Path(SUPPORT, "local_steps.py").read_bytes()


def test_what_is_lacking_comes_with_a_second_pull_and_then_nothing(place: Place) -> None:
    values = ArtifactFolder(str(place.folder / "objects"))
    first = place.graft("pull", place.run, "--from", str(place.folder))
    digest = next(step for step in first["steps"] if step["path"] == "a")["outputs"]["value"]["sha256"]
    at_home = next(place.store.rglob(f"objects/{digest[:2]}/{digest[2:]}"))
    at_home.unlink()

    brought = place.graft("pull", place.run, "--from", str(place.folder))
    again = place.text("pull", place.run, "--from", str(place.folder))
    at_home.unlink()
    Path(object_path(str(place.folder / "objects"), digest)).write_bytes(b"damaged")
    lost = place.graft("pull", place.run, "--from", str(place.folder), code=3)

    assert (brought["pulled"]["values"], brought["pulled"]["steps"]) == (1, [])
    assert "nothing was lacking here" in again.out
    assert values.get(digest) == b"damaged"
    assert lost["pulled"]["lacking"] == ["a:value"]


def test_a_damaged_bundle_brings_nothing(place: Place) -> None:
    digest = (place.folder / "runs" / place.run / "bundle").read_text()
    Path(object_path(str(place.folder / "objects"), digest)).write_bytes(b"damaged")

    refused = place.graft("pull", place.run, "--from", str(place.folder), code=4)
    none = place.graft("pull", "zzzz", "--from", str(place.folder), code=3)

    assert "is damaged" in refused["error"]["message"]
    assert place.run in none["error"]["hint"]
    assert place.text("ls").code == 0
    assert ArtifactDeposit(str(place.folder / "nowhere"), "").runs() == []

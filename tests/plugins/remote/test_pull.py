"""A run whose steps were executed one by one from a directory, as pods do, comes home and goes on here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import call
from dask_places import context_elsewhere
from local_runs import operation

from graftline.core.graph import Argument, Graph, Node
from graftline.core.supply import Constant, Upstream
from graftline.plugins.remote.deposit import ArtifactDeposit
from graftline.plugins.remote.single import execute_node, lay_out
from graftline.worker.blobs import object_path
from graftline.worker.bundles import pack


class Place:
    """A directory with a run of `a -> b -> broken`, executed up to its failure; and a project with an empty store."""

    def __init__(self, folder: Path) -> None:
        operations = [operation(name, returns=True) for name in ("large", "doubled")]
        operations += [operation("say"), operation("fail")]
        graph = Graph(
            name="demo",
            operations=tuple(operations),
            nodes=(
                Node(path="a", operation=0),
                Node(path="b", operation=1, arguments=(Argument("data", Upstream("a", "value")),), needs=("a",)),
                Node(path="said", operation=2, arguments=(Argument("text", Constant("hello", "fixed")),)),
                Node(path="broken", operation=3, needs=("b",)),
                Node(path="after", operation=2, arguments=(Argument("text", Constant("no", "fixed")),), needs=("broken",)),
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


def test_a_failure_of_pods_is_brought_home_and_retried_here(place: Place) -> None:
    found = place.graft("pull", place.run[:6], "--from", str(place.folder))

    print(json.dumps(found, indent=1))
    said = call(place.project, "--store", str(place.store), "pull", place.run[:6], "--from", str(place.folder))
    print(said.out)
    said = call(place.project, "--store", str(place.store), "logs", place.run[:6])
    print(said.out)
    said = call(place.project, "--store", str(place.store), "retry", place.run[:6], "-R", "local")
    print(said.out, said.err)
    assert 0

"""Bringing a run home: what left word elsewhere is in the run log then, as if an engine here had heard of it."""

from __future__ import annotations

from typing import Any

import pytest
from grown_graphs import trials
from promoted import FarSpace, MemoryDeposit
from run_specs import chain, failed, succeeded, value
from spaces import TARGET, snapshot_of

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.errors import ConflictError, InvalidError, MissingError
from graftline.core.events import RunStarted
from graftline.core.graph import Graph
from graftline.core.ids import RunId, new_run_id
from graftline.core.laid import Laid
from graftline.core.pulled import Pulled, PullRequest
from graftline.core.records import replace
from graftline.core.requests import RetryRequest, RunRequest
from graftline.core.states import Reason, Status


class Homes(FarSpace):
    """A workspace whose runner `far` has a directory of artifacts."""

    def __init__(self, graph: Graph | None = None, **changes: Any) -> None:
        self.deposit = MemoryDeposit()
        self.gone: set[str] = set()
        self.opened: list[str] = []
        given = {"deposit": self._open, "lacking": lambda digests: [each for each in digests if each in self.gone]}
        super().__init__(graph, **(given | changes))

    def pull(self, run: str, **more: Any) -> Pulled:
        return self.workspace.pulling.pull(PullRequest(run=run, root="/project", folder="/shared", **more))

    def waiting(self) -> RunId:
        """Return a run that nobody hosts."""
        return self.workspace.create(RunRequest(target=TARGET))

    def _open(self, folder: str) -> MemoryDeposit:
        self.opened.append(folder)
        return self.deposit


def laid(run: str, graph: Graph) -> Laid:
    return Laid(
        run=run,
        graph=graph,
        snapshot=snapshot_of("there"),
        params={"x": 1},
        environment={"python": "3.11", "packages": {"numpy": "2.0"}, "imports": ["numpy"]},
        cwd="data",
        sys_path=(".",),
        objects=(b"pickled",),
    )


def test_a_run_that_no_engine_hosted_comes_home_as_it_went() -> None:
    space = Homes()
    run = space.waiting()
    ends = [succeeded("a"), succeeded("b"), succeeded("c")]
    space.deposit.left[run] = {end.node: end for end in reversed(ends)}
    space.deposit.log_bytes[run] = 12

    found = space.pull(run)

    shown = space.workspace.show(run)
    assert (found.steps, found.state, found.log_bytes) == (("a", "b", "c"), Status.SUCCESS, 12)
    assert (shown.started, shown.finished) == (ends[0].started, ends[-1].at)
    assert space.step(run, "b").outputs == ends[1].outputs
    assert space.orders == []  # nothing was executed here


def test_a_failure_brings_what_followed_from_it_and_a_retry_goes_on_here() -> None:
    space = Homes()
    run = space.waiting()
    space.deposit.left[run] = {"a": succeeded("a"), "b": failed("b", message="no such luck")}

    found = space.pull(run)

    assert found.state is Status.FAILURE
    assert space.states(run) == {"a": "SUCCESS", "b": "FAILURE ERROR", "c": "SKIPPED UPSTREAM"}
    assert space.step(run, "b").error is not None
    retried = space.workspace.retry(RetryRequest(run=run, runner="local"))
    assert retried.state is Status.SUCCESS
    assert space.ran() == ["b", "c"]


def test_a_failure_that_was_tried_again_there_is_its_last_attempt() -> None:
    graph = chain("a", "b")
    retrying = replace(graph.operations[0], policy=replace(graph.operations[0].policy, retries=3, backoff_s=600.0))
    space = Homes(replace(graph, operations=(retrying,)))
    run = space.waiting()
    space.deposit.left[run] = {"a": failed("a", attempt=4)}

    found = space.pull(run)

    assert found.state is Status.FAILURE
    assert space.workspace.spec(run).graph.operations[0].policy.retries == 3


def test_what_left_no_word_is_left_to_a_retry() -> None:
    space = Homes()
    run = space.waiting()
    space.deposit.left[run] = {"a": succeeded("a")}

    space.pull(run)
    space.store.settle()

    assert space.workspace.show(run).state is Status.INTERRUPTED
    assert space.states(run)["a"] == "SUCCESS"
    space.deposit.left[run]["b"] = succeeded("b")
    assert space.pull(run).steps == ("b",)


def test_a_second_time_nothing_comes() -> None:
    space = Homes()
    run = space.waiting()
    space.deposit.left[run] = {"a": succeeded("a"), "b": failed("b")}
    space.pull(run)

    again = space.pull(run)

    assert not again.is_news
    assert again.state is Status.FAILURE


def test_an_attempt_that_counted_as_lost_here_comes_home_with_its_end() -> None:
    space = Homes()
    run = space.waiting()
    lost = failed("b")
    space.deposit.left[run] = {"a": succeeded("a"), "b": replace(lost, reason=Reason.LOST)}
    space.pull(run)
    assert space.states(run)["b"] == "FAILURE LOST"
    space.deposit.left[run]["b"] = succeeded("b")

    found = space.pull(run)

    assert found.steps == ("b",)
    assert space.states(run)["b"] == "SUCCESS"


def test_a_run_that_is_not_known_is_made_from_what_lies_there() -> None:
    space = Homes()
    run = new_run_id()
    space.deposit.laid_runs[run] = laid(run, chain("a", "b"))
    space.deposit.left[run] = {"a": failed("a")}

    assert space.workspace.pulling.find(PullRequest(run=run[:5], root="/project", folder="/shared")) == run
    found = space.pull(run, runner="far")

    spec = space.workspace.spec(run)
    assert found.is_new
    assert (spec.project, spec.pipeline, spec.runner, spec.params) == ("demo", "demo", "far", {"x": 1})
    assert (spec.target.cwd, spec.target.sys_path, spec.target.is_loadable) == ("/project/data", ("/project",), False)
    assert space.workspace.snapshot(run).files == snapshot_of("there").files
    assert space.states(run) == {"a": "FAILURE ERROR", "b": "SKIPPED UPSTREAM"}


def test_a_map_grows_as_it_grew_there() -> None:
    space = Homes(trials())
    run = space.waiting()
    names = ["load", "trials/items", "trials/0/fit", "trials/1/fit", "trials", "report"]
    made = {name: [value(name.encode(), "out")] for name in names}
    made["trials/items"] = [value(b"2", "size"), value(b"1", "0"), value(b"2", "1")]
    space.deposit.left[run] = {name: succeeded(name, outputs=made[name]) for name in names}

    found = space.pull(run)

    assert found.state is Status.SUCCESS
    assert found.steps == tuple(names)
    assert set(space.states(run)) == set(names)


def test_values_that_are_lacking_are_brought_and_those_that_are_nowhere_are_told() -> None:
    space = Homes()
    run = space.waiting()
    kept, lost = (Output("value", "value", ArtifactRef(letter * 64, 9000, "npy")) for letter in "ab")
    space.deposit.left[run] = {"a": succeeded("a", outputs=[kept]), "b": succeeded("b", outputs=[lost])}
    space.gone = {kept.ref.sha256, lost.ref.sha256}
    space.deposit.values = {kept.ref.sha256: 9000}

    found = space.pull(run)

    assert (found.values, found.value_bytes) == (1, 9000)
    assert sorted(space.deposit.brought) == sorted(space.gone)
    assert "b:value" in found.lacking


def test_a_run_that_goes_on_is_left_alone() -> None:
    space = Homes()
    run = space.waiting()
    log = space.runs.open(run)
    log.append([RunStarted(at=1.0)])

    with pytest.raises(ConflictError, match="goes on"):
        space.pull(run)
    log.close()


@pytest.mark.parametrize(
    ("request_of", "kind", "text"),
    [
        ({"folder": "/shared"}, MissingError, "there is no run 'zzzz' here nor in /shared"),
        ({}, InvalidError, "no runner has artifacts"),
    ],
)
def test_a_run_that_is_nowhere_is_told_with_where_it_was_looked_for(
    request_of: dict[str, str], kind: type[Exception], text: str
) -> None:
    space = Homes()

    with pytest.raises(kind, match=text):
        space.workspace.pulling.find(PullRequest(run="zzzz", root="/project", **request_of))


def test_without_a_directory_it_says_what_is_lacking_here() -> None:
    space = Homes()
    run = space.run()

    found = space.workspace.pulling.pull(PullRequest(run=run, root="/project"))

    assert (found.folder, found.is_news, found.lacking) == (None, False, ())
    assert space.opened == []

"""`[route]`: which steps go to which runner, and what is refused before anything starts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import pytest
from graphs import graph_of
from runners import SilentRunner
from spaces import Space

from graftline.core.config import Layer, merge
from graftline.core.errors import InvalidError
from graftline.core.graph import Graph, Policy
from graftline.core.orders import RunContext
from graftline.core.overriding import Overriding
from graftline.core.ports import Executor
from graftline.core.routes import Routes, trimmed
from graftline.core.runner import Runner
from graftline.core.runners import RunnerChoice, choose_runner
from graftline.core.submitting import Submissions

TOML = """[runner.cluster]
provider = "dask"

[route]
gpu = "cluster"
io = "local"
"""


class Executing(Runner):
    @classmethod
    def executor(cls, context: RunContext, **kwargs: object) -> Executor:
        raise NotImplementedError


class Pretending(Executing):
    takes_resources = False


RUNNERS: Mapping[str, type[Runner]] = {
    "local": Executing, "cluster": Executing, "whole": SilentRunner, "mock": Pretending,
}  # fmt: skip


def choose(name: str) -> RunnerChoice:
    if name not in RUNNERS:
        raise InvalidError(f"there is no runner '{name}'")
    return RunnerChoice(runner=RUNNERS[name])


def routes(text: str = TOML) -> Routes:
    return Routes.of(merge([Layer(name="project", data=tomllib.loads(text), file="/p/graftline.toml", text=text)]))


def labelled(**labels: tuple[str, ...]) -> Graph:
    return graph_of({name: [] for name in labels}, {name: Policy(labels=given) for name, given in labels.items()})


def test_a_label_leads_to_its_runner_and_the_rest_stays_at_home() -> None:
    graph = labelled(fit=("gpu",), read=("io",), plain=("big",))

    at_home = routes().steps(graph, "local")
    on_cluster = routes().steps(graph, "cluster")

    assert at_home == {"fit": "cluster"}
    assert on_cluster == {"read": "local"}
    assert routes("").sites(graph, "local") is None


def test_the_labels_a_step_has_itself_decide_whatever_an_override_makes_of_them() -> None:
    fit = Policy(labels=("gpu",), overrides={"cluster": "a100"})
    overriding = Overriding(tables={"cluster": {"a100": {"labels": ["a100"], "retries": 2}}}, routes=routes())

    applied = overriding.applied(graph_of({"fit": []}, {"fit": fit}), "local")

    policy = applied.operation_of("fit").policy
    assert (policy.labels, policy.retries) == (("a100",), 2)  # of the runner it goes to, not of the run's own
    assert routes().steps(applied, "local") == {"fit": "cluster"}


def test_labels_that_lead_to_two_runners_are_one_message_with_the_line() -> None:
    graph = labelled(a=("gpu", "io"), b=("io", "gpu"))

    with pytest.raises(InvalidError, match="2 problems") as raised:
        routes().check(graph, "local", choose)

    assert "step 'b': its labels lead to two runners" in str(raised.value)
    with pytest.raises(InvalidError, match=r'\[route\] gpu = "cluster" and \[route\] io = "local"') as one:
        routes().check(labelled(a=("gpu", "io")), "local", choose)
    assert (one.value.file, one.value.line) == ("/p/graftline.toml", 6)


@pytest.mark.parametrize(
    ("runner", "message"),
    [
        ("clutser", "there is no runner 'clutser'"),
        ("whole", "carries whole runs, and executes no single steps"),
        ("mock", "carries whole runs"),
    ],
)
def test_a_route_to_what_takes_no_single_steps_is_refused_at_its_line(runner: str, message: str) -> None:
    found = routes(TOML.replace('gpu = "cluster"', f'gpu = "{runner}"'))

    with pytest.raises(InvalidError, match=message) as raised:
        found.check(labelled(fit=("gpu",)), "local", choose)

    assert raised.value.message.startswith(f'[route] gpu = "{runner}": ')
    assert (raised.value.file, raised.value.line) == ("/p/graftline.toml", 5)


def test_a_route_that_no_step_takes_and_one_of_a_runner_that_carries_whole_runs_mean_nothing() -> None:
    broken = routes(TOML.replace('gpu = "cluster"', 'gpu = "clutser"'))

    broken.check(labelled(read=("io",)), "local", choose)
    broken.check(labelled(fit=("gpu",)), "whole", choose)


def test_an_unknown_runner_is_answered_with_the_nearest_of_those_configured_and_bundled() -> None:
    settings = merge([Layer(name="project", data=tomllib.loads(TOML))])

    with pytest.raises(InvalidError, match="did you mean 'cluster'"):
        choose_runner(settings, "clutser")


def test_what_runs_elsewhere_takes_no_secrets_files_or_variables_along() -> None:
    wanting = {"secrets": ("TOKEN",), "reads": ("big/*.csv",), "env": ("HOME",)}
    graph = graph_of({"a": [], "b": []}, {"a": Policy(labels=("gpu",), **wanting), "b": Policy(**wanting)})  # type: ignore[arg-type]  # fields of Policy
    sites = routes().sites(graph, "local")

    home, away = trimmed(graph.operations, sites, 0), trimmed(graph.operations, sites, 1)

    at_a, at_b = graph.node("a").operation, graph.node("b").operation
    assert home[at_a].policy == Policy()
    assert home[at_b] == graph.operations[at_b]
    assert away[at_a] == graph.operations[at_a]
    assert away[at_b].policy.reads == ()


def test_a_submission_asks_no_worker_for_a_label_that_is_routed() -> None:
    space = Space(overriding=Overriding(routes=routes()))

    wanted = Submissions(space.workspace.parts).wanted(labelled(a=("gpu",), b=("big",)))

    assert wanted == ["big"]

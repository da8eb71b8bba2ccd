"""Resource profiles and the overrides of runners."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import pytest
from authoring import compiled, fit, load

from graftline import Pipeline, PythonTask
from graftline.core.config import Layer, merge
from graftline.core.document import policy_document
from graftline.core.errors import InvalidError
from graftline.core.graph import Graph, Policy
from graftline.core.graphcodec import graph_from_json, graph_to_json
from graftline.core.overriding import Overriding

GIB = 1e9
CONFIGURED = Overriding(
    profiles={"big": {"cpus": 4.0, "memory": 16 * GIB}, "gpu": {"gpu": 1.0}},
    tables={
        "local": {
            "slow": {"timeout": "10m", "retries": 3, "resources": {"cpus": 1, "memory": "2GB"}},
            "huge": {"resources": "big", "labels": ["big"]},
            "graphic": {"resources": {"profile": "gpu", "db": 1}},
        },
        "cluster": {"slow": {"isolation": "process", "backoff": "5s"}},
    },
)


def graph(**options: Any) -> Graph:
    return compiled(Pipeline([load, PythonTask(fit, inputs={"df": "load"}, returns=["m"], **options)])).graph


def policy(graph: Graph) -> Policy:
    return graph.operation_of("fit").policy


def test_a_profile_says_resources_and_the_step_s_own_win() -> None:
    assert policy(CONFIGURED.applied(graph(resources="big"), "local")).resources == {"cpus": 4, "memory": 16 * GIB}
    own = policy(CONFIGURED.applied(graph(resources={"profile": "big", "cpus": 1, "db": 2}), "local"))
    assert own.resources == {"cpus": 1, "memory": 16 * GIB, "db": 2}
    assert own.declared == {"resources": {"cpus": 1.0, "db": 2.0}}


def test_an_override_holds_for_its_runner_alone() -> None:
    made = graph(resources="big", retries=1, overrides={"local": "slow", "cluster": "slow", "argo": "smaller"})
    local = policy(CONFIGURED.applied(made, "local"))
    cluster = policy(CONFIGURED.applied(made, "cluster"))
    other = policy(CONFIGURED.applied(made, "elsewhere"))
    assert (local.timeout_s, local.retries, local.resources) == (600.0, 3, {"cpus": 1, "memory": 2 * GIB})
    assert (cluster.isolation, cluster.backoff_s, cluster.retries) == ("process", 5.0, 1)
    assert (other.timeout_s, other.retries, other.resources) == (None, 1, {"cpus": 4, "memory": 16 * GIB})


def test_an_override_may_name_a_profile() -> None:
    found = policy(CONFIGURED.applied(graph(resources={"cpus": 2, "db": 1}, overrides={"local": "huge"}), "local"))
    assert (found.resources, found.labels) == ({"cpus": 4, "memory": 16 * GIB, "db": 1}, ("big",))


@pytest.mark.parametrize("options", [{"resources": "gpu"}, {"overrides": {"local": "graphic"}}])
def test_a_gpu_that_comes_by_profile_isolates_the_step_as_its_own_would(options: Any) -> None:
    assert policy(CONFIGURED.applied(graph(**options), "local")).isolation == "process"


def test_another_runner_starts_from_what_the_step_says_also_after_a_round_trip() -> None:
    made = graph(resources={"profile": "big", "cpus": 2}, labels=["a"], overrides={"local": "huge", "cluster": "slow"})
    local = CONFIGURED.applied(made, "local")
    stored = graph_from_json(graph_to_json(local))
    assert stored == local
    assert CONFIGURED.applied(stored, "cluster") == CONFIGURED.applied(made, "cluster")
    assert CONFIGURED.applied(stored, "local") == local


def test_a_graph_that_names_nothing_is_left_alone() -> None:
    made = graph(resources={"cpus": 1})
    assert CONFIGURED.applied(made, "local") is made


def test_steps_that_differ_in_their_override_alone_are_two_operations() -> None:
    steps: list[Any] = [PythonTask(fit, name=key, returns=[key], overrides={"local": key}) for key in ("slow", "huge")]
    made = CONFIGURED.applied(compiled(Pipeline(steps, params={"df": 1})).graph, "local")
    assert [made.operation_of(path).policy.timeout_s for path in ("slow", "huge")] == [600.0, None]


def test_what_is_not_configured_is_told_for_every_step_with_the_nearest_name() -> None:
    steps: list[Any] = [
        PythonTask(fit, name="a", returns=["a"], overrides={"local": "slo"}),
        PythonTask(fit, name="b", returns=["b"], resources="bigg"),
    ]
    result = compiled(Pipeline(steps, params={"df": 1}))
    with pytest.raises(InvalidError) as caught:
        CONFIGURED.applied(result.graph, "local", result.places)
    first, second = caught.value.problems
    assert first.message == (
        "step 'a': overrides= names 'slo' for the runner 'local', which has no such override; did you mean 'slow'?"
    )
    assert first.hint == "it has slow, huge, graphic"
    assert (
        second.message == "step 'b': resources= names the profile 'bigg', which is not configured; did you mean 'big'?"
    )
    here = {problem.file.rpartition("/")[2] for problem in (first, second) if problem.file}
    assert (here, second.line) == ({"test_overriding.py"}, (first.line or 0) + 1)


def test_nothing_configured_says_what_to_write() -> None:
    cases: list[tuple[Any, str]] = [
        ({"resources": "big"}, "write [profile.big] in graftline.toml"),
        ({"overrides": {"local": "slow"}}, "write [runner.local.overrides.slow]"),
    ]
    for options, hint in cases:
        with pytest.raises(InvalidError) as caught:
            Overriding().applied(graph(**options), "local")
        assert caught.value.hint == hint


def test_a_runner_that_is_nearly_a_configured_one_is_warned_of() -> None:
    assert CONFIGURED.warnings(graph(overrides={"loacl": "slow", "argo": "x"})) == [
        "overrides= names the runner 'loacl', which has no overrides here; did you mean 'local'?"
    ]


def test_the_document_of_a_policy_has_what_is_not_the_default() -> None:
    found = policy_document(policy(CONFIGURED.applied(graph(retries=1, overrides={"local": "slow"}), "local")))
    assert found["retries"] == 3
    assert found["declared"] == {"timeout_s": None, "retries": 1, "resources": {}}
    assert policy_document(replace(Policy(), labels=())) == {}


def settings(text: str) -> Any:
    return merge([Layer(name="project", data=tomllib.loads(text), file="graftline.toml", text=text)])


def test_the_configuration_knows_profiles_and_overrides() -> None:
    found = settings(
        '[profile.big]\ncpus = 4\nmemory = "16GB"\n[runner.local.overrides.slow]\ntimeout = "10m"\nresources = "big"\n'
        '[runner.cluster]\naddress = "x"\n[runner.cluster.overrides.a.resources]\nprofile = "big"\ngpu = 1\n'
        "[runner.local.overrides.empty]\n"
    )
    assert found.table("profile") == {"big": {"cpus": 4.0, "memory": 16 * GIB}}
    assert found.table("runner.local.overrides") == {"slow": {"timeout": "10m", "resources": "big"}, "empty": {}}
    assert found.table("runner.cluster.overrides")["a"]["resources"] == {"profile": "big", "gpu": 1.0}
    assert found.explain("profile.big.cpus")[0].layer == "graftline.toml"
    assert found.explain("runner.x.overrides.y.timeout") == []


def test_a_later_layer_may_say_resources_by_name_where_an_earlier_one_listed_them() -> None:
    def layer(name: str, resources: Any) -> Layer:
        return Layer(name=name, data={"runner": {"local": {"overrides": {"slow": {"resources": resources}}}}})

    by_name, listed = layer("user", "big"), layer("project", {"gpu": 1})
    assert merge([by_name, listed]).table("runner.local.overrides") == {"slow": {"resources": {"gpu": 1.0}}}
    assert merge([listed, by_name]).table("runner.local.overrides") == {"slow": {"resources": "big"}}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[profile.big]\ncpu = 1\n", 2, "did you mean 'cpus'?"),
        ('[profile.big]\nmemory = "lots"\n', 2, "'profile.big.memory'"),
        ("[profile]\nbig = 3\n", 2, "'profile.big' is a table, not 3"),
        ("[runner.local.overrides.a]\ntimeuot = 1\n", 2, "did you mean 'timeout'?"),
        (
            '[runner.cluster.overrides.a]\nretries = "x"\n',
            2,
            "a.retries' takes a whole number",
        ),
        ("[runner.local.overrides]\na = 3\n", 2, "'runner.local.overrides.a' is a table, not 3"),
        ("[runner.local.overrides.a.resources]\ngpus = 1\n", 2, "did you mean 'gpu'?"),
    ],
)
def test_a_wrong_entry_is_told_by_line(text: str, line: int, message: str) -> None:
    with pytest.raises(InvalidError) as caught:
        settings(text)
    assert message in caught.value.message
    assert (caught.value.file, caught.value.line) == ("graftline.toml", line)


@pytest.mark.parametrize("resources", ["", {"profile": 3}, {"profile": ""}, 4, ["big"]])
def test_what_is_no_resource_is_told_where_the_step_is_written(resources: Any) -> None:
    with pytest.raises(InvalidError, match="resources= "):
        PythonTask(fit, resources=resources)

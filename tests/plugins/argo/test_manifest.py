"""What is said to Argo: checked against its schema, whatever pipelines are called and steps ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from argo_worlds import SETTINGS, check, rendered
from grown_graphs import map_in_map
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import examples
from sample_runs import Sample

from graftline.core.graph import Argument, Call, CallKind, Graph, Node, Operation, Policy
from graftline.core.records import replace
from graftline.core.supply import Constant
from graftline.core.translating import Parameter, Place
from graftline.plugins.argo.manifest import text_of
from graftline.plugins.argo.names import LONGEST, Names, is_label, label, parameter_name


def graph_with(policy: Policy, *, path: str = "fit", arguments: tuple[Argument, ...] = ()) -> Graph:
    """Return a graph of one step."""
    operation = Operation(call=Call(kind=CallKind.STUB), policy=policy)
    return Graph(name="one", nodes=(Node(path=path, operation=0, arguments=arguments),), operations=(operation,))


def pod_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return the one template with a container."""
    (found,) = [each for each in document["spec"]["templates"] if "container" in each]
    assert isinstance(found, dict)
    return found


def test_a_policy_is_told_in_the_words_of_kubernetes() -> None:
    policy = Policy(
        retries=2,
        backoff_s=0.5,
        timeout_s=90.5,
        resources={"cpus": 1.5, "memory": 4e9, "gpu": 1, "licences": 2},
        labels=("default", "gpu"),
        secrets=("TOKEN",),
    )
    told = replace(
        SETTINGS, secret="tokens", env={"LEVEL": "$(HOME)"}, labels={"gpu": {"cloud/gpu": "a100"}}, sub_path="team"
    )

    pod = pod_of(rendered(graph_with(policy), told)[0])

    assert pod["retryStrategy"] == {
        "limit": "2",
        "retryPolicy": "Always",
        "backoff": {"duration": "500ms", "factor": "2", "cap": "10m"},
    }
    assert pod["activeDeadlineSeconds"] == "151"
    assert pod["nodeSelector"] == {"cloud/gpu": "a100"}
    wanted = {"cpu": "1.5", "memory": "4000000000", "nvidia.com/gpu": "1"}
    assert pod["container"]["resources"] == {"requests": wanted, "limits": wanted}
    assert pod["container"]["env"] == [
        {"name": "LEVEL", "value": "$$(HOME)"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "tokens", "key": "TOKEN"}}},
    ]
    assert pod["container"]["volumeMounts"] == [{"name": "artifacts", "mountPath": "/graftline", "subPath": "team"}]


def test_a_schedule_makes_a_cron_workflow_of_the_template() -> None:
    told = replace(
        SETTINGS,
        schedule="0 3 * * *",
        timezone="Europe/Vienna",
        namespace="ml",
        service_account="runner",
        name="x" * 63,
    )

    template, cron = rendered(graph_with(Policy()), told)

    assert template["spec"]["serviceAccountName"] == "runner"
    assert (template["metadata"]["namespace"], cron["metadata"]["namespace"]) == ("ml", "ml")
    assert cron["spec"]["schedules"] == ["0 3 * * *"]
    assert cron["spec"]["timezone"] == "Europe/Vienna"
    assert cron["spec"]["workflowSpec"] == {"workflowTemplateRef": {"name": "x" * 63}}
    assert len(cron["metadata"]["name"]) <= 52


def test_a_map_in_a_map_hands_on_where_it_is() -> None:
    (document,) = rendered(map_in_map())
    templates = {each["name"]: each for each in document["spec"]["templates"]}
    repeated = [
        (task["withParam"], task["arguments"]["parameters"][0]["value"])
        for each in templates.values()
        for task in each.get("dag", {}).get("tasks", ())
        if "withParam" in task
    ]

    assert len(repeated) == 2
    assert {items for items, _ in repeated} == {"{{tasks.start.outputs.parameters.items}}"}
    outer, inner = sorted((place for _, place in repeated), key=len)
    assert outer.endswith("/{{item}}")
    assert inner.startswith("{{inputs.parameters.at}}/")
    assert inner.endswith("/{{item}}")


@settings(max_examples=examples(60), deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_text_comes_back_from_the_yaml_as_it_was(text: str) -> None:
    graph = graph_with(Policy(), arguments=(Argument("C", Constant(text, "cli")),))
    offered = {"C": Parameter(text=text, places=(Place("fit", "C"),))}

    (document,) = rendered(graph, parameters=offered)

    told = document["spec"].get("arguments", {}).get("parameters", [])
    if "{{" in text or "$(" in text:
        assert told == []  # Argo or Kubernetes would fill something in
    else:
        assert told == [{"name": "C", "value": text}]
        assert "C={{workflow.parameters.C}}" in pod_of(document)["container"]["args"]


@pytest.mark.parametrize("text", ["1e3", "y", "N", "0o7", "~", "no", "1_0", "12:30", ".5", "0x1F", "+1", "", "<<"])
def test_text_that_some_reader_takes_for_something_else_is_quoted(text: str) -> None:
    assert text_of([{"value": text}]) == f'value: "{text}"\n'


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.text(min_size=1, max_size=90), unique=True, max_size=8))
def test_names_are_labels_and_no_two_are_the_same(texts: list[str]) -> None:
    names = Names()
    found = [names.of(text) for text in texts]

    assert all(is_label(name) and name[0].isalpha() for name in found)
    assert len(set(found)) == len(texts)
    assert [names.of(text) for text in texts] == found


def test_names_stay_readable() -> None:
    assert [label(text) for text in ("trials/3/fit", "Load_Data", "7")] == ["trials-3-fit", "load-data", "n-7"]
    assert label("é").startswith("n-")
    assert len(label("x" * 200)) == LONGEST
    names = Names()
    first, second = names.of("fit_a"), names.of("fit-a")
    assert first == "fit-a"
    assert second.startswith("fit-a-")
    assert parameter_name("C") == "C"
    assert parameter_name("fit:C").startswith("fit-C-")


def test_samples_fit_argos_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "store"))
    for name, words in {
        "sweep_map": ("run",),
        "tabular": ("train",),
        "iris": ("run",),
    }.items():
        sample = Sample(name, tmp_path)
        told = '[runner.argo]\nimage = "i"\nartifacts = "/mnt"\nclaim = "c"\nschedule = "@daily"\n'
        (sample.root / "argo.toml").write_text(told)

        done = sample.graft(*words, "-R", "argo", "-n", "-C", "argo.toml")

        assert done.returncode == 0, done.stderr
        check(done.stdout)
        kinds = [each["kind"] for each in yaml.safe_load_all(done.stdout)]
        assert kinds == ["WorkflowTemplate", "CronWorkflow"]

"""What tests call Argo's schema refuses what Argo would: every wrong type, unknown word and missing field."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from argo_models import KINDS, schema_of
from argo_worlds import SCHEMAS, SETTINGS, problems_of, rendered
from grown_graphs import map_in_map

from graftline.core.graph import Call, CallKind, Graph, Node, Operation, Policy
from graftline.core.records import replace

Place = tuple[str | int, ...]
ODD: dict[type, Any] = {str: {}, int: "text", bool: "yes", list: {}, dict: []}
"""A value of another type by the type of what it stands for."""


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    """Return a template and a schedule that say all that is ever said: retries, limits, secrets, a map in a map."""
    policy = Policy(
        retries=2, timeout_s=90.0, resources={"cpus": 1, "gpu": 1}, labels=("default", "gpu"), secrets=("TOKEN",)
    )
    settings = replace(
        SETTINGS,
        secret="tokens",
        env={"LEVEL": "1"},
        labels={"gpu": {"cloud/gpu": "a100"}},
        schedule="0 3 * * *",
        timezone="UTC",
        namespace="ml",
        service_account="runner",
        parallelism=3,
    )
    one = Graph(
        name="one",
        nodes=(Node(path="fit", operation=0),),
        operations=(Operation(call=Call(kind=CallKind.STUB), policy=policy),),
    )
    return [*rendered(one, settings), rendered(map_in_map())[0]]


def places(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield each value in a document with its place."""
    yield at, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*at, key))


def changed(document: dict[str, Any], at: Place, value: Any) -> dict[str, Any]:
    """Return a document with another value at a place."""
    copy = deepcopy(document)
    holder: Any = copy
    for key in at[:-1]:
        holder = holder[key]
    holder[at[-1]] = value
    return copy


def test_a_value_of_another_type_is_refused_wherever_it_stands(documents: list[dict[str, Any]]) -> None:
    tried = [(document, at, value) for document in documents for at, value in places(document) if at]

    taken = [at for document, at, value in tried if at != ("kind",) and not refused(document, at, ODD[type(value)])]

    assert len(tried) > 150
    assert taken == []


def test_a_word_that_argo_does_not_know_is_refused_in_every_object(documents: list[dict[str, Any]]) -> None:
    tried = [(document, at, value) for document in documents for at, value in places(document)]
    objects = [(document, at, value) for document, at, value in tried if isinstance(value, dict) and at]

    taken = [at for document, at, value in objects if not refused(document, at, {**value, "unheardOf": 1})]

    assert len(objects) > 50
    assert taken == []


@pytest.mark.parametrize(
    ("holder", "name"),
    [
        ((), "spec"),
        ((), "metadata"),
        (("spec", "volumes", 0), "name"),
        (("spec", "volumes", 0, "persistentVolumeClaim"), "claimName"),
        (("spec", "templates", "container", "container"), "image"),
        (("spec", "templates", "container", "container", "env", 0), "name"),
        (("spec", "templates", "container", "container", "volumeMounts", 0), "mountPath"),
        (("spec", "templates", "dag", "dag"), "tasks"),
        (("spec", "templates", "dag", "dag", "tasks", 0), "name"),
    ],
)
def test_a_required_field_that_is_missing_is_refused(documents: list[dict[str, Any]], holder: Place, name: str) -> None:
    template = deepcopy(documents[0])
    found: Any = template
    for key in holder:
        if found is template["spec"]["templates"]:  # the first of the kind
            key = next(number for number, each in enumerate(found) if key in each)
        found = found[key]

    del found[name]

    assert any(f"'{name}' is a required property" in each for each in problems_of(template))


def test_the_models_know_all_that_is_written_and_what_came_last() -> None:
    template, cron = (schema_of(kind)["definitions"] for kind in KINDS)

    def has(definitions: dict[str, Any], model: str) -> set[str]:
        return set(definitions[f"IoArgoprojWorkflowV1alpha1{model}"]["properties"])

    assert len(template) > 100  # the types of Kubernetes are among them
    assert {"schedules", "timezone", "when"} <= has(cron, "CronWorkflowSpec")  # since Argo 3.6
    assert "cap" in has(template, "Backoff")  # since Argo 3.6
    assert {"EnvVar", "SecretKeySelector", "PersistentVolumeClaimVolumeSource", "ObjectMeta"} <= set(template)


def refused(document: dict[str, Any], at: Place, value: Any) -> bool:
    """Tell whether a document with another value at a place does not fit."""
    return not SCHEMAS[document["kind"]].is_valid(changed(document, at, value))

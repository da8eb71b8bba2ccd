"""Argo's published schema as the models of its own Python client have it: the package argo-workflows, for tests alone.

The client is generated from the OpenAPI document that Argo publishes beside its JSON schema; both are made of the same
types of its Go sources. A model knows its properties, their types, and which are required. From these a JSON schema is
made that is stricter than the published one in one thing: no property but those of a model is allowed, as `kubectl`
refuses fields it does not know, and a JSON schema that does not say so takes them.
"""

from __future__ import annotations

import inspect
from datetime import date, datetime
from typing import Any

from argo_workflows.model.io_argoproj_workflow_v1alpha1_cron_workflow import IoArgoprojWorkflowV1alpha1CronWorkflow
from argo_workflows.model.io_argoproj_workflow_v1alpha1_workflow_template import (
    IoArgoprojWorkflowV1alpha1WorkflowTemplate,
)
from argo_workflows.model_utils import ModelNormal, ModelSimple

KINDS = {
    "WorkflowTemplate": IoArgoprojWorkflowV1alpha1WorkflowTemplate,
    "CronWorkflow": IoArgoprojWorkflowV1alpha1CronWorkflow,
}
"""Models by the kind of a document."""
_PLAIN: dict[type, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    dict: {"type": "object"},
    date: {"type": "string"},
    datetime: {"type": "string"},
}


def schema_of(kind: str) -> dict[str, Any]:
    """Return the JSON schema of a kind of document, with every definition that it reaches."""
    definitions: dict[str, Any] = {}
    whole = _of_type(KINDS[kind], definitions)
    told = {"apiVersion": {"const": "argoproj.io/v1alpha1"}, "kind": {"const": kind}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "allOf": [whole, {"properties": told, "required": list(told)}],
        "definitions": definitions,
    }


def _of_type(told: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one type as the models write it: a class, `[class]` or `{str: (class,)}`."""
    if isinstance(told, tuple):
        return _of_type(told[0], definitions) if len(told) == 1 else {}  # several are all that JSON has: any value
    if isinstance(told, list):
        return {"type": "array", "items": _of_type(told[0], definitions)}
    if isinstance(told, dict):
        ((_, inner),) = told.items()
        return {"type": "object", "additionalProperties": _of_type(inner, definitions)}
    if told in _PLAIN:
        return _PLAIN[told]
    if issubclass(told, ModelSimple):  # a name for another type
        return _of_type(told.openapi_types["value"], definitions)
    assert issubclass(told, ModelNormal), f"a type the models have not had yet: {told}"
    if told.__name__ not in definitions:
        definitions[told.__name__] = {}  # it may reach itself
        definitions[told.__name__] = _of_model(told, definitions)
    return {"$ref": f"#/definitions/{told.__name__}"}


def _of_model(model: type[ModelNormal], definitions: dict[str, Any]) -> dict[str, Any]:
    names = model.attribute_map
    properties = {names[each]: _of_type(told, definitions) for each, told in model.openapi_types.items()}
    for (attribute,), allowed in model.allowed_values.items():
        properties[names[attribute]] = {"enum": list(allowed.values())}
    return {
        "type": "object",
        "properties": properties,
        "required": [names[each] for each in _required(model)],
        "additionalProperties": False,
    }


def _required(model: type[ModelNormal]) -> list[str]:
    """Return the attributes that a model is not made without: its positional parameters."""
    parameters = inspect.signature(model.__init__).parameters.values()
    return [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD and each.name != "self"]

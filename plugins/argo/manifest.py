"""WorkflowTemplates and CronWorkflows as YAML, through hera's models of Argo's types.

Every string but a plain word is quoted: readers of Kubernetes take `1e3`, `y` or `0o7` for something else than PyYAML.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from typing import Any

import yaml
from hera.workflows import models as argo

from ...core.graph import Graph, Policy
from ...core.translating import Parameter, Place, Sheet
from .dags import AT, BRANCH, Dag, Plan, Pod, Task
from .names import label, parameter_name
from .settings import ArgoSettings

API = "argoproj.io/v1alpha1"
DECISION = "/tmp/graftline-decision"
"""File of a pod, which Argo reads what a start of a composite decided from."""
LONGEST_CRON = 52
"""Characters of the name of a CronWorkflow, for that of its workflows is longer. Source: Argo Workflows, validation."""
ADDED_S = 60
"""Seconds that a pod gets beyond the limit of its step, which the step's own process keeps: to start, and to report."""
_VOLUME = "artifacts"
_PLAIN = re.compile(r"[A-Za-z_/][\w./-]*")
_FIRST = ("apiVersion", "kind", "metadata", "name", "template", "depends", "when", "withParam", "inputs", "entrypoint")
_MEANING = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})


def manifests(sheet: Sheet, plan: Plan, settings: ArgoSettings, digest: str) -> list[dict[str, Any]]:
    """Return the documents: a WorkflowTemplate, and a CronWorkflow of it where there is a schedule.

    Args:
        sheet: what is written down.
        plan: its templates.
        settings: checked.
        digest: of the bundle that pods unpack.
    """
    name = settings.name or label(sheet.graph.name)
    offered = offered_parameters(sheet)
    writer = _Writer(sheet.graph, settings, digest, _places(offered))
    templates = [
        *[writer.dag(each, fail_fast=sheet.fail_fast) for each in plan.dags],
        *[writer.pod(each) for each in plan.pods],
    ]
    if plan.verdict is not None:
        templates.append(argo.Template(name=plan.verdict, suspend=argo.SuspendTemplate(duration="0")))
    spec = argo.WorkflowSpec(
        entrypoint=plan.main,
        arguments=argo.Arguments(
            parameters=[argo.Parameter(name=parameter_name(key), value=each.text) for key, each in offered.items()]
        )
        if offered
        else None,
        active_deadline_seconds=None if sheet.timeout_s is None else math.ceil(sheet.timeout_s),
        parallelism=settings.parallelism,
        service_account_name=settings.service_account,
        templates=templates,
        volumes=[_volume(settings)],
    )
    metadata = argo.ObjectMeta(
        name=name,
        namespace=settings.namespace,
        annotations={"graftline/pipeline": sheet.graph.name, "graftline/bundle": digest},
    )
    documents: list[Any] = [
        argo.WorkflowTemplate(api_version=API, kind="WorkflowTemplate", metadata=metadata, spec=spec)
    ]
    if settings.schedule is not None:
        documents.append(_cron(name, settings))
    return [_plain(each.model_dump(by_alias=True, exclude_none=True, mode="json")) for each in documents]


def offered_parameters(sheet: Sheet) -> dict[str, Parameter]:
    """Return the parameters that may be given when a workflow is submitted.

    A value that Argo or Kubernetes would fill something into stays as it was compiled.
    """
    return {key: each for key, each in sheet.parameters.items() if "{{" not in each.text and "$(" not in each.text}


def text_of(documents: list[dict[str, Any]]) -> str:
    """Return documents as YAML."""
    found: str = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return found


class _Dumper(yaml.SafeDumper):
    """Writes strings so that no reader takes one for something else."""

    def ignore_aliases(self, data: object) -> bool:
        """Write what occurs twice twice: people read it."""
        return True


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _MEANING
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_plain else '"')


_Dumper.add_representer(str, _represent)


class _Writer:
    def __init__(
        self, graph: Graph, settings: ArgoSettings, digest: str, places: Mapping[str, list[tuple[str, str]]]
    ) -> None:
        self._graph = graph
        self._settings = settings
        self._digest = digest
        self._places = places

    def dag(self, dag: Dag, *, fail_fast: bool) -> argo.Template:
        return argo.Template(
            name=dag.name,
            inputs=_inputs(is_inside=dag.is_inside),
            dag=argo.DAGTemplate(fail_fast=fail_fast, tasks=[_task(each) for each in dag.tasks]),
        )

    def pod(self, pod: Pod) -> argo.Template:
        policy = self._graph.operations[pod.node.operation].policy
        limit = None if policy.timeout_s is None else _number(math.ceil(policy.timeout_s) + ADDED_S)
        selector = {key: text for name in policy.labels for key, text in self._settings.labels.get(name, {}).items()}
        return argo.Template(
            name=pod.name,
            inputs=_inputs(is_inside=pod.is_inside),
            outputs=_outputs(pod.decides),
            active_deadline_seconds=limit,
            retry_strategy=_retries(policy),
            node_selector=selector or None,
            container=argo.Container(
                image=self._settings.image,
                command=list(self._settings.command),
                args=self._args(pod),
                env=self._environment(policy) or None,
                resources=self._resources(policy),
                volume_mounts=[
                    argo.VolumeMount(name=_VOLUME, mount_path=self._settings.mount, sub_path=self._settings.sub_path)
                ],
            ),
        )

    def _args(self, pod: Pod) -> list[str]:
        """Return the words of the command. Kubernetes fills in `$(NAME)`, and `$$(` stands for what it must not."""
        words = ["exec-node", "--artifacts", self._settings.mount, "--bundle", self._digest]
        for argument, name in self._places.get(pod.node.path, ()):
            words += ["-p", f"{argument}={{{{workflow.parameters.{name}}}}}"]
        if pod.decides is not None:
            words += ["--decision", DECISION]
        return [*words, "--", "{{workflow.uid}}", kept(pod.path)]

    def _environment(self, policy: Policy) -> list[argo.EnvVar]:
        given = {name: os.environ[name] for name in policy.env if name in os.environ} | dict(self._settings.env)
        found = [argo.EnvVar(name=name, value=kept(text)) for name, text in given.items()]
        for name in policy.secrets:
            key = argo.SecretKeySelector(name=self._settings.secret, key=name)
            found.append(argo.EnvVar(name=name, value_from=argo.EnvVarSource(secret_key_ref=key)))
        return found

    def _resources(self, policy: Policy) -> argo.ResourceRequirements | None:
        names = {"cpus": "cpu", "memory": "memory", "gpu": self._settings.gpu}
        wanted = {
            names[name]: argo.Quantity(root=f"{amount:.15g}")
            for name, amount in policy.resources.items()
            if name in names
        }
        return argo.ResourceRequirements(requests=wanted, limits=wanted) if wanted else None


def kept(text: str) -> str:
    """Return a text in which Kubernetes fills nothing in."""
    return text.replace("$(", "$$(")


def _places(offered: Mapping[str, Parameter]) -> dict[str, list[tuple[str, str]]]:
    """Return by path of a node its arguments that parameters give, and the names of these."""
    found: dict[str, list[tuple[str, str]]] = {}
    for key, each in offered.items():
        for place in each.places:
            assert isinstance(place, Place)
            found.setdefault(place.path, []).append((place.argument, parameter_name(key)))
    return found


def _task(task: Task) -> argo.DAGTask:
    given = [argo.Parameter(name=name, value=kept(text)) for name, text in task.arguments.items()]
    return argo.DAGTask(
        name=task.name,
        template=task.template,
        depends=task.depends,
        when=task.when,
        with_param=task.each,
        arguments=argo.Arguments(parameters=given) if given else None,
    )


def _inputs(*, is_inside: bool) -> argo.Inputs | None:
    return argo.Inputs(parameters=[argo.Parameter(name=AT)]) if is_inside else None


def _outputs(decides: str | None) -> argo.Outputs | None:
    if decides is None:
        return None
    default = "" if decides == BRANCH else "[]"
    told = argo.ValueFrom(path=DECISION, default=default)
    return argo.Outputs(parameters=[argo.Parameter(name=decides, value_from=told)])


def _retries(policy: Policy) -> argo.RetryStrategy | None:
    """Return how a step is tried again."""
    if policy.retries == 0:
        return None
    backoff = None
    if policy.backoff_s > 0:
        backoff = argo.Backoff(duration=f"{round(policy.backoff_s * 1000)}ms", factor=_number(2), cap="10m")
    return argo.RetryStrategy(limit=_number(policy.retries), retry_policy="Always", backoff=backoff)


def _number(value: int) -> argo.IntOrString:
    """Return a number as Argo's published schema wants those that may be expressions: as text."""
    return argo.IntOrString(root=str(value))


def _volume(settings: ArgoSettings) -> argo.Volume:
    claim = argo.PersistentVolumeClaimVolumeSource(claim_name=settings.claim)
    return argo.Volume(name=_VOLUME, persistent_volume_claim=claim)


def _cron(name: str, settings: ArgoSettings) -> argo.CronWorkflow:
    return argo.CronWorkflow(
        api_version=API,
        kind="CronWorkflow",
        metadata=argo.ObjectMeta(name=label(name, longest=LONGEST_CRON), namespace=settings.namespace),
        spec=argo.CronWorkflowSpec(
            schedules=[str(settings.schedule)],
            timezone=settings.timezone,
            concurrency_policy="Forbid",
            workflow_spec=argo.WorkflowSpec(workflow_template_ref=argo.WorkflowTemplateRef(name=name)),
        ),
    )


def _plain(data: Any) -> Any:
    """Return a document without empty tables, which Argo takes for something said, and with what names it first."""
    if isinstance(data, dict):
        keys = sorted(data, key=lambda key: _FIRST.index(key) if key in _FIRST else len(_FIRST))
        return {key: each for key in keys if (each := _plain(data[key])) != {}}
    return [_plain(each) for each in data] if isinstance(data, list) else data

"""A small Argo: carries a rendered WorkflowTemplate here, one pod after the other, as its documentation says.

Parameters, `depends`, `when`, `withParam`, retries, nested DAGs, outputs from files, and what Kubernetes fills into the
words of a command. Pods are real `graft exec-node` processes, or calls of the same command line in this one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from command_line import Said, call

Launch: TypeAlias = Callable[[Sequence[str], Mapping[str, str]], int]
"""Runs the words of a command with further environment variables; returns the exit code."""
Write: TypeAlias = Callable[..., Said]
"""Runs a command with the argo runner: the project, the words, then `settings=` for more of its configuration."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times faster where libyaml is."""
POD_S = 60.0
"""Seconds after which a pod hangs."""
_FILLED = re.compile(r"\{\{([^{}]+)\}\}")
_OPERAND = re.compile(r"[a-z0-9][-a-z0-9]*(?:\.[A-Z][a-z]+)?")
_PASSED = ("Succeeded", "Skipped", "Daemoned")


def in_process(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a pod's command line in this process."""
    return call(Path("/"), *words, environ={**os.environ, **environ}).code


def as_process(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a pod's command line as a process, in a directory that has nothing of the project."""
    command = [sys.executable, "-m", "graftline", *words]
    return subprocess.run(command, cwd="/", env={**os.environ, **environ}, timeout=POD_S, check=False).returncode


@dataclass
class Cluster:
    """Carries one workflow of a template.

    Attributes:
        spec: of the WorkflowTemplate.
        artifacts: directory that stands for the mounted volume.
        scratch: directory for the files of pods.
        run: the workflow's uid.
        given: parameters said at submit.
        secrets: key -> value of every Kubernetes secret.
        launch: runs the command of a pod.
        pods: template of every pod, in order.
        phases: of every task, as `DAG/task`, the last one.
    """

    spec: Mapping[str, Any]
    artifacts: Path
    scratch: Path
    run: str = "5f0c-uid"
    given: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    launch: Launch = in_process
    pods: list[str] = field(default_factory=list)
    phases: dict[str, str] = field(default_factory=dict)

    def submit(self) -> str:
        """Carry the workflow to its end and return its phase."""
        parameters = {each["name"]: each["value"] for each in self.spec.get("arguments", {}).get("parameters", ())}
        assert set(self.given) <= set(parameters), "no such parameter"
        scope = {f"workflow.parameters.{name}": text for name, text in {**parameters, **self.given}.items()}
        scope["workflow.uid"] = self.run
        return self._template(self.spec["entrypoint"], scope, {})[0]

    def _template(
        self, name: str, whole: Mapping[str, str], arguments: Mapping[str, str]
    ) -> tuple[str, dict[str, str]]:
        template = next(each for each in self.spec["templates"] if each["name"] == name)
        wanted = [each["name"] for each in template.get("inputs", {}).get("parameters", ())]
        scope = {**whole, **{f"inputs.parameters.{each}": arguments[each] for each in wanted}}
        if "dag" in template:
            return self._dag(template, whole, scope), {}
        if "suspend" in template:
            return "Succeeded", {}
        for _ in range(int(template.get("retryStrategy", {}).get("limit", "0")) + 1):
            phase, outputs = self._pod(template, scope)
            if phase == "Succeeded":
                break
        return phase, outputs

    def _dag(self, template: Mapping[str, Any], whole: Mapping[str, str], scope: Mapping[str, str]) -> str:
        tasks = {task["name"]: task for task in template["dag"]["tasks"]}
        phases: dict[str, str] = {}
        told: dict[str, str] = {}
        while len(phases) < len(tasks):
            ready = [task for name, task in tasks.items() if name not in phases and _awaited(task) <= set(phases)]
            assert ready, f"{template['name']} has a circle, or names a task it has not"
            for task in ready:
                phase, outputs = self._task(task, phases, whole, {**scope, **told})
                phases[task["name"]] = self.phases[f"{template['name']}/{task['name']}"] = phase
                told |= {f"tasks.{task['name']}.outputs.parameters.{name}": text for name, text in outputs.items()}
        leaves = set(tasks) - {name for task in tasks.values() for name in _awaited(task)}
        return "Failed" if any(_branch(name, tasks, phases) == "Failed" for name in leaves) else "Succeeded"

    def _task(
        self, task: Mapping[str, Any], phases: Mapping[str, str], whole: Mapping[str, str], scope: Mapping[str, str]
    ) -> tuple[str, dict[str, str]]:
        if "depends" in task and not _holds(task["depends"], phases):
            return "Omitted", {}
        items: list[object] = [None]
        if "withParam" in task:
            items = json.loads(_fill(task["withParam"], scope))
        found: list[str] = []
        outputs: dict[str, str] = {}
        for item in items:
            own = scope if item is None else {**scope, "item": str(item)}
            if "when" in task and not _is_equal(_fill(task["when"], own)):
                return "Skipped", {}
            given = {
                each["name"]: _fill(each["value"], own) for each in task.get("arguments", {}).get("parameters", ())
            }
            phase, outputs = self._template(task["template"], whole, given)
            found.append(phase)
        if not found:
            return "Skipped", {}
        return ("Failed" if "Failed" in found else "Succeeded"), outputs

    def _pod(self, template: Mapping[str, Any], scope: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        container = template["container"]
        self.pods.append(template["name"])
        environ = {each["name"]: self._variable(each) for each in container.get("env", ())}
        mount = container["volumeMounts"][0]["mountPath"]
        told = self.scratch / f"pod-{len(self.pods)}"
        words = [_expanded(_fill(word, scope), environ) for word in container["args"]]
        paths = {mount: str(self.artifacts), "/tmp/graftline-decision": str(told)}
        assert container["command"] == ["graft"]
        code = self.launch([paths.get(word, word) for word in words], environ)
        outputs = {}
        for each in template.get("outputs", {}).get("parameters", ()):
            outputs[each["name"]] = told.read_text() if told.exists() else each["valueFrom"]["default"]
        return ("Succeeded" if code == 0 else "Failed"), outputs

    def _variable(self, entry: Mapping[str, Any]) -> str:
        if "valueFrom" in entry:
            return self.secrets[entry["valueFrom"]["secretKeyRef"]["key"]]
        return _expanded(str(entry["value"]), {})


def template_of(text: str) -> dict[str, Any]:
    """Return the spec of the WorkflowTemplate in YAML text."""
    found: dict[str, Any] = next(
        each for each in yaml.load_all(text, Loader=LOADER) if each["kind"] == "WorkflowTemplate"
    )["spec"]
    return found


def _awaited(task: Mapping[str, Any]) -> set[str]:
    return {operand.partition(".")[0] for operand in _OPERAND.findall(task.get("depends", ""))}


def _holds(depends: str, phases: Mapping[str, str]) -> bool:
    def value(match: re.Match[str]) -> str:
        name, _, result = match.group().partition(".")
        return str(phases[name] == result if result else phases[name] in _PASSED)

    words = _OPERAND.sub(value, depends).replace("&&", " and ").replace("||", " or ")
    assert re.fullmatch(r"(True|False|and|or|[() ])+", words), depends
    return bool(eval(words))  # of the words above alone


def _is_equal(when: str) -> bool:
    match = re.fullmatch(r"'([^']*)' == '([^']*)'", when)
    assert match is not None, when
    return match[1] == match[2]


def _fill(text: str, scope: Mapping[str, str]) -> str:
    """Fill in what is known; what is not stays as it is written."""
    return _FILLED.sub(lambda match: scope.get(match[1], match[0]), text)


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    """Fill in `$(NAME)` as Kubernetes does; `$$(` stands for `$(`."""
    return re.sub(
        r"\$\$\(|\$\((\w+)\)", lambda match: "$(" if match[1] is None else environ.get(match[1], match[0]), text
    )


def _branch(name: str, tasks: Mapping[str, Any], phases: Mapping[str, str]) -> str:
    """Return the phase of a task; of one that did not run, that of the last ones before it that did."""
    if phases[name] in ("Succeeded", "Failed"):
        return phases[name]
    before = {_branch(each, tasks, phases) for each in _awaited(tasks[name])}
    return "Failed" if "Failed" in before else "Succeeded"

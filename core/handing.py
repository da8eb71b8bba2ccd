"""What bodies hand out: the names of their outputs, also through the step that a pipeline is in another one."""

from __future__ import annotations

from typing import Any

from .bodies import Body
from .calls import CalledTask
from .flows import Flow, Flows
from .futures import Future, Futures, misused
from .nesting import Composite
from .steps import OutputOf, Step


def rename(body: Body, step: Step, output: str, name: str) -> None:
    """Give an output of a step, or of what is inside it, another name.

    Raises:
        InvalidError: it has been given another name, or is found by its name in a file.
    """
    if output == name:
        return
    if isinstance(step, CalledTask):
        step.rename(output, name)
    elif isinstance(step, Composite):
        for pipeline in step.pipelines.values():
            for inner in pipeline.steps:
                if output in inner.outputs:
                    rename(body, inner, output, name)
    body.renamed[id(step), output] = name


def settle(body: Body) -> None:
    """Have everything that takes a renamed output take it by its new name. Once, when the outermost body is done."""
    if body.renamed:
        _settle(body.steps, body.renamed)


def handed(outer: Body, inner: Body, step: Composite, outcome: Any) -> Any:
    """Return what an inner body has returned as the outer one may use it: its futures are those of the step around it.

    Raises:
        InvalidError: an output cannot have the name it is returned under.
    """
    if isinstance(outcome, Future):
        return _handed_one(outer, inner, step, outcome, None)
    if isinstance(outcome, Futures):
        return Futures(_handed_one(outer, inner, step, each, None) for each in outcome)
    if isinstance(outcome, list | tuple):
        return type(outcome)(handed(outer, inner, step, each) for each in outcome)
    if isinstance(outcome, dict):
        return {
            key: _handed_one(outer, inner, step, each, key) if isinstance(each, Future) else each
            for key, each in outcome.items()
        }
    return outcome


def _handed_one(outer: Body, inner: Body, step: Composite, future: Future, name: str | None) -> Future:
    if future._body is not inner:
        return future  # of the outer body: it was passed in, and comes back
    output = future._output
    if output is None:
        return Future(outer, step, None)
    output = inner.renamed.get((id(future._step), output), output)
    makers = [each for each in inner.steps if output in each.outputs]
    if name is None:
        # Two steps of the same task return the same name; through the step around them a name means one value.
        name = output if len(makers) == 1 else f"{future._step.name}.{output}"
    elif any(name in each.outputs and each is not future._step for each in inner.steps):
        raise misused(f"'{name}' is also the name of what another step returns", "return it under another name")
    rename(inner, future._step, output, name)
    return Future(outer, step, name)


def _settle(steps: list[Step] | tuple[Step, ...], renamed: dict[tuple[int, str], str]) -> None:
    for step in steps:
        if isinstance(step, CalledTask):
            step.arguments = {name: _settled(flow, renamed) for name, flow in step.arguments.items()}
        elif isinstance(step, Composite):
            for option in ("iterate_on", "parameter"):
                if isinstance(wire := getattr(step, option, None), OutputOf):
                    setattr(step, option, _settled(wire, renamed))
            step.inputs = {name: _settled(wire, renamed) for name, wire in step.inputs.items()}
            for pipeline in step.pipelines.values():
                _settle(pipeline.steps, renamed)


def _settled(flow: Flow, renamed: dict[tuple[int, str], str]) -> Any:
    if isinstance(flow, OutputOf):
        return OutputOf(flow.step, renamed.get((id(flow.step), flow.name), flow.name))
    if isinstance(flow, Flows):
        return Flows(_settled(each, renamed) for each in flow)
    return [_settled(each, renamed) for each in flow] if type(flow) is list and _has_outputs(flow) else flow


def _has_outputs(values: list[Any]) -> bool:
    return any(isinstance(each, OutputOf) for each in values)

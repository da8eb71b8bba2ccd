"""The forms of a step in plain data: one entry of `FORMS` for each class of steps a person may write.

A form names its key (`python: steps:fit`), the further keys that are its own, and how both become a step and come back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .callables import plain
from .composites import Conditional, Loop, Map, Parallel
from .ensembles import CrossValidated, Ensemble, Stack
from .errors import InvalidError
from .functions import Function
from .graph import Json
from .marks import Path, shown
from .modelforms import (
    CROSS_VALIDATED,
    ENSEMBLE,
    MODEL,
    STACK,
    chain_data,
    cross_validated_data,
    ensemble_data,
    make_chain,
    make_cross_validated,
    make_ensemble,
    make_model,
    make_stack,
    model_data,
    stack_data,
)
from .modelling import Chain, Model
from .named import NamedTuple
from .nesting import Nested
from .shapeforms import (
    Data,
    Made,
    conditional_data,
    loop_data,
    make_conditional,
    make_loop,
    make_map,
    make_nested,
    make_parallel,
    map_data,
    nested_data,
    parallel_data,
)
from .steps import Step
from .tasks import AsyncPythonTask, NotebookTask, PythonTask, ScriptTask, ShellTask, Stub, name_of

if TYPE_CHECKING:
    from .definitions import Reading, Writing  # they hold the table of forms


class Form(NamedTuple):
    """How one class of steps is written."""

    step: type[Step]
    make: Callable[[Reading, Data, Path, dict[str, Any], Made], Step]
    """Data of a step, where it stands, `name`, `returns` and options as its class takes them, and the steps it may take
    outputs of -> the step."""
    write: Callable[[Writing, Any], dict[str, Json]]
    """The form's own keys for a step."""
    own: tuple[str, ...] = ()
    """Keys beside the form's name that belong to it."""
    returns: bool = True
    """Whether it takes `returns`."""


def _python(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    function = plain(reading.function(data["python"], (*path, "python")))
    if data.get("stream_end") is not None:
        return AsyncPythonTask(function, stream_end_type=data["stream_end"], **_declared(given))
    if given.get("returns") is True:
        given.pop("returns")
        return PythonTask.bare(function, reading.marks.place(path), **given)
    return PythonTask(function, **given)


def _shell(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    if "name" not in given:
        raise InvalidError("a shell step needs a name", "write name: NAME below it")
    return ShellTask(data["shell"], takes=data.get("takes"), **_declared(given))


def _script(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    return ScriptTask(data["script"], args=data.get("args") or (), entry=data.get("entry"), **_declared(given))


def _notebook(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    return NotebookTask(data["notebook"], **_declared(given))


def _stub(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    given.setdefault("name", data["stub"])
    return Stub(**_declared(given))


def _function(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    return Function(data["function"], version=data.get("version"), **_declared(given))


def _declared(given: dict[str, Any]) -> dict[str, Any]:
    if given.get("returns") is True:
        raise InvalidError("returns: true is for python alone: other steps name what they return")
    return given


def _python_data(writing: Writing, task: PythonTask) -> dict[str, Json]:
    return {
        "python": writing.function(task, task.function),
        **({} if task.stream_end is None else {"stream_end": task.stream_end}),
    }


def _shell_data(writing: Writing, task: ShellTask) -> dict[str, Json]:
    return {"shell": task.command, **({} if task.takes is None else {"takes": list(task.takes)})}


def _script_data(writing: Writing, task: ScriptTask) -> dict[str, Json]:
    found: dict[str, Json] = {"script": task.script}
    if task.args:
        found["args"] = list(task.args)
    return found if task.entry is None else {**found, "entry": task.entry}


def _notebook_data(writing: Writing, task: NotebookTask) -> dict[str, Json]:
    return {"notebook": task.notebook}


def _stub_data(writing: Writing, task: Stub) -> dict[str, Json]:
    return {"stub": task.name}


def _function_data(writing: Writing, step: Function) -> dict[str, Json]:
    return {"function": step.function if step.version is None else f"{step.function}@{step.version}"}


FORMS: dict[str, Form] = {
    "python": Form(PythonTask, _python, _python_data, own=("stream_end",)),
    "shell": Form(ShellTask, _shell, _shell_data, own=("takes",)),
    "script": Form(ScriptTask, _script, _script_data, own=("args", "entry")),
    "notebook": Form(NotebookTask, _notebook, _notebook_data),
    "function": Form(Function, _function, _function_data, own=("version",)),
    "stub": Form(Stub, _stub, _stub_data),
    "parallel": Form(Parallel, make_parallel, parallel_data, own=("gather",), returns=False),
    "map": Form(Map, make_map, map_data, own=("iterate_on", "iterate_as", "reducer", "collect"), returns=False),
    "conditional": Form(Conditional, make_conditional, conditional_data, own=("branches", "default"), returns=False),
    "loop": Form(Loop, make_loop, loop_data, own=("max_iterations", "break_on", "index_as"), returns=False),
    "pipeline": Form(Nested, make_nested, nested_data, returns=False),
    "model": Form(Model, make_model, model_data, own=MODEL, returns=False),
    "chain": Form(Chain, make_chain, chain_data, returns=False),
    "stack": Form(Stack, make_stack, stack_data, own=STACK, returns=False),
    "ensemble": Form(Ensemble, make_ensemble, ensemble_data, own=ENSEMBLE, returns=False),
    "cross_validated": Form(
        CrossValidated, make_cross_validated, cross_validated_data, own=CROSS_VALIDATED, returns=False
    ),
}


def form_of(step: Step) -> Form:
    """Return the form a step is written in: that of its class, else of the nearest class above it.

    Raises:
        InvalidError: there is none.
    """
    forms = {form.step: form for form in FORMS.values()}
    for kind in type(step).__mro__:
        if kind in forms:
            return forms[kind]
    raise step.problem(f"a {type(step).__name__} cannot be written as YAML", f"it has {', '.join(FORMS)}")


def is_bare(task: Step) -> bool:
    """Tell whether a step is a function listed without a wrapper, under its own name."""
    return isinstance(task, PythonTask) and task.returns is None and task.name == name_of(task.function)


def called(data: object) -> str | None:
    """Return the name a step of plain data will have, as far as that can be told before it is made."""
    if isinstance(data, str):
        return re.split(r"[:.]", data)[-1]
    if not isinstance(data, Mapping):
        return None
    if data.get("name") is not None:
        return str(data["name"])
    key = next((each for each in data if each in FORMS), None)
    value = data.get(key) if key is not None else None
    if key in ("script", "notebook") and isinstance(value, str):
        return re.split(r"/", value)[-1].rpartition(".")[0]
    if key in ("stub", "function") and isinstance(value, str):
        return value.partition("@")[0]
    if key == "python" and isinstance(value, str):
        return re.split(r"[:.]", value)[-1]
    return value.get("name") if key == "pipeline" and isinstance(value, Mapping) else key


def form_problem(data: Data) -> str:
    """Say why a mapping is no step: it has the key of no form, or of several."""
    found = [key for key in data if key in FORMS]
    if found:
        return f"a step is one of {', '.join(FORMS)}; this one is {' and '.join(found)}"
    return f"a step has one of the keys {', '.join(FORMS)}; this one has {', '.join(map(str, data)) or shown(None)}"

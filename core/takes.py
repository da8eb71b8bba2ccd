"""What a task takes, by name: a function's parameters, a command's variables, a script's placeholders."""

from __future__ import annotations

import re
from functools import cached_property
from inspect import Parameter, Signature

from .graph import Return
from .learntasks import LearnTask
from .named import NamedTuple
from .records import dataclass
from .tasks import PythonTask, ScriptTask, ShellTask, Task

# Texts, which `re` compiles for the first command or script: 0.9 ms of each process that loads a pipeline.
_VARIABLE = r"(?<!\\)\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))"
_PLACEHOLDER = r"\{([^\W\d]\w*)\}"


class Take(NamedTuple):
    """One name a task takes."""

    name: str
    is_required: bool
    """False: it has a default, or the task does without."""
    annotation: object = Parameter.empty
    """The type it is cast to; `Parameter.empty` for none."""
    default: object = Parameter.empty
    """Value of the function's own default; `Parameter.empty` for none."""


@dataclass(frozen=True)
class Takes:
    """All a task takes."""

    items: tuple[Take, ...] = ()
    takes_rest: bool = False
    """Whether it takes every other parameter of the run too (`**kwargs`)."""
    is_known: bool = True
    """False: Python does not know the signature; it gets what the step's own `inputs=` and `params=` name."""
    refusal: str = "which it does not take"
    """What is said of a name it is given and does not take."""

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all of them."""
        return frozenset(each.name for each in self.items)


class Listed(NamedTuple):
    """A task of the pipeline with what is known of it before binding."""

    step: Task
    takes: Takes
    returns: tuple[Return, ...]


def takes_of_function(signature: Signature) -> Takes:
    """Return what a function takes; `*args` takes nothing by name."""
    parameters = signature.parameters.values()
    kinds = {each.kind for each in parameters}
    items = tuple(
        Take(each.name, each.default is each.empty, each.annotation, each.default)
        for each in parameters
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    )
    # (*args, **kwargs) alone is how a builtin without a signature, or a bare wrapper, shows itself.
    is_known = bool(items) or kinds != {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
    return Takes(items, takes_rest=is_known and Parameter.VAR_KEYWORD in kinds, is_known=is_known)


def takes_of(task: Task) -> Takes:
    """Return what a task other than a `PythonTask` takes; those are known by their function's signature."""
    assert not isinstance(task, PythonTask)
    if isinstance(task, ShellTask):
        if task.takes is not None:
            return Takes(tuple(Take(name, is_required=True) for name in task.takes))
        variables = [name for name in variables_in(task.command) if name not in task.policy.secrets]
        return Takes(tuple(Take(name, is_required=False) for name in variables))
    if isinstance(task, LearnTask):
        return task.takes
    if isinstance(task, ScriptTask):
        names = dict.fromkeys(name for arg in task.args for name in re.findall(_PLACEHOLDER, arg))
        return Takes(tuple(Take(name, is_required=True) for name in names))
    return Takes(is_known=False)


def variables_in(command: str) -> list[str]:
    """Return the names a shell command refers to as `$NAME` or `${NAME...}`, each once, in order."""
    return list(dict.fromkeys(braced or plain for braced, plain in re.findall(_VARIABLE, command)))

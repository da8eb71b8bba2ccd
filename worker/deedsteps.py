"""Deeds as the steps of one pipeline: what each is given, what it hands on, and which generation comes of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.artifacts import ArtifactRef
from ..core.constants import is_json
from ..core.datasets import find_dataset, parse_address
from ..core.deeds import Deed
from ..core.errors import InvalidError, nearest
from ..core.functions import Function
from ..core.notebooks import read_notebook
from ..core.pipeline import Pipeline
from ..core.programs import Entry, entry_named, own_entry
from ..core.putting import PutModel, check_action, find_model, kept, last_fit
from ..core.records import dataclass
from ..core.returns import state
from ..core.tasks import NotebookTask, PythonTask, ScriptTask, Task
from . import modelwork
from .recording import is_installed
from .serializers import CannotSerialize, dump
from .sourcefile import read_source

if TYPE_CHECKING:
    from ..core.parts import Parts

PREVIOUS = "previous"
"""Name by which scripts, notebooks and functions take what is handed on, when they have it."""
_SEQUENCE, _REDUCE = "sequence", "mapreduce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A pipeline of deeds."""

    pipeline: Pipeline
    fits: PutModel | None
    """The model whose generation the run commits; None: it makes none."""
    steps: tuple[str, ...]
    """Names of the steps, in the order of the deeds."""
    packages: tuple[str, ...]
    """Installed packages that the models are of, for the forkserver: every worker of a run would import them."""


def build(deeds: Sequence[Deed], shape: str, parts: Parts, root: str) -> Built:
    """Return the pipeline of deeds.

    Args:
        deeds: in the order they were asked for.
        shape: `sequence` (each is handed what the one before made) or `mapreduce` (the last is handed what all made).
        parts: where models and datasets are.
        root: absolute project root; paths are relative to the current directory.

    Raises:
        InvalidError: a deed cannot be done with what it is given.
        MissingError: a model, dataset or function does not exist.
    """
    if not deeds:
        raise InvalidError(f"the {shape} is empty", "call an action of a model, script, notebook or function in it")
    builder = _Builder(parts, root)
    for at, deed in enumerate(deeds):
        before: list[Task] = []
        if shape == _SEQUENCE:
            before = builder.tasks[-1:]
        elif shape == _REDUCE and at == len(deeds) - 1:
            before = list(builder.tasks)
        builder.add(deed, before, gathers=shape == _REDUCE and bool(before))
    name = deeds[0].name if len(deeds) == 1 else shape
    stem = os.path.splitext(os.path.basename(name))[0]
    pipeline = Pipeline(builder.tasks, name=stem, order="data")
    return Built(
        pipeline=pipeline,
        fits=builder.fits,
        steps=tuple(task.name for task in builder.tasks),
        packages=tuple(sorted(filter(is_installed, builder.packages))),
    )


class _Builder:
    def __init__(self, parts: Parts, root: str):
        self._parts = parts
        self._root = root
        self.tasks: list[Task] = []
        self.fits: PutModel | None = None
        self.packages: set[str] = set()
        """Those of the models' classes."""
        self._fitted: dict[str, Task] = {}
        """Model -> the step of this pipeline that fits it."""

    def add(self, deed: Deed, before: list[Task], *, gathers: bool) -> None:
        """Append the step of a deed, which is handed what earlier ones make."""
        makers = {"model": self._model, "function": self._function, "script": self._script}
        make = makers.get(deed.kind, self._notebook)
        task = make(deed, before, gathers)
        self.tasks.append(task)
        if deed.is_fit:
            self._fitted[deed.name] = task

    # -- models ----------------------------------------------------------------------------------------------------

    def _model(self, deed: Deed, before: list[Task], gathers: bool) -> Task:
        model = find_model(self._parts, deed.name)
        if model is None:
            raise InvalidError(
                f"model '{deed.name}' is a pipeline that was released from code", "submit it by itself, not in a group"
            )
        check_action(model, deed.action)
        self.packages.add(model.package)
        given = dict(zip(("X", "y"), deed.arguments, strict=False))
        if len(deed.arguments) > 2:
            raise InvalidError(f"{deed.action} of model '{deed.name}' takes X and y, not {len(deed.arguments)} values")
        options = {name: value for name, value in deed.options.items() if name not in ("X", "y")}
        given |= {name: value for name, value in deed.options.items() if name in ("X", "y")}
        params, columns = self._data(given)
        inputs: dict[str, Any] = {}
        if "X" not in params:
            inputs["X"] = self._handed(deed, before, gathers)
        if columns:
            params["columns"] = columns
        if options:
            params["options"] = options if is_json(options) else self._keep(options)
        if gathers and "X" in inputs:
            params["gathers"] = True
        if deed.is_fit:
            return self._fit(deed, model, params, inputs, before)
        if deed.name in self._fitted:
            inputs["model"] = self._fitted[deed.name]["model"]
        else:
            params["model"] = last_fit(self._parts, deed.name)[1]
        action = {"apply": "predict", "eval": "score"}.get(deed.action, deed.action)
        return PythonTask(
            modelwork.act,
            self._name(deed.action),
            [self._result()],
            params=params | {"action": action},
            inputs=inputs,
            after=before,
        )

    def _fit(
        self, deed: Deed, model: PutModel, params: dict[str, Any], inputs: dict[str, Any], before: list[Task]
    ) -> Task:
        if self.fits is not None:
            raise InvalidError(
                f"a group fits one model, and '{self.fits.lineage.project}' is fitted in it already",
                "use parallel(), where each call is a run of its own",
            )
        self.fits = model
        params["estimator"] = model.estimator
        function = modelwork.fit
        if deed.action == "partial_fit":
            function = modelwork.partial_fit
            if model.lineage.generations:
                params["estimator"] = last_fit(self._parts, deed.name)[1]
        return PythonTask(
            function, self._name(deed.action), [state("model")], params=params, inputs=inputs, after=before
        )

    def _data(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return data as steps take it, and the columns that are meant."""
        params: dict[str, Any] = {}
        columns: dict[str, Any] = {}
        for name, value in given.items():
            if not isinstance(value, str):
                params[name] = self._value(value)
                continue
            address = parse_address(value)
            params[name] = find_dataset(self._parts.datasets(), self._parts.project, address.name).ref
            if address.columns is not None:
                one = isinstance(address.columns, str)
                # `data[x]` as X is a table of one column, as estimators want it; as y it is the column.
                columns[name] = (
                    address.columns if one and name == "y" else [address.columns] if one else [*address.columns]
                )
        return params, columns

    # -- the others ------------------------------------------------------------------------------------------------

    def _script(self, deed: Deed, before: list[Task], gathers: bool) -> Task:
        path, _, function = deed.name.partition(":")
        file = self._file(path)
        text = read_source(os.path.join(self._root, file)) or ""
        entry = entry_named(text, path, function) if function else own_entry(text, path)
        if entry is None:
            return self._program(deed, file, before)
        params = self._arguments(deed, entry)
        inputs = self._bound(deed, before, [each.name for each in entry.takes.items], params, entry)
        return ScriptTask(
            file,
            self._name(os.path.basename(path).removesuffix(".py")),
            [self._result()],
            entry=entry.name,
            params=params,
            inputs=inputs,
            after=before,
        )

    def _program(self, deed: Deed, file: str, before: list[Task]) -> Task:
        """Return a file that is run as it is: values are its command line, by name as `--name=value`."""
        words = [str(each) for each in deed.arguments] + [f"--{name}={value}" for name, value in deed.options.items()]
        handed = any(f"{{{PREVIOUS}}}" in word for word in words)
        return ScriptTask(
            file,
            self._name(os.path.basename(file).removesuffix(".py")),
            list(deed.returns),
            args=words,
            inputs={PREVIOUS: self._handed(deed, before, len(before) > 1)} if handed else {},
            after=before,
        )

    def _notebook(self, deed: Deed, before: list[Task], gathers: bool) -> Task:
        if deed.arguments:
            raise InvalidError(f"notebook '{deed.name}' takes parameters by name alone")
        file = self._file(deed.name)
        with open(os.path.join(self._root, file), encoding="utf-8") as opened:
            parameters = read_notebook(opened.read(), deed.name).parameters
        params = {name: self._value(value) for name, value in deed.options.items()}
        names = [each.name for each in parameters or ()]
        inputs: dict[str, Any] = {}
        if before and PREVIOUS not in params and (parameters is None or PREVIOUS in names):
            inputs[PREVIOUS] = self._handed(deed, before, gathers)
        stem = os.path.basename(file).removesuffix(".ipynb")
        return NotebookTask(file, self._name(stem), list(deed.returns), params=params, inputs=inputs, after=before)

    def _function(self, deed: Deed, before: list[Task], gathers: bool) -> Task:
        if deed.arguments:
            raise InvalidError(f"function '{deed.name}' takes arguments by name alone")
        params = {name: self._value(value) for name, value in deed.options.items()}
        inputs = {PREVIOUS: self._handed(deed, before, gathers)} if before and PREVIOUS not in params else {}
        return Function(
            deed.name, name=self._name(deed.name.partition("@")[0]), params=params, inputs=inputs, after=before
        )

    def _arguments(self, deed: Deed, entry: Entry) -> dict[str, Any]:
        names = [each.name for each in entry.takes.items]
        if len(deed.arguments) > len(names):
            raise InvalidError(f"{entry.name}() of '{deed.name}' takes {len(names)} values, not {len(deed.arguments)}")
        given = {**dict(zip(names, deed.arguments, strict=False)), **deed.options}
        for name in given:
            if name not in names and not entry.takes.takes_rest:
                raise InvalidError(
                    f"{entry.name}() of '{deed.name}' takes no '{name}'{nearest(name, names)}",
                    f"it takes {', '.join(names) or 'nothing'}",
                )
        return {name: self._value(value) for name, value in given.items()}

    def _bound(
        self, deed: Deed, before: list[Task], names: list[str], params: Mapping[str, Any], entry: Entry
    ) -> dict[str, Any]:
        """Bind what is handed on: to `previous`, else to the first argument that must be given and is not."""
        free = [each.name for each in entry.takes.items if each.name not in params]
        required = [each.name for each in entry.takes.items if each.is_required and each.name not in params]
        chosen = PREVIOUS if PREVIOUS in free else required[0] if required else None
        if not before or chosen is None:
            return {}
        return {chosen: self._handed(deed, before, len(before) > 1 or self._is_reducing(before))}

    def _is_reducing(self, before: list[Task]) -> bool:
        return bool(before) and before[0] is not self.tasks[-1]

    # -- shared ----------------------------------------------------------------------------------------------------

    def _handed(self, deed: Deed, before: list[Task], gathers: bool) -> Any:
        """Return what earlier steps hand on: one value, or the list of all.

        Raises:
            InvalidError: there is none, or one of them returns nothing, or several things.
        """
        if not before:
            raise InvalidError(f"{deed.action} of '{deed.name}' needs data", "give it: a dataset's name, or a value")
        for task in before:
            if len(task.outputs) != 1:
                what = "nothing" if not task.outputs else f"{len(task.outputs)} values"
                raise InvalidError(
                    f"'{task.name}' hands on {what}, and '{deed.name}' waits for one", "returns=['name'] says which"
                )
        found = [task[task.outputs[0]] for task in before]
        return found if gathers else found[0]

    def _value(self, value: Any) -> Any:
        if hasattr(value, "ref") and callable(value.ref):  # an AsyncResult: its value, without a copy of it
            return value.ref()
        return value if is_json(value) else self._keep(value)

    def _keep(self, value: Any) -> ArtifactRef:
        """Store a value of this process.

        Raises:
            InvalidError: it cannot be serialised.
        """
        try:
            dumped = dump(value)
        except CannotSerialize as problem:
            raise InvalidError(str(problem)) from problem
        return kept(self._parts, b"".join(bytes(part) for part in dumped.parts), dumped.serializer)

    def _file(self, path: str) -> str:
        absolute = os.path.abspath(path)
        if not os.path.isfile(absolute):
            raise InvalidError(f"there is no file {path}")
        relative = os.path.relpath(absolute, self._root)
        if relative.startswith(".."):
            raise InvalidError(f"{path} is outside of the project {self._root}")
        return relative

    def _name(self, stem: str) -> str:
        known = {task.name for task in self.tasks}
        return next(name for n in range(1, len(known) + 2) if (name := stem if n == 1 else f"{stem}-{n}") not in known)

    def _result(self) -> str:
        return f"result_{len(self.tasks) + 1}"


def put_value(parts: Parts, value: object) -> ArtifactRef:
    """Store a value of this process and return what it is found by.

    Raises:
        InvalidError: it cannot be serialised.
    """
    return _Builder(parts, "")._keep(value)

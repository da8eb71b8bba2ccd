"""Submit now, get later: models, scripts, notebooks and functions by name; results that outlive this process.

from graftline import runtime
result = runtime.require("gpu").model("titanic").fit("data[x]", "data[y]")
result.get(timeout=60)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeAlias

from .core.asyncresult import AsyncResult, RemoteError, ResultStatus
from .core.datasets import Dataset, find_dataset, parse_address
from .core.deeds import Deed, check_deed
from .core.errors import InvalidError
from .core.records import dataclass, replace
from .core.taskgroup import TaskGroup
from .core.workspace import Workspace
from .submission import group_of, put_estimator, result_at, submit_deeds, submit_map
from .wiring import Given, open_workspace
from .worker.stored import value_of

__all__ = [
    "AsyncResult",
    "Mapreduce",
    "Parallel",
    "RemoteError",
    "ResultStatus",
    "Runtime",
    "Sequenced",
    "TaskGroup",
    "dataset",
    "datasets",
    "function",
    "group",
    "job",
    "labels",
    "local",
    "mapreduce",
    "model",
    "notebook",
    "parallel",
    "put",
    "require",
    "result",
    "script",
    "sequence",
]

Send: TypeAlias = "Callable[[Deed, Runtime], Any]"


@dataclass(frozen=True, slots=True)
class Runtime:
    """A way to submit: where the store is, and which labels a worker must have. Never changed; views are new ones."""

    store: str | None = None
    """Directory of the store; None: the configured one."""
    required: tuple[str, ...] = ()
    is_local: bool = False
    """Calls run in this process, and return when they are over."""
    send: Send | None = None
    """Takes calls of a group; None: each is submitted by itself."""

    def require(self, *labels: str) -> Runtime:
        """Return a view whose calls go to workers that have all of these labels.

        Raises:
            InvalidError: a label is no text.
        """
        for label in labels:
            if not isinstance(label, str) or not label:
                raise InvalidError(f"require() takes labels as text, not {label!r}")
        return replace(self, required=tuple(dict.fromkeys((*self.required, *labels))))

    @property
    def local(self) -> Runtime:
        """Return a view whose calls run in this process; their results are ready when they return."""
        return replace(self, is_local=True)

    def labels(self) -> dict[str, int]:
        """Return the labels that are served now -> how many workers do; this machine's pool counts as one."""
        return self.open().submissions.labels()

    def model(self, name: str) -> Model:
        """Return a model of the registry: one that was put, or a released project; `titanic@champion` says which."""
        return Model(self, "model", name)

    def script(self, path: str, *, returns: Sequence[str] = ()) -> Runnable:
        """Return a Python file: its `run()` is called, or `FILE.py:NAME`; else it is run as a program.

        Args:
            path: of the file, from the current directory.
            returns: variables of a program that are kept.
        """
        return Runnable(self, "script", path, tuple(returns))

    def notebook(self, path: str, *, returns: Sequence[str] = ()) -> Notebook:
        """Return a notebook, and the variables of it that are kept."""
        return Notebook(self, "notebook", path, tuple(returns))

    job = notebook

    def function(self, name: str) -> Runnable:
        """Return a registered function, by `name` or `name@version`."""
        return Runnable(self, "function", name)

    def result(self, name: str) -> AsyncResult:
        """Return a result by its id, or the unique beginning of it, however old it is.

        Raises:
            MissingError: there is none.
        """
        run, _, step = name.partition(":")
        space = self.open()
        return result_at(space, space.find(run, all_projects=True), step or None)

    def group(self, name: str) -> TaskGroup:
        """Return a task group by its id."""
        space = self.open()
        return group_of(space, space.find(name, all_projects=True))

    def put(self, name: str, value: object) -> Dataset:
        """Keep a value as the newest version of a name; calls then take it as `name` or `name[column]`.

        Raises:
            InvalidError: the name is none; or the value cannot be serialised.
        """
        from .worker.deedsteps import put_value

        if parse_address(name).columns is not None:
            raise InvalidError(f"'{name}' names columns; put the whole")
        parts = self.open().parts
        return parts.datasets().put(parts.project, name, put_value(parts, value), parts.clock())

    def dataset(self, name: str) -> Any:
        """Return a value that was put by name, or columns of it.

        Raises:
            MissingError, LookupError: there is none of this name; it has no such column.
        """
        from .worker.modelwork import picked

        address, parts = parse_address(name), self.open().parts
        found = find_dataset(parts.datasets(), parts.project, address.name)
        return picked(value_of(found.ref, parts.objects), address.columns, address.name)

    def datasets(self) -> list[Dataset]:
        """Return the newest version of each dataset of the project, by name."""
        parts = self.open().parts
        return parts.datasets().all(parts.project)

    def sequence(self) -> Sequenced:
        """Return a group whose calls run one after the other, each handed the result of the one before."""
        return Sequenced(self)

    def parallel(self) -> Parallel:
        """Return a group whose calls are submitted by themselves."""
        return Parallel(self)

    def mapreduce(self) -> Mapreduce:
        """Return a group whose last call is handed the results of all others, as a list in their order."""
        return Mapreduce(self)

    def open(self) -> Workspace:
        """Open the workspace of the current directory's project."""
        return open_workspace(Given(store=self.store))

    def call(self, deed: Deed) -> Any:
        """Submit one call and return its `AsyncResult`; in a group, give it to that and return a `Collected`."""
        check_deed(deed.kind, deed.action)
        if self.send is not None:
            return self.send(deed, self)
        return submit_deeds(self.open(), [deed], "sequence", self.required, is_here=self.is_local)[0]


@dataclass(frozen=True, slots=True)
class Runnable:
    """Something with the one action `run`."""

    runtime: Runtime
    kind: str
    name: str
    returns: tuple[str, ...] = ()

    def run(self, *arguments: Any, **options: Any) -> Any:
        """Submit it with these arguments; a program gets them as its command line, `--name=value` those by name.

        Raises:
            InvalidError: it does not take them.
            MissingError: there is no such thing.
        """
        return self._call("run", arguments, options)

    def _call(self, action: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        deed = Deed(
            kind=self.kind,
            name=self.name,
            action=action,
            arguments=arguments,
            options=options,
            returns=self.returns,
        )
        return self.runtime.call(deed)


@dataclass(frozen=True, slots=True)
class Notebook(Runnable):
    """A notebook."""

    def map(self, items: Sequence[Mapping[str, Any]], *, name: str | None = None) -> TaskGroup:
        """Run it once for each item, as one task group; what failed can be restarted alone.

        Args:
            items: parameters of each, JSON values.
            name: of the group; None: the notebook's.

        Raises:
            InvalidError: an item is no mapping of JSON values, or there are none.
        """
        space = self.runtime.open()
        return submit_map(space, self.name, items, self.returns, name, self.runtime.required, self.runtime.is_local)


@dataclass(frozen=True, slots=True)
class Model(Runnable):
    """A model of the registry. Data is given as values of this process or by name: `data`, `data[x]`, `data[x,y]`.

    Of a project that was released from code, `fit`, `predict` and `score` train, apply and evaluate its pipeline; they
    take its parameters by name.
    """

    def put(self, estimator: object) -> str:
        """Publish an estimator under this name and return the address of its lineage; an equal one stays what it is.

        Raises:
            InvalidError: it cannot be fitted, or cannot be serialised; or the name is none.
        """
        return put_estimator(self.runtime.open(), self.name, estimator)

    def fit(self, *data: Any, **options: Any) -> Any:
        """Fit it to `X` and `y`; the result is the address of the generation. Options go to the estimator's `fit`."""
        return self._call("fit", data, options)

    train = fit

    def partial_fit(self, *data: Any, **options: Any) -> Any:
        """Fit its last generation further, as a new generation."""
        return self._call("partial_fit", data, options)

    def predict(self, *data: Any, **options: Any) -> Any:
        """Apply its last generation to `X`."""
        return self._call("predict", data, options)

    def predict_proba(self, *data: Any, **options: Any) -> Any:
        """Return the probabilities of classes."""
        return self._call("predict_proba", data, options)

    def transform(self, *data: Any, **options: Any) -> Any:
        """Transform `X`."""
        return self._call("transform", data, options)

    def score(self, *data: Any, **options: Any) -> Any:
        """Score its last generation on `X` and `y`."""
        return self._call("score", data, options)


class Collected:
    """A call of a group that is not submitted yet; its result is there after the block."""

    def __init__(self, group: _Group, at: int):
        self._group = group
        self._at = at

    @property
    def result(self) -> AsyncResult:
        """The result of this call.

        Raises:
            InvalidError: the block has not ended.
        """
        return self._group.results[self._at]

    def get(self, timeout: float | None = None) -> Any:
        """Wait, and return the value; see `AsyncResult.get`."""
        return self.result.get(timeout)


class _Group:
    """Calls that belong together. As a context manager it submits when the block ends without an exception."""

    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self._deeds: list[tuple[Deed, Runtime]] = []
        self._results: list[AsyncResult] = []

    def __enter__(self) -> Runtime:
        return replace(self._runtime, send=self._take)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._results = self._submitted()

    def _submitted(self) -> list[AsyncResult]:
        raise NotImplementedError

    def _take(self, deed: Deed, view: Runtime) -> Collected:
        self._deeds.append((deed, view))
        return Collected(self, len(self._deeds) - 1)

    @property
    def results(self) -> list[AsyncResult]:
        """The results in the order of the calls.

        Raises:
            InvalidError: the block has not ended.
        """
        if not self._results:
            raise InvalidError("the group is not submitted yet", "leave its with-block first")
        return list(self._results)

    @property
    def result(self) -> AsyncResult:
        """The result of the last call."""
        return self.results[-1]

    def collect(self, timeout: float | None = None) -> Iterator[Any]:
        """Yield the values in the order of the calls, each when it is there.

        Raises:
            TimeoutError: one has not ended after `timeout` seconds, all together.
            Exception: what the step of a call raised.
        """
        end = None if timeout is None else time.monotonic() + timeout
        for each in self.results:
            yield each.get(None if end is None else max(0.0, end - time.monotonic()))

    def getall(self, timeout: float | None = None) -> list[Any]:
        """Return the values of all calls in their order; raises as `collect`."""
        return list(self.collect(timeout))


class _InOneRun(_Group):
    shape = ""

    def _submitted(self) -> list[AsyncResult]:
        deeds = [deed for deed, _ in self._deeds]
        labels = tuple(dict.fromkeys(label for _, view in self._deeds for label in view.required))
        return submit_deeds(self._runtime.open(), deeds, self.shape, labels, is_here=self._runtime.is_local)

    def get(self, timeout: float | None = None) -> Any:
        """Return the value of the last call; see `AsyncResult.get`."""
        return self.result.get(timeout)


class Sequenced(_InOneRun):
    """Calls one after the other, in one run: each is handed what the one before made; a failure stops the rest."""

    shape = "sequence"


class Mapreduce(_InOneRun):
    """Calls side by side, in one run; the last one is handed the list of what all others made."""

    shape = "mapreduce"


class Parallel(_Group):
    """Calls that are submitted by themselves, each to whoever serves its labels."""

    def _submitted(self) -> list[AsyncResult]:
        return [
            submit_deeds(view.open(), [deed], "sequence", view.required, is_here=view.is_local)[0]
            for deed, view in self._deeds
        ]


_DEFAULT = Runtime()
require = _DEFAULT.require
labels = _DEFAULT.labels
model = _DEFAULT.model
script = _DEFAULT.script
notebook = _DEFAULT.notebook
job = _DEFAULT.notebook
function = _DEFAULT.function
result = _DEFAULT.result
group = _DEFAULT.group
put = _DEFAULT.put
dataset = _DEFAULT.dataset
datasets = _DEFAULT.datasets
sequence = _DEFAULT.sequence
parallel = _DEFAULT.parallel
mapreduce = _DEFAULT.mapreduce
local = _DEFAULT.local
"""Calls run in this process."""

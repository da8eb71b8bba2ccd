"""Functions: named, versioned executables of some kind, apart from any run of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, Unpack

from .canonical import canonical, plain
from .errors import InvalidError, MissingError, nearest
from .graph import Json, Return
from .ids import name_problem
from .nesting import Composite
from .options import Options
from .place import caller
from .records import dataclass, field
from .returns import Returns
from .steps import OutputOf, Step, Unit
from .tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionVersion:
    """One version of a function, as it is registered. Never changed."""

    name: str
    version: int
    """1, 2, 3... of its name in its project; never given twice."""
    kind: str
    """`python`, `shell`, `notebook`, `pipeline`, or one that a plugin brings."""
    spec: Mapping[str, Json]
    """What it is: its source, what it returns, its options, and what is its kind's own."""
    project: str
    created: float
    """Wall time, seconds since the epoch."""
    origin: str
    """Where it was taken from, as the person wrote it. Not part of what it is."""

    @property
    def key(self) -> str:
        """Return the sha256 of what it is: kind and spec, as canonical JSON."""
        return key_of(self.kind, self.spec)

    @property
    def address(self) -> str:
        """Return `name@version`."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFunction:
    """A function that is to be registered."""

    name: str
    kind: str
    spec: Mapping[str, Json]
    project: str
    origin: str
    code: Mapping[str, bytes] = field(default_factory=dict)
    """sha256 -> bytes that its source names, for the store."""


class FunctionStore(Protocol):
    """Keeps functions with their code."""

    def add(self, new: NewFunction) -> tuple[FunctionVersion, bool]:
        """Register a function; return its newest version, and whether that is a new one.

        It is new unless the newest version there was is exactly the same.
        """
        ...

    def versions(self, project: str, name: str | None = None) -> list[FunctionVersion]:
        """Return the versions of a project's functions, or of one, by name, oldest first."""
        ...

    def remove(self, project: str, name: str, version: int | None) -> int:
        """Take a version, or all of them, out of the list; return how many there were.

        Recorded runs keep their code.
        """
        ...


def key_of(kind: str, spec: Mapping[str, Json]) -> str:
    """Return the sha256 of a kind and a spec, as canonical JSON."""
    return hashlib.sha256(canonical(plain({"kind": kind, "spec": dict(spec)})).encode()).hexdigest()


def parse_address(text: str) -> tuple[str, int | None]:
    """Return name and version of `name` or `name@version`; None: the newest.

    Raises:
        InvalidError: it is neither.
    """
    name, at, version = text.rpartition("@") if "@" in text else (text, "", "")
    if at and not (version.isdecimal() and int(version) > 0):
        raise InvalidError(f"'{text}' names no version of a function", "write NAME@2, or NAME for the newest")
    if trouble := function_name_problem(name):
        raise InvalidError(f"'{text}' names no function: {trouble}")
    return name, int(version) if at else None


def function_name_problem(name: object) -> str | None:
    """Say what is wrong with the name of a function; None when it is good."""
    if isinstance(name, str) and "@" in name:
        return "a name may not contain '@': a version follows it"
    return name_problem(name)


def pick(known: Sequence[FunctionVersion], name: str, version: int | None) -> FunctionVersion:
    """Return one version of those known; None: the newest.

    Raises:
        MissingError: there is no function of that name, with the nearest; or not this version of it.
    """
    found = [each for each in known if each.name == name]
    if not found:
        names = sorted({each.name for each in known})
        listed = f"there are {', '.join(names[:20])}" if names else "'graft function add' registers one"
        raise MissingError(f"there is no function '{name}'{nearest(name, names)}", listed)
    if version is None:
        return max(found, key=lambda each: each.version)
    for each in found:
        if each.version == version:
            return each
    versions = ", ".join(str(each.version) for each in found)
    raise MissingError(f"the function '{name}' has no version {version}", f"it has {versions}")


class Function(Task):
    """Run a registered function: which code that is, is looked up when the pipeline is compiled, and recorded."""

    def __init__(
        self,
        function: str,
        version: int | None = None,
        name: str | None = None,
        returns: Returns = None,
        **options: Unpack[Options],
    ):
        """Name a function.

        Args:
            function: Its name, or `name@version`.
            version: Which version; None: the newest.
            name: Name of the step; None: the function's.
            returns: What to keep; None: what the function is registered with.
            options: See `Options`; they win over those the function is registered with.

        Raises:
            InvalidError: anything in it is wrong.
        """
        place = caller()
        if not isinstance(function, str):
            raise InvalidError(
                f"Function() takes the name of a registered function, not {function!r}",
                "a function of your code is a step by itself: PythonTask(function)",
                file=place.file,
                line=place.line,
            )
        try:
            self.function, written = parse_address(function)
            if version is not None and (isinstance(version, bool) or not isinstance(version, int) or version < 1):
                raise InvalidError(f"version= takes 1, 2, 3... or None for the newest, not {version!r}")
            if None not in (version, written) and version != written:
                raise InvalidError(f"version= says {version}, and '{function}' another")
        except InvalidError as problem:
            shown = name or (function if function else "Function")
            raise InvalidError(
                f"step '{shown}': {problem.message}", problem.hint, file=place.file, line=place.line
            ) from None
        self.version = version or written
        super().__init__(self.function if name is None else name, place, returns, dict(options))
        given: Any = {key: value for key, value in options.items() if value is not None}
        self.given: Options = given
        """The options as written, for the step of its kind."""
        self.wants = returns
        self.written = self.policy
        """How it is attempted as far as the options say, without those the function is registered with."""
        self.said = self.settled
        """Fields of the policy that the options say."""
        self.found: FunctionVersion | None = None
        """Which version it is; None until it is looked up."""
        self._step: Step | None = None

    @property
    def step(self) -> Step:
        """Return what is executed: a task, or a pipeline as a step. It is there once it was looked up."""
        if self._step is None:
            raise self.problem("is not looked up yet: only a compile knows the registered functions")
        return self._step

    def resolve(self, found: FunctionVersion, step: Step) -> None:
        """Say what it stands for: the version, and the step its kind made of it."""
        self.found, self._step = found, step
        self.policy, self.settled, self.params = step.policy, step.settled, step.params
        step.on_failure = self.on_failure

    @property
    def returns(self) -> tuple[Return, ...] | None:
        """What it keeps; what its function is registered with, once that is known."""
        return self._step.returns if isinstance(self._step, Task) else self._returns

    def __getitem__(self, output: str) -> OutputOf:
        """Name one output; which ones there are is known to the compiler alone."""
        return OutputOf(self, output)


def executed(step: Step) -> Step:
    """Return what a step calls: a registered function stands for the step its kind made of it; any other for itself."""
    return step.step if isinstance(step, Function) else step


def functions_in(steps: Iterable[Step]) -> Iterator[Function]:
    """Yield every step that names a registered function, inside composites and in what takes over on failure too."""
    yield from _functions_in(steps, set())


def _functions_in(steps: Iterable[Step], seen: set[int]) -> Iterator[Function]:
    for step in steps:
        if id(step) in seen:  # a pipeline inside itself is told of when it is compiled
            continue
        seen.add(id(step))
        if isinstance(step, Function):
            yield step
        elif isinstance(step, Composite):
            for pipeline in step.pipelines.values():
                yield from _functions_in(pipeline.steps, seen)
        if step.on_failure is None:
            continue
        for item in step.on_failure if isinstance(step.on_failure, list | tuple) else [step.on_failure]:
            if isinstance(item, Unit) and (not isinstance(item, Step) or item is not step):
                yield from _functions_in(getattr(item, "steps", [item]), seen)

"""What steps return to those after them, known before anything is bound: the names, and where each value is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .functions import executed
from .graph import Return, ReturnKind
from .named import NamedTuple
from .nesting import Composite
from .pipeline import Pipeline
from .steps import Step
from .supply import Gather, Source, Upstream
from .tasks import Task

if TYPE_CHECKING:
    from .composites import Conditional, Parallel


class Export(NamedTuple):
    """One value that a step returns."""

    source: Source
    kind: ReturnKind = ReturnKind.AUTO
    lacks: tuple[str, ...] = ()
    """Branches that do not return it, by path; when one of them is taken, there may be no value."""


class Exports:
    """Exports of steps wherever they are listed.

    Args:
        returns_of: What a task returns.
        mode: Way the pipeline is compiled; steps of other modes are left out.
    """

    def __init__(self, returns_of: Callable[[Task], tuple[Return, ...]], mode: str):
        self._returns_of = returns_of
        self._mode = mode

    def steps(self, pipeline: Pipeline) -> list[Step]:
        """Return the steps of a pipeline that there are in this mode."""
        return [step for step in pipeline.steps if self._mode in step.modes]

    def of_pipeline(self, pipeline: Pipeline, path: str) -> dict[str, Export]:
        """Return what the steps of a pipeline at this path return; of a name returned twice, the last."""
        found: dict[str, Export] = {}
        for step in self.steps(pipeline):
            found |= self.of(step, f"{path}/{step.name}" if path else step.name)
        return found

    def of(self, step: Step, path: str) -> dict[str, Export]:
        """Return what a step at this path returns."""
        step = executed(step)
        if isinstance(step, Task):
            return of_task(self._returns_of(step), path)
        assert isinstance(step, Composite)
        from .composites import Conditional, Map, Parallel  # with branches 2 ms, for pipelines that have composites

        if isinstance(step, Conditional):
            return self._of_conditional(step, path)
        if isinstance(step, Parallel):
            return self._of_parallel(step, path)
        inner = self.of_pipeline(step.pipelines[""], path)
        if isinstance(step, Map) and step.collect is not None:
            return {step.collect: Export(Upstream(path, step.collect))}
        if step.hands_on is not None:
            inner = {name: each for name, each in inner.items() if name in step.hands_on}
        if step.is_open:
            return inner
        return {name: Export(Upstream(path, name), each.kind) for name, each in inner.items()}

    def puts(self, step: Step) -> Iterator[str]:
        """Yield the globs of the catalog files that a step, or what is inside, makes."""
        step = executed(step)
        if isinstance(step, Composite):
            for pipeline in step.pipelines.values():
                for inner in self.steps(pipeline):
                    yield from self.puts(inner)
        else:
            yield from step.policy.put

    def is_fence(self, step: Step, exports: dict[str, Export]) -> bool:
        """Tell whether a step waits for all before it, and all after it for it: it keeps nothing but metrics."""
        if step.fence is not None:
            return step.fence
        for each in exports.values():
            if each.kind is not ReturnKind.METRIC:
                return False
        return next(self.puts(step), None) is None

    def _of_parallel(self, step: Parallel, path: str) -> dict[str, Export]:
        found: dict[str, Export] = {}
        gathered: dict[str, list[Export]] = {}
        for word, pipeline in step.pipelines.items():
            for name, export in self.of_pipeline(pipeline, f"{path}/{word}").items():
                if name in step.gather:
                    gathered.setdefault(name, []).append(export)
                else:
                    found.setdefault(name, export)
        for name, exports in gathered.items():
            found[name] = Export(Gather(tuple(each.source for each in exports)), exports[0].kind)
        return found

    def _of_conditional(self, step: Conditional, path: str) -> dict[str, Export]:
        inside = {word: self.of_pipeline(each, f"{path}/{word}") for word, each in step.pipelines.items()}
        found = {}
        for name in dict.fromkeys(name for exports in inside.values() for name in exports):
            kinds = {exports[name].kind for exports in inside.values() if name in exports}
            lacks = [word for word, exports in inside.items() if name not in exports or exports[name].lacks]
            kind = kinds.pop() if len(kinds) == 1 else ReturnKind.AUTO
            found[name] = Export(Upstream(path, name), kind, tuple(f"{path}/{word}" for word in lacks))
        return found


def of_task(returns: tuple[Return, ...], path: str) -> dict[str, Export]:
    """Return what a task at this path returns."""
    # `tuple.__new__`, as for ten thousand steps either class is another call of Python.
    return {each.name: _new(Export, (_new(Upstream, (path, each.name)), each.kind, ())) for each in returns}


_new = tuple.__new__

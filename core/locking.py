"""What a pipeline's lock is now, compared with the one in version control; nothing is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, assert_never

from .canonical import plain
from .config import LOCK_FILE
from .contents import UnreadableFiles
from .control import is_control
from .errors import InvalidError, nearest
from .evidencing import Circumstances
from .graph import Argument, Graph, Json, Node, Operation
from .keys import call_digest
from .knowing import Known
from .launching import Launching
from .locks import Difference, LockedPipeline, LockedStep, differences, lock_from_text, lock_text
from .ports import Loaded
from .prints import Print
from .records import dataclass, replace
from .requests import RunRequest
from .reusing import Reusing
from .supply import Blob, Carried, Constant, Either, Gather, Index, Item, Source, Stored, Upstream

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Locking, so a real import would be a circle


class LockFile(Protocol):
    """The file of a project."""

    def read(self, root: str) -> str | None:
        """Return its text; None: there is none.

        Raises:
            InvalidError: it cannot be read.
        """
        ...

    def write(self, root: str, text: str) -> bool:
        """Write it, whole or not at all; return whether anything changed.

        Raises:
            InvalidError: it cannot be written.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What locking a pipeline did."""

    pipeline: LockedPipeline
    """As it is locked now."""
    changed: list[Difference] | None
    """What its results depend on and was locked otherwise; None: it was not in the lock."""
    is_written: bool
    """False: the file was like this already."""


class Locking:
    """Locks pipelines on the ports of a workspace."""

    def __init__(self, parts: Parts, launching: Launching):
        self._parts = parts
        self._launching = launching

    def lock(self, request: RunRequest) -> Locked:
        """Write what a pipeline depends on into the lock; other pipelines in it stay as they are.

        Raises:
            InvalidError: the code is wrong, a declared file cannot be read, or the lock there is damaged.
        """
        root = request.target.root
        text = self._parts.lockfile.read(root)
        known = {} if text is None else lock_from_text(text)
        locked = self.current(request)
        old = known.get(locked.name)
        if old is not None:
            locked = _kept(old, locked)
        is_written = self._parts.lockfile.write(root, lock_text({**known, locked.name: locked}.values()))
        changed = None if old is None else differences(old, locked, with_outputs=True)
        return Locked(pipeline=locked, changed=changed, is_written=is_written)

    def check(self, request: RunRequest, *, with_outputs: bool = False) -> tuple[LockedPipeline, list[Difference]]:
        """Compare a pipeline with the lock; nothing is run or written.

        Returns:
            The pipeline as it is; and what is not as locked.

        Raises:
            InvalidError: there is no lock, the pipeline is not in it, or it is damaged; or the code is wrong.
        """
        text = self._parts.lockfile.read(request.target.root)
        if text is None:
            raise InvalidError(f"there is no {LOCK_FILE}", "'graft lock' writes it; commit it with the code")
        known = lock_from_text(text)
        now = self.current(request)
        old = known.get(now.name)
        if old is None:
            names = list(known)
            raise InvalidError(
                f"{LOCK_FILE} has no pipeline '{now.name}'{nearest(now.name, names)}",
                f"'graft lock {request.target.text}' adds it; it has {', '.join(names) or 'none'}",
            )
        return now, differences(old, now, with_outputs=with_outputs)

    def current(self, request: RunRequest) -> LockedPipeline:
        """Return what a pipeline depends on as it is now.

        Raises:
            InvalidError: the code is wrong, or a declared file cannot be read.
        """
        loaded = self._launching.load(request)
        outline = outline_of(loaded, request.target.text, self._reads(loaded.graph, request.target.root))
        return replace(outline, steps=self._with_results(request, loaded, outline.steps))

    def _reads(self, graph: Graph, root: str) -> list[dict[str, str | None]]:
        """Return for each operation the files it declares to read, with their digests."""
        names = [self._parts.files.expand(list(each.policy.reads), root) for each in graph.operations]
        wanted = sorted({name for found in names for name in found})
        places = {name: name if name.startswith("/") else f"{root}/{name}" for name in wanted}
        try:
            digests = self._parts.files.digests(list(places.values()))
        except UnreadableFiles as problem:
            raise InvalidError(
                f"a file that a step reads cannot be locked: {problem.message}", problem.hint
            ) from problem
        return [{name: digests[places[name]] for name in found} for found in names]

    def _with_results(
        self, request: RunRequest, loaded: Loaded, steps: Mapping[str, LockedStep]
    ) -> dict[str, LockedStep]:
        """Return the steps with keys and outputs of the newest results that would serve if it ran now."""
        parts, target = self._parts, request.target
        known = Known(
            loaded.graph,
            Circumstances(
                project=parts.project,
                pipeline=loaded.graph.name,
                prints=loaded.prints,
                reusing=Reusing(sources=True),  # that the world may have changed is no news of the project
                results=parts.results,
                files=parts.files,
                root=target.root,
                cwd=target.cwd,
                environ=parts.environ,
                planned=loaded.snapshot.files,
                code_of_values=lambda refs: parts.code_of_values(refs, target),
            ),
            parts.clock(),
        )
        found = dict(steps)
        for path, (key, outputs) in known.results().items():
            if path in found:  # items of maps are known only while it runs
                digests = {output.name: output.ref.sha256 for output in sorted(outputs)}
                found[path] = replace(found[path], key=key, outputs=digests)
        return found


def outline_of(loaded: Loaded, target: str, reads: Sequence[Mapping[str, str | None]] | None = None) -> LockedPipeline:
    """Return what a pipeline depends on, without results.

    Args:
        loaded: as compiled.
        target: as the person named it.
        reads: for each operation the files it declares to read, with their digests; None: they are left out.
    """
    ends = dict(_ends(loaded.graph))
    steps = {
        node.path: _step(loaded, node, {} if reads is None else reads[node.operation], ends.get(node.path, ()))
        for node in all_nodes(loaded.graph)
    }
    return LockedPipeline(name=loaded.graph.name, target=target, steps=steps)


def all_nodes(graph: Graph) -> Iterator[Node]:
    """Yield the nodes of a graph with those of what grows, which have `[]` in their paths."""
    yield from graph.nodes
    for body in graph.bodies:
        yield from body.nodes


def _ends(graph: Graph) -> Iterator[tuple[str, tuple[Argument, ...]]]:
    """Yield the end of each map and loop with what it will be bound to."""
    for node in all_nodes(graph):
        if node.grows is not None:
            yield node.path.rpartition("/")[0], graph.bodies[node.grows].results


def _step(loaded: Loaded, node: Node, reads: Mapping[str, str | None], results: Sequence[Argument]) -> LockedStep:
    operation = loaded.graph.operations[node.operation]
    known = loaded.prints.get(node.operation)
    parameters: dict[str, Json] = {}
    inputs: dict[str, str] = {}
    for name, source, *_ in (*node.arguments, *results):
        if isinstance(source, Constant):
            parameters[name] = plain(source.value)
        else:
            inputs[name] = _source_text(source)
    if node.guard is not None:
        inputs["if"] = f"{node.guard.node} says {node.guard.word}"
    if node.files:
        inputs["files"] = ", ".join(node.files)
    return LockedStep(
        call=call_digest(operation),
        code=None if known is None or known.unknown is not None else known.digest,
        unknown=_unknown(operation, known),
        parts={} if known is None else known.parts,
        packages={} if known is None else known.packages,
        reads=reads,
        variables=tuple(sorted({*operation.policy.env, *(() if known is None else known.variables)})),
        parameters=parameters,
        inputs=inputs,
    )


def _unknown(operation: Operation, known: Print | None) -> str | None:
    if known is None:
        return None if is_control(operation) else "there is no fingerprint of its code"
    return known.unknown


def _source_text(source: Source) -> str:
    match source:
        case Upstream(node, output):
            return f"{node}:{output}"
        case Constant(value):
            return f"{plain(value)!r}"
        case Blob(sha256):
            return f"pickled {sha256}"
        case Stored(ref):
            return f"stored {ref.sha256}"
        case Gather(items):
            return f"[{', '.join(_source_text(item) for item in items)}]"
        case Either(items):
            return " or ".join(_source_text(item) for item in items)
        case Item(scope, key):
            return f"item of {scope}" if key is None else f"{key} of item of {scope}"
        case Index(scope):
            return f"number of {scope}"
        case Carried(_, first, later):
            return f"{'nothing' if first is None else _source_text(first)}, then {_source_text(later)}"
    assert_never(source)


def _kept(old: LockedPipeline, new: LockedPipeline) -> LockedPipeline:
    """Return the new lock with the old results of steps that are as they were, where this machine has none.

    Whoever locks on a machine that has run nothing must not take away what another one knows.
    """
    steps = {}
    is_same: dict[str, bool] = {}
    for path, step in new.steps.items():
        before = old.steps.get(path)
        bare = before and replace(before, key=None, outputs={})
        sources = [text.partition(":")[0] for text in step.inputs.values()]
        same = bare == replace(step, key=None, outputs={}) and all(is_same.get(each, True) for each in sources)
        is_same[path] = same
        if same and before is not None and step.key is None:
            step = replace(step, key=before.key, outputs=before.outputs)
        steps[path] = step
    return replace(new, steps=steps)

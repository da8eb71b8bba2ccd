"""What a training, an application or an evaluation would do, before it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..core.graph import CallKind, Graph, Node
from ..core.records import dataclass, replace
from ..core.runs import Run, Target
from ..core.text import plural
from ..core.workspace import Workspace
from .outside import Outside
from .screens.runlines import bounds_text
from .tones import Line, Tone
from .wanted import Wanted

if TYPE_CHECKING:
    from ..core.lifecycle import LifecycleRequest, Lifecycles, Prepared  # with registries 10 ms, for these runs alone

SHOWN = 24
"""Steps that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifePlan:
    """What would happen."""

    action: str
    code: str
    """Which code runs."""
    states: str
    """Which generation's states are loaded, or trained further; empty: none."""
    made: str
    """Where the generation goes; empty: none is made."""
    rows: str
    """Bounds of the data; empty: every row."""
    steps: Sequence[str]
    dropped: Mapping[str, str]
    """Steps left out, each with the reason."""
    noun: str = "step"
    """What `steps` are: those of a sweep are trials."""
    count: int | None = None
    """How many there are; None: those of `steps`."""
    ranked: str = ""
    """What trials are judged by; empty: by nothing."""

    @property
    def size(self) -> int:
        """Return how many steps or trials there are, at most."""
        return len(self.steps) if self.count is None else self.count

    @property
    def summary(self) -> str:
        """Return it in few words."""
        return f"{self.action}: {plural(self.size, self.noun)}"


def look_ahead(space: Workspace, wanted: Wanted, outside: Outside) -> LifePlan:
    """Return what would happen; nothing is written: no run and no development lineage.

    Raises:
        GraftError: as starting it would.
    """
    space, target = space.with_registry(wanted.registry or None), target_of(wanted, outside)
    if wanted.is_search:
        from . import searchplan

        return searchplan.look_ahead(space, wanted, outside)
    request = request_of(wanted, target)
    if wanted.action == "train" and not request.words:
        # `lifecycle.train` would publish the working copy, which only a training that was asked for may do.
        loaded = space.load(replace(request.run, mode="train"))
        made = "a development lineage of this code"
        return _plan(wanted, loaded.graph, loaded.dropped, code="working copy", made=made)
    prepared = _prepare(space, wanted.action, request)
    code = space.lifecycle.code_line(prepared, root=target.root, command=wanted.action) or "code: working copy"
    life = prepared.spec.lifecycle
    generation = prepared.generation
    return replace(
        _plan(wanted, prepared.spec.graph, prepared.loaded.dropped, code=code.removeprefix("code: ")),
        states="" if generation is None else generation.address,
        made=prepared.lineage.address if wanted.action == "train" and prepared.lineage is not None else "",
        rows="" if life is None else bounds_text(life.lower, life.upper),
    )


def start(space: Workspace, wanted: Wanted, outside: Outside) -> Run:
    """Start it in a process of its own and return the run.

    Raises:
        GraftError: it cannot be started.
    """
    space = space.with_registry(wanted.registry or None)
    if wanted.is_search:
        from . import searchplan  # imports this module

        return searchplan.start(space, wanted, outside)
    prepared = _prepare(space, wanted.action, request_of(wanted, target_of(wanted, outside)))
    return space.show(space.launch(space.lifecycle.create(prepared)))


def request_of(wanted: Wanted, target: Target) -> LifecycleRequest:
    """Return what to ask the workspace for.

    Raises:
        InvalidError: a text is not what its field takes.
    """
    from ..core.lifecycle import LifecycleRequest

    return LifecycleRequest(
        run=wanted.request(target),
        words=wanted.words,
        engine=wanted.engine or None,
        sink=wanted.sink or None,
        query=wanted.query or None,
        lower=wanted.lower or None,
        upper=wanted.upper or None,
        from_start=wanted.is_from_start,
        trusts=wanted.is_trusted,
    )


def plan_lines(plan: LifePlan) -> list[Line]:
    """Return the lines beside the form."""
    facts = {
        "code": plan.code,
        "goes on from" if plan.action == "train" else "states of": plan.states,
        "makes": f"a generation of {plan.made}" if plan.made else "",
        "rows": plan.rows,
        "judged by": plan.ranked,
    }
    lines: list[Line] = [[(plan.summary, Tone.BOLD)], []]
    lines += [[(f"  {name:<13}", Tone.DIM), (text, Tone.TEXT)] for name, text in facts.items() if text]
    lines += [[], *([(f"  {path}", Tone.TEXT)] for path in plan.steps[:SHOWN])]
    if len(plan.steps) > SHOWN:
        lines.append([(f"  and {plural(len(plan.steps) - SHOWN, plan.noun)} more", Tone.DIM)])
    if plan.dropped:
        lines += [[], [("left out", Tone.TITLE)]]
        lines += [[(f"  {path}  ", Tone.DIM), (why, Tone.DIM)] for path, why in list(plan.dropped.items())[:SHOWN]]
    return lines


def _kept(graph: Graph, node: Node) -> str:
    is_loaded = graph.operations[node.operation].call.kind is CallKind.LOAD
    return "   its state is loaded" if is_loaded else ""


def target_of(wanted: Wanted, outside: Outside) -> Target:
    """Return the working copy's target; of an address a place for its steps to work in."""
    if wanted.words:
        return Target(text=wanted.target, root=outside.root, cwd=outside.root)
    return outside.target(wanted.target)


def _prepare(space: Workspace, action: str, request: LifecycleRequest) -> Prepared:
    life: Lifecycles = space.lifecycle
    return {"train": life.train, "apply": life.apply, "eval": life.evaluate}[action](request)


def _plan(wanted: Wanted, graph: Graph, dropped: Mapping[str, str], *, code: str, made: str = "") -> LifePlan:
    return LifePlan(
        action=wanted.action,
        code=code,
        states="",
        made=made,
        rows="" if not (wanted.lower or wanted.upper) else bounds_text(wanted.lower or None, wanted.upper or None),
        steps=[f"{node.path}{_kept(graph, node)}" for node in graph.nodes],
        dropped=dropped,
    )

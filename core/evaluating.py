"""The graph that evaluates: rows are split, the pipeline is trained on some and applied to the others, and scored.

The steps of the pipeline stand below `train/` and `test/`, with folds below `fold-1/train/`..., so that each part is a
node of its own: folds run side by side, and each is reused as long as nothing it depends on changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from .applying import Applied, applied, check_trained
from .drafts import needed
from .errors import InvalidError, nearest
from .evaluation import DEVIATION, CrossVal, Evaluation, HoldOut
from .graph import Argument, Call, CallKind, Graph, Json, Node, Operation, Return, ReturnKind
from .learning import SOURCE
from .learntasks import SETTINGS
from .moving import Moved
from .place import relative_to
from .records import replace
from .supply import Blob, Constant, Source, Upstream

if TYPE_CHECKING:
    from .pipeline import Pipeline

TRAIN, TEST, SPLIT, SCORE = "train", "test", "split", "score"
_MADE = frozenset({ReturnKind.METRIC, ReturnKind.STATE})


Keep: TypeAlias = Callable[[object], Blob]
"""Keeps a function by value and returns where."""


def in_mode(
    graph: Graph,
    pipeline: Pipeline,
    made: Mapping[str, Source],
    keep: Keep,
    root: str,
    *,
    of_generation: bool,
) -> Applied:
    """Return the graph that evaluates a pipeline, scores a generation of it, or runs one trial.

    Args:
        graph: As compiled for "eval" or "tune", with all steps.
        pipeline: What it is of.
        made: Name -> value, as it is there at the end of the pipeline.
        keep: Keeps a function that scores.
        root: Absolute project root.
        of_generation: Trained states are loaded, and everything the source gives is scored.

    Raises:
        InvalidError: there is nothing to score by, or what is scored is not there where labels are not.
    """
    evaluation = pipeline.evaluation
    reduced = applied(graph, with_labels=True) if of_generation else None
    if evaluation is None:
        if reduced is not None:
            return reduced
        if graph.mode == "tune":
            return Applied(graph=_trial(graph), loaded=(), dropped={})
        text = f"pipeline '{graph.name}' does not say how it is evaluated"
        hint = "give it evaluation=Evaluation(score={...}), or name a generation to score: PROJECT/VERSION/NUMBER"
        raise InvalidError(text, hint, file=pipeline.place.file, line=pipeline.place.line)
    check_trained(graph)
    file = relative_to(root, evaluation.place.file)
    if reduced is not None:
        scored = _Evaluating(reduced.graph, evaluation, made, file, keep).of_generation(reduced)
        return replace(reduced, graph=scored)
    return Applied(graph=_Evaluating(graph, evaluation, made, file, keep).result(), loaded=(), dropped={})


def overwriting(graph: Graph) -> Iterator[str]:
    """Yield a warning for each catalog file that several steps of an evaluation make: it runs a step once per fold."""
    makers: dict[str, list[str]] = {}
    for node in graph.nodes:
        for pattern in graph.operations[node.operation].policy.put:
            makers.setdefault(pattern, []).append(node.path)
    for pattern, paths in makers.items():
        if len(paths) > 1:
            yield (
                f"'{pattern}' is written by {len(paths)} evaluated steps ('{paths[0]}', '{paths[1]}', ...), each"
                " over what the others left; write it in a step that nothing scored depends on: that is not run here"
            )


def _trial(graph: Graph) -> Graph:
    """Return what a trial without an evaluation runs: what states and metrics need, and no effects."""
    wanted = {
        node.path
        for node in graph.nodes
        if any(each.kind in _MADE for each in graph.operations[node.operation].returns)
    }
    if not wanted:
        raise InvalidError(
            "a trial has nothing to be judged by: no step returns a metric", "give the pipeline evaluation=Evaluation()"
        )
    return _only(graph, wanted)


class _Evaluating:
    def __init__(
        self,
        graph: Graph,
        evaluation: Evaluation,
        made: Mapping[str, Source],
        file: str,
        keep: Keep,
    ):
        self._graph = graph
        self._evaluation = evaluation
        self._place = {"file": file, "line": evaluation.place.line}
        self._made = made
        self._functions = {name: keep(function) for name, function in evaluation.score.items()}
        self._moved = Moved(graph)
        feed = graph.operation_of(SOURCE)
        labels = [name for _, name in feed.call.labels]
        self._labels = evaluation.labels or labels[0]
        given = [each.name for each in feed.returns if each.kind is not ReturnKind.JSON]
        self._tables = given

    def result(self) -> Graph:
        """Return the graph, or raise what is wrong."""
        sources = self._scored()
        reduced = applied(self._graph)
        self._check_kept(reduced, sources)
        self._moved.take(self._graph.node(SOURCE), lambda path: path)
        method = self._evaluation.method
        if isinstance(method, HoldOut):
            self._part("", reduced, sources, is_last=True)
        else:
            prefixes = [f"fold-{fold}/" for fold in range(1, method.folds + 1)]
            for fold, prefix in enumerate(prefixes, 1):
                self._part(prefix, reduced, sources, is_last=False, fold=fold)
                self._moved.join(prefix.rstrip("/"), self._place)
            for name in self._evaluation.score:
                self._spread(name, prefixes)
        self._moved.join(SCORE, self._place)
        return self._moved.graph()

    def of_generation(self, reduced: Applied) -> Graph:
        """Return the reduced graph with scores."""
        sources = self._scored()
        self._check_kept(reduced, sources)
        wanted = {path for source in sources.values() for path in needed(source)}
        wanted |= {
            node.path
            for node in reduced.graph.nodes
            if any(each.kind is ReturnKind.METRIC for each in reduced.graph.operations[node.operation].returns)
        }
        group = SCORE
        while any(node.path == group or node.path.startswith(f"{group}/") for node in reduced.graph.nodes):
            group += "_"
        for node in _only(reduced.graph, wanted | {SOURCE}).nodes:
            self._moved.take(node, lambda path: path)
        for name, source in sources.items():
            labels = Upstream(SOURCE, self._labels)
            self._score(f"{group}/{name}", name, labels, source, kind=ReturnKind.METRIC)
        self._moved.join(group, self._place)
        return self._moved.graph()

    def _part(
        self, prefix: str, reduced: Applied, sources: Mapping[str, Source], *, is_last: bool, fold: int | None = None
    ) -> None:
        """Add one split with what is trained, applied and scored on it."""
        split = f"{prefix}{SPLIT}"
        self._split(split, fold)
        loaded = set(reduced.loaded)
        if loaded:
            inside = _only(self._graph, loaded)
            self._take(inside.nodes, self._graph, f"{prefix}{TRAIN}/", split, TRAIN, {})
            self._moved.join(f"{prefix}{TRAIN}", self._place)
        trained = {path: f"{prefix}{TRAIN}/{path}" for path in loaded}
        wanted = {path for source in sources.values() for path in needed(source)}
        kept = [node for node in _only(reduced.graph, wanted).nodes if node.path not in loaded]
        self._take(kept, reduced.graph, f"{prefix}{TEST}/", split, TEST, trained)
        self._moved.join(f"{prefix}{TEST}", self._place)
        for name, source in sources.items():
            value = self._moved.source(source, _renaming(f"{prefix}{TEST}/", split, trained), _split_names(split, TEST))
            labels = Upstream(split, f"{TEST}.{self._labels}")
            kind = ReturnKind.METRIC if is_last else ReturnKind.AUTO
            self._score(f"{prefix}{SCORE}/{name}", name, labels, value, kind=kind)
        if prefix:
            self._moved.join(f"{prefix}{SCORE}", self._place)

    def _take(
        self, nodes: Iterable[Node], graph: Graph, prefix: str, split: str, part: str, trained: Mapping[str, str]
    ) -> None:
        renamed = _renaming(prefix, split, trained)
        for node in nodes:
            if node.path != SOURCE:
                self._moved.take(node, renamed, _split_names(split, part), graph, is_copy=True)

    def _split(self, path: str, fold: int | None) -> None:
        method = self._evaluation.method
        settings: dict[str, Json] = {
            "tables": list(self._tables),
            "seed": method.seed,
            "stratify": self._labels if method.stratified else None,
            "folds": method.folds if isinstance(method, CrossVal) else None,
            "share": method.share if isinstance(method, HoldOut) else None,
            "fold": fold,
        }
        returns = [Return(name=f"{part}.{name}") for part in (TRAIN, TEST) for name in self._tables]
        taken = [Argument(name, Upstream(SOURCE, name)) for name in self._tables]
        self._add(path, "split", settings, taken, returns, (SOURCE,))

    def _score(self, path: str, name: str, labels: Source, value: Source, *, kind: ReturnKind) -> None:
        settings: dict[str, Json] = {"labels": "labels", "on": "prediction"}
        taken = [Argument("function", self._functions[name]), Argument("labels", labels), Argument("prediction", value)]
        needs = dict.fromkeys([*needed(labels), *needed(value)])
        self._add(path, "score", settings, taken, [Return(name=name, kind=kind)], tuple(needs))

    def _spread(self, name: str, prefixes: Sequence[str]) -> None:
        paths = {prefix.rstrip("/"): f"{prefix}{SCORE}/{name}" for prefix in prefixes}
        taken = [Argument(fold, Upstream(path, name)) for fold, path in paths.items()]
        returns = [Return(name=each, kind=ReturnKind.METRIC) for each in (name, name + DEVIATION)]
        self._add(f"{SCORE}/{name}", "spread", {"parts": [*paths]}, taken, returns, tuple(paths.values()))

    def _add(
        self,
        path: str,
        what: str,
        settings: Mapping[str, Json],
        taken: Sequence[Argument],
        returns: Sequence[Return],
        needs: tuple[str, ...],
    ) -> None:
        call = Call(kind=CallKind.LEARN, qualname=what, **self._place)  # type: ignore[arg-type]
        operation = Operation(call=call, returns=tuple(returns))
        arguments = (Argument(SETTINGS, Constant(dict(settings), "fixed")), *taken)
        self._moved.add(Node(path=path, operation=-1, arguments=arguments, needs=needs), operation)

    def _scored(self) -> dict[str, Source]:
        """Return what each metric is scored on."""
        found: dict[str, Source] = {}
        problems = []
        for name, on in self._evaluation.on.items():
            if on in self._made:
                found[name] = self._made[on]
            else:
                text = f"evaluation= scores '{on}', which no step returns{nearest(on, list(self._made))}"
                problems.append(self._problem(text, f"returned are {', '.join(self._made)}"))
        if problems:
            raise InvalidError.all_of(problems[:1] if len({each.message for each in problems}) == 1 else problems)
        return found

    def _check_kept(self, reduced: Applied, sources: Mapping[str, Source]) -> None:
        paths = {node.path for node in reduced.graph.nodes}
        for name, source in sources.items():
            for path in needed(source):
                if path not in paths or path in reduced.loaded:
                    on = self._evaluation.on[name]
                    why = reduced.dropped.get(path, "is loaded from the generation")
                    text = f"evaluation= scores '{on}', which is not there when it applies: '{path}' {why}"
                    raise self._problem(text, "score what is made of features and states alone")

    def _problem(self, message: str, hint: str) -> InvalidError:
        return InvalidError(message, hint, file=self._evaluation.place.file, line=self._evaluation.place.line)


def _only(graph: Graph, wanted: set[str]) -> Graph:
    """Return the part of a graph that some of its nodes need, with the ends of composites that are whole in it."""
    kept = wanted | graph.ancestors(wanted)
    for node in graph.nodes:
        is_end = graph.operations[node.operation].call.kind is CallKind.JOIN
        if is_end and node.needs and kept.issuperset(node.needs):
            kept.add(node.path)
    return replace(graph, nodes=tuple(node for node in graph.nodes if node.path in kept))


def _renaming(prefix: str, split: str, trained: Mapping[str, str]) -> Callable[[str], str]:
    def renamed(path: str) -> str:
        return split if path == SOURCE else trained.get(path) or prefix + path

    return renamed


def _split_names(split: str, part: str) -> Callable[[Upstream], Upstream]:
    def of(value: Upstream) -> Upstream:
        return Upstream(split, f"{part}.{value.output}") if value.node == SOURCE else value

    return of

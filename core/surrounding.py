"""Whether what steps of a run read beside their inputs, files and variables, still is what it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .evidencing import digests_of, value_digest, within
from .keeping import is_connection
from .reusing import Judgement
from .runs import RunSpec, StepRun

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports, as in hosting


def moved(parts: Parts, spec: RunSpec, steps: Sequence[StepRun]) -> dict[str, str]:
    """Return by path what is not as it was when the step ran; steps of which nothing is known are left out.

    Args:
        parts: of the workspace.
        spec: of the run.
        steps: good ones of it.
    """
    known = {step.path: each for step in steps if (each := _judgement(parts, spec, step)) is not None}
    root = spec.target.root
    files = {path: dict(_files(each)) for path, each in known.items()}
    wanted = [within(root, name) for each in files.values() for name in each]
    digests, _ = digests_of(parts.files, wanted)
    found: dict[str, str] = {}
    for path, judgement in known.items():
        for name, before in files[path].items():
            if digests.get(within(root, name)) != before:
                found[path] = f"it read {name}, which is not what it was"
        environ = {**parts.environ, **dict(spec.graph.node(path).environ)}
        for name in _changed_variables(judgement, environ):
            found[path] = f"it read the variable {name}, which is not what it was"
    return found


def _judgement(parts: Parts, spec: RunSpec, step: StepRun) -> Judgement | None:
    """Return what was decided of a step when its result was made."""
    return parts.results.judgement(step.cached_from or spec.id, step.path)


def _files(judgement: Judgement) -> Iterator[tuple[str, str | None]]:
    declared = {} if judgement.evidence is None else judgement.evidence.basis.reads
    for name, digest in {**judgement.seen, **declared}.items():
        if not is_connection(name):
            yield name, digest


def _changed_variables(judgement: Judgement, environ: Mapping[str, str]) -> Iterator[str]:
    if judgement.evidence is not None:
        for name, before in judgement.evidence.basis.variables.items():
            if value_digest(environ.get(name)) != before:
                yield name

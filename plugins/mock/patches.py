"""What a test puts in the place of steps, by path or name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...core.errors import InvalidError, nearest
from ...core.graph import Graph
from ...core.records import replace
from ...core.supply import HERE

if TYPE_CHECKING:
    from ...core.workspace import Workspace


def check_patches(graph: Graph, patches: object) -> Mapping[str, object]:
    """Return the patches, every one of which is for a step of the graph.

    Raises:
        InvalidError: they are no dict, or name steps that are not there; all of them in one message.
    """
    if not isinstance(patches, Mapping):
        raise InvalidError(f"patches= takes a dict of functions or values by step, not {patches!r}")
    known = {node.path for node in graph.nodes} | {node.name for node in graph.nodes}
    for body in graph.bodies:  # what a map or loop repeats is patched by its name, for all of them
        known |= {node.name for node in body.nodes}
    inside = [node.path.split("/") for body in graph.bodies for node in body.nodes]
    wrong = [
        str(name)
        for name in patches
        if name not in known and not any(_is_one(str(name).split("/"), path) for path in inside)
    ]
    if wrong:
        hint = f"the steps are {', '.join(list(dict.fromkeys(node.path for node in graph.nodes))[:20])}"
        raise InvalidError.all_of(
            [
                InvalidError(f"patches= names '{each}', which is no step{nearest(each, sorted(known))}", hint)
                for each in wrong
            ]
        )
    return patches


def patched(space: Workspace, graph: Graph, patches: object) -> Workspace:
    """Return the workspace with these patches among the options of its mock runner.

    Raises:
        InvalidError: the runner is another one, or a patch is for no step.
    """
    from ...core.workspace import Workspace  # a worker of a mock run needs none of it
    from .runner import MockRunner  # it knows its executor, which knows `patch_of`

    name = space.parts.default_runner
    choice = space.parts.runner(name)
    if not issubclass(choice.runner, MockRunner):
        hint = "execute(runner='mock', patches=...)"
        raise InvalidError(f"patches= stands in for steps of a mock run, and the runner is '{name}'", hint)
    options = {**choice.options, "patches": check_patches(graph, patches)}
    return Workspace(replace(space.parts, runner=lambda _: replace(choice, options=options)))


def patch_of(path: str, patches: Mapping[str, object]) -> tuple[object] | None:
    """Return what stands in for a step, as the only item; None: nothing does. Its path counts more than its name."""
    for name in (path, path.rpartition("/")[2]):
        if name in patches:
            return (patches[name],)
    return None


def _is_one(path: Sequence[str], repeated: Sequence[str]) -> bool:
    """Tell whether a path is that of a step a map or loop repeats: `trials/3/fit` for `trials/[]/fit`."""
    return len(path) == len(repeated) and all(
        part == other or (other == HERE and part.isdecimal()) for part, other in zip(path, repeated, strict=True)
    )

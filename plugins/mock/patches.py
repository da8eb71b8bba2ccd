"""What a test puts in the place of steps, by path or name."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.errors import InvalidError, nearest
from ...core.graph import Graph


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
    wrong = [str(name) for name in patches if name not in known]
    if wrong:
        hint = f"the steps are {', '.join(list(dict.fromkeys(node.path for node in graph.nodes))[:20])}"
        raise InvalidError.all_of(
            [
                InvalidError(f"patches= names '{each}', which is no step{nearest(each, sorted(known))}", hint)
                for each in wrong
            ]
        )
    return patches


def patch_of(path: str, patches: Mapping[str, object]) -> tuple[object] | None:
    """Return what stands in for a step, as the only item; None: nothing does. Its path counts more than its name."""
    for name in (path, path.rpartition("/")[2]):
        if name in patches:
            return (patches[name],)
    return None

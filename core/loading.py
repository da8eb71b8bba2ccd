"""The states of a generation as outputs of a run: their bytes are verified and put into the store before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .applying import Loading, loadings
from .artifacts import INLINE_LIMIT, ArtifactRef, Output
from .errors import MissingError
from .lineages import Generation
from .registry import Registry
from .runs import RunSpec
from .trusting import check_trust

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; who builds this is built by workspace

_NOTHING = ArtifactRef("74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b", 4, "json", b"null")
"""JSON null: what a step gets as its previous state where there is none."""


def load_states(parts: Parts, spec: RunSpec) -> dict[str, tuple[Output, ...]]:
    """Return by path of a LOAD node the states it stands for; their bytes are among the store's objects then.

    Raises:
        CheckError: a state may run code when it is loaded, was not made here, and nobody trusts it.
        MissingError: there is no such generation, or it has not the states of a step.
        StoreError: bytes are missing, or are not what their digest says.
    """
    wanted = loadings(spec.graph)
    lifecycle = spec.lifecycle
    if not wanted or lifecycle is None:
        return {}
    if lifecycle.loads is None:
        return {each.path: tuple(Output(name, "state", _NOTHING) for name in each.states) for each in wanted}
    registry = parts.registry_at(lifecycle.registry)
    version, number = lifecycle.loads
    generation = generation_at(registry, lifecycle.project, version, number)
    check_trust(parts.trust, generation, is_told=lifecycle.trusts, at=parts.clock())
    known = {state.name: state.ref for state in generation.draft.states}
    return {each.path: _outputs(parts, registry, generation, each, known) for each in wanted}


def generation_at(registry: Registry, project: str, version: str, number: int) -> Generation:
    """Return one generation.

    Raises:
        MissingError: it is not there (any more).
    """
    for each in registry.generations(project, version):
        if each.number == number:
            return each
    raise MissingError(f"generation {project}/{version}/{number} is not in the registry any more")


def _outputs(
    parts: Parts, registry: Registry, generation: Generation, wanted: Loading, known: Mapping[str, ArtifactRef]
) -> tuple[Output, ...]:
    found = []
    for name in wanted.states:
        ref = known.get(f"{wanted.step}:{name}")
        if ref is not None:
            found.append(Output(name, "state", _brought(parts, registry, ref)))
        elif wanted.is_previous:
            found.append(Output(name, "state", _NOTHING))
        else:
            has = ", ".join(sorted(known)) or "none"
            raise MissingError(
                f"generation {generation.address} has no state '{name}' of step '{wanted.step}'",
                f"it has {has}; 'graft train' makes a generation of the steps as they are now",
            )
    return tuple(found)


def _brought(parts: Parts, registry: Registry, ref: ArtifactRef) -> ArtifactRef:
    """Put the bytes of a state into the store, verified on both sides, and return what a step takes it by."""
    data = registry.read(ref.sha256)
    if len(data) <= INLINE_LIMIT:
        return ref._replace(inline=data)
    parts.outputs.keep(data)
    if not (registry.path(ref.sha256) or "").startswith(parts.objects):
        parts.outputs.read(ref)  # an object of this name that was there already is not written anew
    return ref

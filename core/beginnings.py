"""What training begins with: states of the last generation, which steps take as the argument `previous`."""

from __future__ import annotations

from collections.abc import Sequence

from .graph import Argument, Call, CallKind, Operation, Return, ReturnKind
from .learntasks import PREVIOUS_STATE
from .supply import HERE, Constant, Gather, Source, Upstream
from .takes import Take


class Beginnings:
    """The steps of one compile that begin with a state.

    Args:
        is_loaded: Whether there may be one: in all modes but "train" it is None.
    """

    def __init__(self, *, is_loaded: bool):
        self.loads: dict[str, Operation] = {}
        """Path of a node that hands on states of the last generation -> its operation."""
        self._is_loaded = is_loaded

    def bind(
        self, path: str, returns: Sequence[Return], arguments: list[Argument], unbound: Sequence[Take] = ()
    ) -> list[Take]:
        """Bind `previous` of a step that returns states, unless it is bound; return what is still unbound.

        Args:
            path: Of the step.
            returns: What it returns.
            arguments: Those that are bound; one is added.
            unbound: Names for which there is no value.
        """
        states = tuple(each for each in returns if each.kind is ReturnKind.STATE)
        if not states or any(each.name == PREVIOUS_STATE for each in arguments):
            return list(unbound)
        arguments.append(Argument(PREVIOUS_STATE, self._source(path, states)))
        return [take for take in unbound if take.name != PREVIOUS_STATE]

    def _source(self, path: str, states: tuple[Return, ...]) -> Source:
        if not self._is_loaded or HERE in path.split("/"):  # a state inside a map is refused when all is bound
            return Constant(None, "fixed")
        node = f"{path}/{PREVIOUS_STATE}"
        self.loads[node] = Operation(call=Call(kind=CallKind.LOAD), returns=states)
        found = tuple(Upstream(node, each.name) for each in states)
        return found[0] if len(found) == 1 else Gather(found)

"""Operations as plain tuples, for orders: pickling the records themselves costs 31 us, and reading them 36.

Ten thousand steps of one function that return ten thousand names are ten thousand operations with one call and one
policy: both sides keep what they have seen of those, so such an operation costs 3 us.
"""

from __future__ import annotations

from typing import Any

from ..core.graph import Call, CallKind, Operation, Policy, Return, ReturnKind, Terminate
from ..core.records import names_of

Definition = tuple[tuple[Any, ...], tuple[tuple[Any, ...], ...], tuple[Any, ...]]
"""(call, returns, policy), each by field in the order they are declared. Any: the fields' own types."""

_CALL = names_of(Call)
_POLICY = names_of(Policy)


class Encoder:
    """Makes definitions."""

    def __init__(self) -> None:
        # By identity: an equal call that is another object is merely encoded once more. The records are kept, so that
        # no other takes over an identity.
        self._seen: dict[int, tuple[Call | Policy, tuple[Any, ...]]] = {}

    def encode(self, operation: Operation) -> Definition:
        """Return the definition of an operation."""
        returns = tuple([(each.name, each.kind.value, each.file, each.pattern) for each in operation.returns])
        return self._shared(operation.call), returns, self._shared(operation.policy)

    def _shared(self, record: Call | Policy) -> tuple[Any, ...]:
        seen = self._seen.get(id(record))
        if seen is None:
            names = _CALL if isinstance(record, Call) else _POLICY
            seen = record, tuple([_plain(getattr(record, name)) for name in names])
            self._seen[id(record)] = seen
        return seen[1]


class Decoder:
    """Makes operations of definitions."""

    def __init__(self) -> None:
        self._calls: dict[tuple[Any, ...], Call] = {}
        self._policies: dict[tuple[Any, ...], Policy] = {}

    def decode(self, definition: Definition) -> Operation:
        """Return the operation of a definition."""
        call, returns, policy = definition
        if call not in self._calls:
            self._calls[call] = Call(**{**dict(zip(_CALL, call, strict=True)), "kind": CallKind(call[0])})
        if policy not in self._policies:
            given = dict(zip(_POLICY, policy, strict=True))
            given["resources"] = dict(given["resources"])
            given["terminate"] = None if given["terminate"] is None else Terminate(given["terminate"])
            self._policies[policy] = Policy(**given)
        kept = tuple(
            [Return(name=name, kind=ReturnKind(kind), file=file, pattern=at) for name, kind, file, at in returns]
        )
        return Operation(call=self._calls[call], returns=kept, policy=self._policies[policy])


def _plain(value: Any) -> Any:
    if isinstance(value, CallKind | Terminate):
        return value.value
    return tuple(value.items()) if hasattr(value, "items") else value

"""The steps of one pipeline in order, once their nodes are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .drafts import Block, Draft, Piece
from .ordering import Entry, order_edges, topological
from .pipeline import OrderRule


def in_order(pieces: Sequence[Piece], rule: OrderRule, *, is_inside: bool) -> tuple[Block | None, list[set[int]]]:
    """Put steps in order, with the edges that the order rule adds to their nodes.

    Args:
        pieces: Of one pipeline, in the order listed.
        rule: How the list orders its steps.
        is_inside: Whether the pipeline is in a step, which asks where it begins and ends.

    Returns:
        All nodes, each after what it needs, None when there is a cycle; for each step the positions it waits for.
    """
    ends = {piece.path: position for position, piece in enumerate(pieces)}
    owners: Mapping[str, int] = ends
    if any(len(piece.drafts) > 1 for piece in pieces):
        owners = {draft.path: position for position, piece in enumerate(pieces) for draft in piece.drafts}
    entries: list[list[Entry]] = []
    needs: list[set[int]] = []
    for position, piece in enumerate(pieces):
        if len(piece.drafts) == 1:
            found = _found(piece.drafts[0], owners)
            needs.append(found)
            entries.append([_entry(piece.drafts[0], found, ends, owners, position)])
        else:
            own = [_entry(draft, _found(draft, owners), ends, owners, position) for draft in piece.entries]
            entries.append(own)
            needs.append(_needs(piece, own, owners, position))
    fences = [piece.is_fence for piece in pieces]
    recovers = [piece.step.on_failure is not None and piece.step.fence is not False for piece in pieces]
    for position, added in enumerate(order_edges(entries, fences, recovers, rule)):
        for draft, more in zip(pieces[position].entries, added, strict=True):
            if more:
                draft.needs |= dict.fromkeys([pieces[each].path for each in more])
                needs[position] |= more
    order = topological(needs)
    if order is None:
        return None, needs
    return _block_of([pieces[position] for position in order], owners, is_inside=is_inside), needs


def _found(draft: Draft, owners: Mapping[str, int]) -> set[int]:
    """Return the positions of the steps that a node needs something of, maybe of its own."""
    if not draft.needs:
        return set()
    found = set(map(owners.get, draft.needs))
    found.discard(None)
    return found  # type: ignore[return-value]  # no None among them


def _entry(draft: Draft, found: set[int], ends: Mapping[str, int], owners: Mapping[str, int], position: int) -> Entry:
    """Return what a node needs of other steps, `found` with its own, as the order rules ask it."""
    if position in found:
        found = found - {position}
    if not found or owners is ends:  # thousands of tasks are waited for as a whole
        return tuple.__new__(Entry, (found, _NONE))
    whole = {ends[need] for need in draft.needs if need in ends}
    inside = {owners[need] for need in draft.needs if need in owners and need not in ends}
    return Entry(whole & found, inside & found)


_NONE: frozenset[int] = frozenset()


def _needs(piece: Piece, entries: Sequence[Entry], owners: Mapping[str, int], position: int) -> set[int]:
    """Return the positions of the steps that a step of several nodes, or anything inside it, waits for."""
    found = {owners[need] for draft in piece.drafts for need in draft.needs if need in owners}
    found.update([owners[need] for need in piece.hidden if need in owners])
    if not any(piece.path in entry.needs for entry in piece.entries):  # else it waits for itself
        found.discard(position)
    return found


def _block_of(pieces: Sequence[Piece], owners: Mapping[str, int], *, is_inside: bool) -> Block:
    block = Block(drafts=[draft for piece in pieces for draft in piece.drafts])
    for piece in pieces if is_inside else ():
        block.entries += [draft for draft in piece.entries if owners.keys().isdisjoint(draft.needs)]
        block.exits.append(piece.path)
        if piece.recovery is not None:
            block.exits.append(piece.recovery)
        block.hidden |= piece.hidden
    return block

"""Which rows are trained on and which are scored: shares and folds, the same for the same seed on every machine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any


def folds_of(rows: int, folds: int, seed: int | None, labels: Sequence[Any] | None = None) -> list[int]:
    """Return the fold of each row, from 1; folds differ by one row at most in size.

    Args:
        rows: How many.
        folds: How many.
        seed: Of the order in which rows are dealt out; None: folds are stretches of rows in their order.
        labels: Of each row; each fold gets its share of each label. None: they do not matter.

    Raises:
        ValueError: there are fewer rows than folds.
    """
    if rows < folds:
        raise ValueError(f"{rows} rows cannot be dealt out to {folds} folds")
    order = _shuffled(rows, seed)
    if labels is not None:
        rank = _ranks(labels)
        order.sort(key=lambda row: rank[row])  # stable: each label's rows stay shuffled
        found = [0] * rows
        for at, row in enumerate(order):
            found[row] = at % folds + 1
        return found
    found = [0] * rows
    for fold in range(folds):
        for row in order[fold * rows // folds : (fold + 1) * rows // folds]:
            found[row] = fold + 1
    return found


def held_out(rows: int, share: float, seed: int | None, labels: Sequence[Any] | None = None) -> list[int]:
    """Return the rows to score, in their order: at least one, and at least one is left.

    Args:
        rows: How many.
        share: Of them, between 0 and 1.
        seed: Of the choice; None: the last rows.
        labels: Of each row; each label loses its share. None: they do not matter.

    Raises:
        ValueError: there are fewer than two rows.
    """
    if rows < 2:
        raise ValueError(f"{rows} rows cannot be parted")
    size = min(max(round(rows * share), 1), rows - 1)
    order = _shuffled(rows, seed)
    if labels is not None:
        rank = _ranks(labels)
        order.sort(key=lambda row: rank[row])
        # The rows in order of their labels, one of every rows/size: as even as shares can be.
        return sorted(order[min(int((at + 0.5) * rows / size), rows - 1)] for at in range(size))
    return sorted(order[rows - size :])


def _shuffled(rows: int, seed: int | None) -> list[int]:
    if seed is None:
        return list(range(rows))
    # Of Python's generator only random() is promised to stay as it is, shuffle() is not.
    chance = random.Random(seed).random
    weights = [chance() for _ in range(rows)]
    return sorted(range(rows), key=weights.__getitem__)


def _ranks(labels: Sequence[Any]) -> list[int]:
    """Return a number for the label of each row; rarer labels first, so that each fold gets some."""
    counts: dict[str, int] = {}
    names = [repr(each) for each in labels]
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    rank = {name: at for at, name in enumerate(sorted(counts, key=lambda name: (counts[name], name)))}
    return [rank[name] for name in names]

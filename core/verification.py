"""What came of running steps again: records, and the comparison of what was and what is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from .artifacts import ArtifactRef, Output
from .ids import RunId
from .records import dataclass


class Level(StrEnum):
    """How far two results of one step agree."""

    IDENTICAL = "IDENTICAL"
    """The same bytes."""
    EQUAL = "EQUAL"
    """Other bytes, the same values (as far as `--rtol` says)."""
    DIFFERENT = "DIFFERENT"
    """Other values, or no value at all."""


class Outcome(StrEnum):
    """What came of one step."""

    HELD = "HELD"
    """All of its outputs are identical or equal."""
    DIFFERENT = "DIFFERENT"
    """At least one output is not what it was."""
    FAILED = "FAILED"
    """It succeeded in the run and failed now."""
    SKIPPED = "SKIPPED"
    """It was not run again; `detail` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One output, then and now."""

    name: str
    level: Level
    old: str | None
    """sha256 of the recorded bytes; None: the run did not make it."""
    new: str | None
    """sha256 of the new ones; None: it was not made again."""
    detail: str | None = None
    """Where the first difference is, as `[3].score: 0.5, now 0.6`; None: nothing more is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One step of a verified run."""

    path: str
    outcome: Outcome
    outputs: tuple[Compared, ...] = ()
    detail: str | None = None
    """Why it was skipped or failed, or what else may explain the difference."""
    family: str | None = None
    is_marked: bool = False
    """The store says from now on that it is not deterministic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All that came of verifying a run."""

    run: RunId
    again: RunId | None
    """The hidden run in which the steps ran again; None: none was to be run."""
    hash_seed: int
    jobs: int
    """cpus that steps could use together, in the check."""
    jobs_before: int
    steps: tuple[Checked, ...]
    """In definition order."""
    is_cancelled: bool = False
    """It was stopped: steps that had not ended are SKIPPED."""

    @property
    def is_good(self) -> bool:
        """Tell whether everything that was run again came out as it was."""
        return not any(step.outcome in (Outcome.DIFFERENT, Outcome.FAILED) for step in self.steps)

    def of(self, outcome: Outcome) -> list[Checked]:
        """Return the steps of one outcome."""
        return [step for step in self.steps if step.outcome is outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """That a step was seen to be non-deterministic."""

    path: str
    """Of the step, or its family (`trials/*/fit`)."""
    outputs: tuple[str, ...]
    """Names of outputs that came out otherwise."""
    code: str | None
    """Digest of the fingerprint of its code; None: there was none."""
    run: RunId
    """The run that was verified."""
    at: float
    """Wall time of the check."""


class Marks(Protocol):
    """Steps that were seen to be non-deterministic."""

    def mark(self, project: str, pipeline: str, marks: Sequence[Mark]) -> None:
        """Note them; a later mark of one path takes the place of the earlier one.

        Raises:
            StoreError: the store cannot be written.
        """
        ...

    def marks(self, project: str, pipeline: str) -> dict[str, Mark]:
        """Return them by path."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two values that have other bytes: whether they are equal takes reading them."""

    path: str
    output: str
    old: ArtifactRef
    new: ArtifactRef


def compare(path: str, old: Sequence[Output], new: Sequence[Output]) -> tuple[list[Compared], list[Pair]]:
    """Compare the outputs of a step by their bytes.

    Returns:
        Every output by name, old ones first; those with other bytes are DIFFERENT. And the pairs of them that may be
        equal as values: not those of which there is only one, nor catalog files.
    """
    was, now = _by_name(old), _by_name(new)
    compared, pairs = [], []
    for name in [*was, *(name for name in now if name not in was)]:
        before, after = was.get(name), now.get(name)
        one, other = before and before.ref, after and after.ref
        is_same = one is not None and other is not None and _bytes_of(one) == _bytes_of(other)
        lacking = "it was not made again" if other is None else "it is new" if one is None else None
        compared.append(
            Compared(
                name=name,
                level=Level.IDENTICAL if is_same else Level.DIFFERENT,
                old=one and one.sha256,
                new=other and other.sha256,
                detail=lacking,
            )
        )
        if not is_same and one is not None and other is not None and before is not None and before.role != "file":
            pairs.append(Pair(path=path, output=name, old=one, new=other))
    return compared, pairs


def sample(groups: Mapping[str, object], size: int) -> set[str]:
    """Choose paths so that each kind of step is among them: whether one is deterministic is a matter of its code.

    Args:
        groups: path -> its kind, in the order in which paths of a kind are taken.
        size: how many are wanted at most.
    """
    kinds: dict[object, list[str]] = {}
    for path, kind in groups.items():
        kinds.setdefault(kind, []).append(path)
    return set(list(_in_turns(list(kinds.values())))[:size])


def sample_size(text: str, count: int) -> int:
    """Return how many of `count` steps a person wants who wrote `20`, `10%` or `0.1`.

    Raises:
        ValueError: it is none of these.
    """
    body, is_percent = text.removesuffix("%"), text.endswith("%")
    number = float(body)
    if is_percent or "." in body:
        share = number / 100 if is_percent else number
        if not 0 < share <= 1:
            raise ValueError(text)
        return max(1, round(count * share)) if count else 0
    if not 1 <= number < math.inf:
        raise ValueError(text)
    return min(int(number), count)


def _by_name(outputs: Sequence[Output]) -> dict[str, Output]:
    return {output.name: output for output in outputs}


def _bytes_of(ref: ArtifactRef) -> tuple[str, str]:
    return ref.serializer, ref.sha256


def _in_turns(queues: Sequence[Sequence[str]]) -> Iterator[str]:
    for at in range(max((len(queue) for queue in queues), default=0)):
        yield from (queue[at] for queue in queues if at < len(queue))

"""Whether a runner can take a run now: what it answers when it is asked, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from .records import dataclass

PATIENCE_S = 10.0
"""Seconds a runner has to answer: a person waits for it, and a cluster that needs longer is not well."""


class Reach(StrEnum):
    """Whether a runner answers."""

    UP = "UP"
    """It answers, and somebody is there who works."""
    DOWN = "DOWN"
    """It does not answer, or nobody is there who could work."""
    UNKNOWN = "UNKNOWN"
    """It cannot be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a runner is asked beside whether it is there."""

    packages: tuple[str, ...] = ()
    """Distributions whose versions are wanted."""
    secrets: tuple[str, ...] = ()
    """Names of secrets; only whether they can be had is wanted, never a value."""
    labels: tuple[str, ...] = ()
    """Labels and named resources that steps want; `default` is among them where a step wants none."""
    timeout_s: float = PATIENCE_S
    """After which the answer is that there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one place where steps run (a worker, a machine) says of itself."""

    name: str
    graftline: str = ""
    python: str = ""
    """Major and minor: `3.12`."""
    packages: Mapping[str, str] | None = None
    """Distribution -> version of those that were asked for and are there; None: it did not say."""
    secrets: Mapping[str, bool] | None = None
    """Name -> whether it can be had there; None: it did not say."""
    refusal: str | None = None
    """Why it cannot work for a run from here, in a sentence: another graftline, another Python; None: it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a runner is."""

    reach: Reach = Reach.UNKNOWN
    told: str = "it cannot be asked before a run begins"
    """What was found, in a few words: `2 workers at tcp://10.0.0.1:8786`."""
    remedy: str | None = None
    """What to do when it is down."""
    answers: tuple[Answer, ...] = ()
    offers: frozenset[str] | None = None
    """Labels and named resources that steps may ask for there; None: it did not say."""
    limit_bytes: int | None = None
    """Bytes of values that travel with one attempt; None: as many as there are, or it is not known."""


NOT_ASKED = Health()
"""Of a runner that has no way to be asked."""

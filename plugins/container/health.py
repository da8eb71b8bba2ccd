"""Whether a run could go into a container now: an engine answers, the image is here, and has this graftline."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ...core.errors import PluginError
from ...core.records import replace
from ...core.runnerhealth import Health, Question, Reach
from ..pipe import visit
from ..remote.answering import limit_of, within
from ..remote.stations import DEFAULT_LIMIT
from .box import box_of
from .engine import find_engine, has_image

_ENGINE_SHARE = 0.3
"""Of the time there is, for an engine to say that it is there; there are two of them, and the image needs some too."""


def health_of(given: Mapping[str, Any], question: Question) -> Health:
    """Return how the container of these options is.

    Args:
        given: options that were checked.
        question: what is wanted, and in which time.
    """
    found = within(lambda: _look(given, question), question.timeout_s)
    if isinstance(found, Health):
        return found
    if isinstance(found, PluginError):
        return Health(reach=Reach.DOWN, told=found.message, remedy=found.hint)
    told = f"no container could be looked into: {found or type(found).__name__}"
    return Health(reach=Reach.DOWN, told=told, remedy="does `docker version` (or `podman info`) answer here?")


def _look(given: Mapping[str, Any], question: Question) -> Health:
    began, image = time.monotonic(), given["image"]
    limit, asked_s = limit_of(given, DEFAULT_LIMIT), question.timeout_s * _ENGINE_SHARE
    engine = find_engine(given.get("engine"), asked_s=asked_s)
    gpu = {"gpu"} if given.get("gpus") else set[str]()
    if not has_image(engine, image, asked_s=asked_s):
        told = f"{engine} answers; image {image} is not here and is fetched when the run begins"
        offers = frozenset({*gpu, *given.get("labels", ()), *given.get("resources", {})})
        return Health(reach=Reach.UP, told=told, offers=offers, limit_bytes=limit)
    box = box_of(given, engine, "health", ())
    left_s = question.timeout_s - (time.monotonic() - began)
    sights = visit.visit([box], replace(question, timeout_s=left_s))
    found = visit.health_of(sights, limit, lambda sight: f"{engine} answers; {sight.place.what} has {sight}")
    return found if found.offers is None else replace(found, offers=found.offers | gpu)

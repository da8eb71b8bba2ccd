"""Whether celery workers could take a run now: the broker answers, and each worker says what it has."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ...core.demands import DEFAULT_LABEL
from ...core.errors import PluginError
from ...core.runnerhealth import Health, Question, Reach
from ...core.text import plural
from ..remote.answering import answer_of, limit_of, within
from .app import make_app
from .broker import Box, Broker, Post
from .link import FIND_S
from .names import ASK, QUEUE, START_A_WORKER, START_THE_BROKER
from .opening import LIMIT

_SHARE = 0.8
"""Of the time there is, for workers to answer; to connect and to let go take the rest."""
_LEFT_SHARE = 0.9
"""Of the time there is: when we have to be gone, or the answer is given while we go."""
_CALM_S = 0.6
"""Once a worker has answered, the others have had their chance when nothing comes for so long."""
_AGAIN_S = 1.0
"""Between two calls: a broker may lose one that comes while a worker connects anew."""


def health_of(options: Mapping[str, Any], question: Question) -> Health:
    """Return how the workers at the broker of these options are.

    Args:
        options: that were checked.
        question: what is wanted, and in which time.
    """
    broker = Broker(url=options["broker"], transport=options.get("transport") or {})
    limit = limit_of(options, LIMIT)
    wait_s = min(FIND_S, question.timeout_s * _SHARE)
    found = within(lambda: _answers(broker, question, wait_s), question.timeout_s)
    if isinstance(found, PluginError):
        return Health(reach=Reach.DOWN, told=found.message, remedy=found.hint, limit_bytes=limit)
    if isinstance(found, Exception):
        why = (str(found) or type(found).__name__).splitlines()[0]
        told = f"the celery broker {broker} is out of reach: {why}"
        return Health(reach=Reach.DOWN, told=told, remedy=START_THE_BROKER, limit_bytes=limit)
    if not found:
        told = f"the celery broker {broker} answers, and no graftline worker in {wait_s:g} s"
        return Health(reach=Reach.DOWN, told=told, remedy=START_A_WORKER, limit_bytes=limit)
    return _judged(broker, options, question, found, limit)


def _judged(
    broker: Broker,
    options: Mapping[str, Any],
    question: Question,
    found: Sequence[Mapping[str, Any]],
    limit: int | None,
) -> Health:
    prefix = str(options.get("prefix", ""))
    default = prefix + str(options.get("queue", QUEUE))
    queues = {str(queue) for each in found for queue in each["queues"]}
    threads, busy = sum(each["threads"] for each in found), sum(each["busy"] for each in found)
    told = f"{plural(len(found), 'worker')} at {broker} {'takes' if len(found) == 1 else 'take'}"
    told += f" {plural(threads, 'attempt')} at once"
    told += f", {busy} under way now" if busy else ""
    is_deaf = DEFAULT_LABEL in question.labels and default not in queues
    remedy = None
    if is_deaf:
        told = f"no worker listens to '{default}', the queue of steps without a label"
        told += f"; they listen to {', '.join(sorted(queues))}"
        remedy = START_A_WORKER
    return Health(
        reach=Reach.DOWN if is_deaf else Reach.UP,
        told=told,
        remedy=remedy,
        answers=tuple(answer_of(str(each["worker"]), each) for each in found),
        offers=frozenset(each.removeprefix(prefix) for each in queues if each.startswith(prefix) and each != default),
        limit_bytes=limit,
    )


def _answers(broker: Broker, question: Question, wait_s: float) -> list[Mapping[str, Any]]:
    """Ask all workers and return what each says; it ends when it is calm again, or the time is over.

    Raises:
        BrokerDown: it is out of reach.
        PluginError: no worker can be found by it.
    """
    broker.check()
    began = time.monotonic()
    deadline = began + wait_s
    post = Post(make_app(broker), broker.connection)
    reply = f"graft-health-{uuid.uuid4().hex}"
    box = Box(reply, broker.connection)
    try:
        found: dict[str, Mapping[str, Any]] = {}
        called_at = heard_at = 0.0
        while (now := time.monotonic()) < deadline and not (found and now - heard_at > _CALM_S):
            if now - called_at >= _AGAIN_S:
                called_at = now
                asked = {"packages": list(question.packages), "secrets": list(question.secrets)}
                post.call({"reply": reply, **asked}, ASK)
            for message in box.take(0.1):
                if message["desk"] not in found:
                    found[message["desk"]], heard_at = message, time.monotonic()
        return sorted(found.values(), key=lambda each: str(each["worker"]))
    finally:
        leaving = threading.Thread(target=_leave, args=(box, post), name="graftline-leave", daemon=True)
        leaving.start()
        leaving.join(max(0.0, began + question.timeout_s * _LEFT_SHARE - time.monotonic()))


def _leave(box: Box, post: Post) -> None:
    """Delete our queue and disconnect: redis takes up to a second for it, in which it waits for messages."""
    box.close(deletes=True)
    post.close()

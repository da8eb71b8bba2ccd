"""What a place where steps run says of itself when it is asked whether it could work for a run."""

from __future__ import annotations

import os
import queue
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from ...core.errors import GraftError
from ...core.runnerhealth import Answer
from ...worker.handshake import Speaker, here, installed, refusal
from ...worker.vault import open_vault

_T = TypeVar("_T")


def within(ask: Callable[[], _T], timeout_s: float) -> _T | Exception:
    """Return what is asked for, what was raised instead, or a TimeoutError when it took too long.

    It is asked on a thread: who took the connection and then says nothing would hold the caller for ever.
    """
    answers: queue.SimpleQueue[_T | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(ask())
        except Exception as problem:  # noqa: BLE001  whatever a library raises, there is no answer
            answers.put(problem)

    threading.Thread(target=work, name="graftline-health", daemon=True).start()
    try:
        return answers.get(timeout=timeout_s)
    except queue.Empty:
        return TimeoutError(f"no answer within {timeout_s:g} s")


def said_here(packages: Iterable[str], secrets: Iterable[str]) -> dict[str, Any]:
    """Return what this process has, as plain values: they travel between versions. Of secrets never a value."""
    return {**here()._asdict(), "packages": installed(packages), "secrets": held(secrets)}


def answer_of(name: str, said: Mapping[str, Any]) -> Answer:
    """Return what a place said, judged from here."""
    speaker = Speaker(str(said["graftline"]), str(said["python"]))
    return Answer(
        name=name,
        graftline=speaker.graftline,
        python=speaker.python,
        packages=said.get("packages"),
        secrets=said.get("secrets"),
        refusal=refusal(speaker, f"worker {name}"),
    )


def held(secrets: Iterable[str]) -> dict[str, bool]:
    """Return by name whether a step that runs here would get the secret: as stations look for it, without a project."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="graftline-") as nowhere:
        vault = open_vault(nowhere, os.environ)
        for name in secrets:
            try:
                vault.values([name])
            except GraftError:
                found[name] = False
            else:
                found[name] = True
    return found


def limit_of(options: Mapping[str, Any], default: int) -> int | None:
    """Return how many bytes of values travel with one attempt by the options of a runner; None: they go another way."""
    return None if options.get("artifacts") else int(options.get("limit") or default)

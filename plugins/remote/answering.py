"""What a place where steps run says of itself when it is asked whether it could work for a run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any

from ...core.errors import GraftError
from ...core.runnerhealth import Answer
from ...worker.handshake import Speaker, here, installed, refusal
from ...worker.vault import open_vault


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

"""Ends of attempts, kept in the directory of artifacts before they are told: whoever hosts the run next collects them.

    runs/RUN/attempts/NAME.report       a line of JSON (which work it was, and who wrote it) + the bytes of the report
    runs/RUN/attempts/NAME.log          what the attempt printed

A report serves for the same work alone: the same step of the same bundle with the same inputs. Nothing is deleted here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from urllib.parse import quote

from ...core.errors import StoreError
from ...worker.handshake import here

_NAMED = 120
"""Characters of a path in the name of a file, which may have 255 bytes; the digest of the token follows."""


class Kept:
    """The attempts of one run in a directory of artifacts.

    Args:
        folder: absolute directory of artifacts; made when something is kept.
        run: id of the run.
    """

    def __init__(self, folder: str, run: str) -> None:
        self.run = run
        self._home = os.path.join(folder, "runs", run, "attempts")

    def keep(self, token: str, work: str, report: bytes) -> None:
        """Write the report of an attempt that has ended, whole or not at all.

        Raises:
            StoreError: it cannot be written.
        """
        head = json.dumps({"token": token, "work": work, **here()._asdict()}).encode()
        path = self._path(token, "report")
        fresh = f"{path}.{os.getpid()}-{os.urandom(4).hex()}"
        try:
            os.makedirs(self._home, exist_ok=True)
            with open(fresh, "wb") as file:
                file.write(head + b"\n" + report)
            os.replace(fresh, path)
        except OSError as problem:
            raise StoreError(f"a report cannot be kept: {problem.strerror}", file=self._home) from problem

    def find(self, tokens: Iterable[str], work: str) -> tuple[str, bytes] | None:
        """Return the first of these attempts that did the work and whose end is known, with its report; None: none."""
        for token in tokens:
            with contextlib.suppress(OSError):
                with open(self._path(token, "report"), "rb") as file:
                    head, _, report = file.read().partition(b"\n")
                if _fits(head, token, work):
                    return token, report
        return None

    def add_log(self, token: str, data: bytes) -> None:
        """Append records to the log of an attempt. What cannot be written is lost, as a step does not fail for it."""
        with contextlib.suppress(OSError):
            os.makedirs(self._home, exist_ok=True)
            with open(self._path(token, "log"), "ab") as file:
                file.write(data)

    def log(self, token: str) -> str:
        """Return the path of an attempt's log, which may not be there."""
        return self._path(token, "log")

    def _path(self, token: str, suffix: str) -> str:
        _, attempt, node = token.split("/", 2)
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        return os.path.join(self._home, f"{quote(node, safe='')[:_NAMED]}-{attempt}-{digest}.{suffix}")


def _fits(head: bytes, token: str, work: str) -> bool:
    """Tell whether a report is of this attempt and work, by the graftline and Python that may open it."""
    try:
        told = json.loads(head)
    except ValueError:
        return False
    expected = {"token": token, "work": work, **here()._asdict()}
    return isinstance(told, dict) and all(told.get(name) == value for name, value in expected.items())

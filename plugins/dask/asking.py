"""What a dask cluster says of itself, asked by a process of its own: dask takes 32 MB, which a terminal UI that asked
once would keep for good. `python -m graftline.plugins.dask.asking`: a request as JSON on stdin, the answer on stdout.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from ...core.runnerhealth import Question

_SHARE = 0.8
"""Of the time there is: what the scheduler may take to answer. The rest is for letting it go."""


class NoAnswer(Exception):
    """The cluster said nothing; the text says why, in one line."""


def asked(address: str, question: Question) -> Mapping[str, Any]:
    """Return what a cluster says: `workers` -> what each says of itself, or a text when it cannot; their `resources`.

    Raises:
        NoAnswer: nobody answered in time.
    """
    deadline = time.monotonic() + question.timeout_s
    wanted = {
        "address": address,
        "packages": list(question.packages),
        "secrets": list(question.secrets),
        "deadline": deadline,  # of the machine's clock, which both processes read
    }
    # -P: in the current directory may be anything, also a `json.py`. Its own group: Ctrl+C is for who asks.
    command = [sys.executable, "-P", "-m", __name__]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            out, _ = process.communicate(json.dumps(wanted).encode(), timeout=deadline - time.monotonic())
        except subprocess.TimeoutExpired:
            raise NoAnswer(f"no answer within {question.timeout_s:g} s") from None
        finally:
            process.kill()
    if process.returncode:
        raise NoAnswer(f"the process that asked it ended with {process.returncode}")
    answer: dict[str, Any] = json.loads(out)
    if "problem" in answer:
        raise NoAnswer(answer["problem"])
    return answer


def main() -> None:
    """Answer the request on stdin."""
    wanted = json.load(sys.stdin)
    stdout = os.dup(1)
    os.dup2(2, 1)  # whatever dask prints is no answer
    try:
        answer = _ask(wanted)
    except Exception as problem:  # noqa: BLE001  whatever a library raises, there is no answer
        answer = {"problem": (str(problem) or type(problem).__name__).splitlines()[0]}
    with os.fdopen(stdout, "w") as out:
        json.dump(answer, out)
    os._exit(0)  # threads of dask that still wait for somebody are not waited for


def _ask(wanted: Mapping[str, Any]) -> dict[str, Any]:
    from distributed import Client  # in the process that was made for it alone

    from . import place

    timeout = max(0.2, (wanted["deadline"] - time.monotonic()) * _SHARE)
    client = Client(wanted["address"], timeout=timeout, set_as_default=False, name="graftline-health")
    workers = client.scheduler_info(n_workers=-1)["workers"]
    said = client.run(place.health, wanted["packages"], wanted["secrets"], on_error="return") if workers else {}
    client.close(timeout=1)
    return {
        "workers": {_name(workers, each): _told(told) for each, told in said.items()},
        "resources": sorted({name for each in workers.values() for name in each["resources"]}),
    }


def _name(workers: Mapping[str, Any], address: str) -> str:
    """Return what a worker is called: its dask name where a person gave it one."""
    return str(workers.get(address, {}).get("id") or address).rpartition("//")[2]


def _told(said: Any) -> Any:
    return f"{type(said).__name__}: {said}" if isinstance(said, BaseException) else said


if __name__ == "__main__":
    main()

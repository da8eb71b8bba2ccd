"""The command lines of `docker` and `podman`: which of them answers here, and what each calls things."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from ...core.errors import PluginError

ENGINES = ("docker", "podman")
"""In the order they are tried."""
_ASKED_S = 20.0
"""For an engine to say whether it is there: podman prepares its storage at the first call."""
_QUESTIONS = {
    "docker": ("version", "--format", "{{.Server.Version}}"),
    "podman": ("info", "--format", "{{.Version.Version}}"),
}


def find_engine(wanted: str | None, *, asked_s: float = _ASKED_S) -> str:
    """Return the engine that answers: the wanted one, else the first that does.

    Args:
        wanted: its name; None: any.
        asked_s: seconds each has to answer.

    Raises:
        PluginError: none does; it says what was tried and what they said.
    """
    tried = []
    for engine in ENGINES if wanted is None else (wanted,):
        why = _problem(engine, asked_s)
        if why is None:
            return engine
        tried.append(f"{engine}: {why}")
    raise PluginError(
        f"no container can be started here: {'; '.join(tried)}",
        "start the daemon (systemctl start docker), or install docker or podman; or run elsewhere: -R local",
    )


def has_image(engine: str, image: str, *, asked_s: float) -> bool:
    """Tell whether an image is on this machine, so that it need not be fetched."""
    done = _ask([engine, "image", "inspect", "--format", "{{.Id}}", image], asked_s)
    return done is not None and done.returncode == 0


def gpu_arguments(engine: str, gpus: str | int) -> list[str]:
    """Return what gives a container gpus: a number of them, `all`, or as the engine names devices."""
    if engine == "docker":
        return ["--gpus", str(gpus)]
    named = [str(number) for number in range(gpus)] if isinstance(gpus, int) else [gpus]
    return [word for name in named for word in ("--device", f"nvidia.com/gpu={name}")]


def remove(engine: str, name: str) -> None:
    """Remove a container whose client was killed; one that is gone already is none to speak of."""
    _ask([engine, "rm", "-f", name])


def _problem(engine: str, asked_s: float) -> str | None:
    """Return why an engine cannot be used, in its words; None: it can."""
    if shutil.which(engine) is None:
        return "not on PATH"
    done = _ask([engine, *_QUESTIONS[engine]], asked_s)
    if done is None:
        return f"no answer in {asked_s:g} s"
    if done.returncode == 0:
        return None
    words = (done.stderr or done.stdout).strip().splitlines()
    return words[-1] if words else f"exit code {done.returncode}"


def _ask(command: Sequence[str], timeout_s: float = _ASKED_S) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError):
        return None

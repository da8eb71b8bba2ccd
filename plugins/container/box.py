"""One container: the command line that starts its station, and what the engine's exit codes mean."""

from __future__ import annotations

import math
import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...core.errors import InvalidError
from ...core.graph import Operation
from ...core.records import dataclass, replace
from ..pipe.opening import OFFER_OPTIONS, offer_of
from ..pipe.place import Offer, Verdict, is_signal, quoted
from ..remote.options import NUMBER
from .engine import ENGINES, gpu_arguments, remove

OPTIONS: Mapping[str, tuple[type, ...]] = {
    "image": (str,),
    "engine": (str,),
    "graft": (str,),
    "volumes": (list,),
    "env": (dict, list),
    "network": (str,),
    "memory": (str, int),
    "cpus": NUMBER,
    "gpus": (str, int),
    "arguments": (list,),
    **OFFER_OPTIONS,
}
"""Of `[runner.NAME]`, with the types each may have."""
_ODD = re.compile(r"[^A-Za-z0-9_.-]+")
_ENGINE_FAILED, _CANNOT_INVOKE, _NOT_FOUND = 125, 126, 127
_GPU = "gpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A container of an image. Implements `Place`."""

    engine: str
    image: str
    name: str
    run: str
    arguments: tuple[str, ...]
    """Of `docker run`, before the image."""
    environ: Mapping[str, str]
    """Variables for the engine's client, which hands them on by name: everybody sees a command line."""
    graft: tuple[str, ...]
    offer: Offer
    home: str | None = None

    @property
    def what(self) -> str:
        """Return what it is called in messages."""
        return f"container of image {self.image}"

    def command(self, nonce: str) -> tuple[Sequence[str], Mapping[str, str]]:
        """Return the engine's client, which becomes the station's pipe.

        What goes through the pipe is frames: no log driver may keep it, and there is no terminal.
        """
        start = [self.engine, "run", "--rm", "-i", "--log-driver", "none", "--name", self._container(nonce)]
        return [*start, *self.arguments, self.image, *self.graft, "serve-station", nonce], self.environ

    def verdict(self, code: int | None, words: str) -> Verdict:
        """Explain why no station answered, with the engine's own words."""
        said = quoted(words)
        command = shlex.join(self.graft)
        if code is None:
            return Verdict(message=f"no station answered in time: {said}", hint=f"try: {self._trial()}")
        if code in (_CANNOT_INVOKE, _NOT_FOUND):
            return Verdict(
                message=f"graftline is not installed in image {self.image}: {said}",
                hint=f"build it in (pip install graftline), or say where it is: [runner.NAME] graft (now: {command})",
                is_final=True,
            )
        if code == _ENGINE_FAILED:
            message = f"{self.engine} cannot start a {self.what}: {said}"
            return Verdict(message=message, hint=f"try: {self._trial()}", is_final=True)
        return Verdict(
            message=f"'{command} serve-station' in a {self.what} ended with exit code {code}: {said}",
            hint=f"is it this graftline? try: {self._trial()}",
            is_final=not is_signal(code),
        )

    def discard(self, nonce: str) -> None:
        """Remove a container whose client was killed."""
        remove(self.engine, self._container(nonce))

    def _container(self, nonce: str) -> str:
        return f"graftline-{_ODD.sub('-', self.run)}-{nonce}"

    def _trial(self) -> str:
        return shlex.join([self.engine, "run", "--rm", self.image, *self.graft, "-V"])


def box_of(given: Mapping[str, Any], engine: str, run: str, operations: Iterable[Operation]) -> Box:
    """Return the container that a configuration names, for one run.

    Args:
        given: the options; `image` is among them.
        engine: that answers.
        run: id of the run.
        operations: of the run: gpus are taken when one of them asks for some.

    Raises:
        InvalidError: an option cannot be.
    """
    wants_gpus = any(_GPU in each.policy.resources or _GPU in each.policy.labels for each in operations)
    gpus = given.get("gpus") if wants_gpus else None
    image = given["image"]
    return Box(
        engine=engine,
        image=image,
        name=_ODD.sub("-", image.rpartition("/")[2]),
        run=run,
        arguments=tuple(_arguments(given, engine, gpus)),
        environ=_environ(given.get("env", {})),
        graft=tuple(shlex.split(given.get("graft", "graft"))),
        offer=_offer(given, gpus),
    )


def check(given: Mapping[str, Any]) -> None:
    """Refuse what cannot be, beyond types.

    Raises:
        InvalidError: no image, no such engine, a volume without a place.
    """
    image = given.get("image")
    if not image or image.startswith("-") or any(sign.isspace() for sign in image):
        hint = '[runner.NAME] provider = "container", image = "registry/team/image:tag", which has graftline installed'
        raise InvalidError("the runner 'container' needs an image" + (f", not {image!r}" if image else ""), hint)
    if (engine := given.get("engine")) is not None and engine not in ENGINES:
        raise InvalidError(f"the runner 'container' knows no engine '{engine}'", f"engines: {', '.join(ENGINES)}")
    for volume in given.get("volumes", ()):
        if not isinstance(volume, str) or ":" not in volume:
            raise InvalidError(
                f"the runner 'container': {volume!r} is no volume", "write it as 'HERE:THERE' or 'HERE:THERE:ro'"
            )
    if given.get("cpus", 1) <= 0:
        raise InvalidError(f"the runner 'container': 'cpus' cannot be {given['cpus']!r}")


def _arguments(given: Mapping[str, Any], engine: str, gpus: str | int | None) -> Iterable[str]:
    for name in ("network", "memory", "cpus"):
        if name in given:
            yield from (f"--{name}", str(given[name]))
    if gpus is not None:
        yield from gpu_arguments(engine, gpus)
    for volume in given.get("volumes", ()):
        here, _, there = volume.partition(":")
        yield from ("--volume", f"{_placed(here)}:{there}")
    if "artifacts" in given:  # both sides see it, under one name
        yield from ("--volume", f"{given['artifacts']}:{given['artifacts']}")
    for name in given.get("env", ()):
        yield from ("--env", str(name))
    yield from map(str, given.get("arguments", ()))


def _placed(path: str) -> str:
    """Return a directory of this machine as engines take it; what is no path names a volume of theirs."""
    path = os.path.expanduser(path)
    return os.path.abspath(path) if path.startswith((".", os.sep)) else path


def _environ(given: Mapping[str, Any] | Sequence[str]) -> dict[str, str]:
    return {name: str(value) for name, value in given.items()} if isinstance(given, Mapping) else {}


def _offer(given: Mapping[str, Any], gpus: str | int | None) -> Offer:
    """Return the offer: as many attempts at once as cores it may use, and the gpus it is given by number."""
    offer = offer_of("container", given)
    if offer.jobs is None and "cpus" in given:  # its station sees all cores of the machine
        offer = replace(offer, jobs=max(1, math.floor(given["cpus"])))
    if isinstance(gpus, int):
        offer = replace(offer, resources={_GPU: float(gpus), **offer.resources})
    return offer

"""A program that does something to a registry again and again, killed a little later each time, and looks what is left.

    python shelf_kills.py DEED STRIDE FOLDER

It forks for each instant, as a test process full of threads must not. What counts as an instant is each call of the
system or of SQLite that writes: before it and after it. Prints one JSON document.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import registries
from registries import CONTENT, digest, draft_generation
from shelved import Shelved

from graftline.core.exchanging import check_whole
from graftline.core.registry import Registry
from graftline.core.versions import Bump
from graftline.plugins.registry.bundle import ZippedRegistries
from graftline.plugins.registry.filesystem import FilesystemRegistry

_WRITING = frozenset(
    {"execute", "executemany", "rename", "replace", "link", "unlink", "fsync", "write", "mkdir", "open"}
)


def _release(here: Registry, source: Path) -> None:
    made = Shelved(here)
    made.edit("hotfix")
    made.release(bump=Bump.PATCH, carry="churn/0.1.0/1")


def _copy(here: Registry, source: Path) -> None:
    made = Shelved(FilesystemRegistry(str(source / "from")), here)
    shipment = made.lineages.exchanging.shipment(("churn",), "there", with_aliases=True)
    made.lineages.exchanging.copy(shipment, "there")


def _import(here: Registry, source: Path) -> None:
    exchanging = Shelved(here, bundles=ZippedRegistries).lineages.exchanging
    with exchanging.bundle(str(source / "all.graft"), with_aliases=True) as (bundle, shipments):
        exchanging.take_in(bundle, shipments)


DEEDS: dict[str, tuple[Callable[[Registry, Path], None], list[str]]] = {
    "release": (_release, ["churn/0.1.0", "churn/0.1.0/1", "churn/0.1.1", "churn/0.1.1/1"]),
    "copy": (_copy, ["churn/0.1.0", "churn/0.1.0/1", "churn/0.1.0/2", "churn/0.2.0", "churn/0.2.0/1", "@champion"]),
    "import": (_import, ["churn/0.1.0", "churn/0.1.0/1", "churn/0.1.0/2", "churn/0.2.0", "churn/0.2.0/1", "@champion"]),
}
"""What is done, and what is there once it is done."""


def held(registry: Registry) -> list[str]:
    """Return every address in a registry, then its aliases."""
    found = []
    for project in registry.projects():
        for lineage in registry.lineages(project.name):
            found.append(lineage.address)
            found += [each.address for each in registry.generations(project.name, lineage.version)]
        found += [f"@{name}" for name in registry.aliases(project.name)]
    return found


def prepare(folder: Path) -> None:
    """Make what is copied, imported and released upon."""
    made = Shelved(FilesystemRegistry(str(folder / "from")), bundles=ZippedRegistries)
    made.release()
    made.train("0.1.0")
    made.train("0.1.0", state=b"two")
    made.edit("second")
    made.release(version="0.2.0")
    made.train("0.2.0")
    made.places(["0.1.0/2"])
    made.lineages.exchanging.export(("churn",), str(folder / "all.graft"))


def begun(deed: str, kind: str, folder: Path) -> None:
    """Make the registry that something is done to, and close it."""
    registry = registries.REGISTRIES[kind](folder)
    if deed == "release":
        first = Shelved(registry)
        first.release()
        first.train("0.1.0")
    registry.close()


def killed(work: Callable[[], None], instant: int) -> bool:
    """Do it in a child that is killed at an instant; tell whether that came."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    count = 0

    def look(frame: Any, event: str, function: Any) -> None:
        nonlocal count
        if event in ("c_call", "c_return") and function.__name__ in _WRITING:
            count += 1
            if count == instant:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(None)
        os._exit(0)


def looked(deed: str, kind: str, stride: int, folder: Path) -> dict[str, Any]:
    """Kill it at every so many instants; return what was found at each, and whether doing it again mended it."""
    do, whole = DEEDS[deed]
    problems: list[str] = []
    instant, seen = 1, set[int]()
    fresh = folder / f"{kind}-begun"
    fresh.mkdir()
    begun(deed, kind, fresh)
    while True:
        place = folder / f"{kind}-{instant}"
        shutil.copytree(fresh, place)

        def work(place: Path = place) -> None:
            do(registries.REGISTRIES[kind](place), folder)

        was_killed = killed(work, instant)
        registry = registries.REGISTRIES[kind](place)
        left = held(registry)
        seen.add(len(left))
        if left != whole[: len(left)] and sorted(left) != sorted(each for each in whole if each in left):
            problems.append(f"{instant}: left {left}")
        if left:
            check_whole(registry, str(place))
        do(registry, folder)
        if held(registry) != whole:
            problems.append(f"{instant}: again gave {held(registry)}")
        registry.close()
        shutil.rmtree(place)
        if not was_killed:
            return {"instants": instant, "seen": sorted(seen), "problems": problems}
        instant += stride


if __name__ == "__main__":
    folder = Path(sys.argv[3])
    prepare(folder)
    assert digest(b"one") in CONTENT
    assert draft_generation().project == "churn"
    kinds = ("filesystem", "sqlite")
    print(json.dumps({kind: looked(sys.argv[1], kind, int(sys.argv[2]), folder) for kind in kinds}))

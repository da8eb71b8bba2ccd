"""Registries for tests of the UI: a project with releases and generations, a huge one, a hostile one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from registries import CONTENT, REGISTRIES, digest, draft_generation, draft_lineage
from ui_around import FormSpace

from graftline.core.errors import MissingError
from graftline.core.graph import Json
from graftline.core.ids import RunId
from graftline.core.lineages import Generation, Lineage, Manifest, Move, Place
from graftline.core.registry import Registry

GATES = {"champion": ["auc >= champion.auc - 0.002", "latency <= 10"]}
OLD, NEW = b"def fit(X):\n    return X\n", b"def fit(X):\n    return 2 * X\n"
CODE = {**CONTENT, digest(OLD): OLD, digest(NEW): NEW}


def filled(registry: Registry) -> Registry:
    """Fill a registry: `churn` 0.1.0 with a champion and a candidate, 0.2.0 with one generation, one dev lineage."""
    publish(registry, "0.1.0", OLD, git="31945ac3" + "0" * 32, description="first model", created=100.0)
    publish(registry, "0.2.0", NEW, git="4000008e" + "0" * 32, dirty=True, created=500.0)
    publish(registry, "0.2.1.dev1+ab12cd", NEW, created=700.0)
    train(registry, "0.1.0", b"one", {"auc": 0.9, "latency": 8.0}, score=0.9, run=RunId("a" * 16))
    train(registry, "0.1.0", b"two", {"auc": 0.913, "latency": 9.5}, score=0.913, parent=1, lower=4, upper=6)
    train(registry, "0.2.0", b"one", {"auc": 0.85, "latency": 8.0}, score=0.85, params={"C": 0.5})
    train(registry, "0.2.1.dev1+ab12cd", b"two", {"auc": 0.8}, score=0.8)
    move(registry, "champion", Place("0.1.0", 1), None)
    move(registry, "candidate", Place("0.1.0", 2), None)
    return registry


def publish(registry: Registry, version: str, code: bytes, *, created: float = 1.0, **manifest: Any) -> Lineage:
    """Publish a lineage whose one file has this code."""
    draft = draft_lineage(version)
    given = replace(draft.manifest, requirements={"graftline-gone": "2.0"}, python="3.11.7", **manifest)
    files = {"pipeline.py": digest(code)}
    return registry.publish(replace(draft, manifest=given, files=files, created=created), CODE.__getitem__)


def train(registry: Registry, version: str, state: bytes, metrics: Mapping[str, Json], **changes: Any) -> Generation:
    """Commit a generation."""
    given: dict[str, Any] = {"version": version, "metrics": metrics, "created": 800.0}
    return registry.commit(replace(draft_generation(state), **(given | changes)), CODE.__getitem__)


def move(registry: Registry, alias: str, to: Place, before: Place | None) -> None:
    """Move an alias."""
    registry.move("churn", Move(alias=alias, to=to, before=before, at=900.0, by="ada@lab", why="set"))


def hostile(registry: Registry, text: str) -> Registry:
    """Fill a registry with a text wherever foreign data can hold one."""
    draft = draft_lineage("0.1.0")
    manifest = Manifest(
        target="pipeline.py:churn",
        pipeline=text,
        requirements={text: text},
        python=text,
        git=text,
        branch=text,
        dirty=True,
        description=text,
    )
    registry.publish(replace(draft, manifest=manifest), CODE.__getitem__)
    state = draft_generation(b"one").states[0]
    changes: dict[str, Any] = {"states": (state._replace(name=text),), "params": {text: text}, "origin": "copy"}
    changes |= {"source": text, "lower": text, "upper": text, "runner": text, "score": 1.0}
    train(registry, "0.1.0", b"one", {text: text, f"n{text}": 1.0}, **changes)
    train(registry, "0.1.0", b"two", {f"n{text}": float("nan")}, runner=text)
    place = Place("0.1.0", 1)
    registry.move("churn", Move(alias="champion", to=place, before=None, at=1.0, by=text, why=text))
    return registry


class ShelfSpace(FormSpace):
    """A workspace of the project `churn` on a registry."""

    def __init__(self, registry: Registry, **changes: Any) -> None:
        self.registry = registry
        self.others: dict[str, Registry] = {}
        given: dict[str, Any] = {
            "project": "churn",
            "registry": lambda: registry,
            "registry_at": self._at,
            "registry_place": lambda: "sqlite",
            "gates": GATES,
            "who": lambda: "ada@lab",
        }
        super().__init__(**(given | changes))

    def _at(self, text: str | None) -> Registry:
        if text is not None and text not in self.others:
            raise MissingError(f"there is no registry '{text}'", "models")
        return self.registry if text is None else self.others[text]


def shelf_space(folder: Path, **changes: Any) -> ShelfSpace:
    """Return a workspace on an empty directory registry, with another one called `models`."""
    space = ShelfSpace(REGISTRIES["filesystem"](folder / "one"), **changes)
    space.others["models"] = space.others["./models"] = REGISTRIES["filesystem"](folder / "other")
    return space

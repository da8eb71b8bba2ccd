"""The checkout as the house tests see it: its root, its Python files, its pages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

ROOMS = ("cli", "core", "plugins", "store", "tui", "worker")
"""Folders of the package."""

BESIDE = ("tests", "samples", "benchmarks", "docs")
"""Folders beside the package that are not part of it."""

ROOT_MODULES = (
    *("__init__", "__main__", "wiring", "storeless", "programs"),
    *("runtime", "submission", "writers", "testing", "conformance"),
)
"""The only Python files the root may hold: anything else would ship as a module of graftline."""


def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def package_files() -> list[Path]:
    """Return every Python file that ships."""
    rooms = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return sorted([*ROOT.glob("*.py"), *rooms])


def python_files() -> list[Path]:
    """Return every Python file of the project, shipped or not."""
    return sorted([*package_files(), *(path for folder in BESIDE for path in (ROOT / folder).rglob("*.py"))])


def pages() -> Iterator[Path]:
    """Yield every Markdown page of the project."""
    yield from sorted(ROOT.glob("*.md"))
    for folder in (*BESIDE, *ROOMS):
        yield from sorted((ROOT / folder).rglob("*.md"))


def name_of(path: Path) -> str:
    """Return a path relative to the root, for messages."""
    return str(path.relative_to(ROOT))

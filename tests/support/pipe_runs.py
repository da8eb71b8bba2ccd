"""Whole runs through a pipe."""

from __future__ import annotations

from pathlib import Path


def configure(root: Path, provider: str, **options: object) -> None:
    """Name a runner `there` in the project's configuration."""
    lines = [f"{name} = {value!r}".replace("'", '"') for name, value in {"provider": provider, **options}.items()]
    with open(root / "graftline.toml", "a", encoding="utf-8") as file:
        file.write("\n[runner.there]\n" + "\n".join(lines) + "\n")

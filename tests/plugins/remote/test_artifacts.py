"""A directory that both sides see: values by their digest, and when each was last wanted."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from graftline.plugins.remote.artifacts import ArtifactFolder

DIGEST = "ab" + "0" * 62
LONG_AGO = time.time() - 90 * 86_400


def test_what_is_put_again_is_not_written_again_and_counts_as_new(tmp_path: Path) -> None:
    folder = ArtifactFolder(str(tmp_path / "shared"))
    (tmp_path / "value").write_bytes(b"value")
    folder.put(DIGEST, str(tmp_path / "value"))
    (placed,) = (path for path in (tmp_path / "shared").rglob("*") if path.is_file())
    number = placed.stat().st_ino
    os.utime(placed, (LONG_AGO, LONG_AGO))

    folder.put_bytes(DIGEST, b"value")

    assert folder.get(DIGEST) == b"value"
    assert placed.stat().st_ino == number
    assert placed.stat().st_mtime > time.time() - 3600


def test_what_belongs_to_somebody_else_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ArtifactFolder(str(tmp_path))
    folder.put_bytes(DIGEST, b"value")

    def refuse(path: str) -> None:
        raise PermissionError(1, "Operation not permitted", path)

    monkeypatch.setattr(os, "utime", refuse)
    folder.put_bytes(DIGEST, b"value")

    assert folder.get(DIGEST) == b"value"

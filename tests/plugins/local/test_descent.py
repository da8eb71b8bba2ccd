"""Whoever adopts orphans, and files without a name, by the shorter way and by the one that always goes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from local_runs import own_environment

from graftline.plugins.local.nameless import nameless_file

ADOPTING = """
import ctypes, _ctypes
{before}
from graftline.plugins.local.descent import adopt_orphans
found = ctypes.c_int(-1)
print(adopt_orphans(), ctypes.CDLL(None).prctl(37, ctypes.byref(found), 0, 0, 0), found.value)
"""
"""37: PR_GET_CHILD_SUBREAPER, prctl(2)."""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
@pytest.mark.parametrize("before", ["", "del _ctypes.call_cdeclfunction"])
def test_a_process_adopts_orphans_with_all_of_ctypes_and_with_what_it_is_made_of(before: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ADOPTING.format(before=before)],
        env=own_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.split() == ["True", "0", "1"]


@pytest.mark.parametrize("folder", ["here", "nowhere"])
def test_a_file_without_a_name_keeps_what_is_written(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / folder))

    with nameless_file() as file:
        os.write(file.fileno(), b"last words")

        assert os.pread(file.fileno(), 100, 0) == b"last words"
        assert not os.get_inheritable(file.fileno())
        assert os.fstat(file.fileno()).st_nlink == 0
    assert list((tmp_path / "here").iterdir()) == []

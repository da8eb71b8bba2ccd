"""Recorded code: versions side by side, its own imports first, written out once, never trusted unverified."""

from __future__ import annotations

import hashlib
import importlib
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graftline.core.errors import StoreError
from graftline.worker.recorded import RecordedFinder, install, package_of
from graftline.worker.unpacking import manifest_of, unpacked


@pytest.fixture
def objects(tmp_path: Path) -> Iterator[Path]:
    before = list(sys.meta_path)
    sys.meta_path[:] = [each for each in before if not isinstance(each, RecordedFinder)]
    folder = tmp_path / "objects"
    install(str(folder))
    yield folder
    sys.meta_path[:] = before
    for name in [name for name in sys.modules if name.startswith("graft_code_")]:
        del sys.modules[name]


def keep(objects: Path, **files: str) -> str:
    """Store files (`a__b` is `a/b`), and return the key of them all."""
    texts = {f"{name.replace('__', '/')}.py": text.encode() for name, text in files.items()}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in texts.items()}
    manifest = manifest_of(digests)
    for data in (*texts.values(), manifest):
        digest = hashlib.sha256(data).hexdigest()
        (objects / digest[:2]).mkdir(parents=True, exist_ok=True)
        (objects / digest[:2] / digest[2:]).write_bytes(data)
    return hashlib.sha256(manifest).hexdigest()


def test_versions_of_one_file_live_side_by_side(objects: Path) -> None:
    first, second = (keep(objects, steps=f"def f():\n    return {n}\n") for n in (1, 2))

    modules = [importlib.import_module(f"{package_of(key)}.steps") for key in (first, second)]

    assert [module.f() for module in modules] == [1, 2]


def test_it_imports_its_own_files_first_also_late_and_below(objects: Path) -> None:
    key = keep(
        objects,
        steps="import json\nimport helper\nimport pkg.part\nfrom helper import h as g\n"
        "def f():\n    from pkg import part\n    import json as j\n"
        "    return helper.h(), g(), pkg.part.p(), part.p(), j.dumps(1)\n",
        helper="def h():\n    return 'own'\n",
        pkg____init__="",
        pkg__part="from . import other\ndef p():\n    return other.o\n",
        pkg__other="o = 'other'\n",
    )

    module = importlib.import_module(f"{package_of(key)}.steps")

    assert module.f() == ("own", "own", "other", "other", "1")
    assert "helper" not in sys.modules


def test_what_a_version_pickles_is_found_again(objects: Path) -> None:
    key = keep(objects, steps="class Box:\n    value = 3\n")
    data = pickle.dumps(importlib.import_module(f"{package_of(key)}.steps").Box())
    for name in [name for name in sys.modules if name.startswith("graft_code_")]:
        del sys.modules[name]

    assert pickle.loads(data).value == 3


def test_a_traceback_shows_its_lines(objects: Path) -> None:
    key = keep(objects, steps="def f():\n    raise ValueError('here')\n")

    with pytest.raises(ValueError, match="here") as caught:
        importlib.import_module(f"{package_of(key)}.steps").f()

    assert str(caught.traceback[-1].path).endswith(f"code/{key}/steps.py")


def test_it_is_written_out_once(objects: Path) -> None:
    key = keep(objects, steps="x = 1\n")
    folder = Path(unpacked(str(objects), key))
    before = (folder / "steps.py").stat().st_mtime_ns

    assert unpacked(str(objects), key) == str(folder)
    assert (folder / "steps.py").stat().st_mtime_ns == before
    assert sorted(each.name for each in folder.parent.iterdir()) == [key]


def test_a_damaged_or_missing_object_is_refused_and_leaves_nothing(objects: Path, tmp_path: Path) -> None:
    key = keep(objects, steps="x = 1\n")
    digest = hashlib.sha256(b"x = 1\n").hexdigest()
    (objects / digest[:2] / digest[2:]).write_bytes(b"x = 2\n")

    with pytest.raises(StoreError, match="damaged"):
        unpacked(str(objects), key)
    with pytest.raises(StoreError, match="missing"):
        unpacked(str(objects), "0" * 64)
    assert list((tmp_path / "code").glob("*")) == []


def test_a_list_that_leaves_its_directory_is_refused(objects: Path) -> None:
    key = keep(objects, **{"..__..__evil": "x = 1\n"})

    with pytest.raises(StoreError, match="outside"):
        unpacked(str(objects), key)


def test_unknown_code_is_no_module(objects: Path) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("graft_code_0123456789abcdef.steps")
    assert sum(isinstance(each, RecordedFinder) for each in sys.meta_path) == 1

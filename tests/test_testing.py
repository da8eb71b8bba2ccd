"""What users test their pipelines with: a store that is gone afterwards, and the pytest plugin that gives it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loading import write
from run_specs import spec

import graftline
from graftline import MissingError, Pipeline, PythonTask
from graftline.store.store import open_store
from graftline.testing import VirtualStore, virtual_store

PROJECT = {
    "steps.py": "def one():\n    return 1\n",
    "pipeline.py": "from graftline import Pipeline\nfrom steps import one\nsmall = Pipeline([one])\n",
}
DEADLINE_S = 60.0


def one() -> int:
    return 1


def run_one(tag: str) -> None:
    Pipeline([PythonTask(one, returns=["one"])], "one").execute(runner="mock", tag=tag)


class TestVirtualStore:
    def test_runs_go_there_and_it_is_deleted(self) -> None:
        with virtual_store() as store:
            run_one("a")
            run_one("b")

            assert [run.record.tags for run in store.runs()] == [("b",), ("a",)]
            assert store.load_run("@last").record.tags == ("b",)
            assert store.load_run("a").state == "SUCCESS"
            assert any(store.path.iterdir())

        assert not store.path.parent.exists()

    def test_the_store_that_was_in_use_is_so_again(self, store_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        run_one("outside")
        with virtual_store() as store:
            assert store.runs() == []
            with pytest.raises(MissingError):
                store.load_run()
            run_one("inside")
        assert os.environ["GRAFTLINE_HOME"] == str(store_dir)
        assert graftline.load_run().record.tags == ("outside",)

        monkeypatch.delenv("GRAFTLINE_HOME")
        with virtual_store():
            pass
        assert "GRAFTLINE_HOME" not in os.environ

    def test_it_is_deleted_when_a_test_fails(self) -> None:
        paths = []

        def failing() -> None:
            with virtual_store() as store:
                run_one("a")
                paths.append(store.path)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            failing()

        assert not paths[0].exists()

    def test_one_inside_another_is_another(self) -> None:
        with virtual_store() as outer:
            run_one("outer")
            with virtual_store() as inner:
                assert inner.runs() == []
            assert len(outer.runs()) == 1

    def test_other_processes_use_it_and_runs_of_any_project_are_seen(self, tmp_path: Path) -> None:
        write(tmp_path, PROJECT)
        with virtual_store() as store:
            done = subprocess.run(
                [sys.executable, "-m", "graftline", "--json", "run"],
                cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE_S, check=True,
            )  # fmt: skip

            assert [run.run for run in store.runs()] == [json.loads(done.stdout)["run"]]
            assert store.load_run().value("one") == 1

    def test_more_runs_than_one_page_are_listed(self) -> None:
        with virtual_store() as store:
            with open_store(store.path) as opened:  # a page has 50
                for number in range(53):
                    opened.runs.create(spec("a", tags=(f"t{number}",)), None)

            assert [run.record.tags[0] for run in store.runs()] == [f"t{number}" for number in reversed(range(53))]


SUITE = """
import os
import graftline
from pipeline import small

seen = []

def test_first(graft_store):
    assert os.environ["GRAFTLINE_HOME"] == str(graft_store.path)
    assert small.execute(runner="mock", patches={"one": 5}).value("one") == 5
    assert len(graft_store.runs()) == 1
    seen.append(graft_store.path)

def test_second_has_a_store_of_its_own(graft_store):
    assert graft_store.runs() == []
    assert graft_store.path not in seen
    assert not seen[0].exists()
"""


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error", *arguments]
    return subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )


class TestPlugin:
    def test_its_fixture_gives_each_test_a_store(self, tmp_path: Path) -> None:
        write(tmp_path, {**PROJECT, "test_suite.py": SUITE})

        done = pytest_in(tmp_path, "-p", "graftline.testing")

        assert done.returncode == 0, done.stdout + done.stderr
        assert "2 passed" in done.stdout

    def test_it_may_be_named_again(self, tmp_path: Path) -> None:
        conftest = 'pytest_plugins = ["graftline.testing"]\n'
        write(tmp_path, {**PROJECT, "conftest.py": conftest, "test_suite.py": SUITE})

        done = pytest_in(tmp_path, "-p", "graftline.testing")

        assert done.returncode == 0, done.stdout + done.stderr

    def test_it_loads_beside_an_entry_point(self, tmp_path: Path) -> None:
        """As where graftline is installed: pytest finds the plugin by itself, and a conftest names it too."""
        info = tmp_path / "installed" / "graftline_plugin-1.dist-info"
        text = "[pytest11]\ngraftline.testing = graftline.testing\n"
        write(info, {"entry_points.txt": text, "METADATA": "Name: graftline-plugin\nVersion: 1\n"})
        files = {**PROJECT, "conftest.py": 'pytest_plugins = ["graftline.testing"]\n', "test_suite.py": SUITE}
        write(tmp_path / "project", files)
        path = os.pathsep.join([str(info.parent), *filter(None, [os.environ.get("PYTHONPATH")])])

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", path)
            done = pytest_in(tmp_path / "project")

        assert done.returncode == 0, done.stdout + done.stderr

    def test_who_does_not_ask_for_a_store_pays_nothing(self, tmp_path: Path) -> None:
        report = (
            "import sys\ndef test_it():\n"
            "    loaded = [name for name in sys.modules if name.startswith('graftline')]\n"
            "    assert sorted(loaded) == ['graftline', 'graftline.testing'], loaded\n"
            "    assert 'sqlite3' not in sys.modules\n"
        )
        write(tmp_path, {"test_suite.py": report})

        done = pytest_in(tmp_path, "-p", "graftline.testing")

        assert done.returncode == 0, done.stdout + done.stderr

    def test_it_imports_where_pytest_is_not_installed(self) -> None:
        code = (
            "import sys\nsys.modules['pytest'] = None\nimport graftline.testing as t\n"
            "assert not hasattr(t, 'graft_store')\nwith t.virtual_store() as s: assert s.runs() == []\n"
        )

        subprocess.run([sys.executable, "-c", code], timeout=DEADLINE_S, check=True)


def test_the_fixture_is_there(graft_store: VirtualStore) -> None:
    assert graft_store.runs() == []

"""`graft gc` and `graft backup` on a project: what is said, asked and refused; what runs do afterwards."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import Said, call

PIPELINE = """
from graftline import Pipeline, PythonTask

def load(seed: int = 1):
    return list(range(seed, seed + 3000))

def double(rows, factor: int = 2):
    return [factor * row for row in rows]

def check(doubled, limit: int = 0):
    if limit:
        raise ValueError("too much")
    return doubled[:2000]

pipeline = Pipeline(
    name="big",
    steps=[
        PythonTask(name="load", function=load, returns=["rows"]),
        PythonTask(name="double", function=double, returns=["doubled"]),
        PythonTask(name="check", function=check, returns=["good"]),
    ],
)
"""


class Shop:
    """A project whose store can be made older."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.store = root / "store"
        self.root.mkdir()
        (self.root / "graftline.toml").write_text('[project]\nname = "shop"\n')
        (self.root / "pipeline.py").write_text(PIPELINE)

    def graft(self, *words: str) -> Said:
        return call(self.root, *words, environ={**os.environ, "GRAFTLINE_HOME": str(self.store)})

    def document(self, *words: str) -> Any:
        return self.graft("--json", *words).document

    def age(self) -> None:
        at = time.time() - 7200
        for path in (self.store / "v1" / "objects").rglob("*"):
            if path.is_file():
                os.utime(path, (at, at))

    def bytes(self) -> int:
        return sum(path.stat().st_size for path in (self.store / "v1" / "objects").rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a project with two good runs and a failed one, all of them two hours old."""
    made = Shop(tmp_path_factory.mktemp("gc"))
    assert made.graft("run", "-p", "seed=1").code == 0
    assert made.graft("run", "-p", "seed=2").code == 0
    assert made.graft("run", "-p", "seed=2", "-p", "limit=1").code == 1
    made.age()
    return made


def test_it_says_what_would_go_asks_and_refuses_where_nobody_answers(shop: Shop) -> None:
    before = shop.bytes()

    said = shop.graft("gc", "--keep-last", "2")
    plan = shop.graft("gc", "--keep-last", "2", "--plan")

    assert (said.code, plan.code) == (2, 0)
    assert "values between steps" in plan.out
    assert "1 run would lose values" in plan.out
    assert plan.out in said.out
    assert "nothing was deleted" in said.err
    assert "add -y" in said.err
    assert shop.bytes() == before


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--runs"], "nothing says of which"),
        (["--runs", "--max-bytes", "1GB"], "nothing says of which"),
        (["--keep-last", "-1"], "--keep-last"),
        (["--older-than", "soon"], "not a duration"),
        (["--max-bytes", "much"], "not a size"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_looked_at(shop: Shop, words: list[str], why: str) -> None:
    said = shop.graft("gc", "-y", *words)

    assert said.code == 2
    assert why in said.err


def test_without_limits_nothing_of_a_run_goes(shop: Shop) -> None:
    document = shop.document("gc", "-y")

    assert document["parts"] == {}
    assert shop.graft("gc").code == 0


def test_what_lost_values_says_so_and_runs_again_as_before(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    first = shop.document("run", "-p", "seed=1")
    shop.document("run", "-p", "seed=2")
    failed = shop.document("run", "-p", "seed=3", "-p", "limit=1")
    shop.age()
    backed = shop.graft("backup", str(tmp_path / "copy"))
    before = shop.bytes()

    freed = shop.document("gc", "--keep-last", "0", "-y")

    assert backed.code == 0
    assert freed["is_done"]
    assert freed["parts"]["values"]["count"] == 4
    assert freed["bytes"] == freed["parts"]["values"]["bytes"]
    assert before - shop.bytes() == freed["bytes"]
    assert shop.graft("doctor").code == 0
    run = first["run"]
    assert "it had 2 values that 'graft gc' deleted" in shop.graft("show", run).out
    assert shop.document("show", run)["values_deleted"] == 2
    for words in (("debug", run, "double"), ("output", run, "double:doubled"), ("verify", run)):
        said = shop.graft(*words)
        assert said.code == 3, said
        assert "'graft gc' deleted" in said.err
    again = {step["path"]: step for step in shop.document("run", "-p", "seed=1")["steps"]}
    assert [again[path]["state"] for path in ("load", "double", "check")] == ["SUCCESS", "SUCCESS", "CACHED"]
    assert again["double"]["outputs"] == next(step for step in first["steps"] if step["path"] == "double")["outputs"]
    assert shop.document("run", "-p", "seed=1")["counts"] == {"CACHED": 3}
    # What a failed run needs is there: its retry takes it.
    retried = shop.document("retry", failed["run"])
    assert {step["path"]: step["attempts"] for step in retried["steps"]} == {"load": 1, "double": 1, "check": 2}

    shop.store = tmp_path / "copy"  # restored: it has what was deleted since, and goes on
    assert shop.graft("doctor").code == 0
    assert shop.graft("output", run, "double:doubled").code == 0
    assert "values_deleted" not in shop.document("show", run)
    assert shop.document("retry", failed["run"])["steps"][0]["attempts"] == 1
    assert shop.document("run", "-p", "seed=2")["counts"] == {"CACHED": 3}


def test_whole_runs_go_and_what_they_served_stays(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    made = shop.document("run", "-p", "seed=1")["run"]
    gone = shop.document("run", "-p", "seed=2")["run"]
    cached = shop.document("run", "-p", "seed=1")["run"]
    shop.age()

    freed = shop.document("gc", "--runs", "--keep-last", "1", "-y")

    assert freed["runs"] == [gone]
    assert shop.graft("show", gone).code == 3
    assert {each["run"] for each in shop.document("ls")["runs"]} == {made, cached}
    assert shop.document("run", "-p", "seed=1")["counts"] == {"CACHED": 3}
    assert shop.graft("doctor").code == 0
    assert shop.document("gc", "--runs", "--keep-last", "2", "-y")["runs"] == []


def test_a_registry_in_a_directory_is_cleaned_too(shop: Shop, tmp_path: Path) -> None:
    models = tmp_path / "models"
    (models / "objects" / "ab").mkdir(parents=True)
    (models / "registry.json").write_text('{"format": 1, "kind": "graftline registry"}\n')
    (models / "objects" / "ab" / ("0" * 62)).write_bytes(b"x" * 100)

    assert shop.document("-P", str(models), "gc", "-n")["parts"] == {"registry": {"count": 1, "bytes": 100}}
    assert "files of the registry" in shop.graft("-P", str(models), "gc", "-y").out
    assert shop.document("-P", str(models), "gc", "-y")["parts"] == {}


def test_a_backup_refuses_what_is_there_and_a_store_that_is_not(shop: Shop, tmp_path: Path) -> None:
    assert shop.graft("backup", str(tmp_path)).code == 2
    assert shop.graft("backup", str(shop.store / "copy")).code == 2
    assert shop.graft("--store", str(tmp_path / "none"), "backup", str(tmp_path / "copy")).code == 4
    assert shop.graft("--store", str(tmp_path / "none"), "gc").code == 4
    assert list(tmp_path.iterdir()) == []
    document = shop.document("backup", str(tmp_path / "copy"))
    assert (document["runs"], document["damaged"]) == (3, [])

"""Catalog files between steps of a run: put, taken away, got back, changed in place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from loading import write

PROGRAM = """
import json, os, sys
from graftline import Catalog, Pipeline, PythonTask, ShellTask
import data_steps as steps

PUT, GET = Catalog(put=["df.csv"]), Catalog(get=["*.csv"])

def run(*listed):
    result = Pipeline(list(listed), name="files").execute(check=False)
    failed = next((step for step in result.steps if step.error is not None), None)
    told = f"{failed.name}: {failed.error.message}" if failed else ""
    values = {} if failed else result.values()
    return {"state": result.state.value, "told": told, "values": values}

def alone(text):
    # content of its own: what has the digest of something stored can be put back after all
    return task(steps.write_once, params={"text": text}, catalog=Catalog(put=["df.csv"], store_copy=False))

def task(function, name=None, **options):
    return PythonTask(function, name=name, **options)

print(json.dumps([
    # what a later step does to the file in place does not reach what is kept
    run(task(steps.write_once, catalog=PUT), task(steps.spoil), task(steps.read_csv, returns=["text"], catalog=GET)),
    # deleted, it is put back
    run(task(steps.write_once, catalog=PUT), task(steps.remove_csv),
        task(steps.read_csv, returns=["text"], catalog=GET)),
    # the nearest maker wins
    run(task(steps.write_once, "one", params={"text": "first"}, catalog=PUT),
        task(steps.write_once, "two", params={"text": "second"}, catalog=PUT),
        task(steps.remove_csv), task(steps.read_csv, returns=["text"], catalog=GET)),
    # of a digest alone, the file has to be there as it was
    run(alone("third"),
        task(steps.read_csv, returns=["text"], catalog=GET)),
    run(alone("fourth"), task(steps.spoil),
        task(steps.read_csv, returns=["text"], catalog=GET)),
    run(alone("fifth"), task(steps.remove_csv),
        task(steps.read_csv, returns=["text"], catalog=GET)),
    # a glob that its maker did not fill
    run(task(steps.write_once, catalog=Catalog(put=["d*.csv"])),
        task(steps.read_csv, returns=["text"], catalog=Catalog(get=["day.csv"]))),
    run(task(steps.write_once, catalog=Catalog(put=["*.parquet"]))),
    # a directory
    run(ShellTask("mkdir -p out/deep && echo 1 > out/a.txt && echo 2 > out/deep/b.txt", name="make",
                  catalog=Catalog(put=["out"])),
        ShellTask("rm -r out", name="rm"),
        ShellTask("export text=$(cat out/a.txt out/deep/b.txt | tr -d '\\\\n')", name="read", returns=["text"],
                  catalog=Catalog(get=["out/"]))),
]))
"""


def test_catalog_files_are_what_their_makers_made(tmp_path: Path) -> None:
    # given
    support = Path(__file__).parent / "support" / "data_steps.py"
    files = {"graftline.toml": "", "data_steps.py": support.read_text(encoding="utf-8"), "program.py": PROGRAM}
    folder = write(tmp_path / "project", files)

    # when
    command = [sys.executable, "program.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    spoilt, removed, nearest, there, changed, gone, unmade, unmatched, directory = json.loads(done.stdout)

    # then
    assert (spoilt["state"], spoilt["values"]) == ("SUCCESS", {"text": "firstf"})
    assert (removed["state"], removed["values"]) == ("SUCCESS", {"text": "firstf"})
    assert nearest["values"] == {"text": "second"}
    assert there["values"] == {"text": "thirdt"}
    keep = "\nstore_copy=False keeps no copy: let its maker run again, or keep one"
    assert changed["told"] == f"read_csv: catalog: 'df.csv' is another one now, and only its digest was kept{keep}"
    assert gone["told"] == f"read_csv: catalog: 'df.csv' is gone, and only its digest was kept{keep}"
    assert unmade["told"].splitlines()[0] == "read_csv: catalog: no step before has put a file that matches 'day.csv'"
    assert unmatched["told"].startswith("write_once: catalog: no file matches '*.parquet' in ")
    assert directory["values"] == {"text": 12}

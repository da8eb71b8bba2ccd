"""A cluster under another minor version of Python: refused with both named, before anything starts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from distributed import Client
from other_pythons import arrival, call, each_other
from sample_runs import Sample

from graftline.core.orders import Order
from graftline.plugins.dask import link, place
from graftline.plugins.dask.cluster import OwnCluster
from graftline.worker.handshake import Speaker, here
from graftline.worker.parcels import Parcel, Refused, decode_report, encode_parcel

EXECUTE = """
import sys
from graftline.plugins.remote import stations

def fetch(digest):
    raise AssertionError("nothing of a parcel is looked at that cannot be opened")

sys.stdout.buffer.write(stations.execute(sys.stdin.buffer.read(), fetch, name="far"))
"""
PIPELINE = """
from pathlib import Path
from graftline import Pipeline, PythonTask

def here():
    Path("ran-here").touch()

def there():
    return 1

flow = Pipeline([PythonTask(here), PythonTask(there, returns=["there"], labels=["gpu"])], name="flow")
"""


def minor(python: str) -> str:
    return ".".join(Path(python).parts[-3].split(".")[:2])


@each_other()
def test_a_parcel_is_refused_unopened_with_both_versions(python: str, tmp_path: Path) -> None:
    parcel = encode_parcel(Parcel(token="r/1/s", run="r", bundle="0" * 64, order=Order("s", 1, 0, ())))

    report = decode_report(call(python, tmp_path, EXECUTE, given=parcel))

    assert isinstance(report, Refused)
    assert report.message == f"worker far has Python {minor(python)}, this run needs {here().python}"


@each_other()
@pytest.mark.parametrize("route", [False, True], ids=["runner", "route"])
def test_a_run_is_refused_before_anything_of_it_starts(
    python: str, route: bool, cluster: OwnCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = arrival(python, tmp_path)  # what such a worker says of itself
    as_far: list[Any] = []

    class Elsewhere(Client):  # type: ignore[misc]  # dask has no types
        """The client of a cluster whose workers are under that Python."""

        def run(self, function: Any, *arguments: Any, **options: Any) -> Any:
            found = super().run(function, *arguments, **options)
            if function is not place.arrive:
                return found
            as_far.extend(found)
            return dict.fromkeys(found, answer)

    monkeypatch.setattr(link, "Client", Elsewhere)
    source = tmp_path / "sources" / "flow"
    source.mkdir(parents=True)
    (source / "pipeline.py").write_text(PIPELINE)
    sample = Sample("flow", tmp_path / "project", within=str(source.parent))
    toml = f'[runner.cluster]\nprovider = "dask"\naddress = "{cluster.address}"\n[route]\ngpu = "cluster"\n'
    (sample.root / "graftline.toml").write_text(toml)

    refused = sample.graft("--json", "run", *(() if route else ("-R", "cluster")))

    assert Speaker(answer["graftline"], answer["python"]) == Speaker(here().graftline, minor(python))
    assert refused.returncode == 4
    message = json.loads(refused.stdout)["error"]["message"]
    assert f"has Python {minor(python)}, this run needs {sys.version_info.major}.{sys.version_info.minor}" in message
    assert message.count("worker tcp://") == len(as_far) == 2
    assert not (sample.root / "ran-here").exists()
    steps = {step["path"]: (step["state"], step["reason"]) for step in sample.document("show")["steps"]}
    assert steps == {"here": ("FAILURE", "PREFLIGHT"), "there": ("SKIPPED", "UPSTREAM")}  # the first tells of it

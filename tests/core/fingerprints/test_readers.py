"""Steps that read the world behind our back are known as sources, and pure ones are not."""

from __future__ import annotations

import pytest

from graftline.core.fingerprints.readers import Reach, Realm, readers_in, source_reason
from graftline.core.fingerprints.trace import Tracer


def uses_in(text: str, **others: str) -> frozenset[str]:
    files = {"/p/steps.py": text, **{f"/p/{name}.py": other for name, other in others.items()}}
    return Tracer("/p", ["/p"], files.get).trace("/p/steps.py", "step").uses


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("import pandas as pd\ndef step(): return pd.read_csv('x')", "pandas.read_csv"),
        ("from pandas import read_csv as r\ndef step(): return r('x')", "pandas.read_csv"),
        ("def step():\n    import pandas\n    return pandas.read_csv('x')", "pandas.read_csv"),
        ("import pyarrow.parquet as pq\ndef step(): return pq.read_table('x')", "pyarrow.parquet.read_table"),
        ("import pyarrow.parquet\ndef step(): return pyarrow.parquet.read_table('x')", "pyarrow.parquet.read_table"),
        ("from pyarrow import parquet\ndef step(): return parquet.read_table('x')", "pyarrow.parquet.read_table"),
        ("import pandas\ndef step(n): return getattr(pandas, n)()", "pandas"),
        ("import pandas\ndef step(): return getattr(pandas, 'read_csv')()", "pandas.read_csv"),
        ("from urllib.request import urlopen\ndef step(): return urlopen('x')", "urllib.request.urlopen"),
        ("from helpers import get\ndef step(): return get()", "requests.get"),
        ("import helpers\ndef step(): return helpers.session.get('x')", "requests.Session"),
        ("from importlib import import_module\ndef step(): return import_module('duckdb')", "duckdb"),
    ],
)
def test_a_reader_is_found_however_it_is_named(text: str, use: str) -> None:
    helpers = "import requests\nsession = requests.Session()\ndef get(): return requests.get('x')\n"

    uses = uses_in(text, helpers=helpers)

    assert use in uses
    assert use in [reach.name for reach in readers_in(uses)]


@pytest.mark.parametrize(
    "text",
    [
        "import pandas as pd\ndef step(x: pd.DataFrame): return pd.concat([x]).merge(pd.DataFrame())",
        "import numpy as np\ndef step(): return np.load('x.npy')",  # Python opens it: seen while it runs
        "import math\ndef step(x): return math.sqrt(x)",
        "import requests\ndef step(x: requests.Response): return x.text",
        "import requests\ndef step(x):\n    try:\n        return x()\n    except requests.exceptions.Timeout: pass",
        "import os\ndef step(): return os.path.join('a', os.environ['B'])",
        "import urllib.parse\ndef step(x): return urllib.parse.quote(x)",
        "import sklearn.datasets\ndef step(): return sklearn.datasets.load_iris()",
        "import pandas as pd\ndef step(x): return x\ndef other(): return pd.read_csv('x')",
    ],
)
def test_what_reads_nothing_is_no_source(text: str) -> None:
    assert readers_in(uses_in(text)) == []


def test_every_kind_of_world_is_named() -> None:
    found = readers_in(
        ["boto3.client", "duckdb.sql", "polars.scan_parquet", "requests.get", "subprocess.run", "math.pi"]
    )

    assert found == [
        Reach("boto3.client", Realm.STORAGE),
        Reach("duckdb.sql", Realm.DATABASE),
        Reach("polars.scan_parquet", Realm.FILES),
        Reach("requests.get", Realm.NETWORK),
        Reach("subprocess.run", Realm.PROGRAM),
    ]


def test_a_source_says_why_it_is_one() -> None:
    assert (
        source_reason(["pandas.read_csv", "requests.get"])
        == "reads files and the network by pandas.read_csv, requests.get"
    )
    assert source_reason([f"pandas.read_{name}" for name in "abcd"]) == (
        "reads files by pandas.read_a, pandas.read_b, pandas.read_c, ..."
    )
    assert source_reason([], seen=["a.csv", "tcp://db:5432"]) == "was seen to connect to tcp://db:5432"
    assert source_reason([], is_command=True) == "a shell command that takes nothing"


def test_a_pure_step_and_one_whose_author_has_decided_are_no_sources() -> None:
    assert source_reason(["math.sqrt"], seen=["a.csv", "data/"]) is None
    assert source_reason(["pandas.read_csv"], declares=True) is None
    assert source_reason([], seen=["tcp://db:5432"], declares=True) is None
    assert source_reason([], is_command=True, takes=True) is None
    assert source_reason([], is_command=True, declares=True) is None


@pytest.mark.parametrize(
    "use",
    [
        "multiprocessing.Pool",
        "concurrent.futures.ProcessPoolExecutor",
        "joblib.Parallel",
        "multiprocessing.get_context",
    ],
)
def test_what_processes_of_a_step_open_is_seen_by_nobody(use: str) -> None:
    assert source_reason([use]) == f"reads files in other processes by {use}"


@pytest.mark.parametrize("use", ["concurrent.futures.ThreadPoolExecutor", "joblib.dump", "multiprocessing.cpu_count"])
def test_threads_are_seen(use: str) -> None:
    assert source_reason([use]) is None

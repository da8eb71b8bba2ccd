"""The dask runner against dask itself: `python benchmarks/dask_runner.py [STEPS [ROUNDS]]`.

One cluster of two workers, the same no-ops by `client.submit` and `gather`, and as a pipeline with its whole run log.
Both take turns, so that a busy moment meets both; the medians count, and their ratio is to be at most 1.3.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 1.3
PIPELINE = """
from graftline import Pipeline, PythonTask
from noops import noop

many = Pipeline([PythonTask(noop, name=f"s{i}", returns=[f"v{i}"], params={"i": i}, cache=False) for i in range(COUNT)],
                name="many", order="data")
"""
CONFIG = '[project]\nname = "many"\n[runner.cluster]\nprovider = "dask"\naddress = "ADDRESS"\n'


def main(count: int, rounds: int) -> int:
    """Measure and print; return 1 when the ratio is above the limit."""
    from graftline.plugins.dask.cluster import OwnCluster

    with tempfile.TemporaryDirectory(prefix="graftline-bench-") as folder:
        os.chdir(folder)
        os.environ["GRAFTLINE_HOME"] = str(Path(folder, "store"))
        os.environ["PYTHONPATH"] = os.pathsep.join([os.environ.get("PYTHONPATH", ""), folder])
        sys.path.insert(0, folder)
        Path("noops.py").write_text("def noop(i=0):\n    return i\n")
        Path("pipeline.py").write_text(PIPELINE.replace("COUNT", str(count)))
        cluster = OwnCluster(2)
        Path("graftline.toml").write_text(CONFIG.replace("ADDRESS", cluster.address))
        try:
            pairs = [(_plain(cluster.address, count), _ours()) for _ in range(rounds)]
        finally:
            cluster.close()
    plain, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"{count:,} no-ops: dask {plain:.2f} s, the dask runner {ours:.2f} s, ratio {ours / plain:.2f} (<= {LIMIT})")
    return int(ours / plain > LIMIT)


def _plain(address: str, count: int) -> float:
    from distributed import Client
    from noops import noop  # type: ignore[import-not-found]  # written by `main`

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2)
        client.gather(client.map(noop, range(10), pure=False))
        start = time.perf_counter()
        values = client.gather([client.submit(noop, index, pure=False) for index in range(count)])
        assert values == list(range(count))
        return time.perf_counter() - start


def _ours() -> float:
    """Return the seconds of the whole call: compiling, connecting and closing are among them."""
    from pipeline import many  # type: ignore[import-not-found]  # as above

    start = time.perf_counter()
    many.execute(runner="cluster")
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main(*(int(each) for each in (sys.argv[1:] + ["1000", "3"][len(sys.argv) - 1 :])[:2])))

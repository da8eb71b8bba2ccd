"""The celery runner beside celery: `REDIS_SERVER=$(.ci/redis) python benchmarks/celery_runner.py [STEPS [ROUNDS]]`.

One redis-server, one worker of two threads each, the same no-ops as tasks whose results are awaited, and as a pipeline
with its whole run log. Both take turns, so that a busy moment meets both; the medians count.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

PIPELINE = """
from graftline import Pipeline, PythonTask
from noops import noop

many = Pipeline([PythonTask(noop, name=f"s{i}", returns=[f"v{i}"], params={"i": i}, cache=False) for i in range(COUNT)],
                name="many", order="data")
"""
CONFIG = '[project]\nname = "many"\n[runner.farm]\nprovider = "celery"\nbroker = "URL"\n'
PLAIN = """
import os
from celery import Celery

app = Celery("plain", broker=os.environ["PLAIN"], backend=os.environ["PLAIN"])
app.conf.task_default_queue = "plain"

@app.task
def noop(i=0):
    return i
"""


def main(count: int, rounds: int) -> int:
    """Measure and print."""
    program = os.environ.get("REDIS_SERVER") or shutil.which("redis-server")
    if program is None:
        raise SystemExit("there is no redis-server: REDIS_SERVER=$(.ci/redis)")
    with tempfile.TemporaryDirectory(prefix="graftline-bench-") as folder, ExitStack() as started:
        os.chdir(folder)
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        url = f"redis://127.0.0.1:{port}/0"
        os.environ |= {"GRAFTLINE_HOME": str(Path(folder, "store")), "PLAIN": url}
        os.environ["PYTHONPATH"] = os.pathsep.join([os.environ.get("PYTHONPATH", ""), folder])
        sys.path.insert(0, folder)
        Path("noops.py").write_text("def noop(i=0):\n    return i\n")
        Path("plain.py").write_text(PLAIN)
        Path("pipeline.py").write_text(PIPELINE.replace("COUNT", str(count)))
        Path("graftline.toml").write_text(CONFIG.replace("URL", url))
        python = sys.executable
        for words in (
            (program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
            (python, "-m", "celery", "-A", "plain", "worker", "-P", "threads", "-c", "2", "-l", "ERROR"),
            (python, "-m", "graftline", "worker", "--celery", url, "-j", "2"),
        ):
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            started.callback(process.wait)
            started.callback(process.terminate)
        time.sleep(8)
        pairs = [(_plain(count), _ours()) for _ in range(rounds)]
    plain, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"{count:,} no-ops: celery {plain:.2f} s, the celery runner {ours:.2f} s, ratio {ours / plain:.2f}")
    return 0


def _plain(count: int) -> float:
    from plain import noop  # type: ignore[import-not-found]  # written by `main`

    start = time.perf_counter()
    values = [result.get(timeout=120) for result in [noop.delay(index) for index in range(count)]]
    assert values == list(range(count))
    return time.perf_counter() - start


def _ours() -> float:
    """Return the seconds of the whole call: compiling, connecting and closing are among them."""
    from pipeline import many  # type: ignore[import-not-found]  # as above

    start = time.perf_counter()
    many.execute(runner="farm")
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main(*(int(each) for each in (sys.argv[1:] + ["1000", "3"][len(sys.argv) - 1 :])[:2])))

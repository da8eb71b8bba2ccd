"""What a person sees of the iris sample, as files to look at; what differs from run to run is masked."""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from sample_runs import Sample

GOLDEN = Path(__file__).parent / "golden"
MASKS = (
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \([^)]*\)", "DATE (AGO)"),
    (r"(?<=iris  )[a-z2-7]{4,}(?= ·)", "RUNS"),
    (r"(?<=steps · )\S+", "TIME"),
    (r"(?<=snapshot )[0-9a-f]{8}", "SNAPSHOT"),
    (r"python 3\.\d+\.\d+", "python VERSION"),
    (r"\bnow\b", "0s ago"),
    (r"\b\d+(\.\d+)?(m?s)\b *", "TIME "),
    (r"\b\d+(\.\d+)? (B|kB|MB)", "SIZE"),
    (r" +", " "),
)
"""Pattern -> what stands for it; the last one takes away the widths of what was masked."""


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the sample after one run."""
    iris = Sample("iris", tmp_path_factory.mktemp("iris"))
    iris.document("run")
    return iris


def masked(text: str) -> str:
    for pattern, mask in MASKS:
        text = re.sub(pattern, mask, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def compare(name: str, text: str) -> None:
    """Compare with the file a person looked at; to renew it, delete it, run twice, and look at it."""
    file = GOLDEN / name
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        pytest.fail(f"{name} was not there and is written now: look at it, then run again")
    assert text == file.read_text(encoding="utf-8")


def test_the_graph_reads_well(iris: Sample) -> None:
    compare("iris_graph.txt", iris.graft("graph", "pipeline.py").stdout)


def test_the_run_reads_well(iris: Sample) -> None:
    compare("iris_show.txt", masked(iris.graft("show", "@last").stdout))


def test_the_log_reads_well(iris: Sample) -> None:
    compare("iris_logs.txt", iris.graft("logs", "@last").stdout)


def test_the_list_reads_well(iris: Sample) -> None:
    compare("iris_ls.txt", re.sub(r"(?<=ok )[a-z2-7]{4,}", "RUNS", masked(iris.graft("ls").stdout)))


HAS_GRAPHVIZ = shutil.which("dot") is not None or find_spec("pygraphviz") is not None


@pytest.mark.skipif(not HAS_GRAPHVIZ, reason="Graphviz is not installed")
def test_the_picture_names_every_step_and_need(iris: Sample) -> None:
    svg = iris.graft("graph", "pipeline.py", "--format", "svg").stdout

    titles = [title.replace("&#45;&gt;", "->") for title in re.findall(r"<title>(.*?)</title>", svg)]
    assert len([title for title in titles if "->" in title]) == 3
    assert all(f">{name}<" in svg for name in ("load_data", "model_fit", "generate_plots"))

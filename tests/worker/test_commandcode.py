"""What a shell command runs and reads, by the files it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from graftline.core.fingerprints.trace import Tracer
from graftline.worker.commandcode import ShellCode
from graftline.worker.sourcetext import SourceText


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1\n")
    (tmp_path / "tool.py").write_text("import helper\nprint(helper.X)\n")
    (tmp_path / "helper.py").write_text("X = 1\n")
    (tmp_path / "count.sh").write_text("wc -l data/a.csv $LINES\n")
    (tmp_path / "run").write_text("#!/bin/sh\ncat data/a.csv\n")
    return tmp_path


def looked_at(root: Path, command: str, *made: str) -> ShellCode:
    read = SourceText()
    found = ShellCode(str(root), str(root), read, lambda file: Tracer(str(root), [str(root)], read), made)
    found.add(command)
    return found


@pytest.mark.parametrize(
    ("command", "reads"),
    [
        ("cat data/a.csv", ("data/a.csv",)),
        ("cat < data/a.csv > out/b.csv", ("data/a.csv",)),
        ("cut -d, -f1 data/a.csv | sort", ("data/a.csv",)),
        ("cat data/*.csv", ("data/*.csv",)),
        ("ls data", ("data",)),
        ("mkdir -p out && rm -f data/a.csv", ()),
        ("cd data && cat a.csv", ("a.csv", "data/a.csv")),
        ("cat out/later.csv", ("out/later.csv",)),
        ("echo 1 2.5 'x y' $n", ()),
        ("sh count.sh", ("data/a.csv",)),
        ("./run", ("data/a.csv",)),
        ("cat /etc/passwd", ()),
        ("find . -name x", ()),
    ],
)
def test_the_data_a_command_names_are_known(project: Path, command: str, reads: tuple[str, ...]) -> None:
    assert looked_at(project, command).reads == reads


def test_a_file_the_step_makes_is_no_input(project: Path) -> None:
    assert looked_at(project, "cp data/a.csv out/b.csv", "out/b.csv").reads == ("data/a.csv",)


def test_a_python_file_is_traced_with_what_it_imports(project: Path) -> None:
    found = looked_at(project, "python tool.py --n 1")

    assert {"tool.py:<module>", "helper.py:X"} <= found.code.parts.keys()
    assert found.source == "runs tool.py in a process of its own, where what it reads is not seen"


def test_a_shell_script_counts_by_its_content_and_what_it_names(project: Path) -> None:
    found = looked_at(project, "sh count.sh; echo ${MODE} $GRAFT_OUTPUTS $PWD")

    assert list(found.code.parts) == ["count.sh:<module>"]
    assert found.code.variables == {"LINES", "MODE"}
    assert found.source is None

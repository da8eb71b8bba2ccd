"""The parts of a run's screen, driven by their keys: Gantt, logs, artifacts, metrics, drawing, why and debug."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from graphs import graph_of
from ui_pilot import UiSpace, opened
from ui_records import RunRecords

from graftline.tui.app import GraftApp
from graftline.tui.screens import artifactpart
from graftline.tui.screens.artifactpart import ArtifactPart
from graftline.tui.screens.ganttpart import GanttPart
from graftline.tui.screens.graphpart import GraphPart
from graftline.tui.screens.logpart import LogPart
from graftline.tui.screens.metricpart import MetricPart
from graftline.tui.screens.stepdeeds import debug_command
from graftline.tui.usage import sampled
from graftline.tui.widgets.grid import Grid


@contextmanager
def no_suspension() -> Iterator[None]:
    """Stand in for the suspension of a terminal that a test has not."""
    yield


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_the_chart_is_zoomed_panned_turned_and_unfolded_and_the_cursor_stays() -> None:
    async with opened(RunRecords()) as ui:
        await ui.press("j", "enter", "3")  # the run of thousands of steps
        await ui.sees("1,198/1,200")
        part = ui.app.screen.query_one(GanttPart)
        assert part.view.lane is not None
        assert part.view.lane.key == "trials/*/fit"

        await ui.press("plus", "plus")
        await ui.sees("×4")
        before = part.view._window
        await ui.press("l")
        assert part.view._window[0] > before[0]
        await ui.press("h", "underscore", "underscore", "underscore")
        assert not part.view.is_zoomed

        await ui.press("enter")
        await ui.sees("trials/0/fit")
        assert part.view.lane.key == "trials/*/fit"
        await ui.press("left_parenthesis")
        await ui.until(lambda: "trials/0/fit" not in ui.text)
        await ui.press("right_parenthesis")
        await ui.sees("items")

        await ui.press("vertical_line")
        await ui.sees("busy")
        await ui.press("end")
        await ui.press("enter")
        await ui.until(lambda: ui.app.screen.has_class("-detail"))
        await ui.press("escape")
        await ui.until(lambda: not ui.app.screen.has_class("-detail"))


async def test_only_matches_are_shown_and_all_again_and_lines_wrap() -> None:
    async with opened(RunRecords()) as ui:
        await ui.press("enter", "l")
        await ui.sees("40 lines")
        part = ui.app.screen.query_one(LogPart)

        await ui.press("ampersand")
        await ui.type("row 3")
        await ui.press("enter")
        await ui.sees("11 with row 3")
        assert "row 31" in ui.text
        assert "row 29" not in ui.text
        await ui.press("escape")
        await ui.sees("row 29")

        await ui.press("left_curly_bracket")
        await ui.sees("line 34 of 40")
        await ui.press("J")
        await ui.sees('{"level": "error", "msg": "row 33", "n": 33}')
        await ui.press("ctrl+w")
        await ui.sees("wrapped")
        assert part.view.is_wrapped


async def test_an_attempt_is_chosen_and_all_are_merged_again() -> None:
    async with opened(RunRecords()) as ui:
        await ui.press("enter", "l")
        await ui.sees("40 lines")
        await ui.press("A")
        await ui.sees("merged")
        await ui.press("2")
        await ui.sees("attempt 2  20 lines")

        await ui.press("M")
        await ui.sees("feat.text  40 lines")
        await ui.press("a")
        await ui.sees("all steps")
        await ui.press("A")
        await ui.sees("attempts are of a step")


async def test_the_whole_log_goes_to_the_pager_without_escape_sequences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "seen"
    script = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    monkeypatch.setenv("GRAFTLINE_PAGER", f'{sys.executable} -c "{script}" {file}')
    monkeypatch.setattr(GraftApp, "suspend", lambda self: no_suspension())

    async with opened(RunRecords()) as ui:
        await ui.press("enter", "4")
        await ui.sees("41 lines")
        await ui.press("ctrl+e")

    lines = file.read_text().splitlines()
    assert len(lines) == 41
    assert "split  WARNING: few rows" in lines


async def test_artifacts_are_shown_saved_once_opened_and_copied(at_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened_with: list[list[str]] = []
    monkeypatch.setattr(artifactpart, "_opener", lambda: "viewer")
    monkeypatch.setattr(subprocess, "Popen", lambda words, **_: opened_with.append(words))

    async with opened(RunRecords()) as ui:
        await ui.press("enter", "6")
        part_grid = ui.app.screen.query_one(ArtifactPart).grid
        await ui.sees("MADE BY")
        await ui.press("j")
        await ui.sees("list of 3 objects")
        await ui.press("j")
        await ui.sees("table, 2 columns")
        assert part_grid.current is not None

        await ui.press("ctrl+s")
        await ui.until(lambda: (at_home / "report.csv").exists())
        await ui.press("ctrl+s")
        await ui.sees("is there already")
        await ui.press("o")
        await ui.until(lambda: opened_with)
        await ui.press("y")
        await ui.sees("graft output livell split:report.csv")
        await ui.press("v")

        assert ui.app.clipboard.startswith("name  score")
    assert (at_home / "report.csv").read_bytes() == b"name,score\nada,1\nbob,2\n"
    assert Path(opened_with[0][1]).read_bytes() == b"name,score\nada,1\nbob,2\n"


async def test_a_large_artifact_is_read_when_one_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifactpart, "AT_ONCE", 30)

    async with opened(RunRecords()) as ui:
        await ui.press("enter", "6")
        await ui.sees("MADE BY")
        await ui.press("j")
        await ui.sees("reads its")
        await ui.press("L")
        await ui.sees("list of 3 objects")


async def test_numbers_are_drawn_by_their_logarithm_and_what_is_no_number_is_said() -> None:
    async with opened(RunRecords()) as ui:
        await ui.press("enter", "5")
        await ui.sees("200 values")
        part = ui.app.screen.query_one(MetricPart)
        await ui.press("S")
        await ui.sees("log scale")
        assert part.is_log
        await ui.press("j")
        await ui.sees("1 NaN, 1 infinite")


async def test_the_map_shows_where_one_is_and_a_click_goes_there() -> None:
    needs: dict[str, list[str]] = {"s0": [], "s1": ["s0"]}
    needs |= {f"s{at}": [f"s{at - 1}", f"s{at - 2}"] for at in range(2, 120)}
    space = UiSpace(graph_of(needs))
    space.fail("s60")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("enter", "2")
        await ui.sees("around s60")
        part = ui.app.screen.query_one(GraphPart)
        await ui.press("m")
        await ui.sees("◉")
        place = next(at for at, node in (part._map.nodes if part._map else {}).items() if node == "s0")

        await ui.pilot.click("MapSheet", offset=(place[1] + 1, place[0] + 1))

        await ui.sees("around s0")
        await ui.press("escape")
        await ui.until(lambda: "◉" not in ui.text)


async def test_finished_chains_of_a_large_graph_are_one_node() -> None:
    needs: dict[str, list[str]] = {"s0": []} | {f"s{at}": [f"s{at - 1}"] for at in range(1, 100)}
    space = UiSpace(graph_of(needs))
    space.fail("s90")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("enter", "2")
        await ui.sees("s0 .. s89 ×90")
        await ui.sees("chains of steps that are done")


async def test_the_drawing_is_written_and_copied(at_home: Path) -> None:
    async with opened(RunRecords()) as ui:
        await ui.press("enter", "2")
        await ui.sees("○ join")
        await ui.press("E")
        await ui.sees("Write the drawing to")
        await ui.press("m")
        await ui.until(lambda: list(at_home.glob("*.mmd")))
        await ui.press("y")
        await ui.sees("Graphviz DOT")
        await ui.press("g")
        assert ui.app.clipboard.startswith("digraph {")

    (file,) = at_home.iterdir()
    assert file.name == "churn.train-livell.mmd"
    assert file.read_text().startswith("flowchart LR")


async def test_why_and_debug_are_a_key_away(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def done(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 130)

    monkeypatch.setattr(subprocess, "run", done)
    monkeypatch.setattr(GraftApp, "suspend", lambda self: no_suspension())
    space = UiSpace()
    run = space.fail("fit")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("enter")
        await ui.sees("RESULT")
        await ui.press("w")
        await ui.sees(f"$ graft why {run[:6]} fit")
        await ui.press("escape")

        await ui.press("b")
        await ui.sees("the debugger was left")

    assert commands[0][-3:] == ["debug", run, "fit"]
    assert debug_command(space.workspace.show(run), "fit", "/home/ada/graft/v1")[3:5] == ["--store", "/home/ada/graft"]


async def test_a_family_has_no_why_of_its_own_and_help_says_so() -> None:
    async with opened(RunRecords()) as ui:
        await ui.press("j", "enter")
        await ui.sees("1,200 items")
        await ui.press("w")
        await ui.sees("it stands for several steps")


async def test_other_steps_say_how_they_stand_to_the_one_at_the_cursor() -> None:
    async with opened(RunRecords()) as ui:
        await ui.press("enter")
        await ui.sees("waits for join")
        grid = ui.app.screen.query_one("#steps", Grid)
        await ui.until(lambda: grid.at_key == "feat.text")

        found = {
            line.split()[3]: line.split()[2] for line in ui.lines if line.split()[2:3] and line.split()[2] in "↑⇡↓⇣"
        }

        assert found == {"fetch": "⇡", "validate": "⇡", "split": "↑", "join": "↓", "train_gbm": "⇣"}


async def test_parts_are_imported_when_they_are_opened() -> None:
    code = (
        "import sys, graftline.tui.app, graftline.tui.screens.run\n"
        "print([name for name in sys.modules if name.rpartition('.')[2] in "
        "('ganttpart', 'artifactpart', 'metricpart', 'logpart', 'graphpart', 'timeline', 'previewing', 'linechart')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


def test_what_a_process_uses_is_told_where_linux_tells_it() -> None:
    found = sampled(os.getpid())

    assert (found is None) == (sys.platform != "linux")
    assert found is None or (found.rss_bytes > 1_000_000 and found.processes >= 1)
    assert sampled(os.getpid(), "another-machine") is None

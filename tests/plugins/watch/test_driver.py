"""A watch end to end: real files, loaders and workers; cases F2 to F8 of a watched project."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from watches import PIPELINE, STEPS, Watched

from graftline.core.errors import InvalidError
from graftline.core.states import Status
from graftline.core.watchnews import Broken, Ended, Unconcerned, Wish

SILENCE_S = 0.7
"""Longer than a save takes to be told, and than the grace after a wave."""


def test_only_what_a_save_concerns_runs_again(watched: Callable[..., Watched]) -> None:
    watch = watched()
    watch.until_waiting()
    first = watch.ran()

    watch.replace("steps.py", "FACTOR = 1", "FACTOR = 2")
    planned = watch.until_planned()
    ended = watch.until_ended()

    assert first == ["load", "clean"]
    assert [(each.path, each.why) for each in planned.changed] == [("clean", ("steps.py:FACTOR changed",))]
    assert planned.followers == ("report",)
    assert watch.ran() == ["clean"]
    assert watch.states(ended.run.id) == {"load": Status.CACHED, "clean": Status.SUCCESS, "report": Status.SKIPPED}
    assert ended.run.origin == "watch"
    assert len(watch.waves()) == 2


def test_waves_are_hidden_unless_asked_for(watched: Callable[..., Watched]) -> None:
    from graftline.core.ports import RunQuery

    watch = watched()
    watch.until_waiting()

    assert watch.space.runs(RunQuery()) == []
    assert len(watch.space.runs(RunQuery(with_children=True))) == 1


def test_a_second_watch_of_an_unchanged_project_runs_nothing(watched: Callable[..., Watched]) -> None:
    first = watched()
    first.until_waiting()
    first.leave()
    first.ran()

    second = watched()
    second.until_waiting()

    assert second.ran() == []


def test_a_comment_starts_nothing_and_that_is_said(watched: Callable[..., Watched]) -> None:
    watch = watched()
    watch.until_waiting()

    watch.save("steps.py", "# a remark\n" + STEPS)

    assert watch.until(lambda came: came if isinstance(came, Unconcerned) else None).paths == ("steps.py",)
    assert len(watch.waves()) == 1


def test_half_written_code_is_told_with_its_place_and_the_next_good_save_goes_on(
    watched: Callable[..., Watched],
) -> None:
    watch = watched()
    watch.until_waiting()
    watch.ran()

    watch.save("steps.py", STEPS + "\ndef half(\n")
    error = watch.until(lambda came: came.error if isinstance(came, Broken) else None)
    is_broken = watch.until_waiting().is_broken
    watch.save("steps.py", STEPS.replace("FACTOR = 1", "FACTOR = 5"))
    watch.until_ended()

    assert isinstance(error, InvalidError)
    assert (os.path.basename(error.file or ""), error.line) == ("steps.py", STEPS.count("\n") + 2)
    assert is_broken
    assert watch.ran() == ["clean"]
    assert len(watch.waves()) == 2


def test_code_that_is_broken_at_the_start_is_waited_for(root: Path, watched: Callable[..., Watched]) -> None:
    (root / "pipeline.py").write_text("import no_such_module_anywhere\n" + PIPELINE)
    watch = watched()

    assert watch.until_waiting().is_broken
    watch.save("pipeline.py", PIPELINE)

    assert watch.until_ended().run.state is Status.SUCCESS


def test_an_import_of_what_was_missing_is_tried_again_when_the_module_comes(watched: Callable[..., Watched]) -> None:
    watch = watched()
    watch.until_waiting()
    watch.replace("steps.py", "FACTOR = 1", "from settings import FACTOR")
    assert watch.until_waiting().is_broken

    watch.save("settings.py", "FACTOR = 7\n")

    assert watch.until_ended().run.state is Status.SUCCESS


def test_fifty_saves_in_half_a_second_are_at_most_two_waves_of_which_the_last_is_right(
    watched: Callable[..., Watched],
) -> None:
    watch = watched(holds_effects=False)
    watch.until_waiting()
    watch.ran()

    stalls, before = 0, time.monotonic()
    for number in range(50):
        watch.save("steps.py", STEPS.replace("FACTOR = 1", f"FACTOR = {number + 2}"))
        time.sleep(0.01)
        stalls += time.monotonic() - before > 0.04  # a busy machine: for the watch it has become quiet
        before = time.monotonic()
    watch.until_waiting()
    while not watch.is_silent(SILENCE_S):
        watch.until_waiting()

    waves = [each for each in watch.news if isinstance(each, Ended)][1:]
    assert len(waves) <= 2 + stalls
    assert watch.ran()[-1] == f"report {3 * 51}"


def test_a_touch_is_no_change(root: Path, watched: Callable[..., Watched]) -> None:
    watch = watched()
    watch.until_waiting()

    for name in ("steps.py", "pipeline.py"):
        os.utime(root / name)

    assert watch.is_silent(SILENCE_S)


def test_a_checkout_of_a_thousand_files_is_one_wave(root: Path, watched: Callable[..., Watched]) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True, timeout=30)

    for number in range(1000):
        (root / f"part{number:04}.py").write_text("VALUE = 1\n")
    used = "from part0500 import VALUE\nfrom part0999 import VALUE as OTHER\n"
    (root / "steps.py").write_text(used + STEPS.replace("raw * FACTOR", "raw * VALUE * OTHER"))
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "two")
    for number in range(1000):
        (root / f"part{number:04}.py").write_text("VALUE = 2\n")
    git("commit", "-qam", "two")
    git("checkout", "-q", "-")
    watch = watched(holds_effects=False)
    watch.until_waiting()
    watch.ran()

    git("checkout", "-q", "two")
    watch.until_waiting()

    assert watch.ran() == ["clean", "report 12"]
    assert watch.is_silent(SILENCE_S)
    assert len(watch.waves()) == 2


def test_effects_are_held_and_released_one_at_a_time(watched: Callable[..., Watched]) -> None:
    watch = watched()
    held = watch.until_waiting().held
    before = watch.ran()

    watch.watch.ask(Wish.RELEASE)
    watch.until_waiting()

    assert held == ("report",)
    assert before == ["load", "clean"]
    assert watch.ran() == ["report 3"]


def test_with_effects_all_of_them_run(watched: Callable[..., Watched]) -> None:
    watch = watched(holds_effects=False)
    watch.until_waiting()

    assert watch.ran() == ["load", "clean", "report 3"]


def test_an_effect_that_says_so_runs_in_each_wave(root: Path, watched: Callable[..., Watched]) -> None:
    (root / "pipeline.py").write_text(PIPELINE.replace("PythonTask(report)", "PythonTask(report, watch=True)"))
    watch = watched()

    assert watch.until_waiting().held == ()
    assert watch.ran() == ["load", "clean", "report 3"]


def test_what_is_odd_about_a_pipeline_is_told_once(root: Path, watched: Callable[..., Watched]) -> None:
    (root / "pipeline.py").write_text(PIPELINE.replace(', returns=["good"]', ""))
    (root / "steps.py").write_text(STEPS.replace("def report(good):", "def report(good=0):"))
    watch = watched()
    watch.until_waiting()

    watch.watch.ask(Wish.FORCE)
    watch.until_waiting()

    assert len(watch.warnings) == len(set(watch.warnings)) == 1
    assert "clean" in watch.warnings[0]


def test_force_runs_every_step(watched: Callable[..., Watched]) -> None:
    watch = watched()
    watch.until_waiting()
    watch.ran()

    watch.watch.ask(Wish.AGAIN)
    watch.until_waiting()
    again = watch.ran()
    watch.watch.ask(Wish.FORCE)
    watch.until_waiting()

    assert again == []
    assert watch.ran() == ["load", "clean"]


def test_only_selected_steps_run_and_matter(watched: Callable[..., Watched]) -> None:
    watch = watched(only=("load",))
    watch.until_waiting()

    watch.replace("steps.py", "FACTOR = 1", "FACTOR = 2")

    watch.until(lambda came: came if isinstance(came, Unconcerned) else None)
    assert watch.ran() == ["load"]


def test_saved_parameters_are_read_again_and_wrong_ones_told(root: Path, watched: Callable[..., Watched]) -> None:
    file = root / "params.txt"
    file.write_text("factor=2")
    taken = STEPS.replace("clean(raw)", "clean(raw, factor: int)").replace("raw * FACTOR", "raw * factor")
    (root / "steps.py").write_text(taken)

    def read(path: Path) -> dict[str, str]:
        name, _, value = path.read_text().partition("=")
        return {name: value}

    watch = watched(params=(file, read))
    watch.until_waiting()
    watch.save("params.txt", "factor=many")
    is_broken = watch.until_waiting().is_broken
    watch.save("params.txt", "factor=4")
    planned = watch.until_planned()
    watch.until_waiting()

    assert is_broken
    assert planned.changed[0].why == ("factor 2 -> 4",)
    assert watch.ran() == ["load", "clean", "clean"]


def test_a_broken_configuration_is_told_and_a_good_one_taken(root: Path, watched: Callable[..., Watched]) -> None:
    watch = watched()
    watch.until_waiting()

    watch.save("graftline.toml", "[runner\n")
    is_broken = watch.until_waiting().is_broken
    watch.save("graftline.toml", "[runner.local]\njobs = 1\n")

    assert is_broken
    assert not watch.until_waiting().is_broken

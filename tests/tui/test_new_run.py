"""A new run from a form: typed parameters, the plan before anything starts, errors that keep the form."""

from __future__ import annotations

import threading

from textual.widgets import Input
from ui_around import FormSpace, outside
from ui_pilot import Ui, opened

from graftline.core.errors import InvalidError
from graftline.core.states import Status
from graftline.tui.screens.newrun import NewRun
from graftline.tui.screens.run import RunScreen
from graftline.tui.screens.runs import Runs
from graftline.tui.wanted import ACTIONS, Wanted


async def _change(ui: Ui, label: str, text: str) -> None:
    """Go to a row of the form and type."""
    screen = ui.app.screen
    assert isinstance(screen, NewRun)
    screen.grid.go_to_key(label)
    await ui.press("enter")
    ui.app.screen.query_one("#field", Input).value = text
    await ui.press("enter")


async def test_a_run_is_described_planned_started_and_opened() -> None:
    space = FormSpace()

    async with opened(space, outside=outside()) as ui:
        await ui.sees("No run yet")
        await ui.press("n")
        await ui.sees("needs path")
        assert "has to be given" in ui.text
        assert "svm, tree · params.yaml:3 · for fit" in ui.text
        await ui.press("n")
        await ui.sees("path has to be given")
        assert space.launcher.launched == []

        await _change(ui, "param:path", "data.csv")
        await ui.sees("3 run")
        screen = ui.app.screen
        assert isinstance(screen, NewRun)
        screen.grid.go_to_key("param:kind")
        await ui.press("space")
        await ui.sees("-p kind=tree")
        await _change(ui, "tags", "best, new")
        await _change(ui, "jobs", "2")
        await ui.sees("$ graft run pipeline.py -p path=data.csv -p kind=tree -j 2 --tag best --tag new")
        await ui.until(lambda: screen.plan is not None)
        await ui.press("n")

        await ui.until(lambda: isinstance(ui.app.screen, RunScreen))
        [(run, state)] = space.launcher.launched
        assert state is Status.PENDING
        made = space.workspace.show(run)
        assert (made.origin, made.tags, made.params["kind"]) == ("ui", ("best", "new"), "tree")
        assert space.workspace.spec(run).jobs == 2
        assert [deed.command.split()[:2] for deed in ui.app.deeds] == [["graft", "run"]]


async def test_what_is_wrong_is_shown_with_its_place_and_the_form_stays() -> None:
    space = FormSpace()
    space.forms.problem = InvalidError("it does not parse [/x]", "close the bracket", file="pipeline.py", line=7)

    async with opened(space, outside=outside()) as ui:
        await ui.press("n")
        await ui.sees("it does not parse [/x]")
        assert "pipeline.py:7" in ui.text
        assert "cannot start" in ui.text

        space.forms.problem = None
        await ui.press("R")
        await ui.sees("needs path")
        await _change(ui, "param:path", "x")
        await _change(ui, "jobs", "many")
        await ui.sees("jobs is a whole number above 0")
        await _change(ui, "only", "nothing")
        await ui.press("escape")
        assert isinstance(ui.app.screen, Runs)
        assert space.launcher.launched == []


async def test_an_import_that_hangs_is_given_up_and_the_ui_goes_on() -> None:
    space = FormSpace()
    space.forms.gate = threading.Event()

    async with opened(space, outside=outside()) as ui:
        await ui.press("n")
        await ui.sees("esc gives it up")
        await ui.press("escape")
        await ui.sees("given up")
        await ui.until(lambda: space.forms.given_up)
        assert isinstance(ui.app.screen, NewRun)
        await ui.press("escape")
        assert isinstance(ui.app.screen, Runs)


async def test_a_ui_that_only_looks_starts_and_stops_nothing() -> None:
    space = FormSpace()
    space.fail("fit")

    async with opened(space, outside=outside(is_read_only=True)) as ui:
        await ui.sees("read-only")
        for key in ("n", "r", "X", "ctrl+r"):
            await ui.press(key)
            await ui.sees("this UI only looks")
            assert isinstance(ui.app.screen, Runs)
        await ui.press("colon")
        await ui.type("cancel @last")
        await ui.press("enter")
        await ui.sees("may change something")
        assert space.launcher.launched == []


async def _choose_sweep(ui: Ui) -> None:
    screen = ui.app.screen
    assert isinstance(screen, NewRun)
    screen.grid.go_to_key("action")
    for _ in ACTIONS[1:]:
        await ui.press("space")
    await ui.sees("$ graft sweep")


async def test_a_sweep_is_described_seen_and_started() -> None:
    space = FormSpace()

    async with opened(space, outside=outside()) as ui:
        await ui.press("n")
        await ui.sees("needs path")
        await _choose_sweep(ui)
        await ui.sees("needs path")
        await _change(ui, "param:path", "data.csv")
        await ui.sees("nothing is searched")
        await _change(ui, "spaces", "C=lgo(1e-4,1)")
        await ui.sees("there is no range 'lgo'; did you mean 'log'?")
        await _change(ui, "spaces", "C=0.1,1,10 kind=svm,tree")
        await ui.sees("sweep: 6 trials")
        assert "C=0.1   kind=tree" in ui.text
        await _change(ui, "trials", "few")
        await ui.sees("trials is a whole number above 0, not 'few'")
        await _change(ui, "trials", "4")
        await _change(ui, "metric", "-loss")
        await ui.sees("sweep: 4 trials")
        command = (
            "graft sweep pipeline.py -p path=data.csv -S C=0.1,1,10 -S kind=svm,tree --random 4 --by loss --minimize"
        )
        assert command in ui.text
        await ui.press("n")

        await ui.until(lambda: isinstance(ui.app.screen, RunScreen))
        [(run, state)] = space.launcher.launched
        made = space.workspace.spec(run).search
        assert state is Status.PENDING
        assert made is not None
        assert (made.count, made.metric, made.is_maximum) == (4, "loss", False)
        assert [deed.command for deed in ui.app.deeds] == [command]


async def test_a_parameter_that_is_searched_need_not_be_given() -> None:
    async with opened(FormSpace(), outside=outside()) as ui:
        await ui.press("n")
        await _choose_sweep(ui)
        await _change(ui, "spaces", "path=a.csv,b.csv")
        await ui.sees("sweep: 2 trials")


def test_a_tuning_says_its_command() -> None:
    wanted = Wanted(target="pipeline.py", action="tune", spaces="C=log(1e-4,1,5)", trials="30", metric="auc")
    assert wanted.command == "graft tune pipeline.py -S 'C=log(1e-4,1,5)' --trials 30 --maximize auc"
    wanted = Wanted(target="churn/0.2.0", action="tune", method="random", metric="-loss", lower="3", from_start="yes")
    assert wanted.command == "graft tune churn/0.2.0 --method random --minimize loss --lower 3"
    assert Wanted(action="sweep", spaces="C='1").command == "graft sweep -S 'C='\"'\"'1'"

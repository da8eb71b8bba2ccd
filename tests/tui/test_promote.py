"""`P`: where a run may go, what stands in the way, and after it how far both runs agree; and as whole screens."""

from __future__ import annotations

import pytest
from memory_logs import MemoryLogs
from promoted import DOWN, UP, FarSpace
from run_specs import chain
from ui_golden import compare, settled
from ui_pilot import Ui, UiSpace, opened

from graftline.core.burden import Packed
from graftline.core.ids import RunId
from graftline.core.ports import RunQuery
from graftline.core.records import replace
from graftline.core.runnerhealth import Answer
from graftline.core.states import Status
from graftline.tui.glyphs import ASCII, UNICODE, Glyphs
from graftline.tui.outside import Outside
from graftline.tui.screens.promote import Promote

SIZES = [(80, 24), (120, 40), (160, 50)]


class Promoted(FarSpace, UiSpace):
    """A workspace with a runner that is elsewhere, and whose steps can print."""

    def __init__(self) -> None:
        self.logs = MemoryLogs()
        self.now = 1_700_000_000.0
        FarSpace.__init__(self, chain("fetch", "fit", "report"), logs=self.logs, clock=lambda: self.now)
        self.packed = Packed(size_bytes=12_300, files=("data.csv",))
        self.health = replace(UP, answers=(Answer(name="w1", packages={"numpy": "2.0"}),))

    def ran_with(self, packages: dict[str, str]) -> RunId:
        """Return a run that was made with these packages."""
        run = self.run()
        record = self.store.record(run)
        record.spec = replace(record.spec, environment={"packages": packages})
        return run


async def asked(ui: Ui) -> None:
    """Open the dialog at the newest run."""
    await ui.sees("ok")
    await ui.press("P")
    await ui.until(lambda: isinstance(ui.app.screen, Promote))


async def test_a_run_is_promoted_once_every_check_holds() -> None:
    space = Promoted()
    run = space.ran_with({"numpy": "2.0"})

    async with opened(space) as ui:
        await asked(ui)
        await ui.sees("1 package in the versions of the run")
        assert "2 workers at tcp://10.0.0.1:8786" in ui.text
        assert f"$ graft promote {run[:6]} --to far" in ui.text
        await ui.press("enter")

        await ui.sees("started")
        [(created, _)] = space.launcher.launched
        made = space.workspace.show(created)
        assert (made.parent, made.runner, made.origin) == (run, "far", "ui")


async def test_what_stands_in_the_way_is_told_and_enter_sends_nothing_until_it_is_forced() -> None:
    space = Promoted()
    run = space.ran_with({"numpy": "2.0", "rare": "0.1"})

    async with opened(space) as ui:
        await asked(ui)
        await ui.sees("rare is not there (w1)")
        await ui.press("enter")
        assert isinstance(ui.app.screen, Promote)
        assert space.launcher.launched == []

        await ui.press("f")
        await ui.sees(f"graft promote {run[:6]} --to far --force")
        await ui.sees("goes on all the same")
        await ui.press("enter")

        await ui.sees("started")


async def test_another_runner_is_chosen_and_all_can_be_asked_again() -> None:
    space = Promoted()
    space.names = ["far", "gone", "stub"]
    run = space.run()
    space.health = DOWN

    async with opened(space) as ui:
        await asked(ui)
        await ui.sees("start it")
        await ui.press("tab")
        await ui.sees("there is no runner 'gone'")
        assert f"graft promote {run[:6]} --to gone" in ui.text
        await ui.press("tab")
        space.health = UP
        await ui.press("r")

        await ui.sees("2 workers at")


async def test_a_run_that_goes_on_is_not_promoted_nor_any_where_one_only_looks() -> None:
    space = Promoted()
    space.run()

    async with opened(space, outside=Outside(is_read_only=True)) as ui:
        await ui.sees("ok")
        await ui.press("P")
        await ui.sees("only looks")
    assert space.launcher.launched == []


async def test_the_comparison_stands_in_the_info_of_the_run_and_reads_values_once() -> None:
    space = Promoted()
    space.there = {"fit": b"[2]"}
    space.verdict = "[0]: 1, now 2"
    run = space.run()
    space.now += 60.0
    made = space.promote(run)

    async with opened(space) as ui:
        await ui.sees("ok")
        await ui.press("enter", "7")
        await ui.sees("first difference  fit:value  [0]: 1, now 2")
        assert "2 identical" in ui.text

    checks = [run for run in space.workspace.runs(RunQuery(with_children=True)) if run.origin == "verify"]
    assert [run.parent for run in checks] == [made]


@pytest.mark.parametrize(
    ("size", "glyph_set", "name"),
    [(size, UNICODE, f"{size[0]}x{size[1]}") for size in SIZES] + [((80, 24), ASCII, "ascii")],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_dialog_and_the_comparison_read_well(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], glyph_set: Glyphs, name: str
) -> None:
    monkeypatch.setattr("graftline.tui.app.time.strftime", lambda form, at=None: "12:04:31")
    space = Promoted()
    run = space.ran_with({"numpy": "1.26", "rare": "0.1"})
    shown: dict[str, str] = {}

    async with opened(space, size, glyph_set=glyph_set) as ui:
        await ui.until(lambda: ui.app._changed_at is not None, "the first poll")
        await asked(ui)
        await ui.sees("rare is not there")
        shown["promote"] = await settled(ui)
        await ui.press("f")
        await ui.sees("goes on all")
        shown["promote, forced"] = await settled(ui)
        space.health = DOWN
        await ui.press("r")
        await ui.sees("nobody answers")
        shown["promote, down"] = await settled(ui)
        await ui.press("escape")
        space.names = ["stub"]
        await asked(ui)
        await ui.sees("No other runner")
        shown["promote, empty"] = await settled(ui)
        await ui.press("escape")
        space.health, space.there, space.verdict = UP, {"fit": b"[2]"}, "[0]: 1, now 2"
        space.now += 60.0
        made = space.promote(run, is_forced=True)
        await ui.sees(made[:6])
        await ui.press("home", "enter", "7")
        await ui.sees("first difference")
        shown["info, compared"] = await settled(ui)

    assert space.workspace.show(run).state is Status.SUCCESS
    text = "".join(f"== {part}\n{text}" for part, text in shown.items())
    for known, told in ((made, "second"), (run, "first0")):
        text = text.replace(known, told + known[6:]).replace(known[6:], "x" * 10).replace(known[:6], told)
    compare({f"promote-{name}": text})

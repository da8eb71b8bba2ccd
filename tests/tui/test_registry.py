"""The registry: what the tree and the sheet show, and each thing that can be done to it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from registries import digest
from spaces import TARGET
from textual.widgets import Input
from ui_around import outside
from ui_pilot import Ui, opened
from ui_shelves import ShelfSpace, filled, move, shelf_space, train

from graftline.core.errors import StoreError
from graftline.core.lineages import Place
from graftline.core.runs import Snapshot
from graftline.tui.screens.registry import RegistryScreen
from graftline.tui.screens.run import RunScreen
from graftline.tui.screens.shelfdiff import ShelfDiff

SIZE = (160, 50)


@pytest.fixture
def space(tmp_path: Path) -> ShelfSpace:
    """Return a workspace whose registry holds two releases of one project."""
    made = shelf_space(tmp_path)
    filled(made.registry)
    return made


async def _entered(ui: Ui) -> None:
    """Go to the registry."""
    await ui.press("g", "m")
    await ui.until(lambda: isinstance(ui.app.screen, RegistryScreen) and not ui.app.is_busy)
    await ui.sees("PROJECT, LINEAGE, GEN")


async def _at(ui: Ui, *row: str) -> None:
    """Put the cursor on a row of the tree; what leads to it is opened."""
    screen = ui.app.screen
    assert isinstance(screen, RegistryScreen)
    for count in range(1, len(row)):
        if row[:count] not in screen.opened:
            await ui.until(partial(screen.grid.go_to_key, row[:count]))
            await ui.press("enter")
    await ui.until(lambda: screen.grid.go_to_key(row), str(row))
    await ui.until(lambda: screen.facts is not None and screen.facts.row.id == row)


async def _type(ui: Ui, text: str) -> None:
    """Have a text come into the field as a paste does: key by key it takes 90 ms for each."""
    field = ui.app.screen.query(Input).last()
    field.value += text
    await ui.pilot.pause()


def _tree(ui: Ui) -> list[str]:
    """Return the addresses of the rows one sees."""
    screen = ui.app.screen
    return [row.address for row in screen.grid.seen()] if isinstance(screen, RegistryScreen) else []


async def test_the_tree_opens_at_the_project_with_its_newest_lineage(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await ui.sees("churn  1 dev hidden")
        assert "0.2.0  dirty" in ui.text
        assert "★ champion 1" in ui.text
        assert "0.2.1.dev1" not in ui.text

        await ui.press("ctrl+a")
        await ui.sees("0.2.1.dev1+ab12cd")
        await ui.press("enter")
        await ui.until(lambda: _tree(ui) == ["churn"])


async def test_a_generation_tells_its_numbers_against_champion_and_the_one_before(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.1.0", "2")
        await ui.sees("◆ candidate")
        assert "auc      ▲ 0.913       +0.013 champion  +0.013 previous" in ui.text
        assert "0.1.0/1 (trained further)" in ui.text
        assert "above 4 up to 6" in ui.text
        assert "fit:model  3 B · pickle" in ui.text
        assert "graftline-gone 2.0, here not installed" in ui.text
        assert "auc, last 2 generations" in ui.text
        assert "holds  auc >= champion.auc - 0.002   0.913 >= 0.9 - 0.002" in ui.text


async def test_words_are_searched_for_in_lineages_that_were_never_opened(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await ui.press("slash")
        await _type(ui, "candidate")
        await ui.press("enter")
        await ui.until(lambda: _tree(ui) == ["churn", "churn/0.1.0", "churn/0.1.0/2"])
        await ui.press("slash")
        await _type(ui, " nowhere")
        await ui.press("enter")
        await ui.sees("nothing fits")
        await ui.press("escape")
        await ui.sees("0.2.0")


async def test_an_alias_is_refused_with_its_gates_until_force_is_typed(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.2.0", "1")
        await ui.press("*")
        await ui.sees("refused: a gate does not hold")
        assert "fails  auc >= champion.auc - 0.002   0.85 >= 0.9 - 0.002" in ui.text
        assert "holds  latency <= 10   8 <= 10" in ui.text
        await ui.press("enter")
        assert space.registry.aliases("churn")["champion"] == Place("0.1.0", 1)

        await _type(ui, " --force")
        await ui.sees("moved against its gates")
        assert "$ graft alias set churn/0.2.0/1 champion --force" in ui.text
        await ui.press("enter")
        await ui.sees("churn@champion stands at 0.2.0/1")
        assert space.registry.aliases("churn")["champion"] == Place("0.2.0", 1)
        assert "forced, against" in space.registry.history("churn", "champion")[-1].why

        await ui.press("u")
        await ui.sees("then    0.1.0/1")
        await ui.press("enter")
        await ui.sees("churn@champion stands at 0.1.0/1")
        await ui.press("at")
        await ui.sees("graft rollback churn@champion")


async def test_other_choices_are_a_key_away_and_a_wrong_option_is_told(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.2.0", "1")
        await ui.press("*", "down")
        await ui.sees("alias set churn/0.2.0/1 candidate")
        await _type(ui, " --forse")
        await ui.sees("did you mean '--force'")
        await ui.press("escape")
        await ui.until(lambda: isinstance(ui.app.screen, RegistryScreen))


async def test_a_copy_is_seen_before_it_is_sent_and_the_other_registry_can_be_looked_at(space: ShelfSpace) -> None:
    given = outside(registries=lambda: ["sqlite", "models"])
    async with opened(space, SIZE, outside=given) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.1.0")
        await ui.press("C")
        await ui.sees("1 lineage and 2 generations would be sent")
        assert space.others["models"].projects() == []
        await _type(ui, " --aliases")
        await ui.sees("@champion is set there")
        await ui.press("enter")
        await ui.sees("1 lineage and 2 generations copied to models")

        await ui.press("p")
        await ui.sees("graft -P models list")
        await ui.sees("1 release")
        await ui.press("enter")
        await ui.sees("$ graft -P models list churn")
        await _at(ui, "churn", "0.1.0", "1")
        await ui.sees("churn/0.1.0/1 (copied)")
        await ui.press("o")
        await ui.sees("it came from another registry")


async def test_removing_needs_the_address_typed_and_no_alias_there(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.1.0", "1")
        await ui.press("D")
        await ui.sees("alias 'champion' stands at churn/0.1.0/1")
        await ui.press("escape")
        await _at(ui, "churn", "0.2.0", "1")
        await ui.press("D", "enter")
        await ui.sees("type churn/0.2.0/1 to remove it")
        await _type(ui, "churn/0.2.0/1")
        await ui.press("enter")
        await ui.sees("churn/0.2.0/1 is removed")
        assert space.registry.generations("churn", "0.2.0") == []
        await ui.until(lambda: "0 gens" in ui.text)


async def test_an_export_is_one_file_and_is_not_written_over(space: ShelfSpace, tmp_path: Path) -> None:
    from graftline.plugins.registry.opening import zipped

    made = ShelfSpace(space.registry, bundles=zipped)
    async with opened(made, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await ui.press("E")
        ui.app.screen.query_one(Input).value = ""
        await _type(ui, f"{tmp_path}/all.graft")
        await ui.sees("to  ")
        await ui.press("enter")
        await ui.until(lambda: os.path.exists(tmp_path / "all.graft"))
        await ui.sees("2 lineages and 3 generations")
        await ui.press("E")
        ui.app.screen.query_one(Input).value = ""
        await _type(ui, f"{tmp_path}/all.graft")
        await ui.sees("--force writes over it")


async def test_a_release_shows_the_files_that_changed_and_is_published(space: ShelfSpace) -> None:
    code = b"def fit(X):\n    return 3 * X\n"
    space.loader.snapshot = Snapshot(files={"pipeline.py": digest(code)}, contents={digest(code): code})
    async with opened(space, SIZE, outside=outside(target=lambda text: TARGET)) as ui:
        await _entered(ui)
        await ui.press("n")
        await ui.sees("churn 0.2.1")
        await ui.sees("changed  pipeline.py")
        await ui.press("down")
        await ui.sees("churn 0.3.0")
        await ui.press("enter")
        await ui.sees("released churn 0.3.0")
        assert [each.version for each in space.registry.lineages("churn")][-1] == "0.3.0"


async def test_a_diff_shows_code_numbers_and_packages_against_the_champion(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.2.0", "1")
        await ui.press("d")
        await ui.until(lambda: isinstance(ui.app.screen, ShelfDiff))
        await ui.sees("metric    auc")
        assert "▲ 0.9" in ui.text
        assert "0.85" in ui.text
        assert "latency" not in ui.text
        await ui.press("=")
        await ui.sees("latency")
        await ui.press("=")
        await ui.until(lambda: "latency" not in ui.text)
        await ui.press(*["j"] * 3)
        await ui.sees("+    return 2 * X")
        await ui.press("d")
        await ui.sees("nothing else to compare with")


async def test_missing_and_damaged_bytes_are_told_without_unpickling(space: ShelfSpace) -> None:
    lost = space.registry.path(digest(b"two"))
    bent = space.registry.path(digest(b"one"))
    assert lost is not None
    assert bent is not None
    os.unlink(lost)
    os.chmod(bent, 0o600)
    Path(bent).write_bytes(b"0ne")
    with pytest.raises(StoreError):
        space.registry.read(digest(b"one"))

    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.1.0", "2")
        await ui.sees("broken: fit:model is missing")
        await ui.press("a")
        await ui.sees("it is broken")
        await _at(ui, "churn", "0.1.0", "1")
        await ui.press("V")
        await ui.sees("is not what was committed")
        await ui.until(lambda: ui.text.count("broken") >= 3)


async def test_the_run_that_made_a_generation_is_opened(space: ShelfSpace) -> None:
    run = space.run()
    train(space.registry, "0.2.0", b"two", {"auc": 0.95}, run=run)
    train(space.registry, "0.2.0", b"one", {"auc": 0.95}, run="gone" * 4)
    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.2.0", "3")
        await ui.press("o")
        await ui.sees("is not in this store")
        await _at(ui, "churn", "0.2.0", "2")
        await ui.press("enter")
        await ui.until(lambda: isinstance(ui.app.screen, RunScreen))


async def test_what_others_do_is_seen(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.1.0", "2")
        move(space.registry, "champion", Place("0.1.0", 2), Place("0.1.0", 1))
        await ui.press("R")
        await ui.sees("★ champion  ◆ candidate")


async def test_an_address_on_the_command_line_leads_to_its_row(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside()) as ui:
        await ui.sees("No run yet")
        await ui.press("colon")
        await _type(ui, "list churn@candidate")
        await ui.press("enter")
        await ui.sees("Registry › churn › 0.1.0 › 2")


async def test_a_ui_that_only_looks_changes_nothing(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside(is_read_only=True)) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.2.0", "1")
        for key in ("r", "a", "v", "*", "u", "n", "C", "D"):
            await ui.press(key)
            assert isinstance(ui.app.screen, RegistryScreen)
            await ui.sees("this UI only looks")


async def test_training_and_applying_begin_at_the_form_with_the_address(space: ShelfSpace) -> None:
    async with opened(space, SIZE, outside=outside()) as ui:
        await _entered(ui)
        await _at(ui, "churn", "0.1.0", "2")
        for key, command in (
            ("r", "$ graft train churn/0.1.0"),
            ("a", "$ graft apply churn/0.1.0/2"),
            ("v", "$ graft eval churn/0.1.0/2"),
        ):
            await ui.press(key)
            await ui.sees(command)
            await ui.until(lambda: not ui.app.is_busy)
            await ui.press("escape")
            await ui.until(lambda: isinstance(ui.app.screen, RegistryScreen))

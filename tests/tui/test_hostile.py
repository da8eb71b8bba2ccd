"""What comes from outside is text on the screen: no markup, no control character, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unicodedata import category

import pytest
from graphs import graph_of
from hostile_texts import EVIL
from hypothesis import given, settings
from hypothesis import strategies as st
from run_specs import spec, value
from ui_around import FormSpace, outside
from ui_driver import controls_written, recorded
from ui_pilot import Ui, UiSpace, opened
from ui_shelves import hostile, shelf_space

from graftline.core.artifacts import MetricPoint, Output
from graftline.core.errors import InvalidError
from graftline.core.events import AttemptDispatched, AttemptFailed, RunFinished, RunStarted
from graftline.core.formfields import FormField
from graftline.core.graph import Graph
from graftline.core.runs import Frame, StepError
from graftline.core.states import Reason, Status
from graftline.tui.outside import Candidate
from graftline.tui.sgr import spans
from graftline.tui.theme import THEMES
from graftline.tui.tones import Palette, Tone, strip

CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
PALETTE = Palette.of(THEMES[0])


def controls_in(text: str) -> list[str]:
    return [repr(character) for character in text if category(character) in CONTROLS]


def _graph(text: str) -> Graph:
    return graph_of({f"one {text}": [], "two": [f"one {text}"]})


def _fail(space: UiSpace, text: str) -> None:
    """Let a run fail with a hostile text wherever user code can put one."""
    node = f"one {text}"
    made = spec(
        graph=_graph(text), pipeline=f"pipe {text}", tags=(text,), params={text: text}, origin="cli", project="demo"
    )
    space.runs.create(made, None)
    log = space.runs.open(made.id)
    error = StepError(
        type=f"Broken{text}",
        message=f"it {text} broke\nand {text}",
        traceback=text,
        frames=(Frame(file=f"/project/{text}.py", line=3, function=text, code=text),),
        inputs={text: text},
    )
    log.append(
        [
            RunStarted(at=1.0),
            AttemptDispatched(node=node, attempt=1, at=2.0),
            AttemptFailed(
                node=node,
                attempt=1,
                at=3.0,
                started=2.0,
                seconds=1.0,
                cpu_seconds=None,
                peak_bytes=None,
                worker=f"w{text}",
                reason=Reason.ERROR,
                error=error,
                metrics=(MetricPoint(text, 1.0, 0, 2.5), MetricPoint(text, 2.0, 1, 2.6)),
                outputs=(Output(f"{text}.csv", "file", value(f"{text},b\n1,{text}\n".encode(errors="replace")).ref),),
            ),
            RunFinished(state=Status.FAILURE, reason=None, at=4.0),
        ]
    )
    log.close()
    space.logs.write(made.id, node, f"log {text} line\n".encode("utf-8", "surrogateescape"))


async def _every_part(ui: Ui) -> list[str]:
    """Walk through every screen and return what stood on each."""
    found = []
    await ui.sees("failed")
    for keys in (
        ["question_mark"],
        ["escape", "r"],
        ["escape", "y"],
        ["escape", "enter"],
        ["enter"],
        ["2"],
        ["plus"],
        ["m"],
    ):
        await ui.press(*keys)
        found.append(ui.text)
    for key in ("escape", "3", "vertical_line", "4", "J", "ctrl+w", "5", "6", "7", "1", "w"):
        await ui.press(key)
        found.append(ui.text)
    await ui.press("escape")
    for keys, escapes in ((["d"], 1), (["at"], 0), (["2"], 1), (["n"], 1), (["g", "f"], 1), (["4"], 1)):
        await ui.press(*keys)
        await ui.until(lambda: not ui.app.is_busy)
        found.append(ui.text)
        await ui.press(*["escape"] * escapes)
    return found


@pytest.mark.parametrize("text", [" ".join(EVIL), EVIL[1]], ids=["all", "markup"])
async def test_no_screen_breaks_and_no_control_character_gets_through(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = FormField(key=f"key {text}", kind=text, choices=(text,), default=text, where=text, steps=(text,))
    space = FormSpace()
    space.forms.form = (form,)
    _fail(space, text)
    _fail(space, text)
    space.forms.problem = InvalidError(f"wrong {text}", text, file=text, line=3)
    given = outside(targets=lambda: [text], complete=lambda line, asked: [Candidate(text, text)])

    with recorded(monkeypatch) as written:
        async with opened(space, outside=given) as ui:
            shown = await _every_part(ui)

    assert controls_written(written) == []
    assert [controls_in(each.replace("\n", "")) for each in shown] == [[]] * len(shown)


@pytest.mark.parametrize("text", [" ".join(EVIL), EVIL[1]], ids=["all", "markup"])
async def test_what_a_foreign_registry_says_is_text(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    space = shelf_space(tmp_path, gates={"champion": [f"auc > 0 {text}"]})
    hostile(space.registry, text)
    shown: list[str] = []

    with recorded(monkeypatch) as written:
        async with opened(space, (160, 50), outside=outside(root="")) as ui:
            await ui.press("g", "m")
            await ui.sees("0.1.0")
            for keys in (
                ["j"],
                ["j"],
                ["*"],
                ["escape", "d"],
                ["escape", "y"],
                ["escape", "D"],
                ["escape", "V"],
                ["a"],
            ):
                await ui.press(*keys)
                await ui.until(lambda: not ui.app.is_busy)
                shown.append(ui.text)

    assert controls_written(written) == []
    assert any("1970" in each or "ago" in each for each in shown)
    assert [controls_in(each.replace("\n", "")) for each in shown] == [[]] * len(shown)


async def test_markup_is_text() -> None:
    space = UiSpace()
    _fail(space, EVIL[1])

    async with opened(space, (160, 50)) as ui:
        await ui.sees(f"pipe {EVIL[1]}")


@settings(max_examples=300, deadline=None)
@given(st.text(), st.integers(1, 40))
def test_any_text_becomes_a_strip_of_exactly_its_width(text: str, width: int) -> None:
    drawn = strip([(text, Tone.TEXT)], PALETTE, width)

    assert drawn.cell_length == width
    assert controls_in(drawn.text) == []


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("\x1b[]0123456789;:mKHabc\x07\x9b\r é宽")))
def test_any_log_line_keeps_its_colours_and_nothing_else(text: str) -> None:
    drawn = strip(spans(text, Tone.TEXT), PALETTE, 60)

    assert controls_in(drawn.text) == []
    assert drawn.cell_length == 60


def _styled(text: str) -> Iterator[tuple[str, str]]:
    for part, style in spans(text, Tone.TEXT):
        yield part, str(style)


def test_colours_of_a_log_line_are_kept() -> None:
    found = list(_styled("plain \x1b[1;31mred\x1b[0m \x1b[38;5;208morange\x1b[39m \x1b[48;2;1;2;3mback\x1b[K"))

    assert found == [
        ("plain ", "text"),
        ("red", "bold color(1)"),
        (" ", "text"),
        ("orange", "color(208)"),
        (" ", "default"),
        ("back", "default on #010203"),
    ]


def test_a_line_redrawn_by_carriage_returns_shows_its_last_state() -> None:
    assert list(_styled("\x1b[32m10%\r50%\r100%")) == [("100%", "text")]

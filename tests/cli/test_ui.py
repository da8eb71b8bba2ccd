"""`graft ui`: what it refuses before it draws, a picture without a terminal, what it is handed of the configuration."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import call

from graftline.cli.options import Options
from graftline.cli.outside import outside_of
from graftline.core.errors import InvalidError
from graftline.tui.keymap import is_key, keymap, remapped


def test_a_picture_is_written_without_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "pipeline.py").write_text("from graftline import Pipeline\n")

    said = call(tmp_path, "ui", "--screenshot", "shot.svg", "--size", "80x24", "--press", "question_mark")

    assert (said.code, said.out) == (0, "shot.svg written\n"), said.err
    drawn = (tmp_path / "shot.svg").read_text()
    assert drawn.startswith("<svg")
    assert "TYPE TO SEARCH" in drawn
    assert drawn.count("http") == 1  # the name space: no font is fetched


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "the terminal UI needs a terminal"),
        (("--screenshot", "a.svg", "--size", "80"), 2, "--size '80' is no size"),
        (("--screenshot", "a.svg", "--size", "9x9"), 2, "it is 40x12 at least"),
        (("--screenshot", "no/where/a.svg"), 4, "cannot be written"),
        (("--press", "j"), 2, "--press is for --screenshot"),
        (("--web", "--screenshot", "a.svg"), 2, "exclude each other"),
        (("--web",), 4, "pip install 'graftline[web]'"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, told: str
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)

    said = call(tmp_path, "ui", *words)

    assert (said.code, told in said.err) == (code, True), said.err


def test_the_configuration_gives_keys_and_when_to_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from graftline.wiring import open_workspace

    text = '[ui]\nnotify = "always"\n[ui.keys]\n"run.retry" = "t,f5"\nruns.sort = "S"\n'
    (tmp_path / "graftline.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    options = Options()

    found = outside_of(options, open_workspace(options), [])

    assert found.notify == "always"
    assert keymap(found.keys) == {"run.retry": "t,f5", "runs.sort": "S"}
    assert remapped(found.keys)["run.retry"].display == "t f5"
    assert str(found.memory).endswith("store/ui.json")
    assert found.root == str(tmp_path)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"run.retri": "t"}, "did you mean 'run.retry'?"),
        ({"run.retry": "ctrl+enterr"}, "'ctrl+enterr' is no key"),
        ({"run.retry": "pagedwn"}, "did you mean 'pagedown'?"),
    ],
)
def test_an_id_or_a_key_that_is_none_is_told_with_the_nearest(chosen: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidError, match=r"\[ui\.keys\]") as caught:
        remapped(chosen)

    assert told in caught.value.message


def test_wrong_keys_of_the_configuration_end_the_start(tmp_path: Path) -> None:
    (tmp_path / "graftline.toml").write_text('[ui.keys]\n"run.retri" = "t"\n')

    said = call(tmp_path, "ui", "--screenshot", "a.svg")

    assert said.code == 2
    assert "did you mean 'run.retry'?" in said.err


@pytest.mark.parametrize(
    "name", ["t", "T", "?", ",", "f5", "ctrl+r", "shift+tab", "pagedown", "escape", "space", "alt+x"]
)
def test_names_of_keys(name: str) -> None:
    assert is_key(name)

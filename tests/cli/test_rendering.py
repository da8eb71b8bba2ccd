"""Pictures of a graph, with and without Graphviz."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

Graft = Callable[..., Any]


def test_a_picture_without_graphviz_says_how_to_get_it(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    ended = graft("graph", "--format", "svg")
    assert ended.code == 4
    assert "pip install 'graftline[svg]'" in ended.err
    assert "install graphviz" in ended.err
    assert "--format text, dot and mermaid work without" in ended.err


def test_a_picture_needs_no_program_where_the_library_is(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pygraphviz")
    monkeypatch.setenv("PATH", "/nowhere")
    ended = graft("graph", "--format", "svg")
    assert ended.code == 0
    assert ">model_fit<" in ended.out

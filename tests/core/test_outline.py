"""A graph for looking at: ends lose the edges that say nothing new, frames stand for composites."""

from __future__ import annotations

from authoring import graph_of
from shaped import branched, chosen, looped, mapped, step

from graftline import Pipeline, Stub
from graftline.core.diagrams import dot_source, mermaid_source
from graftline.core.graph import Growth
from graftline.core.growth import grown
from graftline.core.outline import Outline


def test_an_end_is_drawn_after_the_last_steps_inside_alone() -> None:
    outline = Outline(graph_of(branched()))
    assert [before for before, after in outline.edges if after == "par"] == ["par/a/fit", "par/b/save"]


def test_a_step_that_may_be_recovered_still_leads_to_the_end() -> None:
    inner = Pipeline([step("fit", returns=["m"], on_failure=Stub("mend"))], name="inner")
    outline = Outline(graph_of(Pipeline([inner])))
    assert [before for before, after in outline.edges if after == "inner"] == ["inner/fit", "inner/fit/on_failure"]


def test_steps_are_what_people_wrote() -> None:
    assert Outline(graph_of(mapped())).steps == ["make", "trials/*/scale"]
    assert Outline(graph_of(chosen())).steps == ["first", "cond/big/fit", "cond/True/fit", "cond/True/save"]
    assert Outline(graph_of(looped())).steps == ["loop/0/count", "loop/0/is_over"]


def test_starts_are_named_by_what_they_start_and_in_a_frame_in_short() -> None:
    outline = Outline(graph_of(mapped()))
    assert {path: (outline.label(path), outline.short(path), outline.frame(path)) for path in outline.graph.index} == {
        "make": ("make", "make", ""),
        "trials/items": ("map trials", "each", "trials"),
        "trials/*/scale": ("trials/*/scale", "scale", "trials/*"),
        "trials": ("trials", "collect", "trials"),
    }
    assert Outline(graph_of(chosen())).label("cond/choice") == "if cond"
    assert Outline(graph_of(looped())).label("loop/0") == "loop/0 again?"


def test_what_was_chosen_of_a_map_shows_its_inside() -> None:
    outline = Outline(graph_of(mapped()))
    assert outline.with_inside({"trials/items", "trials"}) == {"trials/items", "trials", "trials/*/scale"}
    assert outline.with_inside({"make"}) == {"make"}


def test_items_that_grew_are_drawn_themselves() -> None:
    outline = Outline(grown(graph_of(mapped()), [Growth("trials/items", 2)]))
    assert outline.steps == ["make", "trials/0/scale", "trials/1/scale"]


def test_frames_nest_in_dot_and_mermaid() -> None:
    outline = Outline(graph_of(mapped()))
    nodes = list(outline.graph.index)
    labels = {path: outline.short(path) for path in nodes}
    frames = {path: outline.frame(path) for path in nodes}
    small = {path for path in nodes if outline.is_control(path)}
    assert mermaid_source(nodes, outline.edges, labels, frames=frames, small=small) == (
        "flowchart LR\n"
        '    n0["make"]\n'
        '    subgraph f1["trials"]\n'
        '        n1("each")\n'
        '        n3("collect")\n'
        '        subgraph f2["*"]\n'
        '            n2["scale"]\n'
        "        end\n"
        "    end\n"
        "    n0 --> n1\n"
        "    n1 --> n2\n"
        "    n2 --> n3\n"
    )
    dot = dot_source(nodes, outline.edges, labels, frames=frames, small=small).splitlines()
    assert dot[4:12] == [
        '    subgraph cluster_1 { label="trials";',
        '        n1 [label="each", shape=plaintext, fontsize=10];',
        '        n3 [label="collect", shape=plaintext, fontsize=10];',
        '        subgraph cluster_2 { label="*";',
        '            n2 [label="scale"];',
        "        }",
        "    }",
        "    n0 -> n1;",
    ]

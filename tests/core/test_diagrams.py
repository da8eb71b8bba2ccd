"""Text sources for Graphviz and Mermaid: any label is safe."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graftline.core.diagrams import dot_source, mermaid_source


def test_dot_names_nodes_by_number_and_writes_labels_and_classes() -> None:
    text = dot_source(["fetch", "fit"], [("fetch", "fit")], {"fit": 'say "hi"\n\\o/'}, kinds={"fit": "SUCCESS"})

    assert text == (
        "digraph {\n    rankdir=LR;\n    node [shape=box, style=rounded];\n"
        '    n0 [label="fetch"];\n'
        '    n1 [label="say \\"hi\\"\\n\\\\o/", class="SUCCESS"];\n'
        "    n0 -> n1;\n}\n"
    )


def test_mermaid_escapes_what_its_grammar_would_read() -> None:
    text = mermaid_source(["a", "b"], [("a", "b"), ("a", "b")], {"a": 'x["<b>"];\ny # é 標'}, kinds={"b": "end"})

    assert text == (
        "flowchart LR\n"
        '    n0["x#91;#quot;#lt;b#gt;#quot;#93;#59;<br/>y #35; é 標"]\n'
        '    n1["b"]\n'
        "    n0 --> n1\n"
        "    class n1 kind_end\n"
    )


@given(st.text())
def test_no_label_breaks_out_of_its_quotes(label: str) -> None:
    dot = dot_source(["a"], [], {"a": label})
    mermaid = mermaid_source(["a"], [], {"a": label})

    assert re.fullmatch(r'    n0 \[label="(?:[^"\\\n]|\\.)*"\];', dot.split("\n")[3])
    assert re.fullmatch(r'    n0\["[^"\n]+"\]', mermaid.split("\n")[1])


@pytest.mark.parametrize("source", [dot_source, mermaid_source])
def test_an_edge_to_an_unknown_node_is_refused(source: object) -> None:
    assert callable(source)
    with pytest.raises(ValueError, match="'ghost', which is not a node"):
        source(["a"], [("a", "ghost")], {})

"""Text sources of a graph for other drawing programs: Graphviz DOT and Mermaid.

Nodes are called n0, n1, ... in the text, so that any name is safe; names appear in labels alone.
"""

from collections.abc import Callable, Container, Mapping, Sequence

_ENTITIES = {
    "&": "#amp;",
    "#": "#35;",
    ";": "#59;",
    '"': "#quot;",
    "<": "#lt;",
    ">": "#gt;",
    "[": "#91;",
    "]": "#93;",
    "`": "#96;",
    "\\": "#92;",
}
"""Mermaid writes special characters as entity codes. Source: Mermaid, "Flowcharts", entity codes."""


DROPPED = "dropped"
"""Kind of a node that is not in the graph of a mode: drawn grey and dotted where it would be."""


def dot_source(
    nodes: Sequence[str],
    edges: Sequence[tuple[str, str]],
    labels: Mapping[str, str],
    *,
    kinds: Mapping[str, str] | None = None,
    frames: Mapping[str, str] | None = None,
    small: Container[str] = (),
    square: Container[str] = (),
    dotted: Container[tuple[str, str]] = (),
) -> str:
    """Return the graph in the DOT language, flowing from left to right.

    Edges given twice are written once.

    Args:
        kinds: a word for each node, such as its state; written as the attribute `class`, which an SVG
            picture keeps for style sheets. None, or a node left out, writes none.
        frames: for each node the path of the innermost frame it is in; a node left out, or "", is in none.
        small: nodes that only start or end what is framed.
        square: nodes with corners; all others are rounded.
        dotted: edges that are dotted.

    Raises:
        ValueError: an edge names an unknown node.

    Source: Graphviz, "DOT Language", quoted strings.
    """
    index = _index(nodes, edges)
    lines = ["digraph {", "    rankdir=LR;", "    node [shape=box, style=rounded];"]
    texts = {}
    for node, name in index.items():
        attributes = f"label={_dot_quote(labels.get(node, node))}"
        if node in small:
            attributes += ", shape=plaintext, fontsize=10"
        elif node in square:
            attributes += ', style=""'
        if kinds and node in kinds:
            attributes += f", class={_dot_quote(kinds[node])}"
            attributes += _GREY if kinds[node] == DROPPED else ""
        texts[node] = f"{name} [{attributes}];"
    lines += _framed(texts, frames or {}, lambda at, name: f"subgraph cluster_{at} {{ label={_dot_quote(name)};", "}")
    lines += [
        f"    {index[edge[0]]} -> {index[edge[1]]}{' [style=dotted]' if edge in dotted else ''};"
        for edge in dict.fromkeys(edges)
    ]
    return "\n".join([*lines, "}", ""])


def mermaid_source(
    nodes: Sequence[str],
    edges: Sequence[tuple[str, str]],
    labels: Mapping[str, str],
    *,
    kinds: Mapping[str, str] | None = None,
    frames: Mapping[str, str] | None = None,
    small: Container[str] = (),
    square: Container[str] = (),
    dotted: Container[tuple[str, str]] = (),
) -> str:
    """Return the graph as a Mermaid flowchart, flowing from left to right.

    Edges given twice are written once.

    Args:
        kinds: a word for each node, such as its state; nodes of one kind get one Mermaid class, whose
            name keeps only the letters, digits and underscores of the word.
        frames: as for `dot_source`.
        small: as for `dot_source`.
        square: takes no part: where flowcharts are drawn, all steps have corners.
        dotted: as for `dot_source`.

    Raises:
        ValueError: an edge names an unknown node.
    """
    index = _index(nodes, edges)
    lines = ["flowchart LR"]
    texts = {}
    for node, name in index.items():
        text = f'"{_mermaid_text(labels.get(node, node))}"'
        texts[node] = f"{name}({text})" if node in small else f"{name}[{text}]"
    lines += _framed(texts, frames or {}, lambda at, name: f'subgraph f{at}["{_mermaid_text(name)}"]', "end")
    lines += [
        f"    {index[edge[0]]} {'-.->' if edge in dotted else '-->'} {index[edge[1]]}" for edge in dict.fromkeys(edges)
    ]
    members: dict[str, list[str]] = {}
    for node, name in index.items():
        if kinds and node in kinds:
            members.setdefault(_mermaid_class(kinds[node]), []).append(name)
    lines += [f"    class {','.join(names)} {kind}" for kind, names in members.items()]
    if _mermaid_class(DROPPED) in members:
        lines.append(f"    classDef {_mermaid_class(DROPPED)} stroke-dasharray:3,color:gray,stroke:gray,fill:none")
    return "\n".join([*lines, ""])


_GREY = ', style="rounded,dotted", color=gray60, fontcolor=gray60'


def _index(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, str]:
    index = {node: f"n{at}" for at, node in enumerate(dict.fromkeys(nodes))}
    for name in (name for edge in edges for name in edge):
        if name not in index:
            raise ValueError(f"an edge names {name!r}, which is not a node")
    return index


def _framed(
    texts: Mapping[str, str], frames: Mapping[str, str], opening: Callable[[int, str], str], closing: str
) -> list[str]:
    """Return the lines of nodes, those of a frame together and in the frame around it, indented."""
    inside: dict[str, list[str]] = {"": []}
    for node in texts:
        parts = frames.get(node, "").split("/")
        for depth in range(1, len(parts) + 1):
            frame = "/".join(parts[:depth])
            if frame not in inside:
                inside[frame] = []
                inside["/".join(parts[: depth - 1])].append(frame)
    members: dict[str, list[str]] = {}
    for node, text in texts.items():
        members.setdefault(frames.get(node, ""), []).append(text)
    lines: list[str] = []
    numbers = {frame: at for at, frame in enumerate(inside)}

    def write(frame: str, indent: str) -> None:
        lines.extend(indent + text for text in members.get(frame, ()))
        for child in inside[frame]:
            lines.append(indent + opening(numbers[child], child.rpartition("/")[2]))
            write(child, indent + "    ")
            lines.append(indent + closing)

    write("", "    ")
    return lines


def _lines(text: str) -> list[str]:
    """Split a label at its line ends; other control characters become blanks."""
    return ["".join(c if c.isprintable() else " " for c in line) for line in text.splitlines()] or [""]


def _dot_quote(text: str) -> str:
    # DOT has two escapes of its own in labels: \\ and \n. Bare & starts an HTML entity.
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in _lines(text))
    return '"' + "\\n".join(escaped) + '"'


def _mermaid_text(text: str) -> str:
    # A blank keeps an empty label from being a syntax error.
    lines = ("".join(_ENTITIES.get(character, character) for character in line) for line in _lines(text))
    return "<br/>".join(lines) or " "


def _mermaid_class(kind: str) -> str:
    # The prefix keeps a kind called "default" or "end" from being a Mermaid keyword.
    return "kind_" + "".join(c for c in kind if c.isascii() and (c.isalnum() or c == "_"))

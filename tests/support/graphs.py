"""Small graphs for tests, without user code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from graftline.core.graph import Call, CallKind, Graph, Node, Operation, Policy


def graph_of(needs: Mapping[str, Sequence[str]], policies: Mapping[str, Policy] | None = None) -> Graph:
    """Return a graph of stub steps: path -> what it waits for, in topological order."""
    policies = policies or {}
    operations = [Operation(call=Call(kind=CallKind.STUB))]
    nodes = []
    for path, before in needs.items():
        index = 0
        if path in policies:
            operations.append(Operation(call=Call(kind=CallKind.STUB), policy=policies[path]))
            index = len(operations) - 1
        nodes.append(Node(path=path, operation=index, needs=tuple(before)))
    return Graph(name="test", nodes=tuple(nodes), operations=tuple(operations))


def layered(width: int, depth: int) -> Graph:
    """Return layers of steps `s<layer>x<place>`, each of which needs two of the layer above."""
    needs: dict[str, list[str]] = {f"s0x{x}": [] for x in range(width)}
    for y in range(1, depth):
        needs |= {f"s{y}x{x}": [f"s{y - 1}x{x}", f"s{y - 1}x{(x + 1) % width}"] for x in range(width)}
    return graph_of(needs)


@st.composite
def graphs(draw: st.DrawFn, max_steps: int = 12) -> Graph:
    """Draw a random acyclic graph with random retry policies and terminate steps."""
    count = draw(st.integers(1, max_steps))
    names = [f"s{number}" for number in range(count)]
    needs: dict[str, list[str]] = {}
    policies: dict[str, Policy] = {}
    for number, name in enumerate(names):
        chosen = draw(st.sets(st.sampled_from(names[:number]), max_size=3)) if number else set()
        needs[name] = [each for each in names if each in chosen]
        retries = draw(st.sampled_from([0, 0, 0, 1, 2]))
        cpus = draw(st.sampled_from([1, 1, 1, 2, 5]))
        if retries or cpus != 1:
            policies[name] = Policy(retries=retries, backoff_s=1.0, resources={"cpus": cpus})
    return graph_of(needs, policies)

"""Over any sequence of edits: a step is reused if and only if something equal was made before."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from reusing_spaces import ReusingSpace, graph, task
from run_specs import value

from graftline.core.artifacts import ArtifactRef
from graftline.core.orders import Order
from graftline.core.states import Status


@st.composite
def needs(draw: st.DrawFn) -> dict[str, list[str]]:
    """Draw which steps each step takes from."""
    count = draw(st.integers(1, 7))
    found: dict[str, list[str]] = {}
    for at in range(count):
        found[f"s{at}"] = draw(st.lists(st.sampled_from(sorted(found)), unique=True, max_size=3)) if found else []
    return found


class Small(ReusingSpace):
    """Steps whose results are one of three, by the version of their code and what they take: waves stop early."""

    versions: dict[str, int]

    def _call(self, order: Order) -> Any:
        self.orders.append(order)
        if order.node in self.broken:
            raise ValueError(order.node)
        taken = [each.sha256 for _, each in order.arguments if isinstance(each, ArtifactRef)]
        return [value(str(result(self.versions[order.node], taken)).encode())]


def result(version: int, taken: list[str]) -> int:
    return (version * 5 + sum(int(each[:8], 16) for each in taken)) % 3


@settings(max_examples=60, deadline=None)
@given(needs(), st.data())
def test_a_step_is_reused_if_and_only_if_its_code_and_inputs_made_a_result_before(
    takes: dict[str, list[str]], data: st.DataObject
) -> None:
    space = Small(graph(*[task(path, *before) for path, before in takes.items()]))
    space.versions = dict.fromkeys(takes, 0)
    made: set[tuple[str, int, tuple[str, ...]]] = set()
    """What has succeeded: step, version of its code, digests of what it took."""
    for _ in range(data.draw(st.integers(2, 4))):
        for path in data.draw(st.lists(st.sampled_from(sorted(takes)), unique=True)):
            space.versions[path] = data.draw(st.integers(0, 2))
        space.relabel(**{path: f"v{version}" for path, version in space.versions.items()})
        space.broken = set(data.draw(st.lists(st.sampled_from(sorted(takes)), unique=True, max_size=1)))

        run, ran = space.again()

        states = {step.path: step.state for step in space.workspace.steps(run)}
        digests: dict[str, str] = {}
        for path, before in takes.items():
            if any(each not in digests for each in before):
                assert states[path] is Status.SKIPPED
                continue
            known = (path, space.versions[path], tuple(digests[each] for each in before))
            assert (states[path] is Status.CACHED) == (known in made), (path, known)
            assert (path in ran) == (known not in made)
            if known in made or path not in space.broken:
                made.add(known)
                digests[path] = value(str(result(known[1], list(known[2]))).encode()).ref.sha256
                assert space.step(run, path).outputs[0].ref.sha256 == digests[path]

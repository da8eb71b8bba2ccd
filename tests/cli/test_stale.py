"""How the steps are told that a retry keeps although they would come out otherwise now."""

from __future__ import annotations

from graftline.cli.stale import stale_document, stale_lines
from graftline.core.keys import Cause, CauseKind
from graftline.core.requests import StaleStep


def cause(name: str) -> Cause:
    return Cause(kind=CauseKind.CODE, name=name, old="1", new="2")


def test_a_line_names_what_changed() -> None:
    step = StaleStep(path="features", causes=(cause("helpers.py:clean"),))

    assert stale_lines([step]) == ["features: helpers.py:clean changed; kept"]


def test_of_many_causes_the_first_are_named() -> None:
    step = StaleStep(path="features", causes=tuple(cause(name) for name in "abcde"))

    assert stale_lines([step], end="") == ["features: a, b, c and 2 more changed"]


def test_one_that_cannot_be_compared_says_why() -> None:
    step = StaleStep(path="features", detail="exec() at steps.py:3")

    assert stale_lines([step]) == ["features: cannot be compared any more: exec() at steps.py:3; kept"]


def test_of_many_steps_the_first_are_told() -> None:
    steps = [StaleStep(path=f"trials/{at}/fit", causes=(cause("x"),)) for at in range(1012)]

    lines = stale_lines(steps)

    assert (len(lines), lines[-1]) == (13, "and 1,000 more; kept")


def test_programs_get_every_cause() -> None:
    step = StaleStep(path="features", causes=(cause("helpers.py:clean"),))

    assert stale_document(step) == {
        "step": "features",
        "causes": [{"kind": "code", "name": "helpers.py:clean", "old": "1", "new": "2"}],
        "detail": None,
    }

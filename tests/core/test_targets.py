"""TARGET as typed, taken apart without looking at files."""

from __future__ import annotations

import pytest

from graftline import InvalidError
from graftline.core.targets import Named, TargetKind, parse_target


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, Named(TargetKind.FOLDER, ".")),
        ("  ", Named(TargetKind.FOLDER, ".")),
        (".", Named(TargetKind.FOLDER, ".")),
        ("samples/iris", Named(TargetKind.FOLDER, "samples/iris")),
        ("../x", Named(TargetKind.FOLDER, "../x")),
        ("pipeline.py", Named(TargetKind.FILE, "pipeline.py")),
        ("a/b.py:iris", Named(TargetKind.FILE, "a/b.py", "iris")),
        ("odd:dir/b.py", Named(TargetKind.FILE, "odd:dir/b.py")),
        ("run.sh", Named(TargetKind.SHELL, "run.sh")),
        ("pkg.flows:iris", Named(TargetKind.MODULE, "pkg.flows", "iris")),
        ("flows", Named(TargetKind.MODULE, "flows")),
    ],
)
def test_a_target_is_taken_apart(text: str | None, named: Named) -> None:
    assert parse_target(text) == named


@pytest.mark.parametrize("text", ["x.py:", "data.csv", "a/data.csv", "run.sh:x", "my-flow", "dir/:x", "a b"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="target"):
        parse_target(text)


@pytest.mark.parametrize("text", ["churn@champion", "churn/0.2.0", "churn/0.2"])
def test_an_address_of_the_registry_is_told_as_one(text: str) -> None:
    with pytest.raises(InvalidError, match="is an address of the registry"):
        parse_target(text)

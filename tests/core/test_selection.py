"""--only, --from and --to."""

from __future__ import annotations

import pytest
from graphs import graph_of

from graftline.core.errors import InvalidError
from graftline.core.selection import Selection

GRAPH = graph_of({"load": [], "clean": ["load"], "fit": ["clean"], "plot": ["clean"], "trials/1/fit": ["fit"]})


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(only=("fit",)), {"fit"}),  # an exact path wins over last names
        (Selection(only=("plot",)), {"plot"}),
        (Selection(start=("clean",)), {"clean", "fit", "plot", "trials/1/fit"}),
        (Selection(end=("clean",)), {"load", "clean"}),
        (Selection(start=("clean",), end=("plot",)), {"clean", "plot"}),
        (Selection(only=("trials/*",)), {"trials/1/fit"}),
    ],
)
def test_a_selection_means_what_it_says(selection: Selection, expected: set[str]) -> None:
    assert selection.paths(GRAPH) == expected


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(only=("ft",)), "no step is called 'ft'; did you mean 'fit'?"),
        (Selection(only=("fit",), start=("load",)), "--only cannot be combined"),
        (Selection(start=("plot",), end=("load",)), "nothing lies between"),
    ],
)
def test_a_selection_that_fits_nothing_says_so(selection: Selection, message: str) -> None:
    with pytest.raises(InvalidError, match=message.replace("?", r"\?")):
        selection.paths(GRAPH)

"""What a person types to see fewer runs becomes the query that finds them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graftline.core.errors import InvalidError
from graftline.core.ports import RunQuery
from graftline.core.runfilter import run_query
from graftline.core.states import Status

PLAIN = RunQuery(project="demo")
NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("", {}),
        ("failed", {"states": (Status.FAILURE,)}),
        ("FAILURE running", {"states": (Status.FAILURE, Status.STARTED)}),
        ("state=failed,ok", {"states": (Status.FAILURE, Status.SUCCESS)}),
        ("!ok", {"states": tuple(status for status in Status if status is not Status.SUCCESS)}),
        ("pipeline=train", {"pipeline": "train"}),
        ("pipeline:train tag=best", {"pipeline": "train", "tag": "best"}),
        ("since=2d", {"since": NOW - 2 * 86400}),
        ("churn model", {"text": "churn model"}),
        ("text=failed", {"text": "failed"}),
        ("failed churn", {"states": (Status.FAILURE,), "text": "churn"}),
        ("=odd", {"text": "=odd"}),
    ],
)
def test_words_narrow_the_list(text: str, changes: dict[str, object]) -> None:
    assert run_query(text, PLAIN, NOW) == replace(PLAIN, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pipline=x", "did you mean 'pipeline'"),
        ("state=faild", "did you mean 'failed'"),
        ("since=yesterday", "no time"),
    ],
)
def test_what_means_nothing_is_told_with_the_nearest(text: str, said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        run_query(text, PLAIN, NOW)

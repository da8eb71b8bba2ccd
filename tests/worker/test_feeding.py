"""What workers do at the head and the end of a pipeline that learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graftline.core.errors import InvalidError
from graftline.core.graph import Call, CallKind, Return, ReturnKind
from graftline.worker.feeding import FeedStep, SinkStep
from graftline.worker.returns import Returns

CSV = "graftline.plugins.feeds.files:CsvFeed"


def feed(tmp_path: Path, *returns: Return, text: str = "day,spend,left\n1,5,0\n2,6,1\n") -> tuple[FeedStep, Any]:
    (tmp_path / "rows.csv").write_text(text)
    call = Call(kind=CallKind.FEED, query="rows", ordinal="day", labels=(("left", "y"),))
    step = FeedStep(call, Returns(returns, str(tmp_path), str(tmp_path)))
    return step, [{"name": "lake", "provider": CSV, "options": {"path": "${LAKE}"}}]


X, Y = Return(name="X"), Return(name="y")
BOUNDS = tuple(Return(name=name, kind=ReturnKind.JSON) for name in ("lower", "upper"))


class TestFeeds:
    def test_give_features_labels_and_the_bounds_of_what_was_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LAKE", str(tmp_path))
        step, feeds = feed(tmp_path, X, Y, *BOUNDS)

        made: dict[str, Any] = {declared.name: value for declared, value in step.call({"feeds": feeds, "lower": 1})}

        assert list(made["X"]) == ["day", "spend"]
        assert list(made["y"]) == [1]
        assert (made["lower"], made["upper"]) == (2, 2)

    def test_give_no_labels_where_none_are_wanted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LAKE", str(tmp_path))
        step, feeds = feed(tmp_path, X, text="day,spend\n1,5\n")

        made: list[Any] = list(step.call({"feeds": feeds}))

        assert [list(table) for _, table in made] == [["day", "spend"]]

    def test_no_rows_are_told_with_the_bounds(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LAKE", str(tmp_path))
        step, feeds = feed(tmp_path, X, Y)

        with pytest.raises(InvalidError) as problem:
            list(step.call({"feeds": feeds, "lower": 2, "upper": "9"}))

        told = "'lake': there are no rows with 'day' above 2 and up to 9 in 'rows'; --from-start reads everything"
        assert str(problem.value).startswith(told)

    def test_a_variable_that_is_not_set_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LAKE", raising=False)
        step, feeds = feed(tmp_path, X, Y)

        with pytest.raises(InvalidError, match="'lake': the environment variable LAKE is not set"):
            list(step.call({"feeds": feeds}))


class TestSinks:
    def test_fill_in_what_the_run_is(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OUT", str(tmp_path))
        options = {"path": "${OUT}/{project}-{generation}-{run}.csv"}
        sink = {"name": "out", "provider": "graftline.plugins.sinks.files:CsvSink", "options": options}
        step = SinkStep(Returns((), str(tmp_path), str(tmp_path)), "r1")

        step.call({"sink": sink, "named": {"project": "p", "generation": 3}, "prediction": [1.5, 2.5]})

        assert (tmp_path / "p-3-r1.csv").read_text() == "prediction\n1.5\n2.5\n"

"""A runner that a program holds: it trains, applies, tunes, scores and runs by calls."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import call

import graftline
from graftline.plugins.local.runner import LocalRunner
from graftline.plugins.pyfunc.runner import PyfuncRunner

LEARNS = """
from graftline import Evaluation, HoldOut, Pipeline, PythonTask, Source, Tune, metric, state

def fit(X, y, share: float = 0.5):
    rows = sorted(X["spend"])
    return {"limit": rows[int(share * len(rows))]}, share

def predict(X, model):
    return [int(each < model["limit"]) for each in X["spend"]]

def right(y, prediction):
    return sum(int(a == b) for a, b in zip(y, prediction)) / len(prediction)

spends = Pipeline(
    [PythonTask(fit, returns=[state("model"), metric("share")]), PythonTask(predict, returns=["prediction"])],
    name="spends",
    source=Source("data/spends.csv", labels="left", ordinal="day"),
    evaluation=Evaluation({"right": right}, HoldOut(0.5, seed=None)),
    tune=Tune({"share": [0.0, 0.5]}, maximize="right"),
)
"""


@pytest.fixture
def spends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[graftline.Pipeline]:
    """Return a pipeline that learns, of a file, in whose directory the program stands."""
    (tmp_path / "data").mkdir()
    rows = [f"{day},{(day * 7) % 10},{int((day * 7) % 10 < 5)}" for day in range(20)]
    (tmp_path / "data/spends.csv").write_text("\n".join(["day,spend,left", *rows]) + "\n")
    (tmp_path / "graftline.toml").write_text('[project]\nname = "spends"\n[feed.other]\nprovider = "sqlite"\n')
    (tmp_path / "spending.py").write_text(LEARNS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "store"))
    from spending import spends as pipeline  # type: ignore[import-not-found]

    yield pipeline
    del sys.modules["spending"]


def test_it_trains_applies_scores_and_runs(spends: graftline.Pipeline, tmp_path: Path) -> None:
    runner = PyfuncRunner(feed="csv", sink="scores.csv")

    trained = runner.train(spends, {"share": 0.4}, upper=9)
    applied = runner.apply(spends)
    scored = LocalRunner().eval(spends)
    done = runner.job(spends, tags=("whole",))

    assert (trained.record.generation, trained.metrics) == (1, {"share": 0.4})
    assert {trained.to_dict()["runner"], applied.to_dict()["runner"], done.to_dict()["runner"]} == {"pyfunc"}
    assert len((tmp_path / "scores.csv").read_text().splitlines()) == 21
    assert scored.metrics == {"right": 1.0}
    assert len(done.value("prediction")) == 20
    assert done.to_dict()["tags"] == ["whole"]


def test_it_tunes(spends: graftline.Pipeline) -> None:
    tuned = LocalRunner().tune(spends)

    assert (tuned.state, tuned.record.action, tuned.record.generation) == ("SUCCESS", "tune", 1)


def test_a_feed_that_cannot_answer_fails_the_run(spends: graftline.Pipeline) -> None:
    failed = PyfuncRunner(feed="other").job(spends, check=False)

    assert failed.state == "FAILURE"


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ({"feed": "cvs"}, "there is no feed 'cvs'; did you mean 'csv'?"),
        ({"sink": "stdot"}, "there is no sink 'stdot'; did you mean 'stdout'?"),
        ({"feed": 3}, "feed= takes the name of a feed, or a list of names, not 3"),
    ],
)
def test_what_it_cannot_connect_is_refused(
    channels: dict[str, object], message: str, spends: graftline.Pipeline
) -> None:
    with pytest.raises(graftline.InvalidError, match=message.replace("?", r"\?")):
        PyfuncRunner(**channels).job(spends)  # type: ignore[arg-type]  # that is the test


def test_an_option_that_job_does_not_take_is_refused(spends: graftline.Pipeline) -> None:
    with pytest.raises(graftline.InvalidError, match=r"job\(\) takes no 'tag'; did you mean 'tags'"):
        PyfuncRunner().job(spends, tag="x")


def test_its_own_options_and_place_reach_it(spends: graftline.Pipeline) -> None:
    seen: list[dict[str, object]] = []

    class Noting(PyfuncRunner):
        """Notes what it is given."""

        @classmethod
        def run(cls, symbols, *, events, **kwargs):  # type: ignore[no-untyped-def]
            """Note it."""
            seen.append(kwargs)
            super().run(symbols, events=events)

    Noting("there", depth=2).job(spends)

    assert seen == [{"instance": "there", "depth": 2}]


def test_run_asks_the_feeds_too(spends: graftline.Pipeline, tmp_path: Path) -> None:
    done = call(tmp_path, "--json", "run", "spending.py", "-R", "pyfunc")
    again = call(tmp_path, "--json", "run", "spending.py", "-R", "pyfunc", "-E", "other")

    assert (done.code, done.document["state"]) == (0, "SUCCESS")
    assert again.code == 1
    assert "a sqlite feed needs its file" in again.document["steps"][0]["error"]["message"]

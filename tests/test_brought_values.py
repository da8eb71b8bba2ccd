"""Steps that take a value which no step of their run made run again when the code of its class is another one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import call
from loading import write

from graftline import runtime
from graftline.core.asyncresult import AsyncResult
from graftline.core.ids import RunId
from graftline.wiring import Given, open_workspace
from graftline.worker import installed

MEANS = """
class Mean:
    def fit(self, X, y=None):
        self.mean = sum(X) / len(X)
        return self

    def predict(self, X):
        return [self.mean + 0 for _ in X]
"""
PIPELINE = """
from graftline import Pipeline, PythonTask, state
from means import Mean

def load():
    return [1.0, 2.0, 3.0]

def fit(rows):
    return Mean().fit(rows)

def hand_on(model):
    return model

def predict(same, rows):
    return same.predict(rows)

flow = Pipeline([
    PythonTask(load, returns=["rows"]),
    PythonTask(fit, returns=[state("model")]),
    PythonTask(hand_on, returns=["same"]),
    PythonTask(predict, returns=["out"]),
])
"""
USE = "def run(data):\n    return data.predict([1])\n"
SITE = "deps/site-packages"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project in whose directory this process is, with a folder of packages of its own."""
    root = tmp_path / "project"
    write(root, {"graftline.toml": '[project]\nname = "shop"\n', "use.py": USE})
    (root / SITE).mkdir(parents=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "store"))
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.syspath_prepend(str(root / SITE))
    _forget()
    yield root
    sys.modules.pop("means", None)
    _forget()


def test_an_estimator_is_fitted_again_when_its_class_is_edited(project: Path) -> None:
    # given
    write(project, {"means.py": MEANS})
    model = _put()
    assert _states(model.fit([1.0, 3.0])) == ["SUCCESS"]
    assert _states(model.predict([1.0])) == ["SUCCESS"]
    write(project, {"means.py": MEANS.replace("    def fit", "    # of all\n    def fit")})
    assert _states(model.fit([1.0, 3.0])) == ["CACHED"], "a comment is no change"

    # when
    write(project, {"means.py": MEANS.replace("len(X)", "len(X) + 1")})
    fitted = model.fit([1.0, 3.0])

    # then
    assert _states(fitted) == ["SUCCESS"]
    assert model.predict([1.0]).get() == [3.0]


def test_an_estimator_is_fitted_again_with_another_version_of_its_package_which_is_on_record(project: Path) -> None:
    # given
    write(project / SITE, {"means/__init__.py": MEANS, "means-1.0.dist-info/METADATA": "Name: means\nVersion: 1.0\n"})
    model = _put()
    first = model.fit([1.0, 3.0])
    model.predict([1.0])
    assert _states(model.fit([1.0, 3.0])) + _states(model.predict([1.0])) == ["CACHED", "CACHED"]

    # when
    (project / SITE / "means-1.0.dist-info").rename(project / SITE / "means-2.0.dist-info")
    _forget()
    second = model.fit([1.0, 3.0])

    # then
    assert _states(second) + _states(model.predict([1.0])) == ["SUCCESS", "SUCCESS"]
    assert [_spec(each).environment["packages"]["means"] for each in (first, second)] == ["1.0", "2.0"]


def test_a_value_of_this_process_counts_with_its_class(project: Path) -> None:
    # given
    write(project, {"means.py": MEANS})
    sys.modules.pop("means", None)
    from means import Mean  # type: ignore[import-not-found]

    use = runtime.local.script("use.py").run
    assert _states(use(Mean().fit([1.0]))) + _states(use(Mean().fit([1.0]))) == ["SUCCESS", "CACHED"]

    # when
    write(project, {"means.py": MEANS.replace("+ 0", "+ 100")})
    again = use(Mean().fit([1.0]))

    # then
    assert (_states(again), again.get()) == (["SUCCESS"], [101.0])


def test_a_generation_is_applied_anew_when_the_class_of_its_state_is_edited(project: Path) -> None:
    # given
    write(project, {"means.py": MEANS, "pipeline.py": PIPELINE})
    assert call(project, "train").code == 0
    assert _applied(project)["predict"] == "SUCCESS"
    assert _applied(project) == {"hand_on": "CACHED", "predict": "CACHED"}

    # when
    write(project, {"means.py": MEANS.replace("+ 0", "+ 100")})

    # then: also the step that gets it through another one
    assert _applied(project) == {"hand_on": "SUCCESS", "predict": "SUCCESS"}
    assert _applied(project) == {"hand_on": "CACHED", "predict": "CACHED"}


def _put() -> runtime.Model:
    sys.modules.pop("means", None)
    from means import Mean

    model = runtime.local.model("mean")
    model.put(Mean())
    return model


def _spec(result: AsyncResult):  # type: ignore[no-untyped-def]
    return open_workspace(Given()).spec(RunId(result.id.partition(":")[0]))


def _states(result: AsyncResult) -> list[str]:
    result.get()
    steps = open_workspace(Given()).parts.history.steps(RunId(result.id.partition(":")[0]))
    return [step.state.name for step in steps]


def _applied(project: Path) -> dict[str, str]:
    said = call(project, "--json", "apply")
    assert said.code == 0, said.err
    return {step["name"]: step["state"] for step in said.document["steps"] if step["name"] in ("hand_on", "predict")}


def _forget() -> None:
    """Forget which packages are installed, as another process would."""
    installed._folders.cache_clear()
    installed.distributions_of.cache_clear()

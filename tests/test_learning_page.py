"""The page about pipelines that learn: its programs compile for every mode, and do what the page says."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from learned import Values, compiled_for, executed, states

from graftline.core.applying import loadings
from graftline.core.definitions import Reading, pipeline_from
from graftline.core.graph import ReturnKind
from graftline.core.pipeline import Pipeline
from graftline.worker.naming import find_function
from graftline.worker.yamlfile import read_yaml

pytestmark = pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="scikit-learn is not installed")
PAGE = (Path(__file__).parent.parent / "docs" / "learning.md").read_text()
X = [[float(row % 7), float(row // 4) - 1.0] for row in range(24)]
Y = [int(row >= 12) for row in range(24)]
NAMES = ["churn", "scaled", "plain", "baseline", "stacked", "averaged", "validated", "good", "quick"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    program = tmp_path_factory.mktemp("page") / "learning_page.py"
    program.write_text("\n\n".join(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)))
    spec = importlib.util.spec_from_file_location("learning_page", program)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["learning_page"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["learning_page"]


def rows(pipeline: Pipeline) -> dict[str, Any]:
    """Return what the source of a pipeline hands on."""
    assert pipeline.source is not None
    return {"X": X, **dict.fromkeys(pipeline.source.labels.values(), Y)}


def trained(pipeline: Pipeline) -> Values:
    compiled = compiled_for(pipeline, "train")
    given = {each.path: dict.fromkeys(each.states) for each in loadings(compiled.graph)}
    return states(compiled, executed(compiled, {"source": rows(pipeline), **given}))


@pytest.mark.parametrize("name", NAMES)
def test_each_pipeline_of_the_page_trains_and_applies(page: ModuleType, name: str) -> None:
    pipeline: Pipeline = getattr(page, name)

    generation = trained(pipeline)
    apply = compiled_for(pipeline, "apply")
    wanted = {each.path: generation[each.step] for each in loadings(apply.graph)}
    made = executed(apply, {"source": {"X": X[:5]}, **wanted})

    predictions = [values["prediction"] for values in made.values() if "prediction" in values]
    assert predictions
    assert all(len(each) == 5 for each in predictions)


@pytest.mark.parametrize("name", ["good", "quick"])
def test_what_the_page_evaluates_is_scored(page: ModuleType, name: str) -> None:
    pipeline: Pipeline = getattr(page, name)
    compiled = compiled_for(pipeline, "eval")
    made = executed(compiled, {"source": rows(pipeline)})

    assert pipeline.evaluation is not None
    found = [
        each.name
        for operation in compiled.graph.operations
        for each in operation.returns
        if each.kind is ReturnKind.METRIC
    ]
    assert set(found) == set(pipeline.evaluation.metrics)
    values = {key: value for each in made.values() for key, value in each.items() if key in found}
    assert 0.4 < values[pipeline.evaluation.metrics[0]] <= 1.0


def test_every_pipeline_of_the_page_is_tested(page: ModuleType) -> None:
    assert [name for name, value in vars(page).items() if isinstance(value, Pipeline)] == NAMES


def test_the_yaml_of_the_page_is_a_pipeline_that_trains(tmp_path: Path) -> None:
    text = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)[0]
    data, marks = read_yaml(text, "page.yaml")
    reading = Reading(marks, lambda name: find_function(name, str(tmp_path)))

    pipeline = pipeline_from(data, reading)

    assert list(trained(pipeline)) == ["standard_scaler+clf/standard_scaler/fit", "standard_scaler+clf/clf/fit"]
    assert trained(pipeline)["standard_scaler+clf/clf/fit"]["clf"].C == 0.5

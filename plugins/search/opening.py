"""Puts together what carries a search. The one door `wiring` uses."""

from __future__ import annotations

from contextlib import nullcontext

from ...core.children import Children
from ...core.graph import Json
from ...core.parts import Parts
from ...core.runners import RunnerChoice
from ...core.runs import RunSpec
from ...core.trials import read, said_of, search_of, trial_number, tune_of
from ...core.tuning import SearchMethod
from ..local.warm import stay_warm
from ..tuning import OptunaSampler
from .runner import SearchRunner


def open_search(parts: Parts, spec: RunSpec) -> RunnerChoice:
    """Return the runner of a search's run.

    Raises:
        PluginError: it is by optuna, which is not installed.
    """
    record = spec.search
    assert record is not None
    tune = None if record.tune is None else tune_of(record.tune)
    sampler = None
    if tune is not None and tune.method is SearchMethod.OPTUNA:
        sampler = OptunaSampler(tune, _recalled(parts, spec))
    is_real = parts.runner(spec.runner).runner.takes_resources
    options = {
        "children": Children(parts, spec),
        "search": search_of(record, sampler),
        "warm": stay_warm(spec.target, is_shared=True) if is_real else nullcontext(),
        # What runs steps in this process runs one at a time.
        "is_parallel": is_real,
    }
    return RunnerChoice(runner=SearchRunner, options=options)


def _recalled(parts: Parts, spec: RunSpec) -> dict[int, dict[str, Json]]:
    """Return by number the parameters of trials that are done: who goes by scores would choose others now."""
    found: dict[int, dict[str, Json]] = {}
    for path, outputs in parts.outputs.of_run(spec.id).items():
        number = trial_number(path)
        told, _ = said_of(outputs)
        if number is not None and told:
            found[number] = {name: read(text) for name, text in told.items()}
    return found

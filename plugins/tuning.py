"""Searches of `tune` for whoever drives one: those of core, and optuna behind the same two questions."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from ..core.errors import PluginError
from ..core.graph import Json
from ..core.searching import Sampler, Search, Trial
from ..core.spaces import Choice, Interval, Space
from ..core.trials import typed
from ..core.tuning import SearchMethod, Tune


def search_for(tune: Tune) -> Search:
    """Return the search that a pipeline's `tune=` asks for.

    Raises:
        PluginError: it is by optuna, which is not installed.
    """
    return Search(tune, OptunaSampler(tune) if tune.method is SearchMethod.OPTUNA else None)


def check_method(method: str) -> None:
    """Find out, without importing it, whether what a method needs is there.

    Raises:
        PluginError: it is not.
    """
    if method == SearchMethod.OPTUNA and find_spec("optuna") is None:
        raise _lacking()


def _lacking() -> PluginError:
    return PluginError("method='optuna' needs optuna", "pip install 'graftline[tune]'")


class OptunaSampler(Sampler):
    """Trials that optuna chooses by what earlier ones scored (TPE); the same answers give the same trials."""

    def __init__(self, tune: Tune, recalled: Mapping[int, Mapping[str, Json]] = MappingProxyType({})):
        """Begin a study in memory.

        Args:
            tune: What is searched.
            recalled: By number, parameters of trials that were chosen before; they are chosen again.

        Raises:
            PluginError: optuna is not installed.
        """
        try:
            optuna: Any = import_module("optuna")  # 400 ms, and an extra
        except ModuleNotFoundError as problem:
            raise _lacking() from problem
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._tune = tune
        self._recalled = recalled
        self._failed: Any = optuna.trial.TrialState.FAIL
        direction = "maximize" if tune.is_maximum else "minimize"
        sampler = optuna.samplers.TPESampler(seed=tune.seed)
        self._study: Any = optuna.create_study(direction=direction, sampler=sampler)
        self._asked: dict[int, Any] = {}

    def ask(self, number: int, pending: int) -> Trial | None:
        """Return the next trial; None after as many as there may be."""
        if number > (self._tune.trials or 1):
            return None
        if number in self._recalled:
            self._study.enqueue_trial(_placed(self._recalled[number], self._tune.space))
        asked = self._study.ask()
        params = {name: _suggested(asked, name, space) for name, space in self._tune.space.items()}
        self._asked[number] = asked
        return Trial(number=number, params=params)

    def tell(self, trial: Trial, score: float | None) -> None:
        """Tell the study what a trial scored; without a score it failed."""
        asked = self._asked.pop(trial.number)
        if score is None:
            self._study.tell(asked, state=self._failed)
        else:
            self._study.tell(asked, score)


def _placed(params: Mapping[str, Json], spaces: Mapping[str, Space]) -> dict[str, Any]:
    """Return parameters as the study has them: choices by position."""
    found: dict[str, Any] = {}
    for name, value in params.items():
        space = spaces[name]
        found[name] = value
        if isinstance(space, Choice):
            found[name] = [typed(each) for each in space.values].index(typed(value))
    return found


def _suggested(asked: Any, name: str, space: Space) -> Any:
    if isinstance(space, Choice):
        # By position: optuna takes texts and numbers alone, and a list may hold anything that JSON can.
        return space.values[asked.suggest_categorical(name, list(range(len(space.values))))]
    assert isinstance(space, Interval)
    if space.is_whole:
        return asked.suggest_int(name, int(space.low), int(space.high), log=space.is_log)
    return asked.suggest_float(name, space.low, space.high, log=space.is_log)

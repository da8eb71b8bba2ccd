"""The configuration file of AstraZeneca's runnable, as `execute(configuration_file=)` is given it: what it means here.

Only where a run is executed is taken from it. What graftline does by itself, or is configured elsewhere, is named in a
warning, so that nobody thinks it was heeded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core.errors import InvalidError
from ..core.records import dataclass
from .paramfiles import read_parameters

_EXECUTORS = ("pipeline-executor", "job-executor", "executor")
_RUNNERS = {"mocked": "mock"}
"""Executors of runnable that have another name here."""
_SILENT = {"enable_parallel"}
"""Options of executors that say what is so in any case."""
_ELSEWHERE = {
    "run-log-store": "runs are kept in the store (--store, GRAFTLINE_HOME)",
    "catalog": "files are kept in the store (--store, GRAFTLINE_HOME)",
    "secrets": "secrets come from the environment, secrets.env or the keyring (graft secret)",
    "pickler": "values are pickled by pickle, functions by dill",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """What a configuration of runnable says."""

    runner: str | None = None
    """Name of the runner; None: it names no executor."""
    warnings: tuple[str, ...] = ()
    """What in it has no effect here, a sentence each."""


def configuration(
    file: str | None, runner: str | None, environ: Mapping[str, str]
) -> tuple[str | None, str | None, Sequence[str]]:
    """Return the TOML file, the runner and the warnings that the `configuration_file=` of an `execute()` call means.

    The environment wins over the call, as in runnable; a `runner` that was asked for wins over both.

    Raises:
        InvalidError: as `read_foreign`.
    """
    file = environ.get("RUNNABLE_CONFIGURATION_FILE") or file
    if not file or not file.endswith((".yaml", ".yml")):
        return file or None, runner, ()
    foreign = read_foreign(file)
    return None, runner or foreign.runner, foreign.warnings


def read_foreign(file: str) -> Foreign:
    """Return what a YAML configuration of runnable means here.

    Raises:
        InvalidError: it cannot be read, or its executor is a retry.
    """
    tables = {str(key).replace("_", "-"): value for key, value in read_parameters(file).values.items()}
    name = next((each for each in _EXECUTORS if each in tables), None)
    kind, options = _service(tables[name]) if name is not None else (None, {})
    if kind == "retry":
        raise InvalidError("its executor is 'retry'", "graft retry RUN continues a failed run", file=file)
    notes = [*_of_executor(options), *_of_services(tables)]
    warnings = tuple(f"{file}: {note}" for note in notes)
    return Foreign(runner=_RUNNERS.get(kind or "", kind), warnings=warnings)


def _service(value: object) -> tuple[str | None, Mapping[str, Any]]:
    if not isinstance(value, Mapping):
        return None, {}
    kind, options = value.get("type"), value.get("config")
    return kind if isinstance(kind, str) else None, options if isinstance(options, Mapping) else {}


def _of_executor(options: Mapping[str, Any]) -> Iterator[str]:
    for option in options:
        if option == "overrides":
            yield "'overrides' has no effect; write [runner.NAME.overrides.KEY] in graftline.toml"
        elif option == "patches":
            yield "'patches' has no effect; give execute(runner='mock', patches={step: function})"
        elif option not in _SILENT:
            yield f"the executor's '{option}' has no effect; options of a runner stand under [runner.NAME]"


def _of_services(tables: Mapping[str, Any]) -> Iterator[str]:
    for name, value in tables.items():
        kind, _ = _service(value)
        if name in _EXECUTORS or (name == "secrets" and kind in ("env-secrets", "do-nothing")):
            continue
        yield f"'{name}' has no effect: {_ELSEWHERE.get(name, 'it is not known here')}"

"""What every step may say, as plain data and back: what it returns, its wiring, its policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .catalog import Catalog
from .constants import is_json
from .errors import InvalidError, nearest
from .functions import Function
from .graph import Json, Policy, Return, ReturnKind, Terminate
from .options import MODES, Options, Wire
from .place import Place
from .returns import arrow, json, metric, pickled, state
from .steps import OutputOf, Step

OPTIONS = tuple(Options.__annotations__)
"""Every option of a step, by the same name as in Python."""

_PLAIN_POLICY = ("retries", "timeout_s", "backoff_s", "isolation", "watch")
_LISTS = ("labels", "secrets", "reads", "env")
_DEFAULT = Policy()


def returns_from(data: object) -> object:
    """Return what `returns=` takes for `X`, `[X, {metric: auc, file: m.json}]`; True stays (see `forms`).

    Raises:
        InvalidError: an item is neither a name nor a kind of return with a name.
    """
    if data is None or isinstance(data, str | bool):
        return data
    if isinstance(data, Mapping):
        return [_return_from(data)]
    if not isinstance(data, list):
        raise InvalidError(f"returns takes names, not {data!r}", _RETURN_HINT)
    return [each if isinstance(each, str) else _return_from(each) for each in data]


def returns_data(returns: tuple[Return, ...]) -> list[Json]:
    """Return declared returns as plain data."""
    return [_return_data(each) for each in returns]


def wire_from(data: object, made: Mapping[str, Step]) -> Any:
    """Return a wire of `inputs=`: a name, `{step: clean, output: df}`, or a list of these.

    Args:
        made: Steps of the same pipeline by name.

    Raises:
        InvalidError: it names no such step, or no output of it.
    """
    if isinstance(data, list):
        return [wire_from(each, made) for each in data]
    if not isinstance(data, Mapping):
        return data  # the option's own check says what is wrong with it
    if set(data) != {"step", "output"}:
        raise InvalidError("an output of a step is {step: NAME, output: NAME}")
    name = data["step"]
    if name not in made:
        raise InvalidError(f"there is no step '{name}' that can be taken from{nearest(str(name), list(made))}")
    step: Any = made[name]
    return step[data["output"]]


def steps_wired(data: object) -> Iterator[str]:
    """Yield the names of the steps that plain data take outputs of, anywhere in them."""
    if isinstance(data, Mapping):
        if set(data) == {"step", "output"} and isinstance(data["step"], str):
            yield data["step"]
        for each in data.values():
            yield from steps_wired(each)
    elif isinstance(data, list):
        for each in data:
            yield from steps_wired(each)


def wire_data(wire: Wire) -> Json:
    """Return a wire as plain data."""
    if isinstance(wire, OutputOf):
        return {"step": wire.step.name, "output": wire.name}
    return wire if isinstance(wire, str) else [wire_data(each) for each in wire]


def catalog_from(data: object) -> object:
    """Return the Catalog of `{put: [...], get: [...], store_copy: false}`.

    Raises:
        InvalidError: it has another key, or a glob is wrong.
    """
    if not isinstance(data, Mapping):
        return data
    for key in data:
        if key not in ("put", "get", "store_copy"):
            raise InvalidError(f"it has no '{key}'{nearest(str(key), ['put', 'get', 'store_copy'])}")
    return Catalog(**data)


def check_plain(value: object, what: str, place: Place) -> None:
    """Refuse a value that does not come back from YAML as it is.

    Raises:
        InvalidError: it holds something else than text, numbers, true, false, null, lists and dicts with text as keys.
    """
    if not is_json(value):
        text = f"{what} is a {type(value).__name__} (or holds one) that YAML does not give back as it is"
        raise InvalidError(text, "use text, numbers, lists and dicts", file=place.file, line=place.line)


def options_data(step: Step) -> dict[str, Json]:
    """Return the options of a step that are not the default, as plain data, in the order `Options` lists them.

    Raises:
        InvalidError: a fixed parameter is no plain value.
    """
    found: dict[str, Json] = {}
    if step.inputs:
        found["inputs"] = {argument: wire_data(wire) for argument, wire in step.inputs.items()}
    for name, value in step.params.items():
        check_plain(value, f"step '{step.name}': the parameter '{name}'", step.place)
    if step.params:
        found["params"] = dict(step.params)
    if step.after:
        found["after"] = [each if isinstance(each, str) else each.name for each in step.after]
    if step.flows:
        found["follows"] = [each.name for each in step.flows]
    if step.overrides:
        found["overrides"] = dict(step.overrides)
    if step.fence is not None:
        found["fence"] = step.fence
    if step.modes != MODES:
        found["modes"] = list(step.modes)
    policy = step.written if isinstance(step, Function) else step.policy
    # What was written counts even where it is the default: inside a composite that says something else it wins.
    return found | _policy_data(policy, step.said if isinstance(step, Function) else step.settled)


def _policy_data(policy: Policy, settled: frozenset[str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name in _PLAIN_POLICY:
        if (value := getattr(policy, name)) != getattr(_DEFAULT, name) or (name in settled and value is not None):
            found[name.removesuffix("_s")] = value
    for name in _LISTS:
        if (value := getattr(policy, name)) or name in settled:
            found[name] = list(value)
    if policy.resources or "resources" in settled:
        found["resources"] = dict(policy.resources)
    if policy.cache != _DEFAULT.cache or "cache" in settled:
        found["cache"] = {"always": True, "never": False}.get(policy.cache, policy.cache)
    if policy.terminate is not None:
        found["terminate_with_success" if policy.terminate is Terminate.SUCCESS else "terminate_with_failure"] = True
    catalog: dict[str, Json] = {name: list(globs) for name in ("put", "get") if (globs := getattr(policy, name))}
    if not policy.store_copy:
        catalog["store_copy"] = False
    return {**found, "catalog": catalog} if catalog else found


def _return_data(declared: Return) -> Json:
    if declared.kind is ReturnKind.AUTO:
        return declared.name
    if declared.kind is ReturnKind.STATE and declared.file is not None:
        return {"state": declared.name, "file": declared.file}
    found: dict[str, Json] = {declared.kind.value: declared.name}
    return found | {key: value for key in ("file", "pattern") if (value := getattr(declared, key)) is not None}


def _return_from(data: object) -> Return:
    if isinstance(data, Mapping):
        kinds = [key for key in data if key in _RETURNS]
        if len(kinds) == 1:
            rest = {str(key): value for key, value in data.items() if key != kinds[0]}
            try:
                return _RETURNS[kinds[0]](data[kinds[0]], **rest)
            except TypeError:
                allowed = {"metric": "file and pattern", "state": "file"}.get(kinds[0], "nothing")
                raise InvalidError(f"a return {kinds[0]}: takes {allowed} beside its name") from None
    raise InvalidError(f"{data!r} is no return", _RETURN_HINT)


def _state(name: str, file: str | None = None) -> Return:
    return state(name) if file is None else state.file(file, name)


_RETURNS: dict[str, Callable[..., Return]] = {
    "pickle": pickled,
    "json": json,
    "arrow": arrow,
    "metric": metric,
    "state": _state,
}
_RETURN_HINT = f"a return is a name, or one of {', '.join(_RETURNS)} with a name: {{metric: auc}}"

"""The options every step takes (retries, resources, wiring...), read from what the user wrote and checked at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import isfinite
from typing import Any, NoReturn, TypeAlias, TypedDict

from .catalog import Catalog
from .errors import InvalidError, nearest
from .graph import Policy, Terminate
from .ids import name_problem
from .named import NamedTuple
from .quantities import seconds, size_bytes
from .records import dataclass, field
from .steps import OutputOf, Recovery, Step, Unit

Wire: TypeAlias = str | OutputOf | Sequence[str | OutputOf]
"""What `inputs=` binds an argument to: a name, one step's output, or several of them as a list."""

MODES = ("job", "train", "apply", "tune", "eval")
"""The ways a pipeline can be compiled."""


class Options(TypedDict, total=False):
    """Keyword arguments of every step. None means: as if it were not given."""

    inputs: Mapping[str, Wire] | None
    """Argument -> other name, `step["output"]`, or a list of these."""
    params: Mapping[str, object] | None
    """Argument -> fixed value."""
    after: Unit | str | Sequence[Unit | str] | None
    """Steps it waits for without taking a value."""
    catalog: Catalog | None
    retries: int | None
    """Further attempts after the first failure."""
    backoff: float | str | None
    """Wait before the first retry, in seconds or as "10s"; doubles each time, up to ten minutes."""
    timeout: float | str | None
    """Limit of one attempt, in seconds or as "10m"."""
    resources: Mapping[str, float | str] | str | None
    """`cpus`, `gpu`, `memory` ("4GB") and limits of your own naming ("db"); or the name of a `[profile.NAME]` that
    says them, alone or as `profile` beside some that win over it."""
    labels: str | Collection[str] | None
    isolation: str | None
    """"process": a worker of its own."""
    secrets: str | Collection[str] | None
    """Names of secrets it sees as environment variables."""
    overrides: Mapping[str, str] | None
    """Runner -> key of that runner's `overrides` table."""
    reads: str | Collection[str] | None
    """Globs of files it reads."""
    env: str | Collection[str] | None
    """Environment variables its result depends on."""
    cache: bool | str | None
    """"auto", True, False, or how long a result holds ("1d")."""
    fence: bool | None
    """True or False overrides the order rule for this step."""
    modes: str | Collection[str] | None
    """Modes it belongs to; None: all."""
    watch: bool | None
    """True: watch waves run it although it is an effect."""
    terminate_with_success: bool | None
    terminate_with_failure: bool | None
    on_failure: Recovery | None
    """What takes over when the step fails for good, instead of all that is listed after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Checked options of one step."""

    policy: Policy
    inputs: Mapping[str, Wire] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    after: tuple[Step | str, ...] = ()
    fence: bool | None = None
    modes: tuple[str, ...] = MODES
    overrides: Mapping[str, str] = field(default_factory=dict)
    on_failure: Recovery | None = None
    settled: frozenset[str] = frozenset()
    """Fields of the policy that were given."""


class Wanted(NamedTuple):
    """What `resources=` says."""

    amounts: Mapping[str, float]
    profile: str | None = None


def choose(kind: str, given: Mapping[str, object]) -> tuple[Chosen, list[InvalidError]]:
    """Return the checked options and every problem found in them; options with a problem keep their default.

    Args:
        kind: Name of the step's class, for the message about an unknown option.
        given: Keyword arguments as written.
    """
    read: dict[str, Any] = {}
    problems: list[InvalidError] = []
    for name, value in given.items():
        reader = _READERS.get(name)
        if reader is None:
            meant = nearest(name, list(_READERS))
            hint = None if meant else f"it has {', '.join(_READERS)}"
            problems.append(InvalidError(f"{kind} has no option '{name}'{meant}", hint))
        elif value is not None:
            try:
                read[name] = reader(value)
            except InvalidError as problem:
                problems.append(InvalidError(f"{name}= {problem.message}", problem.hint))
    if read.get("terminate_with_success") and read.get("terminate_with_failure"):
        problems.append(InvalidError("it terminates the run with success or with failure, not both"))
    return _chosen(read), problems


def _chosen(read: dict[str, Any]) -> Chosen:
    if _WITHOUT_POLICY.issuperset(read):  # nearly all steps: what is wired, and no more
        return Chosen(policy=_DEFAULT, **read)
    catalog = read.get("catalog")
    wanted: Wanted | None = read.get("resources")
    policy = {_FIELDS[name]: value for name, value in read.items() if name in _FIELDS} if read else {}
    if catalog is not None:
        policy |= {"put": catalog.put, "get": catalog.get, "store_copy": catalog.store_copy}
    if read.get("terminate_with_success"):
        policy["terminate"] = Terminate.SUCCESS
    elif read.get("terminate_with_failure"):
        policy["terminate"] = Terminate.FAILURE
    if wanted is not None:
        # Both, so that a step's own resources replace those of a composite around it, profile and all.
        policy |= {"resources": wanted.amounts, "profile": wanted.profile}
    if wanted is not None and wanted.amounts.get("gpu"):
        # CUDA looks at CUDA_VISIBLE_DEVICES once in a process: a pooled worker would keep the gpu of its first step.
        policy.setdefault("isolation", "process")
    if read.get("overrides"):
        policy["overrides"] = read["overrides"]
    rest = {name: value for name, value in read.items() if name in _CHOSEN}
    if not policy:
        return Chosen(policy=_DEFAULT, **rest)
    return Chosen(policy=Policy(**policy), settled=frozenset(policy), **rest)


_DEFAULT = Policy()
_FIELDS = {name: name for name in ("retries", "labels", "isolation", "secrets", "reads", "env", "cache", "watch")}
_FIELDS |= {"backoff": "backoff_s", "timeout": "timeout_s"}
_CHOSEN = frozenset({"inputs", "params", "after", "fence", "modes", "overrides", "on_failure"})
_WITHOUT_POLICY = _CHOSEN - {"overrides"}


def _refuse(wanted: str, value: object, hint: str | None = None) -> NoReturn:
    raise InvalidError(f"takes {wanted}, not {value!r}", hint)


def _flag(value: object) -> bool:
    return value if isinstance(value, bool) else _refuse("True or False", value)


def _retries(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        _refuse("a whole number of 0 or more", value)
    return value


def _duration(value: object) -> float:
    if not isinstance(value, int | float | str):
        _refuse("seconds, or text such as '10m'", value)
    return seconds(value)


def _limit(value: object) -> float:
    limit = _duration(value)
    return limit if limit > 0 else _refuse("a time above zero", value)


def _texts(value: object) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, Sequence | set | frozenset) or not all(isinstance(item, str) and item for item in items):
        _refuse("a list of names", value)
    return tuple(dict.fromkeys(sorted(items) if isinstance(items, set | frozenset) else items))


def _isolation(value: object) -> str:
    return value if value == "process" and isinstance(value, str) else _refuse("'process' or None", value)


def _cache(value: object) -> str:
    if isinstance(value, bool):
        return "always" if value else "never"
    if value == "auto":
        return "auto"
    if not isinstance(value, str | int | float):
        _refuse("'auto', True, False, or a time such as '1d'", value)
    return f"{_duration(value):.10g}"


def _modes(value: object) -> tuple[str, ...]:
    modes = _texts(value)
    for mode in modes:
        if mode not in MODES:
            raise InvalidError(f"has no mode '{mode}'{nearest(mode, MODES)}", f"the modes are {', '.join(MODES)}")
    return modes


def _mapping(value: object) -> Mapping[str, Any]:
    # An exact dict first: to ask the ABC takes longer than the rest.
    if not (type(value) is dict or isinstance(value, Mapping)) or not all(isinstance(key, str) for key in value):
        _refuse("a dict with names as keys", value)
    return dict(value)


def _params(value: object) -> Mapping[str, object]:
    params = _mapping(value)
    for name in params:
        if problem := name_problem(name):
            raise InvalidError(f"has the key {name!r}: {problem}")
    return params


def _inputs(value: object) -> Mapping[str, Wire]:
    inputs = _mapping(value)
    for argument, wire in inputs.items():
        if type(wire) is str and wire:  # nearly all
            continue
        for item in wire if isinstance(wire, list | tuple) and not isinstance(wire, OutputOf) else [wire]:
            if not (isinstance(item, str) and item) and not isinstance(item, OutputOf):
                hint = f"a fixed value belongs in params={{'{argument}': ...}}"
                raise InvalidError(f"binds '{argument}' to {item!r}, which is neither a name nor step['output']", hint)
    return inputs


def _after(value: object) -> tuple[Step | str, ...]:
    items = [value] if isinstance(value, str | Unit) else value
    if not isinstance(items, Sequence) or not all(isinstance(item, str | Unit) for item in items):
        _refuse("steps or their names", value)
    return tuple([item if isinstance(item, str) else item.as_step() for item in items])


def _on_failure(value: object) -> Recovery:
    for item in value if isinstance(value, list | tuple) and value else [value]:
        if not isinstance(item, Unit) and (not callable(item) or isinstance(item, type)):
            _refuse("a pipeline, a step or a function", value)
    return value  # type: ignore[return-value]  # just looked at


def _catalog(value: object) -> Catalog:
    return value if isinstance(value, Catalog) else _refuse("a Catalog(put=, get=)", value)


def _overrides(value: object) -> Mapping[str, str]:
    overrides = _mapping(value)
    return overrides if all(isinstance(key, str) for key in overrides.values()) else _refuse("runner -> key", value)


_MEANT = {"cpu": "cpus", "cores": "cpus", "gpus": "gpu", "mem": "memory", "ram": "memory"}


def _resources(value: object) -> Wanted:
    if isinstance(value, str):
        return Wanted({}, _profile(value))
    given = _mapping(value)
    amounts = {name: resource(name, amount) for name, amount in given.items() if name != "profile"}
    return Wanted(amounts, _profile(given["profile"]) if "profile" in given else None)


def _profile(name: object) -> str:
    if isinstance(name, str) and name:
        return name
    raise InvalidError(f"'profile' is the name of a [profile.NAME] of the configuration, not {name!r}")


def resource(name: str, amount: object) -> float:
    """Return an amount of a resource as a number; memory in bytes.

    Raises:
        InvalidError: there is no such resource, or it is no amount of it.
    """
    if name in _MEANT:
        raise InvalidError(
            f"has no '{name}'; did you mean '{_MEANT[name]}'?", "it has cpus, gpu, memory and names of yours"
        )
    if problem := name_problem(name):
        raise InvalidError(f"has the key {name!r}: {problem}")
    return _amount(name, amount)


def _amount(name: str, amount: object) -> float:
    if name == "memory" and isinstance(amount, int | float | str):
        return float(size_bytes(amount))
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not isfinite(amount) or amount < 0:
        raise InvalidError(f"'{name}' is a number of 0 or more, not {amount!r}")
    return float(amount)


_READERS: dict[str, Callable[[object], object]] = {
    "inputs": _inputs,
    "params": _params,
    "after": _after,
    "catalog": _catalog,
    "retries": _retries,
    "backoff": _duration,
    "timeout": _limit,
    "resources": _resources,
    "labels": _texts,
    "isolation": _isolation,
    "secrets": _texts,
    "overrides": _overrides,
    "reads": _texts,
    "env": _texts,
    "cache": _cache,
    "fence": _flag,
    "modes": _modes,
    "watch": _flag,
    "terminate_with_success": _flag,
    "terminate_with_failure": _flag,
    "on_failure": _on_failure,
}
"""How each option is read; a test holds its keys against those of `Options`."""

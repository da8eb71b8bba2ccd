"""How composites are written as plain data, and read: entries of the table in `forms`, apart for their number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .composites import Conditional, Loop, Map, Parallel
from .errors import InvalidError
from .graph import Json
from .marks import Path, shown
from .nesting import Nested
from .stepdata import wire_data, wire_from
from .steps import Step

if TYPE_CHECKING:
    from .definitions import Reading, Writing  # they hold the table of forms

Data = Mapping[str, Any]
"""One step of a YAML file; Any because this is a serialization edge."""
Made = Mapping[str, Step]
"""Steps that may be taken from, by name: of the same pipeline and of those around it."""


def make_parallel(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    """Return branches side by side."""
    branches = _branches(reading, data["parallel"], (*path, "parallel"), made)
    return Parallel(branches, gather=data.get("gather") or (), **given)


def make_map(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    """Return one branch for each item."""
    reducer = data.get("reducer")
    if isinstance(reducer, str) and ":" in reducer and not reducer.lstrip().startswith("lambda"):
        reducer = reading.function(reducer, (*path, "reducer"))
    branch = reading.branch(data["map"], (*path, "map"), made)
    return Map(
        branch,
        iterate_on=wire_from(data.get("iterate_on"), made),
        iterate_as=data.get("iterate_as"),
        reducer=reducer,
        collect=data.get("collect"),
        **given,
    )


def make_conditional(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    """Return one of several branches."""
    branches: Any = _branches(reading, data.get("branches") or {}, (*path, "branches"), made)
    default = data.get("default")
    if default is not None:
        default = reading.branch(default, (*path, "default"), made)
    return Conditional(wire_from(data["conditional"], made), branches, default, **given)


def make_loop(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    """Return one branch again and again."""
    branch = reading.branch(data["loop"], (*path, "loop"), made)
    limit: Any = data.get("max_iterations")
    return Loop(branch, limit, break_on=data.get("break_on"), index_as=data.get("index_as"), **given)


def make_nested(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    """Return a pipeline as a step."""
    inside = reading.pipeline(data["pipeline"], (*path, "pipeline"), outer=made)
    if "name" not in given and inside.name is None:
        raise InvalidError("a pipeline needs a name to be a step", "write name: NAME below it")
    return inside.with_(**given)


def parallel_data(writing: Writing, step: Parallel) -> dict[str, Json]:
    """Return the keys of branches side by side."""
    branches: dict[str, Json] = {word: writing.branch(each) for word, each in step.pipelines.items()}
    found: dict[str, Json] = {"parallel": branches}
    return {**found, "gather": list(step.gather)} if step.gather else found


def map_data(writing: Writing, step: Map) -> dict[str, Json]:
    """Return the keys of a branch for each item."""
    found: dict[str, Json] = {
        "map": writing.branch(step.branch),
        "iterate_on": wire_data(step.iterate_on),
        "iterate_as": step.iterate_as[0] if step.is_whole else list(step.iterate_as),
    }
    if step.reducer is not None:
        found["reducer"] = step.reducer if isinstance(step.reducer, str) else writing.function(step, step.reducer)
    return found if step.collect is None else {**found, "collect": step.collect}


def conditional_data(writing: Writing, step: Conditional) -> dict[str, Json]:
    """Return the keys of one of several branches."""
    branches: dict[str, Json] = {word: writing.branch(each) for word, each in step.branches.items()}
    found: dict[str, Json] = {"conditional": wire_data(step.parameter), "branches": branches}
    return found if step.default is None else {**found, "default": writing.branch(step.default)}


def loop_data(writing: Writing, step: Loop) -> dict[str, Json]:
    """Return the keys of a branch again and again."""
    found: dict[str, Json] = {"loop": writing.branch(step.branch), "max_iterations": step.max_iterations}
    if step.break_on is not None:
        found["break_on"] = step.break_on
    return found if step.index_as is None else {**found, "index_as": step.index_as}


def nested_data(writing: Writing, step: Nested) -> dict[str, Json]:
    """Return the key of a pipeline as a step."""
    return {"pipeline": writing.pipeline(step.pipeline)}


def _branches(reading: Reading, data: object, path: Path, made: Made) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise reading.marks.problem(path, f"branches are a mapping of names to steps, not {shown(data)}")
    return {word: reading.branch(each, (*path, word), made) for word, each in data.items()}

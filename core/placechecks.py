"""What the place a run is to go to offers, against what its steps want. Pure: the place has answered before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from .burden import Traffic
from .demands import DEFAULT_LABEL
from .errors import nearest
from .graph import CallKind, Graph, Json, Node
from .promotion import Check, Fault, Standing, Subject
from .quantities import size_text
from .routes import NO_ATTEMPT
from .runnerhealth import Answer, Health, Reach
from .text import plural

_COUNTED = frozenset({"cpus", "memory"})
"""Resources that count only where a place declares them."""
_NAMED = 6


def runner_check(name: str, is_elsewhere: bool, health: Health) -> Check:
    """Return whether the runner answers, and everybody there can work for a run from here."""
    refusals = [each.refusal for each in health.answers if each.refusal is not None]
    if refusals:
        return Check(
            subject=Subject.RUNNER,
            standing=Standing.BAD,
            told=f"'{name}' cannot work for this run: {refusals[0]}",
            details=tuple(refusals[1:_NAMED]),
            remedy="install the same versions of graftline and Python there",
        )
    standing = {Reach.UP: Standing.GOOD, Reach.DOWN: Standing.BAD, Reach.UNKNOWN: Standing.UNKNOWN}[health.reach]
    told = f"'{name}': {health.told}"
    versions = {f"graftline {each.graftline}, Python {each.python}" for each in health.answers if each.python}
    if standing is Standing.GOOD and versions and is_elsewhere:
        told += f", {'; '.join(sorted(versions))}"
    return Check(subject=Subject.RUNNER, standing=standing, told=told, remedy=health.remedy)


def value_checks(passing: Traffic, health: Health, name: str) -> Iterator[Check]:
    """Return whether the values that pass between steps travel."""
    over = [] if health.limit_bytes is None else passing.over(health.limit_bytes)
    if over and health.limit_bytes is not None:
        lines = [f"'{each.path}' {each.what} {size_text(each.size_bytes)}" for each in over]
        yield Check(
            subject=Subject.VALUES,
            standing=Standing.BAD,
            told=f"{lines[0]}, and '{name}' sends {size_text(health.limit_bytes)} with one attempt",
            details=tuple(lines[1:_NAMED]),
            remedy=f"give it a directory that all machines see: [runner.{name}] artifacts; or raise its limit",
            fault=Fault.INPUT,
        )
        return
    told = f"{plural(passing.count, 'value')} of {size_text(passing.size_bytes)} pass between steps"
    if passing.loads:
        heaviest = passing.loads[0]
        told += f", at most {size_text(heaviest.size_bytes)} at once ('{heaviest.path}' {heaviest.what} it)"
    if not passing.count:
        told = "every value is small enough to be in the messages"
    if passing.unknown:
        told += f"; of {plural(passing.unknown, 'step')} it is not known"
    yield Check(subject=Subject.VALUES, standing=Standing.GOOD, told=told)


def resource_checks(graph: Graph, health: Health) -> Iterator[Check]:
    """Return whether labels and named resources that steps want are there."""
    wanted = wanted_in(graph)
    wanted.pop(DEFAULT_LABEL, None)
    if not wanted:
        return
    told = "; ".join(f"{name} for {_steps(steps)}" for name, steps in sorted(wanted.items()))
    if health.offers is None:
        yield Check(subject=Subject.RESOURCES, standing=Standing.UNKNOWN, told=f"{told}: it did not say")
        return
    lacking = {name: steps for name, steps in sorted(wanted.items()) if name not in health.offers}
    for name, steps in lacking.items():
        offered = ", ".join(sorted(health.offers)) or "nothing"
        yield Check(
            subject=Subject.RESOURCES,
            standing=Standing.BAD,
            told=f"step '{steps[0]}' wants '{name}', which nobody offers{nearest(name, sorted(health.offers))}",
            remedy=f"offered there: {offered}",
            fault=Fault.INPUT,
        )
    if not lacking:
        yield Check(subject=Subject.RESOURCES, standing=Standing.GOOD, told=told)


def wanted_in(graph: Graph) -> dict[str, list[str]]:
    """Return by label and named resource the steps that want it; those that want none stand under `default`."""
    wanted: dict[str, list[str]] = {}
    for node in _nodes(graph):
        operation = graph.operations[node.operation]
        if operation.call.kind in NO_ATTEMPT:
            continue
        policy = operation.policy
        names = [*(label for label in policy.labels if label != DEFAULT_LABEL), *policy.resources]
        for name in dict.fromkeys([each for each in names if each not in _COUNTED] or [DEFAULT_LABEL]):
            wanted.setdefault(name, []).append(node.family or node.path)
    return wanted


def channel_checks(graph: Graph) -> Iterator[Check]:
    """Tell what feeds and sinks mean there: they are asked where steps run."""
    kinds = {operation.call.kind for operation in graph.operations}
    told = {
        CallKind.FEED: "the feed is asked where steps run: a file of this machine is not there",
        CallKind.SINK: "what the sink writes is written where steps run",
    }
    for kind, text in told.items():
        if kind in kinds:
            yield Check(subject=Subject.FILES, standing=Standing.NOTED, told=text)


def packages_check(environment: Mapping[str, Json], health: Health) -> Iterator[Check]:
    """Return how the packages of the run differ from those that are installed there."""
    packages = environment.get("packages")
    wanted = {name: str(release) for name, release in packages.items()} if isinstance(packages, dict) else {}
    if not wanted:
        return
    answers = [each for each in health.answers if each.packages is not None and each.refusal is None]
    if not answers:
        told = f"{plural(len(wanted), 'package')} of the run, and nobody said what is installed there"
        yield Check(subject=Subject.PACKAGES, standing=Standing.UNKNOWN, told=told)
        return
    gone = list(_told(wanted, answers, is_gone=True))
    if gone:
        pins = " ".join(f"'{name}=={release}'" for name, release in wanted.items() if _is_gone(name, answers))
        yield Check(
            subject=Subject.PACKAGES,
            standing=Standing.BAD,
            told=gone[0],
            details=tuple(gone[1:_NAMED]),
            remedy=f"there: pip install {pins}; --force goes without",
            is_waivable=True,
        )
    if other := list(_told(wanted, answers, is_gone=False)):
        told = f"{plural(len(other), 'difference')} to the run: {other[0]}"
        yield Check(subject=Subject.PACKAGES, standing=Standing.NOTED, told=told, details=tuple(other[1:_NAMED]))
    if not gone and not other:
        told = f"{plural(len(wanted), 'package')} in the versions of the run"
        yield Check(subject=Subject.PACKAGES, standing=Standing.GOOD, told=told)


def secret_checks(graph: Graph, health: Health, is_here: Callable[[str], bool]) -> Iterator[Check]:
    """Return which secrets steps want, by name, and whether they can be had there and here."""
    for name, steps in secrets_of(graph).items():
        said = [each.secrets for each in health.answers if each.secrets is not None and each.refusal is None]
        lacking = [each.name for each in health.answers if each.secrets is not None and not each.secrets.get(name)]
        here = "here yes" if is_here(name) else "here no"
        what = f"{name} for {_steps(steps)}: {here}"
        if not said:
            told = f"{what}, there nobody knows: values do not travel"
            yield Check(subject=Subject.SECRETS, standing=Standing.UNKNOWN, told=told)
        elif lacking:
            yield Check(
                subject=Subject.SECRETS,
                standing=Standing.BAD,
                told=f"{what}, there no ({_steps(lacking)})",
                remedy=f"values do not travel: set {name} in the environment of what works there, or its secrets.toml",
                fault=Fault.INPUT,
            )
        else:
            yield Check(subject=Subject.SECRETS, standing=Standing.GOOD, told=f"{what}, there yes")


def secrets_of(graph: Graph) -> dict[str, list[str]]:
    """Return by name of a secret the steps that want it."""
    found: dict[str, list[str]] = {}
    for node in _nodes(graph):
        for name in graph.operations[node.operation].policy.secrets:
            found.setdefault(name, []).append(node.family or node.path)
    return dict(sorted(found.items()))


def _nodes(graph: Graph) -> Iterator[Node]:
    """Yield every node, also those that grow."""
    yield from graph.nodes
    for body in graph.bodies:
        yield from body.nodes


def _told(wanted: Mapping[str, str], answers: Iterable[Answer], *, is_gone: bool) -> Iterator[str]:
    """Yield in words what is another version there, or not there; once for all that have it in common."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for answer in answers:
        for name, release in wanted.items():
            there = (answer.packages or {}).get(name)
            if there != release and (there is None) is is_gone:
                found.setdefault((name, there), []).append(answer.name)
    for (name, there), places in sorted(found.items(), key=str):
        what = "is not there" if there is None else f"{there} instead of {wanted[name]}"
        yield f"{name} {what} ({_steps(places)})"


def _is_gone(name: str, answers: Iterable[Answer]) -> bool:
    return any(name not in (each.packages or {}) for each in answers)


def _steps(names: Sequence[str]) -> str:
    known = list(dict.fromkeys(names))
    return ", ".join(known[:_NAMED]) + (f" and {len(known) - _NAMED} more" if len(known) > _NAMED else "")

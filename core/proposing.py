"""A pipeline proposed of scripts, notebooks and shell scripts: read, never run."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from .catalog import may_overlap
from .commandlines import namespaces, options_of
from .errors import InvalidError
from .fileuses import file_uses, literals, shell_uses
from .graph import Json
from .mainparts import calls_of
from .notebooks import read_notebook
from .proposals import Doubt, Proposal, ProposedStep, ScriptText, SourceKind
from .records import replace

MISSING = "CHANGE-ME"
"""Value of a parameter that a script needs and has no default for."""


def propose(name: str, sources: Sequence[ScriptText]) -> Proposal:
    """Return the pipeline that files seem to be.

    Args:
        name: of the pipeline.
        sources: in the order they were named.

    Raises:
        InvalidError: a file is no Python, or no notebook, at its line.
    """
    read = [_read(source) for source in sources]
    drafts, doubts = _sorted(read)
    steps = _wired(_renamed([step for draft in drafts for step in draft]))
    params, arguments, more = _parameters(steps)
    return Proposal(
        name=name,
        steps=tuple(steps),
        params=tuple(params),
        arguments=tuple(arguments.items()),
        doubts=(*doubts, *more, *_once(each for step in steps for each in step.facts.doubts)),
    )


def _read(source: ScriptText) -> list[ProposedStep]:
    stem = posixpath.splitext(posixpath.basename(source.path))[0]
    if source.kind is SourceKind.SHELL:
        facts = shell_uses(source.text, source.path)
        return [ProposedStep(name=stem, kind="ShellTask", source=source, line=1, facts=facts)]
    if source.kind is SourceKind.NOTEBOOK:
        cells = read_notebook(source.text, source.path).cells
        plain = "\n".join(
            "#" if line.lstrip().startswith(("%", "!", "?")) else line for cell in cells for line in cell.splitlines()
        )
        tree = _parsed(plain, source.path, "a cell of ")
        facts = file_uses(tree, source.path, literals(tree))
        return [ProposedStep(name=stem, kind="NotebookTask", source=source, line=1, facts=facts)]
    return _script(source, stem, _parsed(source.text, source.path))


def _script(source: ScriptText, stem: str, tree: ast.Module) -> list[ProposedStep]:
    options, doubts = options_of(tree, source.path)
    module = posixpath.splitext(source.path)[0].split("/")
    calls = calls_of(tree) if not options and all(part.isidentifier() for part in module) else None
    if calls is not None:
        known, functions = literals(tree), {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
        return [
            ProposedStep(
                name=call.function,
                kind="PythonTask",
                source=source,
                line=call.line,
                facts=file_uses(functions[call.function], source.path, {**known, **_texts(call.params)}),
                call=call,
            )
            for call in calls
        ]
    defaults = {option.name: option.default for option in options}
    spaces = namespaces(tree) or {""}
    known = {f"{space}.{name}": str(value) for space in spaces for name, value in defaults.items() if value is not None}
    known |= _texts(defaults.items())
    facts = file_uses(tree, source.path, literals(tree, known))
    facts = replace(facts, options=tuple(options), doubts=(*doubts, *facts.doubts))
    return [ProposedStep(name=stem, kind="ScriptTask", source=source, line=1, facts=facts)]


def _parsed(text: str, file: str, what: str = "") -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None)
        raise InvalidError(f"{what}'{file}' is no Python: {problem}", "leave it out", file=file, line=line) from problem


def _texts(values: object) -> dict[str, str]:
    pairs: Sequence[tuple[str, Json]] = tuple(values)  # type: ignore[arg-type]
    return {name: value for name, value in pairs if isinstance(value, str)}


def _sorted(drafts: Sequence[list[ProposedStep]]) -> tuple[list[list[ProposedStep]], list[Doubt]]:
    """Return files so that whoever writes one comes before whoever reads it; else in the order they were named."""
    left, ordered, doubts = list(drafts), list[list[ProposedStep]](), list[Doubt]()
    while left:
        ready = next(
            (each for each in left if not any(_feeds(other, each) for other in left if other is not each)), None
        )
        if ready is None:
            ready = left[0]
            text = "these files read what one another write; they stay in the order they were named in"
            doubts.append(Doubt(file=ready[0].source.path, line=None, text=text))
        left.remove(ready)
        ordered.append(ready)
    return ordered, doubts


def _feeds(one: Sequence[ProposedStep], other: Sequence[ProposedStep]) -> bool:
    written = {use.path for step in one for use in step.facts.writes}
    mine = {use.path for step in other for use in step.facts.writes}
    return any(use.path in written and use.path not in mine for step in other for use in step.facts.reads)


def _renamed(steps: Sequence[ProposedStep]) -> list[ProposedStep]:
    """Give each step a name of its own that a step may have."""
    taken: set[str] = set()
    found = []
    for step in steps:
        base = re.sub(r"[^\w.-]+", "_", step.name) or "step"
        name = next(
            each for at in range(1, len(steps) + 2) if (each := base if at == 1 else f"{base}-{at}") not in taken
        )
        taken.add(name)
        found.append(replace(step, name=name))
    return found


def _wired(steps: Sequence[ProposedStep]) -> list[ProposedStep]:
    """Say which files each step gets from earlier ones, and what it waits for."""
    wired: list[ProposedStep] = []
    fence: str | None = None
    since: list[str] = []
    for step in steps:
        writers: dict[str, str] = {}
        gets: list[str] = []
        reads: list[str] = []
        for use in step.facts.reads:
            by = next((each.name for each in reversed(wired) if any(may_overlap(p, use.path) for p in each.puts)), None)
            (reads if by is None else gets).append(use.path)
            if by is not None:
                writers[by] = use.path
        needs = [*writers, *_values(step, wired)]
        if _is_fence(step):
            needs = since if since else [fence] if fence else []
            fence, since = step.name, []
        else:
            needs = list(dict.fromkeys([*needs, *([fence] if fence else [])]))
            since.append(step.name)
        wired.append(replace(step, gets=tuple(gets), reads=tuple(reads), needs=tuple(needs)))
    return wired


def _values(step: ProposedStep, earlier: Sequence[ProposedStep]) -> Iterator[str]:
    if step.call is None:
        return
    renamed, fixed = dict(step.call.inputs), {name for name, _ in step.call.params}
    function = _function(step)
    for argument in [each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]:
        name = renamed.get(argument, argument)
        maker = next((each for each in reversed(earlier) if each.call is not None and name in each.call.returns), None)
        if maker is not None and argument not in fixed:
            yield maker.name


def _function(step: ProposedStep) -> ast.FunctionDef:
    assert step.call is not None
    body = ast.parse(step.source.text).body
    return next(each for each in body if isinstance(each, ast.FunctionDef) and each.name == step.call.function)


def _is_fence(step: ProposedStep) -> bool:
    """Tell whether a step makes nothing that anybody could wait for, so that order alone tells what follows."""
    return not step.puts and (step.call is None or not step.call.returns) and step.kind != "NotebookTask"


def _parameters(
    steps: Sequence[ProposedStep],
) -> tuple[list[tuple[str, Json, str]], dict[str, tuple[str, ...]], list[Doubt]]:
    """Return the pipeline's parameters, the command lines that take them, and what a person has to fill in."""
    made = {name for step in steps if step.call is not None for name in step.call.returns}
    params: dict[str, tuple[Json, str]] = {}
    lines: dict[str, tuple[str, ...]] = {}
    doubts: list[Doubt] = []
    for step in steps:
        words: list[str] = []
        for option in step.facts.options:
            default = MISSING if option.default is None else option.default
            name = _parameter(option.name, default, step, params, made)
            params.setdefault(name, (default, f"{step.source.path}:{option.line}"))
            words += [*([option.flag] if option.flag else []), f"{{{name}}}"]
            if option.default is None:
                text = f"'{name}' has no default: say it with -p {name}=..., or in params="
                doubts.append(Doubt(file=step.source.path, line=option.line, text=text))
        if words:
            lines[step.name] = tuple(words)
    return [(name, value, place) for name, (value, place) in params.items()], lines, doubts


def _parameter(
    name: str, default: Json, step: ProposedStep, params: Mapping[str, tuple[Json, str]], made: set[str]
) -> str:
    plain = re.sub(r"\W", "_", name)
    if plain not in made and (plain not in params or params[plain][0] == default):
        return plain
    return re.sub(r"\W", "_", f"{step.name}_{name}")


def _once(doubts: Iterator[Doubt]) -> list[Doubt]:
    return list(dict.fromkeys(doubts))

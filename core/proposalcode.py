"""A proposal as the text of a pipeline file, with a comment for each guess that names the line it came from."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from .proposals import FileUse, Proposal, ProposedStep


def code_of(proposal: Proposal) -> str:
    """Return `pipeline.py`."""
    kinds = sorted({step.kind for step in proposal.steps} | _extras(proposal))
    imports, functions = _imports(proposal.steps)
    arguments = dict(proposal.arguments)
    lines = [
        '"""Proposed by `graft init --from`: a comment names the line a guess was made from. Correct it freely."""',
        "",
        *imports,
        *([""] if imports else []),
        f"from graftline import {', '.join(kinds)}",
        "",
        "pipeline = Pipeline(",
        f"    name={_quoted(proposal.name)},",
        "    steps=[",
        *(
            f"        {line}"
            for step in proposal.steps
            for line in _step(step, arguments.get(step.name, ()), functions)
        ),
        "    ],",
    ]
    if proposal.params:
        lines += [
            "    params={",
            *(f"        {_quoted(name)}: {_value(value)},  # {place}" for name, value, place in proposal.params),
            "    },",
        ]
    lines.append(")")
    if proposal.doubts:
        lines += ["", "# What could not be told:"]
        lines += [
            f"# {each.file}{'' if each.line is None else f':{each.line}'} {each.text}" for each in proposal.doubts
        ]
    return "\n".join(lines) + "\n"


def _extras(proposal: Proposal) -> set[str]:
    return {"Pipeline", *(("Catalog",) if any(step.puts or step.gets for step in proposal.steps) else ())}


def _imports(steps: Sequence[ProposedStep]) -> tuple[list[str], dict[str, str]]:
    """Return the import lines, and by step the name under which its function is then known."""
    taken = {"pipeline", "Pipeline", "Catalog", *(step.kind for step in steps)}
    known: dict[tuple[str, str], str] = {}
    by_module: dict[str, list[str]] = {}
    for step in steps:
        if step.call is None:
            continue
        module, function = _place(step)
        if (module, function) not in known:
            name = function if function not in taken else f"{module.replace('.', '_')}_{function}"
            known[module, function] = name
            taken.add(name)
            by_module.setdefault(module, []).append(function if name == function else f"{function} as {name}")
    lines = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(by_module.items())]
    return lines, {step.name: known[_place(step)] for step in steps if step.call is not None}


def _place(step: ProposedStep) -> tuple[str, str]:
    assert step.call is not None
    return posixpath.splitext(step.source.path)[0].replace("/", "."), step.call.function


def _step(step: ProposedStep, arguments: tuple[str, ...], functions: Mapping[str, str]) -> Iterator[str]:
    yield f"{step.kind}(  # {step.source.path}:{step.line}"
    yield f"    {functions.get(step.name) or _subject(step)},"
    yield f"    name={_quoted(step.name)},"
    if arguments:
        lines = (each.line for each in step.facts.options)
        yield f"    args=[{', '.join(map(_quoted, arguments))}],{_from(step, lines)}"
    if step.call is not None:
        if step.call.returns:
            yield f"    returns=[{', '.join(map(_quoted, step.call.returns))}],"
        if step.call.inputs:
            yield f"    inputs={{{', '.join(f'{_quoted(a)}: {_quoted(b)}' for a, b in step.call.inputs)}}},"
        if step.call.params:
            yield f"    params={{{', '.join(f'{_quoted(a)}: {_value(b)}' for a, b in step.call.params)}}},"
    if step.reads:
        yield f"    reads=[{', '.join(map(_quoted, step.reads))}],{_from(step, _lines(step.facts.reads, step.reads))}"
    if step.puts or step.gets:
        said = [
            f"{key}=[{', '.join(map(_quoted, each))}]" for key, each in (("get", step.gets), ("put", step.puts)) if each
        ]
        used = [*_lines(step.facts.reads, step.gets), *_lines(step.facts.writes, step.puts)]
        yield f"    catalog=Catalog({', '.join(said)}),{_from(step, iter(used))}"
    yield "),"


def _subject(step: ProposedStep) -> str:
    if step.kind != "ShellTask":
        return _quoted(step.source.path)
    shell = re.match(r"#!\s*\S*?(?:env\s+)?(bash|zsh|ksh)\b|#!\s*\S*/(bash|zsh|ksh)\b", step.source.text)
    program = next((each for each in (shell.groups() if shell else ()) if each), "sh")
    return _quoted(f"{program} {step.source.path}")


def _lines(uses: tuple[FileUse, ...], paths: tuple[str, ...]) -> Iterator[int]:
    return (use.line for use in uses if use.path in paths)


def _from(step: ProposedStep, lines: Iterator[int]) -> str:
    told = ", ".join(f"{step.source.path}:{line}" for line in dict.fromkeys(lines))
    return f"  # {told}" if told else ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _value(value: object) -> str:
    return _quoted(value) if isinstance(value, str) else repr(value)

"""Mutations of the samples: each function gets a statement more, and what calls it must run again."""

from __future__ import annotations

import ast
from pathlib import Path

from mutations import Mutation
from source_tree import ROOT

_QUICK = ("branches", "etl", "nested", "recovery", "words")
"""Samples whose import takes no second: each mutation is a load."""
_SLOW = ("iris",)
"""One function of it is mutated."""
_TEXTS = (".py", ".yaml", ".toml", ".csv", ".sh", ".txt")
_ROW = "each function of the samples"


def cases() -> list[Mutation]:
    """Return one mutation for each function of the samples."""
    found: list[Mutation] = []
    for name in (*_QUICK, *_SLOW):
        files = _files(ROOT / "samples" / name)
        made = _mutations(name, files, "functions.py", files["functions.py"])
        found += made if name in _QUICK else made[:1]
    return found


def reached_by(files: dict[str, str], changed: str) -> set[str]:
    """Return the functions that name a function, directly or through others; by what each names that is not its own."""
    bodies = {
        node.name: _named_in(node)
        for file, text in files.items()
        if file.endswith(".py")
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }
    found = {changed}
    while True:
        more = {name for name, body in bodies.items() if found & body}
        if more <= found:
            return found
        found |= more


def _named_in(function: ast.FunctionDef) -> set[str]:
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    own = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    own |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    return {node.id for node in names} - own


def _mutations(sample: str, files: dict[str, str], file: str, text: str) -> list[Mutation]:
    lines = text.splitlines(keepends=True)
    found = []
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[-1]
        edited = [*lines[: first.lineno - 1], " " * first.col_offset + "mutated = 1\n", *lines[first.lineno - 1 :]]
        found.append(
            Mutation(
                name=f"sample {sample}: {node.name}",
                row=_ROW,
                files=files,
                edits=((file, None, "".join(edited)),),
                reruns=frozenset({node.name}),
                target=".",
            )
        )
    return found


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.suffix in _TEXTS
    }

"""What changed in a part of the code (`helpers.py:clean`), as lines of the two files it was and is in.

Only what counts is a change: lines whose words are the same are equal, whatever comments, blank lines, blanks between
words and docstrings became. Pure: texts come from the recorded code of two runs.
"""

from __future__ import annotations

import ast
import json
import tokenize
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher

from .errors import InvalidError
from .fingerprints.index import ModuleIndex
from .fingerprints.trace import IMPORT
from .named import NamedTuple
from .notebooks import source_of
from .prints import WHOLE
from .records import dataclass
from .sources import parse

CONTEXT = 2
"""Equal lines shown around a change."""
HELD = "<held>"
"""File of parts that are values a function was made with: no file holds their source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """Neighbouring lines that changed, with a few that did not."""

    old: int
    """Number of its first line in the old file, from 1; 0: nothing of it was there."""
    new: int
    """Number of its first line in the new file."""
    lines: tuple[str, ...]
    """Each begins with `-` (was), `+` (is) or a blank (both)."""


def file_of(part: str) -> tuple[str, str | None]:
    """Return the file of a part, relative to the project root, and the name in it; None: the file as a whole."""
    file, colon, name = part.rpartition(":")
    if not colon:
        return part, None
    return file, None if name == WHOLE else name


def part_changes(part: str, old: str | None, new: str | None) -> tuple[Hunk, ...]:
    """Return the changed lines of a part.

    Args:
        part: `file:name`, `file:<import>`, `file:<module>`, or a file alone.
        old: text of the file as it was; None: it was not there, or is not known.
        new: its text now.

    Returns:
        Nothing when no file holds its source, as of a value in a closure.
    """
    file, name = file_of(part)
    if part.partition(":")[0] == HELD:
        return ()
    before, after = _lines(old, file, name), _lines(new, file, name)
    # Where docstrings are all that changed, the code reads them.
    return _hunks(before, after) or _hunks(_with_docstrings(before), _with_docstrings(after))


def text_changes(old: str, new: str, *, file: str = "", is_code: bool = True) -> tuple[Hunk, ...]:
    """Return the changed lines of a whole file.

    Args:
        old: its text as it was.
        new: its text now.
        file: its name, which says whether it is Python.
        is_code: leave comments, blank lines and docstrings of Python aside.
    """
    name = file if is_code else ""
    return _hunks(_lines(old, name, None), _lines(new, name, None))


class _Line(NamedTuple):
    number: int
    text: str
    says: str
    """What counts of it; empty: nothing does."""
    is_docstring: bool = False


def _lines(text: str | None, file: str, name: str | None) -> list[_Line]:
    """Return the lines of a name of a file, or of all of it."""
    if text is None:
        return []
    text = (_code_of(text) if file.endswith(".ipynb") else text).replace("\r\n", "\n")
    every = text.removesuffix("\n").split("\n")  # form feeds end no line
    words = _words(text) if file.endswith((".py", ".ipynb")) else None
    if words is None:
        return [_Line(at, each, f"={each.rstrip()}") for at, each in enumerate(every, start=1)]
    docstrings = set(_docstring_lines(ast.parse(text)))
    numbers = range(1, len(every) + 1) if name is None else sorted(_numbers(text, file, name))
    return [_Line(at, every[at - 1], "" if at in docstrings else words.get(at, ""), at in docstrings) for at in numbers]


def _with_docstrings(lines: Sequence[_Line]) -> list[_Line]:
    return [line._replace(says=line.text.strip()) if line.is_docstring else line for line in lines]


def _numbers(text: str, file: str, name: str) -> set[int]:
    """Return the numbers of the lines that make a name what it is."""
    try:
        index = ModuleIndex(text, file)
        tree = parse(text, file)
    except InvalidError:
        return set()
    statements = [*index.effects, *index.decorated] if name == IMPORT else index.statements.get(name, [])
    spans = [each.lines for each in statements]
    if not spans and name != IMPORT:  # inside another function, or a lambda
        spans = [_span(node) for node in ast.walk(tree) if _is_called(node, name)]
    return {number for first, last in spans for number in range(first, last + 1)}


def _is_called(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Lambda):
        return name == "<lambda>"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name


def _span(node: ast.AST) -> tuple[int, int]:
    decorators: Sequence[ast.expr] = getattr(node, "decorator_list", ())
    first: int = getattr(node, "lineno", 1)
    return min([first, *(each.lineno for each in decorators)]), getattr(node, "end_lineno", None) or first


def _words(text: str) -> dict[int, str] | None:
    """Return by line what counts of Python source: its words and how deep they stand; None: it is no Python."""
    try:
        ast.parse(text)
        lines = [f"{line}\n" for line in text.split("\n")]
        tokens = list(tokenize.generate_tokens(iter(lines).__next__))
    except (SyntaxError, ValueError, tokenize.TokenError):
        return None
    found: dict[int, list[str]] = {}
    depth = 0
    for token in tokens:
        depth += (token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT)
        if token.type in _SILENT:
            continue
        first, last = token.start[0], token.end[0]
        for at, part in enumerate(token.string.split("\n") if last > first else [token.string]):
            found.setdefault(first + at, [str(depth)]).append(part)
    return {number: " ".join(words) for number, words in found.items()}


_SILENT = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
)


def _docstring_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.body:
            first = node.body[0]
            value = first.value if isinstance(first, ast.Expr) else None
            # On the line of its definition (`def f(): "doc"`) it is not taken out, for the rest would go with it.
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and _is_below(first, node):
                yield from range(first.lineno, (first.end_lineno or first.lineno) + 1)


def _is_below(first: ast.stmt, node: ast.AST) -> bool:
    return first.lineno > getattr(node, "lineno", 0)


def _hunks(old: Sequence[_Line], new: Sequence[_Line]) -> tuple[Hunk, ...]:
    was = [line for line in old if line.says]
    now = [line for line in new if line.says]
    matcher = SequenceMatcher(None, [line.says for line in was], [line.says for line in now], autojunk=False)
    return tuple(_hunk(was, now, group) for group in matcher.get_grouped_opcodes(CONTEXT))


def _hunk(was: Sequence[_Line], now: Sequence[_Line], group: Sequence[tuple[str, int, int, int, int]]) -> Hunk:
    lines: list[str] = []
    for tag, first, last, start, end in group:
        if tag == "equal":
            lines += [f" {line.text}" for line in now[start:end]]
        else:
            lines += [f"-{line.text}" for line in was[first:last]]
            lines += [f"+{line.text}" for line in now[start:end]]
    _, first, last, start, end = group[0]
    return Hunk(
        old=_number(was, first, any(each[2] > each[1] for each in group)),
        new=_number(now, start, any(each[4] > each[3] for each in group)),
        lines=tuple(lines),
    )


def _number(lines: Sequence[_Line], at: int, is_there: bool) -> int:
    return lines[at].number if is_there and at < len(lines) else 0


def _code_of(text: str) -> str:
    """Return the code cells of a notebook as one text; the file itself when it is none."""
    try:
        document = json.loads(text)
        cells: Collection[dict[str, object]] = document["cells"]
        return "\n".join(source_of(cell) for cell in cells if cell.get("cell_type") == "code")
    except (ValueError, KeyError, TypeError, AttributeError):
        return text

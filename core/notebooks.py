"""What a Jupyter notebook says without being run: its cells, its parameters, the names they are given.

Pure, and without nbformat (which costs 100 ms and is an extra): the file is JSON.

Source: Jupyter notebook format 4, "The notebook file format"; the tag `parameters` is papermill's convention.
"""

from __future__ import annotations

import ast
import json
from typing import Any

from .errors import InvalidError
from .programs import annotation_of
from .records import dataclass
from .takes import Take, Takes

TAG = "parameters"
"""Of the cell whose assignments are what the notebook takes."""
INJECTED_TAG = "injected-parameters"
"""Of the cell with the values of one attempt, after that one."""
_OLDEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """What is known of a notebook before it runs."""

    cells: tuple[str, ...]
    """Source of each code cell, in order."""
    parameters: tuple[Take, ...] | None
    """Names its parameters cell assigns; None: it has no such cell."""

    @property
    def takes(self) -> Takes:
        """Return what it takes: all optional; without a parameters cell what the step itself names."""
        if self.parameters is None:
            return Takes(is_known=False)
        return Takes(self.parameters, refusal=f"which its cell tagged '{TAG}' does not assign")


def read_notebook(text: str, file: str) -> Notebook:
    """Read a notebook file's text.

    Raises:
        InvalidError: it is no notebook of format 4 or later, or not one of Python, naming the file.
    """
    document = _document(text, file)
    cells = [cell for cell in document["cells"] if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    tagged = [source_of(cell) for cell in cells if TAG in tags_of(cell)]
    if len(tagged) > 1:
        raise InvalidError(f"the notebook '{file}' has {len(tagged)} cells tagged '{TAG}'; one is taken")
    return Notebook(
        cells=tuple(source_of(cell) for cell in cells), parameters=_assigned(tagged[0], file) if tagged else None
    )


def source_of(cell: dict[str, Any]) -> str:
    """Return the source of a cell, which the format allows as text or as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))


def tags_of(cell: dict[str, Any]) -> list[str]:
    """Return the tags of a cell."""
    tags = (cell.get("metadata") or {}).get("tags")
    return [str(tag) for tag in tags] if isinstance(tags, list) else []


def _document(text: str, file: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"'{file}' is no notebook: it is no JSON ({error})") from error
    if not isinstance(document, dict) or not isinstance(document.get("nbformat"), int):
        raise InvalidError(f"'{file}' is no notebook: it is JSON without 'nbformat'")
    if document["nbformat"] < _OLDEST or not isinstance(document.get("cells"), list):
        hint = f"jupyter nbconvert --to notebook --nbformat {_OLDEST} {file}"
        raise InvalidError(f"the notebook '{file}' is of format {document['nbformat']}, older than {_OLDEST}", hint)
    language = _language(document.get("metadata") or {})
    if language != "python":
        raise InvalidError(f"the notebook '{file}' is written in {language}; only Python notebooks are run")
    return document


def _language(metadata: dict[str, Any]) -> str:
    for entry, key in (("language_info", "name"), ("kernelspec", "language")):
        found = (metadata.get(entry) or {}).get(key)
        if isinstance(found, str) and found:
            return "python" if found.lower() in ("python", "ipython") else found
    return "python"


def _assigned(source: str, file: str) -> tuple[Take, ...]:
    """Return the names a parameters cell assigns at its top level, with the types it annotates.

    Raises:
        InvalidError: the cell is no Python, at its own line.
    """
    # Magics and shell escapes are IPython's and assign nothing; a comment keeps the line numbers.
    plain = "\n".join("#" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())
    try:
        body = ast.parse(plain).body
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f", line {line}" if line else ""
        raise InvalidError(f"the cell tagged '{TAG}' of '{file}' is no Python{where}: {error}") from error
    found: dict[str, Take] = {}
    for node in body:
        if isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            name = node.target.id
            found[name] = Take(name, is_required=False, annotation=annotation_of(node.annotation))
        elif isinstance(node, ast.Assign):
            names = [each.id for target in node.targets for each in ast.walk(target) if _is_bound(each)]  # type: ignore[attr-defined]
            found |= {name: Take(name, is_required=False) for name in names}
    return tuple(found.values())


def _is_bound(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)

"""`graft functions`: the registered functions of a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.document import SCHEMA, instant
from ...core.moments import ago
from ...core.registered import FunctionVersion
from .. import context
from ..look import look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..table import Column, table


def functions(options: Options) -> int:
    """List the registered functions of the project: the newest version of each."""
    space = context.workspace(options)
    found = space.functions.versions()
    if options.is_json:
        put_document({"schema": SCHEMA, "functions": [function_entry(each) for each in found]})
        return 0
    if not found:
        remark(f"no functions in {space.parts.project}; 'graft function add' registers one")
        return 0
    newest = {each.name: each for each in found}
    put(version_table(options, list(newest.values()), space.parts.clock()))
    return 0


def function_entry(found: FunctionVersion) -> dict[str, Any]:
    """Return a version as its JSON document has it."""
    return {
        "name": found.name,
        "version": found.version,
        "kind": found.kind,
        "key": found.key,
        "project": found.project,
        "origin": found.origin,
        "created": instant(found.created),
        "spec": dict(found.spec),
    }


def version_table(options: Options, found: Sequence[FunctionVersion], now: float) -> list[str]:
    """Return the lines of a list of versions."""
    heads = [
        Column(title="FUNCTION", shrinks=True),
        Column(title="VERSION", is_right=True),
        Column(title="KIND"),
        Column(title="KEY", rank=2),
        Column(title="WHEN", rank=3),
        Column(title="FROM", shrinks=True, rank=1),
    ]
    rows = [
        [each.name, str(each.version), each.kind, each.key[:8], ago(each.created, now), each.origin] for each in found
    ]
    return table(look_of(is_plain=options.is_plain), heads, rows)

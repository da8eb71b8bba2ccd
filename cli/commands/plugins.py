"""`graft plugins`: what is installed, found without importing it."""

from __future__ import annotations

from .. import context
from ..look import look_of
from ..options import Options
from ..printer import put, put_document
from ..table import Column, table


def plugins(options: Options) -> int:
    """List plugins: runners, serializers and the like, and the package each is from."""
    found = context.plugins()
    if options.is_json:
        listed = [
            {"group": each.group, "name": each.name, "value": each.value, "package": each.distribution}
            for each in found
        ]
        put_document({"schema": 1, "plugins": listed})
        return 0
    heads = (Column(title="KIND"), Column(title="NAME"), Column(title="PACKAGE"), Column(title="PLACE", shrinks=True))
    rows = [[each.kind, each.name, each.distribution, each.value] for each in found]
    put(table(look_of(is_plain=options.is_plain), heads, rows) if rows else "no plugin is installed")
    return 0

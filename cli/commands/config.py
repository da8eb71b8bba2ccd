"""`graft config`: the settings that hold, and which file said so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from .. import context
from ..declaring import Option
from ..look import Ink, Look, look_of
from ..options import Options
from ..printer import put, put_document
from ..table import Cell, Column, table

if TYPE_CHECKING:
    from ...core.config import Origin

HEADS = (
    Column(title="KEY"),
    Column(title="VALUE", shrinks=True),
    Column(title="FROM", shrinks=True),
)


def config(
    options: Options,
    *,
    key: Annotated[
        str | None, Option("--explain", metavar="KEY", help="Show what every layer says of this key.")
    ] = None,
) -> int:
    """Show the settings and where each is from; the last one that speaks wins."""
    settings = context.settings(options)
    look = look_of(is_plain=options.is_plain)
    if key is not None:
        _explain(options, look, key, settings.explain(key))
    elif options.is_json:
        won = {name: origins[-1] for name, origins in settings.origins.items()}
        put_document(
            {
                "schema": 1,
                "settings": {name: {"value": origin.value, "from": origin.layer} for name, origin in won.items()},
            }
        )
    else:
        rows = [
            [name, _text(origins[-1].value), origins[-1].layer] for name, origins in sorted(settings.origins.items())
        ]
        put(table(look, HEADS, rows) if rows else "nothing is configured; the defaults hold")
    return 0


def _explain(options: Options, look: Look, key: str, origins: Sequence[Origin]) -> None:
    if options.is_json:
        layers = [{"value": origin.value, "from": origin.layer} for origin in origins]
        put_document({"schema": 1, "key": key, "layers": layers, "value": origins[-1].value if origins else None})
        return
    if not origins:
        put(f"nothing sets {key}")
        return
    rows = [
        [Cell(key, inks), Cell(_text(origin.value), inks), Cell(origin.layer, inks), "holds" if is_last else ""]
        for origin in reversed(origins)
        for is_last in (origin is origins[-1],)
        for inks in (() if is_last else (Ink.DIM,),)
    ]
    put(table(look, (*HEADS, Column(title="")), rows))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)

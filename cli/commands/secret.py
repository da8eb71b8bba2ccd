"""`graft secret`: keep secrets of steps, list their names, forget them. A value is no argument and is never shown."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

from ...core.document import SCHEMA
from ...core.errors import InvalidError, nearest
from ...core.keeper import Place, check_name, place_named
from ...core.masked import is_masked
from .. import context
from ..declaring import Argument, Option
from ..look import Ink, look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..table import Cell, Column, table

if TYPE_CHECKING:
    from ...core.keeper import Keeper

ACTIONS = ("set", "list", "rm")


def secret(
    options: Options,
    *,
    action: Annotated[str, Argument(metavar="ACTION", help="set, list or rm.")] = "list",
    name: Annotated[str | None, Argument(metavar="[NAME]", help="Name of the secret, as of a variable.")] = None,
    place: Annotated[
        str | None,
        Option("--in", metavar="PLACE", help="user (default of set), project or keyring."),
    ] = None,
) -> int:
    """Keep, list and forget secrets that steps ask for by name (secrets=["TOKEN"]).

    `set` asks for the value without showing it, or reads it from a pipe.
    """
    if action not in ACTIONS:
        raise InvalidError(f"there is no 'graft secret {action}'{nearest(action, ACTIONS)}", "set, list or rm")
    chosen = None if place is None else place_named(place)
    vault = context.vault(options)
    if action == "list":
        if name is not None or chosen is not None:
            raise InvalidError("graft secret list takes no name and no --in")
        return _list(options, vault)
    if name is None:
        raise InvalidError(f"graft secret {action} takes the name of a secret", f"graft secret {action} NAME")
    check_name(name)
    if action == "rm":
        gone = vault.remove(name, chosen)
        _say(options, {"name": name, "removed_from": gone}, f"{name} is gone from {', '.join(gone)}")
        return 0
    value = _asked(name)
    kept = vault.put(name, value, chosen or Place.USER)
    _say(options, {"name": name, "kept_in": kept}, f"{name} is kept in {kept}")
    if not is_masked(value):
        remark(f"warning: the secret {name} is so short that it is not masked in logs")
    if chosen is Place.PROJECT:
        remark("keep secrets.toml out of version control: a line in .gitignore")
    return 0


def _asked(name: str) -> str:
    if sys.stdin.isatty():
        try:
            return getpass.getpass(f"{name}: ")
        except EOFError:
            raise InvalidError(f"the secret {name} has no value") from None
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


def _list(options: Options, vault: Keeper) -> int:
    held = vault.held()
    if options.is_json:
        secrets = [{"name": each.name, "from": each.places[0], "hides": list(each.places[1:])} for each in held]
        put_document({"schema": SCHEMA, "secrets": secrets})
        return 0
    heads = (Column(title="NAME"), Column(title="FROM", shrinks=True), Column(title="HIDES", shrinks=True, rank=1))
    rows: list[list[Cell | str]] = [
        [each.name, each.places[0], Cell(", ".join(each.places[1:]), (Ink.DIM,))] for each in held
    ]
    put(table(look_of(is_plain=options.is_plain), heads, rows) if rows else "no secret is kept; graft secret set NAME")
    return 0


def _say(options: Options, document: dict[str, object], text: str) -> None:
    if options.is_json:
        put_document({"schema": SCHEMA, **document})
    else:
        put(text)

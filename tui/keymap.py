"""Keys of a person's own choice: `[ui.keys]` of the configuration, checked before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping

from textual.keys import KEY_ALIASES, Keys, _character_to_key

from ..core.errors import InvalidError, nearest
from ..core.records import replace
from .keys import KEYS, Key

_NAMED = frozenset({*(key.value for key in Keys), *KEY_ALIASES})
_HELD = ("ctrl+", "shift+", "alt+", "super+", "hyper+", "meta+")


def remapped(chosen: Mapping[str, str]) -> dict[str, Key]:
    """Return the table of keys with those that a person chose in their places.

    Raises:
        InvalidError: an id or a key that there is not, all of them in one message, with the nearest.
    """
    problems: list[InvalidError] = []
    found = dict(KEYS)
    for key_id, text in chosen.items():
        if key_id not in KEYS:
            hint = "`?` in the UI and docs/tui.md list what there is"
            problems.append(InvalidError(f"[ui.keys] '{key_id}' is no id of a key{nearest(key_id, list(KEYS))}", hint))
            continue
        names = [each.strip() or each for each in (text.split(",") if text != "," else [","])]
        for name in names:
            if not is_key(name):
                problem = f"[ui.keys] {key_id} = '{text}': '{name}' is no key{nearest(name, sorted(_NAMED))}"
                problems.append(InvalidError(problem, "a character, or a name such as f5, ctrl+r, shift+tab, pagedown"))
        found[key_id] = replace(KEYS[key_id], keys=",".join(names), shown=" ".join(names))
    if problems:
        raise InvalidError.all_of(problems)
    return found


def keymap(chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the same as Textual takes it: keys by their names."""
    return {key_id: ",".join(_name(each) for each in remapped(chosen)[key_id].keys.split(",")) for key_id in chosen}


def is_key(name: str) -> bool:
    """Tell whether a text names a key of a terminal."""
    bare = name
    while held := next((each for each in _HELD if bare.startswith(each) and bare != each), None):
        bare = bare.removeprefix(held)
    return (len(bare) == 1 and bare.isprintable()) or name in _NAMED or bare in _NAMED


def _name(key: str) -> str:
    return _character_to_key(key) if len(key) == 1 else key

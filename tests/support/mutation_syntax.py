"""Mutations of constants, defaults and the odd corners of the language, and edits that change nothing."""

from __future__ import annotations

from mutations import Mutation, mutation

_ROW = "constants, defaults, syntax"
_SYNTAX = """
import asyncio
import collections
import json
import os
import re
import typing
from collections.abc import Callable

BASE = 1
DERIVED = BASE + 2
CHAINED = DERIVED * 3
FIRST, (SECOND, *REST) = 4, (5, 6, 7)
A = B = 8
TABLE = {"add": lambda x: x + 9, "nested": {"deep": [10, 11]}}
TABLE["later"] = 12
del TABLE["nested"]["deep"][1]
LISTED = [13]
LISTED.append(14)
PATTERN = re.compile(r"15")
TEMPLATE = f"{BASE}-{16}"
Alias = dict[str, list[int]]
Number = typing.NewType("Number", int)
COUNTED: int = 17
COUNTED += 18
if BASE > 0:
    CHOSEN = 19
else:
    CHOSEN = 20
try:
    import fast_json as codec
except ImportError:
    import json as codec

    FALLBACK = 21
for _each in range(22):
    LAST = _each
with open(os.devnull) as _file:
    READ = _file.read() + "23"
while True:
    LOOPED = 24
    break
match BASE:
    case 1:
        MATCHED = 25
    case _:
        MATCHED = 26
SQUARES = [(walrus := each) * 27 for each in (1, 2)]
SETTINGS = collections.namedtuple("Settings", "x y")(28, 29)
DOUBLED = (lambda x: x * 30)(2)
_unused = 31


def constant(): return BASE
def derived(): return DERIVED
def chained(): return CHAINED
def unpacked(): return FIRST + SECOND
def starred(): return REST
def both(): return A + B
def dispatched(name="add"): return TABLE[name](1)
def listed(): return LISTED
def pattern(): return PATTERN.pattern
def template(): return TEMPLATE
def annotated(x: Alias | None = None): return str(x)
def new_type(): return Number(1)
def augmented(): return COUNTED
def chosen(): return CHOSEN
def fallen(): return FALLBACK
def encoded(): return codec.dumps({})
def last(): return LAST
def read(): return READ
def looped(): return LOOPED
def matched(): return MATCHED
def squares(): return SQUARES
def walrused(): return walrus
def tupled(): return SETTINGS.x
def doubled(): return DOUBLED
def keyword(*, n=BASE): return n
def positional(n=CHAINED, /): return n
def mutable(into=LISTED): return len(into)
def formatted(): return f"{BASE:>{COUNTED}}"
def conditional(): return CHAINED if BASE else None
def walrus_inside(): return (y := BASE) + y
def matching():
    match 1:
        case 1 if BASE: return COUNTED
def nested():
    def inner(x=CHAINED):
        def deepest(): return x + DERIVED
        return deepest()
    return inner()
def recursive(n=2): return n if n < 1 else recursive(n - 1) + BASE
def comprehended(): return {each: BASE for each in range(2)}
async def awaited(): return await _coroutine()
def generating():
    yield DERIVED
def shadowed():
    BASE = 5
    return BASE
def declared():
    global _written
    _written = COUNTED
    return _written
def raised():
    try:
        raise _Problem(BASE)
    except _Problem as problem:
        return str(problem)
def asserted():
    assert BASE, DERIVED
    return 1
def deleted():
    x = {"a": BASE}
    del x["a"]
    return x
def string_annotation(x: "Number" = 3): return x
def beside(): return 0


async def _coroutine(): return 32


class _Problem(Exception):
    def __str__(self): return "33"
"""
_ON_BASE = (
    "constant derived chained template keyword positional formatted conditional walrus_inside matching nested"
    " recursive comprehended raised asserted deleted chosen matched generating"
)
_EDITS: dict[str, tuple[str, str, str]] = {
    "constant": ("BASE = 1\n", "BASE = 2\n", _ON_BASE),
    "constant of a constant": (
        "BASE + 2",
        "BASE + 3",
        "derived chained positional conditional nested generating asserted",
    ),
    "constant two further": ("DERIVED * 3", "DERIVED * 4", "chained positional conditional nested"),
    "unpacked constant": ("= 4, (5", "= 40, (5", "unpacked starred"),
    "starred constant": ("6, 7)", "6, 70)", "unpacked starred"),
    "two names of one value": ("A = B = 8", "A = B = 80", "both"),
    "lambda in a table": ("x + 9", "x - 9", "dispatched"),
    "entry deep in a table": ("[10, 11]", "[100, 11]", "dispatched"),
    "entry added later": ('["later"] = 12', '["later"] = 120', "dispatched"),
    "entry deleted": ('del TABLE["nested"]["deep"][1]', 'del TABLE["nested"]["deep"][0]', "dispatched"),
    "list literal": ("LISTED = [13]", "LISTED = [130]", "listed mutable"),
    "compiled pattern": ('r"15"', 'r"150"', "pattern"),
    "f-string": ("{16}", "{160}", "template"),
    "type alias": ("dict[str, list[int]]", "dict[str, list[str]]", "annotated"),
    "new type": ('NewType("Number", int)', 'NewType("Number", float)', "new_type string_annotation"),
    "annotated constant": ("COUNTED: int = 17", "COUNTED: int = 170", "augmented formatted matching declared"),
    "augmented constant": ("COUNTED += 18", "COUNTED += 180", "augmented formatted matching declared"),
    "branch taken": ("CHOSEN = 19", "CHOSEN = 190", "chosen"),
    "branch not taken": ("CHOSEN = 20", "CHOSEN = 200", "chosen"),
    "condition": ("if BASE > 0", "if BASE > -1", "chosen"),
    "fallback of an import": ("FALLBACK = 21", "FALLBACK = 210", "fallen encoded"),
    "module imported as a fallback": ("import json as codec", "import marshal as codec", "encoded fallen"),
    "loop": ("range(22)", "range(220)", "last"),
    "with block": ('+ "23"', '+ "230"', "read"),
    "while block": ("LOOPED = 24", "LOOPED = 240", "looped"),
    "match block": ("MATCHED = 25", "MATCHED = 250", "matched"),
    "comprehension": ("* 27", "* 270", "squares walrused"),
    "named tuple made here": ("(28, 29)", "(280, 29)", "tupled"),
    "lambda called at once": ("x * 30", "x * 300", "doubled"),
    "coroutine": ("return 32", "return 320", "awaited"),
    "method of an exception": ('return "33"', 'return "330"', "raised"),
    "inner default": ("inner(x=CHAINED)", "inner(x=1)", "nested"),
    "innermost function": ("return x + DERIVED", "return x - DERIVED", "nested"),
    "keyword-only default": ("(*, n=BASE)", "(*, n=3)", "keyword"),
    "positional-only default": ("(n=CHAINED, /)", "(n=3, /)", "positional"),
    "recursion": ("recursive(n - 1) + BASE", "recursive(n - 1) - BASE", "recursive"),
    "yield": ("yield DERIVED", "yield -DERIVED", "generating"),
    "guard of a case": ("case 1 if BASE", "case 1 if not BASE", "matching"),
    "local that has a global's name": ("    BASE = 5", "    BASE = 6", "shadowed"),
    "global statement": ("    _written = COUNTED", "    _written = -COUNTED", "declared"),
    "assertion": ("assert BASE, DERIVED", "assert DERIVED, BASE", "asserted"),
    "what nothing uses": ("_unused = 31", "_unused = 310", ""),
    "number written otherwise": ("BASE = 1\n", "BASE = 0x1\n", ""),
    "parentheses": ("DERIVED = BASE + 2", "DERIVED = (BASE + 2)", ""),
    "list changed by a call": ("append(14)", "append(140)", "listed mutable"),
    "comment": ("A = B = 8", "# of both\nA = B = 8  # eight", ""),
    "blank lines": ("def listed(): ", "\n\n\ndef listed(): ", ""),
    "lines joined": ("def constant(): return BASE\n", "def constant():\n    return BASE\n", ""),
    "docstring added": ("def constant(): return BASE\n", 'def constant():\n    """Say."""\n    return BASE\n', ""),
    "strings joined": ('TABLE = {"add"', 'TABLE = {"a" "dd"', ""),
}

CASES: list[Mutation] = [
    mutation(f"syntax: {name}", _ROW, _SYNTAX, ("steps.py", old, new), reruns=reruns)
    for name, (old, new, reruns) in _EDITS.items()
]


def same_size() -> list[Mutation]:
    """Return the edits of digits once more, with as many bytes as before and the file's time put back."""
    found = []
    for name, (old, _, reruns) in _EDITS.items():
        digits = [each for each in old if each.isdigit() and each != "0"]
        if not reruns or not digits:
            continue
        if name == "entry deleted":  # no other index is there
            continue
        last = len(old) - 1 - old[::-1].index(digits[-1])
        changed = f"{old[:last]}{(int(old[last]) % 9) + 1}{old[last + 1 :]}"
        made = mutation(name, "same size and time", _SYNTAX, ("steps.py", old, changed), reruns=reruns, keeps_time=True)
        found.append(made)
    return found

"""Which files code reads and writes, as far as literals say so: its syntax tree is looked at, nothing is executed."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Mapping

from .proposals import Doubt, FileUse, ScriptFacts

READERS = frozenset(
    {
        "read_csv",
        "read_table",
        "read_parquet",
        "read_json",
        "read_excel",
        "read_pickle",
        "read_feather",
        "read_fwf",
        "read_orc",
        "read_ndjson",
        "scan_csv",
        "scan_parquet",
        "loadtxt",
        "genfromtxt",
        "imread",
        "read_image",
    }
)
WRITERS = frozenset(
    {
        "to_csv",
        "to_parquet",
        "to_json",
        "to_excel",
        "to_pickle",
        "to_feather",
        "to_orc",
        "savefig",
        "savetxt",
        "savez",
        "savez_compressed",
        "imsave",
        "imwrite",
        "write_csv",
        "write_parquet",
        "write_json",
        "write_ndjson",
        "write_image",
        "write_html",
    }
)
"""Functions whose first argument is a file; what they are called on does not matter."""
_LOOSE_READERS, _LOOSE_WRITERS = frozenset({"load", "load_model"}), frozenset({"save", "dump", "save_model"})
"""The same where the argument is text; `dump(value, file)` has it second."""
_ON_PATH = {"read_text": "r", "read_bytes": "r", "write_text": "w", "write_bytes": "w"}
_PROGRAMS = frozenset({"system", "popen", "Popen", "check_call", "check_output", "run"})
_PATHS = frozenset({"Path", "PurePath", "str", "fspath", "abspath"})
_SHELL_WRITES = re.compile(r"(?:>>?|\s-o|\s--output[= ]|\btee)\s*([\w./-]+\.\w+)")
_SHELL_WORD = re.compile(
    r"(?<![\w$./{-])([\w][\w./-]*\.(?:csv|tsv|json|jsonl|parquet|txt|pkl|npy|npz|feather|png|db|md))\b"
)


def literals(tree: ast.AST, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the names that are given one text and no other anywhere in the code, with it; `args.name` as such."""
    found: dict[str, str | None] = dict(known or {})
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name):
                text = text_of(node.value, {name: each for name, each in found.items() if each is not None})
                found[target.id] = text if found.get(target.id, text) == text else None
    return {name: text for name, text in found.items() if text is not None}


def text_of(node: ast.expr | None, known: Mapping[str, str]) -> str | None:
    """Return the text that an expression is for certain: a literal, or made of literals and paths; None: unknown."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name() | ast.Attribute():
            return known.get(ast.unparse(node))
        case ast.BinOp(left=left, right=right, op=ast.Div() | ast.Add()):
            one, other = text_of(left, known), text_of(right, known)
            if one is None or other is None:
                return None
            return posixpath.join(one, other) if isinstance(node.op, ast.Div) else one + other
        case ast.Call(args=[_, *_]) if _named(node) in _PATHS or ast.unparse(node.func) == "os.path.join":
            parts = [text_of(each, known) for each in node.args]
            return None if None in parts else posixpath.join(*(part for part in parts if part is not None))
        case ast.JoinedStr(values=values):
            texts = [text_of(each.value if isinstance(each, ast.FormattedValue) else each, known) for each in values]
            return None if None in texts else "".join(text for text in texts if text is not None)
    return None


def file_uses(tree: ast.AST, file: str, known: Mapping[str, str]) -> ScriptFacts:
    """Return what a piece of code reads and writes.

    Args:
        tree: the code.
        file: it is from, for doubts.
        known: name -> text, as `literals` returns them.
    """
    reads: list[FileUse] = []
    writes: list[FileUse] = []
    doubts: list[Doubt] = []
    for node in sorted((each for each in ast.walk(tree) if isinstance(each, ast.Call)), key=lambda each: each.lineno):
        used = _used(node, known)
        if used is None:
            if _named(node) in _PROGRAMS and _owner(node) in ("os", "subprocess"):
                doubts.append(Doubt(file=file, line=node.lineno, text="starts a program, whose files are not seen"))
            continue
        mode, expression = used
        path = text_of(expression, known)
        if path is None:
            what = "writes" if mode == "w" else "reads"
            text = f"{what} a file whose name only running tells: {_short(expression)}"
            doubts.append(Doubt(file=file, line=node.lineno, text=text))
        elif not _is_inside(path):
            if "://" not in path:
                text = f"uses '{path}', which is outside the project"
                doubts.append(Doubt(file=file, line=node.lineno, text=text))
        else:
            use = FileUse(path=posixpath.normpath(path), line=node.lineno)
            (writes if mode == "w" else reads).append(use)
    own = {use.path for use in writes}
    outside = tuple(use for use in reads if use.path not in own)
    return ScriptFacts(reads=_once(outside), writes=_once(tuple(writes)), doubts=tuple(doubts))


def shell_uses(text: str, file: str) -> ScriptFacts:
    """Return what a shell script reads and writes, by its redirections and the words that look like data files."""
    reads: list[FileUse] = []
    writes: list[FileUse] = []
    doubts: list[Doubt] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        made = [path for path in _SHELL_WRITES.findall(line) if _is_inside(path)]
        writes += [FileUse(path=posixpath.normpath(path), line=number) for path in made]
        words = [word for word in _SHELL_WORD.findall(line) if word not in made and _is_inside(word)]
        reads += [FileUse(path=posixpath.normpath(word), line=number) for word in words]
        if re.search(r"\$[1-9@*]", line):
            doubts.append(
                Doubt(file=file, line=number, text="takes arguments of its command line, which are not given")
            )
    own = {use.path for use in writes}
    outside = tuple(use for use in reads if use.path not in own)
    return ScriptFacts(reads=_once(outside), writes=_once(tuple(writes)), doubts=tuple(doubts))


def _used(call: ast.Call, known: Mapping[str, str]) -> tuple[str, ast.expr] | None:
    """Return `r` or `w` and the file's expression, when a call uses one."""
    name = _named(call)
    first = call.args[0] if call.args else next((each.value for each in call.keywords if each.arg in _FIRST), None)
    if isinstance(call.func, ast.Attribute) and (name in _ON_PATH or name == "open"):
        on_path = text_of(call.func.value, known) is not None
        if on_path:
            return (_ON_PATH.get(name) or _mode(call, 0)), call.func.value
    if name == "open" and first is not None and (isinstance(call.func, ast.Name) or _owner(call) in ("io", "gzip")):
        return _mode(call, 1), first
    if name in READERS and first is not None:
        return "r", first
    if name in WRITERS and first is not None and not _is_buffer(first):
        return "w", first
    if name in _LOOSE_READERS and text_of(first, known) is not None and first is not None:
        return "r", first
    if name in _LOOSE_WRITERS:
        named = next((each for each in call.args[:2] if text_of(each, known) is not None), None)
        return None if named is None else ("w", named)
    return None


_FIRST = ("path", "filepath_or_buffer", "path_or_buf", "fname", "file", "filename")


def _mode(call: ast.Call, at: int) -> str:
    given = call.args[at] if len(call.args) > at else None
    given = next((each.value for each in call.keywords if each.arg == "mode"), given)
    return "w" if isinstance(given, ast.Constant) and set(str(given.value)) & set("wax+") else "r"


def _is_buffer(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr")


def _named(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _owner(call: ast.Call) -> str:
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _is_inside(path: str) -> bool:
    normal = posixpath.normpath(path)
    return bool(path) and "://" not in path and not normal.startswith(("/", "..", "~")) and normal != "."


def _once(uses: tuple[FileUse, ...]) -> tuple[FileUse, ...]:
    first: dict[str, FileUse] = {}
    for use in uses:
        first.setdefault(use.path, use)
    return tuple(first.values())


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else text[:39] + "…"

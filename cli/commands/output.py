"""`graft output`: what a run produced."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...core.artifacts import ArtifactRef, Output
from ...core.errors import InvalidError
from ...core.folding import rows as folded
from ...core.ids import RunId
from ...core.quantities import size_text
from ...core.roles import Composites
from ...core.runs import StepRun
from ...storeless import write_whole
from .. import context
from ..arguments import LAST, RunArgument
from ..declaring import Argument, Option
from ..look import look_of
from ..meant import run_and_output
from ..options import Options
from ..printer import put, put_document, remark
from ..table import Column, table
from ..text import clean
from ..values import description, value_text

if TYPE_CHECKING:
    from ...core.workspace import Workspace


def output(
    options: Options,
    *,
    run: RunArgument = LAST,
    name: Annotated[
        str | None, Argument(metavar="[NAME]", help="NAME, STEP:NAME or the path of a file; default: list all.")
    ] = None,
    file: Annotated[
        str | None, Option("-o --output", metavar="FILE", help="Write the stored bytes there; - is stdout.")
    ] = None,
) -> int:
    """List the outputs of a run, or print or save one.

    JSON and text are printed, arrays described, anything with -o saved as stored. Nothing is unpickled.
    """
    space = context.workspace(options)
    found, name = run_and_output(space, run, name)
    if name is None:
        if file is not None:
            raise InvalidError("-o needs the NAME of an output", "graft output RUN lists them")
        return _list(space, options, found)
    ref = space.output(found, name)
    data = space.read(ref)
    if file is not None:
        return _save(options, data, file, name)
    if options.is_json:
        put_document(_document(found, name, ref, data))
    else:
        _print(ref, data, name)
    return 0


def _list(space: Workspace, options: Options, run: RunId) -> int:
    steps = space.steps(run)
    if options.is_json:
        outputs = {
            step.path: {
                each.name: {
                    "sha256": each.ref.sha256,
                    "bytes": each.ref.size,
                    "serializer": each.ref.serializer,
                    "role": each.role,
                }
                for each in step.outputs
            }
            for step in steps
            if step.outputs
        }
        put_document({"schema": 1, "run": run, "outputs": outputs})
        return 0
    rows = _rows(Composites(space.graph(run)), steps)
    if not rows:
        put(f"run {context.short(space, run)} has no outputs")
        return 0
    heads = [
        Column(title="NAME", shrinks=True),
        Column(title="STEP", shrinks=True),
        Column(title="ROLE", rank=2),
        Column(title="KIND", rank=1),
        Column(title="SIZE", is_right=True),
        Column(title="SHA256", rank=3),
    ]
    put(table(look_of(is_plain=options.is_plain), heads, rows))
    return 0


def _rows(composites: Composites, steps: Sequence[StepRun]) -> list[list[str]]:
    """Return a row for each output; of a large map's items one for all that have the same name."""
    by_path = {step.path: step for step in steps}
    found = []
    for row in folded(composites, list(by_path)):
        outputs: dict[str, list[Output]] = {}
        for path in row.members:
            for each in by_path[path].outputs:
                outputs.setdefault(each.name, []).append(each)
        for name, same in outputs.items():
            first, size = same[0], size_text(sum(each.ref.size for each in same))
            digest = first.ref.sha256[:12] if len(same) == 1 else f"{len(same):,} of them"
            found.append([name, row.path, first.role, first.ref.serializer, size, digest])
    return found


def _print(ref: ArtifactRef, data: bytes, name: str) -> None:
    text = value_text(ref, data)
    if ref.serializer == "file" and not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    elif text is not None:
        put(text)
    else:
        put(description(ref, data))
        remark(f"  -o FILE saves its bytes; in Python: graftline.load_run(...).value({name!r})")


def _save(options: Options, data: bytes, file: str, name: str) -> int:
    if file == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return 0
    path = Path(file)
    if path.is_dir():
        path = path / name.rpartition(":")[2].rpartition("/")[2]
    write_whole(data, str(path))
    if options.is_json:
        put_document({"schema": 1, "file": str(path), "bytes": len(data)})
    else:
        remark(f"wrote {clean(str(path))} ({size_text(len(data))})")
    return 0


def _document(run: RunId, name: str, ref: ArtifactRef, data: bytes) -> dict[str, object]:
    document: dict[str, object] = {
        "schema": 1,
        "run": run,
        "name": name,
        "sha256": ref.sha256,
        "bytes": ref.size,
        "serializer": ref.serializer,
    }
    if ref.serializer.partition(":")[0] == "json":
        document["value"] = json.loads(data)
    return document

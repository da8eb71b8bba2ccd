"""The screen of `graft why ARTIFACT`: the steps behind it as a tree, back to the sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..core.ancestry import Descent, Given, Maker, Making, Taken
from ..core.moments import ago
from ..core.named import NamedTuple
from ..core.quantities import size_text
from .causes import digest_text, starred
from .look import Ink, Look
from .text import clean, cut, plural
from .whytext import Around

STEPS_SHOWN = 60
"""Steps of the tree that are drawn; `--full` draws all."""
DEEPEST = 20
"""Levels that are indented further; below, lines stay where they are."""
FILES_SHOWN = 5
ALIKE_SHOWN = 2
"""Items of one map that an argument takes from up to which each is drawn."""


class _Place(NamedTuple):
    maker: Maker
    label: str
    """Argument and output by which it is taken."""
    depth: int
    bars: tuple[bool, ...]
    """For each level above, whether more follows there."""
    is_last: bool


def descent_lines(around: Around, found: Descent) -> list[str]:
    """Return an artifact and the tree of what it comes from."""
    look, ref = around.look, found.ref
    name = look.paint(f"{clean(found.asked.path)}:{clean(found.name)}", Ink.BOLD)
    told = f"{ref.serializer}, {size_text(ref.size)}, sha256 {ref.sha256[:12]}"
    lines = [f"{name}{look.dot}{told}"]
    if found.root != found.asked:
        lines.append(look.paint(f"taken over from run {around.short(found.root.run)}", Ink.DIM))
    lines.append("")
    for count, (place, making, is_again) in enumerate(_walk(found), start=1):
        if count > STEPS_SHOWN and not around.is_full:
            more = plural(len(found.makings), "step")
            lines.append(look.said(f"… of {more} in all (--full shows every one)"))
            break
        lines += _step(around, place, making, is_again=is_again)
    return lines


def _walk(found: Descent) -> Iterator[tuple[_Place, Making, bool]]:
    seen: set[Maker] = set()
    stack = [_Place(found.root, "", 0, (), True)]
    while stack:
        place = stack.pop()
        making = found.makings[place.maker]
        is_again = place.maker in seen
        yield place, making, is_again
        if is_again:
            continue
        seen.add(place.maker)
        bars = (*place.bars, not place.is_last) if place.depth else ()
        taken = list(_few(making.taken))
        below = [
            _Place(each.by, _label(each), place.depth + 1, bars, number == len(taken))
            for number, each in enumerate(taken, start=1)
        ]
        stack += reversed(below)


def _few(taken: Sequence[Taken]) -> Iterator[Taken]:
    """Yield the first of the items of a map that an argument takes: what is behind the others looks the same."""
    counts: Counter[tuple[str, str]] = Counter()
    for each in taken:
        kind = each.argument, starred(each.by.path)
        counts[kind] += 1
        if counts[kind] <= ALIKE_SHOWN:
            yield each


def _label(taken: Taken) -> str:
    names = list(taken.outputs)
    told = names[0] if len(names) == 1 else f"{len(names):,} values"
    return f"{taken.argument} = {told} of "


def _more(making: Making) -> Iterator[str]:
    """Yield for each argument how many of the steps it takes from are not drawn."""
    counts = Counter((each.argument, starred(each.by.path)) for each in making.taken)
    for (argument, path), count in counts.items():
        left = max(0, count - ALIKE_SHOWN) + making.more.get(argument, 0)
        if left:
            yield f"{clean(argument)}: {left:,} more of {clean(path)}"


def _step(around: Around, place: _Place, making: Making, *, is_again: bool) -> list[str]:
    look = around.look
    stem, below = _stems(look, place)
    where = f"  ({clean(making.place)})" if making.place else ""
    when = ago(making.at, around.now)
    run = f"run {around.short(making.by.run)}" + (f", {when}" if when else "")
    name = f"{clean(place.label)}{look.paint(clean(making.by.path), Ink.BOLD)}"
    if is_again:
        return [f"{stem}{name}  {look.paint('(above)', Ink.DIM)}"]
    code = f"{look.dot}code {making.code[:8]}" if making.code else ""
    head = f"{stem}{name}  {clean(making.call)}{where}{look.paint(f'{look.dot}{run}{code}', Ink.DIM)}"
    bar = (look.said("│") + "  ") if making.taken else "   "
    notes = [*(_given(each) for each in making.given), *_files(look, making)]
    notes += _more(making)
    shown = [cut(f"{below}{bar}{note}", max(20, look.width), ellipsis=look.ellipsis) for note in notes]
    return [head, *(look.paint(line, Ink.DIM) for line in shown)]


def _stems(look: Look, place: _Place) -> tuple[str, str]:
    """Return what stands before the line of a step, and before the lines below it."""
    if not place.depth:
        return "", ""
    pipe, corner, tee = ("|", "`-", "|-") if look.is_ascii else ("│", "└─", "├─")
    above = "".join(f"{pipe if bar else ' '}  " for bar in place.bars[-DEEPEST:])
    return f"{above}{corner if place.is_last else tee} ", f"{above}{' ' if place.is_last else pipe}  "


def _given(given: Given) -> str:
    return clean(f"{given.argument} = {given.value}  ({given.where})")


def _files(look: Look, making: Making) -> Iterator[str]:
    there = {name: digest for name, digest in making.files.items() if digest is not None}
    for name, digest in list(there.items())[:FILES_SHOWN]:
        yield f"reads {clean(name)}  ({digest_text(digest)})"
    more = len(there) - FILES_SHOWN
    if more > 0:
        yield look.said(f"… {plural(more, 'more file')} (--json has all)")

"""Two generations side by side: what differs, as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..core.addresses import Address, find_lineage
from ..core.codechanges import Hunk, text_changes
from ..core.errors import StoreError
from ..core.lineages import Generation, Lineage
from ..core.quantities import size_text
from ..core.registry import Registry
from ..core.text import metric_text
from ..core.workspace import Workspace
from .screens.runlines import bounds_text, value_text
from .shelflines import parents_text
from .sidebyside import NOTHING, Row, best_of

LARGEST = 1 << 20
"""Bytes of a file whose changed lines are worked out."""


def rows_of(space: Workspace, old: Generation, new: Generation) -> list[Row]:
    """Return the rows of two generations; for a thread.

    Raises:
        GraftError: the registry cannot be read.
    """
    registry = space.parts.registry()
    before, after = (find_lineage(registry, Address(each.draft.project, each.draft.version)) for each in (old, new))
    rows = [*_metrics(old, new), *_section("params", old.draft.params, new.draft.params, value_text)]
    rows += _code(registry, before, after)
    facts = [
        {"commit": _commit(each), "python": each.manifest.python, "target": each.manifest.target}
        for each in (before, after)
    ]
    rows += _section("code", facts[0], facts[1], str)
    rows += _section("package", before.manifest.requirements, after.manifest.requirements, str)
    states = [
        {state.name: f"{state.ref.sha256[:8]} {size_text(state.ref.size)}" for state in each.draft.states}
        for each in (old, new)
    ]
    rows += _section("state", states[0], states[1], str)
    data = [
        {"rows": bounds_text(each.draft.lower, each.draft.upper), "parents": parents_text(each)} for each in (old, new)
    ]
    return rows + _section("data", data[0], data[1], str)


def _metrics(old: Generation, new: Generation) -> Iterator[Row]:
    scores = [{} if each.draft.score is None else {"score": each.draft.score} for each in (old, new)]
    for name in dict.fromkeys([*scores[0], *scores[1], *old.draft.metrics, *new.draft.metrics]):
        values = [{**score, **each.draft.metrics}.get(name) for score, each in zip(scores, (old, new), strict=True)]
        texts = tuple(NOTHING if value is None else metric_text(value) for value in values)
        is_same = values[0] == values[1]
        yield Row(section="metric", name=name, values=texts, is_same=is_same, best=best_of(name, values))


def _section(section: str, old: Mapping[str, Any], new: Mapping[str, Any], text: Callable[[Any], str]) -> list[Row]:
    rows = []
    for name in dict.fromkeys([*old, *new]):
        values = tuple(text(each[name]) if name in each and each[name] != "" else NOTHING for each in (old, new))
        rows.append(Row(section=section, name=name, values=values, is_same=values[0] == values[1]))
    return rows


def _code(registry: Registry, old: Lineage, new: Lineage) -> Iterator[Row]:
    for name in sorted({*old.files, *new.files}):
        digests = (old.files.get(name), new.files.get(name))
        values = tuple(NOTHING if each is None else each[:8] for each in digests)
        is_same = digests[0] == digests[1]
        hunks: tuple[Hunk, ...] = ()
        if not is_same:
            texts = [_text(registry, each) for each in digests]
            hunks = text_changes(texts[0], texts[1], file=name) or text_changes(*texts, file=name, is_code=False)
        yield Row(section="file", name=name, values=values, is_same=is_same, hunks=(hunks,) if hunks else ())


def _text(registry: Registry, sha256: str | None) -> str:
    """Return the text of a file; empty where there is none, or it is damaged, too large or no text."""
    try:
        data = b"" if sha256 is None else registry.read(sha256)
    except StoreError:
        return ""
    return "" if len(data) > LARGEST or b"\0" in data else data.decode("utf-8", "replace")


def _commit(lineage: Lineage) -> str:
    manifest = lineage.manifest
    return f"{(manifest.git or '')[:8]}{', changed since' if manifest.dirty else ''}"

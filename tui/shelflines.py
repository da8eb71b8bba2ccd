"""What a registry holds in words: the cells of the tree, and the sheet beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..core.addresses import CHAMPION
from ..core.gates import Outcome
from ..core.graph import Json
from ..core.lineages import Generation, Lineage
from ..core.linechart import line_chart
from ..core.moments import ago, local
from ..core.quantities import size_text
from ..core.text import clean, metric_text, plural
from .glyphs import Glyphs
from .screens.runlines import bounds_text
from .shelf import Row
from .shelffacts import Facts, move_text, number_of
from .sidebyside import best_of
from .tones import Line, Span, Tone
from .widgets.grid import Column

FILES = 12
"""Changed files that are named."""
PACKAGES = 12
MOVES = 12
METRICS = 3
"""Metrics of a row of the tree."""
CHART = (44, 6)
"""Columns and rows of the line of scores."""


def tree_columns(glyphs: Glyphs, now: float) -> list[Column[Row]]:
    """Return the columns of the tree."""
    return [
        Column(title="PROJECT, LINEAGE, GEN", width=24, share=2, cell=lambda row: _name(row, glyphs)),
        Column(title="ALIAS", width=13, share=2, rank=1, cell=lambda row: _alias(row, glyphs)),
        Column(title="SCORE", width=9, is_right=True, cell=_score),
        Column(title="METRICS, ABOUT", width=18, share=2, rank=3, cell=_metrics),
        Column(title="CODE", width=17, rank=4, cell=lambda row: [] if row.generation else _code_cell(row)),
        Column(title="WHEN", width=10, rank=2, cell=lambda row: [(ago(_created(row), now), Tone.DIM)]),
        Column(title="RUN", width=6, rank=5, cell=_run),
    ]


def alias_spans(aliases: Sequence[str], glyphs: Glyphs) -> list[Span]:
    """Return aliases, each with its sign; the champion first."""
    spans: list[Span] = []
    for text in sorted(aliases, key=lambda each: (each.partition(" ")[0] != CHAMPION, each)):
        is_champion = text.partition(" ")[0] == CHAMPION
        blank = "  " if spans else ""
        sign = glyphs.champion if is_champion else glyphs.alias
        spans.append((f"{blank}{sign} {text}", Tone.GREEN if is_champion else Tone.CYAN))
    return spans


def _name(row: Row, glyphs: Glyphs) -> Line:
    sign = glyphs.open if row.is_open else glyphs.shut
    wrong: list[Span] = [("  broken", Tone.RED)] if row.broken else []
    if row.generation is not None:
        origin = row.generation.draft.origin
        told = f"  {origin}" if origin not in ("train", "") else ""
        return [(f"     {row.generation.number}", Tone.KEY), (told, Tone.DIM), *wrong]
    if row.lineage is not None:
        is_dirty = "  dirty" if row.lineage.manifest.dirty and not row.lineage.is_dev else ""
        tone = Tone.DIM if row.lineage.is_dev else Tone.TEXT
        return [(f"  {sign} ", Tone.RULE), (row.lineage.version, tone), (is_dirty, Tone.YELLOW), *wrong]
    hidden = f"  {row.hidden} dev hidden" if row.hidden else ""
    return [(f"{sign} ", Tone.RULE), (row.project.name, Tone.BOLD), (hidden, Tone.DIM)]


def _alias(row: Row, glyphs: Glyphs) -> Line:
    # Of an open project its lineages show them.
    return [] if row.lineage is None and row.is_open else alias_spans(row.aliases, glyphs)


def _score(row: Row) -> Line:
    if row.generation is not None:
        score = row.generation.draft.score
        return [] if score is None else [(metric_text(score), Tone.BOLD)]
    if row.lineage is not None:
        return [(f"{row.count:,} gen{'' if row.count == 1 else 's'}", Tone.DIM)]
    return [(f"{row.count:,} rel", Tone.DIM)]


def _metrics(row: Row) -> Line:
    if row.generation is None:
        return [(row.lineage.manifest.description or "" if row.lineage else "", Tone.DIM)]
    draft = row.generation.draft
    spans: list[Span] = []
    for name, value in draft.metrics.items():
        if isinstance(value, int | float) and value != draft.score and len(spans) < 2 * METRICS:
            spans += [(f"{'  ' if spans else ''}{name} ", Tone.DIM), (metric_text(value), Tone.TEXT)]
    return spans


def _code_cell(row: Row) -> Line:
    return [] if row.lineage is None else [(_code_text(row.lineage), Tone.DIM)]


def _code_text(lineage: Lineage) -> str:
    manifest = lineage.manifest
    if manifest.git is None:
        return lineage.code[:8]
    return f"{manifest.git[:8]}{' dirty' if manifest.dirty else ''}"


def _created(row: Row) -> float:
    if row.generation is not None:
        return row.generation.draft.created
    return row.project.created if row.lineage is None else row.lineage.created


def _run(row: Row) -> Line:
    return [] if row.generation is None else [((row.generation.draft.run or "")[:6], Tone.DIM)]


# -- the sheet ---------------------------------------------------------------------------------------------------------


def fact_sheet(facts: Facts, glyphs: Glyphs, now: float) -> list[Line]:
    """Return the lines beside the tree."""
    row = facts.row
    wrong: list[Line] = [[(f"broken: {row.broken}", Tone.RED)], []] if row.broken else []
    if row.generation is not None and row.lineage is not None:
        lines = _generation(facts, row.lineage, row.generation, glyphs, now)
    elif row.lineage is not None:
        lines = _lineage(facts, row.lineage, glyphs, now)
    else:
        lines = _project(facts, now)
    return [*lines[:1], *wrong, *lines[1:], *_history(facts, glyphs, now)]


def _project(facts: Facts, now: float) -> list[Line]:
    row = facts.row
    known = {"releases": str(row.count), "newest": row.project.newest or "none is released yet"}
    known |= {"since": ago(row.project.created, now)}
    known |= {"hidden": f"{plural(row.hidden, 'development version')}; ctrl+a shows them"} if row.hidden else {}
    stand: list[Line] = [[("  @", Tone.DIM), (text, Tone.TEXT)] for text in row.aliases]
    return [[(row.address, Tone.BOLD)], *_pairs(known), *([[], [("aliases", Tone.TITLE)], *stand] if stand else [])]


def _lineage(facts: Facts, lineage: Lineage, glyphs: Glyphs, now: float) -> list[Line]:
    manifest = lineage.manifest
    known = {
        "made": f"{local(lineage.created)} ({ago(lineage.created, now)})",
        "about": manifest.description or "",
        "runs": manifest.target,
        "holds": f"{plural(facts.row.count, 'generation')}, {plural(len(lineage.files), 'file')}",
    }
    lines: list[Line] = [[(lineage.address, Tone.BOLD), ("  development version" if lineage.is_dev else "", Tone.DIM)]]
    return [*lines, *_pairs(known), *_chart(facts, glyphs), *_code(facts, lineage)]


def _generation(facts: Facts, lineage: Lineage, generation: Generation, glyphs: Glyphs, now: float) -> list[Line]:
    draft = generation.draft
    head: list[Span] = [(generation.address, Tone.BOLD), ("  ", Tone.TEXT), *alias_spans(facts.row.aliases, glyphs)]
    by = f" by run {draft.run[:6]}" if draft.run else ""
    known = {
        "made": f"{ago(draft.created, now)}{by}{glyphs.dot}{draft.runner}",
        "parents": parents_text(generation),
        "data": bounds_text(draft.lower, draft.upper),
    }
    lines: list[Line] = [head, *_pairs(known)]
    lines += _compared(facts, generation, glyphs)
    lines += _chart(facts, glyphs)
    lines += _gates(facts, glyphs)
    if draft.params:
        lines += [
            [],
            [("parameters", Tone.TITLE)],
            *_pairs({name: _value(each) for name, each in draft.params.items()}),
        ]
    lines += [[], [("states", Tone.TITLE)]]
    for name, ref in draft.states:
        told = f"{size_text(ref.size)}{glyphs.dot}{ref.serializer}{glyphs.dot}{ref.sha256[:8]}"
        lines.append([(f"  {name}  ", Tone.TEXT), (told, Tone.DIM)])
    return [*lines, *_code(facts, lineage)]


def parents_text(generation: Generation) -> str:
    """Return what a generation came from: trained further, carried, copied, tuned, the same as another."""
    draft = generation.draft
    told = [f"{draft.version}/{draft.parent} (trained further)"] if draft.parent is not None else []
    if draft.source:
        told.append(f"{draft.source} ({'carried' if draft.origin == 'carry' else 'copied'})")
    if draft.origin == "tune":
        told.append("the best trial of a search")
    if generation.same_as is not None:
        told.append(f"the same states as {generation.same_as}")
    return ", ".join(told)


def _compared(facts: Facts, generation: Generation, glyphs: Glyphs) -> list[Line]:
    """Return each metric with its change against champion and the generation before; the best of them is marked."""
    names = list(generation.draft.metrics)
    if generation.draft.score is not None and generation.draft.score not in generation.draft.metrics.values():
        names = ["score", *names]
    if not names:
        return [[], [("no metrics: a step that returns metric('auc') tells one", Tone.DIM)]]
    lines: list[Line] = [[], [("metrics", Tone.TITLE)]]
    width = max(len(clean(name)) for name in names)
    for name in names:
        value = number_of(generation, name)
        text = _value(generation.draft.metrics.get(name)) if value is None else metric_text(value)
        others = [("champion", facts.champion), ("previous", facts.previous)]
        numbers = {what: number_of(each, name) for what, each in others if each is not None}
        best = best_of(name, [value, *numbers.values()])
        line: list[Span] = [(f"  {clean(name):<{width}}  ", Tone.DIM)]
        line.append((f"{glyphs.best if 0 in best else ' '} ", Tone.GREEN))
        line.append((f"{text:<10}", Tone.BOLD))
        for what, number in numbers.items():
            line += [] if number is None or value is None else [_change(value - number, what)]
        lines.append(line)
    return lines


def _change(change: float, what: str) -> Span:
    return (f"  {change:+.4g} {what}" if change else f"  = {what}", Tone.YELLOW if change else Tone.DIM)


def _chart(facts: Facts, glyphs: Glyphs) -> list[Line]:
    if len(facts.scores) < 2:
        return []
    title = f"{clean(facts.scored)}, last {len(facts.scores)} generations"
    values = {value for _, value in facts.scores}
    if len(values) == 1:
        return [[], [(title, Tone.TITLE)], [(f"  always {metric_text(values.pop())}", Tone.DIM)]]
    drawn = line_chart(facts.scores, *CHART, is_ascii=glyphs.is_ascii)
    return [[], [(title, Tone.TITLE)], *([(text, Tone.CYAN)] for text in drawn)]


def _gates(facts: Facts, glyphs: Glyphs) -> list[Line]:
    if facts.gate_problem:
        return [[], [("gates", Tone.TITLE)], [(f"  {facts.gate_problem}", Tone.RED)]]
    return [[], [("gates of champion", Tone.TITLE)], *gate_lines(facts.gates)] if facts.gates else []


def gate_lines(gates: Sequence[Outcome]) -> list[Line]:
    """Return a line for each gate: whether it holds, as written, and with its numbers."""
    lines: list[Line] = []
    for each in gates:
        told: Span = ("  holds  ", Tone.GREEN) if each.holds else ("  fails  ", Tone.RED)
        lines.append([told, (f"{each.text}   ", Tone.TEXT), (each.told, Tone.DIM)])
    return lines


def _code(facts: Facts, lineage: Lineage) -> list[Line]:
    manifest = lineage.manifest
    git = manifest.git
    where = f"git {git[:8]}{f' on {manifest.branch}' if manifest.branch else ''}" if git else f"code {lineage.code[:8]}"
    known = {"code": f"{where}{', changed since' if manifest.dirty else ''}", "python": manifest.python}
    if facts.is_here:
        count = len(facts.changed)
        differ = f"{plural(count, 'file')} {'differs' if count == 1 else 'differ'} from the working copy"
        known["files"] = differ if count else "as the working copy"
    lines: list[Line] = [[], [("code", Tone.TITLE)], *_pairs(known)]
    lines += [[(f"    {name}", Tone.YELLOW)] for name in facts.changed[:FILES]]
    lines += _further(len(facts.changed) - FILES, "file")
    if facts.packages:
        count = len(facts.row.lineage.manifest.requirements) if facts.row.lineage else 0
        lines += [[], [(f"packages, {len(facts.packages)} of {count} differ here", Tone.TITLE)]]
        lines += [
            [(f"  {name} ", Tone.TEXT), (f"{was}, here {now or 'not installed'}", Tone.YELLOW)]
            for name, was, now in facts.packages[:PACKAGES]
        ]
        lines += _further(len(facts.packages) - PACKAGES, "package")
    return lines


def _history(facts: Facts, glyphs: Glyphs, now: float) -> list[Line]:
    moves = list(reversed(facts.moves))
    lines: list[Line] = [[], [("aliases were moved", Tone.TITLE)]] if moves else []
    for move in moves[:MOVES]:
        told = f"{ago(move.at, now)}{glyphs.dot}{move.by}{glyphs.dot}{move.why}"
        lines.append([(f"  {move.alias} ", Tone.CYAN), (f"{move_text(move)}  ", Tone.TEXT), (told, Tone.DIM)])
    return lines + _further(len(moves) - MOVES, "move")


def _further(count: int, noun: str) -> list[Line]:
    return [[(f"  and {plural(count, noun)} more", Tone.DIM)]] if count > 0 else []


def _pairs(texts: Mapping[str, str]) -> list[Line]:
    width = max((len(clean(name)) for name in texts), default=0)
    return [[(f"  {clean(name):<{width}}  ", Tone.DIM), (text, Tone.TEXT)] for name, text in texts.items() if text]


def _value(value: Json) -> str:
    return metric_text(value) if isinstance(value, int | float | list) or value is None else str(value)

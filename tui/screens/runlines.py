"""A run in words and bars: the cells of the list, and the sheet beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ...core.document import root_failures
from ...core.errors import GraftError
from ...core.moments import ago, local
from ...core.place import seen_from
from ...core.quantities import duration_text
from ...core.reasons import awaited_text, run_reason_text
from ...core.records import dataclass
from ...core.roles import Composites
from ...core.runs import Run, RunSpec, StepRun
from ...core.signs import MARKS
from ...core.states import Status
from ...core.text import clean, cut
from ...core.workspace import Workspace
from ..glyphs import Glyphs
from ..tones import TONE_OF, Line, Span, Tone

BAR = 12
"""Columns of a progress bar."""
SHORT = 6
"""Characters of a run id that are shown: of 100,000 runs four share them with another."""
READ_UP_TO = 3000
"""Steps up to which those of the run at the cursor are read for the sheet."""
CHAIN = 60
"""Steps up to which the sheet names each."""


def short(run: Run) -> str:
    """Return the part of the id that is shown."""
    return run.id[:SHORT]


def state_span(status: Status, glyphs: Glyphs) -> Span:
    """Return sign and word of a state."""
    mark = MARKS[status]
    return f"{glyphs.of(mark)} {mark.word}", TONE_OF[mark.ink]


def took(run: Run, now: float) -> float | None:
    """Return how long a run has taken so far; None before it began."""
    if run.seconds is not None:
        return run.seconds
    return max(0.0, now - run.started) if run.started is not None and run.state is Status.STARTED else None


def counts(run: Run) -> tuple[int, int, int]:
    """Return how many steps are good, how many have ended, and how many there are."""
    found = {Status(name): count for name, count in run.counts.items()}
    # Of a run that went well, what was skipped was not to be run: branches not taken, steps not selected.
    left_out = found.get(Status.SKIPPED, 0) if run.state is Status.SUCCESS else 0
    total = sum(found.values()) - left_out
    good = sum(count for status, count in found.items() if status.is_good)
    ended = sum(count for status, count in found.items() if status.is_final) - left_out
    return good, ended, total


def progress(run: Run, glyphs: Glyphs, *, room: int | None = None) -> list[Span]:
    """Return a bar and a fraction; within `room` columns, if that is given."""
    good, ended, total = counts(run)
    if not total:
        return []
    filled, over = good * BAR // total, ended * BAR // total
    cached = run.counts.get(Status.CACHED, 0)
    tone = Tone.CYAN if cached and cached == good else Tone.BLUE if run.state is Status.STARTED else Tone.GREEN
    bad = Tone.RED if run.state is Status.FAILURE or run.counts.get(Status.FAILURE) else Tone.DIM
    return [
        (glyphs.full * filled, tone),
        (glyphs.part * (over - filled), bad),
        (glyphs.empty * (BAR - over), Tone.RULE),
        (f" {_fraction(good, total, room - BAR - 1 if room is not None else None)}", Tone.TEXT),
    ]


def _fraction(part: int, whole: int, room: int | None) -> str:
    """Return `1,520/2,003`, `1520/2003` or `15k/20k`, whichever is the first that has room."""
    exact, plain = f"{part:,}/{whole:,}", f"{part}/{whole}"
    if room is None or len(exact) <= room:
        return exact
    return plain if len(plain) <= room else f"{_thousands(part)}/{_thousands(whole)}"


def _thousands(number: int) -> str:
    return str(number) if number < 1000 else f"{number // 1000}k"


def generation_text(run: Run) -> str:
    """Return which generation a run made or applied: `0.2.0/3`; empty: none, or it is still being trained."""
    return "" if run.lineage is None or run.generation is None else f"{run.lineage}/{run.generation}"


@dataclass(slots=True)
class Moment:
    """The time that cells are drawn for; the screen moves it on."""

    now: float = 0.0


def read_sheet(space: Workspace, run: Run) -> tuple[list[StepRun] | None, RunSpec | None]:
    """Return the steps of a run and what it was started from, as far as a sheet shows them; for a thread."""
    is_small = sum(run.counts.values()) <= READ_UP_TO
    return (space.steps(run.id) if is_small else None), _spec_of(space, run, is_small=is_small)


def run_sheet(
    run: Run, steps: Sequence[StepRun] | None, spec: RunSpec | None, glyphs: Glyphs, now: float, width: int
) -> list[Line]:
    """Return the lines beside the list.

    Args:
        run: at the cursor.
        steps: of it; None: not read (yet).
        spec: what it was started from; None: it cannot be read.
        glyphs: to draw with.
        now: wall time.
        width: columns there are.
    """
    lines: list[Line] = [
        [state_span(run.state, glyphs), (f"  {short(run)}", Tone.KEY), (f"  {run.pipeline}", Tone.BOLD)],
        [*progress(run, glyphs), (f"  {duration_text(took(run, now))}", Tone.TEXT)],
    ]
    if note := run_reason_text(run.reason) or awaited_text(run, now):
        lines.append([(note, Tone.YELLOW)])
    if steps is not None and len(steps) <= CHAIN:
        lines += [[], *_chain(steps, spec, glyphs, width)]
    for step in root_failures(steps or ())[:3] if run.state is not Status.SUCCESS else ():
        lines += [[], *failure_lines(step, spec, glyphs, width)]
    return [*lines, [], *fact_lines(run, spec, glyphs, now)]


def fact_lines(run: Run, spec: RunSpec | None, glyphs: Glyphs, now: float) -> list[Line]:
    """Return when, by whom, of which code and with which parameters a run was made."""
    at = run.started or run.created
    by = [f"runner {run.runner}", f"from {run.origin}"]
    by += [spec.target.text] if spec is not None else []
    by += [f"rerun of {run.parent[:SHORT]}"] if run.parent else []
    facts = {"id": str(run.id), "when": f"{local(at)} ({ago(at, now)})", "by": glyphs.dot.join(by), "code": _code(run)}
    if run.host:
        facts["host"] = f"{run.host}, process {run.pid}"
    facts |= {"tags": ", ".join(run.tags)} if run.tags else {}
    facts |= _lifecycle(run, spec)
    width = max(7, *(len(name) + 1 for name in facts))
    lines: list[Line] = [[(f"{name:<{width}}", Tone.DIM), (text, Tone.TEXT)] for name, text in facts.items()]
    if run.params:
        lines += [[], [("parameters", Tone.TITLE)], *value_lines(run.params)]
    return lines


def _lifecycle(run: Run, spec: RunSpec | None) -> dict[str, str]:
    """Return what a run that trains, applies or scores has to do with the registry."""
    place = generation_text(run)
    life = None if spec is None else spec.lifecycle
    if life is None:
        return {"generation": f"{run.project}/{place}"} if place else {}
    makes = life.makes_generation
    facts = {"trains" if makes else "uses": f"{life.project}/{life.version}"}
    facts["made" if makes else "generation"] = f"{life.project}/{place}" if place else ""
    if makes and life.loads is not None:
        facts["goes on"] = f"from {life.loads[0]}/{life.loads[1]}"
    facts["registry"] = life.registry or "the default one"
    facts["rows"] = bounds_text(life.lower, life.upper)
    facts["engine"] = life.engine or ""
    return {name: text for name, text in facts.items() if text}


def bounds_text(lower: object, upper: object) -> str:
    """Return which rows are meant by the bounds of their ordinal; empty: there are none."""
    if lower is None:
        return "" if upper is None else f"up to {value_text(upper)}"
    return f"above {value_text(lower)}" + ("" if upper is None else f" up to {value_text(upper)}")


def value_lines(values: Mapping[str, object]) -> list[Line]:
    """Return a line for each name and value."""
    width = max((len(clean(name)) for name in values), default=0)
    return [
        [(f"  {clean(name):<{width}}  ", Tone.DIM), (value_text(value), Tone.TEXT)] for name, value in values.items()
    ]


def value_text(value: object) -> str:
    """Return a value as people write it: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def failure_lines(step: StepRun, spec: RunSpec | None, glyphs: Glyphs, width: int) -> list[Line]:
    """Return why a step failed, in few lines: the cause, and the line of the user's code it comes from."""
    lines: list[Line] = [[state_span(Status.FAILURE, glyphs), (f"  {step.path}", Tone.BOLD)]]
    error = step.error
    if error is None:
        return lines
    first = clean(error.message.partition("\n")[0])
    lines.append([(cut(f"{clean(error.type)}: {first}" if first else clean(error.type), max(20, width * 3)), Tone.RED)])
    for frame in error.frames[-1:]:
        file = frame.file if spec is None else seen_from(spec.target.root, frame.file)
        lines.append([(f"  {file}:{frame.line}", Tone.TEXT), (f" in {frame.function}", Tone.DIM)])
        lines.append([(f"    {frame.code}", Tone.TEXT)])
    return lines


def _chain(steps: Sequence[StepRun], spec: RunSpec | None, glyphs: Glyphs, width: int) -> list[Line]:
    """Return the steps a person wrote, each with its sign, wrapped to a width."""
    composites = Composites(spec.graph if spec is not None else None)
    lines: list[list[Span]] = [[]]
    room = width - 2
    for step in steps:
        if not composites.role(step.path).is_counted:
            continue
        mark = MARKS[step.state]
        name = clean(step.path)
        if room < len(name) + 4 and lines[-1]:
            lines.append([])
            room = width - 2
        lines[-1] += [(f"{glyphs.of(mark)} ", TONE_OF[mark.ink]), (f"{name}  ", Tone.TEXT)]
        room -= len(name) + 4
    return list(lines)


def _code(run: Run) -> str:
    code = run.code
    if code.git:
        branch = f" on {code.branch}" if code.branch else ""
        return f"git {code.git[:8]}{branch}{', changed since' if code.dirty else ''}"
    return f"snapshot {code.key[:8]}" if code.key else "not recorded"


def _spec_of(space: Workspace, run: Run, *, is_small: bool) -> RunSpec | None:
    """Return what a run was started from; None when it cannot be read, so that the rest can still be shown."""
    if not is_small or sum(run.counts.values()) > CHAIN * 10:
        return None
    try:
        return space.spec(run.id)
    except GraftError:
        return None

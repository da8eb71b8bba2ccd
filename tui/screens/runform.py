"""The rows of the form of a new run, and how they and what is wrong with them are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import GraftError
from ...core.records import dataclass
from ..tones import Line, Span, Tone
from ..wanted import ACTIONS, NO, YES, Wanted
from ..widgets.grid import Column

CHOSEN = frozenset({"action", "force", "fail_fast", "from_start", "trust"})
"""Entries of which there is always one of few."""
METHODS = ("the pipeline's own", "grid", "random", "halving", "optuna")
"""How a tuning chooses; the first: as the pipeline says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the form."""

    id: str
    """A name of a field of `Wanted`, `start`, or `param` and the key behind a colon."""
    label: str
    value: str = ""
    default: str = ""
    """Shown where nothing was typed."""
    note: str = ""
    choices: tuple[str, ...] = ()
    is_missing: bool = False
    is_wrong: bool = False


def problem_lines(error: GraftError) -> list[Line]:
    """Return what is wrong, all of it, with where it stands and what to do."""
    lines: list[Line] = []
    for each in error.problems or (error,):
        where = f"{each.file}:{each.line}" if each.file and each.line else each.file or ""
        lines += [[(text, Tone.RED)] for text in each.message.split("\n")]
        lines += [[("  at ", Tone.DIM), (where, Tone.BOLD)]] if where else []
        lines += [[(f"  {text}", Tone.TEXT)] for text in (each.hint or "").split("\n") if text.strip()]
        lines.append([])
    return lines


def form_columns() -> list[Column[Entry]]:
    """Return the columns of the form."""
    return [
        Column(title="WHAT", width=13, share=1, cell=_label),
        Column(title="VALUE", width=20, share=3, cell=_value),
        Column(title="TAKES", width=22, share=3, rank=1, cell=lambda each: [(each.note, Tone.DIM)]),
    ]


def _label(entry: Entry) -> Line:
    is_given = bool(entry.value) and entry.value != NO
    return [(entry.label, Tone.KEY if entry.id == "start" else Tone.BOLD if is_given else Tone.TEXT)]


def _value(entry: Entry) -> Line:
    if entry.id == "start":
        return [(entry.value, Tone.BOLD)]
    if entry.is_missing:
        return [("has to be given", Tone.YELLOW)]
    spans: list[Span] = [(entry.value, Tone.RED if entry.is_wrong else Tone.BOLD)] if entry.value else []
    return spans or [(entry.default, Tone.DIM)]


def choices_note(targets: Sequence[str]) -> str:
    """Return how one comes to other targets than the one that stands there."""
    return f"space: the next of {len(targets)}; enter: type one" if len(targets) > 1 else "enter: type another"


def search_entries(wanted: Wanted) -> list[Entry]:
    """Return the rows that say what is searched, and how."""
    is_sweep = wanted.action == "sweep"
    found = [
        Entry(
            id="spaces",
            label="search",
            value=wanted.spaces,
            default="" if is_sweep else "as the pipeline says",
            note="C=0.1,1,10 depth=2:6 lr=log(1e-4,1e-1,5)",
            is_missing=is_sweep and not wanted.spaces,
        ),
        Entry(
            id="trials",
            label="trials",
            value=wanted.trials,
            default="every combination" if is_sweep else "as the pipeline says",
            note="so many at random" if is_sweep else "at most so many",
        ),
        Entry(
            id="metric",
            label="judged by",
            value=wanted.metric,
            default="nothing" if is_sweep else "as the pipeline says",
            note="a metric; -METRIC: less is better",
        ),
    ]
    method = Entry(
        id="method",
        label="method",
        value=wanted.method,
        default=METHODS[0],
        choices=METHODS,
        note=", ".join(METHODS[1:]),
    )
    return found if is_sweep else [*found, method]


def lifecycle_entries(wanted: Wanted) -> list[Entry]:
    """Return the rows that training, applying and evaluating have beside those of every run."""
    engine = Entry(id="engine", label="engine", value=wanted.engine, default="default", note="feeds and sinks, by name")
    trust = Entry(id="trust", label="trust", value=wanted.trust, choices=(NO, YES), note="load pickles of other stores")
    if wanted.action == "sweep":
        return [*search_entries(wanted), engine, trust]
    is_apply = wanted.action == "apply"
    upto = "what was trained on" if not is_apply else "the first row"
    sink = Entry(
        id="sink",
        label="write to",
        value=wanted.sink,
        default="as the engine says",
        note="a csv, parquet or sqlite file",
    )
    whole = Entry(
        id="from_start",
        label="from start",
        value=wanted.from_start,
        choices=(NO, YES),
        note="every row, nothing taken over",
    )
    return [
        *(search_entries(wanted) if wanted.is_search else ()),
        engine,
        Entry(id="query", label="query", value=wanted.query, default="the source's own", note="SQL, a table or a file"),
        Entry(id="lower", label="lower", value=wanted.lower, default=upto, note="rows above this"),
        Entry(id="upper", label="upper", value=wanted.upper, default="the last row", note="rows up to this"),
        *([sink] if is_apply else [] if wanted.is_search else [whole]),
        trust,
    ]


def action_entry(wanted: Wanted) -> Entry:
    """Return the row that says what is started."""
    others = [each for each in ACTIONS if each != wanted.action]
    note = f"space: {', '.join(others[:-1])} or {others[-1]}"
    return Entry(id="action", label="do", value=wanted.action, choices=ACTIONS, note=note)

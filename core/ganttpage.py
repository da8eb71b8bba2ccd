"""The chart of a run over time as one page of HTML: no script, nothing from the network, light and dark.

Every bar says in its title what it is; the table around says the same in words, for those who see no bars.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from .gantt import note
from .moments import local
from .quantities import duration_text
from .runs import Run
from .signs import MARKS
from .states import Status
from .text import clean, plural
from .timeline import Bar, Lane, Phase, Timeline
from .timescale import Scale

WIDTH = 10_000
"""Columns the chart is measured in: a bar's place is told to a hundredth of a percent."""
TICKS = 100
"""Columns of the axis, for the choice of its marks."""
_WORDS = {
    Phase.WAIT: "waited",
    Phase.RUN: "ran",
    Phase.CACHED: "reused",
    Phase.SPAN: "from first to last",
    Phase.AHEAD: "expected",
}
_STYLE = """
:root{color-scheme:light dark;--ground:#fbfbfa;--text:#22272e;--dim:#5c6571;--line:#dfe3e8;--ok:#2f8f46;--bad:#c02f2d;
--run:#1f6fc4;--wait:#b9c1cc;--cached:#0c7f89;--stop:#9a6700;--span:#8b95a3}
@media(prefers-color-scheme:dark){:root{--ground:#14171c;--text:#d5dae3;--dim:#93a0b3;--line:#2a313c;--ok:#55b868;
--bad:#ff6b6b;--run:#62b0ff;--wait:#3f4856;--cached:#56cfd8;--stop:#f0b64a;--span:#5b6679}}
body{margin:1.5rem;background:var(--ground);color:var(--text);font:14px/1.45 system-ui,sans-serif}
h1{font-size:1.25rem;margin:0}p{margin:.3rem 0;color:var(--dim)}
table{width:100%;border-collapse:collapse;margin-top:1rem;table-layout:fixed}
th,td{text-align:left;padding:.15rem .5rem .15rem 0;border-bottom:1px solid var(--line);overflow:hidden;
text-overflow:ellipsis;white-space:nowrap;font-weight:400}
thead th{color:var(--dim);position:sticky;top:0;background:var(--ground);z-index:1}
th.n{width:24ch}th.s{width:11ch}th.t{width:22ch}tbody th{font-family:ui-monospace,monospace}
tbody tr{content-visibility:auto;contain-intrinsic-height:1.7rem}
tbody tr:hover{background:var(--line)}
.c{position:relative;height:1.1rem;display:block}
.c i{position:absolute;top:.15rem;height:.8rem;min-width:2px;border-radius:2px;background:var(--ok)}
.c b{position:absolute;font-weight:400;color:var(--dim);font-size:.8rem}
.c .fold{top:0;height:1.1rem;width:0;border-left:1px dashed var(--dim);background:none;border-radius:0}
.c .wait{background:var(--wait)}.c .failed{background:var(--bad)}.c .running{background:var(--run)}
.c .cached{background:var(--cached);width:.6rem;border-radius:50%}
.c .cancelled,.c .interrupted{background:var(--stop)}
.c .span{height:.2rem;top:.5rem;background:var(--span)}
.c .ahead{background:none;border:1px dashed var(--dim);box-sizing:border-box}
.c .critical{outline:2px solid var(--text);outline-offset:0}
.st-failed{color:var(--bad)}.st-ok{color:var(--ok)}.st-running{color:var(--run)}.st-cached{color:var(--cached)}
.key span{margin-right:1.2rem}.key i{display:inline-block;width:1.4rem;height:.7rem;margin-right:.4rem;position:static}
@media print{body{margin:0}thead th{position:static}}
"""


def gantt_page(run: Run, timeline: Timeline) -> str:
    """Return the page.

    Args:
        run: it is of.
        timeline: its lanes, large families folded.
    """
    name, mark = f"{clean(run.pipeline)} {run.id[:6]}", MARKS[run.state]
    scale = Scale(timeline.pieces, WIDTH)
    body = "\n".join(_row(lane, scale) for lane in timeline.lanes)
    head = "".join(f'<th scope="col" class="{kind}">{word}</th>' for kind, word in _COLUMNS)
    empty = "" if timeline.lanes else "<p>This run has no steps.</p>"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(name)} {mark.word}</title><style>{_STYLE}</style></head><body>
<h1>{escape(name)} <span class="st-{mark.word}">{mark.glyph} {mark.word}</span></h1>
<p>{escape(_facts(run, timeline))}</p>
<p class="key c" style="height:auto">{_KEY}</p>{empty}
<table><caption hidden>Steps of run {escape(run.id)} over time</caption>
<thead><tr>{head}<th scope="col">{_axis(timeline)}</th></tr></thead><tbody>
{body}
</tbody></table></body></html>
"""


_COLUMNS = (("n", "step"), ("s", "state"), ("t", "time"))
_KEY = "".join(
    f'<span><i class="{kind}"></i>{word}</span>'
    for kind, word in (
        ("critical", "ran, outlined: critical path"),
        ("wait", "waited for a worker"),
        ("failed", "failed"),
        ("cached", "reused"),
        ("ahead", "expected"),
    )
)


def _facts(run: Run, timeline: Timeline) -> str:
    facts = [f"run {run.id}", f"project {clean(run.project)}", f"runner {clean(run.runner)}"]
    facts += [f"started {local(run.started)}"] if run.started is not None else ["not started"]
    facts += [f"took {duration_text(run.seconds)}"] if run.seconds is not None else []
    facts += [f"about {duration_text(timeline.left_s)} left"] if timeline.left_s is not None else []
    facts.append(", ".join(f"{count:,} {MARKS[Status(state)].word}" for state, count in run.counts.items()))
    return " · ".join(fact for fact in facts if fact)


def _axis(timeline: Timeline) -> str:
    scale = Scale(timeline.pieces, TICKS)
    marks = [(tick.column, tick.text) for tick in scale.ticks]
    marks += [(fold.column, f"╱╱ {fold.text}") for fold in scale.folds]
    return '<span class="c">' + "".join(f'<b style="left:{at}%">{escape(text)}</b>' for at, text in marks) + "</span>"


def _row(lane: Lane, scale: Scale) -> str:
    word = MARKS[lane.state].word
    indent = f' style="padding-left:{lane.depth * 1.2:.1f}em"' if lane.depth else ""
    count = f" ×{len(lane.members):,}" if len(lane.members) > 1 else ""
    said = note(lane)
    told = f"{clean(lane.label)}{count}"
    bars = "".join(_bars(lane, scale))
    return (
        f'<tr><th scope="row"{indent} title="{escape(clean(lane.key))}">{escape(told)}</th>'
        f'<td class="st-{word}">{MARKS[lane.state].glyph} {word}</td><td title="{escape(said)}">{escape(said)}</td>'
        f'<td><span class="c" role="img" aria-label="{escape(_spoken(lane, scale))}">{bars}</span></td></tr>'
    )


def _bars(lane: Lane, scale: Scale) -> Iterator[str]:
    for fold in scale.folds:
        yield f'<i class="fold" style="left:{_percent(fold.column)}" title="{escape(fold.text)} without work"></i>'
    shown: Iterable[tuple[Sequence[Bar], int, int]]
    if len(lane.members) > 1:
        shown = _gathered(lane.bars, scale)
    else:
        shown = (([bar], *scale.cells(bar.start, bar.end)) for bar in lane.bars)
    for bars, first, last in shown:
        width = "" if bars[0].phase is Phase.CACHED else f";width:{_percent(last - first)}"
        title = escape(_title(bars, scale))
        yield f'<i class="{_kind(bars)}" style="left:{_percent(first)}{width}" title="{title}"></i>'


def _gathered(bars: Sequence[Bar], scale: Scale) -> Iterator[tuple[list[Bar], int, int]]:
    """Yield the bars of a family, those that touch on the page as one: ten thousand would make it slow."""
    for phase in (Phase.AHEAD, Phase.WAIT, Phase.RUN, Phase.CACHED):
        found = [(bar, *scale.cells(bar.start, bar.end)) for bar in bars if bar.phase is phase]
        group: list[Bar] = []
        left = right = 0
        for bar, first, last in sorted(found, key=lambda each: each[1]):
            if group and first <= right + 4:
                group.append(bar)
                right = max(right, last)
                continue
            if group:
                yield group, left, right
            group, left, right = [bar], first, last
        if group:
            yield group, left, right


def _kind(bars: Sequence[Bar]) -> str:
    first = bars[0]
    if first.phase is not Phase.RUN:
        return {Phase.WAIT: "wait", Phase.CACHED: "cached", Phase.SPAN: "span", Phase.AHEAD: "ahead"}[first.phase]
    bad = next((bar.state for bar in bars if bar.state.is_final and not bar.state.is_good), first.state)
    return MARKS[bad].word + (" critical" if any(bar.is_critical for bar in bars) else "")


def _title(bars: Sequence[Bar], scale: Scale) -> str:
    if len(bars) > 1:
        failed = sum(bar.phase is Phase.RUN and bar.state is Status.FAILURE for bar in bars)
        more = f", {failed:,} failed" if failed else ""
        return f"{plural(len(bars), 'step')} {_WORDS[bars[0].phase]}{more}"
    (bar,) = bars
    words = [_WORDS[bar.phase]]
    if bar.phase is not Phase.CACHED:
        words.append(duration_text(bar.seconds))
    words.append(f"from {duration_text(bar.start - scale.pieces[0].start)}")
    if bar.phase is Phase.RUN:
        words.append(f"attempt {bar.attempt}: {MARKS[bar.state].word}")
    words += ["critical path"] if bar.is_critical else []
    return f"{clean(bar.path)}: {', '.join(words)}" if bar.path else ", ".join(words)


def _spoken(lane: Lane, scale: Scale) -> str:
    """Return the bars in words."""
    if len(lane.members) > 1:
        return f"{plural(len(lane.members), 'step')}, {lane.done:,} done"
    return "; ".join(_title([bar], scale) for bar in lane.bars) or lane.note or "no time yet"


def _percent(columns: int) -> str:
    return f"{columns * 100 / WIDTH:.2f}".rstrip("0").rstrip(".") + "%"

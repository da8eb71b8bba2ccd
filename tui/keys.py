"""Every key of the terminal UI: what it does, in words that teach, and the command that does the same.

One table, so that help, palette, hints and the configuration speak of the same things. A key has one meaning per verb
everywhere: `r` retries, `x` cancels, `y` copies.
"""

from __future__ import annotations

from textual.binding import Binding

from .key import Key as Key
from .placekeys import PLACE_KEYS
from .shelfkeys import SHELF_KEYS

KEYS: dict[str, Key] = {
    "help": Key(keys="?", action="app.help", label="help", teaches="Find what can be done here, and do it."),
    "quit": Key(keys="q", action="app.leave", label="quit", teaches="Leave. Runs go on without the UI."),
    "interrupt": Key(
        keys="ctrl+c,ctrl+q", action="app.leave", label="quit", teaches="Leave, from anywhere.", shown="ctrl+c"
    ),
    "back": Key(
        keys="escape",
        action="back",
        label="back",
        teaches="Go one step back: search, filter, part, screen.",
        shown="esc",
    ),
    "theme": Key(
        keys="T", action="app.next_theme", label="theme", teaches="Change the colours: dark, light, blue-orange."
    ),
    "refresh": Key(keys="R", action="refresh_now", label="refresh", teaches="Read the store again at once."),
    "goto": Key(
        keys="g",
        action="app.goto",
        label="go to",
        teaches="Go somewhere: gg top, ge end, gr runs, gm registry, gf functions, gw workers, gs schedules, ga deeds.",
        shown="g …",
    ),
    "command": Key(
        keys=":",
        action="app.command_line",
        label="command",
        teaches="Type a command as after graft: run, diff @last~1 @last, ls --state failed. Its output is shown here.",
    ),
    "log": Key(
        keys="@",
        action="app.command_log",
        label="what was done",
        teaches="What was done, as the commands that do it, and everything that happens in the store.",
        cli="graft events",
    ),
    "palette": Key(
        keys="ctrl+p",
        action="app.command_palette",
        label="palette",
        teaches="Find an action by a few letters of its name.",
    ),
    "row.down": Key(keys="down,j", action="move(1)", label="down", teaches="One row down.", shown="↓ j"),
    "row.up": Key(keys="up,k", action="move(-1)", label="up", teaches="One row up.", shown="↑ k"),
    "row.half_down": Key(keys="ctrl+d", action="half(1)", label="half down", teaches="Half a screen down."),
    "row.half_up": Key(keys="ctrl+u", action="half(-1)", label="half up", teaches="Half a screen up."),
    "row.page_down": Key(keys="pagedown", action="page(1)", label="page down", teaches="A screen down.", shown="pgdn"),
    "row.page_up": Key(keys="pageup", action="page(-1)", label="page up", teaches="A screen up.", shown="pgup"),
    "row.top": Key(
        keys="home",
        action="top",
        label="top",
        teaches="To the first row; new ones are followed there.",
        shown="home gg",
    ),
    "row.end": Key(keys="end,G", action="end", label="end", teaches="To the last row.", shown="end G"),
    "row.open": Key(
        keys="enter",
        action="open",
        label="open",
        teaches="Open what the cursor is on; a folded family shows its members, or hides them.",
    ),
    "sheet.down": Key(keys="down,j", action="scroll_down", label="down", teaches="One line down.", shown="↓ j"),
    "sheet.up": Key(keys="up,k", action="scroll_up", label="up", teaches="One line up.", shown="↑ k"),
    "sheet.page_down": Key(
        keys="pagedown,ctrl+d", action="page_down", label="page down", teaches="A screen down.", shown="pgdn"
    ),
    "sheet.page_up": Key(keys="pageup,ctrl+u", action="page_up", label="page up", teaches="A screen up.", shown="pgup"),
    "sheet.top": Key(keys="home", action="scroll_home", label="top", teaches="To the first line.", shown="home gg"),
    "sheet.end": Key(keys="end,G", action="scroll_end", label="end", teaches="To the last line.", shown="end G"),
    "filter": Key(
        keys="/",
        action="filter",
        label="filter",
        teaches="Show fewer: words of states (failed), pipeline=NAME, tag=NAME, since=2d, or any text.",
        cli="graft ls --state failed --pipeline NAME --tag NAME --since 2d",
    ),
    "runs.all": Key(keys="1", action="show('all')", label="all", teaches="Every run.", cli="graft ls"),
    "runs.active": Key(
        keys="2",
        action="show('active')",
        label="active",
        teaches="Runs that wait or go on.",
        cli="graft ls --state running,pending",
    ),
    "runs.failed": Key(
        keys="3",
        action="show('failed')",
        label="failed",
        teaches="Runs that did not end well.",
        cli="graft ls --state failed,interrupted",
    ),
    "runs.cycle": Key(
        keys="f", action="cycle", label="all/active/failed", teaches="Change between all, active and failed runs."
    ),
    "runs.projects": Key(
        keys="ctrl+a",
        action="projects",
        label="all projects",
        teaches="Runs of this project, or of every one.",
        cli="graft ls --all-projects",
    ),
    "runs.pipelines": Key(
        keys="4",
        action="show('pipelines')",
        label="pipelines",
        teaches="One row for each pipeline, with its last runs.",
    ),
    "runs.mark": Key(
        keys="space",
        action="mark",
        label="mark",
        teaches="Mark the run, or not; x and X then mean all that are marked.",
    ),
    "runs.compare": Key(
        keys="d",
        action="compare",
        label="compare",
        teaches="Compare 2 to 8 marked runs; of one, with the run before of the same pipeline.",
        cli="graft diff RUN RUN",
    ),
    "runs.columns": Key(keys="c", action="columns", label="columns", teaches="Choose the columns of the list."),
    "runs.sort": Key(keys="s", action="sort", label="sort", teaches="Newest first, or oldest first."),
    "run.new": Key(
        keys="n",
        action="new",
        label="new run",
        teaches="Start a pipeline: its parameters as a form, what would run before it does.",
        cli="graft run",
    ),
    "run.retry": Key(
        keys="r",
        action="retry",
        label="retry",
        teaches="Continue the run: choose what runs again, see it before it starts.",
        cli="graft retry RUN",
    ),
    "run.rerun": Key(
        keys="ctrl+r",
        action="rerun",
        label="rerun",
        teaches="Start the run's frozen specification again, as a new run.",
        cli="graft rerun RUN",
    ),
    "run.promote": Key(
        keys="P",
        action="promote",
        label="promote",
        teaches="Run it on another runner: what is sent and what stands in the way is seen before; compared after.",
        cli="graft promote RUN --to RUNNER",
    ),
    "run.cancel": Key(
        keys="x",
        action="cancel",
        label="cancel",
        teaches="Stop the run: running steps get ten seconds to end.",
        cli="graft cancel RUN",
    ),
    "run.kill": Key(
        keys="X",
        action="kill",
        label="kill",
        teaches="Stop the run at once: running steps are killed.",
        cli="graft cancel RUN --kill",
    ),
    "run.logs": Key(
        keys="l", action="logs", label="logs", teaches="What the steps write, live.", cli="graft logs RUN STEP -f"
    ),
    "copy": Key(keys="y", action="copy", label="copy", teaches="Copy the id, the path, the command or the traceback."),
    "edit": Key(
        keys="e", action="edit", label="editor", teaches="Open the step in your editor, at the line that failed."
    ),
    "tab.steps": Key(
        keys="1", action="tab('steps')", label="steps", teaches="The steps as a table.", cli="graft show RUN"
    ),
    "tab.graph": Key(
        keys="2", action="tab('graph')", label="graph", teaches="The steps as a drawing.", cli="graft graph --run RUN"
    ),
    "tab.gantt": Key(
        keys="3", action="tab('gantt')", label="gantt", teaches="The steps over time.", cli="graft export RUN"
    ),
    "tab.logs": Key(
        keys="4", action="tab('logs')", label="logs", teaches="What the steps write.", cli="graft logs RUN"
    ),
    "tab.metrics": Key(
        keys="5", action="tab('metrics')", label="metrics", teaches="Numbers the steps told.", cli="graft show RUN"
    ),
    "tab.artifacts": Key(
        keys="6",
        action="tab('artifacts')",
        label="artifacts",
        teaches="What the steps made, and what is in it.",
        cli="graft output RUN",
    ),
    "tab.info": Key(
        keys="7",
        action="tab('info')",
        label="info",
        teaches="Where the run is from: code, parameters, runner.",
        cli="graft show RUN",
    ),
    "tab.next": Key(keys="]", action="next_tab(1)", label="next part", teaches="The part to the right."),
    "tab.previous": Key(keys="[", action="next_tab(-1)", label="previous part", teaches="The part to the left."),
    "pane.next": Key(keys="tab", action="pane", label="next pane", teaches="Move between the list and the details."),
    "pane.zoom": Key(keys="z", action="zoom", label="maximise", teaches="Give the focused pane all the room, or back."),
    "problem.next": Key(
        keys="}",
        action="problem(1)",
        label="next failed",
        teaches="To the next step that failed; in a log to the next error.",
    ),
    "problem.previous": Key(
        keys="{",
        action="problem(-1)",
        label="previous failed",
        teaches="To the failed step before; in a log to the error before.",
    ),
    "graph.left": Key(
        keys="left,h",
        action="walk('left')",
        label="upstream",
        teaches="Along the edges to what comes before.",
        shown="← h",
    ),
    "graph.right": Key(
        keys="right,l",
        action="walk('right')",
        label="downstream",
        teaches="Along the edges to what follows.",
        shown="→ l",
    ),
    "graph.up": Key(keys="up,k", action="walk('up')", label="up", teaches="To the step above.", shown="↑ k"),
    "graph.down": Key(keys="down,j", action="walk('down')", label="down", teaches="To the step below.", shown="↓ j"),
    "graph.in": Key(keys="+", action="scale(1)", label="larger", teaches="Draw larger: cells, labels, boxes."),
    "graph.out": Key(keys="_", action="scale(-1)", label="smaller", teaches="Draw smaller: boxes, labels, cells."),
    "graph.turn": Key(keys="|", action="turn", label="turn", teaches="Flow to the right, or down."),
    "graph.focus": Key(
        keys="f", action="focus_here", label="focus", teaches="Draw what is near the step alone, or everything."
    ),
    "graph.wider": Key(keys=">", action="radius(1)", label="wider", teaches="One step more around the focus."),
    "graph.closer": Key(keys="<", action="radius(-1)", label="closer", teaches="One step less around the focus."),
    "graph.fold": Key(keys="(", action="fold(True)", label="fold all", teaches="Draw maps and loops as one step each."),
    "graph.unfold": Key(keys=")", action="fold(False)", label="unfold all", teaches="Draw every item and iteration."),
    "log.follow": Key(keys="f", action="follow", label="follow", teaches="Keep the last line in sight as lines come."),
    "log.search": Key(
        keys="/", action="ask('search')", label="search", teaches="Find text in the whole log; n and N go on."
    ),
    "log.next": Key(keys="n", action="ask('next')", label="next match", teaches="To the next place that was found."),
    "log.previous": Key(
        keys="N", action="ask('previous')", label="previous match", teaches="To the place before that was found."
    ),
    "log.step": Key(
        keys="a", action="ask('step')", label="step/all", teaches="The log of this step, or of the whole run."
    ),
    "log.times": Key(keys="t", action="times", label="times", teaches="Show when each line came."),
    "log.left": Key(keys="left,h", action="pan(-20)", label="left", teaches="Twenty columns to the left.", shown="← h"),
    "log.right": Key(
        keys="right,l", action="pan(20)", label="right", teaches="Twenty columns to the right.", shown="→ l"
    ),
    "log.filter": Key(
        keys="&", action="ask('filter')", label="only matches", teaches="Show only lines with a text, or all again."
    ),
    "log.wrap": Key(keys="ctrl+w", action="wrap", label="wrap", teaches="Show long lines on several rows, or cut."),
    "log.raw": Key(keys="J", action="raw", label="raw", teaches="Lines of JSON as they were written, or for people."),
    "log.attempt": Key(
        keys="A",
        action="ask('attempt')",
        label="attempt",
        teaches="Choose an attempt of the step.",
        cli="graft logs RUN STEP --attempt N",
    ),
    "log.merge": Key(
        keys="M", action="ask('merge')", label="all attempts", teaches="All attempts of the step, by time."
    ),
    "log.pager": Key(
        keys="ctrl+e",
        action="ask('pager')",
        label="pager",
        teaches="Show the whole log in $PAGER.",
        cli="graft logs RUN",
    ),
    "step.why": Key(
        keys="w",
        action="why",
        label="why",
        teaches="Why the step ran, failed or was reused: what changed.",
        cli="graft why RUN STEP",
    ),
    "step.debug": Key(
        keys="b",
        action="debug",
        label="debug",
        teaches="Run the step again in a debugger, in this terminal.",
        cli="graft debug RUN STEP",
    ),
    "gantt.in": Key(keys="+", action="stretch(1)", label="zoom in", teaches="Show half the time, twice as large."),
    "gantt.out": Key(keys="_", action="stretch(-1)", label="zoom out", teaches="Show twice the time, half as large."),
    "gantt.left": Key(keys="left,h", action="shift(-1)", label="earlier", teaches="To earlier time.", shown="← h"),
    "gantt.right": Key(keys="right,l", action="shift(1)", label="later", teaches="To later time.", shown="→ l"),
    "gantt.workers": Key(
        keys="|",
        action="look('workers')",
        label="by worker",
        teaches="A row for each worker, or for each step.",
        cli="graft export RUN --workers",
    ),
    "gantt.fold": Key(
        keys="(", action="look('fold')", label="fold all", teaches="Draw large maps and loops in one row each."
    ),
    "gantt.unfold": Key(
        keys=")",
        action="look('unfold')",
        label="unfold all",
        teaches="Draw a row for every item.",
        cli="graft export --full",
    ),
    "artifact.open": Key(
        keys="o", action="outside", label="open outside", teaches="Open the artifact with the program for its kind."
    ),
    "artifact.save": Key(
        keys="ctrl+s",
        action="save",
        label="save",
        teaches="Save the artifact into the current directory.",
        cli="graft output RUN STEP:NAME -o FILE",
    ),
    "artifact.load": Key(
        keys="L", action="load", label="load", teaches="Read the artifact though it is large, and show what is in it."
    ),
    "chart.scale": Key(keys="S", action="scale", label="log scale", teaches="Draw the numbers by their logarithm."),
    "graph.map": Key(keys="m", action="minimap", label="minimap", teaches="Show where one is in a large drawing."),
    "graph.export": Key(
        keys="E",
        action="export",
        label="export",
        teaches="Write the drawing to a file: text, Mermaid or DOT.",
        cli="graft graph --run RUN -o FILE",
    ),
    **PLACE_KEYS,
    **SHELF_KEYS,
}
"""By id; the id is what a configuration names."""


def bindings(*ids: str, priority: bool = False) -> list[Binding]:
    """Return the bindings of keys by id."""
    return [_binding(each, priority) for each in ids]


def _binding(key_id: str, priority: bool) -> Binding:
    key = KEYS[key_id]
    return Binding(
        key.keys,
        key.action,
        key.label,
        show=False,
        key_display=key.display,
        priority=priority,
        tooltip=key.teaches,
        id=key_id,
    )

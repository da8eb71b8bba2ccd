"""Keys of the screens around the runs: a new run, the command line, the watch, comparisons, functions."""

from __future__ import annotations

from .key import Key

PLACE_KEYS: dict[str, Key] = {
    "output.stop": Key(
        keys="x", action="stop", label="stop", teaches="Ask the command to stop, as Ctrl+C does in a shell."
    ),
    "output.kill": Key(keys="X", action="kill", label="kill", teaches="Kill the command at once."),
    "output.copy": Key(keys="y", action="copy", label="copy", teaches="Copy the command."),
    "output.again": Key(keys="i", action="again", label="edit it", teaches="Type the command again, changed or not."),
    "line.complete": Key(
        keys="tab,shift+tab",
        action="complete(1)",
        label="complete",
        teaches="Take the next of what is offered.",
        shown="tab",
    ),
    "line.older": Key(keys="up", action="earlier(-1)", label="earlier", teaches="The line typed before.", shown="↑"),
    "line.newer": Key(keys="down", action="earlier(1)", label="later", teaches="The line typed after it.", shown="↓"),
    "places.watch": Key(
        keys="W",
        action="app.watch_files",
        label="watch",
        teaches="Watch the project's files and run again what a save concerns.",
        cli="graft watch",
    ),
    "watch.pause": Key(
        keys="p",
        action="pause",
        label="pause",
        teaches="Pause the watch, or go on: what is up to date is not run again.",
    ),
    "watch.again": Key(keys="n", action="wish('AGAIN')", label="run now", teaches="Run now what is not up to date."),
    "watch.force": Key(keys="N", action="wish('FORCE')", label="run all", teaches="Run every step, whatever is known."),
    "watch.release": Key(
        keys="space", action="wish('RELEASE')", label="release", teaches="Run the next effect that is held."
    ),
    "watch.open": Key(
        keys="enter", action="open", label="open run", teaches="Open the run of the wave.", cli="graft show RUN"
    ),
    "watch.stop": Key(keys="x", action="end", label="end", teaches="End the watch; steps that run have ten seconds."),
    "compare.all": Key(
        keys="=",
        action="toggle_all",
        label="equal too",
        teaches="Show what is equal too, or differences alone.",
        cli="graft diff RUN RUN --all",
    ),
    "compare.left": Key(keys="left,h", action="shift(-1)", label="left", teaches="Runs to the left.", shown="← h"),
    "compare.right": Key(keys="right,l", action="shift(1)", label="right", teaches="Runs to the right.", shown="→ l"),
    "compare.copy": Key(keys="y", action="copy", label="copy", teaches="Copy the command."),
    "happened.commands": Key(
        keys="1",
        action="view('commands')",
        label="commands",
        teaches="What was done, as commands, and what came of it.",
    ),
    "happened.facts": Key(
        keys="2",
        action="view('facts')",
        label="facts",
        teaches="Every fact of the store, as it comes.",
        cli="graft events",
    ),
    "happened.copy": Key(keys="y", action="copy", label="copy", teaches="Copy the command or the fact."),
    "found.look": Key(
        keys="F",
        action="find_lines",
        label="find in logs",
        teaches="Find lines in what the steps of all these runs wrote.",
        cli="graft logs --grep TEXT",
    ),
    "found.search": Key(
        keys="/",
        action="search",
        label="search",
        teaches="Look for another text; re: begins a regular expression.",
        cli="graft logs --grep TEXT --re",
    ),
    "found.stop": Key(keys="x", action="stop", label="stop", teaches="Search no further; what was found stays."),
    "found.copy": Key(keys="y", action="copy", label="copy", teaches="Copy the line."),
    "functions.edit": Key(keys="e", action="edit", label="editor", teaches="Open the function in your editor."),
    "functions.copy": Key(keys="y", action="copy", label="copy", teaches="Copy name and version."),
    "functions.run": Key(
        keys="n",
        action="run",
        label="run it",
        teaches="Type the command that runs the function.",
        cli="graft function run NAME",
    ),
    "new.start": Key(
        keys="n",
        action="start_new",
        label="start",
        teaches="Start the run as it is described, and open it.",
        cli="graft run",
    ),
    "new.watch": Key(
        keys="W",
        action="watch_new",
        label="watch",
        teaches="Watch what is described, instead of running it once.",
        cli="graft watch",
    ),
    "new.change": Key(
        keys="space",
        action="change(1)",
        label="next choice",
        teaches="Take the next of what the row may be; type where there is no choice.",
    ),
    "new.clear": Key(
        keys="backspace,delete",
        action="clear",
        label="take back",
        teaches="Take back what was typed in the row.",
        shown="⌫",
    ),
}
"""By id; a part of `keys.KEYS`."""

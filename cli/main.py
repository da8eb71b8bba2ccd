"""The command line: which commands there are, and how one is found and called.

A command's module is imported when the command is called: `graft ls` does not pay for what `run` needs.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence

from ..core.named import NamedTuple
from .edge import CANCELLED, guarded
from .reading import Function, Verbs, read_line


class Entry(NamedTuple):
    """One command: where its function is, and what the list of commands says."""

    group: str
    """Heading in the list; empty: hidden."""
    place: str
    """`module:function` in `cli/commands`; or a dict there, of the functions of a command's own commands."""
    summary: str


COMMANDS = {
    "init": Entry("Develop", "init:init", "Begin a project, or propose a pipeline of scripts."),
    "run": Entry("Develop", "run:run", "Run a pipeline."),
    "watch": Entry("Develop", "watch:watch", "Run a pipeline, and again what a saved file concerns."),
    "plan": Entry("Develop", "plan:plan", "Say what would run, and why."),
    "graph": Entry("Develop", "graph:graph", "Draw a pipeline or a run."),
    "check": Entry("Develop", "check:check", "Import and compile a pipeline without running it."),
    "sweep": Entry("Develop", "sweep:sweep", "Run a pipeline with many parameters, on one cache."),
    "lock": Entry("Develop", "lock:lock", "Lock what results depend on, or compare with the lock."),
    "job": Entry("Develop", "job:COMMANDS", "Run one function, command, script or notebook."),
    "train": Entry("Lifecycle", "train:train", "Train a pipeline, and commit a generation."),
    "tune": Entry("Lifecycle", "sweep:tune", "Search the best parameters, train with them, and commit."),
    "apply": Entry("Lifecycle", "train:apply", "Apply a generation to data."),
    "eval": Entry("Lifecycle", "train:evaluate", "Score a generation, or evaluate a pipeline."),
    "runs": Entry("Run log", "runs:runs", "List runs, newest first (alias: ls)."),
    "show": Entry("Run log", "show:show", "Show a run: steps, metrics, errors."),
    "why": Entry("Run log", "why:why", "Say why a step ran, failed or was reused."),
    "diff": Entry("Run log", "diff:diff", "Compare two runs."),
    "logs": Entry("Run log", "logs:logs", "Print what steps wrote."),
    "output": Entry("Run log", "output:output", "List or print the outputs of a run."),
    "export": Entry("Run log", "export:export", "Write a run over time as one file; or a lineage."),
    "events": Entry("Run log", "events:events", "Print what happened, fact by fact."),
    "attach": Entry("Run log", "attach:attach", "Follow a run to its end."),
    "retry": Entry("Run log", "retry:retry", "Continue a run: failed steps and what follows."),
    "resume": Entry("Run log", "retry:resume", "Continue an interrupted run."),
    "cancel": Entry("Run log", "cancel:cancel", "Stop a run."),
    "debug": Entry("Run log", "debug:debug", "Run a step again in a debugger."),
    "rerun": Entry("Run log", "rerun:rerun", "Run a run's frozen specification again."),
    "promote": Entry("Run log", "promote:promote", "Run a run on another runner, and compare."),
    "pull": Entry("Run log", "promote:pull", "Bring home what a run left elsewhere."),
    "verify": Entry("Run log", "verify:verify", "Run steps again and compare what comes out."),
    "release": Entry("Lifecycle", "release:release", "Publish the working copy as a new lineage."),
    "list": Entry("Lifecycle", "lineages:lineages", "List projects, lineages and generations."),
    "alias": Entry("Lifecycle", "alias:COMMANDS", "Set, list and take away names of generations."),
    "rollback": Entry("Lifecycle", "alias:rollback", "Put an alias back to where it stood before."),
    "copy": Entry("Lifecycle", "exchange:copy", "Copy to another registry."),
    "import": Entry("Lifecycle", "exchange:import_", "Take what a file holds into the registry."),
    "build": Entry("Lifecycle", "build:build", "Write a generation to a directory that stands by itself."),
    "remove": Entry("Lifecycle", "exchange:remove", "Remove a generation, a lineage or a project."),
    "submit": Entry("Runtime", "submit:submit", "Submit an action of a model, script, notebook or function."),
    "result": Entry("Runtime", "submit:result", "Print what a submission came to."),
    "worker": Entry("Runtime", "worker:worker", "Host submissions in this terminal."),
    "workers": Entry("Runtime", "worker:workers", "List workers, and what waits for one."),
    "functions": Entry("Functions", "functions:functions", "List registered functions."),
    "function": Entry("Functions", "function:COMMANDS", "Register, show, remove or run a function."),
    "config": Entry("Store", "config:config", "Show the configuration and where each value is from."),
    "secret": Entry("Store", "secret:secret", "Keep, list and forget secrets that steps ask for."),
    "plugins": Entry("Store", "plugins:plugins", "List plugins."),
    "doctor": Entry("Store", "doctor:doctor", "Check the store and the environment."),
    "backup": Entry("Store", "backup:backup", "Copy the store to a directory, while runs go on."),
    "gc": Entry("Store", "gc:gc", "Free what the store need not keep."),
    "ls": Entry("", "runs:runs", "List runs, newest first."),
    "ui": Entry("", "ui:ui", "Open the terminal UI."),
    "exec-node": Entry("", "single:execute", "Execute one node of a run from a directory of artifacts."),
    "serve-station": Entry("", "station:serve", "Execute attempts that come through stdin."),
    "_host": Entry("", "host:host", "Carry a stored run to its end."),
}


_COMPLETING = "_GRAFT_COMPLETE"
"""Set in the environment by the shell that asks how a line may go on."""


def main(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit code."""
    return guarded(lambda: _dispatch(arguments), arguments)


def find(name: str) -> Function | Verbs | None:
    """Import the function of a command, or the functions of its own commands; None: there is no such command."""
    entry = COMMANDS.get(name)
    if entry is None:
        return None
    module, _, function = entry.place.partition(":")
    found: Function | Verbs = getattr(importlib.import_module(f".commands.{module}", __package__), function)
    return found


def _dispatch(arguments: Sequence[str]) -> int:
    try:
        line = None if _COMPLETING in os.environ else read_line(arguments, find)
        if line is not None:
            return line.call() or 0
    except KeyboardInterrupt:
        return CANCELLED  # without a word, as typer does: whoever pressed Ctrl+C knows
    from .program import run  # typer: 17 to 25 ms, for help, completion and lines that are wrong

    return run(arguments)

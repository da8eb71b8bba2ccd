"""Obeys lines of the command line: opens the screen a command has here, or runs it and shows what it prints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ..core.errors import GraftError, InvalidError
from ..core.requests import RunRequest
from .routes import LOOKING, Route, route, words_of
from .tones import Tone

if TYPE_CHECKING:
    from .app import GraftApp
    from .child import Child

LOOK_S = 0.5
"""Between two looks at a command whose output nobody looks at."""


class Steering:
    """What the app does with a line."""

    def __init__(self, app: GraftApp) -> None:
        self._app = app

    async def obey(self, line: str) -> None:
        """Do what a line says; what is wrong with it is told, and nothing else happens."""
        app = self._app
        app.memory.typed(line)
        try:
            has_text = line.startswith("!")
            words = words_of(line.removeprefix("!"))
            found = None if has_text or not words else route(words)
            if found is not None:
                await self._show(found)
            elif words:
                self._run(words)
        except GraftError as error:
            app.complain(error)

    def await_child(self, child: Child) -> None:
        """Say when a command ends whose screen was left."""

        def look() -> None:
            child.read_on()
            if child.is_over:
                timer.stop()
                tone = Tone.RED if child.code else Tone.GREEN
                self._app.say(f"exit {child.code}   $ {child.command}", tone)
                child.close()

        timer = self._app.set_interval(LOOK_S, look)

    def watch(self, text: str, request: Callable[[], RunRequest] | None = None) -> None:
        """Watch something, in the place of a watch that is over.

        Args:
            text: as typed after `graft watch`.
            request: makes the request of each wave; None: of the target that the text is.

        Raises:
            GraftError: it cannot be watched.
        """
        from .watching import Watching  # for one screen

        app, loop = self._app, asyncio.get_running_loop()
        before, target = app.watching, app.outside.target

        def changed() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody looks any more
                loop.call_soon_threadsafe(self._news_of_watch)

        usual = request or (lambda: RunRequest(target=target(text), origin="watch"))
        going = app.watching = Watching(app.bridge.space, usual, text, changed)
        if before is not None and before.text == text:
            going.news, going.wave, going.plan, going.run = before.news, before.wave, before.plan, before.run
        going.start()
        app.note(f"graft watch {text}".rstrip())

    def _news_of_watch(self) -> None:
        if self._app.page is not None:
            self._app.page.stale()

    def end_watch(self) -> None:
        """End the watch, without waiting for it."""
        if self._app.watching is not None:
            self._app.watching.ask_to_stop()
            self._app.watching = None

    def _run(self, words: Sequence[str]) -> None:
        app = self._app
        if not app.outside.program:
            raise InvalidError("commands cannot be run from here", f"in a shell: graft {' '.join(words)}")
        if app.outside.is_read_only and words[0] not in LOOKING:
            raise InvalidError(f"'{words[0]}' may change something, and this UI only looks (--read-only)")
        from .child import Child  # processes and log books, for one dialog

        child = Child(app.outside.program, words, columns=max(40, app.size.width - 2), is_ascii=app.glyphs.is_ascii)
        if words[0] not in LOOKING:
            app.note(child.command)
        from .screens.output import Output

        app.push_screen(Output(child))

    async def _show(self, found: Route) -> None:
        app = self._app
        if found.screen in ("run", "logs"):
            await self._show_run(found)
        elif found.screen == "compare":
            await self._compare(found.words)
        elif found.screen == "found":
            self._find_lines(found)
        elif found.screen == "quit":
            app.action_leave()
        elif found.screen == "help":
            app.action_help()
        elif found.screen == "runs":
            app.go("runs")
            app.home.show_filtered(" ".join(found.words), is_everywhere=found.is_everywhere)
        elif found.screen in ("new", "watch", "registry"):
            app.go(found.screen, found.words[0] if found.words else "")
        else:
            app.go(found.screen)

    def _find_lines(self, found: Route) -> None:
        from .lookingup import LookingUp
        from .screens.foundlines import FoundLines

        text, *words = found.words
        project = None if found.is_everywhere else self._app.bridge.project
        wanted = LookingUp(text=text, filter=" ".join(words), project=project)
        wanted.sought(), wanted.runs(self._app.bridge.now())  # what means nothing is told here
        self._app.push_screen(FoundLines(wanted))

    async def _show_run(self, found: Route) -> None:
        app = self._app
        text = found.words[0] if found.words else "@last"
        run = await app.bridge.ask(lambda space: space.show(space.find(text)))
        step = None
        if len(found.words) > 1:
            step = await app.bridge.ask(lambda space: space.step_path(run.id, found.words[1]))
        app.open_run(run, "logs" if found.screen == "logs" else "steps", step)

    async def _compare(self, words: Sequence[str]) -> None:
        texts = (*words, *(("@last~1", "@last") if not words else ("@last",) if len(words) == 1 else ()))

        runs = await self._app.bridge.ask(lambda space: [space.find(text) for text in texts])
        if runs[0] == runs[1]:
            raise InvalidError(f"'{texts[0]}' and '{texts[1]}' are the same run", "graft ls lists others")
        from .screens.compare import Compare

        self._app.push_screen(Compare(runs))

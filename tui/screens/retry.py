"""The retry dialog: what would run again is seen before it does, for each way to ask for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from shlex import quote
from typing import ClassVar

from textual.binding import Binding, BindingType

from ...core.errors import GraftError
from ...core.records import dataclass
from ...core.requests import CodeChoice, RetryPlan, RetryRequest
from ...core.runs import Run
from ...core.selection import Selection
from ...core.states import Status
from ...core.text import clean, plural
from ..bridge import Bridge, begin
from ..glyphs import Glyphs
from ..planlines import starred
from ..tones import Line, Span, Tone
from .dialog import Dialog

SHOWN = 12
"""Steps that a list names."""


class Scope(StrEnum):
    """What runs again."""

    FAILED = "failed + what follows"
    FROM = "from here"
    ONLY = "this step only"
    ALL = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person has chosen so far."""

    run: Run
    step: str | None
    """Path of the step at the cursor; None: there is none, so two of the scopes are not to be had."""
    scope: Scope = Scope.FAILED
    code: CodeChoice = CodeChoice.CURRENT

    @property
    def request(self) -> RetryRequest:
        """Return what to ask the workspace for."""
        steps = (self.step,) if self.step else ()
        selection = Selection()
        if self.scope is Scope.FROM:
            selection = Selection(start=steps)
        elif self.scope is Scope.ONLY:
            selection = Selection(only=steps)
        return RetryRequest(run=self.run.id, selection=selection, is_everything=self.scope is Scope.ALL, code=self.code)

    @property
    def command(self) -> str:
        """Return the command that does the same."""
        short = self.run.id[:6]
        is_resume = self.run.state is Status.INTERRUPTED and self.scope is Scope.FAILED
        options = {
            Scope.FAILED: "",
            Scope.FROM: f" --from {quote(clean(self.step or ''))}",
            Scope.ONLY: f" --only {quote(clean(self.step or ''))}",
            Scope.ALL: " --all",
        }[self.scope]
        code = " --code recorded" if self.code is CodeChoice.RECORDED else ""
        return f"graft {'resume' if is_resume else 'retry'} {short}{options}{code}"


class Retry(Dialog[RetryRequest]):
    """Asks how to continue a run; the answer is the request."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "scope('FAILED')", "failed"),
        Binding("h", "scope('FROM')", "from here"),
        Binding("o", "scope('ONLY')", "only"),
        Binding("a", "scope('ALL')", "all"),
        Binding("c", "code", "code"),
        Binding("enter", "start", "start"),
    ]
    LETTERS: ClassVar[dict[Scope, str]] = {Scope.FAILED: "f", Scope.FROM: "h", Scope.ONLY: "o", Scope.ALL: "a"}

    def __init__(self, bridge: Bridge, glyphs: Glyphs, run: Run, step: str | None) -> None:
        super().__init__()
        self._bridge = bridge
        self._glyphs = glyphs
        self._wish = Wish(run=run, step=step)
        self._plan: RetryPlan | None = None
        self._problem: GraftError | None = None

    @property
    def command(self) -> str:
        """Return the command that does the same."""
        return self._wish.command

    def draw(self) -> None:
        """Show the choices and begin to work the plan out."""
        self._show()
        begin(self, self._look_ahead, "plan")

    async def _look_ahead(self) -> None:
        wish = self._wish
        try:
            plan = await self._bridge.ask(lambda space: space.plan_retry(wish.request))
            self._plan, self._problem = plan, None
        except GraftError as error:
            self._plan, self._problem = None, error
        if wish == self._wish:
            self._show()

    def _show(self) -> None:
        wish = self._wish
        lines: list[Line] = [
            [span for scope in Scope for span in self._choice(scope)],
            [
                ("code  ", Tone.DIM),
                *_radio("as it is now", is_on=wish.code is CodeChoice.CURRENT),
                *_radio("as recorded", is_on=wish.code is CodeChoice.RECORDED),
                ("   c", Tone.KEY),
                (" changes", Tone.DIM),
            ],
            [],
            *self._outlook(),
            [],
            [("$ ", Tone.DIM), (wish.command, Tone.CYAN)],
        ]
        keys: list[Span] = [("enter", Tone.KEY), (" start   ", Tone.DIM), ("esc", Tone.KEY), (" close", Tone.DIM)]
        verb = "Resume" if wish.run.state is Status.INTERRUPTED else "Retry"
        self.show([(f"{verb} {wish.run.id[:6]}  {wish.run.pipeline}", Tone.BOLD)], lines, keys)

    def _choice(self, scope: Scope) -> list[Span]:
        is_possible = self._wish.step is not None or scope in (Scope.FAILED, Scope.ALL)
        if not is_possible:
            return []
        tone = Tone.BOLD if scope is self._wish.scope else Tone.DIM
        # All four are 68 columns then, of the 70 that a dialog has on 80.
        gap = " " * (0 if scope is Scope.ALL else 2 if self._wish.step is not None else 3)
        return [(f"{self.LETTERS[scope]} ", Tone.KEY), (f"{scope.value}{gap}", tone)]

    def _outlook(self) -> list[Line]:
        if self._problem is not None:
            return [[(self._problem.message, Tone.RED)], [(self._problem.hint or "", Tone.DIM)]]
        if self._plan is None:
            return [[(f"looking ahead {self._glyphs.ellipsis}", Tone.DIM)]]
        return [
            *self._listed(f"{plural(len(self._plan.again), 'step')} again", self._plan.again, Tone.YELLOW),
            *self._listed(f"{plural(len(self._plan.kept), 'result')} kept", self._plan.kept, Tone.CYAN),
        ]

    def _listed(self, what: str, paths: Sequence[str], tone: Tone) -> list[Line]:
        named = paths if len(paths) <= SHOWN else self._families(paths)
        names = ", ".join(named[:SHOWN]) + (f" {self._glyphs.ellipsis}" if len(named) > SHOWN else "")
        return [[(f"{what:<15} ", tone), (names, Tone.TEXT)]] if paths else []

    def _families(self, paths: Sequence[str]) -> list[str]:
        """Return paths with those that differ in numbers alone as one, `trials/*/fit`, and how many they are."""
        counts = Counter(starred(path) for path in paths)
        times = self._glyphs.times
        return [clean(name) + (f" {times}{count:,}" if count > 1 else "") for name, count in counts.items()]

    def action_scope(self, name: str) -> None:
        """Choose what runs again."""
        scope = Scope[name]
        if self._wish.step is None and scope in (Scope.FROM, Scope.ONLY):
            return
        self._change(Wish(run=self._wish.run, step=self._wish.step, scope=scope, code=self._wish.code))

    def action_code(self) -> None:
        """Change between the code as it is now and as the run recorded it."""
        others = {CodeChoice.CURRENT: CodeChoice.RECORDED, CodeChoice.RECORDED: CodeChoice.CURRENT}
        wish = self._wish
        self._change(Wish(run=wish.run, step=wish.step, scope=wish.scope, code=others[wish.code]))

    def action_start(self) -> None:
        """Answer, once the plan is there and sound."""
        if self._plan is not None:
            self.dismiss(self._wish.request)

    def _change(self, wish: Wish) -> None:
        self._wish, self._plan, self._problem = wish, None, None
        self.draw()


def _radio(text: str, *, is_on: bool) -> list[Span]:
    return [("(•) " if is_on else "( ) ", Tone.KEY), (f"{text}  ", Tone.TEXT if is_on else Tone.DIM)]

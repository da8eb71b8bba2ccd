"""The promote dialog: where a run may go, how it is there, and everything that is looked at before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import ClassVar

from textual.binding import Binding, BindingType

from ...core.errors import GraftError
from ...core.promotion import PromotionPlan, PromotionRequest
from ...core.runs import Run
from ...core.text import clean
from ..bridge import Bridge, begin
from ..glyphs import Glyphs
from ..promotelines import plan_lines, runner_line
from ..tones import Line, Span, Tone, padded
from .dialog import Dialog

_NAME = 14
"""Columns of a runner's name."""


class Promote(Dialog[PromotionPlan]):
    """Asks where a run goes; the answer is the plan, every check of which holds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,tab", "target(1)", "next runner"),
        Binding("left,h,shift+tab", "target(-1)", "runner before"),
        Binding("f", "force", "force"),
        Binding("r", "again", "look again"),
        Binding("enter", "start", "start"),
    ]

    def __init__(self, bridge: Bridge, glyphs: Glyphs, run: Run) -> None:
        super().__init__()
        self._bridge = bridge
        self._glyphs = glyphs
        self._run = run
        self._targets: Sequence[str] | None = None
        """Names of the runners it may go to; None: not read yet."""
        self._at = 0
        self._is_forced = False
        self._plans: dict[str, PromotionPlan | GraftError] = {}
        """What was found, by runner."""

    @property
    def command(self) -> str:
        """Return the command that does the same."""
        to = f" --to {quote(clean(self._targets[self._at]))}" if self._targets else ""
        return f"graft promote {self._run.id[:6]}{to}{' --force' if self._is_forced else ''}"

    def draw(self) -> None:
        """Show what is known and begin to look at the rest, the chosen runner first."""
        self._show()
        begin(self, self._look, "plan")

    async def _look(self) -> None:
        if self._targets is None:
            try:
                self._targets = await self._bridge.ask(lambda space: space.promoting.targets(self._run.id))
            except GraftError as error:
                self._targets, self._plans = [""], {"": error}
            self._show()
        for name in [*self._targets[self._at :], *self._targets[: self._at]]:
            if name not in self._plans:
                self._plans[name] = await self._plan(name)
                self._show()

    async def _plan(self, name: str) -> PromotionPlan | GraftError:
        request = PromotionRequest(run=self._run.id, to=name, origin="ui", is_forced=self._is_forced)
        try:
            # Not as a short read: a cluster that does not answer takes its ten seconds.
            return await self._bridge.load(lambda space: space.promoting.plan(request))
        except GraftError as error:
            return error

    def _show(self) -> None:
        title: Line = [(f"Promote {self._run.id[:6]}  {self._run.pipeline}", Tone.BOLD)]
        if self._targets is None:
            lines: list[Line] = [[(f"looking for runners {self._glyphs.ellipsis}", Tone.DIM)]]
        elif not self._targets:
            lines = _nowhere()
        else:
            lines = [self._target(name, is_on=at == self._at) for at, name in enumerate(self._targets)]
            lines += [[], *self._outlook(self._targets[self._at]), [], [("$ ", Tone.DIM), (self.command, Tone.CYAN)]]
        self.show(title, lines, self._keys())

    def _keys(self) -> list[Span]:
        shown: list[Span] = []
        if self._targets:
            found = self._plans.get(self._targets[self._at])
            may_start = isinstance(found, PromotionPlan) and found.is_good
            shown += [("enter", Tone.KEY), (" start   ", Tone.DIM)] if may_start else []
            shown += [("tab", Tone.KEY), (" other runner   ", Tone.DIM)] if len(self._targets) > 1 else []
            shown += [("f", Tone.KEY), (" force   ", Tone.DIM), ("r", Tone.KEY), (" look again   ", Tone.DIM)]
        return [*shown, ("esc", Tone.KEY), (" close", Tone.DIM)]

    def _target(self, name: str, *, is_on: bool) -> Line:
        mark = ("(*) " if self._glyphs.is_ascii else "(•) ") if is_on else "( ) "
        found = self._plans.get(name)
        if found is None:
            said: Line = [(f"asking {self._glyphs.ellipsis}", Tone.DIM)]
        elif isinstance(found, GraftError):
            said = [(found.message.partition("\n")[0], Tone.RED)]
        else:
            said = runner_line(found.checks, self._glyphs)
        return [(mark, Tone.KEY), padded(name, _NAME, Tone.BOLD if is_on else Tone.TEXT), *said]

    def _outlook(self, name: str) -> list[Line]:
        found = self._plans.get(name)
        if found is None:
            return [[(f"looking ahead {self._glyphs.ellipsis}", Tone.DIM)]]
        if isinstance(found, GraftError):
            return [[(found.message, Tone.RED)], [(found.hint or "", Tone.DIM)]]
        return plan_lines(found, self._glyphs, self.columns)

    def action_target(self, by: int) -> None:
        """Choose another runner."""
        if self._targets:
            self._at = (self._at + by) % len(self._targets)
            self.draw()

    def action_force(self) -> None:
        """Go although a gate refuses or a package is not there, or not."""
        self._is_forced = not self._is_forced
        self._plans.clear()
        self.draw()

    def action_again(self) -> None:
        """Ask every runner again."""
        self._plans.clear()
        self.draw()

    def action_start(self) -> None:
        """Answer, once every check holds."""
        found = self._plans.get(self._targets[self._at]) if self._targets else None
        if isinstance(found, PromotionPlan) and found.is_good:
            self.dismiss(found)


def _nowhere() -> list[Line]:
    """Return how a runner is set up."""
    told: list[tuple[str, Tone]] = [
        ("No other runner is set up. In graftline.toml:", Tone.TEXT),
        ("", Tone.TEXT),
        ("  [runner.cluster]", Tone.CYAN),
        ('  provider = "dask"', Tone.CYAN),
        ('  address = "tcp://HOST:8786"', Tone.CYAN),
        ("", Tone.TEXT),
        ("and what it needs, here and there:", Tone.TEXT),
        ("", Tone.TEXT),
        ("  pip install 'graftline[dask]'", Tone.CYAN),
        ("", Tone.TEXT),
        ("docs/runners.md tells of each kind.", Tone.DIM),
    ]
    return [[each] for each in told]

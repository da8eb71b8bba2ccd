"""What the steps of a run made, with who uses it; and the pictures among it as half blocks."""

from __future__ import annotations

from collections.abc import Sequence

from rich.color import Color
from rich.style import Style

from ..core.artifacts import ArtifactRef
from ..core.graph import Graph
from ..core.pixels import Colour, Pixels
from ..core.records import dataclass
from ..core.roles import Composites
from ..core.runs import StepRun
from ..core.supply import upstreams
from ..core.undeclared import GUARD_ROLE
from .tones import Line, Span, Tone

HALF = "▀"
SHADES = " .:-=+*#%@"
"""From light to dark, where there are no half blocks or no colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One output of one step."""

    step: str
    name: str
    role: str
    ref: ArtifactRef
    is_reused: bool = False

    @property
    def key(self) -> str:
        """Return what names it for `graft output`."""
        return f"{self.step}:{self.name}"


def artifacts_of(steps: Sequence[StepRun], composites: Composites) -> list[Artifact]:
    """Return the outputs of what a person counts as steps, in definition order; metrics have a part of their own."""
    return [
        Artifact(step=step.path, name=each.name, role=each.role, ref=each.ref, is_reused=step.cached_from is not None)
        for step in steps
        if composites.role(step.path).is_counted
        for each in step.outputs
        if each.role not in ("metric", GUARD_ROLE)
    ]


def consumers_of(graph: Graph | None) -> dict[tuple[str, str], list[str]]:
    """Return by step and name of an output the paths of the nodes that take it."""
    found: dict[tuple[str, str], list[str]] = {}
    for node in graph.nodes if graph is not None else ():
        for argument in node.arguments:
            for each in upstreams(argument.source):
                users = found.setdefault((each.node, each.output), [])
                if not users or users[-1] != node.path:
                    users.append(node.path)
    return found


def picture_lines(pixels: Pixels, width: int, height: int, *, is_plain: bool) -> list[Line]:
    """Return a picture in the room there is: two pixels in each cell, or shades where colours are not to be had."""
    rows = pixels.rows
    across, down = len(rows[0]), len(rows)
    scale = min(1.0, width / across, 2 * height / down)
    columns, lines = max(1, int(across * scale)), max(1, int(down * scale / 2))

    def at(column: int, line: int) -> Colour:
        return rows[min(down - 1, line * down // (2 * lines))][min(across - 1, column * across // columns)]

    found: list[Line] = []
    for line in range(lines):
        cells: list[Span] = []
        for column in range(columns):
            upper, lower = at(column, 2 * line), at(column, 2 * line + 1)
            if is_plain:
                grey = sum((*upper, *lower)) // 6
                cells.append((SHADES[(255 - grey) * (len(SHADES) - 1) // 255], Tone.TEXT))
            else:
                cells.append((HALF, Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))))
        found.append(cells)
    return found

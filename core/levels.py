"""A pipeline at its place in the graph: the outermost one, or one inside a composite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .exports import Export
from .files import FileNeeds
from .given import Given
from .graph import Guard
from .nesting import Composite
from .pipeline import Pipeline
from .records import dataclass, field
from .steps import Step


@dataclass(slots=True, kw_only=True)
class Level:
    """What the steps of one pipeline at one place have in common. `makers` grows while its steps are compiled."""

    pipeline: Pipeline
    steps: list[Step]
    path: str = ""
    """Of the pipeline; in a body with `[]` for numbers. "" for the outermost one."""
    parent: Level | None = None
    opener: Composite | None = None
    """The composite it is in; None for the outermost pipeline and for one that takes over on failure."""
    guard: Guard | None = None
    family: str | None = None
    """As of a node."""
    environ: tuple[tuple[str, str], ...] = ()
    policy: Mapping[str, object] = field(default_factory=dict)
    """What the composites around it say for steps that do not say it themselves."""
    given: Given = field(default_factory=Given)
    """Parameters, with those of its pipeline and of the ones around it."""
    files: FileNeeds = field(default_factory=FileNeeds)
    makers: dict[str, Export] = field(default_factory=dict)
    """Name -> what the nearest earlier step returns."""
    made: dict[int, dict[str, Export]] = field(default_factory=dict)
    """Identity of an earlier step -> all it returns."""
    paths: dict[int, str] = field(default_factory=dict)
    """Identity of a step -> its path."""
    named: dict[str, Step] = field(default_factory=dict)
    """Name -> step."""
    carried: Mapping[str, Export] = field(default_factory=dict)
    """In a loop: what the iteration before returned."""

    def __post_init__(self) -> None:
        for step in self.steps:
            self.paths[id(step)] = self.path_of(step)
            self.named.setdefault(step.name, step)

    def path_of(self, step: Step) -> str:
        """Return the path of one of its steps."""
        return f"{self.path}/{step.name}" if self.path else step.name

    def family_of(self, path: str) -> str | None:
        """Return the family of a node right inside."""
        return None if self.family is None else self.family + path[len(self.path) :]

    def up(self) -> Iterator[Level]:
        """Yield this one and those around it, the nearest first."""
        level: Level | None = self
        while level is not None:
            yield level
            level = level.parent

    def opened(self) -> Iterator[str]:
        """Yield the names that the composites around give to what is inside, the nearest first."""
        for each in self.up():
            if each.opener is not None:
                yield from (*each.opener.given_inside, *each.opener.params, *each.opener.inputs)

    def home(self, step: Step) -> Level | None:
        """Return the nearest level that lists a step; None when none does."""
        return next((level for level in self.up() if id(step) in level.paths), None)


def shown(path: str) -> str:
    """Return a path as people write it: without the numbers of items and iterations."""
    return "/".join(part for part in path.split("/") if not part.startswith("[")) if "[" in path else path

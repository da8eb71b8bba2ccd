"""Which steps make the catalog files a step wants."""

from __future__ import annotations

from .catalog import folders_of, is_glob, may_overlap
from .errors import InvalidError, nearest
from .tasks import Task


class FileNeeds:
    """Catalog files by their makers, as the steps are gone through in the order listed.

    Plain names are looked up, so that ten thousand steps with a file each stay linear; only globs are compared.
    """

    def __init__(self) -> None:
        self._plain: dict[str, int] = {}
        """File or directory -> the nearest earlier step that puts it."""
        self._below: dict[str, dict[str, int]] = {}
        """Directory -> the files put below it, with the nearest earlier step."""
        self._globs: dict[str, list[int]] = {}
        """Glob -> all earlier steps that put it: each may make other files."""

    def made(self, task: Task, position: int) -> None:
        """Note what a step puts, for the steps after it."""
        for pattern in task.policy.put:
            if is_glob(pattern):
                self._globs.setdefault(pattern, []).append(position)
            else:
                self._plain[pattern] = position
                for folder in folders_of(pattern):
                    self._below.setdefault(folder, {})[pattern] = position

    def makers_of(self, task: Task, problems: list[InvalidError]) -> set[int]:
        """Return the earlier steps that may make what a step gets; a file nobody makes is a problem.

        A step that puts a file which an earlier one puts waits for that one too, or both would write it at once. Only
        for plain names: steps that put one glob mostly make different files of it.
        """
        found: set[int] = {self._plain[name] for name in task.policy.put if name in self._plain}
        for pattern in task.policy.get:
            makers = self._makers(pattern)
            if not makers:
                text = f"gets the file '{pattern}', which no earlier step puts{nearest(pattern, list(self._plain))}"
                problems.append(task.problem(text, "a file that is there already needs no Catalog(get=)"))
            found |= makers
        return found

    def _makers(self, pattern: str) -> set[int]:
        makers = {position for glob, each in self._globs.items() if may_overlap(pattern, glob) for position in each}
        if not is_glob(pattern):
            named = (pattern, *folders_of(pattern))
            makers.update(self._plain[each] for each in named if each in self._plain)
            return makers | set(self._below.get(pattern, {}).values())
        return makers | {position for name, position in self._plain.items() if may_overlap(pattern, name)}

"""What loads in a workspace: any loader, told of the registered functions and of the files that belong to the code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .ports import Loaded, Loader, LoadRequest
from .records import dataclass, replace

if TYPE_CHECKING:
    from .registered import FunctionVersion


@dataclass(frozen=True, slots=True)
class KnowingLoader:
    """A loader that tells the process it loads in which functions there are and which files belong to the code."""

    loader: Callable[[], Loader]
    """Gives what loads, when something is loaded."""
    known: Callable[[], Sequence[FunctionVersion]]
    objects: str
    include: Callable[[str], Sequence[str]] = lambda root: ()
    """Returns the files of a project that belong to its code although nothing imports them."""

    def load(self, request: LoadRequest) -> Loaded:
        """Compile a target; see `Loader.load`."""
        include = tuple(self.include(request.target.root))
        return self.loader().load(
            replace(request, functions=tuple(self.known()), objects=self.objects, include=include)
        )

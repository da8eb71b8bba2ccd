"""The use-cases of a workspace that are objects of their own, each imported when it is first asked for.

A list of runs needs none of them: together they are 40 modules and 20 ms.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from .parts import Parts

if TYPE_CHECKING:
    from .debugging import Debugging
    from .hosting import Hosting
    from .inquiry import Inquiry
    from .launching import Launching
    from .library import Library
    from .lifecycle import Lifecycles
    from .locking import Locking
    from .promoting import Promoting
    from .pulling import Pulling
    from .releasing import Lineages
    from .retrying import Retrying
    from .searches import Searches
    from .submitting import Submissions
    from .verifying import Verifying


class UseCases:
    """What can be done with a workspace beside reading its runs."""

    def __init__(self, parts: Parts):
        self.parts = parts

    @cached_property
    def functions(self) -> Library:
        """Registered functions."""
        from .library import Library

        return Library(self.parts)

    @cached_property
    def _launching(self) -> Launching:
        from .launching import Launching

        return Launching(self.parts)

    @cached_property
    def _retrying(self) -> Retrying:
        from .retrying import Retrying

        return Retrying(self.parts)

    @cached_property
    def _hosting(self) -> Hosting:
        from .hosting import Hosting

        return Hosting(self.parts)

    @cached_property
    def inquiry(self) -> Inquiry:
        """Why steps ran, where artifacts come from, how runs differ, what would run."""
        from .inquiry import Inquiry

        return Inquiry(self.parts)

    @cached_property
    def debugging(self) -> Debugging:
        """Running one step again at the terminal, in a debugger."""
        from .debugging import Debugging

        return Debugging(self.parts)

    @cached_property
    def locking(self) -> Locking:
        """What results depend on, as a file for version control."""
        from .locking import Locking

        return Locking(self.parts, self._launching)

    @cached_property
    def verifying(self) -> Verifying:
        """Running steps again to see whether they come out the same."""
        from .verifying import Verifying

        return Verifying(self.parts, self._hosting)

    @cached_property
    def promoting(self) -> Promoting:
        """Sending runs to other runners, and comparing what comes out."""
        from .promoting import Promoting

        return Promoting(self.parts, self._hosting, self._launching)

    @cached_property
    def pulling(self) -> Pulling:
        """Bringing home what a run left elsewhere."""
        from .pulling import Pulling

        return Pulling(self.parts, self._hosting)

    @cached_property
    def lineages(self) -> Lineages:
        """What is in the registry: published code, and what was trained with it."""
        from .releasing import Lineages

        return Lineages(self.parts)

    @cached_property
    def lifecycle(self) -> Lifecycles:
        """Training, applying, evaluating."""
        from .lifecycle import Lifecycles

        return Lifecycles(self.parts, self._launching, self.lineages)

    @cached_property
    def submissions(self) -> Submissions:
        """Runs that wait for workers, and who works."""
        from .submitting import Submissions

        return Submissions(self.parts)

    @cached_property
    def searches(self) -> Searches:
        """Sweeping and tuning."""
        from .searches import Searches

        return Searches(self.parts, self._launching, self.lifecycle)

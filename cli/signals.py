"""What signals mean to a command that hosts a run, and how it leaves after one."""

from ..plugins.local.signals import Stops, handled

__all__ = ["TERMINATED", "Stops", "handled"]

TERMINATED = 143
"""Exit code after SIGTERM, as a shell reports it."""

"""Watching a work tree: changes of its files as they happen."""

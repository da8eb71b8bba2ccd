"""Bundled plugins. They enter by the same entry points as anybody else's."""

"""Sinks that come with graftline. They enter by the same door as any other."""

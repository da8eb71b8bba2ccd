"""Add tables of counts up."""


def run(parts: list):
    """Return the sum of each entry."""
    return {name: sum(part[name] for part in parts) for name in parts[0]}

"""The SQLite store: run log, artifacts and (later) the registry."""

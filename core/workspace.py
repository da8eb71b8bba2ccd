"""The use-cases: what the CLI, the TUI and the Python API call, and nothing beneath it."""

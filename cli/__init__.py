"""Terminal faces call the workspace; nothing beneath it."""

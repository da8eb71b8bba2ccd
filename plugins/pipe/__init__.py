"""Steps behind a pipe: a process whose stdin and stdout lead to a station elsewhere (ssh, a container)."""

"""The local runner: worker processes on this machine."""

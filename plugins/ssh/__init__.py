"""Steps on hosts that the system's `ssh` reaches."""

"""The mock runner: no step does anything, but where a test puts something in its place."""

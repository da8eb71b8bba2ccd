"""The pyfunc runner: a graph as one synchronous function of this process."""

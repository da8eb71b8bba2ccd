"""A step whose value takes long to write, and one that takes it."""

import os

from graftline import Pipeline, PythonTask

SIZE = int(os.environ.get("VALUE_BYTES", "200000000"))


def make(size: int = SIZE) -> bytearray:
    return bytearray(size)


def measure(value: bytearray) -> int:
    return len(value)


gigantic = Pipeline([PythonTask(make, returns=["value"]), PythonTask(measure, returns=["length"])], name="gigantic")

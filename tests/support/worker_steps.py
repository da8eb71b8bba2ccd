"""Functions that the worker tests run in worker processes."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, NoReturn


def noop() -> int:
    return 1


def add(a: int, b: int = 1) -> int:
    return a + b


def echo(value: Any) -> Any:
    return value


def many(n: int) -> tuple[int, ...]:
    return tuple(range(n))

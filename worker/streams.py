"""Generators and async generators as steps: consumed here, each yield told live, and what such a step returns.

What it returns, first that fits:
    1. what the generator itself returns (`return value`), unless that is None;
    2. the last mapping it yielded whose `type` is the end type (`done`), if it holds every declared name: those values
       (how streams end in AstraZeneca's runnable);
    3. with one declared name, the list of everything it yielded.
With several declared names and neither 1 nor 2 the step fails. Without declared names nothing is gathered, so that a
stream of any length takes no memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from ..core.graph import Return
from .logbook import current_book
from .returns import WrongReturns

LAZY = frozenset({CoroutineType, GeneratorType, AsyncGeneratorType})
"""What a call returns that has not run yet."""
STREAM_END = "done"
"""The `type` of a yielded mapping that holds the results, unless the task names another."""


def finished(result: Any, declared: Sequence[Return], stream_end: str | None) -> object:
    """Run what a call returned to its end and return the step's result.

    Args:
        result: a coroutine, generator or async generator.
        declared: the returns the function itself makes.
        stream_end: the end type; None: `STREAM_END`.

    Raises:
        WrongReturns: a stream ended without what it declares.
        BaseException: whatever runs in it.
    """
    if type(result) is GeneratorType:
        return _Stream(declared, stream_end).consume(result)
    import asyncio  # 40 ms that most workers never need

    if type(result) is CoroutineType:
        return asyncio.run(result)
    return asyncio.run(_Stream(declared, stream_end).consume_async(result))


class _Stream:
    """Takes the values of one stream."""

    def __init__(self, declared: Sequence[Return], stream_end: str | None) -> None:
        self._names = [each.name for each in declared]
        self._end_type = stream_end or STREAM_END
        self._ending: Mapping[str, Any] | None = None
        self._yielded: list[object] = []
        book = current_book()
        self._tell: Callable[[object], None] | None = None if book is None else book.voice.yielded
        self._flush: Callable[[], None] | None = None if book is None else book.voice.flush

    def consume(self, stream: Iterator[object]) -> object:
        """Take everything and return the step's result."""
        try:
            while True:
                self._take(next(stream))
        except StopIteration as end:
            return self._result(end.value)
        finally:
            if self._flush is not None:
                self._flush()

    async def consume_async(self, stream: AsyncIterator[object]) -> object:
        """Take everything and return the step's result; an async generator has no `return value`."""
        try:
            async for value in stream:
                self._take(value)
        finally:
            if self._flush is not None:
                self._flush()
        return self._result(None)

    def _take(self, value: object) -> None:
        if self._tell is not None:
            self._tell(value)
        names = self._names
        if not names:
            return
        if isinstance(value, Mapping) and value.get("type") == self._end_type and all(name in value for name in names):
            self._ending = value
        if len(names) == 1:
            self._yielded.append(value)

    def _result(self, returned: object) -> object:
        names = self._names
        if returned is not None or not names:
            return returned
        if self._ending is not None:
            values = [self._ending[name] for name in names]
            return values[0] if len(values) == 1 else values
        if len(names) == 1:
            return self._yielded
        listed = ", ".join(names)
        raise WrongReturns(
            f"declares {len(names)} returns ({listed}), but its stream ended without them: end it with "
            f"`return {listed}`, or yield {{'type': {self._end_type!r}, {names[0]!r}: ..., ...}}"
        )

"""The `Logs` port in memory: a test writes what steps print."""

from __future__ import annotations

from collections.abc import Iterator

from graftline.core.ids import RunId
from graftline.core.ports import LogBlock, LogChunk


class MemoryLogs:
    """Captured output of runs, in the order it was written."""

    def __init__(self) -> None:
        self.chunks: dict[RunId, list[LogChunk]] = {}

    def write(self, run: RunId, node: str, data: bytes | str, *, stream: str = "stdout", attempt: int = 1) -> None:
        """Let a step print."""
        given = data.encode() if isinstance(data, str) else data
        chunks = self.chunks.setdefault(run, [])
        chunks.append(LogChunk(node=node, attempt=attempt, stream=stream, at=1000.0 + len(chunks), data=given))

    def read(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogChunk]:
        return MemoryTail(self, run, node, attempt).fresh()

    def follow(self, run: RunId, node: str | None = None, attempt: int | None = None) -> MemoryTail:
        return MemoryTail(self, run, node, attempt)

    def blocks(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogBlock]:
        yield from map(block_of, self.read(run, node, attempt))


def block_of(chunk: LogChunk) -> LogBlock:
    """Return one piece as a block."""
    return LogBlock(
        node=chunk.node,
        attempt=chunk.attempt,
        stream=chunk.stream,
        data=chunk.data,
        starts=(0,),
        times=(chunk.at,),
    )


class MemoryTail:
    """`LogTail` on a list."""

    def __init__(self, logs: MemoryLogs, run: RunId, node: str | None, attempt: int | None) -> None:
        self._logs, self._run, self._node, self._attempt = logs, run, node, attempt
        self._seen = 0

    def fresh(self) -> Iterator[LogChunk]:
        chunks = self._logs.chunks.get(self._run, [])
        start, self._seen = self._seen, len(chunks)
        for chunk in chunks[start : self._seen]:
            if self._node in (None, chunk.node) and self._attempt in (None, chunk.attempt):
                yield chunk

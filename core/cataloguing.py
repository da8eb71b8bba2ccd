"""The catalog files of results that are reused: whether the work tree has them, and how they come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .artifacts import Output
from .catalog import matches
from .errors import GraftError
from .evidencing import Circumstances, digests_of, within
from .graph import Operation
from .records import replace
from .reusing import Result


class Cataloguing:
    """Looks after the catalog files of reused steps.

    Args:
        circumstances: of the run; without a `restore`, missing files are taken to be put back.
    """

    def __init__(self, circumstances: Circumstances):
        self._around = circumstances
        self._put_back: dict[str, str] = {}
        """Absolute path -> sha256 of files that a plan takes to be there."""

    def expected(self, path: str, digest: str | None) -> str | None:
        """Return the digest a file has once the steps judged so far are done; given the one it has now."""
        return self._put_back.get(path) if digest is None else digest

    def stored(self, operation: Operation, result: Result) -> Result:
        """Return a result without the files of which no copy was kept: nobody can look at those."""
        if operation.policy.store_copy:
            return result
        return replace(result, outputs=tuple(each for each in result.outputs if not _is_put(operation, each)))

    def put_back(self, results: Sequence[tuple[Operation, Result]]) -> list[str | None]:
        """Put missing files back; return for each result what is wrong with its files, None: nothing is.

        A file that is there with another content is left as it is: its step must run, and makes it anew.
        """
        if not any(operation.policy.put for operation, _ in results):
            return [None] * len(results)
        put = [(operation, self._put(operation, result)) for operation, result in results]
        digests, reasons = digests_of(self._around.files, [path for _, files in put for path in files])
        return [self._problem(operation, files, digests, reasons) for operation, files in put]

    def _put(self, operation: Operation, result: Result) -> dict[str, Output]:
        """Return the catalog files of a result by their absolute paths."""
        if not operation.policy.put:
            return {}
        return {within(self._around.cwd, each.name): each for each in result.outputs if _is_put(operation, each)}

    def _problem(
        self,
        operation: Operation,
        files: Mapping[str, Output],
        digests: Mapping[str, str | None],
        reasons: Mapping[str, str],
    ) -> str | None:
        for path, output in files.items():
            if path in reasons:
                return f"{output.name} cannot be read: {reasons[path]}"
            known = self.expected(path, digests[path])
            if known is None and not operation.policy.store_copy:
                return f"{output.name} is gone, and only its digest was kept"
            if known is not None and known != output.ref.sha256:
                return f"{output.name} is another one in the work tree"
        missing = [(path, output) for path, output in files.items() if self.expected(path, digests[path]) is None]
        return self._restored(missing)

    def _restored(self, missing: Iterable[tuple[str, Output]]) -> str | None:
        for path, output in missing:
            if self._around.restore is None:
                self._put_back[path] = output.ref.sha256
                continue
            try:
                self._around.restore(output.name, output.ref, self._around.cwd)
            except GraftError as problem:
                return f"{output.name} cannot be put back: {problem.message}"
        return None


def _is_put(operation: Operation, output: Output) -> bool:
    """Tell whether an output is a catalog file; what a step logged as a file is none, and stays in the store."""
    return output.role == "file" and any(matches(output.name, pattern) for pattern in operation.policy.put)

"""The shop of tests/runnable: its pipelines, each run as a person does, and what came out read from the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sample_runs import Sample

from graftline.core.ids import RunId
from graftline.core.workspace import Workspace
from graftline.wiring import Given, open_workspace
from graftline.worker.stored import value_of


class Outcome:
    """What one run left: its document, and its values where a test asks for them."""

    def __init__(self, document: dict[str, Any], workspace: Workspace) -> None:
        self.document = document
        self.run = RunId(document["run"])
        self.state: str = document["state"]
        self._workspace = workspace

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        """Entries of the document by path."""
        return {step["path"]: step for step in self.document["steps"]}

    @property
    def states(self) -> dict[str, str]:
        """States by path, in definition order."""
        return {path: step["state"] for path, step in self.steps.items()}

    @property
    def attempts(self) -> dict[str, int]:
        """Number of attempts by path."""
        return {path: step["attempts"] for path, step in self.steps.items()}

    @property
    def metrics(self) -> dict[str, Any]:
        """Metrics of the run by name."""
        found: dict[str, Any] = self.document["metrics"]
        return found

    def value(self, name: str) -> Any:
        """Return one output of the run, by `name` or `step:name`."""
        return value_of(self._workspace.output(self.run, name), self._workspace.parts.objects)

    def outputs(self, path: str) -> dict[str, Any]:
        """Return what one step kept, by name; a file as its bytes."""
        objects = self._workspace.parts.objects
        [step] = [each for each in self._workspace.steps(self.run) if each.path == path]
        return {output.name: value_of(output.ref, objects) for output in step.outputs}

    def files(self) -> set[str]:
        """Return the names of the catalog files that steps of the run kept."""
        steps = self._workspace.steps(self.run)
        return {output.name for step in steps for output in step.outputs if output.role == "file"}

    def logs(self, step: str | None = None) -> str:
        """Return what the steps, or one of them, printed."""
        path = None if step is None else self._workspace.step_path(self.run, step)
        return b"".join(chunk.data for chunk in self._workspace.logs(self.run, path)).decode()


class Shop(Sample):
    """The shop's project in a folder of its own, with a store of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__("projects", folder, within="tests/runnable")

    def run(self, target: str, *arguments: str, exit_code: int = 0, **environ: str) -> Outcome:
        """Run a pipeline: `graft run FILE:FUNCTION ...`."""
        return self.outcome(self.document("run", target, *arguments, exit_code=exit_code, **environ))

    def retry(self, before: Outcome, *arguments: str, exit_code: int = 0, **environ: str) -> Outcome:
        """Continue a run that failed: `graft retry RUN ...`."""
        return self.outcome(self.document("retry", before.run, *arguments, exit_code=exit_code, **environ))

    def outcome(self, document: dict[str, Any]) -> Outcome:
        """Return what a run left."""
        return Outcome(document, open_workspace(Given(store=self.environ["GRAFTLINE_HOME"], project=str(self.root))))

"""The argo runner: what the entry point `graftline.runners: argo` names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ...core.errors import InvalidError, PluginError
from ...core.translating import Sheet, Translation
from ...core.writingrunner import WritingRunner
from ..remote.laidout import lay_out_bundle
from ..remote.packing import bundle_of
from .dags import planned
from .names import label
from .refusals import refusals
from .settings import ArgoSettings, settings_of


class ArgoRunner(WritingRunner):
    """Writes a pipeline as a WorkflowTemplate for Argo; with a schedule as a CronWorkflow too.

    Every step becomes a pod that executes `graft exec-node`. What steps need, the code among it, is laid out in a
    directory that pods have as a volume. Options: `ArgoSettings`.
    """

    is_elsewhere = True

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse options it cannot write with.

        Raises:
            InvalidError: an option is missing, not known, or wrong; all of them in one message.
        """
        settings_of(options)

    @classmethod
    def translate(cls, sheet: Sheet, *, is_dry: bool, **kwargs: Any) -> Translation:
        """Return the YAML, and what lays the bundle out.

        Raises:
            InvalidError: an option is wrong, or Argo cannot be told what the graph holds; all of it in one message.
            PluginError: hera is not installed.
        """
        settings = settings_of(kwargs)
        if sheet.selected is not None:
            raise InvalidError("Argo gets whole pipelines: --only, --from and --to do not go with it")
        if problems := refusals(sheet.graph, settings):
            raise InvalidError.all_of(problems)
        if not is_dry and not os.path.isdir(settings.artifacts):
            hint = "mount the volume here, or correct [runner.NAME] artifacts"
            raise InvalidError(f"artifacts: there is no directory {settings.artifacts}", hint)
        try:
            from .manifest import manifests, offered_parameters, text_of  # hera costs 840 ms
        except ImportError as problem:
            raise PluginError("the runner 'argo' needs hera", "pip install 'graftline[argo]'") from problem
        given = sheet.given()
        sheet.keep()
        bundle, _ = bundle_of(sheet.context, graph=sheet.graph)
        documents = manifests(sheet, planned(sheet.graph), settings, bundle.digest)
        name = documents[0]["metadata"]["name"]
        return Translation(
            form="yaml",
            data=text_of(documents).encode(),
            file=None if is_dry or settings.path == "-" else _file(sheet, settings),
            notes=() if is_dry else _notes(sheet, settings, name),
            details={
                "name": name,
                "kinds": [each["kind"] for each in documents],
                "bundle": bundle.digest,
                "artifacts": settings.artifacts,
                "parameters": {key: each.text for key, each in offered_parameters(sheet).items()},
            },
            lay_out=_nothing if is_dry else lambda: lay_out_bundle(settings.artifacts, sheet.context, bundle, given),
        )


def _nothing() -> None:
    """Write nothing."""


def _file(sheet: Sheet, settings: ArgoSettings) -> str:
    return os.path.join(sheet.folder, settings.path or f"{label(sheet.graph.name)}.argo.yaml")


def _notes(sheet: Sheet, settings: ArgoSettings, name: str) -> tuple[str, ...]:
    place = "" if settings.namespace is None else f" -n {settings.namespace}"
    notes = [
        f"its code is laid out in {settings.artifacts}",
        f"kubectl apply -f it, then: argo submit{place} --from workflowtemplate/{name}",
    ]
    if sheet.graph.mode == "train":
        notes.append("states stay in that directory: where nothing hosts the run, nothing commits a generation")
    return tuple(notes)

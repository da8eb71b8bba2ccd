"""A project that was released and has generations, on disk; its pipeline trains a state."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from registries import CONTENT, digest, draft_generation

from graftline import wiring
from graftline.core.lineages import Generation
from graftline.core.registry import Registry

FILES = {
    "graftline.toml": '[project]\nname = "churn"\n[alias.champion]\ngates = ["auc >= champion.auc - 0.002"]\n',
    "pipeline.py": '''"""Churn."""
from graftline import Pipeline, PythonTask, state
from lib.fits import fit, predict

churn = Pipeline(
    [PythonTask(fit, returns=[state("model")]), PythonTask(predict, returns=["prediction"])], name="churn"
)
''',
    "lib/fits.py": """
def fit(C: float = 1.0):
    return {"C": C}

def predict(model):
    return model["C"]
""",
}
LATER = FILES["lib/fits.py"].replace('return model["C"]', 'return [model["C"]]')
"""`fits.py` after a hotfix: another prediction of the same model."""
RETRAINED = FILES["lib/fits.py"].replace('{"C": C}', '{"C": C, "more": 1}')
"""`fits.py` with another fit."""


def write_project(root: Path) -> None:
    """Write the project."""
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def registry_of(root: Path, place: str | None = None) -> Registry:
    """Open the registry of the project as its commands do; a relative place is of the project."""
    where = None if place is None else str(root / place)
    return wiring.open_workspace(wiring.Given(project=str(root), registry=where)).parts.registry()


def commit(registry: Registry, auc: float, state: bytes = b"one") -> Generation:
    """Commit a generation, as a training run does."""
    draft = replace(draft_generation(state), metrics={"auc": auc}, score=auc, params={"C": 0.5}, created=5.0)
    return registry.commit(draft, {**CONTENT, digest(state): state}.__getitem__)


def train_newest(registry: Registry, auc: float) -> Generation:
    """Commit a generation of the newest release of the project."""
    version = registry.lineages("churn")[-1].version
    draft = replace(draft_generation(), version=version, metrics={"auc": auc}, score=auc, created=auc)
    return registry.commit(draft, CONTENT.__getitem__)


def git(root: Path, *words: str) -> str:
    """Run git, as somebody."""
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *words]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout

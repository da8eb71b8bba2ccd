"""A proposed pipeline as files beside the scripts it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...core.ids import strict_name
from ...core.proposalcode import code_of
from ...core.proposals import Proposal
from ...core.proposing import propose
from ...worker.workplace import CONFIG_FILE as PROJECT_FILE
from .scripts import scripts
from .writing import refuse_what_is_there, write

PIPELINE = "pipeline.py"


def propose_here(words: Sequence[str], root: Path, *, is_dry: bool) -> tuple[Proposal, Sequence[str]]:
    """Read scripts, propose a pipeline and write it; return it and the names of the files.

    Args:
        words: scripts, notebooks, and directories of them.
        root: absolute directory that the files are written to.
        is_dry: write nothing.

    Raises:
        InvalidError: a script is not there or cannot be read, or there is a pipeline.py already.
        StoreError: it cannot be written.
    """
    name = strict_name(root.name)
    proposal = propose(name, scripts(words, root))
    files = {PIPELINE: code_of(proposal).encode()}
    if not (root / PROJECT_FILE).exists():
        files[PROJECT_FILE] = f'[project]\nname = "{name}"\npipeline = "{PIPELINE}:pipeline"\n'.encode()
    if not is_dry:
        refuse_what_is_there(root, files)
        write(root, files)
    return proposal, list(files)

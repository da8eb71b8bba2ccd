"""Makes notebook files for tests."""

from __future__ import annotations

import json
from typing import Any


def code(source: str, *tags: str) -> dict[str, Any]:
    """Return a code cell."""
    return {
        "cell_type": "code",
        "id": f"c{abs(hash((source, tags))):x}"[:16],
        "metadata": {"tags": list(tags)} if tags else {},
        "source": source.splitlines(keepends=True),
        "outputs": [],
        "execution_count": None,
    }


def prose(text: str) -> dict[str, Any]:
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "id": f"m{abs(hash(text)):x}"[:16], "metadata": {}, "source": text}


def notebook(*cells: dict[str, Any] | str, language: str = "python") -> str:
    """Return the text of a notebook; a text is a code cell without tags."""
    spec = {"name": "python3", "display_name": "Python 3", "language": language}
    listed = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": listed}
    return json.dumps(document, indent=1)

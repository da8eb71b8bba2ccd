"""Pages are true where a test can tell: links lead somewhere, the glossary holds every word, examples are Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from source_tree import ROOT, name_of, pages

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)

WORDS = (
    "project",
    "function",
    "action",
    "step",
    "pipeline",
    "graph",
    "symbol",
    "node",
    "run",
    "attempt",
    "artifact",
    "lineage",
    "generation",
    "registry",
    "runner",
    "executor",
    "worker",
    "feed",
    "sink",
    "label",
    "trigger",
    "service",
    "event",
    "command",
    "fence",
    "effect",
    "catalog",
    "store",
    "status",
)


def _anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text())
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def _broken(page: Path) -> list[str]:
    broken = []
    for match in LINK.finditer(FENCE.sub("", page.read_text())):
        target = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = page if not path else page.parent / path
        if not linked.exists() or (anchor and linked.suffix == ".md" and anchor not in _anchors(linked)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", [name_of(page) for page in pages()])
def test_every_relative_link_leads_somewhere(page: str) -> None:
    assert _broken(ROOT / page) == []


def test_a_link_to_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One\n[gone](gone.md) [here](#one) [nowhere](#two) ![picture](no.svg) [out](https://example.org)\n"
    )

    assert _broken(page) == ["gone.md", "#two", "no.svg"]


@pytest.mark.parametrize("word", WORDS)
def test_the_glossary_has_the_word(word: str) -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text()

    assert re.search(rf"^\| \*\*{word}\*\* \|", glossary, re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("page", [name_of(page) for page in pages()])
def test_python_examples_compile(page: str) -> None:
    for language, code in FENCE.findall((ROOT / page).read_text()):
        if language == "python":
            compile(code, page, "exec")


def test_make_targets_named_in_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for page in pages() for target in re.findall(r"`make ([a-z-]+)", page.read_text())}

    assert named - targets == set()


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    names = sorted(path.name for path in folder.glob("[0-9]*.md"))
    listed = (folder / "README.md").read_text()

    assert [int(name[:4]) for name in names] == list(range(len(names)))
    assert [name for name in names if f"({name})" not in listed] == []

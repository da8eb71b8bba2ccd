"""Draw the README's picture and fill its text block from what graft really prints: `make pictures`.

The iris sample runs in a project and a store of its own, on a pseudo terminal of 80 columns; what arrives there is
replayed as a terminal does it, and drawn as SVG text. Nothing is written by hand, so times and ids differ each time.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
COLUMNS, ROWS = 80, 30
CELL, LINE, MARGIN, BAR = 8.4, 18, 16, 30
"""Pixels: width of a character at 14 px, height of a line, space around the text, height of the title bar."""
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "36": "#76e3ea", "2": "#8b949e"}
"""SGR code -> colour; those that the command line uses."""
BLOCK = re.compile(r"(<!-- demo output -->\n).*?(<!-- /demo output -->)", re.DOTALL)


class Span(NamedTuple):
    """Characters of a line that look alike."""

    text: str
    codes: tuple[str, ...]


def main() -> int:
    """Run the sample, write demo.svg and the README's block."""
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "iris"
        shutil.copytree(ROOT / "samples" / "iris", project, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
        environ = {**os.environ, "GRAFTLINE_HOME": f"{scratch}/store", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        environ.pop("NO_COLOR", None)
        shown = [line for command in ("run", "graph --run @last") for line in _session(command, project, environ)]
        text = f"$ graft show @last\n{_text('graft show @last', project, environ)}"
    (ROOT / "docs/pictures/demo.svg").write_text(_svg(shown), encoding="utf-8")
    readme = ROOT / "README.md"
    picture = "![graft run and graft graph of the iris sample](docs/pictures/demo.svg)"
    filled = f"\\1{picture}\n\n```\n{text.rstrip()}\n```\n\\2"
    readme.write_text(BLOCK.sub(filled, readme.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def _session(command: str, project: Path, environ: Mapping[str, str]) -> Iterator[str]:
    yield f"\x1b[2m$\x1b[0m graft {command}"
    yield from replayed(_on_terminal(["graft", *command.split()], project, environ))
    yield ""


def _text(command: str, project: Path, environ: Mapping[str, str]) -> str:
    return subprocess.run(command.split(), cwd=project, env=environ, check=True, capture_output=True, text=True).stdout


def _on_terminal(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> str:
    """Return what a program writes to a terminal of our size.

    Raises:
        SystemExit: it failed.
    """
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as terminal:
        size = {"COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
        program = subprocess.Popen(
            command,
            cwd=cwd,
            env={**environ, **size},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        data = b""
        try:
            while part := terminal.read(65536):
                data += part
        except OSError:
            pass  # Linux says so instead of an end of file when the last writer has closed
        if program.wait() != 0:
            sys.exit(f"{' '.join(command)} failed:\n{data.decode(errors='replace')}")
    return data.decode()


def replayed(output: str) -> list[str]:
    """Return the lines that are left on the screen: those drawn over are gone. Colours stay in the text."""
    lines: list[str] = []
    row = 0
    for piece in re.split(r"(\n|\x1b\[\d*A|\x1b\[J)", output.replace("\r", "")):
        if piece == "\n":
            row += 1
        elif up := re.fullmatch(r"\x1b\[(\d*)A", piece):
            row = max(0, row - int(up.group(1) or 1))
        elif piece == "\x1b[J":
            del lines[row:]
        else:
            lines += [""] * (row + 1 - len(lines))
            written = re.sub(r"\x1b\[(\?25[lh]|K)", "", piece)
            if written:
                lines[row] = written
    while lines and not lines[-1]:
        lines.pop()
    return lines


def spans(line: str) -> Iterator[Span]:
    """Yield the parts of a line that look alike."""
    codes: tuple[str, ...] = ()
    for piece in re.split(r"(\x1b\[[\d;]*m)", line):
        if sgr := re.fullmatch(r"\x1b\[([\d;]*)m", piece):
            codes = tuple(code for code in sgr.group(1).split(";") if code not in ("", "0"))
        elif piece:
            yield Span(piece, codes)


def _svg(lines: Sequence[str]) -> str:
    while lines and not lines[-1]:
        lines = lines[:-1]
    width, height = round(COLUMNS * CELL + 2 * MARGIN), len(lines) * LINE + BAR + MARGIN
    dots = "".join(
        f'<circle cx="{18 + 16 * at}" cy="15" r="5" fill="{colour}"/>'
        for at, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">',
            f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>{dots}',
            '<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="14" '
            'fill="#e6edf3">',
            *_drawn(lines),
            "</g>",
            "</svg>",
            "",
        ]
    )


def _drawn(lines: Iterable[str]) -> Iterator[str]:
    for row, line in enumerate(lines):
        column = 0
        for span in spans(line):
            # Wide gaps are not drawn: viewers disagree about spaces at the ends of an element.
            for words in re.finditer(r"\S+(?: \S+)*", span.text):
                part = Span(words.group(), span.codes)
                yield _element(part, column + words.start(), BAR + LINE * (row + 1) - 5)
            column += len(span.text)


def _element(span: Span, column: int, y: int) -> str:
    colour = next((COLOURS[code] for code in span.codes if code in COLOURS), None)
    style = (f' fill="{colour}"' if colour else "") + (' font-weight="bold"' if "1" in span.codes else "")
    # textLength keeps the columns under each other in any font.
    place = f'x="{MARGIN + column * CELL:.1f}" y="{y}" textLength="{len(span.text) * CELL:.1f}"'
    return f"<text {place}{style}>{escape(span.text)}</text>"


if __name__ == "__main__":
    sys.exit(main())

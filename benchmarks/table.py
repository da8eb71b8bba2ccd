"""The one table: work, ours, the raw limit and each peer, with ratios of the same run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from work import Work


def ratio_text(seconds: float, reference: float) -> str:
    """Return how many times as long as the reference it took."""
    ratio = seconds / reference
    return f"{ratio:.0f}x" if ratio >= 9.95 else f"{ratio:.1f}x"


def cell(work: Work, size: int, seconds: float, reference: float | None, *, is_reference: bool) -> str:
    """Return the figure, and the time it took in times of the reference's."""
    figure = work.figure(seconds, size)
    return figure if is_reference or reference is None else f"{figure} ({ratio_text(seconds, reference)})"


def markdown(
    works: Sequence[Work],
    names: Sequence[str],
    seconds: Mapping[tuple[str, str], float | str],
    *,
    reference: str,
    is_small: bool,
) -> str:
    """Return the table in aligned Markdown.

    Args:
        works: rows.
        names: contestants by column title.
        seconds: (work, contestant) -> seconds, or the text to show instead; absent pairs show a dash.
        reference: contestant whose time is 1x; None of its own cells has a ratio.
        is_small: whether the small sizes were run.
    """
    rows = [["work", *names, "target"]]
    for work in works:
        size = work.size(is_small=is_small)
        base = seconds.get((work.name, reference))
        known = base if isinstance(base, float) else None
        row = [work.title.format(size=size)]
        for name in names:
            found = seconds.get((work.name, name), "–")
            if isinstance(found, float):
                found = cell(work, size, found, known, is_reference=name == reference)
            row.append(found)
        rows.append([*row, work.target])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)

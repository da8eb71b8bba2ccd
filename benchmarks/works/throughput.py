"""Independent no-op steps: what one step costs when nothing waits."""

from work import Work

WORK = Work(
    name="throughput",
    title="{size:,} independent no-op steps",
    function="independent",
    sizes=(10_000, 500),
    expected=lambda size: size,
    figure=lambda seconds, size: f"{size / seconds:,.0f} steps/s",
    target=">= 15,000 steps/s",
)

"""Our themes: dark, light, and one that does without red and green. Each names every tone of `tones.py`."""

from __future__ import annotations

from textual.theme import Theme


def _theme(name: str, *, dark: bool, ground: tuple[str, str, str], cursor: tuple[str, str], **tones: str) -> Theme:
    background, surface, panel = ground
    variables = {f"tone-{tone}": colour for tone, colour in tones.items()}
    variables |= {"row-cursor": cursor[0], "row-idle": cursor[1]}
    variables |= {"border": tones["rule"], "scrollbar": panel, "scrollbar-background": background}
    variables |= {"scrollbar-hover": tones["dim"], "scrollbar-active": tones["key"]}
    variables |= {"scrollbar-background-hover": background, "scrollbar-background-active": background}
    return Theme(
        name=name,
        primary=tones["key"],
        secondary=tones["title"],
        accent=tones["key"],
        warning=tones["yellow"],
        error=tones["red"],
        success=tones["green"],
        foreground=tones["text"],
        background=background,
        surface=surface,
        panel=panel,
        dark=dark,
        variables=variables,
    )


THEMES = (
    _theme(
        "graft-dark",
        dark=True,
        ground=("#14171c", "#1a1e25", "#262c36"),
        cursor=("#2d3b52", "#222a36"),
        text="#d5dae3",
        dim="#7d8797",
        bold="#ffffff",
        title="#8ea3c4",
        key="#7ab7ff",
        rule="#465062",
        hit="#f2c14e",
        red="#ff6b6b",
        green="#6fcf7f",
        yellow="#f0b64a",
        blue="#62b0ff",
        cyan="#56cfd8",
    ),
    _theme(
        "graft-light",
        dark=False,
        ground=("#fbfbfa", "#f1f2f4", "#dfe3e8"),
        cursor=("#cfe0f7", "#e6ebf2"),
        text="#22272e",
        dim="#6a7380",
        bold="#000000",
        title="#44546a",
        key="#0b5cad",
        rule="#a7b0bd",
        hit="#e0a000",
        red="#b3201f",
        green="#1c7434",
        yellow="#8a5a00",
        blue="#0b5cad",
        cyan="#0c6f78",
    ),
    _theme(
        "graft-blue-orange",
        dark=True,
        ground=("#101418", "#171c22", "#242b33"),
        cursor=("#27405a", "#1f2933"),
        text="#dde3ea",
        dim="#86909d",
        bold="#ffffff",
        title="#9fb3cc",
        key="#8cc4ff",
        rule="#4a5562",
        hit="#ffd166",
        red="#ff8c1a",
        green="#4da3ff",
        yellow="#ffd166",
        blue="#b3d4ff",
        cyan="#9ad1ff",
    ),
)
"""The first is the one to begin with. The third tells states apart by blue and orange (deuteranopia, protanopia)."""


def usual(remembered: str, colours: str) -> str:
    """Return the theme to begin with: the one of the last time, else what suits the terminal (`COLORFGBG`)."""
    if remembered in {each.name for each in THEMES}:
        return remembered
    return "graft-light" if is_light(colours) else THEMES[0].name


def following(name: str) -> str:
    """Return the theme after another one."""
    names = [each.name for each in THEMES]
    at = names.index(name) if name in names else -1
    return names[(at + 1) % len(names)]


def is_light(colours: str) -> bool:
    """Tell whether the terminal says that its ground is white: `COLORFGBG=0;15`."""
    return colours.rpartition(";")[2] in ("7", "15")

"""Texts that a terminal, a markup or an encoding would obey or break on."""

from __future__ import annotations

EVIL = (
    "a\rb\bc\x07\x00\x7f",
    "[/x] [red] [link=https://evil]",
    "\x1b]0;title\x07\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J\x1b[H\x1b[?1049l",
    "\x9b31m\x90q\x9c",
    "\u202egnirts\u2066 \ufeff \u2028",
    "\udcff surrogate",
    "宽字符 é 👩\u200d💻",
)

"""Widgets of the terminal UI: tables and logs of any length, sheets, the bars around a screen, the drawing."""

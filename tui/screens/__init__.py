"""Screens of the terminal UI, and the dialogs over them."""

"""The terminal UI. It sees core alone and calls the workspace."""

"""Registries that are a directory."""

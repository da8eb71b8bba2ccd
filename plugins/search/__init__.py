"""Searches: runs whose steps are runs."""

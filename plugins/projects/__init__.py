"""Projects that are begun: templates that ship with graftline."""

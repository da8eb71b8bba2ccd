"""graftline: pipelines of plain functions, run durably on one machine and promoted unchanged to others."""

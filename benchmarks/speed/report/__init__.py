"""The report: a page and its plots, rendered from the stored results."""

"""The report: a page and its plots, made of what was measured and of nothing else."""

"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

PATH = click.Path(path_type=Path)
corpus = click.option("--corpus", type=PATH, help="The corpus folder.")
index = click.option("--index", type=PATH, help="The index folder.")
semantic = click.option(
    "--semantic", type=click.IntRange(0, 1), help="1: add embeddings for semantic search."
)
report = click.option(
    "--report", type=click.File("wb", lazy=False), help="Write the problems to a JSON file."
)

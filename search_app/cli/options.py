"""The shared parts of commands: options, exit statuses, the report file, and the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from indexer.catalogue.records import Problem
from indexer.jobs import locations
from indexer.jobs.locations import Location
from search_app.config import Settings

FAILED, WITH_PROBLEMS = 1, 3
"""Exit statuses. 1: the command failed. 3: it succeeded, but some entries have problems."""

PATH = click.Path(path_type=Path)
corpus = click.option("--corpus", type=PATH, help="The corpus folder.")
index = click.option("--index", help="The index folder, or the URL of an index in a cluster.")
semantic = click.option(
    "--semantic", type=click.IntRange(0, 1), help="1: add embeddings for semantic search."
)
encoder = click.option("--encoder", help="Folder of a transformer that makes the embeddings.")
report = click.option(
    "--report", type=click.File("wb", lazy=False), help="Write the problems to a JSON file."
)


def write_report(file: BinaryIO | None, problems: Sequence[Problem]) -> None:
    """Write the problems to the file of the option --report, if there is one."""
    if file:
        report = {"problems": problems}
        file.write(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def open_location(settings: Settings) -> Location:
    """Return the location of the index. Raise ClusterError if the extra for it is missing."""
    return locations.open_location(
        settings.index, settings.work, shards=settings.shards, replicas=settings.replicas
    )

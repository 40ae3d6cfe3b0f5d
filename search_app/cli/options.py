"""The shared parts of commands: options, exit statuses, the report file, and the index."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from indexer.catalogue.records import Problem
from indexer.jobs import locations
from indexer.jobs.locations import Location
from search_app.config import Settings, list_help

FAILED, WITH_PROBLEMS = 1, 3
"""Exit statuses. 1: the command failed. 3: it succeeded, but some entries have problems."""

PATH = click.Path(path_type=Path)


def setting(
    name: str, kind: click.ParamType[Any] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option that overrides a setting, with its help text."""
    return click.option("--" + name.replace("_", "-"), type=kind, help=list_help()[name])


corpus, index = setting("corpus", PATH), setting("index")
semantic, encoder = setting("semantic", click.IntRange(0, 1)), setting("encoder")
report = click.option(
    "--report", type=click.File("wb", lazy=False), help="Write the problems to a JSON file."
)


def write_report(file: BinaryIO | None, problems: Sequence[Problem]) -> None:
    if file:
        report = {"problems": problems}
        file.write(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def open_location(settings: Settings) -> Location:
    """Return the location of the index. Raise ClusterError if the extra for it is missing."""
    return locations.open_location(
        settings.index, settings.work, shards=settings.shards, replicas=settings.replicas
    )

"""The commands that run until they are stopped: `serve`, `watch`, and `mcp`."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import click

from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.extras import describe_installation
from indexer.generations.manifest import IndexUnusable, Manifest
from indexer.ingest import source_files
from search_app import config
from search_app.cli import background_build, options
from search_app.cli.terminal import print_line
from search_app.config import SettingError


@click.command()
@options.corpus
@options.index
@options.encoder
@options.setting("host")
@options.setting("port", click.INT)
@click.option(
    "--watch",
    "builds",
    flag_value="watch",
    help="Rebuild whenever the corpus changes, in a separate process.",
)
@click.option(
    "--no-build",
    "builds",
    flag_value="never",
    help="Serve the index as it is. The server then needs no write access to it.",
)
def serve(builds: Literal["watch", "never"] | None, **given: Path | str | int | None) -> None:
    """Build the index if the corpus has changed, then serve the page.

    If the build fails, the last good index is served. Without one, the exit status is that of
    `pubsearch build`. With --no-build, the server waits for an index in a cluster that is away. If
    both --watch and --no-build are given, the last one counts.
    """
    # Importing the web package here keeps the other commands fast.
    from search_app.web import server
    from search_app.web.app import make_engine, set_process_up

    settings = config.load(os.environ, **given)
    seen = source_files.read_state(settings.corpus) if builds == "watch" else None
    if builds != "never" and not background_build.build_before_serving(settings):
        seen = None
    engine = make_engine(settings)
    set_process_up(engine, settings)
    # An index in a cluster may be away for a while. Until then, the status is 503.
    with nullcontext() if isinstance(settings.index, Path) else suppress(IndexUnusable):
        _warn_of_changed_fields(settings, engine.get_searcher().generation.manifest)
    http_server = server.make_server(settings, engine)
    with background_build.run_builder(settings, seen) if builds == "watch" else nullcontext():
        engine.watch()
        url = f"{settings.host}:{settings.port}{settings.prefix}"
        print_line(f"Open http://{url}/ in a browser. Press Ctrl-C to stop the server.")
        server.run(http_server)


def _warn_of_changed_fields(settings: config.Settings, live: Manifest) -> None:
    """Print a warning if the index was built from other fields than those of the corpus."""
    with suppress(CatalogueError):
        if catalogue_toml.load(settings.corpus).fingerprint != live.schema:
            print_line(
                f"The index of “{live.catalogue.title}” was built from other fields than those of "
                f"{settings.corpus}. Rebuild it, or use another --index."
            )


@click.command()
@options.corpus
@options.index
@options.encoder
@click.option(
    "--interval",
    type=click.FloatRange(min=0.05),
    default=background_build.POLL_SECONDS,
    show_default=True,
    help="Seconds between two checks of the corpus.",
)
def watch(corpus: Path | None, index: str | None, encoder: str | None, interval: float) -> None:
    """Build now, and again whenever the corpus changes, until stopped with Ctrl-C.

    Each outcome is one line.
    """
    settings = config.load(corpus=corpus, index=index, encoder=encoder)
    background_build.build_changes(settings, interval)


@click.command()
@options.index
@options.encoder
def mcp(index: str | None, encoder: str | None) -> None:
    """Let an AI assistant search the index, with the Model Context Protocol (MCP).

    The assistant starts this command, and exchanges messages with it on standard input and
    output. docs/assistants.md explains how to configure an assistant.
    """
    if find_spec("mcp") is None:
        message = "`pubsearch mcp` needs the extra `mcp`, which is not installed"
        raise SettingError(f"{message}. {describe_installation('mcp')}")
    from search_app import mcp_server
    from search_app.web.app import make_engine, set_process_up

    settings = config.load(index=index, encoder=encoder)
    engine = make_engine(settings)
    set_process_up(engine, settings)
    engine.watch()
    if sys.stdin.isatty():
        print_line("Waiting for an assistant on standard input. Press Ctrl-C to stop.", err=True)
    mcp_server.serve(engine, settings)

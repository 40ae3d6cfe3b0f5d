"""Builds with the settings of a server, and the commands that run until they are stopped.

`serve` builds before it opens, and `--watch` again whenever the corpus changes, in a separate
process, so that no request waits for a build. It ends with the server, even if the server is
killed. A failed build is reported in one line, and the live index stays.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from importlib.util import find_spec
from multiprocessing import connection, get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event, Thread
from typing import Literal

import click
import msgspec

from indexer.analysis import embeddings, transformer
from indexer.analysis.embeddings import Encoder
from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.cluster.connection import ClusterAddress
from indexer.errors import HintedError, describe_installation
from indexer.generations.manifest import Generation, IndexLocked, IndexUnusable, Manifest
from indexer.ingest import corpus
from indexer.ingest.corpus import NO_PROGRESS, Progress
from indexer.jobs import build as building
from indexer.jobs.build import BuildResult
from search_app import config
from search_app.cli import evaluation, options, output, terminal
from search_app.cli.terminal import ProgressDisplay, print_line
from search_app.config import SettingError, Settings, load_encoder

POLL_SECONDS = 1.0
"""Seconds between two checks of the corpus. A change is built when two checks in a row agree."""
GRACE_SECONDS = 10.0
"""Seconds for the builder to remove an unfinished generation when its server ends."""
FAILURES = (HintedError, SettingError, OSError, MemoryError)
"""Errors of a build that a user can fix."""


def build(
    settings: Settings, progress: Progress, *, force: bool = False, gate: Path | None = None
) -> BuildResult:
    """Build with these settings. Raise one of FAILURES if nothing can be published.

    `gate` is a file of judged queries.
    """
    suite = evaluation.load(gate) if gate else None
    with _open_encoder(settings) as encoder:
        build_in = partial(
            building.build,
            settings.corpus,
            force=force,
            progress=progress,
            gate=evaluation.make_gate(suite, encoder) if suite else building.ACCEPT_ALL,
            encoder=encoder,
            limits=settings.limits,
        )
        return options.open_location(settings).build(build_in, progress, force=force)


@contextmanager
def _open_encoder(settings: Settings) -> Iterator[Encoder | None]:
    """Yield the encoder of the settings, or None. Raise SettingError if it is not usable."""
    if isinstance(settings.index, ClusterAddress) and (settings.semantic or settings.encoder):
        raise SettingError(
            "an index in a cluster has no semantic search. Build without --semantic and --encoder"
        )
    encoder = load_encoder(settings, threads=os.cpu_count() or 1)
    if encoder:
        with encoder:
            yield encoder
        return
    package = embeddings.load_encoder() if settings.semantic else None
    if settings.semantic and package is None:
        message = "semantic search needs the extra `semantic`, which is not installed"
        raise SettingError(f"{message}. {describe_installation('semantic')}")
    yield package


def _load_live_settings(settings: Settings) -> Settings:
    """Return the settings of a rebuild. It keeps semantic search if the live index has it.

    Raise SettingError if an encoder is missing that the live index was built with.
    """
    live = _load_live(settings)
    model = live.manifest.meaning if live else ""
    if model.startswith(transformer.PREFIX) and not settings.encoder:
        raise SettingError(
            f"the index was built with the encoder {model}. Set PUBSEARCH_ENCODER to its folder, "
            "or run pubsearch build to index without it"
        )
    return msgspec.structs.replace(settings, semantic=settings.semantic or bool(model))


def build_before_serving(settings: Settings) -> bool:
    """Build if the corpus has changed, and report the outcome in one line.

    Return False if another process is building. Wait for that process only if there is no index
    yet. If the build fails, report the error if there is an index to serve. Otherwise raise it.
    """
    is_waiting = False
    while True:
        try:
            with ProgressDisplay([settings.corpus]) as progress:
                result = build(_load_live_settings(settings), progress)
        except FAILURES as error:
            is_busy = isinstance(error, IndexLocked)
            if _load_live(settings):
                print_line(output.format_failure(error, keeps_index=True))
                return not is_busy
            if not is_busy:
                raise
            if not is_waiting:
                print_line(f"Waiting for the first index: {error}.")
            is_waiting = True
            time.sleep(POLL_SECONDS)
        else:
            if result.status == "published" or result.problems:
                print_line(output.format_build_result(result))
            return True


def _load_live(settings: Settings) -> Generation | None:
    with suppress(IndexUnusable):
        return options.open_location(settings).load_live()
    return None


@contextmanager
def run_builder(settings: Settings, seen: corpus.FolderState | None) -> Iterator[None]:
    """Build in a separate process whenever the corpus changes, until the block ends.

    `seen` is the state of the corpus that was built last, or None.
    """
    process = get_context("spawn").Process(
        target=_build_forever, args=(settings, seen), name="builder"
    )
    # The process inherits that it ignores Ctrl-C. The server handles Ctrl-C for both.
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, previous)
    is_ending = Event()
    Thread(target=_report_end, args=(process, is_ending), daemon=True).start()
    try:
        yield
    finally:
        is_ending.set()
        process.terminate()
        process.join(GRACE_SECONDS)
        process.kill()


def _report_end(process: BaseProcess, is_ending: Event) -> None:
    connection.wait([process.sentinel])
    if not is_ending.is_set():
        print_line("The builder has ended, so changes are no longer built. Restart the server.")


def _build_forever(settings: Settings, seen: corpus.FolderState | None) -> None:
    """Build whenever the corpus changes, until SIGTERM or the end of the server."""
    terminal.escape_streams()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    Thread(target=_end_after, args=(parent_process(),), daemon=True).start()
    build_changes(settings, POLL_SECONDS, seen)


def _end_after(server: BaseProcess) -> None:
    server.join()
    os.kill(os.getpid(), signal.SIGTERM)


def build_changes(
    settings: Settings, interval: float, seen: corpus.FolderState | None = None
) -> None:
    """Build whenever the corpus differs from `seen`, and report each outcome in one line."""
    for _ in corpus.watch(settings.corpus, interval=interval, seen=seen):
        while not _is_built(settings):
            time.sleep(interval)


def _is_built(settings: Settings) -> bool:
    """Build, and report the outcome in one line. Return False if another process is building."""
    live = _load_live(settings)
    known = live.manifest.problems if live else ()
    try:
        result = build(_load_live_settings(settings), NO_PROGRESS)
        line = output.format_build_result(result, known)
    except IndexLocked:
        return False
    except FAILURES as error:
        line = output.format_failure(error, keeps_index=live is not None)
    print_line(line)
    return True


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
    seen = corpus.read_state(settings.corpus) if builds == "watch" else None
    if builds != "never" and not build_before_serving(settings):
        seen = None
    engine = make_engine(settings)
    set_process_up(engine, settings)
    # An index in a cluster may be away for a while. Until then, the status is 503.
    with nullcontext() if isinstance(settings.index, Path) else suppress(IndexUnusable):
        _warn_of_changed_fields(settings, engine.get_searcher().generation.manifest)
    http_server = server.make_server(settings, engine)
    with run_builder(settings, seen) if builds == "watch" else nullcontext():
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
    default=POLL_SECONDS,
    show_default=True,
    help="Seconds between two checks of the corpus.",
)
def watch(corpus: Path | None, index: str | None, encoder: str | None, interval: float) -> None:
    """Build now, and again whenever the corpus changes, until stopped with Ctrl-C.

    Each outcome is one line.
    """
    settings = config.load(corpus=corpus, index=index, encoder=encoder)
    build_changes(settings, interval)


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

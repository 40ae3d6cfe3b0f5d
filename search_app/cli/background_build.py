"""Build the index of a server before it opens, and again whenever the corpus changes.

A separate process rebuilds, so that no request waits for a build. It ends with the server, even if
the server is killed. A failed build is reported in one line, and the live index stays.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import connection, get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event, Thread

import msgspec

from indexer.analysis import embeddings, transformer
from indexer.analysis.embeddings import Encoder, EncoderError
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.cluster.connection import ClusterAddress
from indexer.extras import describe_installation
from indexer.generations.manifest import Generation, IndexLocked, IndexUnusable
from indexer.ingest import source_files
from indexer.ingest.corpus import NO_PROGRESS, Progress
from indexer.jobs import build as building
from indexer.jobs.build import BuildRejected, BuildResult
from indexer.readers.registry import ReaderError
from search_app.cli import evaluation, options, output, terminal
from search_app.cli.terminal import ProgressDisplay, print_line
from search_app.config import SettingError, Settings, load_encoder

POLL_SECONDS = 1.0
"""Seconds between two checks of the corpus. A change is built when two checks in a row agree."""
GRACE_SECONDS = 10.0
"""Seconds for the builder to remove an unfinished generation when its server ends."""
FAILURES = (
    BuildRejected,
    CatalogueError,
    EncoderError,
    ReaderError,
    IndexUnusable,
    SettingError,
    OSError,
    MemoryError,
)
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
def run_builder(settings: Settings, seen: source_files.FolderState | None) -> Iterator[None]:
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


def _build_forever(settings: Settings, seen: source_files.FolderState | None) -> None:
    """Build whenever the corpus changes, until SIGTERM or the end of the server."""
    terminal.escape_streams()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    Thread(target=_end_after, args=(parent_process(),), daemon=True).start()
    build_changes(settings, POLL_SECONDS, seen)


def _end_after(server: BaseProcess) -> None:
    server.join()
    os.kill(os.getpid(), signal.SIGTERM)


def build_changes(
    settings: Settings, interval: float, seen: source_files.FolderState | None = None
) -> None:
    """Build whenever the corpus differs from `seen`, and report each outcome in one line."""
    for _ in source_files.watch(settings.corpus, interval=interval, seen=seen):
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

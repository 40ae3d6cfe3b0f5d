"""Build the index of a server: before it opens, and then whenever the corpus changes.

A process of its own does the latter, so that no request waits for a build. It ends with the server,
even if the server is killed. A failed build is reported in one line, and the live index stays.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event, Thread
from typing import Any

import click
import msgspec

from indexer.analysis import embeddings
from indexer.analysis.embeddings import Encoder
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.generations import directory
from indexer.generations.manifest import IndexBusy, IndexUnusable
from indexer.ingest import watcher
from indexer.ingest.corpus import SILENT, Progress
from indexer.ingest.watcher import State
from indexer.jobs import build as building
from indexer.jobs.build import Outcome, Refused
from search_app.cli import evaluation, output
from search_app.cli.progress import Meter
from search_app.config import SettingError, Settings

LOOKED = 1.0
"""Seconds between two looks at the corpus. A change is built once two looks have seen the same."""
GRACE = 10.0
"""Seconds that the builder has to remove a half-written generation when its server ends."""
FAILURES = (Refused, CatalogueError, IndexUnusable, SettingError, OSError, MemoryError)
"""The errors with which a build ends for a reason that a person can fix."""


def build(
    settings: Settings, progress: Progress, *, force: bool = False, gate: Path | None = None
) -> Outcome:
    """Build as the settings say. Raise one of FAILURES if nothing can be published."""
    passes = evaluation.gate(evaluation.load(gate)) if gate else building.OPEN
    return building.build(
        settings.corpus, settings.index, force=force, progress=progress, gate=passes,
        encoder=_encoder(settings), limits=settings.limits,
    )  # fmt: skip


def _encoder(settings: Settings) -> Encoder | None:
    """Return the encoder for semantic search if the settings ask for it. Raise SettingError."""
    if not settings.semantic:
        return None
    found = embeddings.encoder()
    if found is None:
        what = "what publications mean can't be noted: the extra for it is not installed"
        raise SettingError(f"{what}. Run: pip install '.[semantic]'")
    return found


def _live_settings(settings: Settings) -> Settings:
    """Return the settings for a rebuild, which keeps semantic search if the live index has it."""
    with suppress(IndexUnusable):
        if directory.current(settings.index).manifest.meaning:
            return msgspec.structs.replace(settings, semantic=True)
    return settings


def build_before_serving(settings: Settings) -> bool:
    """Build what has changed, and report it in one line. Return whether the build took place.

    If it fails and there is an index to serve, report why; without one, raise the error. If
    another process builds, do not wait for it, unless there is no index yet.
    """
    is_waiting = False
    while True:
        try:
            with Meter(settings.corpus) as meter:
                outcome = build(_live_settings(settings), meter)
        except FAILURES as error:
            is_busy = isinstance(error, IndexBusy)
            if _has_index(settings):
                click.echo(output.failure_line(error))
                return not is_busy
            if not is_busy:
                raise
            if not is_waiting:
                click.echo(f"Waiting for the first index: {error}.")
            is_waiting = True
            time.sleep(LOOKED)
            continue
        if outcome.status == "published" or outcome.problems:
            click.echo(output.outcome_line(outcome))
        return True


def _has_index(settings: Settings) -> bool:
    with suppress(IndexUnusable):
        directory.current(settings.index)
        return True
    return False


@contextmanager
def going_on(settings: Settings, seen: State | None) -> Iterator[None]:
    """Build in a process of its own whenever the corpus changes, until the block ends.

    `seen` is the state of the corpus that was built already, if any.
    """
    process = get_context("spawn").Process(target=_go_on, args=(settings, seen), name="builder")
    with _ctrl_c_ignored():
        process.start()
    is_ending = Event()
    Thread(target=_report_end, args=(process, is_ending), daemon=True).start()
    try:
        yield
    finally:
        is_ending.set()
        process.terminate()
        process.join(GRACE)
        process.kill()


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    """Have processes begun in this block ignore Ctrl-C. The server answers it, and ends them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _report_end(process: BaseProcess, is_ending: Event) -> None:
    connection.wait([process.sentinel])
    if not is_ending.is_set():
        click.echo("The builder ended: changes are no longer built. Start the server again.")


def _go_on(settings: Settings, seen: State | None) -> None:
    """Build whenever the corpus changes, until SIGTERM or until the server is gone."""
    signal.signal(signal.SIGTERM, _ended)
    Thread(target=_end_after, args=(parent_process(),), daemon=True).start()
    for _ in watcher.watch(settings.corpus, interval=LOOKED, seen=seen):
        while not _is_built(settings):
            time.sleep(LOOKED)


def _ended(*_: Any) -> None:  # noqa: ANN401
    sys.exit()


def _end_after(server: BaseProcess) -> None:
    server.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _is_built(settings: Settings) -> bool:
    """Build, and report the result in one line. Return False if another process builds."""
    try:
        line = output.outcome_line(build(_live_settings(settings), SILENT))
    except IndexBusy:
        return False
    except FAILURES as error:
        line = output.failure_line(error)
    click.echo(line)
    return True

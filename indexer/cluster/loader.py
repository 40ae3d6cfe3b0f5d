"""Load a local generation into the two indexes of a cluster, and check it there.

A load that was cut off is continued by the next one of the same generation.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec
from opensearchpy.exceptions import TransportError

from indexer.cluster import bulk, changes, files, mapping, mirror, ownership
from indexer.cluster.changes import Load
from indexer.cluster.connection import ClusterError
from indexer.cluster.documents import Source
from indexer.cluster.errors import explain, translate_errors
from indexer.cluster.fulltext_file import FULLTEXT_WORDS, write_words
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.opened_generation import OpenedGeneration, open_generation
from indexer.cluster.ownership import IndexMetadata, State
from indexer.cluster.vocabulary_file import VOCABULARY, write_vocabulary
from indexer.generations import publish as local_publish
from indexer.generations.manifest import (
    MANIFEST,
    MANIFEST_DIGEST,
    SEGMENT,
    Generation,
    Manifest,
)

RECORD_SECONDS = 10.0
"""Seconds between two records of the progress of a load, each a change of the cluster's state."""
COPY_SECONDS = 1800
"""Seconds that the nodes may take for the copies of a generation."""
_REQUEST_SECONDS = 600
"""Seconds that a node may take to refresh, flush, or clone an index."""

_LOADING_SETTINGS = {
    "number_of_replicas": 0,
    "refresh_interval": "-1",
    "blocks.write": None,
}
_LIVE_SETTINGS = {
    "refresh_interval": None,
    "translog.durability": None,
    "translog.flush_threshold_size": None,
    "blocks.write": True,
}


class IndexOptions(NamedTuple):
    """The number of shards, and of copies of each besides the first.

    If `replicas` is None, there is one, or none in a cluster of one data node.
    """

    shards: int = 1
    replicas: int | None = None


class _Target(NamedTuple):
    """An index that is ready for a load."""

    load: Load
    source: Source
    metadata: IndexMetadata


class Loader:
    """Loads one generation. Its two indexes are `documents` and `files`."""

    def __init__(
        self, generations: ClusterGenerations, local: Generation, former: Generation | None,
        state: State, options: IndexOptions,
    ) -> None:  # fmt: skip
        self._generations, self._client, self._local = generations, generations.client, local
        self._state, self._options = state, options
        self._documents = generations.get_documents_index(local.name)
        self._files = generations.get_files_index(local.name)
        self._opened = open_generation(local)
        self._former = self._open_former(former) if former else None

    def _open_former(self, former: Generation) -> OpenedGeneration | None:
        """Return a generation if it is live, and its documents follow the same rules."""
        if self._state.live != (former.name,) or not former.has_segment:
            return None
        opened = open_generation(former)
        return opened if opened.rules == self._opened.rules else None

    def choose_replicas(self) -> int:
        """Return the number of copies. Raise ClusterError if the cluster has too few nodes."""
        nodes, wanted = bulk.count_data_nodes(self._client), self._options.replicas
        if wanted is None:
            return 1 if nodes > 1 else 0
        if wanted >= nodes:
            raise ClusterError(
                f"{wanted} replicas need {wanted + 1} nodes with data, but the cluster has {nodes}",
                "Set PUBSEARCH_REPLICAS to a smaller number, or add nodes",
            )
        return wanted

    def load_documents(self, report: Callable[[int, int], object]) -> None:
        """Fill the index of documents. Raise ClusterError if their number is wrong."""
        target = self._resume() or self._clone() or self._create()
        skipped, recorded = target.metadata.accepted, time.monotonic()

        def record(done: int) -> None:
            nonlocal recorded
            accepted = skipped + done
            report(accepted, target.load.size)
            if time.monotonic() - recorded >= RECORD_SECONDS:
                metadata = msgspec.structs.replace(target.metadata, accepted=accepted)
                self._generations.write_metadata(self._documents, metadata)
                recorded = time.monotonic()

        actions = self._opened.list_actions(target.load, target.source, skipped)
        bulk.load(self._client, self._documents, actions, record)
        with translate_errors(f"{self._documents} can't be flushed"):
            self._client.indices.refresh(index=self._documents, request_timeout=_REQUEST_SECONDS)
            # A copy on another node starts with the last commit that is known to be safe. Without
            # the second flush, it waits forever for later operations, which have no source.
            for _ in range(2):
                self._client.indices.flush(
                    index=self._documents, force="true", request_timeout=_REQUEST_SECONDS
                )
        count, wanted = self._generations.count(self._local.name), self._opened.segment.size
        if count != wanted:
            self._generations.delete([self._documents])
            raise ClusterError(
                f"{self._documents} has {count} documents instead of {wanted}",
                "A node may have failed. Build again",
            )

    def load_files(self) -> None:
        """Store the files of the generation, and read them back."""
        with TemporaryDirectory() as name:
            sealed = self._seal_files(Path(name))
            if self._files in self._state.indexes:
                self._generations.delete([self._files])
            metadata = IndexMetadata(catalogue=self._generations.name)
            ownership.create_index(self._client, self._files, mapping.make_files_index(), metadata)
            names = (MANIFEST, MANIFEST_DIGEST, *sealed.manifest.files)
            files.upload(self._client, self._files, sealed.folder, names)
            with translate_errors(f"{self._files} can't be flushed"):
                self._client.indices.flush(index=self._files)
            mirror.download(self._generations, self._local.name, Path(name) / "read" / "back")

    def finish(self, replicas: int) -> None:
        """Make copies, wait for them, and protect the indexes from further writes."""
        indexes = f"{self._documents},{self._files}"
        with translate_errors(f"the settings of {indexes} can't be changed"):
            settings = {"index": _LIVE_SETTINGS | {"number_of_replicas": replicas}}
            self._client.indices.put_settings(index=indexes, body=settings)
        deadline = time.monotonic() + COPY_SECONDS
        while not self._is_green(indexes):
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{indexes} have no copy on other nodes after {COPY_SECONDS} s",
                    "Check the disk space of the nodes, and build again",
                )

    def _is_green(self, indexes: str) -> bool:
        """Wait for up to 30 s. Return whether all copies are complete."""
        try:
            health = self._client.cluster.health(
                index=indexes, wait_for_status="green", request_timeout=bulk.TIMEOUT
            )
        except TransportError as error:
            if error.status_code == HTTPStatus.REQUEST_TIMEOUT:
                return False
            failure = explain(error)
            raise ClusterError(
                f"the health of {indexes} can't be read: {failure.reason}", failure.hint
            ) from error
        return not health["timed_out"]

    def _resume(self) -> _Target | None:
        """Return the target of a load that was cut off. If it can't be continued, delete it."""
        if self._documents not in self._state.indexes:
            return None
        metadata = self._generations.read_metadata(self._local.name)
        if metadata and self._can_resume(metadata):
            source, load = (
                self._opened.make_source(metadata.salt),
                changes.list_all(self._opened.segment),
            )
            if metadata.source and self._former:
                load = self._find_changes(self._former, source)
            with translate_errors(f"the settings of {self._documents} can't be changed"):
                settings = {"index": _LOADING_SETTINGS}
                self._client.indices.put_settings(index=self._documents, body=settings)
            return _Target(load, source, metadata)
        self._generations.delete([self._documents])
        return None

    def _can_resume(self, metadata: IndexMetadata) -> bool:
        former = self._former.name if self._former else ""
        return (
            metadata.generation == self._local.name
            and metadata.format == mapping.FORMAT
            and metadata.shards == self._options.shards
            and metadata.source in {"", former}
        )

    def _clone(self) -> _Target | None:
        """Clone the live index if most documents are unchanged. Return the target, or None."""
        if not self._former:
            return None
        cloned = self._generations.read_metadata(self._former.name)
        if (
            not cloned or cloned.format != mapping.FORMAT or cloned.shards != self._options.shards
        ):  # fmt: skip
            return None
        source = self._opened.make_source(cloned.salt)
        if source.groups.salt != cloned.salt:
            return None
        load = self._find_changes(self._former, source)
        if load.size > self._opened.segment.size // 2:
            return None
        body = {"settings": {"index": _LOADING_SETTINGS}}
        with translate_errors(f"{self._documents} can't be cloned"):
            self._client.indices.clone(
                index=self._generations.get_documents_index(self._former.name),
                target=self._documents, body=body, request_timeout=_REQUEST_SECONDS,
            )  # fmt: skip
        metadata = msgspec.structs.replace(
            cloned, generation=self._local.name, source=self._former.name, accepted=0
        )
        self._generations.write_metadata(self._documents, metadata)
        return _Target(load, source, metadata)

    def _create(self) -> _Target:
        """Create an index without documents. Return the target."""
        source = self._opened.make_source()
        metadata = IndexMetadata(
            catalogue=self._generations.name, generation=self._local.name, format=mapping.FORMAT,
            salt=source.groups.salt, shards=self._options.shards,
        )  # fmt: skip
        body = mapping.make_index(
            self._local.manifest.catalogue,
            self._options.shards,
            has_texts=self._opened.texts is not None,
        )
        ownership.create_index(self._client, self._documents, body, metadata)
        return _Target(changes.list_all(self._opened.segment), source, metadata)

    def _find_changes(self, former: OpenedGeneration, source: Source) -> Load:
        return changes.find_changes(former.make_source(source.groups.salt), source)

    def _seal_files(self, folder: Path) -> Generation:
        """Write the files for readers to a folder, with a manifest that lists only these.

        Its predecessor is the generation that is live in the cluster.
        """
        partial = folder / self._local.name
        partial.mkdir()
        for name in self._local.manifest.files:
            if not name.startswith(f"{SEGMENT}/"):
                shutil.copyfile(self._local.folder / name, partial / name)
        write_vocabulary(self._opened.segment, partial / VOCABULARY)
        if self._opened.texts is not None:
            write_words(self._opened.texts, partial / FULLTEXT_WORDS)
        after = self._state.live[0] if self._state.live else None
        draft: Manifest = msgspec.structs.replace(self._local.manifest, after=after)
        return local_publish.seal(partial, draft)

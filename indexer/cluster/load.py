"""Load a local generation into a cluster, check it there, and make it live.

Nothing changes for readers until the alias is set. If the documents of the live generation have the
same mapping, its index is cloned, and only documents with another digest are sent.
"""

import shutil
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import NamedTuple

import msgspec
from opensearchpy import OpenSearch, helpers
from opensearchpy.exceptions import TransportError
from opensearchpy.helpers import BulkIndexError

from indexer.cluster import mapping, vocabulary_file
from indexer.cluster.connection import ClusterError
from indexer.cluster.documents import Action, list_documents
from indexer.cluster.errors import find_hint, translate_errors
from indexer.cluster.generations import PART_BYTES, REQUEST_SECONDS, ClusterGenerations, Mark, State
from indexer.cluster.mapping import FORMAT
from indexer.codec.segment.array_file import CorruptSegment
from indexer.codec.segment.fulltext import open_texts
from indexer.codec.segment.reader import Segment
from indexer.generations import publish as local_publish
from indexer.generations.manifest import (
    MANIFEST,
    MANIFEST_DIGEST,
    SEGMENT,
    Generation,
    IndexOutdated,
)
from indexer.generations.publish import KEEP_GENERATIONS

BODY_BYTES = 5_000_000
"""Limit on the bytes of a request, unless a document is larger. Larger ones are not faster."""
BODY_DOCUMENTS = 1000
"""Limit on the documents of a request."""
REPEATS = 8
"""How often documents are sent again that a busy node refused, with pauses of up to 30 s."""
COPY_SECONDS = 1800
"""Seconds that the nodes may take for the copies of a generation."""

_LOADING = {"number_of_replicas": 0, "refresh_interval": "-1", "blocks.write": None}
_LIVE = {"refresh_interval": None, "blocks.write": True}

Report = Callable[[int, int], object]
"""Receives the number of documents that are in the cluster, and of all."""


class IndexOptions(NamedTuple):
    """The number of shards, and of copies of each besides the first.

    If `replicas` is None, there is one, or none in a cluster of one data node.
    """

    shards: int = 1
    replicas: int | None = None


DEFAULT_OPTIONS = IndexOptions()


def publish(
    generations: ClusterGenerations, local: Generation, options: IndexOptions = DEFAULT_OPTIONS, *,
    force: bool = False, check_marker: Callable[[], object] = lambda: None,
    report: Report = lambda _done, _all: None,
) -> None:  # fmt: skip
    """Load a local generation, and make it live. Prune old ones.

    With `force`, nothing is taken from the live generation. `check_marker` raises IndexLocked if
    another build took over. Raise ClusterError, IndexLocked, IndexOutdated, or OSError. The live
    generation is unchanged then.
    """
    nodes = _count_data_nodes(generations)
    replicas = min(1, nodes - 1) if options.replicas is None else options.replicas
    if replicas >= nodes:
        raise ClusterError(
            f"{replicas} replicas need {replicas + 1} nodes with data, but the cluster has {nodes}",
            "Set PUBSEARCH_REPLICAS to a smaller number, or add nodes",
        )
    generations.prune(KEEP_GENERATIONS)
    state = generations.claim()
    index, files = (
        generations.get_documents_index(local.name), generations.get_files_index(local.name)
    )  # fmt: skip
    generations.delete([each for each in (index, files) if each in state.marks])
    mark = Mark(generations.name, FORMAT, local.manifest.schema, options.shards)
    try:
        _load_documents(generations, local, mark, None if force else state, nodes, report)
        _load_files(generations, local, state)
    except (CorruptSegment, KeyError) as error:
        message = f"the generation {local.name} cannot be read: {error}"
        raise IndexOutdated(message, "Run: pubsearch build --force") from error
    _finish(generations, f"{index},{files}", replicas)
    count, wanted = generations.count(local.name), local.manifest.publications
    if count != wanted:
        raise ClusterError(
            f"{index} has {count} documents instead of {wanted}",
            "A node may have failed. Build again",
        )
    check_marker()
    after = max(state.live, default="")
    complete = msgspec.structs.replace(mark, generation=local.name, after=after)
    generations.set_mark(index, complete)
    try:
        generations.set_live(local.name, state)
    except ClusterError:
        with suppress(ClusterError):  # it is not published, so the next build continues with it
            generations.set_mark(index, mark)
        raise
    generations.prune(KEEP_GENERATIONS)


def _count_data_nodes(generations: ClusterGenerations) -> int:
    with translate_errors("the health of the cluster can't be read"):
        return int(generations.client.cluster.health()["number_of_data_nodes"])


def _load_documents(
    generations: ClusterGenerations, local: Generation, mark: Mark, state: State | None,
    nodes: int, report: Report,
) -> None:  # fmt: skip
    """Fill the index of documents, from a clone of the live one if it has the same mapping."""
    segment = Segment(local.segment, local.manifest.catalogue)
    texts = open_texts(local.segment, local.manifest.catalogue)
    client, index = generations.client, generations.get_documents_index(local.name)
    known = _clone(generations, index, mark, state) if state else None
    if known is None:
        body = mapping.make_index(local.manifest.catalogue, mark.shards)
        generations.create(index, body, mark)
    stored = known or {}

    def list_actions() -> Iterator[Action]:
        for number, document in enumerate(list_documents(segment, texts, local.read_dates()), 1):
            if stored.pop(document.id, "") != document.digest:
                yield document
            if not number % BODY_DOCUMENTS or number == segment.size:
                report(number, segment.size)
        yield from map(Action, stored)

    send(client, index, map(Action.to_lines, list_actions()), nodes + 1)
    with translate_errors(f"{index} can't be refreshed"):
        client.indices.refresh(index=index, request_timeout=REQUEST_SECONDS)


def _clone(
    generations: ClusterGenerations, index: str, mark: Mark, state: State
) -> dict[str, str] | None:
    """Clone the live index, if its documents have the same mapping.

    Return the digest of each document by its `_id`, or None.
    """
    live = generations.get_documents_index(state.live[0]) if len(state.live) == 1 else ""
    former = state.marks.get(live)
    if not former or msgspec.structs.replace(former, generation="", after="") != mark:
        return None
    client = generations.client
    with translate_errors(f"{live} can't be cloned"):
        client.indices.clone(
            index=live, target=index, body={"settings": {"index": _LOADING}},
            params={"wait_for_active_shards": 1}, request_timeout=REQUEST_SECONDS,
        )  # fmt: skip
        generations.set_mark(index, mark)
        found = helpers.scan(
            client, index=live, size=5000, request_timeout=REQUEST_SECONDS,
            query={"_source": False, "docvalue_fields": ["digest"]},
        )  # fmt: skip
        return {hit["_id"]: hit["fields"]["digest"][0] for hit in found}


def send(
    client: OpenSearch, index: str, actions: Iterable[tuple[str, str | None]], threads: int
) -> None:
    """Send the lines of actions to an index, with some requests at a time.

    A document replaces the one with the same `_id`, so a request can be repeated after a failure.
    """
    lock, remaining = Lock(), iter(actions)

    def take() -> Iterator[tuple[str, str | None]]:
        while True:
            with lock:
                action = next(remaining, None)
            if action is None:
                return
            yield action

    def send_part() -> None:
        sent = helpers.streaming_bulk(
            client, take(), index=index, chunk_size=BODY_DOCUMENTS,
            max_chunk_bytes=BODY_BYTES, max_retries=REPEATS, initial_backoff=1, max_backoff=30,
            expand_action_callback=lambda lines: lines, request_timeout=REQUEST_SECONDS,
        )  # fmt: skip
        for _ in sent:
            pass

    with ThreadPoolExecutor(threads) as pool, translate_errors(f"{index} accepts no documents"):
        started = [pool.submit(send_part) for _ in range(threads)]
        try:
            for each in started:
                each.result()
        except BulkIndexError as error:
            raise _explain(index, error) from error
        finally:
            with lock:
                remaining = iter(())  # after a failure, the other threads end


def _explain(index: str, failed: BulkIndexError) -> ClusterError:
    """Return the error for documents that the cluster did not accept."""
    outcome = next(iter(failed.errors[0].values()))
    error, status = outcome.get("error") or {}, int(outcome.get("status", 0))
    reason = f"{error.get('type')}: {error.get('reason')}" if isinstance(error, dict) else error
    if status == HTTPStatus.BAD_REQUEST:
        return ClusterError(
            f"{index} rejected the document {outcome.get('_id')}: {reason}",
            "Report this, with the source record of this publication",
        )
    return ClusterError(
        f"{index} accepts no documents: {reason}", f"{find_hint(status, reason)}. Then build again"
    )


def write_reader_files(local: Generation, folder: Path) -> None:
    """Write the files that readers need to a folder: those beside the segment, and the words."""
    for file in local.manifest.files:
        if not file.startswith(f"{SEGMENT}/"):
            shutil.copyfile(local.folder / file, folder / file)
    catalogue = local.manifest.catalogue
    segment, texts = Segment(local.segment, catalogue), open_texts(local.segment, catalogue)
    vocabulary_file.write_vocabulary(segment, texts, folder / vocabulary_file.VOCABULARY)


def _load_files(generations: ClusterGenerations, local: Generation, state: State) -> None:
    """Store the files that readers need, with a manifest that lists only these. Read them back."""
    index = generations.get_files_index(local.name)
    with TemporaryDirectory() as name:
        partial = Path(name) / local.name
        partial.mkdir()
        write_reader_files(local, partial)
        after = max(state.live, default=None)
        sealed = local_publish.seal(partial, msgspec.structs.replace(local.manifest, after=after))
        generations.create(index, mapping.FILES_INDEX, Mark(generations.name))
        names = (MANIFEST, MANIFEST_DIGEST, *sealed.manifest.files)
        send(generations.client, index, _list_parts(partial, names), 1)
        generations.download(local.name, Path(name) / "read" / local.name)


def _list_parts(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the lines of the documents of some files, each a part."""
    for name in names:
        data = (folder / name).read_bytes()
        for start in range(0, max(len(data), 1), PART_BYTES):
            action = {"index": {"_id": f"{name}:{start // PART_BYTES}"}}
            part = b64encode(data[start : start + PART_BYTES]).decode()
            yield msgspec.json.encode(action).decode(), f'{{"data":"{part}"}}'


def _finish(generations: ClusterGenerations, indexes: str, replicas: int) -> None:
    """Make copies, wait for them, and protect the indexes from further writes."""
    client = generations.client
    with translate_errors(f"the settings of {indexes} can't be changed"):
        client.indices.flush(index=indexes, request_timeout=REQUEST_SECONDS)
        settings = {"index": _LIVE | {"number_of_replicas": replicas}}
        client.indices.put_settings(index=indexes, body=settings)
    end = time.monotonic() + COPY_SECONDS
    while time.monotonic() < end:
        with translate_errors(f"the health of {indexes} can't be read"):
            try:
                if not client.cluster.health(index=indexes, wait_for_status="green")["timed_out"]:
                    return
            except TransportError as error:
                if error.status_code != HTTPStatus.REQUEST_TIMEOUT:
                    raise
    raise ClusterError(
        f"{indexes} have no copy on other nodes after {COPY_SECONDS} s",
        "Check the disk space of the nodes, and build again",
    )

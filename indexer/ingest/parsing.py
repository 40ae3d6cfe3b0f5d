"""Parse chunks into publications: in this process, or ahead of it in a second one.

The chunks of a large file are parsed in batches in a second process while the build writes the
publications of earlier ones. The result is the same: a chunk is parsed without knowledge of others.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import cached_property, partial
from itertools import chain
from typing import NamedTuple, Protocol

import msgspec

from indexer.catalogue import access
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Chunk, Problem, Publication
from indexer.ingest import validation
from indexer.ingest.build_process import BuildProcess
from indexer.ingest.source_files import SourceFile
from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import Source
from indexer.readers import registry
from indexer.readers.base import Reader

BYTES_BEFORE_PROCESS = 8 << 20
"""After this many bytes of new chunks of a file, a second process parses. It starts in the time in
which one process parses about as much."""
BATCH_BYTES = 1 << 19
_MAX_PIECES = 4096
"""Limits on the new bytes and on all chunks of a batch."""
_MAX_BATCHES_AHEAD = 16
"""Maximum number of batches that are parsed ahead: the work during two batches of the writer."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[list[Publication]]).decode


class PreviousIndex(Protocol):
    """An earlier index of the same catalogue. Its publications are numbered from 0."""

    @property
    def docs_by_digest(self) -> Mapping[bytes, range]:
        """Numbers of the publications of each chunk, by its digest (16 bytes)."""

    @property
    def all_ids(self) -> Sequence[str]:
        """Ids of all publications, by number."""

    @property
    def all_lines(self) -> Sequence[int]:
        """Line of each publication in its source file, by number."""


class ParsedChunk(NamedTuple):
    """The publications of a chunk, without the ancestors of their values, and its problems.

    `unused` counts the columns that no row uses. `columns` are those that the source had not before
    in this process.
    """

    publications: Sequence[Publication]
    problems: Sequence[Problem] = ()
    unused: Mapping[str, int] = {}
    columns: Sequence[str] = ()


class PendingChunk(NamedTuple):
    """A chunk of a file, and a function that returns it parsed.

    `digest` is that of its bytes and the rules for reading them. `known` has the numbers of its
    publications in the earlier index, if that contains the chunk.
    """

    chunk: Chunk
    digest: bytes
    known: Sequence[int]
    parse: Callable[[], ParsedChunk]

    @property
    def line(self) -> int:
        """The line of the chunk, from 1, or 0 for the whole file."""
        return self.chunk.line


Piece = PendingChunk | Problem
"""A part of a file: a chunk, or a problem where the reader found no chunk."""


def parse_chunk(
    chunk: Chunk, reader: Reader, mapper: Mapper | None, catalogue: Catalogue, limits: Limits
) -> ParsedChunk:
    """Return a chunk, parsed. Without a mapper, its columns have the names of the catalogue."""
    problems: list[Problem] = []
    publications: list[Publication] = []
    unused: Counter[str] = Counter()
    for record in reader.parse(chunk, limits):
        if isinstance(record, Problem):
            problems.append(record)
            continue
        if mapper:
            entry = mapper.map(record, limits)
            if mapper.cut_rows:
                hint = suggest_raising("longest_field")
                if any(row.restricted for row in catalogue.valued if row.name in mapper.cut_rows):
                    hint += access.UNTIL_THEN
                message = f"the templates of {', '.join(sorted(mapper.cut_rows))} join too much"
                problems.append(Problem(record.source.file, record.source.line, message, hint))
        else:
            entry = record
            names = {prop.name for prop in record.properties}
            unused.update(names - catalogue.by_source_name.keys())
        if publication := validation.validate(entry, catalogue, problems.append, limits):
            publications.append(publication)
    if not mapper:
        return ParsedChunk(publications, problems, unused)
    return ParsedChunk(publications, problems, mapper.take_unknown(), mapper.take_new_columns())


class ChunkParser(BuildProcess):
    """The parser of the chunks of a corpus, with a second process for large files.

    Chunks that `previous` contains are not parsed unless they are asked for.
    """

    def __init__(
        self, catalogue: Catalogue, limits: Limits, previous: PreviousIndex | None = None
    ) -> None:
        super().__init__()
        self._catalogue, self._limits = catalogue, limits
        self._known: Mapping[bytes, Sequence[int]] = previous.docs_by_digest if previous else {}

    def parse(self, chunk: Chunk, source: SourceFile) -> ParsedChunk:
        """Return a chunk, parsed in this process."""
        return parse_chunk(chunk, source.reader, source.mapper, self._catalogue, self._limits)

    def parse_ahead(self, pieces: Iterable[Chunk | Problem], source: SourceFile) -> Iterator[Piece]:
        """Yield the parts of a file in order. New chunks are parsed ahead if there are many."""
        rules = source.mapper.digest if source.mapper else b""
        looked_up = (self._look_up(piece, source, rules) for piece in pieces)
        unparsed, max_unparsed = 0, BATCH_BYTES if self.is_started else BYTES_BEFORE_PROCESS
        for piece in looked_up:
            yield piece
            unparsed += _count_new_bytes(piece)
            if unparsed > max_unparsed:
                break
        # The process has the readers of the registry only.
        if registry.find_reader(source.reader.NAME) is not source.reader:
            yield from looked_up
        batches: deque[list[Piece]] = deque()
        for batch in _split_batches(looked_up):
            batches.append(self._submit(batch, source))
            if len(batches) > _MAX_BATCHES_AHEAD:
                yield from batches.popleft()
        yield from chain.from_iterable(batches)

    def _look_up(self, piece: Chunk | Problem, source: SourceFile, rules: bytes) -> Piece:
        if isinstance(piece, Problem):
            return piece
        digest = piece.compute_digest(rules)
        known, parse = self._known.get(digest, ()), partial(self.parse, piece, source)
        return PendingChunk(piece, digest, known, parse)

    def _submit(self, batch: list[Piece], source: SourceFile) -> list[Piece]:
        """Parse the new chunks of a batch in the process. Return the batch."""
        new = [piece for piece in batch if isinstance(piece, PendingChunk) and not piece.known]
        if not new:
            return batch
        if not self.is_started:
            self.submit(_begin, self._catalogue, self._limits)
        rules = source.mapper.source if source.mapper else None
        chunks = [pending.chunk for pending in new]
        results = _Results(self.submit(_parse_batch, source.reader.NAME, rules, chunks))
        sent = (
            PendingChunk(chunk, digest, known, partial(results.get, number))
            for number, (chunk, digest, known, _) in enumerate(new)
        )
        return [next(sent) if _count_new_bytes(piece) else piece for piece in batch]


def _count_new_bytes(piece: Piece) -> int:
    """Return the size of a chunk that must be parsed, at least 1, and 0 for any other piece."""
    if isinstance(piece, Problem) or piece.known:
        return 0
    return max(1, len(piece.chunk.data))


def _split_batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    batch: list[Piece] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += _count_new_bytes(piece)
        if size > BATCH_BYTES or len(batch) == _MAX_PIECES:
            yield batch
            batch, size = [], 0
    yield batch


_Reports = list[tuple[Sequence[Problem], Mapping[str, int], Sequence[str]]]


class _Results:
    """The parsed chunks of a batch, which the process may not have returned yet."""

    def __init__(self, future: Future[tuple[bytes, _Reports]]) -> None:
        self._future = future

    @cached_property
    def _chunks(self) -> list[ParsedChunk]:
        packed, reports = self._future.result()
        return [
            ParsedChunk(publications, *report)
            for publications, report in zip(_decode(packed), reports, strict=True)
        ]

    def get(self, number: int) -> ParsedChunk:
        """Return a chunk of the batch, parsed. Wait for the process if necessary."""
        return self._chunks[number]


class _State(NamedTuple):
    """State of the process between batches. `mappers` has the mapper of each source, by file."""

    catalogue: Catalogue
    limits: Limits
    mappers: dict[str, Mapper]


_state: _State


def _begin(catalogue: Catalogue, limits: Limits) -> None:
    global _state  # noqa: PLW0603  kept from batch to batch
    _state = _State(catalogue, limits, {})


def _parse_batch(
    reader_name: str, rules: Source | None, chunks: Sequence[Chunk]
) -> tuple[bytes, _Reports]:
    """Return the publications of each chunk, encoded, and what else was found in it."""
    catalogue, limits, mappers = _state
    reader = registry.find_reader(reader_name)
    assert reader is not None
    mapper = None
    if rules:
        mapper = mappers.get(rules.file) or Mapper(rules, reader, catalogue)
        mappers[rules.file] = mapper
    parsed = [parse_chunk(chunk, reader, mapper, catalogue, limits) for chunk in chunks]
    return _encode([chunk.publications for chunk in parsed]), [chunk[1:] for chunk in parsed]

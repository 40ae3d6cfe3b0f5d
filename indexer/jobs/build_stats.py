"""Count the items of a build, and compare them with the live generation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from itertools import islice

import msgspec

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import DIGEST_BYTES, Item, Parsed, Problem
from indexer.catalogue.retired import RetiredIds
from indexer.catalogue.tested_links import LinkResult
from indexer.catalogue.thesaurus import Thesaurus
from indexer.codec.segment.attached_texts import Attached
from indexer.codec.writer import ValueCounts
from indexer.fulltext.documents import make_version
from indexer.generations.manifest import Changes, Generation, Manifest
from indexer.ingest.progress import NO_PROGRESS, Progress

BATCH_SIZE = 4096
"""Number of publications per batch."""


class BuildStats:
    """The counts and digests of a new generation, from which its manifest is made.

    `digests`: digest of each publication by its id, in the order of the corpus. Until it is used
    after the last publication, ids and digests are kept as bytes, to save memory.
    `previous_digests`: those of the predecessor. `merged_ids`: ids of publications that were merged
    from several records. `retired`: the entries of `retired.toml`. `dead_links`: those of
    `tested.links`.
    `model`: model of the embeddings, or "" without embeddings.
    `limits`: the limits within which the corpus is read.
    `attached`: the files whose full text is searched.
    """

    def __init__(
        self, catalogue: Catalogue, previous_digests: dict[str, bytes], problems: list[Problem],
        thesaurus: Thesaurus, model: str, *, retired: RetiredIds, limits: Limits = LIMITS,
        dead_links: Sequence[LinkResult] = (),
    ) -> None:  # fmt: skip
        self.catalogue, self.problems, self.model, self.limits = catalogue, problems, model, limits
        self.previous_digests, self.thesaurus, self.retired = previous_digests, thesaurus, retired
        self.dead_links = dead_links
        self.attached: Sequence[Attached] = ()
        self.publications = 0
        self._ids, self._digests = bytearray(), bytearray()
        self.merged_ids: set[str] = set()
        self._corpus_hash = sha256()

    def count_items(
        self, items: Iterable[Item], progress: Progress = NO_PROGRESS
    ) -> Iterator[Sequence[Item]]:
        """Yield the items in batches, and count each batch before it is yielded."""
        remaining = iter(items)
        while batch := list(islice(remaining, BATCH_SIZE)):
            progress.report_publications(
                [item.publication for item in batch if isinstance(item, Parsed)]
            )
            self.count(batch)
            yield batch

    def count(self, items: Sequence[Item]) -> None:
        """Record the digest and the source location of each item."""
        lines, identities = [], []
        for item in items:
            digest = (
                item.publication.digest
                if isinstance(item, Parsed)
                else self.previous_digests[item.id]
            )
            identities.append(f"{item.id}\n")
            self._digests += digest
            lines.append(f"{digest.hex()} {item.source.file} {item.source.line}\n")
            if isinstance(item, Parsed) and (others := item.publication.other_sources):
                self.merged_ids.add(item.id)
                lines += [f"{other.file} {other.line}\n" for other in others]
        self.publications += len(items)
        self._ids += "".join(identities).encode()
        self._corpus_hash.update("".join(lines).encode())

    def iterate_digests(self) -> Iterator[tuple[str, bytes]]:
        """Yield the id and the digest of each publication, in the order of the corpus."""
        start = 0
        for number in range(self.publications):
            end = self._ids.index(b"\n", start)
            first = number * DIGEST_BYTES
            yield self._ids[start:end].decode(), bytes(self._digests[first : first + DIGEST_BYTES])
            start = end + 1

    @cached_property
    def digests(self) -> Mapping[str, bytes]:
        """The digest of each publication by its id, in the order of the corpus."""
        return dict(self.iterate_digests())

    @property
    def corpus(self) -> str:
        """Return a digest of all input: of the items, and of the other files."""
        corpus_hash = self._corpus_hash.copy()
        corpus_hash.update(msgspec.json.encode(self.catalogue.translations))
        corpus_hash.update(msgspec.json.encode(self.thesaurus))
        corpus_hash.update(b"".join(map(msgspec.json.encode, self.retired.values())))
        corpus_hash.update(b"".join(map(msgspec.json.encode, self.dead_links)))
        files = [(each.document, each.file, each.digest) for each in self.attached]
        if files:
            corpus_hash.update(msgspec.json.encode((make_version(), files)))
        corpus_hash.update(msgspec.json.encode(self.problems))
        return corpus_hash.hexdigest()

    @property
    def removed(self) -> Set[str]:
        """Return the ids of the previous generation that have not been read."""
        return self.previous_digests.keys() - self.digests.keys()

    @property
    def changes(self) -> Changes:
        """Return the numbers of changes since the previous generation."""
        previous = self.previous_digests
        if not previous:
            return Changes(self.publications, 0, 0, 0)
        unchanged = sum(
            previous.get(identity) == digest for identity, digest in self.digests.items()
        )
        known_count = len(self.digests.keys() & previous.keys())
        return Changes(
            len(self.digests) - known_count,
            known_count - unchanged,
            len(previous) - known_count,
            unchanged,
        )

    def count_and_compare(self, items: Sequence[Item], live: Generation | None) -> bool:
        """Count the items. Return whether the live generation was built from exactly these."""
        if live is None or len(items) != live.manifest.publications:
            return False
        self.count(items)
        return self.matches(live)

    def matches(self, live: Generation | None) -> bool:
        """Return whether the live generation has the same input.

        The caller must have checked that it was built by the same rules.
        """
        return live is not None and self.corpus == live.manifest.corpus

    def make_manifest(
        self, counts: ValueCounts, *, after: str | None = None, seconds: float = 0.0,
        merged: int = 0,
    ) -> Manifest:  # fmt: skip
        """Return the manifest of the new generation. `publish.seal` adds its files."""
        return Manifest(
            format=schema.FORMAT,
            analysis=tokenizer.VERSION,
            schema=self.catalogue.fingerprint,
            corpus=self.corpus,
            built=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=seconds,
            after=after,
            publications=self.publications,
            merged=merged,
            changes=self.changes,
            counts=counts,
            problems=tuple(self.problems),
            catalogue=self.catalogue,
            meaning=self.model,
            limits=self.limits,
        )

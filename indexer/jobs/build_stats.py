"""Count the items of a build, and compare them with the live generation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice

import msgspec

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Fresh, Item, Problem
from indexer.catalogue.thesaurus import Thesaurus
from indexer.codec.writer import Counts
from indexer.generations.manifest import Changes, Generation, Manifest
from indexer.ingest.corpus import SILENT, Progress

CHUNK, CHUNK_TO_ENCODE = 4096, 512
"""Number of publications per chunk. It is lower with embeddings, which take long to compute."""


class Census:
    """The counts and digests of a new generation, from which its manifest is made.

    `digests`: digest of each publication by its id, in the order of the corpus.
    `model`: model of the embeddings, or "" without embeddings.
    `limits`: the limits within which the corpus is read.
    """

    def __init__(
        self, catalogue: Catalogue, before: dict[str, str], problems: list[Problem],
        thesaurus: Thesaurus, model: str, *, limits: Limits = LIMITS,
    ) -> None:  # fmt: skip
        self.catalogue, self.problems, self._before = catalogue, problems, before
        self.thesaurus, self.model, self.limits = thesaurus, model, limits
        self.digests: dict[str, str] = {}
        self._read = sha256()

    def counted(
        self, items: Iterable[Item], progress: Progress = SILENT
    ) -> Iterator[Sequence[Item]]:
        """Yield the items in chunks, and count each chunk before it is yielded."""
        rest, size = iter(items), CHUNK_TO_ENCODE if self.model else CHUNK
        while chunk := list(islice(rest, size)):
            progress.counted([each.publication for each in chunk if isinstance(each, Fresh)])
            self.count(chunk)
            yield chunk

    def count(self, items: Sequence[Item]) -> None:
        """Record the digest and the source location of each item."""
        lines = []
        for each in items:
            digest = each.publication.digest if isinstance(each, Fresh) else self._before[each.id]
            self.digests[each.id] = digest
            lines.append(f"{digest} {each.source.file} {each.source.line}\n")
        self._read.update("".join(lines).encode())

    @property
    def corpus(self) -> str:
        """Return a digest of all items, the thesaurus, and the problems."""
        read = self._read.copy()
        read.update(msgspec.json.encode(self.thesaurus))
        read.update(msgspec.json.encode(self.problems))
        return read.hexdigest()

    @property
    def removed(self) -> Set[str]:
        """Return the ids of the previous generation that have not been read."""
        return self._before.keys() - self.digests.keys()

    @property
    def changes(self) -> Changes:
        """Return the numbers of changes since the previous generation."""
        before = self._before
        unchanged = sum(before.get(each) == digest for each, digest in self.digests.items())
        known = len(self.digests.keys() & before.keys())
        return Changes(len(self.digests) - known, known - unchanged, len(before) - known, unchanged)

    def only_repeats(self, items: Sequence[Item], live: Generation | None) -> bool:
        """Count the items. Return whether the live generation was built from exactly these."""
        if live is None or len(items) != live.manifest.publications:
            return False
        self.count(items)
        return self.equals(live)

    def equals(self, live: Generation | None) -> bool:
        """Return whether the live generation has the same input and was built by the same rules.

        The rules are format, analysis version, catalogue, and embedding model.
        """
        if live is None:
            return False
        told = live.manifest
        theirs = (told.format, told.analysis, told.schema, told.meaning, told.corpus)
        rules = (schema.FORMAT, tokenizer.VERSION, self.catalogue.fingerprint, self.model)
        return theirs == (*rules, self.corpus)

    def manifest(
        self, counts: Counts, *, after: str | None = None, seconds: float = 0.0
    ) -> Manifest:
        """Return the manifest of the new generation. `publish.seal` adds its files."""
        return Manifest(
            format=schema.FORMAT,
            analysis=tokenizer.VERSION,
            schema=self.catalogue.fingerprint,
            corpus=self.corpus,
            built=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=seconds,
            after=after,
            publications=len(self.digests),
            changes=self.changes,
            counts=counts,
            problems=tuple(self.problems),
            catalogue=self.catalogue,
            meaning=self.model,
            limits=self.limits,
        )

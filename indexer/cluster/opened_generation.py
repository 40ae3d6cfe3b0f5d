"""A local generation that is open for loading it into a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from indexer.cluster.changes import Load
from indexer.cluster.documents import Source, make_groups
from indexer.codec.segment.array_file import CorruptSegment
from indexer.codec.segment.fulltext import AttachedTexts, open_texts
from indexer.codec.segment.reader import Segment
from indexer.fulltext.documents import get_base_version
from indexer.generations.manifest import Generation, IndexOutdated


class OpenedGeneration(NamedTuple):
    """A generation with its segment and its full texts, if there are any."""

    generation: Generation
    segment: Segment
    texts: AttachedTexts | None

    @property
    def name(self) -> str:
        """The name of the generation."""
        return self.generation.name

    @property
    def rules(self) -> tuple[object, ...]:
        """The rules that its documents follow, whatever its publications and files."""
        manifest, texts = self.generation.manifest, self.texts
        return (
            manifest.format, manifest.analysis, manifest.schema, manifest.limits,
            None if texts is None else get_base_version(texts.version),
        )  # fmt: skip

    def make_source(self, salt: int = 0) -> Source:
        """Return the sources of its documents. `salt` is the least one that the groups may have."""
        return Source(self.segment, make_groups(self.segment, salt), self.texts)

    def list_actions(self, load: Load, source: Source, skipped: int) -> Iterator[bytes]:
        """Yield the actions of a load without the first `skipped` ones.

        Raise IndexOutdated if a full text can't be read.
        """
        try:
            yield from load.list_actions(source, skipped)
        except (CorruptSegment, OSError) as error:
            raise _make_damaged(self.generation, error) from error


def open_generation(generation: Generation) -> OpenedGeneration:
    """Open a generation. Raise IndexOutdated if it is damaged."""
    catalogue = generation.manifest.catalogue
    try:
        segment = Segment(generation.segment, catalogue)
        return OpenedGeneration(generation, segment, open_texts(generation.segment, catalogue))
    except (CorruptSegment, KeyError) as error:
        raise _make_damaged(generation, error) from error


def _make_damaged(generation: Generation, error: Exception) -> IndexOutdated:
    message = f"the generation {generation.name} cannot be read: {error}"
    return IndexOutdated(message, "Run: pubsearch build --force")

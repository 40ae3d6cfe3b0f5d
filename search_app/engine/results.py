"""What the engine answers, as values. They know no address, no label and no HTML."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from indexer.record import Publication
from search_app.engine.request import Sort


class Run(msgspec.Struct, frozen=True):
    """A run of text that matched what was typed, or did not."""

    text: str
    marked: bool = False


class Hit(msgspec.Struct, frozen=True):
    """A publication found: its score (None without words), its title and passage in runs.

    `editions` is how many other editions of it there are, found or not.
    """

    publication: Publication
    score: float | None
    title: tuple[Run, ...]
    passage: tuple[Run, ...]
    editions: int = 0


class Named(msgspec.Struct, frozen=True):
    """A thing that was typed, and the other names that it is looked for by."""

    said: str
    also: tuple[str, ...]


class Bucket(msgspec.Struct, frozen=True):
    """A value of a facet.

    `count` is the length of the list with this value alone in its facet, the other facets
    as they stand. `total` is the length of the list that ticking it leads to, or unticking
    it, if it is ticked. `field` is the row that the value belongs to: in a tree, buckets of
    the child row are the `children` of those of the parent.
    """

    field: str
    value: str
    count: int
    total: int
    selected: bool = False
    children: tuple[Bucket, ...] = ()


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a search.

    `total` is how many publications were found, and `titles` how many where the editions of one
    title count as one; that many are listed if the list `is_folded`.
    `relaxed` says that no publication holds all the words, or of many words only the few that
    `strict` counts, and these hold any of them;
    `corrected` is the text that was searched for in place of what was typed, `suggestion` one
    that may have been meant, and `named` has the things that are looked for by other names too.
    `ignored` counts the words beyond those that a query may have; `too_much` has what was typed
    and left out because the query would cost too much, and `cut` what stands for more words
    than are searched for, with how many more. `unknown` has the values typed behind a field's
    name that no publication has, each with the name. `is_read` is False where a text was typed
    in which nothing can be searched for. `facets` has the buckets of each facet in the order in
    which they are shown, and `left_out` how many more there are than were wanted. `took` is in
    milliseconds, from the text of the query to these results, and `stages` how long each stage
    of it took.
    """

    total: int
    titles: int
    is_folded: bool
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[Bucket, ...]]
    left_out: Mapping[str, int]
    relaxed: bool
    strict: int = 0
    corrected: str | None = None
    suggestion: str | None = None
    named: tuple[Named, ...] = ()
    scored: bool
    sort: Sort
    ignored: int
    too_much: tuple[str, ...] = ()
    cut: tuple[tuple[str, int], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    is_read: bool = True
    generation: str
    took: float
    stages: Mapping[str, float]

    @property
    def listed(self) -> int:
        """How many hits all pages of the list have together."""
        return self.titles if self.is_folded else self.total

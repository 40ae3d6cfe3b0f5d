"""What the engine answers, as values. They know no address, no label and no HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from indexer.catalogue.records import Publication
from search_app.engine.query.year_expressions import YearExpression
from search_app.engine.request import Sort


class Run(msgspec.Struct, frozen=True):
    """A run of text that matched what was typed, or did not."""

    text: str
    marked: bool = False


How = Literal["word", "written", "stem", "beginning", "pattern", "likeness", "name", "kin", "value"]
"""How a text matched: `written` as it was typed, by its `stem`, as a `beginning`, `pattern` or
`likeness` that was typed, as another `name` of the thing, as a kind of it (`kin`), by having a
`value`. A `word` is one of the first two, as long as it is not said which."""


class Matched(msgspec.Struct, frozen=True):
    """A text of a field that matched, as it stands there, how, and how many times.

    For a value, `text` is the value, and `through` has the values below it that bring it in.
    """

    text: str
    how: How
    times: int = 1
    through: tuple[str, ...] = ()


class InField(msgspec.Struct, frozen=True):
    """What of a field matched, and its share of the score."""

    field: str
    score: float
    matched: tuple[Matched, ...]


class Part(msgspec.Struct, frozen=True):
    """What one thing typed adds to a score, split over the fields that have it.

    `instead_of` is what was typed in its place, where it was corrected. Nothing was `said`
    for the language of the words, which the publications in it are preferred by.
    """

    said: str
    score: float
    fields: tuple[InField, ...]
    instead_of: str = ""


class Held(msgspec.Struct, frozen=True):
    """A filter that a publication passes: the row, its value of it, and the ones below it.

    `through` has the values that bring it in: Kenya, for Africa. The publication may have
    named it besides.
    """

    field: str
    value: str
    through: tuple[str, ...] = ()


class Why(msgspec.Struct, frozen=True):
    """Why a publication was found: the parts of its score, which add up, and its filters.

    `lacks` is what was typed that it has not, since any of the words was enough. `meaning` is one
    more part of the score, for meaning what was typed; a publication may have no other.
    """

    parts: tuple[Part, ...]
    lacks: tuple[str, ...]
    filters: tuple[Held, ...]
    meaning: float = 0.0

    @property
    def score(self) -> float:
        """What all parts add up to."""
        return sum(part.score for part in self.parts) + self.meaning


class Hit(msgspec.Struct, frozen=True):
    """A publication found: its score (None without words), its title and passage in runs.

    `editions` is how many other editions of it there are, found or not. `why` is there if
    it was asked for.
    """

    publication: Publication
    score: float | None
    title: tuple[Run, ...]
    passage: tuple[Run, ...]
    editions: int = 0
    why: Why | None = None


class Named(msgspec.Struct, frozen=True):
    """A thing that was typed, the other names that it is looked for by, and narrower things.

    The narrower things are found too, and weigh less.
    """

    said: str
    also: tuple[str, ...]
    narrower: tuple[str, ...] = ()


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


class Counted(msgspec.Struct, frozen=True):
    """A text that may be searched for, and how many publications that finds."""

    text: str
    total: int


class Lacking(msgspec.Struct, frozen=True):
    """A thing that was typed and that no publication has, with searches for things near it.

    `broader` are things that it is a kind of, `related` those that it has to do with. Each
    finds something.
    """

    said: str
    broader: tuple[Counted, ...]
    related: tuple[Counted, ...]


class Valued(msgspec.Struct, frozen=True):
    """A value of a filter, and how many publications a search with it finds."""

    field: str
    value: str
    total: int


class Place(msgspec.Struct, frozen=True):
    """A place that a text names and that no publication is about.

    `text` is the rest of the text. It is what is searched for with each of the values `near`.
    """

    name: str
    text: str
    near: tuple[Valued, ...]


class Diagnosis(msgspec.Struct, frozen=True):
    """Why nothing was found, or nothing with all the words, in numbers.

    All but `unfiltered` count what the ticked filters leave. `words` has what was typed, each
    alone; `nearest` the query with a word of the index in place of one that it has not, or
    that word alone. `unfiltered` is how many the query finds without what is ticked, `any`
    how many have any of the words, or None where that is what was asked. `lacking` has the
    things that no publication has, whatever is ticked, `places` those places.
    """

    words: tuple[Counted, ...]
    nearest: tuple[Counted, ...]
    unfiltered: int
    any: int | None
    lacking: tuple[Lacking, ...] = ()
    places: tuple[Place, ...] = ()


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a search.

    `total` is how many publications were found, and `titles` how many where the editions of one
    title count as one; that many are listed if the list `is_folded`.
    `relaxed` says that no publication holds all the words, or of many words only the few that
    `strict` counts, and these hold any of them;
    `kept` has what was typed for the places, languages and years that all found have even so;
    `meant` counts those that have not what was typed, but mean the like;
    `any_word` is how many have any of the words, if a query with operators finds few and these
    are more;
    `corrected` is the text that was searched for in place of what was typed, `years` are the
    expressions in it that were read as filters or as a wish for the newest, `suggestion` one
    that may have been meant, and `named` has the things that are looked for by other names too.
    `ignored` counts the words beyond those that a query may have; `too_much` has what was typed
    and left out because the query would cost too much, and `cut` what stands for more words
    than are searched for, with how many more. `unknown` has the values typed behind a field's
    name that no publication has, each with the name, `unknown_fields` the names before a colon
    that no searchable field has. `is_read` is False where a text was typed
    in which nothing can be searched for. `diagnosis` is there if nothing was found, or nothing
    with all the words; `is_gap` says that no publication has what was typed, whatever is ticked.
    `facets` has the buckets of each facet in the order in
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
    kept: tuple[str, ...] = ()
    meant: int = 0
    any_word: int | None = None
    corrected: str | None = None
    years: tuple[YearExpression, ...] = ()
    suggestion: str | None = None
    named: tuple[Named, ...] = ()
    scored: bool
    sort: Sort
    ignored: int
    too_much: tuple[str, ...] = ()
    cut: tuple[tuple[str, int], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    unknown_fields: tuple[str, ...] = ()
    is_read: bool = True
    diagnosis: Diagnosis | None = None
    is_gap: bool = False
    generation: str
    took: float
    stages: Mapping[str, float]

    @property
    def listed(self) -> int:
        """How many hits all pages of the list have together."""
        return self.titles if self.is_folded else self.total

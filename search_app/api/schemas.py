"""What the answers of the API hold, as types: mypy holds `api` to them, `openapi` tells them.

What a publication says of itself follows from the rows of its catalogue, and is no type: here
is what stands beside that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from indexer.catalogue.records import Source
from search_app.engine.features.autocomplete import Kind
from search_app.engine.query.year_expressions import YearExpression
from search_app.engine.results import Held, Part


class Also(TypedDict):
    """A thing that was typed, the other names that it is looked for by, and narrower things.

    The narrower things are found too, and weigh less.
    """

    said: str
    names: Sequence[str]
    narrower: Sequence[str]


class Cut(TypedDict):
    """What was typed and stands for more words than are searched for, and how many more."""

    said: str
    words: int


class LeftOut(TypedDict):
    """What of the query was not searched for, since it would have cost too much."""

    words_over_the_limit: int
    too_much: Sequence[str]
    cut: Sequence[Cut]


class Way(TypedDict):
    """A search, how many publications it finds, and its page; null where it finds none."""

    text: str
    total: int
    url: str | None


class Without(TypedDict):
    """A selected value, how many publications are found without it, and that search.

    `url` is null where it finds none.
    """

    field: str
    value: str
    total: int
    url: str | None


class Lacking(TypedDict):
    """A thing that no publication has, with searches for broader and related things."""

    said: str
    broader: Sequence[Way]
    related: Sequence[Way]


class Place(TypedDict):
    """A place that no publication is about, with searches by filters: its region, countries there.

    Each search has the rest of the query, and `text` is the label of the selected value. `unplaced`
    is the search for publications without a region.
    """

    name: str
    regions: Sequence[Way]
    countries: Sequence[Way]
    unplaced: Sequence[Way]


class Diagnosis(TypedDict):
    """Where not all words are found: what else could be searched for.

    `words` has what was typed, each alone; `nearest` words like those that are unknown;
    `without` what is ticked; `without_filters` and `any` are null where they are no other search.
    `lacking` has the things of the thesaurus that no publication has, `places` the places.
    """

    words: Sequence[Way]
    nearest: Sequence[Way]
    without: Sequence[Without]
    without_filters: Way | None
    any: Way | None
    lacking: Sequence[Lacking]
    places: Sequence[Place]


class Bucket(TypedDict):
    """A value of a facet, and how many publications have it, the other facets as they stand."""

    field: str
    value: str
    label: str
    count: int
    selected: bool
    children: NotRequired[Sequence[Bucket]]


class Why(TypedDict):
    """Why a publication was found: in sentences, as the parts of its score, its filters.

    `lacks` is what was typed that it has not; `meaning` is one more part of the score.
    """

    sentences: Sequence[str]
    parts: Sequence[Part]
    lacks: Sequence[str]
    filters: Sequence[Held]
    meaning: float


class Found(TypedDict):
    """A publication in a list, with all that it says of itself.

    `url` is its page, and `editions` how many editions it has, itself among them. `score` is null
    where no words were typed. In `title_html` and `summary_html` what matched is in `<mark>`, and
    everything is escaped. `why` is there where `explain=1` asked for it.
    """

    score: float | None
    url: str
    editions: int
    why: NotRequired[Why]
    title_html: str
    summary_html: str


class Search(TypedDict):
    """The answer to a search.

    `total` counts publications, `titles` the same with editions of one title as one. `relaxed`
    says that no publication has all words, and these have any of them. `kept` has the places,
    languages and years that all found have, `by_meaning` counts those that only mean the like.
    `corrected` is what was searched for in place of what was typed, `years` lists the typed
    expressions that were read as years of publication, `suggestion` what may have been meant,
    `unknown_fields` the names before a colon that no searchable field has. `any_word` is the
    search for any of the words, where a query with operators finds few. `took_ms` is in
    milliseconds.
    """

    query: str
    total: int
    titles: int
    page: int
    pages: int
    relaxed: bool
    kept: Sequence[str]
    by_meaning: int
    any_word: Way | None
    corrected: str | None
    years: Sequence[YearExpression]
    suggestion: str | None
    unknown_fields: Sequence[str]
    also: Sequence[Also]
    left_out: LeftOut
    diagnosis: Diagnosis | None
    generation: str
    took_ms: float
    hits: Sequence[Mapping[str, Any]]
    facets: Mapping[str, Sequence[Bucket]]


class Suggested(TypedDict):
    """Something that may be meant: what it is called, and how many publications `href` leads to."""

    kind: Kind
    text: str
    label: str
    count: int
    href: str


class Suggestions(TypedDict):
    """What may be meant by what is being typed."""

    query: str
    suggestions: Sequence[Suggested]


class Entry(TypedDict):
    """A publication, with a value for every row of its catalogue.

    `lang` is the language of the title, and `source` where it stands in the corpus.
    """

    id: str
    title: str
    summary: str | None
    lang: str
    source: Source


class Linked(TypedDict):
    """A publication that stands beside another: its page, and its facts."""

    url: str
    id: str
    title: str
    lang: str


class Health(TypedDict):
    """Whether searches are answered, and from which generation of the index.

    It is `degraded` if the live generation can't be opened and an earlier one answers.
    """

    status: Literal["ok", "degraded"]
    generation: str
    publications: int


class Told(TypedDict):
    """A code for programs, what is wrong, and what to do."""

    code: str
    message: str
    hint: str


class Error(TypedDict):
    """Why there is no answer."""

    error: Told

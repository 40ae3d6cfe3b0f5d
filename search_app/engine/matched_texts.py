"""Matched texts: the words of a publication that the matches of a clause cover, as written.

Each text has the most exact way in which it matched, and the number of times it occurs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from indexer.analysis import tokenizer
from indexer.analysis.folding import surface_form
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from search_app.engine.document_words import ClauseMatch, DocumentWords, Span
from search_app.engine.results import How, MatchedText

PRECISION_ORDER: tuple[How, ...] = (
    "word", "written", "stem", "beginning", "pattern", "likeness", "name", "kin", "value",
)  # fmt: skip
"""Priority of the ways to match. If a text matched in several ways, the first is reported."""
_rank = PRECISION_ORDER.index


class MatchedTexts:
    """The texts of one publication, and the part of them at each position of the forward index."""

    def __init__(
        self, publication: Publication, words: DocumentWords, catalogue: Catalogue
    ) -> None:
        self._publication, self._words, self._catalogue = publication, words, catalogue
        self._spans_by_field: dict[str, tuple[str, dict[int, tuple[int, int]]]] = {}

    def list_matched(
        self, name: str, matches: Sequence[ClauseMatch], typed_forms: set[str]
    ) -> Iterator[MatchedText]:
        """Yield the matches in a field, each text once: the values, then words by priority."""
        hows: dict[Span, How] = {}
        for match in sorted(matches, key=lambda match: _rank(match.how)):
            if match.value and match.value[0] == name:
                through = list_children(self._publication, *match.value, self._catalogue)
                yield MatchedText(match.value[1], match.how, through=through)
            for span in match.spans if name in match.weights else ():
                if self._words.get_field(span.position) == name:
                    hows.setdefault(span, self._refine_how(match.how, span, typed_forms))
        yield from self._count_texts(name, _keep_widest(hows))

    def list_words(self, stems: Iterable[int]) -> Iterator[str]:
        """Yield the first word with each of these stems, if the publication has any."""
        positions_by_stem = self._words.stem_positions
        for stem in stems:
            if stem in positions_by_stem:
                position = positions_by_stem[stem][0]
                yield self._get_text(self._words.get_field(position), Span(position, 1))

    def _refine_how(self, how: How, span: Span, typed_forms: set[str]) -> How:
        if how != "word":
            return how
        positions = range(span.position, span.end)
        is_typed = all(self._words.get_surface(position) in typed_forms for position in positions)
        return "written" if is_typed else "stem"

    def _count_texts(self, name: str, hows: Mapping[Span, How]) -> list[MatchedText]:
        texts: dict[str, tuple[str, How]] = {}
        times: Counter[str] = Counter()
        for span, how in sorted(hows.items(), key=lambda item: (_rank(item[1]), item[0])):
            text = self._get_text(name, span)
            surface = surface_form(text)
            texts.setdefault(surface, (text, how))
            times[surface] += 1
        return [MatchedText(*text_and_how, times[folded]) for folded, text_and_how in texts.items()]

    def _get_text(self, name: str, span: Span) -> str:
        """Return the part of the original text that a span covers."""
        if name not in self._spans_by_field:
            self._spans_by_field[name] = self._find_word_spans(name)
        text, spans = self._spans_by_field[name]
        return text[spans[span.position][0] : spans[span.end - 1][1]]

    def _find_word_spans(self, name: str) -> tuple[str, dict[int, tuple[int, int]]]:
        """Return the text of a field, and the character span of the word at each position."""
        catalogue = self._catalogue
        text = schema.get_text(self._publication, catalogue.by_name[name], catalogue)
        positions = self._words.list_positions(name)
        return text, dict(zip(positions, tokenizer.find_spans(text), strict=True))


def _keep_widest(hows: Mapping[Span, How]) -> dict[Span, How]:
    """Drop spans inside a longer one, unless they match in a way with a higher priority."""
    longer = {span: how for span, how in hows.items() if span.length > 1}
    return {
        span: how
        for span, how in hows.items()
        if not any(
            span.is_within(wider) and span != wider and _rank(longer[wider]) <= _rank(how)
            for wider in longer
        )
    }


def list_children(
    publication: Publication, row: str, value: str, catalogue: Catalogue
) -> tuple[str, ...]:
    """Return the child values that imply a parent value: see `Catalogue.with_ancestors`."""
    child = catalogue.children.get(row)
    child_values = publication.values.get(child.name, ()) if child else ()
    texts = map(str, child_values)
    return tuple(text for text in texts if value in catalogue.groups.get(text, ()))

"""In each language, a query finds the same by each name of a field that pages show."""

from collections.abc import Iterator

import pytest

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine import Searcher
from search_app.engine.query.rewriting import choose_names
from search_app.engine.request import SearchRequest
from search_app.i18n.translation import LANGUAGES

SHAPES = {
    "title": ("{}:handbook", "-{}:handbook", '{}:"model law"', "{}:traffick*", "{}:(law OR guide)"),
    "year": ("{}:2017", "{}:2010..2012", "law {}>=2017", "{} < 2010", "{}=2015", "{}≤2012"),
    "region": ("{}:Africa", '-{}:"South Asia"', "{}:(Africa OR none) NOT {}:none", "{}:x"),
}
OTHER_SHAPES = ("{}:UNODC", "law NOT {}:police", "{}:en")


def find(text: str, searcher: Searcher) -> tuple[object, ...]:
    found = searcher.search(SearchRequest(text=text))
    years = [(expression.first, expression.last) for expression in found.years]
    ids = [(hit.publication.id, hit.score) for hit in found.hits]
    return ids, found.total, years, found.unknown_fields, found.unknown_values


def list_shown_names(catalogue: Catalogue) -> Iterator[tuple[str, Field]]:
    """Yield each name of each field that pages show: the one that they list, and the label."""
    for name, shown in choose_names(catalogue).items():
        field = catalogue.by_name[name]
        yield shown, field
        yield f'"{field.label}"', field


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shown_name_finds_what_the_own_name_finds(language: str, searcher: Searcher) -> None:
    own: dict[str, tuple[object, ...]] = {}
    for shown, field in list_shown_names(searcher.translate(language)):
        for shape in SHAPES.get(field.name, OTHER_SHAPES):
            text = shape.format(*[field.name] * 2)
            own[text] = own.get(text) or find(text, searcher)
            assert find(shape.format(*[shown] * 2), searcher) == own[text], shown
            assert own[text][3] == ()

"""Searches in full texts: what matches, what ranks first, where it is, and what stays the same."""

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import Field
from indexer.codec.segment.fulltext import PAGES
from indexer.fulltext.text import FullText
from indexer.generations import directory
from indexer.generations.manifest import IndexOutdated
from search_app.engine.local_index import LoadOptions, LocalIndex, open_searcher
from search_app.engine.query import vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.results import Hit, Truncation
from search_app.engine.search import Searcher
from tests.search_app.engine.full_texts import (
    COMPOUNDS,
    PLAIN_QUERIES,
    QUERIES,
    TEXT_WORDS,
    find,
    list_ids,
    one_text,
    searching,
    throw,
)
from tests.search_app.texts import CATALOGUE, make_index_with_texts, make_publication, make_text
from tests.tiers import examples

FIRST_PAGE = ["A page about fishing.", "Smuggling at sea.", "Nothing here.", "Smuggling by air."]


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("smuggling", (2, 4)), ("smugg*", (2, 4)), ("sm*ggling", (2, 4)), ("smugling~", (2, 4)),
        ('"smuggling at sea"', (2,)),
    ],
)  # fmt: skip
def test_a_word_in_a_text_is_found_with_its_pages(text: str, pages: tuple[int, ...]) -> None:
    with searching([make_publication("a", "Boats")], one_text("a", FIRST_PAGE)) as searcher:
        [hit] = find(searcher, text).hits
        [match] = hit.files
        assert match.pages == pages
        [passage] = match.passages
        assert passage.page == 2
        assert "Smuggling" in [run.text for run in passage.passage if run.marked]
        assert find(searcher, text, inside=False).total == 0


def test_a_phrase_does_not_cross_pages_or_paragraphs() -> None:
    with searching(
        [make_publication("a", "Boats"), make_publication("b", "Boats")],
        one_text("a", ["the model", "law of the sea", "model\n\nlaw"])
        | one_text("b", ["a model law"]),
    ) as searcher:
        assert list_ids(find(searcher, '"model law"')) == ["b"]
        assert find(searcher, '"model law"').hits[0].files[0].pages == (1,)


def test_one_title_precedes_a_hundred_texts() -> None:
    made = [make_publication(f"p{number}", f"Report {number}") for number in range(100)]
    texts: dict[str, Mapping[str, FullText]] = {}
    for publication in made:
        texts |= one_text(publication.id, ["piracy " * 40] * 60)
    made.append(make_publication("title", "Piracy"))
    with searching(made, texts) as searcher:
        results = find(searcher, "piracy")
        assert results.total == 101
        assert list_ids(results)[0] == "title"


@pytest.mark.parametrize("word", ["piracy", "pira*", "p*racy", "piracy~", '"sea piracy"', "x-ray"])
def test_a_field_is_not_the_full_text_if_it_is_the_only_one(word: str) -> None:
    title, *others = CATALOGUE.fields
    fields = (
        title,
        *(msgspec.structs.replace(field, weight=0.0) for field in others[:-1]),
        others[-1],
    )
    made = [make_publication("a", "Sea piracy by x-ray"), make_publication("b", "Boats")]
    with searching(made, one_text("b", ["Sea piracy by x-ray"]), fields=fields) as searcher:
        for inside in (True, False):
            assert list_ids(find(searcher, f"title:{word}", inside=inside)) == ["a"]
            assert list_ids(find(searcher, f"fulltext:{word}", inside=inside)) == ["b"]
            ids = sorted(list_ids(find(searcher, word, inside=inside)))
            assert ids == (["a", "b"] if inside else ["a"])


def test_help_names_the_field_of_a_word() -> None:
    made = [make_publication("a", "Piracy"), make_publication("b", "Boats")]
    with searching(made, one_text("b", ["the law of the sea"])) as searcher:
        diagnosis = find(searcher, "fulltext:piracy fulltext:sea", match="all").diagnosis
        assert diagnosis is not None
        assert [(each.text, each.total) for each in diagnosis.words] == [
            ("fulltext:piracy", 0),
            ("fulltext:sea", 1),
        ]


def test_words_above_the_limit_of_a_prefix_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A prefix with too many words in texts matches the most frequent ones, and says so."""
    monkeypatch.setattr(vocabulary, "MAX_TEXT_POSTINGS", 3)
    pages = ["smuggling smuggled", "smuggling", "smuggler smugglers smuggles"]
    with searching([make_publication("a", "Boats")], one_text("a", pages)) as searcher:
        assert find(searcher, "smugg*").truncated == (Truncation("smugg*", 2),)
        assert find(searcher, "smuggling").truncated == ()
        assert find(searcher, "smugg*", inside=False).truncated == ()


@pytest.mark.parametrize(
    ("page", "language", "query"),
    [
        ("Los traficantes de armas", "es", "traficante"),
        ("Les changements climatiques menacent les îles", "fr", '"changement climatique"'),
    ],
)
def test_words_and_phrases_are_stemmed_in_the_language_of_a_text(
    page: str, language: str, query: str
) -> None:
    with searching([make_publication("a", "Boats")], one_text("a", [page], language)) as searcher:
        assert find(searcher, query).total == 1
        assert find(searcher, "مهاجر").total == 0


def test_inflections_in_texts_are_known() -> None:
    with searching([make_publication("a", "Boats")], one_text("a", ["Migrants"])) as searcher:
        assert searcher.interpreter.vocabulary.find_words_with("migrant") == {"migrants"}


def test_a_word_that_texts_have_is_not_corrected() -> None:
    """A word in several texts is correct, even if a title has a similar one."""
    made = [make_publication(f"p{number}", "The cabala system") for number in range(6)]
    texts: dict[str, Mapping[str, FullText]] = {}
    for publication in made[:4]:
        texts |= one_text(publication.id, ["The kabala system"])
    with searching(made, texts) as searcher:
        results = find(searcher, "kabala system")
        assert results.corrected is None
        assert results.suggestion is None
        assert find(searcher, "kabala system", inside=False).corrected == "cabala system"


def test_a_query_that_a_text_matches_is_not_corrected() -> None:
    """A rare word of a text may be misspelled. It is searched for, and another is suggested."""
    made = [make_publication(f"p{number}", f"Police report {number}") for number in range(40)]
    made.append(make_publication("x", "Boats"))
    with searching(made, one_text("x", ["a kolice report"])) as searcher:
        results = find(searcher, "kolice boats")
        assert (list_ids(results), results.corrected) == (["x"], None)
        assert results.suggestion == "police boats"
        assert find(searcher, "kolice boats", inside=False).corrected == "police boats"


def test_an_explanation_names_the_full_text() -> None:
    with searching(
        [make_publication("a", "Piracy"), make_publication("b", "Boats")],
        one_text("a", ["piracy at sea"]) | one_text("b", ["piracy at sea"]),
    ) as searcher:
        for hit in find(searcher, "piracy", explain=True).hits:
            assert hit.explanation is not None
            assert hit.score is not None
            assert hit.explanation.score == pytest.approx(hit.score, abs=1e-3)
            assert "fulltext" in {
                field.field for part in hit.explanation.parts for field in part.fields
            }
            assert hit.explanation.unmatched == ()


def test_an_explanation_has_the_pages_of_each_clause() -> None:
    files = {
        "long.pdf": make_text("long", ["border", "police at the border", "no police", "polices"]),
        "short.pdf": make_text("short", ["the border"]),
        "page.html": make_text("page", ["sea", "border"], has_pages=False),
    }
    with searching([make_publication("a", "Boats")], {"a": files}) as searcher:
        [hit] = find(searcher, "border polic*", explain=True).hits
        assert hit.explanation is not None
        found = {
            part.text: [
                (match.file, match.count, match.pages)
                for field in part.fields
                for match in field.matched
            ]
            for part in hit.explanation.parts
        }
        assert found == {
            "border": [("long.pdf", 2, (1, 2)), ("page.html", 1, ()), ("short.pdf", 1, (1,))],
            "polic*": [("long.pdf", 3, (2, 3, 4))],
        }


def test_a_search_in_one_publication_lists_its_pages() -> None:
    texts = one_text("a", FIRST_PAGE) | one_text("b", ["smuggling"])
    with searching([make_publication("a", "x"), make_publication("b", "y")], texts) as searcher:
        [match] = searcher.find_in_files("a", SearchRequest("smuggling"))
        assert match.pages == (2, 4)
        assert [passage.page for passage in match.passages] == [2, 4]
        assert searcher.find_in_files("a", SearchRequest("zebra")) == ()
        [file] = searcher.list_files("b")
        assert (file.name, file.page_count) == ("b.pdf", 1)
        stored = searcher.find_file(file.digest)
        assert stored is not None
        assert (stored.file.path, stored.ids) == ("b.pdf", ("b",))


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_texts_are_an_error_and_no_wrong_answer(damage: str, tmp_path: Path) -> None:
    folder = make_index_with_texts(
        tmp_path, CATALOGUE, [make_publication("a", "Boats")], one_text("a", FIRST_PAGE)
    )
    data = directory.load_live(folder).segment / PAGES
    content = data.read_bytes()
    data.write_bytes(content[:-20] if damage == "cut" else content[:100] + b"x" + content[101:])
    index = LocalIndex(folder, LoadOptions())
    with pytest.raises(IndexOutdated, match=r"pages\.seg does not match the manifest.*build"):
        index.open(index.read_live_name())


def test_texts_of_an_older_version_are_an_error(tmp_path: Path) -> None:
    folder = make_index_with_texts(
        tmp_path, CATALOGUE, [make_publication("a", "Boats")], one_text("a", FIRST_PAGE)
    )
    generation = directory.load_live(folder)
    (generation.segment / PAGES).unlink()
    with pytest.raises(IndexOutdated, match=r"an older version.*build --force"):
        open_searcher(generation)


@examples(25)
@given(seed=st.integers(0, 2**32), texts=st.lists(QUERIES | PLAIN_QUERIES, min_size=1, max_size=6))
def test_a_search_outside_is_that_of_a_catalogue_without_texts(seed: int, texts: list[str]) -> None:
    made, of_publications = throw(seed, (*TEXT_WORDS, *COMPOUNDS))
    plain = [field for field in CATALOGUE.fields if field.kind != "fulltext"]
    with (
        searching(made, of_publications) as searcher,
        searching(made, {}, fields=tuple(plain)) as bare,
    ):
        for text in texts:
            first, second = find(searcher, text, inside=False), find(bare, text)
            assert list(map(strip, first.hits)) == list(map(strip, second.hits))
            assert (first.total, first.facets) == (second.total, second.facets)
            assert (first.corrected, first.suggestion) == (second.corrected, second.suggestion)


def strip(hit: Hit) -> tuple[str, float | None]:
    return hit.publication.id, hit.score


@examples(25)
@given(seed=st.integers(0, 2**32), texts=st.lists(QUERIES | PLAIN_QUERIES, min_size=1, max_size=8))
def test_stated_counts_are_those_of_the_linked_searches(seed: int, texts: list[str]) -> None:
    made, of_publications = throw(seed, (*TEXT_WORDS, *COMPOUNDS))
    with searching(made, of_publications) as searcher:
        for text, inside in product(texts, (True, False)):
            results = find(searcher, text, inside=inside)
            with_any = find(searcher, text, inside=inside, match="any").total
            if results.relaxed:
                with_all = find(searcher, text, inside=inside, match="all").total
                assert results.all_words_total == with_all, (text, inside)
            assert results.any_word_total in {None, with_any}
            assert results.diagnosis is None or results.diagnosis.any in {None, with_any}


@pytest.mark.parametrize("typed", ["cyber crime", "cybercrime", "cyber-crime", "cyber crimes law"])
@pytest.mark.parametrize("written", ["cyber crime", "cybercrime", "cyber-crimes"])
def test_compounds_of_texts_are_found_as_one_word_and_as_two(typed: str, written: str) -> None:
    made = [make_publication("a", "Boats"), make_publication("b", "Trains")]
    with searching(made, one_text("a", [f"A {written} law"])) as searcher:
        [hit] = find(searcher, typed, exact=True, match="all").hits
        [page] = hit.files[0].passages
        marked = " ".join(run.text for run in page.passage if run.marked)
        assert marked.replace("-", " ").split() == [
            *written.replace("-", " ").split(), *typed.split()[2:]
        ]  # fmt: skip
        assert find(searcher, typed, inside=False).total == 0


def test_a_rare_compound_of_texts_is_no_word() -> None:
    """Two words are not searched for as one if texts have these far more often: it is an error."""
    made = [make_publication(f"p{number}", "Boats") for number in range(30)]
    texts: dict[str, Mapping[str, FullText]] = {}
    for number, publication in enumerate(made):
        page = "borderpolice" if number == 0 else "the police at the border"
        texts |= one_text(publication.id, [page])
    with searching(made, texts) as searcher:
        assert find(searcher, "border police", exact=True).total == 29


def test_a_compound_is_on_the_pages_where_its_words_are_together() -> None:
    """Pages with one of its words are listed only if the text never has them together.

    None is listed if the text has only one of them.
    """
    texts = one_text("a", ["an x here", "the x-ray", "a ray there", "xray"])
    texts |= one_text("b", ["an x here", "nothing", "a ray there"])
    texts |= one_text("c", ["an x here"])
    made = [make_publication("a", "Boats"), make_publication("b", "Trains")]
    with searching([*made, make_publication("c", "The x-ray")], texts) as searcher:
        hits = find(searcher, "x-ray").hits
        pages = {hit.publication.id: [file.pages for file in hit.files] for hit in hits}
        assert pages == {"a": [(2, 4)], "b": [(1, 3)], "c": []}


def test_a_name_is_counted_once_where_it_is() -> None:
    country = Field("country", "Country", kind="country", facet=3)
    pages = ["The ivory trade", "A ship of Ivory Coast", "The coast", "Côte d'Ivoire"]
    with searching(
        [make_publication("a", "Boats"), make_publication("b", "Trains", country="CI")],
        one_text("a", pages), fields=(*CATALOGUE.fields, country),
    ) as searcher:  # fmt: skip
        hits = find(searcher, "Ivory Coast", explain=True).hits
        [hit] = [hit for hit in hits if hit.publication.id == "a"]
        assert hit.files[0].pages == (2, 4)
        assert hit.explanation is not None
        [found] = [match for field in hit.explanation.parts[0].fields for match in field.matched]
        assert (found.count, found.pages) == (2, (2, 4))


@pytest.fixture(scope="module")
def searcher() -> Iterator[Searcher]:
    """Yield a searcher of boats, of which four have texts on smuggling, and one on smugglers."""
    made = [make_publication(f"p{number}", f"Boat {number}", year=2000) for number in range(6)]
    made.append(make_publication("x", "The smog"))
    texts: dict[str, Mapping[str, FullText]] = {}
    for publication in made[:4]:
        texts |= one_text(publication.id, ["Smuggling of smaggled goods by boat"])
    texts |= one_text("p4", ["Smuggled goods, smuggleng, a smuggler"])
    with searching(made, texts) as opened:
        yield opened


def test_a_misspelled_word_of_texts_is_corrected(searcher: Searcher) -> None:
    results = find(searcher, "smugling boat")
    assert results.corrected == "smuggling boat"
    assert list_ids(results) == list_ids(find(searcher, "smuggling boat"))
    assert find(searcher, "smugling boat", inside=False).corrected is None


def test_a_rare_word_of_texts_is_no_correction(searcher: Searcher) -> None:
    """A word of one text may be misspelled itself, so no other is corrected to it."""
    assert find(searcher, "smuglers").corrected is None


def test_a_word_of_publications_is_the_likelier_correction() -> None:
    made = [make_publication(f"p{number}", "Police" if number < 2 else "x") for number in range(9)]
    texts: dict[str, Mapping[str, FullText]] = {}
    for publication in made:
        texts |= one_text(publication.id, ["a polite answer"])
    with searching(made, texts) as opened:
        assert find(opened, "poliqe").corrected == "police"


def test_words_of_texts_are_completed(searcher: Searcher) -> None:
    for text, inside in product(("boat smu", "boa", "smug"), (True, False)):
        for each in searcher.suggest(text, SearchRequest(inside=inside)):
            total = find(searcher, each.text, inside=inside).total
            assert each.kind != "word" or each.total == total
    assert searcher.suggest("boat smu")[0].text == "boat smuggling"
    words = [each.text for each in searcher.suggest("sm") if each.kind == "word"]
    assert words[:2] == ["smog", "smaggled"]
    outside = SearchRequest(inside=False)
    assert [each.text for each in searcher.suggest("sm", outside)][:2] == ["smog", "The smog"]
    filtered = SearchRequest(filters={"year": ("1999",)})
    assert [each for each in searcher.suggest("smu", filtered) if each.kind == "word"] == []

"""Entities are recognized by any of their names, and a query for one matches all names."""

from collections.abc import Iterator
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh import index as whoosh_index
from whoosh.searching import Searcher as Whoosh

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue.records import Publication
from search_app.engine import Engine
from search_app.engine.arrays.clause import clause_postings
from search_app.engine.arrays.scoring import find_hits
from search_app.engine.arrays.store import ArrayStore
from search_app.engine.query import nodes
from search_app.engine.query.clause_builder import make_context
from search_app.engine.query.parser import Parsed, parse
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from tests.search_app.engine.named import answer, ids
from tests.search_app.engine.trees import to_whoosh
from tests.tiers import examples

TRAFFICKING = {"law", "organs", "victims", "manual"}
APART = {"trade"}
"""Publications with the words of the preferred label, but not next to each other."""
SMUGGLING = {"boats", "sea"}


@pytest.fixture(scope="module")
def searcher(named_searcher: Searcher) -> Searcher:
    return named_searcher


@pytest.fixture(scope="module")
def stock(searcher: Searcher) -> Iterator[Whoosh]:
    with whoosh_index.open_dir(str(searcher.generation.segment)).searcher() as found:
        yield found


def parse_text(text: str, searcher: Searcher) -> Parsed:
    interpreter = searcher.interpreter
    return parse(text, interpreter.vocabulary, interpreter.entity_linker, nodes.And)


def recognised(text: str, searcher: Searcher) -> list[str]:
    """Return the recognized parts of a text, as typed, in order."""
    things, pieces = searcher.interpreter.entity_linker, text.split()
    pieces = [part for each in pieces for part in things.cut(each)]
    found = things.link(pieces, shouted=make_context(pieces).shouted)
    return [" ".join(pieces[each.first : each.last]) for each in found]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("trafficking in persons", "victims"),
        ("human trafficking", "organs"),
        ("trata de personas", "manual"),
        ("trafficking in human beings", "victims"),
    ],
)
def test_the_typed_name_ranks_first(text: str, first: str, searcher: Searcher) -> None:
    found = ids(answer(text, searcher))
    assert found[0] == first
    assert set(found) >= TRAFFICKING


def test_the_typed_name_weighs_more_than_other_names(searcher: Searcher) -> None:
    arrays = cast(ArrayStore, searcher.store).snapshot

    def weight(text: str, identity: str) -> float:
        (leaf,) = nodes.clauses(parse_text(text, searcher).tree)
        held = clause_postings(leaf, arrays)
        return float(held.weights[held.documents.tolist().index(arrays.find_doc_number(identity))])

    for text, identity in (("trafficking in persons", "victims"), ("human trafficking", "organs")):
        other = weight("贩运人口", identity)
        assert weight(text, identity) - other > other > weight("贩运人口", "law") > 0


def test_a_name_of_one_word_is_stemmed_only_in_its_language(searcher: Searcher) -> None:
    assert ids(answer("外科医生", searcher)) == ["organs"]
    assert ids(answer("个人", searcher)) == ["manual"]
    assert "tip" in ids(answer("persona", searcher, exact=True))


def test_a_publication_with_only_the_value_ranks_last(searcher: Searcher) -> None:
    """A publication with a concept as a value, but no name of it in its text, ranks last."""
    assert ids(answer("贩运人口", searcher))[-1] == "law"


def test_the_words_of_a_name_may_be_apart(searcher: Searcher) -> None:
    """A typed name also matches its words apart.

    A foreign name also matches the words of the preferred label apart. An acronym does not.
    """
    assert "trade" in ids(answer("trafficking in persons", searcher))
    assert "trade" in ids(answer("traite des personnes", searcher))
    assert "trade" not in ids(answer("human trafficking", searcher))
    assert "trade" not in ids(answer("trata de personas", searcher))
    assert set(ids(answer("THB", searcher))) == TRAFFICKING


@pytest.mark.parametrize(
    ("piece", "parts"),
    [
        ("贩运人口", ["贩运人口"]),
        ("关于人口贩运的法律", ["关于", "人口贩运", "的法律"]),
        ("人口贩运和偷运移民", ["人口贩运", "和", "偷运移民"]),
        ("海上偷运移民", ["海上偷运移民"]),
        ("偷运移民船", ["偷运移民船"]),
        ("偷运", ["偷运"]),
        ("2019年肯尼亚", ["2019年", "肯尼亚"]),
    ],
)
def test_names_are_cut_out_of_chinese_text(
    piece: str, parts: list[str], searcher: Searcher
) -> None:
    assert searcher.interpreter.entity_linker.cut(piece) == parts


def test_names_within_chinese_text_match_their_entities(searcher: Searcher) -> None:
    found = answer("人口贩运和偷运移民", searcher)
    assert set(ids(found)) == TRAFFICKING | APART | SMUGGLING
    assert [each.text for each in found.entities] == ["人口贩运", "偷运移民"]
    assert set(ids(answer("肯尼亚人口贩运", searcher, match="all"))) == {"victims"}


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("migrant smuggling", ["migrant smuggling"]),
        ("migrant smuggling by boat", ["migrant smuggling by boat"]),
        ("people smuggling by boat", ["people smuggling", "smuggling by boat"]),
        ("trade in people smuggling", ["trade in people", "people smuggling"]),
        ("smuggling by night and by boat", []),
        ("human trafficking Kenya", ["human trafficking", "Kenya"]),
        ("traite des personnes au Kenya", ["traite des personnes", "Kenya"]),
        ("trafic de migrants", []),
        # Acronyms, only in capitals, and not if the whole query is in capitals.
        ("TIP", ["TIP"]),
        ("TIPs", ["TIPs"]),
        ("THBs in Kenya", ["THBs", "Kenya"]),
        ("TIP victims", ["TIP"]),
        ("SOM and TIP by night", ["SOM", "TIP"]),
        *((text, []) for text in ("tip", "Tip", "tips", "TIP VICTIMS", "SOM TIP", "TIPping")),
        # No publication has this country.
        ("Nigeria", []),
    ],
)
def test_the_longest_names_are_recognized(text: str, things: list[str], searcher: Searcher) -> None:
    assert recognised(text, searcher) == things


def test_names_that_overlap_must_both_match(searcher: Searcher) -> None:
    both, *each = (
        set(ids(answer(text, searcher, match="all")))
        for text in ("trade in people smuggling", "trade in people", "people smuggling")
    )
    assert each == [TRAFFICKING, SMUGGLING]
    assert both == set()
    assert set(ids(answer("people smuggling by boat", searcher, match="all"))) == SMUGGLING


def test_an_acronym_matches_its_concept(searcher: Searcher) -> None:
    assert set(ids(answer("TIPs", searcher))) == TRAFFICKING | {"tip"}
    assert ids(answer("tips", searcher)) == ["tip"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("traite des personnes, Traite des Personnes, traité des personnes", TRAFFICKING | APART),
        ("торговля людьми, торговлей людьми, ТОРГОВЛЯ ЛЮДЬМИ", TRAFFICKING | APART),
        ("الاتجار بالأشخاص, الاتجار بالاشخاص, 贩运人口, 人口贩运", TRAFFICKING | APART),
        ("Kenya, Kenia, Кения, كينيا, 肯尼亚, Кении", {"victims", "police"}),
        ("Moldova, Republic of Moldova, Moldavie, Молдова", {"organs"}),
        ("Uzbekistan, Ouzbékistan, Узбекистан, أوزبكستان, 乌兹别克斯坦", {"steppe"}),
        ("Russian, russe, ruso, русский, الروسية, 俄语", {"victims"}),
        ("Africa, Afrique, África, Африка, أفريقيا, 非洲", {"victims"}),
        ("Europe, Europa, Европа, أوروبا, 欧洲", {"organs", "steppe"}),
        ("Central Asia, Asie centrale, Asia central, 中亚", {"organs", "steppe"}),
        ("Nigéria", set()),  # no publication has this country
    ],
)
def test_concepts_places_and_languages_are_recognized_in_six_languages(
    names: str, found: set[str], searcher: Searcher
) -> None:
    for name in names.split(", "):
        assert set(ids(answer(name, searcher, match="all"))) == found, name


@pytest.mark.parametrize(
    "text",
    [
        '"human trafficking"', '"TIP"', "title:trafficking", 'title:"human trafficking"',
        "title:(human trafficking)", "human AND trafficking", "human OR trafficking",
        "human -trafficking", "human traffick*", "human trafficking~", "title:Kenia",
        '"traite des personnes"',
    ],
)  # fmt: skip
def test_quoted_and_fielded_text_has_no_synonyms(text: str, searcher: Searcher) -> None:
    found = answer(text, searcher, match="all")
    assert found.entities == ()
    assert ids(found) == ids(answer(text, searcher, match="all", exact=True))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("human trafficking OR zebra", TRAFFICKING),
        ("zebra OR human trafficking", TRAFFICKING),
        ("traite des personnes OR people smuggling", TRAFFICKING | APART | SMUGGLING),
        ("human trafficking AND Kenia", {"victims"}),
        ("human trafficking -Kenia", TRAFFICKING - {"victims"}),
        ("NOT human trafficking police", {"police", "steppe"}),
        ("police NOT (traite des personnes OR Kenia)", {"steppe"}),
        ("(human trafficking) surgeon*", {"organs"}),
        ('human trafficking "model law"', {"law"}),
        ("贩运人口 OR zebra", TRAFFICKING | APART),
        ("zebra OR TIP", TRAFFICKING | {"tip"}),
    ],
)
def test_a_name_is_recognized_next_to_operators(
    text: str, found: set[str], searcher: Searcher
) -> None:
    assert set(ids(answer(text, searcher, match="all"))) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("human trafficking", {"organs"}), ("people smuggling", {"sea"}), ("TIP", {"tip"}),
        ("Kenya", {"police", "victims"}), ("Africa", set()), ("THB", set()),
        ("торговля людьми", set()), ("肯尼亚", set()),
    ],
)  # fmt: skip
def test_exact_search_has_no_synonyms(text: str, found: set[str], searcher: Searcher) -> None:
    """With `exact`, a name matches only publications with its words."""
    exactly = answer(text, searcher, match="all", exact=True)
    assert set(ids(exactly)) == found
    assert exactly.entities == ()


def test_stop_words_of_a_recognized_language_are_left_out(searcher: Searcher) -> None:
    """The stop words of a recognized language are left out, even if a publication has one."""
    assert ids(answer("sur police", searcher, match="all")) == ["steppe"]
    found = set(ids(answer("sur la traite des personnes", searcher, match="all")))
    assert found == TRAFFICKING | APART
    assert set(ids(answer("sur la traite des personnes au Kenya", searcher, match="all"))) == {
        "victims"
    }


def test_stop_words_of_a_rare_language_are_left_out(searcher: Searcher) -> None:
    assert searcher.interpreter.vocabulary.get_frequency("la")
    assert not searcher.interpreter.vocabulary.default_language_frequency("la")
    assert set(ids(answer("la police", searcher, match="all"))) == {"police", "steppe"}
    assert ids(answer("sobre la", searcher, match="all")) == ["manual"]


@pytest.mark.parametrize(
    ("text", "also"),
    [
        ("human trafficking", ("trafficking in persons", "trade in people")),
        ("Human  Trafficking", ("trafficking in persons", "trade in people")),
        ("贩运人口", ("trafficking in persons", "human trafficking", "trade in people")),
        ("Kenia", ("Kenya",)),
    ],
)
def test_the_synonyms_of_an_entity_are_listed(
    text: str, also: tuple[str, ...], searcher: Searcher
) -> None:
    assert not searcher.interpreter.vocabulary.has_term(stemming.stem("beings", "en"))
    assert [each.synonyms for each in answer(text, searcher).entities] == [also]


def test_an_entity_with_one_name_lists_no_synonyms(searcher: Searcher) -> None:
    for text in ("Kenya", "trafic par bateau police", "seal hunting", "chasse aux phoques"):
        assert all(each.text != text for each in answer(text, searcher).entities)


def says(each: Publication, label: str, language: str) -> bool:
    if language != "en" and " " not in label:
        return label in f"{each.title} {each.summary}".split()
    wanted = [stemming.stem(word, language) for word in label.split()]
    for text in _texts(each):
        stems = [token.stem for token in tokenizer.tokenize(text, each.lang or "en")]
        spans = range(len(stems) - len(wanted) + 1)
        if any(stems[at : at + len(wanted)] == wanted for at in spans):
            return True
    return False


def _texts(each: Publication) -> tuple[str, str]:
    return each.title, each.summary or ""


def has(each: Publication, label: str) -> bool:
    """Return whether a publication has all words of an English name of at least two words.

    Stop words do not count.
    """
    wanted = {stemming.stem(word, "en") for word in label.split() if word not in ("in", "of", "by")}
    stems = {
        token.stem for text in _texts(each) for token in tokenizer.tokenize(text, each.lang or "en")
    }
    return len(wanted) > 1 and wanted <= stems


def test_a_concept_matches_its_labels_and_values(searcher: Searcher) -> None:
    made = list(searcher.scan(SearchRequest()))
    assert len(made) == searcher.size
    for concept in searcher.generation.read_thesaurus().concept:
        labels = [(label, each) for each in ("en", "es") for label in concept.get_labels(each)]
        expected = {
            each.id
            for each in made
            if any(says(each, *label) for label in labels)
            or has(each, next(iter(concept.get_labels("en")), ""))
            or any(value == label for value in each.values.get("topic", ()) for label, _ in labels)
        }
        for language in {"fr", "ru", "ar", "zh"} & set(concept.languages):
            for label in concept.get_labels(language):
                assert set(ids(answer(label, searcher, match="all"))) == expected, label


def test_a_concept_without_hits_is_recognized(searcher: Searcher) -> None:
    (concept,) = (
        each for each in searcher.generation.read_thesaurus().concept if each.id == "seal-hunting"
    )
    for text in concept.prefLabel.values():
        assert recognised(text, searcher) == [text]
        assert answer(text, searcher, match="all").total == 0


@pytest.mark.thorough
def test_every_name_of_the_thesaurus_is_searched_without_an_error(engine: Engine) -> None:
    searcher = engine.get_searcher()
    things = searcher.interpreter.entity_linker.entities
    texts = [label for each in things for labels in each.labels.values() for label in labels]
    texts += [each for one in searcher.generation.read_thesaurus().concept for each in one.acronyms]
    assert len(texts) > 5000
    assert all([*nodes.clauses(parse_text(text, searcher).tree)] for text in texts)
    found = [answer(text, searcher, match="all").total > 0 for text in texts]
    assert sum(found) > len(found) / 2


THINGS = tuple(
    "human trafficking;people smuggling by boat;la traite des personnes;торговлей людьми;TIPs;"
    "الاتجار بالأشخاص;关于人口贩运的法律;海上偷运移民;Kenia;Afrique;Asie centrale;"
    "chasse aux phoques;SOM;seal hunting;trata de personas;removal of organs".split(";")
)
WORDS = ("police", "the", "zebra", "-sea", "OR", "AND", "NOT", "(", ")", '"', "title:law", "боты",
         "traffick*", "organ~", "year:2009..", "A/RES/55", "犬")  # fmt: skip
PIECES = st.sampled_from(THINGS) | st.sampled_from(WORDS) | st.text(max_size=6)
TEXTS = st.lists(PIECES, max_size=6).map(" ".join)


@given(text=TEXTS)
@examples(300)
@pytest.mark.slow
def test_a_parsed_text_has_the_hits_of_stock_whoosh(
    text: str, searcher: Searcher, stock: Whoosh
) -> None:
    parsed, arrays = parse_text(text, searcher), cast(ArrayStore, searcher.store).snapshot
    for tree in [*([parsed.tree] if parsed.tree else []), *parsed.filters]:
        expected = sorted(stock.docs_for_query(to_whoosh(tree)))
        assert find_hits(tree, arrays).documents.tolist() == expected


@given(text=TEXTS)
@examples(200)
@pytest.mark.slow
def test_no_leaf_is_empty(text: str, searcher: Searcher) -> None:
    assert all(leaf.parts for leaf in nodes.clauses(parse_text(text, searcher).tree))
    found = answer(text, searcher)
    assert found.total == len(found.hits)


@given(text=TEXTS)
@examples(200)
@pytest.mark.slow
def test_recognized_names_are_not_nested(text: str, searcher: Searcher) -> None:
    things = searcher.interpreter.entity_linker
    pieces = [part for each in text.split() for part in things.cut(each)]
    assert "".join(pieces) == "".join(text.split())
    found = things.link(pieces, shouted=False)
    spans = [(each.first, each.last) for each in found]
    assert spans == sorted(spans)
    for one in spans:
        assert one[0] < one[1] <= len(pieces)
        assert not any(
            other[0] <= one[0] and one[1] <= other[1] for other in spans if other is not one
        )


def test_a_stop_word_is_not_a_name_in_another_language(engine: Engine) -> None:
    known = engine.get_searcher().interpreter.entity_linker
    assert not known.link(["where", "can"], shouted=False)
    assert [each.clause.text for each in known.link(["Canadá"], shouted=False)] == ["Canadá"]


@pytest.mark.slow
def test_a_word_in_a_title_comes_before_its_synonyms(engine: Engine) -> None:
    searcher = engine.get_searcher()
    everything = [*searcher.scan(SearchRequest())]
    has_synonyms = False
    for word in sorted({word for each in everything for word in split(each.title)}):
        request = SearchRequest(word, size=searcher.size)
        results = searcher.search(request)
        names = [name for entity in results.entities for name in entity.synonyms + entity.narrower]
        titles = [split(hit.publication.title) for hit in results.hits]
        with_word = [place for place, title in enumerate(titles) if word in title]
        only_synonym = [
            place
            for place, title in enumerate(titles)
            if not any(each[:4] == word[:4] for each in title)
            and any(f" {' '.join(split(name))} " in f" {' '.join(title)} " for name in names)
        ]
        has_synonyms |= bool(only_synonym)
        assert not only_synonym or not with_word or with_word[-1] < only_synonym[0], word
    assert has_synonyms


def split(text: str) -> list[str]:
    return [surface_form(word) for word in tokenizer.split_words(text)]

"""Things are recognised by any of their names, and found by all that they are called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import index as whoosh_index
from whoosh import query
from whoosh.searching import Searcher as Whoosh

from indexer.analysis import stemming, tokenizer
from indexer.catalogue.records import Publication
from indexer.generations import directory
from search_app.engine import open_searcher
from search_app.engine.arrays.clause import postings
from search_app.engine.arrays.matcher import matches
from search_app.engine.arrays.store import ArrayStore
from search_app.engine.query.clause_builder import is_shouted
from search_app.engine.query.nodes import leaves
from search_app.engine.query.parser import Parsed, parse
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from tests.search_app.engine import named
from tests.search_app.engine.named import answer, ids

TRAFFICKING = {"law", "organs", "victims", "manual"}
APART = {"trade"}
"""What has the words of the first name of trafficking in persons, and not side by side."""
SMUGGLING = {"boats", "sea"}


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """The index of the small corpus with a thesaurus."""
    return named.opened(tmp_path_factory.mktemp("named"))


@pytest.fixture(scope="module")
def stock(searcher: Searcher) -> Iterator[Whoosh]:
    """The same index, opened by stock Whoosh."""
    with whoosh_index.open_dir(str(searcher.generation.segment)).searcher() as found:
        yield found


def read(text: str, searcher: Searcher) -> Parsed:
    """What was typed, as it is read, all of it wanted."""
    interpreter = searcher.interpreter
    return parse(text, interpreter.vocabulary, interpreter.concepts, query.And)


def recognised(text: str, searcher: Searcher) -> list[str]:
    """What of a text is recognised, as it was typed, in order."""
    things, pieces = searcher.interpreter.concepts, text.split()
    pieces = [part for each in pieces for part in things.cut(each)]
    found = things.recognised(pieces, shouted=is_shouted(pieces))
    return [" ".join(pieces[each.first : each.last]) for each in found]


@pytest.mark.parametrize(
    "text",
    [
        "traite des personnes", "Traite des Personnes", "traité des personnes",
        "торговля людьми", "торговлей людьми", "ТОРГОВЛЯ ЛЮДЬМИ",
        "الاتجار بالأشخاص", "الاتجار بالاشخاص", "贩运人口", "人口贩运",
    ],
)  # fmt: skip
def test_a_name_that_no_publication_has(text: str, searcher: Searcher) -> None:
    """A concept is found by a name in any language, whatever its case, accents and inflection."""
    assert set(ids(answer(text, searcher))) == TRAFFICKING | APART


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("trafficking in persons", "victims"),
        ("human trafficking", "organs"),
        ("trata de personas", "manual"),
        ("trafficking in human beings", "victims"),
    ],
)
def test_what_was_typed_weighs_most(text: str, first: str, searcher: Searcher) -> None:
    """All that a concept is called is found, and what has the name that was typed comes first."""
    found = ids(answer(text, searcher))
    assert found[0] == first
    assert set(found) >= TRAFFICKING


def test_what_was_typed_counts_for_more_than_other_names(searcher: Searcher) -> None:
    """A name adds more to a publication by being typed than it has for being another name."""
    arrays = cast(ArrayStore, searcher.store).snapshot

    def weight(text: str, identity: str) -> float:
        (leaf,) = leaves(read(text, searcher).words)
        held = postings(leaf, arrays)
        return float(held.weights[held.documents.tolist().index(arrays.number(identity))])

    for text, identity in (("trafficking in persons", "victims"), ("human trafficking", "organs")):
        other = weight("贩运人口", identity)
        assert weight(text, identity) - other > other > weight("贩运人口", "law") > 0


def test_names_of_one_word(searcher: Searcher) -> None:
    """A name of one word finds its inflections in its own language, and just itself in another."""
    assert ids(answer("外科医生", searcher)) == ["organs"]
    assert ids(answer("个人", searcher)) == ["manual"]
    assert "tip" in ids(answer("persona", searcher, exact=True))


def test_what_has_only_the_value_comes_last(searcher: Searcher) -> None:
    """A publication that has a concept as a value, and no name of it in its text, comes last."""
    assert ids(answer("贩运人口", searcher))[-1] == "law"


def test_the_words_of_a_name_may_stand_apart(searcher: Searcher) -> None:
    """What was typed is found where its words stand apart; from another language, the first name.

    An acronym says nothing of words.
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
def test_names_in_what_is_unparted(piece: str, parts: list[str], searcher: Searcher) -> None:
    """A name within a run of Chinese is cut out of it, the longest one there is."""
    assert searcher.interpreter.concepts.cut(piece) == parts


def test_a_name_within_a_run_of_characters_is_found(searcher: Searcher) -> None:
    """A run of Chinese finds what each of the names in it stands for."""
    found = answer("人口贩运和偷运移民", searcher)
    assert set(ids(found)) == TRAFFICKING | APART | SMUGGLING
    assert [each.said for each in found.named] == ["人口贩运", "偷运移民"]
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
    ],
)
def test_the_longest_name_is_recognised(text: str, things: list[str], searcher: Searcher) -> None:
    """Of names within each other the longest is meant, of names that overlap each."""
    assert recognised(text, searcher) == things


def test_names_that_overlap_must_both_match(searcher: Searcher) -> None:
    """Where two names share a word, publications are found that have both things."""
    both, *each = (
        set(ids(answer(text, searcher, match="all")))
        for text in ("trade in people smuggling", "trade in people", "people smuggling")
    )
    assert each == [TRAFFICKING, SMUGGLING]
    assert both == set()
    assert set(ids(answer("people smuggling by boat", searcher, match="all"))) == SMUGGLING


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("TIP", ["TIP"]), ("TIPs", ["TIPs"]), ("THBs in Kenya", ["THBs", "Kenya"]),
        ("TIP victims", ["TIP"]), ("SOM and TIP by night", ["SOM", "TIP"]), ("tip", []),
        ("Tip", []), ("tips", []), ("TIP VICTIMS", []), ("SOM TIP", []), ("TIPping", []),
    ],
)  # fmt: skip
def test_acronyms(text: str, things: list[str], searcher: Searcher) -> None:
    """An acronym is recognised in capitals only, and not where all that was typed is in them."""
    assert recognised(text, searcher) == things


def test_an_acronym_finds_the_concept(searcher: Searcher) -> None:
    """An acronym finds what it stands for, besides the word itself."""
    assert set(ids(answer("TIPs", searcher))) == TRAFFICKING | {"tip"}
    assert ids(answer("tips", searcher)) == ["tip"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("Kenya, Kenia, Кения, كينيا, 肯尼亚, Кении", {"victims", "police"}),
        ("Moldova, Republic of Moldova, Moldavie, Молдова", {"organs"}),
        ("Uzbekistan, Ouzbékistan, Узбекистан, أوزبكستان, 乌兹别克斯坦", {"steppe"}),
        ("Russian, russe, ruso, русский, الروسية, 俄语", {"victims"}),
        ("Africa, Afrique, África, Африка, أفريقيا, 非洲", {"victims"}),
        ("Europe, Europa, Европа, أوروبا, 欧洲", {"organs", "steppe"}),
        ("Central Asia, Asie centrale, Asia central, 中亚", {"organs", "steppe"}),
    ],
)
def test_facts_are_called_in_six_languages(names: str, found: set[str], searcher: Searcher) -> None:
    """Countries, languages and regions are recognised in the languages of the United Nations."""
    for name in names.split(", "):
        assert set(ids(answer(name, searcher, match="all"))) == found, name


def test_a_value_that_no_publication_has_is_no_thing(searcher: Searcher) -> None:
    """A country that nothing is about is a word like others."""
    assert recognised("Nigeria", searcher) == []
    assert ids(answer("Nigéria", searcher)) == []


@pytest.mark.parametrize(
    "text",
    [
        '"human trafficking"', '"TIP"', "title:trafficking", 'title:"human trafficking"',
        "title:(human trafficking)", "human AND trafficking", "human OR trafficking",
        "human -trafficking", "human traffick*", "human trafficking~", "title:Kenia",
        '"traite des personnes"',
    ],
)  # fmt: skip
def test_what_is_marked_is_only_itself(text: str, searcher: Searcher) -> None:
    """What is quoted, in a field, or parted by an operator is looked for by no other name."""
    found = answer(text, searcher, match="all")
    assert found.named == ()
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
def test_a_name_is_recognised_beside_operators(
    text: str, found: set[str], searcher: Searcher
) -> None:
    """An operator applies to the whole name next to it."""
    assert set(ids(answer(text, searcher, match="all"))) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("human trafficking", {"organs"}), ("people smuggling", {"sea"}), ("TIP", {"tip"}),
        ("Kenya", {"police", "victims"}), ("Africa", set()), ("THB", set()),
        ("торговля людьми", set()), ("肯尼亚", set()),
    ],
)  # fmt: skip
def test_exact_words_are_just_words(text: str, found: set[str], searcher: Searcher) -> None:
    """With `exact`, names find publications that have their words, and nothing else."""
    exactly = answer(text, searcher, match="all", exact=True)
    assert set(ids(exactly)) == found
    assert exactly.named == ()


def test_stop_words_of_a_language_that_is_spoken(searcher: Searcher) -> None:
    """Once a language is recognised, its stop words are left out though a publication has one."""
    assert ids(answer("sur police", searcher, match="all")) == ["steppe"]
    found = set(ids(answer("sur la traite des personnes", searcher, match="all")))
    assert found == TRAFFICKING | APART
    assert set(ids(answer("sur la traite des personnes au Kenya", searcher, match="all"))) == {
        "victims",
    }


def test_stop_words_of_a_language_that_few_texts_are_in(searcher: Searcher) -> None:
    """A stop word of another language is left out where the texts that have it are not at home."""
    assert searcher.interpreter.vocabulary.frequency("la")
    assert not searcher.interpreter.vocabulary.at_home("la")
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
def test_what_else_a_thing_is_called(text: str, also: tuple[str, ...], searcher: Searcher) -> None:
    """Other names in the catalogue's language are told, if the index has all of their words."""
    assert not searcher.interpreter.vocabulary.has_term(stemming.stem("beings", "en"))
    assert [each.also for each in answer(text, searcher).named] == [also]


def test_a_name_without_another_tells_none(searcher: Searcher) -> None:
    """A thing whose only name was typed is looked for by no other name, and none is told."""
    for text in ("Kenya", "trafic par bateau police", "seal hunting", "chasse aux phoques"):
        assert all(each.said != text for each in answer(text, searcher).named)


def says(each: Publication, label: str, language: str) -> bool:
    """Whether the words of a label stand side by side in a text of a publication."""
    if language != "en" and " " not in label:
        return label in f"{each.title} {each.summary}".split()
    wanted = [stemming.stem(word, language) for word in label.split()]
    for text in _texts(each):
        stems = [token.stem for token in tokenizer.tokens(text, each.lang or "en")]
        spans = range(len(stems) - len(wanted) + 1)
        if any(stems[at : at + len(wanted)] == wanted for at in spans):
            return True
    return False


def _texts(each: Publication) -> tuple[str, str]:
    return each.title, each.summary or ""


def has(each: Publication, label: str) -> bool:
    """Whether a publication has all words of an English name but stop words, and there are some."""
    wanted = {stemming.stem(word, "en") for word in label.split() if word not in ("in", "of", "by")}
    stems = {
        token.stem for text in _texts(each) for token in tokenizer.tokens(text, each.lang or "en")
    }
    return len(wanted) > 1 and wanted <= stems


def test_a_concept_is_found_by_its_labels_and_values(searcher: Searcher) -> None:
    """A foreign name finds what a walk over all texts and values finds, and nothing else."""
    made = list(searcher.scan(SearchRequest()))
    assert len(made) == searcher.size
    for concept in searcher.generation.thesaurus().concept:
        labels = [(label, each) for each in ("en", "es") for label in concept.labels(each)]
        expected = {
            each.id
            for each in made
            if any(says(each, *label) for label in labels)
            or has(each, next(iter(concept.labels("en")), ""))
            or any(value == label for value in each.values.get("topic", ()) for label, _ in labels)
        }
        for language in {"fr", "ru", "ar", "zh"} & set(concept.languages):
            for label in concept.labels(language):
                assert set(ids(answer(label, searcher, match="all"))) == expected, label


def test_a_thing_that_the_index_has_not(searcher: Searcher) -> None:
    """A concept of which the index has no name finds nothing in any language, and does not fail."""
    (concept,) = (
        each for each in searcher.generation.thesaurus().concept if each.id == "seal-hunting"
    )
    for text in concept.prefLabel.values():
        assert recognised(text, searcher) == [text]
        assert answer(text, searcher, match="all").total == 0


@pytest.mark.slow
def test_every_name_of_the_catalogue_is_answered(catalogue_index: Path) -> None:
    """Each label and acronym of the thesaurus in corpus/ is answered, and most find something."""
    searcher = open_searcher(directory.current(catalogue_index))
    things = searcher.interpreter.concepts.things
    texts = [label for each in things for labels in each.labels.values() for label in labels]
    texts += [each for one in searcher.generation.thesaurus().concept for each in one.acronyms]
    found = [answer(text, searcher, match="all").total > 0 for text in texts]
    assert len(texts) > 5000
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
@settings(max_examples=300)
@pytest.mark.slow
def test_stock_whoosh_finds_the_same(text: str, searcher: Searcher, stock: Whoosh) -> None:
    """Whatever is typed, names or not, finds what stock Whoosh finds for the same tree."""
    parsed, arrays = read(text, searcher), cast(ArrayStore, searcher.store).snapshot
    for tree in filter(None, (parsed.words, *parsed.filters)):
        expected = sorted(stock.docs_for_query(tree))
        assert np.flatnonzero(matches(tree, arrays)).tolist() == expected


@given(text=TEXTS)
@settings(max_examples=200)
@pytest.mark.slow
def test_no_leaf_is_empty(text: str, searcher: Searcher) -> None:
    """Whatever is typed, each leaf asks for something, and any search of it is answered."""
    assert all(leaf.subqueries for leaf in leaves(read(text, searcher).words))
    found = answer(text, searcher)
    assert found.total == len(found.hits)


@given(text=TEXTS)
@settings(max_examples=200)
def test_no_thing_lies_within_another(text: str, searcher: Searcher) -> None:
    """What is recognised stands in order, and nothing of it lies within anything else of it."""
    things = searcher.interpreter.concepts
    pieces = [part for each in text.split() for part in things.cut(each)]
    assert "".join(pieces) == "".join(text.split())
    found = things.recognised(pieces, shouted=False)
    spans = [(each.first, each.last) for each in found]
    assert spans == sorted(spans)
    for one in spans:
        assert one[0] < one[1] <= len(pieces)
        assert not any(
            other[0] <= one[0] and one[1] <= other[1] for other in spans if other is not one
        )


def test_a_stop_word_is_no_name_in_another_language(catalogue_index: Path) -> None:
    """The word *can* is not read as Canada, whose Spanish name has the same stem."""
    known = open_searcher(directory.current(catalogue_index)).interpreter.concepts
    assert not known.recognised(["where", "can"], shouted=False)
    assert [each.leaf.said for each in known.recognised(["Canadá"], shouted=False)] == ["Canadá"]

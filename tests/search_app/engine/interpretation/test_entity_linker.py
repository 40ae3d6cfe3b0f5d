"""Things are recognised by any of their names, and found by all that they are called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import index as whoosh_index
from whoosh import query
from whoosh.searching import Searcher

from indexer.analysis import stemming, tokenizer
from indexer.catalogue.records import Publication
from indexer.generations import directory
from search_app.engine.arrays.matcher import matches, postings
from search_app.engine.interpretation import entity_linker
from search_app.engine.query.clause_builder import Vocabulary, is_shouted
from search_app.engine.query.nodes import leaves
from search_app.engine.query.parser import Parsed, parse
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine import named
from tests.search_app.engine.named import answer, ids

TRAFFICKING = {"law", "organs", "victims", "manual"}
APART = {"trade"}
"""What has the words of the first name of trafficking in persons, and not side by side."""
SMUGGLING = {"boats", "sea"}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The index of the small corpus with a thesaurus."""
    return named.opened(tmp_path_factory.mktemp("named"))


@pytest.fixture(scope="module")
def searcher(snapshot: Snapshot) -> Iterator[Searcher]:
    """The same index, opened by stock Whoosh."""
    with whoosh_index.open_dir(str(snapshot.generation.segment)).searcher() as found:
        yield found


def read(text: str, snapshot: Snapshot) -> Parsed:
    """What was typed, as it is read, all of it wanted."""
    vocabulary = Vocabulary(
        snapshot.catalogue, lambda *_: [], snapshot.stems, snapshot.frequency,
        snapshot.at_home, snapshot.languages, snapshot.read, entity_linker.of(snapshot),
    )  # fmt: skip
    return parse(text, vocabulary, query.And)


def recognised(text: str, snapshot: Snapshot) -> list[str]:
    """What of a text is recognised, as it was typed, in order."""
    things, pieces = entity_linker.of(snapshot), text.split()
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
def test_a_name_that_no_publication_has(text: str, snapshot: Snapshot) -> None:
    """A concept is found by a name in any language, whatever its case, accents and inflection."""
    assert set(ids(answer(text, snapshot))) == TRAFFICKING | APART


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("trafficking in persons", "victims"),
        ("human trafficking", "organs"),
        ("trata de personas", "manual"),
        ("trafficking in human beings", "victims"),
    ],
)
def test_what_was_typed_weighs_most(text: str, first: str, snapshot: Snapshot) -> None:
    """All that a concept is called is found, and what has the name that was typed comes first."""
    found = ids(answer(text, snapshot))
    assert found[0] == first
    assert set(found) >= TRAFFICKING


def test_what_was_typed_counts_for_more_than_other_names(snapshot: Snapshot) -> None:
    """A name adds more to a publication by being typed than it has for being another name."""

    def weight(text: str, identity: str) -> float:
        (leaf,) = leaves(read(text, snapshot).words)
        held = postings(leaf, snapshot)
        return float(held.weights[held.documents.tolist().index(snapshot.number(identity))])

    for text, identity in (("trafficking in persons", "victims"), ("human trafficking", "organs")):
        other = weight("贩运人口", identity)
        assert weight(text, identity) - other > other > weight("贩运人口", "law") > 0


def test_names_of_one_word(snapshot: Snapshot) -> None:
    """A name of one word finds its inflections in its own language, and just itself in another."""
    assert ids(answer("外科医生", snapshot)) == ["organs"]
    assert ids(answer("个人", snapshot)) == ["manual"]
    assert "tip" in ids(answer("persona", snapshot, exact=True))


def test_what_has_only_the_value_comes_last(snapshot: Snapshot) -> None:
    """A publication that has a concept as a value, and no name of it in its text, comes last."""
    assert ids(answer("贩运人口", snapshot))[-1] == "law"


def test_the_words_of_a_name_may_stand_apart(snapshot: Snapshot) -> None:
    """What was typed is found where its words stand apart; from another language, the first name.

    An acronym says nothing of words.
    """
    assert "trade" in ids(answer("trafficking in persons", snapshot))
    assert "trade" in ids(answer("traite des personnes", snapshot))
    assert "trade" not in ids(answer("human trafficking", snapshot))
    assert "trade" not in ids(answer("trata de personas", snapshot))
    assert set(ids(answer("THB", snapshot))) == TRAFFICKING


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
def test_names_in_what_is_unparted(piece: str, parts: list[str], snapshot: Snapshot) -> None:
    """A name within a run of Chinese is cut out of it, the longest one there is."""
    assert entity_linker.of(snapshot).cut(piece) == parts


def test_a_name_within_a_run_of_characters_is_found(snapshot: Snapshot) -> None:
    """A run of Chinese finds what each of the names in it stands for."""
    found = answer("人口贩运和偷运移民", snapshot)
    assert set(ids(found)) == TRAFFICKING | APART | SMUGGLING
    assert [each.said for each in found.named] == ["人口贩运", "偷运移民"]
    assert set(ids(answer("肯尼亚人口贩运", snapshot, match="all"))) == {"victims"}


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
def test_the_longest_name_is_recognised(text: str, things: list[str], snapshot: Snapshot) -> None:
    """Of names within each other the longest is meant, of names that overlap each."""
    assert recognised(text, snapshot) == things


def test_names_that_overlap_must_both_match(snapshot: Snapshot) -> None:
    """Where two names share a word, publications are found that have both things."""
    both, *each = (
        set(ids(answer(text, snapshot, match="all")))
        for text in ("trade in people smuggling", "trade in people", "people smuggling")
    )
    assert each == [TRAFFICKING, SMUGGLING]
    assert both == set()
    assert set(ids(answer("people smuggling by boat", snapshot, match="all"))) == SMUGGLING


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("TIP", ["TIP"]), ("TIPs", ["TIPs"]), ("THBs in Kenya", ["THBs", "Kenya"]),
        ("TIP victims", ["TIP"]), ("SOM and TIP by night", ["SOM", "TIP"]), ("tip", []),
        ("Tip", []), ("tips", []), ("TIP VICTIMS", []), ("SOM TIP", []), ("TIPping", []),
    ],
)  # fmt: skip
def test_acronyms(text: str, things: list[str], snapshot: Snapshot) -> None:
    """An acronym is recognised in capitals only, and not where all that was typed is in them."""
    assert recognised(text, snapshot) == things


def test_an_acronym_finds_the_concept(snapshot: Snapshot) -> None:
    """An acronym finds what it stands for, besides the word itself."""
    assert set(ids(answer("TIPs", snapshot))) == TRAFFICKING | {"tip"}
    assert ids(answer("tips", snapshot)) == ["tip"]


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
def test_facts_are_called_in_six_languages(names: str, found: set[str], snapshot: Snapshot) -> None:
    """Countries, languages and regions are recognised in the languages of the United Nations."""
    for name in names.split(", "):
        assert set(ids(answer(name, snapshot, match="all"))) == found, name


def test_a_value_that_no_publication_has_is_no_thing(snapshot: Snapshot) -> None:
    """A country that nothing is about is a word like others."""
    assert recognised("Nigeria", snapshot) == []
    assert ids(answer("Nigéria", snapshot)) == []


@pytest.mark.parametrize(
    "text",
    [
        '"human trafficking"', '"TIP"', "title:trafficking", 'title:"human trafficking"',
        "title:(human trafficking)", "human AND trafficking", "human OR trafficking",
        "human -trafficking", "human traffick*", "human trafficking~", "title:Kenia",
        '"traite des personnes"',
    ],
)  # fmt: skip
def test_what_is_marked_is_only_itself(text: str, snapshot: Snapshot) -> None:
    """What is quoted, in a field, or parted by an operator is looked for by no other name."""
    found = answer(text, snapshot, match="all")
    assert found.named == ()
    assert ids(found) == ids(answer(text, snapshot, match="all", exact=True))


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
    text: str, found: set[str], snapshot: Snapshot
) -> None:
    """An operator applies to the whole name next to it."""
    assert set(ids(answer(text, snapshot, match="all"))) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("human trafficking", {"organs"}), ("people smuggling", {"sea"}), ("TIP", {"tip"}),
        ("Kenya", {"police", "victims"}), ("Africa", set()), ("THB", set()),
        ("торговля людьми", set()), ("肯尼亚", set()),
    ],
)  # fmt: skip
def test_exact_words_are_just_words(text: str, found: set[str], snapshot: Snapshot) -> None:
    """With `exact`, names find publications that have their words, and nothing else."""
    exactly = answer(text, snapshot, match="all", exact=True)
    assert set(ids(exactly)) == found
    assert exactly.named == ()


def test_stop_words_of_a_language_that_is_spoken(snapshot: Snapshot) -> None:
    """Once a language is recognised, its stop words are left out though a publication has one."""
    assert ids(answer("sur police", snapshot, match="all")) == ["steppe"]
    found = set(ids(answer("sur la traite des personnes", snapshot, match="all")))
    assert found == TRAFFICKING | APART
    assert set(ids(answer("sur la traite des personnes au Kenya", snapshot, match="all"))) == {
        "victims",
    }


def test_stop_words_of_a_language_that_few_texts_are_in(snapshot: Snapshot) -> None:
    """A stop word of another language is left out where the texts that have it are not at home."""
    assert snapshot.frequency("la")
    assert not snapshot.at_home("la")
    assert set(ids(answer("la police", snapshot, match="all"))) == {"police", "steppe"}
    assert ids(answer("sobre la", snapshot, match="all")) == ["manual"]


@pytest.mark.parametrize(
    ("text", "also"),
    [
        ("human trafficking", ("trafficking in persons", "trade in people")),
        ("Human  Trafficking", ("trafficking in persons", "trade in people")),
        ("贩运人口", ("trafficking in persons", "human trafficking", "trade in people")),
        ("Kenia", ("Kenya",)),
    ],
)
def test_what_else_a_thing_is_called(text: str, also: tuple[str, ...], snapshot: Snapshot) -> None:
    """Other names in the catalogue's language are told, if the index has all of their words."""
    assert snapshot.term(stemming.stem("beings", "en")) is None
    assert [each.also for each in answer(text, snapshot).named] == [also]


def test_a_name_without_another_tells_none(snapshot: Snapshot) -> None:
    """A thing whose only name was typed is looked for by no other name, and none is told."""
    for text in ("Kenya", "trafic par bateau police", "seal hunting", "chasse aux phoques"):
        assert all(each.said != text for each in answer(text, snapshot).named)


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


def test_a_concept_is_found_by_its_labels_and_values(snapshot: Snapshot) -> None:
    """A foreign name finds what a walk over all texts and values finds, and nothing else."""
    made = [snapshot.publication(number) for number in range(snapshot.size)]
    for concept in snapshot.generation.thesaurus().concept:
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
                assert set(ids(answer(label, snapshot, match="all"))) == expected, label


def test_a_thing_that_the_index_has_not(snapshot: Snapshot) -> None:
    """A concept of which the index has no name finds nothing in any language, and does not fail."""
    (concept,) = (
        each for each in snapshot.generation.thesaurus().concept if each.id == "seal-hunting"
    )
    for text in concept.prefLabel.values():
        assert recognised(text, snapshot) == [text]
        assert answer(text, snapshot, match="all").total == 0


def test_every_name_of_the_catalogue_is_answered(catalogue_index: Path) -> None:
    """Each label and acronym of the thesaurus in corpus/ is answered, and most find something."""
    snapshot = Snapshot(directory.current(catalogue_index))
    things = entity_linker.of(snapshot).things
    texts = [label for each in things for labels in each.labels.values() for label in labels]
    texts += [each for one in snapshot.generation.thesaurus().concept for each in one.acronyms]
    found = [answer(text, snapshot, match="all").total > 0 for text in texts]
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
def test_stock_whoosh_finds_the_same(text: str, snapshot: Snapshot, searcher: Searcher) -> None:
    """Whatever is typed, names or not, finds what stock Whoosh finds for the same tree."""
    parsed = read(text, snapshot)
    for tree in filter(None, (parsed.words, *parsed.filters)):
        expected = sorted(searcher.docs_for_query(tree))
        assert np.flatnonzero(matches(tree, snapshot)).tolist() == expected


@given(text=TEXTS)
@settings(max_examples=200)
def test_no_leaf_is_empty(text: str, snapshot: Snapshot) -> None:
    """Whatever is typed, each leaf asks for something, and any search of it is answered."""
    assert all(leaf.subqueries for leaf in leaves(read(text, snapshot).words))
    found = answer(text, snapshot)
    assert found.total == len(found.hits)


@given(text=TEXTS)
@settings(max_examples=200)
def test_no_thing_lies_within_another(text: str, snapshot: Snapshot) -> None:
    """What is recognised stands in order, and nothing of it lies within anything else of it."""
    things = entity_linker.of(snapshot)
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
    known = entity_linker.of(Snapshot(directory.current(catalogue_index)))
    assert not known.recognised(["where", "can"], shouted=False)
    assert [each.leaf.said for each in known.recognised(["Canadá"], shouted=False)] == ["Canadá"]

"""Concepts have their names in the language of the page, and every other name has its language."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.cleaning import fold
from indexer.catalogue import thesaurus
from indexer.catalogue.thesaurus import Concept
from search_app.i18n.translation import LANGUAGES
from tests.conftest import ROOT
from tests.search_app.web.reading import fetch, find, read_page

THESAURUS = thesaurus.load(ROOT / "corpus")
WORD = re.compile(r"\w+")
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def list_near(concept: Concept) -> Iterator[Concept]:
    """Yield a concept, and those that a page about it may show."""
    yield concept
    for each in THESAURUS.concept:
        if each.id in (*concept.broader, *THESAURUS.find_related(concept)):
            yield each
            yield from (THESAURUS.by_id[wider] for wider in each.broader)
        elif concept.id in each.broader:
            yield each


def read_texts(client: FlaskClient, language: str, path: str, text: str) -> dict[str, str]:
    page = read_page(client, f"/{language}{path}?{urlencode({'q': text})}")
    texts: dict[str, str] = {}
    for element in page.select(".note, .counted, #interpretation + ul"):
        for run in element.find_all(string=True):
            parent = run.find_parent(lang=True)
            assert parent is not None
            stated = str(parent["lang"])
            texts[stated] = f"{texts.get(stated, '')}\n{str(run).replace(text, '')}"
    return texts


@given(concept=st.sampled_from(THESAURUS.concept), typed=st.sampled_from(["en", "of the page"]))
@pytest.mark.parametrize("path", ["/", "/search-record"])
@pytest.mark.parametrize("language", TRANSLATED)
def test_a_name_in_another_language_states_it(
    language: str, path: str, concept: Concept, typed: str, client: FlaskClient
) -> None:
    text = concept.prefLabel["en" if typed == "en" else language]
    shown = fold(read_texts(client, language, path, text).get(language, ""))
    typed_words = set(WORD.findall(fold(text)))
    for near in list_near(concept):
        own = fold("\n".join(near.get_labels(language)))
        for name in map(fold, near.get_labels("en")):
            # The page lists the hits of each typed word.
            if name not in own and not set(WORD.findall(name)) <= typed_words:
                assert not re.search(rf"\b{re.escape(name)}\b", shown), (name, shown)


@given(concept=st.sampled_from(THESAURUS.concept), language=st.sampled_from(TRANSLATED))
def test_offered_concepts_have_the_stated_hits(
    concept: Concept, language: str, client: FlaskClient
) -> None:
    page = read_page(client, f"/{language}/?{urlencode({'q': concept.prefLabel[language]})}")
    for link in page.select(".counted a"):
        query = str(link["href"]).partition("?")[2]
        number = int(find(link, ".number").text)
        assert fetch(client, f"/api/search?{query}")["total"] == number


@pytest.mark.parametrize(
    ("language", "text", "name", "searched"),
    [
        ("ar", "جرائم القتل", "إساءة المعاملة", "abuse"),
        ("es", "cibersexo", "explotación sexual", "sexual exploitation"),
        ("fr", "cybersexe", "exploitation sexuelle", "sexual exploitation"),
        ("ru", "киберсекс", "сексуальная эксплуатация", "sexual exploitation"),
        ("zh", "裸聊", "性剥削", "sexual exploitation"),
    ],
)
def test_broader_concepts_have_names_of_the_page(
    language: str, text: str, name: str, searched: str, client: FlaskClient
) -> None:
    """A broader concept has its name in the language of the page, then the one searched for.

    The API has both.
    """
    link = find(read_page(client, f"/{language}/?{urlencode({'q': text})}"), ".counted a bdi")
    assert re.split(r"\s*[(（]", link.text.rstrip(")）")) == [name, searched]
    assert find(link, "[lang]").text == searched
    query = urlencode({"q": text, "lang": language})
    (concept,) = fetch(client, f"/api/search?{query}")["diagnosis"]["absent_concepts"]
    offered = concept["broader"][0]
    assert (offered["text"], offered["searched"], offered["lang"]) == (name, searched, "en")


def test_a_typed_name_is_not_repeated(client: FlaskClient) -> None:
    """Synonyms begin with the name in the language of the page, unless it was typed."""
    typed, other = (
        find(read_page(client, f"/fr/?{urlencode({'q': text})}"), ".note").text
        for text in ("traite des personnes", "human trafficking")
    )
    assert "traite" not in typed
    assert "traite des personnes (trafficking in persons)" in other


@pytest.mark.parametrize("apostrophe", ["'", "’"])
def test_a_name_may_have_either_apostrophe(apostrophe: str, client: FlaskClient) -> None:
    """A name matches with a straight apostrophe too, and is then not repeated either."""
    query = urlencode({"q": f"prélèvement d{apostrophe}organes"})
    note = find(read_page(client, f"/fr/?{query}"), ".note").text
    assert "organ removal" in note
    assert "prélèvement" not in note


def test_an_english_page_has_each_name_once(client: FlaskClient) -> None:
    counted = find(read_page(client, "/?q=cybersex"), ".counted")
    assert "Broader: sexual exploitation (" in counted.text
    assert not counted.select("[lang]")


@pytest.mark.parametrize("text", ["贩运人口", "儿童受害者", "移民偷运"])
def test_texts_that_explain_a_hit_state_their_language(text: str, client: FlaskClient) -> None:
    """Words and titles of a publication in another language state it in explanations too."""
    page = read_page(client, f"/zh/?{urlencode({'q': text, 'explain': 1})}")
    reasons = page.select(".why")
    assert reasons
    for quoted in page.select(".why bdi, .why summary .unseen"):
        assert quoted.get("lang") in (("en", "es") if quoted.text.isascii() else (None, "en", "es"))

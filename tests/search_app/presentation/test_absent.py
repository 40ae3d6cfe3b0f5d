"""Queries about subjects that the catalogue lacks do not look as if they had hits."""

import tomllib
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from indexer.analysis import stemming, tokenizer
from indexer.generations import directory
from search_app.engine import SearchRequest, open_searcher
from search_app.engine.results import Results
from search_app.engine.snapshot.snapshot import Snapshot
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

SUITE = tomllib.loads((ROOT / "tests" / "relevance" / "absent.toml").read_text("utf-8"))


def test_no_publication_has_a_word_of_an_absent_subject(catalogue_index: Path) -> None:
    vocabulary = Snapshot(directory.load_live(catalogue_index)).vocabulary
    assert len(SUITE["subject"]) == 40
    for each in SUITE["subject"]:
        language = each["lang"]
        stop_words = stemming.get_stop_words(language)
        for word in tokenizer.split_words(each["text"]):
            if word not in stop_words:
                assert not vocabulary.get_frequency(stemming.stem(word, language)), (each, word)


def looks_found(found: Results) -> bool:
    return found.total > found.semantic_total and not found.relaxed and not found.corrected


def test_absent_subjects_do_not_look_found(catalogue_index: Path) -> None:
    searcher = open_searcher(directory.load_live(catalogue_index))
    answers = {
        each["text"]: searcher.search(SearchRequest(each["text"])) for each in SUITE["subject"]
    }
    found = [text for text, answer in answers.items() if looks_found(answer)]
    assert len(found) <= SUITE["most"], found


@pytest.mark.parametrize(
    ("text", "kind", "leads_to"),
    [
        ("covid", "Broader", "health"),
        ("bitcoin", "Related", "technology"),
        ("death penalty", "Broader", "criminal justice"),
        # Each hit has one of these words.
        ("cyber-crime", "Related", "technology"),
        ("коронавирус", "Broader", "health"),
    ],
)
def test_the_page_of_an_absent_concept_links_to_a_related_one(
    text: str, kind: str, leads_to: str, client: FlaskClient
) -> None:
    """The page of an absent concept says so, and links to a related one with the correct count."""
    page = BeautifulSoup(client.get("/", query_string={"q": text}).text, "lxml")
    (line,) = (each for each in page.select(".counted") if "No publication is about" in each.text)
    said = " ".join(line.get_text().split())
    assert said.startswith(f"No publication is about {text}.")
    (link,) = (each for each in line.select("a") if each.text.startswith(f"{leads_to} ("))
    there = client.get(str(link["href"]).replace("/?", "/api/search?")).json
    assert there
    assert there["total"] > 0
    assert f"{leads_to} ({there['total']})" in said.split(f"{kind}: ")[1].split(".")[0]


@pytest.mark.parametrize(
    "text",
    [
        "Menschenhandel", "मानव तस्करी", "tráfico de pessoas", "trafic de persoane",
        "Schleusung von Migranten", "contrabando de migrantes", "trafic ilegal de migranți",
        "प्रवासियों की तस्करी", "Zwangsarbeit", "Opfer", "vítimas", "copii", "बाल तस्करी",
    ],
)  # fmt: skip
def test_main_concepts_are_found_in_four_more_languages(text: str, catalogue_index: Path) -> None:
    searcher = open_searcher(directory.load_live(catalogue_index))
    assert looks_found(searcher.search(SearchRequest(text)))
